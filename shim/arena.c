/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See arena.h.  Size classes from 64 bytes to 1 MiB; above that, a mapping per block. */
#include "arena.h"

#include <string.h>

#include "lock.h"
#include "page.h"
#include "sys.h"

#define SMALLEST_SHIFT 6
#define LARGEST_SHIFT 20
#define CLASSES (LARGEST_SHIFT - SMALLEST_SHIFT + 1)
#define SLAB_SIZE ((size_t)256 << 10)

struct free_block {
	struct free_block *next;
};

static struct lock arena_lock = LOCK_INIT;
static struct free_block *free_blocks[CLASSES];
/* What a process without a marked file needs comes from here: no mapping, no fresh page. */
static _Alignas(1 << SMALLEST_SHIFT) char first_slab[1024];
static char *slab = first_slab, *slab_end = first_slab + sizeof first_slab;

static unsigned class_of(size_t size)
{
	unsigned c = 0;

	while (((size_t)1 << (c + SMALLEST_SHIFT)) < size)
		c++;
	return c;
}

static void *map_anonymous(size_t size)
{
	void *p = sys_mmap(NULL, page_ceil(size), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return sys_is_error(p) ? NULL : p;
}

/* Called with the lock held. */
static void *cut_from_slab(size_t size)
{
	void *p;

	if ((size_t)(slab_end - slab) < size) {
		size_t fresh = size > SLAB_SIZE ? size : SLAB_SIZE;

		p = map_anonymous(fresh);
		if (!p)
			return NULL;
		slab = p;
		slab_end = slab + fresh;
	}
	p = slab;
	slab += size;
	return p;
}

void *arena_alloc(size_t size)
{
	struct free_block *b;
	void *p = NULL;
	unsigned c;

	if (size > (size_t)1 << LARGEST_SHIFT)
		return map_anonymous(size);
	c = class_of(size);
	lock_take(&arena_lock);
	b = free_blocks[c];
	if (b)
		free_blocks[c] = b->next;
	else
		p = cut_from_slab((size_t)1 << (c + SMALLEST_SHIFT));
	lock_release(&arena_lock);
	/* A slab is zero when it is new. */
	return b ? memset(b, 0, size) : p;
}

void arena_free(void *block, size_t size)
{
	struct free_block *b = block;
	unsigned c;

	if (!block)
		return;
	if (size > (size_t)1 << LARGEST_SHIFT) {
		sys_munmap(block, page_ceil(size));
		return;
	}
	c = class_of(size);
	lock_take(&arena_lock);
	b->next = free_blocks[c];
	free_blocks[c] = b;
	lock_release(&arena_lock);
}

char *arena_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = arena_alloc(n);

	return copy ? memcpy(copy, s, n) : NULL;
}

void arena_after_fork(void)
{
	lock_reset(&arena_lock);
}
