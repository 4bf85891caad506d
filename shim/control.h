/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The owner's side of the control page (control_page.h): making it, hearing its doorbell,
 * answering.  Ringing is async-signal-safe; all else is for the engine thread.
 */
#ifndef BIGFILE_CONTROL_H
#define BIGFILE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "commit.h"
#include "control_page.h"

/*
 * Makes the page and its file.  Never fails: when the file cannot be made - said in one line - the page
 * is private memory, so that signals still work and only the tool does not reach us.
 */
void control_start(const char *tracker_name);
/*
 * The process has decided about its transaction, under the session lock, and ends or is about to exec; what its threads still do belongs
 * to none.  A request from outside that comes now is told `decision`.
 */
void control_end(int decision);
/* Any thread. */
bool control_has_ended(void);
/* It did not end: the exec failed, or this is a forked child. */
void control_goes_on(void);
/* Deletes the file, and answers requests that came too late. */
void control_stop(void);
/* After control_stop: a page as new. */
void control_resume(void);
/* In the child of fork: the page is the parent's. */
void control_after_fork(void);
/* Asks for op as the tool would; before control_start there is nothing to ask for. */
void control_request(enum control_op op);
/* Wakes the engine thread for its own queue. */
void control_ring(void);

uint32_t control_bell(void);
/* Waits until the bell has rung since `heard`, or timeout_ms (-1: for ever) has passed. */
void control_wait(uint32_t heard, int timeout_ms);

/* Is there an unanswered request for op?  *ticket is the newest. */
bool control_pending(enum control_op op, uint32_t *ticket);
/* It is at work on it. */
void control_begin(enum control_op op, uint32_t ticket);
void control_answer(enum control_op op, uint32_t ticket, int result);
/*
 * Commits or aborts, counts that in the page and tells it in one line (info).  Under the session lock.
 * 0 or -errno; after control_end nothing happens.
 */
int control_commit(void);
int control_abort(void);
uint32_t control_join_pid(void);
/* Where the answer to CONTROL_MAP goes; it is removed with the page.  -ENOENT: there is no page. */
int control_map_path(char *out, size_t size);
/* Writes the list of files and, where dirty pages were counted, their numbers. */
void control_note_files(void);
/* v's file is not this process's any more: see giveup_tell. */
void control_forget_file(const struct view *v);

#endif
