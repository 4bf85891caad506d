/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file system in memory, under the engine's system calls, for tests that recover hundreds of thousands of times a second.
 *
 * Linked with -Wl,--wrap=syscall,--wrap=realpath: the engine enters the kernel by syscall(2) alone (shim/sys.h).  One folder, a
 * few files of MEMFS_ROOM bytes that count; what lies beyond is not kept, only that something was written there.  A call
 * can be made to fail, or to be the last one (memfs_arm).  One thread.
 */
#ifndef MEMFS_H
#define MEMFS_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEMFS_FOLDER "/m"
#define MEMFS_ROOM 65536u
#define MEMFS_NOW 2000 /* the time of all that is changed; the boot was at 500 */

struct memfs_file {
	char path[200];
	bool exists;
	bool beyond;    /* written past MEMFS_ROOM */
	uint32_t mode;  /* st_mode */
	uint32_t owner;
	uint32_t links;
	uint64_t ino;
	uint64_t size;
	int64_t mtime;
	uint32_t used;  /* bytes that are not zero lie below this */
	uint8_t bytes[MEMFS_ROOM];
};

/* Forgets all files and descriptors. */
void memfs_clear(void);
/* A new plain file, or the one of that name with another content. */
struct memfs_file *memfs_put(const char *path, const void *bytes, uint32_t length, int64_t mtime);
struct memfs_file *memfs_find(const char *path);
/* Descriptors that were not closed. */
unsigned memfs_left_open(void);
/* The process is no more: they are closed. */
void memfs_die(void);

/*
 * The n-th call from now on, from 1, that can fail or changes something: fails with error; with error 0: is not made, and longjmp(*end, 1)
 * instead.  A write does half of it first when `half`, in whole sectors.  0: no call.
 */
void memfs_arm(uint32_t n, int error, bool half, jmp_buf *end);
/* Has it come to that? */
bool memfs_fired(void);

#endif
