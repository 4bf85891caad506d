/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's memory (shim/arena.h) with the address sanitizer told of it: what lies around a block, behind its end, and in a block that was given
 * back may not be touched.  One that was given back comes into use again after DELAY others.  Built without the sanitizer itself.
 */
#define arena_alloc plain_alloc
#define arena_free plain_free
#define arena_strdup plain_strdup
#define arena_after_fork plain_after_fork
#include "../../shim/arena.c"
#undef arena_alloc
#undef arena_free
#undef arena_strdup
#undef arena_after_fork

#define AROUND 64
#define DELAY 512
#define LARGEST (((size_t)1 << LARGEST_SHIFT) - 2 * AROUND)

void __asan_poison_memory_region(const void *at, size_t size);
void __asan_unpoison_memory_region(const void *at, size_t size);
void *arena_alloc(size_t size);
void arena_free(void *block, size_t size);
char *arena_strdup(const char *s);
void arena_after_fork(void);

static struct {
	char *block;
	size_t size;
} delayed[DELAY];
static unsigned next_delayed;
static struct lock delayed_lock = LOCK_INIT;

void *arena_alloc(size_t size)
{
	char *p;

	/* A mapping of its own. */
	if (size > LARGEST)
		return plain_alloc(size > (size_t)1 << LARGEST_SHIFT ? size : ((size_t)1 << LARGEST_SHIFT) + 1);
	p = plain_alloc(size + 2 * AROUND);
	if (!p)
		return NULL;
	__asan_poison_memory_region(p, AROUND);
	__asan_poison_memory_region(p + AROUND + size, AROUND);
	return p + AROUND;
}

static void give_back(char *block, size_t size)
{
	__asan_unpoison_memory_region(block, size);
	plain_free(block, size);
}

void arena_free(void *block, size_t size)
{
	char *p = block;
	size_t whole = size + 2 * AROUND, old_size;

	if (!p)
		return;
	if (size > LARGEST) {
		plain_free(p, size > (size_t)1 << LARGEST_SHIFT ? size : ((size_t)1 << LARGEST_SHIFT) + 1);
		return;
	}
	p -= AROUND;
	__asan_poison_memory_region(p, whole);
	lock_take(&delayed_lock);
	block = delayed[next_delayed].block;
	old_size = delayed[next_delayed].size;
	delayed[next_delayed].block = p;
	delayed[next_delayed].size = whole;
	next_delayed = (next_delayed + 1) % DELAY;
	lock_release(&delayed_lock);
	if (block)
		give_back(block, old_size);
}

char *arena_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = arena_alloc(n);

	return copy ? memcpy(copy, s, n) : NULL;
}

void arena_after_fork(void)
{
	plain_after_fork();
	lock_reset(&delayed_lock);
}
