/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See plan.h. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

static const struct plan_part parts[] = {
	{ .name = "one", .files = 1, .size = 60001, .limit = 60001, .transactions = 12, .operations = 6, .longest = 9000 },
	{ .name = "size", .files = 1, .size = 30000, .limit = 120000, .transactions = 12, .operations = 6, .longest = 9000,
	  .resizes = true },
	{ .name = "write", .files = 1, .size = 50000, .limit = 120000, .transactions = 12, .operations = 8, .longest = 20000,
	  .writes = true, .resizes = true },
	{ .name = "bank", .files = 4, .size = 16384, .limit = 40000, .transactions = 8, .operations = 10, .longest = 5000,
	  .resizes = true },
	{ .name = "fork", .files = 2, .size = 40000, .limit = 80000, .transactions = 8, .operations = 8, .longest = 6000,
	  .sharing = FORKED, .writes = true, .resizes = true },
	{ .name = "join", .files = 2, .size = 40000, .limit = 80000, .transactions = 8, .operations = 8, .longest = 6000,
	  .sharing = JOINED, .writes = true, .resizes = true },
	{ .name = "large", .files = 1, .size = 5 * MIB + 77, .limit = 6 * MIB, .transactions = 5, .operations = 6, .longest = 300 * KIB,
	  .sharing = FORKED, .resizes = true },
	/* Records that are longer than what is built of one in memory. */
	{ .name = "long", .files = 1, .size = 8 * MIB + 77, .limit = 8 * MIB + 77, .transactions = 3, .operations = 6, .longest = 8 * MIB },
	{ .name = "longs", .files = 3, .size = 3 * MIB + 77, .limit = 3 * MIB + 77, .transactions = 3, .operations = 6, .longest = 3 * MIB },
	{ .name = "abort", .files = 2, .size = 40000, .limit = 80000, .transactions = 10, .operations = 6, .longest = 6000,
	  .writes = true, .resizes = true, .aborts = true },
	{ .name = "names", .files = 2, .size = 30000, .limit = 60000, .transactions = 8, .operations = 6, .longest = 6000,
	  .writes = true, .renames = true },
	{ .name = "giveup", .files = 3, .size = 30000, .limit = 60000, .transactions = 8, .operations = 6, .longest = 6000,
	  .resizes = true, .gives_up = true },
	{ .name = "wrap", .files = 1, .size = 200000, .limit = 400000, .transactions = 9, .operations = 6, .longest = 40000,
	  .resizes = true, .idles = true },
	{ .name = "apart", .files = 4, .size = 20000, .limit = 40000, .transactions = 8, .operations = 8, .longest = 5000,
	  .resizes = true, .apart = true },
	{ .name = "folder", .files = 3, .size = 30000, .limit = 60000, .transactions = 8, .operations = 8, .longest = 6000,
	  .writes = true, .resizes = true, .journal_dir = true },
	{ .name = "unlink", .files = 3, .size = 12000, .limit = 40000, .transactions = 12, .operations = 10, .longest = 5000,
	  .writes = true, .resizes = true, .aborts = true, .unlinks = true },
	{ .name = "orphan", .files = 3, .size = 12000, .limit = 40000, .transactions = 8, .operations = 10, .longest = 5000,
	  .sharing = FORKED, .writes = true, .resizes = true, .unlinks = true },
};

const struct plan_part *plan_part(const char *name)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!strcmp(parts[i].name, name))
			return &parts[i];
	}
	return NULL;
}

void plan_each_part(void (*fn)(const struct plan_part *part, void *arg), void *arg)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		fn(&parts[i], arg);
}

