/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The transaction of this process, as the interposed calls see it.
 *
 * Any thread, no lock held.
 */
#ifndef BIGFILE_SESSION_H
#define BIGFILE_SESSION_H

#include <stdbool.h>
#include <sys/stat.h>

#include "view.h"

/* The answer that lets a caller go to the kernel. */
#define NOT_OURS 1

/* Once, at start: this is the process that the views will belong to. */
void session_start(void);

/* This process is one of its own, and has not ended. */
void session_is_anew(void);

/* In a forked child that inherited no view. */
void session_start_in_child(void);

/*
 * The view of the marked file behind fd, in hand, for reading or writing; makes it when there is none.
 *  0: *view is set.  NOT_OURS (1): not a marked regular file, or BIGFILE_ON_ERROR=warn lets
 *  it go untransacted, or this process has nothing to do with transactions.  -errno: cannot, said in one line.
 */
int session_view_of(int fd, bool write, struct view **view);

/*
 * The same, for a view that exists already, or would if it had not been given up: *view is NULL when there is none.  No
 * system call when there never was a view.  -errno when nobody can tell: then the call must fail, not pass by the transaction.
 */
int session_find_view(int fd, struct view **view);

/* Stores are going to be made through a window of v that was for reading until now.  0 or -errno, said in one line. */
int session_make_writer(struct view *v);

/*
 * Is the regular file behind fd ours to look after?  path: its name, PATH_MAX bytes, filled in when it is marked
 * and has no view.  0 or -errno when nobody can tell.
 */
int session_is_marked(int fd, char *path, bool *marked, bool *has_view);

/* Another user of a file is in the way since start (CLOCK_MONOTONIC): waits a moment.  False: BIGFILE_WAIT is over. */
bool session_waits(uint64_t start);

/* Says, once, that what this process stores in v will never be committed. */
void session_say_orphan(const struct view *v);

/*
 * The process exits with this status, or is about to exec (status 0): commits or aborts as BIGFILE_EXIT
 * says, if nobody else shares the transaction, and lets the files go: makes them durable and deletes their journals.
 * 0, or the -errno of a commit that failed: then an exec must not be tried, and nothing was let go for it.
 */
int session_end(int status, bool exits);
/* An exec did not happen after all. */
void session_reattach(void);

/* True in the process that the views belong to; false in a vforked or cloned child that shares or copied them. */
bool session_is_here(void);

void session_before_fork(void);
void session_after_fork_in_parent(void);
/* may_start: a thread may be made here; otherwise the child cannot take part. */
void session_after_fork_in_child(bool may_start);

#endif
