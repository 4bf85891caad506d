/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Can this program be preloaded?  A look at its file, before it is run. */
#ifndef BIGFILE_PROGRAM_H
#define BIGFILE_PROGRAM_H

/*
 * Why the program that `command` names (searched in PATH) would run without the library, as a clause;
 * NULL when nothing speaks against it or it cannot be read.  A script is judged by its interpreter.
 */
const char *program_refuses_preload(const char *command);

#endif
