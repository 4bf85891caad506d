/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attaching to a marked file: its view, its journal's lock, recovery first.  detach.h lets it go.
 *
 * The jobs here run in the engine thread, under the session lock.
 */
#ifndef BIGFILE_ATTACH_H
#define BIGFILE_ATTACH_H

#include "join.h"
#include "restore.h"
#include "view.h"

struct attach_request {
	pid_t thread;     /* whose descriptor table holds fd; 0: the engine thread's own */
	int fd;           /* the program's descriptor: opened anew from it, never used itself; -1: by path */
	const char *path; /* absolute, without links */
	bool write;       /* stores are going to be made */
	dev_t dev;        /* what the caller takes fd for */
	ino_t ino;
	bool alone;       /* whoever has the file too: we shall not share with them */
	bool impatient;   /* nor wait for who is applying a commit, to read beside him */
	int anchor;       /* the job's own: of that file, for opening it anew */

	struct join_request ask; /* ATTACH_ASK: whom and what */
	struct view *view;      /* the answer, in hand */
	struct recovery report; /* why not: for recover_explain */
};

/* An answer of attach_job: fd is of another file than the caller takes it for. */
#define ATTACH_OTHER_FILE 2
/* Another one: its file has no name any more, and no view: the kernel may do what is asked. */
#define ATTACH_UNNAMED 4
/* Another one: r->ask is to be asked (join_ask), then attach_job once more. */
#define ATTACH_ASK JOIN_ASK

/* A job.  -EBUSY: another process writes the file; try again.  Other errors as restore_file, or the system's. */
int attach_job(void *request);

/*
 * Any thread, between join_lock and join_unlock: attach_job, and who must come along is asked, while no lock of the
 * transaction is held, for it needs that one.
 */
int attach_run(struct attach_request *r);

/* It was waited for as long as BIGFILE_WAIT allows.  True: once more, to read beside who is applying a commit. */
bool attach_waits_no_more(struct attach_request *r, int err);

/* A job: undoes detach, when exec has failed. */
int reattach_job(void *arg);

#endif
