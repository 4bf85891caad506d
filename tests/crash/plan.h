/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a workload does, and what its files hold after each transaction: an oracle that knows nothing of Bigfile.
 *
 * A plan is made from a part (the kind of workload) and a seed.  plan_next() generates transaction n and applies it to the plan's own
 * images of the files.  The worker does the same operations to marked files; the checker compares these with the images.
 * Both generate the same, whatever the number of processes that share the work.
 */
#ifndef CRASH_PLAN_H
#define CRASH_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAN_FILES 8

enum plan_sharing { ALONE, FORKED, JOINED };

struct plan_part {
	const char *name;
	unsigned files;
	size_t size;        /* of each at the beginning, and at most */
	size_t limit;
	unsigned transactions;
	unsigned operations; /* of a transaction, at most */
	size_t longest;     /* bytes of an operation */
	enum plan_sharing sharing;
	bool writes;        /* by pwrite as well as by stores */
	bool resizes;
	bool aborts;        /* what is stored and thrown away before a transaction */
	bool renames;
	bool gives_up;      /* unmaps and closes its files after each transaction, and their views go */
	bool idles;         /* long enough for a checkpoint, twice */
	bool journal_dir;
	bool apart;         /* its files lie in two folders */
	bool unlinks;       /* all but the first file, and makes them anew */
};

enum plan_kind { PLAN_STORE, PLAN_WRITE, PLAN_SIZE, PLAN_UNLINK, PLAN_MAKE, PLAN_ABORT };

struct plan_operation {
	enum plan_kind kind;
	unsigned file;
	size_t offset;      /* PLAN_UNLINK: not 0, it stays open */
	size_t length;      /* PLAN_SIZE: the new size is offset */
	const uint8_t *bytes;
};

struct plan_image {
	uint8_t *at;        /* limit bytes; zeros behind size */
	size_t size;
	bool gone;          /* there is no such file; */
	unsigned made;      /* how many there were before, */
	unsigned tried;     /* and how many were to be since it is gone */
};

struct plan {
	const struct plan_part *part;
	uint64_t seed;
	unsigned n;         /* transactions generated */
	struct plan_image files[PLAN_FILES];
	uint8_t *bytes;
};

typedef void (*plan_fn)(const struct plan_operation *op, void *arg);

/* NULL: there is no such part. */
const struct plan_part *plan_part(const char *name);
void plan_each_part(void (*fn)(const struct plan_part *part, void *arg), void *arg);

void plan_start(struct plan *p, const struct plan_part *part, uint64_t seed);
void plan_end(struct plan *p);
/* The next transaction: fn, which may be NULL, is called for each operation.  Aborted ones come first, and end with PLAN_ABORT. */
void plan_next(struct plan *p, plan_fn fn, void *arg);

/* The generator that all chance of the laboratory comes from. */
uint64_t chance(uint64_t *state);
static inline uint64_t chance_below(uint64_t *state, uint64_t n)
{
	return chance(state) % n;
}

#endif
