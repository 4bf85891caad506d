/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a program can have transactions.  Of the launcher and of the tool: libc alone. */
#ifndef BIGFILE_PROGRAM_H
#define BIGFILE_PROGRAM_H

/*
 * Why the program in this file would run without transactions, as a clause that says so; NULL when nothing speaks against
 * them or it cannot be read.  A script is judged by its interpreter.
 */
const char *program_cannot(const char *path);

#endif
