/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shim/arena.h on top of malloc, for the fuzzers: so that the sanitizer sees each block, its size and its end.  What asks for more
 * than any sound journal needs has believed a number that it should not have.
 */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

#define MOST ((size_t)65 << 20)
#define KEPT ((size_t)1 << 20) /* of this size is scratch memory, which is asked for all the time */

struct block {
	struct block *next, **from; /* of those in use */
	size_t size;
	_Alignas(64) char bytes[];
};

static struct block *in_use, *spare;

static void *take(struct block *b)
{
	b->next = in_use;
	b->from = &in_use;
	if (in_use)
		in_use->from = &b->next;
	in_use = b;
	return b->bytes;
}

void *arena_alloc(size_t size)
{
	struct block *b;

	if (size > MOST)
		abort();
	if (size == KEPT && spare) {
		b = spare;
		spare = NULL;
		return take(b);
	}
	b = aligned_alloc(64, (sizeof *b + size + 63) / 64 * 64);
	if (!b)
		return NULL;
	memset(b, 0, sizeof *b + size);
	b->size = size;
	return take(b);
}

void arena_free(void *block, size_t size)
{
	struct block *b = block ? (void *)((char *)block - offsetof(struct block, bytes)) : NULL;

	if (!b)
		return;
	if (b->size != size)
		abort();
	*b->from = b->next;
	if (b->next)
		b->next->from = b->from;
	if (size == KEPT && !spare)
		spare = b;
	else
		free(b);
}

char *arena_strdup(const char *s)
{
	char *copy = arena_alloc(strlen(s) + 1);

	return copy ? strcpy(copy, s) : NULL;
}

/* The process is no more. */
void arena_die(void);
void arena_die(void)
{
	while (in_use)
		arena_free(in_use->bytes, in_use->size);
}

void arena_after_fork(void)
{
}
