/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A shared session: the memory through which several processes share one transaction.
 *
 * It is made when the first view must be shared - a fork, a second process, a second address - and lies in a memfd that
 * every participant maps: gone with the last of them.  In it: the lock, who takes part and where each shows
 * which file, and what a view is apart from its pages (those lie in a memfd for each file, see memory.h).
 *
 * struct view stays what the rest of the engine works with.  Its shared fields are copied from here when the session
 * lock is taken and back when it is released (session_lock.c), so a change is everybody's as soon as the lock is free.
 *
 * A file's number is given to another file when no participant has the first one any more (giveup.c).  `use` tells them apart for
 * a process that no longer takes part, or not yet.
 *
 * A participant that dies leaves its slot behind.  Whoever finds it (participants.c) calls dirty what it could have
 * stored to.  Descriptors are not shared: each participant opens what it needs from the table of another's engine thread.
 *
 * All fields are guarded by `lock`, except a slot's request (participants.h).
 */
#ifndef BIGFILE_SHARED_H
#define BIGFILE_SHARED_H

#include <pthread.h>

#include "view.h"

#define SHARED_PARTICIPANTS 128
#define SHARED_FILES 4096
#define SHARED_PATH 4096

/* What a participant has of one file. */
struct shared_place {
	uint32_t attached;
	uint32_t windows; /* how many the program has */
	int32_t memory_fd; /* in its engine thread's table */
	int32_t file_fd;
	int32_t journal_fd;
	uint32_t generation; /* of the journal that this is */
	uint32_t segment_count;
	struct segment segments[VIEW_SEGMENTS];
};

enum slot_state {
	SLOT_FREE,
	SLOT_COMING, /* a child is being forked, and will take it */
	SLOT_TAKEN,
};

struct shared_participant {
	uint32_t state; /* futex */
	uint32_t pid;
	uint32_t tid;        /* of its engine thread */
	uint32_t scannable;  /* 1: its page tables tell what it stored to (uffd); 0: it must be asked */
	uint64_t start_time; /* with pid: which process */
	uint64_t until;      /* SLOT_COMING: CLOCK_MONOTONIC nanoseconds, that it is waited for without a sign of life */
	uint64_t entered;    /* the same, since when: who calls exec and comes back has the same pid and start_time, but not the same memory */
	int32_t session_fd;
	uint32_t asked;      /* futex: counts requests */
	uint32_t withdrawn;  /* the last that nobody waits for any more */
	uint32_t begun;      /* the last that it is at work on, */
	uint32_t answered;   /* futex: and that was answered */
	uint32_t op;
	uint32_t file;
	uint64_t count;      /* what was asked for */
	uint32_t handed;     /* messages that were sent to it (handover.h), */
	uint32_t inbox_length; /* and where they go: of a socket address; 0: nowhere */
	char inbox[16];
	struct shared_place places[SHARED_FILES];
};

/* A journal as all writers of it must see it: struct journal without what is a process's own. */
struct shared_journal {
	struct journal_header header;
	struct journal_position tail;
	uint64_t free_limit;
	uint64_t free_seq;
	uint64_t allocated;
	uint64_t roster_wanted;
	uint32_t roster_version;
	uint32_t lingers;
	int32_t error;
	uint32_t named;
	uint32_t generation; /* another file since */
};

struct shared_file {
	uint32_t use;     /* counts the files that had this number */
	uint32_t in_use;
	uint32_t unsettled; /* is coming or being given up: should all that have it die, nothing is missing */
	uint32_t mode;    /* enum view_mode */
	uint32_t nameless;
	uint32_t undeclared; /* somebody who stored to it has died: all of it may be dirty, whatever the dirty map says */
	uint32_t aside;
	uint32_t padding;
	uint64_t dev;
	uint64_t ino;
	uint64_t size;
	uint64_t committed;
	uint64_t cut;
	uint64_t file_end;
	uint64_t zero_end; /* the length of its memory */
	uint64_t load_room; /* what is loaded when it is touched (loading.h) lies below this; 0: all was loaded at once */
	uint64_t load_end;  /* and now below this; atomic */
	uint64_t hand;      /* where reclaim goes on */
	uint64_t leaving[2]; /* what it is at: start, end */
	int64_t times[6];  /* seconds and nanoseconds: changed, times[0], times[1] */
	int32_t error, cut_off;
	struct shared_journal journal;
	char path[SHARED_PATH];
	char journal_path[SHARED_PATH];
};

