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

#include "view.h"

/*
 * Engine thread, under the session lock: looks at the name that the file of each view has now, moves
 * journals after renamed files, and gives up the views of files without a name.  arg unused; 0.
 */
int names_follow(void *arg);
/* May a file be aside that was unlinked in the transaction, by whomever?  Any thread. */
bool names_may_be_aside(void);
/* names_follow for one view that is only read so far, and whose journal is to be made now: others may have renamed its file meanwhile. */
void names_look_at(struct view *v);

/*
 * For who renames the file of v to path himself: before that, has no journal lie there any more, durably; after that, moves the journal.
 */
int names_make_way(const struct view *v, const char *path);
void names_moved(struct view *v, const char *path);
/* Its name aside has gone: what is said of it from now on is said of the old one. */
void names_removed(struct view *v);

/*
 * In a commit, before anything is sealed: the names are durable that what has changed, and its journal, have now.  *at_fault as in
 * seal.h.
 */
int names_sync(struct view **at_fault);

/* Durable files, one after the other: syncs the folder of path unless that is the folder of *last, which becomes path. */
int names_sync_folder(const char *path, const char **last);

#endif
