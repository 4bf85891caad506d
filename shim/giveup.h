/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Giving views up, so that a process may use any number of marked files in its life.
 *
 * A view can go when nothing of the transaction is in it, no window looks into it, and nobody has it in hand.  Nobody can tell: the
 * file is as the view was, and the next use makes another view.  Its journal is emptied and deleted as at the end, its
 * addresses, descriptors and memory are given back.  In a shared session all participants let go, or none.
 *
 * The view of a file that has lost its last name goes as soon as it can.  Such a file belongs to no transaction, so what the
 * view holds is put into it, for who still has it open.  Other views go when there are many, those that were not used
 * lately first.
 *
 * A crash after any line: what is given up is clean, so the file is as committed, beside it the empty journal, or none.
 *
 * Engine thread, under the session lock, and not within a commit.
 */
#ifndef BIGFILE_GIVEUP_H
#define BIGFILE_GIVEUP_H

#include "view.h"

/*
 * Others are told that this process does not have v's file any more.  Before its descriptor is closed: from then on another file may have its
 * number, and who opens that must not take it for one of ours.  Set by sharing.c.
 */
extern void (*giveup_tell)(const struct view *v);

/* A job, arg unused: the views of files without a name.  0. */
int giveup_unnamed(void *arg);

/* Before another view is made: gives some up if there are many. */
void giveup_some(void);
/* A job, arg unused: there is no room for another view.  0, or -ENOSPC when nothing could be given up. */
int giveup_all(void *arg);

/* A view for reading that is of no use: goes, unless somebody has it in hand. */
void giveup_unfinished(struct view *v);

/*
 * In the child of fork, where no view of a file that only its parent shares has a descriptor: those go that keep nothing of theirs.  They would be
 * found in place of the files that get those numbers.
 */
void giveup_inherited(void);

/* The participant's part of it: see ASK_DROP. */
bool giveup_drop(struct view *v);

#endif
