/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the participants of a shared session do for each other.
 *
 * A page of a shared view is stored to in one process, and committed by another.  What a process has stored to
 * is in its page tables: with the uffd tracker the committer reads and protects them from outside
 * (/proc/PID/pagemap), so that a stopped process holds nobody up.  With the mprotect tracker it must ask, and so it
 * must when writers are to be held.  The engine thread of the one that is asked answers, whatever it waits for.
 *
 * The asker: engine thread, session lock held.  0 or -errno: -ESRCH the participant has died, -ETIMEDOUT it does not answer.
 */
#ifndef BIGFILE_PARTICIPANTS_H
#define BIGFILE_PARTICIPANTS_H

#include "shared.h"

enum participant_op {
	ASK_REPORT,   /* put into the dirty map what you have stored to in `file`, and begin anew; count 1: failed */
	ASK_COUNT,    /* how many pages of `file` you have stored to */
	ASK_FREEZE,   /* let nobody store, until the session is no longer `holding` */
	ASK_LEAVE,    /* put out of reach what of `file` reclaim has chosen; count 1: failed */
	ASK_LOOK,     /* take up the files that are new in the session */
	ASK_DROP,     /* let go of `file`, which is being given up; count 1: it stays */
	ASK_ALIVE,    /* nothing: one that is being killed looks alive for a while, but does not answer */
};

/* Asks one of the others; -ESRCH for a slot that is not taken. */
int participants_ask(unsigned slot, enum participant_op op, const struct view *v, uint64_t *count);
/* Asks all others that live.  The first error, of those that are not -ESRCH: what a dead one has stored to is called dirty. */
int participants_ask_all(enum participant_op op, const struct view *v);

/*
 * The lock was taken from one that died with it: what that had asked is waited for, or withdrawn, as it would have done.  Before anything
 * else is asked, or changed that an answer may be looking at.
 */
void participants_take_over(void);
/*
 * Is one of the others in the midst of an answer for which nobody waits, because it is stopped?  Its pid, or 0.  It may be taking up any file
 * of the session without a lock, so no file's number may become another file's.
 */
uint32_t participants_at_work(void);

/*
 * Has all others hold their writers.  *sure false: one is stopped, stores nothing and cannot be asked; should it go on meanwhile
 * and store, its page tables tell.
 */
int participants_freeze(bool *sure);
/* Lets all writers store again, ours included.  One that is stopped is told, and not waited for. */
void participants_let_go(void);

/* Has everybody, us included, report what they stored to in v. */
int participants_report(struct view *v);
/* The same for a part of the file, at least. */
int participants_report_range(struct view *v, struct range file);
/* Counts pages that somebody stored to and has not reported, up to `enough`. */
int participants_count(struct view *v, uint64_t enough, uint64_t *pages);

/* Clears the slots of those that died, what they could have stored to being called dirty. */
void participants_reap(void);
/* Are there others who live? */
bool participants_others(void);
/* Is a forked child about to take part?  It needs a living participant to open the files from. */
bool participants_coming(void);

/* Engine thread: answers what we are asked.  Neither of the session's locks is held. */
void participants_answer(void);
/*
 * What was asked while we were stopped, or slow, until the asker went on without an answer: nothing keeps the session still for us then, so we
 * take up what is new with the lock in hand.
 */
void participants_answer_late(void);
/*
 * What ASK_LOOK does; set by sharing.c.  The asker holds the shared lock, we our own.  -errno: there is a file in the
 * session that we could not take up, so what we can see is not the whole transaction.
 */
extern int (*participants_look)(void);

/* With the lock in hand: no file is coming or being given up, and one that seems so was left behind.  Set by sharing.c. */
extern void (*participants_settle)(void);

/* What ASK_DROP does; as above.  False: the program has the file in hand. */
extern bool (*participants_drop)(struct view *v);

/* Our own part of it: for a process that leaves. */
int participants_report_own(struct view *v);
/* Nobody stores here from now on. */
void participants_hold(void);
/* A slot becomes free. */
void participants_give_up(struct shared_participant *p);
/* The opposite. */
void participants_thaw(void);

void participants_after_fork(void);

#endif