/* splitmix64 */
uint64_t chance(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static void fill(uint8_t *at, size_t length, uint64_t *r)
{
	uint64_t word = 0;

	for (size_t i = 0; i < length; i++) {
		if (i % 8 == 0)
			word = chance(r);
		at[i] = (uint8_t)(word >> i % 8 * 8);
	}
}

void plan_start(struct plan *p, const struct plan_part *part, uint64_t seed)
{
	uint64_t r = seed;

	memset(p, 0, sizeof *p);
	p->part = part;
	p->seed = seed;
	p->bytes = malloc(part->longest);
	for (unsigned i = 0; i < part->files; i++) {
		p->files[i].at = calloc(1, part->limit);
		p->files[i].size = part->size;
		fill(p->files[i].at, part->size, &r);
	}
}

void plan_end(struct plan *p)
{
	for (unsigned i = 0; i < p->part->files; i++)
		free(p->files[i].at);
	free(p->bytes);
}

static void apply(struct plan *p, const struct plan_operation *op)
{
	struct plan_image *f = &p->files[op->file];

	if (op->kind == PLAN_UNLINK || op->kind == PLAN_MAKE) {
		memset(f->at, 0, f->size);
		f->size = 0;
		f->gone = op->kind == PLAN_UNLINK;
		f->made += op->kind == PLAN_MAKE;
		f->tried = op->kind == PLAN_MAKE ? f->tried + 1 : 0;
		return;
	}
	if (op->kind == PLAN_SIZE) {
		if (op->offset < f->size)
			memset(f->at + op->offset, 0, f->size - op->offset);
		f->size = op->offset;
		return;
	}
	memcpy(f->at + op->offset, op->bytes, op->length);
	if (op->offset + op->length > f->size)
		f->size = op->offset + op->length;
}

/* *bytes: new ones, zeros, or what is there with a few changes. */
static void choose_bytes(struct plan *p, struct plan_operation *op, uint64_t *r)
{
	unsigned how = (unsigned)chance_below(r, 8);

	op->bytes = p->bytes;
	if (how == 0) {
		memset(p->bytes, 0, op->length);
	} else if (how == 1) {
		memcpy(p->bytes, p->files[op->file].at + op->offset, op->length);
		p->bytes[chance_below(r, op->length)] ^= 1;
		p->bytes[chance_below(r, op->length)] += 1;
	} else {
		fill(p->bytes, op->length, r);
	}
}

static struct plan_operation choose(struct plan *p, uint64_t *r)
{
	const struct plan_part *t = p->part;
	struct plan_operation op = { .kind = PLAN_STORE, .file = (unsigned)chance_below(r, t->files) };
	size_t size, end;

	if (t->unlinks && op.file && (p->files[op.file].gone || chance_below(r, 5) == 0)) {
		op.kind = p->files[op.file].gone ? PLAN_MAKE : PLAN_UNLINK;
		op.offset = (size_t)chance_below(r, 2);
		return op;
	}
	size = end = p->files[op.file].size;

	/* A transaction whose parts lie far apart: only so is half of one seen to be half. */
	if (t->resizes && (chance_below(r, 6) == 0 || size < 600)) {
		op.kind = PLAN_SIZE;
		op.offset = size < 600 || chance_below(r, 2) ? size + chance_below(r, t->limit - size + 1) : chance_below(r, size);
		return op;
	}
	if (t->writes && chance_below(r, 2)) {
		op.kind = PLAN_WRITE;
		if (t->resizes)
			end = t->limit;
	}
	op.offset = (size_t)chance_below(r, size);
	op.length = 1 + (size_t)chance_below(r, chance_below(r, 2) ? 200 : t->longest);
	if (op.length > end - op.offset)
		op.length = end - op.offset;
	choose_bytes(p, &op, r);
	return op;
}

/* All of it is undone: the images stay as they are, but the choice depends on sizes that change. */
static void vain(struct plan *p, uint64_t *r, plan_fn fn, void *arg)
{
	struct plan_operation end = { .kind = PLAN_ABORT };
	struct plan_image before[PLAN_FILES];

	memcpy(before, p->files, sizeof before);
	for (unsigned left = 1 + (unsigned)chance_below(r, p->part->operations); left > 0; left--) {
		struct plan_operation op = choose(p, r);

		/* What was cut is not in the image any more: not needed, all it is read for is bytes to be thrown away. */
		if (fn)
			fn(&op, arg);
		if (op.kind == PLAN_UNLINK || op.kind == PLAN_MAKE) {
			p->files[op.file].gone = op.kind == PLAN_UNLINK;
			p->files[op.file].made += op.kind == PLAN_MAKE;
			p->files[op.file].size = 0;
			before[op.file].tried += before[op.file].gone && op.kind == PLAN_MAKE;
		} else if (op.kind == PLAN_SIZE) {
			p->files[op.file].size = op.offset;
		} else if (op.offset + op.length > p->files[op.file].size) {
			p->files[op.file].size = op.offset + op.length;
		}
	}
	memcpy(p->files, before, sizeof before);
	if (fn)
		fn(&end, arg);
}

/* Nothing but a removal: no other file's record says then that it takes place.  False: it would be of one that is gone. */
static bool remove_alone(struct plan *p, uint64_t *r, plan_fn fn, void *arg)
{
	struct plan_operation op = { .kind = PLAN_UNLINK, .file = 1 + (unsigned)chance_below(r, p->part->files - 1) };

	op.offset = (size_t)chance_below(r, 2);
	if (p->files[op.file].gone || !p->files[op.file].size)
		return false;
	if (fn)
		fn(&op, arg);
	apply(p, &op);
	return true;
}

void plan_next(struct plan *p, plan_fn fn, void *arg)
{
	uint64_t r = p->seed * 1000003 + ++p->n;
	unsigned left = 1 + (unsigned)chance_below(&r, p->part->operations);

	if (p->part->aborts && chance_below(&r, 2))
		vain(p, &r, fn, arg);
	if (p->part->unlinks && chance_below(&r, 4) == 0 && remove_alone(p, &r, fn, arg))
		return;
	/* Each transaction leaves a trace in its first file, so that no two states are equal. */
	for (bool first = true; left > 0 || first; first = false) {
		struct plan_operation op = choose(p, &r);

		if (first) {
			op = (struct plan_operation){ .kind = PLAN_STORE, .length = 8, .bytes = (const uint8_t *)&p->n };
			op.length = sizeof p->n;
			if (p->files[0].size < op.length)
				op = (struct plan_operation){ .kind = PLAN_SIZE, .offset = op.length + p->n };
		} else {
			left--;
		}
		if (fn)
			fn(&op, arg);
		apply(p, &op);
	}
}
