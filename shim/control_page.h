/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The control page: one page of shared memory per process that has a marked file
 * mapped, through which `bigfile commit|abort|status` speaks to it.
 *
 * Where: $XDG_RUNTIME_DIR/bigfile/PID, else /dev/shm/bigfile-UID/PID.  The folder is
 * mode 0700 and the page 0600, both owned by the user; anything else is refused by both
 * sides.  A page whose process is gone (no such pid, or another start time, seen from the same
 * pid namespace) is stale and may be unlinked by anyone who finds it.
 *
 * Shape: struct control_page, CONTROL_PAGE_SIZE bytes, native byte order (never leaves
 * the machine).  Fields marked "tool" are written by the command line tool, by signal
 * handlers and by other processes that ask for something, all others by the process that owns the page.
 *
 * A request: add 1 to requested[op], remember the sum as the ticket, add 1 to the doorbell,
 * futex-wake the doorbell.  The owner answers by storing the result of every ticket up to
 * T in results[op][T % CONTROL_RESULTS], then T in answered[op], then wakes answered[op].
 * One run may answer several tickets: a commit that starts after the request covers it.
 * Waiters use a time limit on the futex and look whether the process still lives.
 */
#ifndef BIGFILE_CONTROL_PAGE_H
#define BIGFILE_CONTROL_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#define CONTROL_MAGIC 0x31454746474942ull /* "BIGFGE1" */
#define CONTROL_VERSION 4
#define CONTROL_PAGE_SIZE 73728
#define CONTROL_RESULTS 16
#define CONTROL_FILES 64
#define CONTROL_IDS 4096 /* that a session can have */
#define CONTROL_PATH 512
#define CONTROL_MAP_SUFFIX ".map"

enum control_op {
	CONTROL_COMMIT,
	CONTROL_ABORT,
	CONTROL_STATUS, /* refreshes files[].dirty_pages, which is otherwise as of the last commit or abort */
	CONTROL_SHARE,  /* of another process: make a session that it can enter */
	CONTROL_JOIN,   /* come into the session of process `join` */
	CONTROL_MAP,    /* say where the dirty pages are, in a file beside the page (dirtyplaces.h) */
	CONTROL_OPS,
};

/* One attached file. */
struct control_file {
	char path[CONTROL_PATH]; /* "" ends the list; cut off at the front ("...") when too long */
	uint64_t dev;
	uint64_t ino;
	uint64_t size;           /* logical, bytes */
	uint64_t committed_size; /* bytes */
	uint64_t dirty_pages;
	uint64_t journal_bytes;  /* live records */
	int32_t error;           /* 0, or the errno for which commits of this file now fail */
	uint32_t writing;        /* 1: this process holds the journal's lock */
};

struct control_page {
	uint64_t magic;
	uint32_t version;
	uint32_t pid;
	uint64_t pid_namespace; /* inode of /proc/self/ns/pid: pid means something there only */
	uint64_t start_time; /* of the process: field 22 of /proc/PID/stat, clock ticks since boot */
	uint32_t engine;                  /* thread id, in whose descriptor table is: */
	int32_t session_fd;               /* the memory of the session that it shares with others */
	uint64_t session;                 /* its inode; 0: none */
	uint32_t join;                    /* whoever asks for CONTROL_JOIN */
	uint32_t doorbell;                /* tool; futex */
	uint32_t requested[CONTROL_OPS];  /* tool */
	uint32_t answered[CONTROL_OPS];   /* futex */
	uint32_t begun[CONTROL_OPS];      /* the ticket that it is at work on, or was last */
	int32_t results[CONTROL_OPS][CONTROL_RESULTS]; /* 0 or -errno */
	char message[512];   /* the line that went with the last failure */
	char comm[32];       /* the program's name */
	char tracker[16];    /* "uffd" or "mprotect" */
	uint64_t commits;    /* that were durable, or stored when BIGFILE_DURABLE=no */
	uint64_t aborts;
	uint64_t failures;   /* commits that failed */
	uint64_t pages;      /* committed so far */
	uint64_t bytes;      /* that these commits wrote to journals */
	uint64_t last_commit_ns;   /* CLOCK_REALTIME, 0: never */
	uint64_t last_duration_ns;
	uint32_t commit_signal;    /* 0: none; the program may have taken it since */
	uint32_t abort_signal;
	uint32_t sequence;         /* odd while what follows changes: read again */
	uint32_t file_count;
	struct control_file files[CONTROL_FILES]; /* for people: the newest */
	uint64_t ids[CONTROL_IDS]; /* of all files, for who looks for one of them: control_id */
};

/* Two files may have the same one, which makes them seem to be in use together: harmless, and never seen. */
static inline uint64_t control_id(uint64_t dev, uint64_t ino, bool writing)
{
	return ((ino ^ dev * 0x9e3779b97f4a7c15u) << 1) | writing;
}

_Static_assert(sizeof(struct control_page) <= CONTROL_PAGE_SIZE, "the page holds its fields");

#endif
