/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the fuzzer of names share; names.c says what it does.
 *
 * The model lies in a file that is no part of any transaction, so that it survives whoever is killed.  Every decision comes from draw().
 */
#ifndef NAMES_H
#define NAMES_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define NAMES 6
#define INODES 40
#define MOST 8192 /* of a file, bytes */
#define LINES 24

enum { NOW, DONE }; /* as the program sees it, and as of the last commit */

struct inode {
	int users;   /* handles of all processes */
	bool adrift; /* of no name and no transaction any more */
	uint32_t size[2];
	uint8_t bytes[2][MOST]; /* zeros beyond the size */
};

/* -1: none. */
struct model {
	int name[NAMES], aside[NAMES];
	struct inode inodes[INODES];
};

enum what { OTHER, CREATE, UNLINK, RENAME, EXCHANGE, COMMIT, ABORT };

/* What changes more than what is in one open file, so that it matters to who finds what a killed process has left. */
struct change {
	enum what what;
	int a, b; /* names */
};

struct shared {
	struct model model, before; /* the latter: as the change under way found it */
	struct change under_way;
	uint64_t state, done, left; /* operations */
	unsigned long commits, aborts, implied;
	int turn;      /* of which process; futex */
	int processes;
	bool at_work;  /* a call is being made */
	bool failed;
	char lines[LINES][160];
};
extern struct shared *all;
extern const char *folder;
extern bool verbose;

/* names.c */
uint64_t draw(uint64_t below); /* [0, below) */
bool one_in(unsigned n);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void expect(const char *call, long result, long wanted);
/* Of name n, in a buffer that the call after the next uses again. */
const char *path_of(int n);

static inline long result_of(long result)
{
	return result == -1 ? -errno : result;
}

/* names_model.c */
void model_start(struct model *m);
int model_new(struct model *m);
/* implied: all was committed before it. */
void model_change(struct model *m, const struct change *c, bool implied);
/* As after a crash, when nobody has anything open. */
void model_crash(struct model *m);
/* Is anything not committed: in this file, by deletions, at all? */
bool model_has_changed(const struct inode *i);
bool model_has_aside(const struct model *m);
bool model_is_open(const struct model *m);
void model_put(struct inode *i, uint32_t at, const void *from, uint32_t n);
void model_resize(struct inode *i, uint32_t size);
/* Do the files on the disk look like that?  Says why not, by say(). */
bool model_is_found(const struct model *m);

/* names_ops.c: operations of one process, on its own handles. */
void do_something(void);
void check_everything(void);
/* Of this process. */
uint64_t commits_so_far(void);
/* Around a call: should we be killed between them, the files may be as before or after it.  implied: all was committed before it. */
void begin(enum what what, int a, int b);
void end(bool implied);

/* names_calls.c */
bool do_unlink(void), do_rename(void), do_stat(void);

#endif
