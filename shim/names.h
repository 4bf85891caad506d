/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of files in use: a journal follows its file when that is renamed, and goes when the
 * file goes.
 *
 * What a view belongs to is the inode; its name is only where the journal is looked for after a crash.  So before a name is
 * changed from here the journal is emptied, which makes every moment in between harmless.
 */
#ifndef BIGFILE_NAMES_H
#define BIGFILE_NAMES_H

/*
 * Engine thread, under the session lock: looks at the name that the file of each view has now, moves
 * journals after renamed files, and gives up the views of files without a name.  arg unused; 0.
 */
int names_follow(void *arg);

#endif
