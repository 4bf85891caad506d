/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See loadmap.h. */
#include "loadmap.h"

#include <string.h>

#include "dirtymap.h"
#include "sys.h"

/* A word: the thread that is at it, the state, and two notes. */
#define THREAD_MASK ((UINT32_C(1) << 24) - 1)
#define STATE_SHIFT 24
#define STATE_MASK (UINT32_C(7) << STATE_SHIFT)
#define STORED (UINT32_C(1) << 30)
#define AWAITED (UINT32_C(1) << 31)
#define GLANCE_MS 5
#define PATIENCE_MS 1000

bool (*loadmap_is_at_work)(uint32_t tid);

static uint64_t bytes_for(uint64_t end)
{
	return page_ceil(end / LOAD_GRANULE * sizeof(uint32_t) + 1);
}

/* In the session's memory. */
static uint64_t place_of(unsigned index)
{
	return DIRTYMAP_BASE + index * DIRTYMAP_ROOM + DIRTYMAP_ROOM / 2;
}

int loadmap_map(struct loadmap *m, int fd, unsigned index, uint64_t end)
{
	uint64_t bytes = bytes_for(end);
	void *p;

	if (bytes > DIRTYMAP_ROOM / 2)
		return -EFBIG;
	p = sys_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, place_of(index));
	if (sys_is_error(p))
		return sys_error_of(p);
	m->words = p;
	m->end = end;
	return 0;
}

void loadmap_unmap(struct loadmap *m)
{
	if (m->words)
		sys_munmap(m->words, bytes_for(m->end));
	m->words = NULL;
	m->end = 0;
}

void loadmap_copy(const struct loadmap *from, struct loadmap *to, int fd, unsigned index)
{
	int64_t base = (int64_t)place_of(index), end = base + (int64_t)bytes_for(from->end), at = base, data;

	/* What is a hole there would only become memory here. */
	while (at < end && (data = sys_lseek(fd, at, SEEK_DATA)) >= 0 && data < end) {
		at = sys_lseek(fd, data, SEEK_HOLE);
		if (at < 0 || at > end)
			at = end;
		memcpy((uint8_t *)to->words + (data - base), (const uint8_t *)from->words + (data - base), (size_t)(at - data));
	}
}

static uint32_t *word_of(const struct loadmap *m, uint64_t offset)
{
	return &m->words[offset / LOAD_GRANULE];
}

static enum load_state state_of(uint32_t word)
{
	return (enum load_state)((word & STATE_MASK) >> STATE_SHIFT);
}

static bool is_settled(uint32_t word)
{
	return state_of(word) == LOAD_ABSENT || state_of(word) == LOAD_PRESENT;
}

enum load_state loadmap_state(const struct loadmap *m, uint64_t offset)
{
	return state_of(__atomic_load_n(word_of(m, offset), __ATOMIC_SEQ_CST));
}

/* The word in another state.  What comes anew was not stored to. */
static uint32_t in_state(uint32_t word, enum load_state to)
{
	uint32_t next = (uint32_t)to << STATE_SHIFT;

	if (to != LOAD_ABSENT && to != LOAD_COMING)
		next |= word & STORED;
	if (!is_settled(next))
		next |= (word & AWAITED) | ((uint32_t)sys_gettid() & THREAD_MASK);
	return next;
}

static bool replace(uint32_t *at, uint32_t word, uint32_t next)
{
	if (!__atomic_compare_exchange_n(at, &word, next, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return false;
	if ((word & AWAITED) && !(next & AWAITED))
		sys_futex_wake(at, INT32_MAX);
	return true;
}

bool loadmap_change(struct loadmap *m, uint64_t offset, enum load_state from, enum load_state to)
{
	uint32_t *at = word_of(m, offset), word;

	do {
		word = __atomic_load_n(at, __ATOMIC_SEQ_CST);
		if (state_of(word) != from)
			return false;
	} while (!replace(at, word, in_state(word, to)));
	return true;
}

/* Copying is begun anew, and so is choosing; what was being dropped is clean and may be gone. */
static void settle_for_the_dead(uint32_t *at, uint32_t word)
{
	enum load_state to = state_of(word) == LOAD_LEAVING ? LOAD_PRESENT : LOAD_ABSENT;

	replace(at, word, in_state(word, to));
}

uint32_t loadmap_wait(struct loadmap *m, uint64_t offset)
{
	const struct timespec glance = { 0, GLANCE_MS * 1000000 };
	uint64_t end = sys_now_ns(CLOCK_MONOTONIC) + PATIENCE_MS * UINT64_C(1000000);
	uint32_t *at = word_of(m, offset);

	for (;;) {
		uint32_t word = __atomic_load_n(at, __ATOMIC_SEQ_CST);

		if (is_settled(word))
			return 0;
		if (sys_now_ns(CLOCK_MONOTONIC) > end)
			return word & THREAD_MASK;
		if (!(word & AWAITED)) {
			replace(at, word, word | AWAITED);
			continue;
		}
		if (sys_futex_wait(at, word, &glance) == -ETIMEDOUT && !loadmap_is_at_work(word & THREAD_MASK))
			settle_for_the_dead(at, word);
	}
}

void loadmap_note_stored(struct loadmap *m, uint64_t offset)
{
	__atomic_fetch_or(word_of(m, offset), STORED, __ATOMIC_SEQ_CST);
}

bool loadmap_was_stored(const struct loadmap *m, uint64_t offset)
{
	return __atomic_load_n(word_of(m, offset), __ATOMIC_SEQ_CST) & STORED;
}
