/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program behind a command: where it is, and whether it can have transactions. */
#ifndef BIGFILE_PROGRAM_H
#define BIGFILE_PROGRAM_H

/* The file that execvp would run; NULL with errno set when there is none. */
const char *program_find(const char *command);

/*
 * Why the program in this file would run without transactions, as a clause that says so; NULL when nothing speaks against
 * them or it cannot be read.  A script is judged by its interpreter.
 */
const char *program_cannot(const char *path);

#endif