struct shared_session {
	uint64_t magic;
	uint32_t version;
	uint32_t damaged;  /* somebody died with the lock: see repair in sharing.c */
	uint32_t aborting; /* an abort is under way */
	uint32_t slots;    /* of participants[], that were ever in use */
	uint32_t file_count; /* of files[], that were ever in use */
	uint64_t taken;    /* bytes of all files' memory, roughly; atomic, as */
	uint64_t press_at; /* from how many on reclaim is worth a try: not before long when the last one found too little */
	uint32_t holding;  /* writers of all processes are held, for a commit */
	uint32_t closed;   /* the last participant has let the files go: not to be entered any more */
	pthread_mutex_t lock; /* robust */
	struct shared_participant participants[SHARED_PARTICIPANTS];
	struct shared_file files[SHARED_FILES];
};

/* NULL: the transaction is this process's alone. */
extern struct shared_session *shared_current;
extern int shared_fd;       /* of its memory, in the engine thread's table */
extern uint64_t shared_id;   /* its inode */
extern unsigned shared_slot; /* ours, */
extern _Atomic bool shared_takes_part; /* as long as this is true; asked by fault handlers */

static inline struct shared_session *shared_session(void)
{
	return __atomic_load_n(&shared_current, __ATOMIC_ACQUIRE);
}

static inline struct shared_participant *shared_me(void)
{
	return &shared_session()->participants[shared_slot];
}

static inline struct shared_file *shared_file_of(const struct view *v)
{
	return &shared_session()->files[v->shared - 1];
}

/* False in a process that does not take part, when the others have given its file up meanwhile. */
static inline bool shared_is_ours(const struct view *v)
{
	return shared_file_of(v)->in_use && shared_file_of(v)->use == v->shared_use;
}

static inline struct shared_place *shared_place_of(const struct view *v)
{
	return &shared_me()->places[v->shared - 1];
}

/*
 * For who asks without the session lock: set once the session says of the file what the view does, and reset before it does not.  What has
 * moved into another session may be seen in the old one, which stays mapped and says what was true when the asking began.  But where this
 * process no longer takes part, the number may be another file's.
 */
static inline void shared_show(struct view *v)
{
	__atomic_store_n(&v->seen, shared_file_of(v), __ATOMIC_RELEASE);
}

static inline void shared_hide(struct view *v)
{
	__atomic_store_n(&v->seen, NULL, __ATOMIC_RELEASE);
}

static inline const struct shared_file *shared_seen(const struct view *v)
{
	return __atomic_load_n(&v->seen, __ATOMIC_ACQUIRE);
}

static inline bool shared_was_seen(const struct view *v, const struct shared_file *f)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return f && f->ino == v->ino && f->dev == v->dev;
}

static inline uint64_t shared_size(const struct view *v)
{
	const struct shared_file *f = shared_seen(v);
	uint64_t size = f ? __atomic_load_n(&f->size, __ATOMIC_ACQUIRE) : 0;

	return shared_was_seen(v, f) ? size : v->size;
}

static inline struct timespec shared_changed(const struct view *v)
{
	const struct shared_file *f = shared_seen(v);
	struct timespec changed = { f ? __atomic_load_n(&f->times[0], __ATOMIC_RELAXED) : 0,
				    f ? __atomic_load_n(&f->times[1], __ATOMIC_RELAXED) : 0 };

	return shared_was_seen(v, f) ? changed : v->changed;
}

/* Engine thread.  Makes one, without a participant, and maps it: shared_current is left alone. */
int shared_create(struct shared_session **session, int *fd);
/* Engine thread.  Maps one that another process has made.  -EPROTO: not of this version. */
int shared_map(int fd, struct shared_session **session);
/* From here on it is this process's. */
void shared_set(struct shared_session *s, int fd, unsigned slot);

/* A free slot, or -EUSERS. */
int shared_find_slot(struct shared_session *s);

/* A number for a file, or -ENFILE; and its end. */
int shared_find_file(struct shared_session *s);
void shared_free_file(struct shared_session *s, unsigned file);
/* The dirty map and the load map of a number that is free: a file that never came, or its bringer's death, leaves them as they were. */
int shared_clear_maps(unsigned file);

/* Copies between a view and the session.  pull: what others have changed; push: what we have. */
void shared_pull(struct view *v);
void shared_push(const struct view *v);
/*
 * Engine thread.  Follows and tells what others have renamed: the file, its journal.  And another journal, should one of them have
 * begun it since we opened ours; 0, or -errno when that cannot be opened, for then nothing must be written to ours.
 */
int shared_follow(struct view *v);
void shared_tell(const struct view *v);
/* Only what is our own: where we show the file.  Nothing once we have left: the slot may be somebody else's. */
void shared_push_place(const struct view *v);

/* Somebody's descriptor, opened anew: another file description.  -errno. */
int shared_open_of(uint32_t pid, uint32_t tid, int fd, int flags);

#endif
