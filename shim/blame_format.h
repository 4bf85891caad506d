/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a process that runs with BIGFILE_BLAME=FILE leaves in FILE.PID.N: who has changed its marked files, as stacks of
 * addresses.  bigfile-blame turns these into functions and lines.
 *
 * The file is one struct blame, mapped and filled in as the process runs, so that it is whole whatever ends the process.
 * Written by one process under the blame lock; read when that has ended.  Native byte order.  Both tables are
 * hash tables with open addressing: an unused slot is all zeros.
 */
#ifndef BIGFILE_BLAME_FORMAT_H
#define BIGFILE_BLAME_FORMAT_H

#include <stdint.h>

#define BLAME_MAGIC 0x31454d414c424742ull /* "BGBLAME1" */
#define BLAME_VERSION 1
#define BLAME_DEPTH 128    /* frames of a stack, the innermost ones */
#define BLAME_FILES 256
#define BLAME_PATH 512
#define BLAME_MAPS (512 << 10)
#define BLAME_STACKS 32768 /* slots; used up to three quarters */
#define BLAME_FRAMES (640 << 10)
#define BLAME_ENTRIES 16384

enum blame_kind {
	BLAME_NONE,
	BLAME_STORE,    /* the first one to a page in a transaction */
	BLAME_BUFFER,   /* calls that have the kernel store: read and its like, into a mapping */
	BLAME_WRITE,    /* write and all that is made of it: streams, sendfile, copy_file_range, aio */
	BLAME_TRUNCATE, /* ftruncate, truncate, O_TRUNC */
	BLAME_ALLOCATE, /* fallocate */
	BLAME_KINDS,
};

/* What ended the process, where that was a fault of its own. */
struct blame_fault {
	int32_t signal;    /* 0: none */
	int32_t code;      /* si_code */
	uint64_t address;
	uint32_t file;     /* that it lies in, from 1; 0: in no marked file */
	uint32_t stack;    /* slot; the frames before the fault */
	uint64_t offset;   /* in that file */
	uint64_t size;     /* of that file, logical */
};

struct blame_stack {
	uint64_t hash;
	uint32_t first; /* in frames */
	uint32_t depth; /* 0: unused slot */
};

struct blame_entry {
	uint32_t kind; /* BLAME_NONE: unused slot */
	uint32_t file; /* from 1 */
	uint32_t stack; /* slot */
	uint32_t reserved;
	uint64_t times; /* pages, or calls */
	uint64_t bytes; /* of calls */
	uint64_t start, end; /* offsets between which all of them lie */
};

struct blame {
	uint64_t magic;
	uint32_t version;
	uint32_t pid;
	char comm[32];
	uint32_t file_count, stack_count, entry_count, frame_count;
	uint32_t map_length;
	uint32_t page_size;
	uint64_t lost; /* changes that found no room, or whose stack could not be told */
	struct blame_fault fault;
	char files[BLAME_FILES][BLAME_PATH];
	char maps[BLAME_MAPS]; /* of /proc/PID/maps, the lines that name an object */
	struct blame_stack stacks[BLAME_STACKS];
	struct blame_entry entries[BLAME_ENTRIES];
	/* The innermost first.  Addresses inside the instruction that was running or has called: not return addresses. */
	uint64_t frames[BLAME_FRAMES];
};

#endif
