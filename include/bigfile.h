/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bigfile: transactions for programs that keep their data in mapped files.
 *
 * A program needs nothing from here to be used with Bigfile.  This header names what the environment
 * and other programs see, for those who want to set it up from C.
 */
#ifndef BIGFILE_H
#define BIGFILE_H

#define BIGFILE_VERSION_MAJOR 0
#define BIGFILE_VERSION_MINOR 1

/* The variable that names the marked files, and the suffix of their journals. */
#define BIGFILE_ENV_PATHS "BIGFILE_PATHS"
#define BIGFILE_JOURNAL_SUFFIX ".bigfile-journal"

/* The exit status of a program whose commit at exit failed. */
#define BIGFILE_EXIT_COMMIT_FAILED 74

#endif
