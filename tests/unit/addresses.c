/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of addresses: against a plain list of what is reserved, and while another thread reads. */
#include "addresses.h"

#include <pthread.h>

#include "tap.h"

#define PLACES 2000
#define UNIT ((uint64_t)16)

static uint64_t ends[PLACES]; /* of what begins at the place; 0: nothing does */
static bool stop;

static struct view *view_of(unsigned place)
{
	return (struct view *)(uintptr_t)(64 * (place + 1));
}

static uint64_t start_of(unsigned place)
{
	return (place + 1) * UNIT;
}

static bool agrees(uint64_t at)
{
	struct range inside;
	uint32_t seen;
	struct view *found = addresses_first_in((struct range){ at, at + 1 }, &inside, &seen);
	unsigned place = (unsigned)(at / UNIT - 1);
	bool there = at >= UNIT && place < PLACES && ends[place] > at;

	return found == (there ? view_of(place) : NULL) && addresses_overlap(at, 1) == there;
}

static bool all_agree(void)
{
	for (uint64_t at = 0; at < start_of(PLACES) + UNIT; at++) {
		if (!agrees(at))
			return false;
	}
	return true;
}

/* What is looked for is always there, whatever comes and goes around it. */
static void *read_on(void *fixed)
{
	uint64_t at = start_of(*(unsigned *)fixed);
	static bool right = true;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		struct range inside;
		uint32_t seen;

		right = right && addresses_first_in((struct range){ at, at + 1 }, &inside, &seen) == view_of(*(unsigned *)fixed);
	}
	return right ? fixed : NULL;
}

static void change(uint64_t x, unsigned fixed)
{
	unsigned place = (unsigned)(x >> 40) % PLACES;
	uint64_t start = start_of(place);

	if (!ends[place]) {
		ends[place] = start + 1 + (x >> 33) % (UNIT / 2);
		addresses_add((struct range){ start, ends[place] }, view_of(place));
	} else if (x & 1 << 20) {
		ends[place] = start + UNIT;
		addresses_grow(start, ends[place]);
	} else if (place != fixed) {
		ends[place] = 0;
		addresses_remove(start);
	}
}

int main(void)
{
	unsigned fixed = PLACES / 3;
	struct range inside;
	pthread_t reader;
	uint64_t x = 1;
	uint32_t seen;
	void *right;

	plan(6);
	ok(all_agree(), "empty");
	ends[fixed] = start_of(fixed) + 1;
	addresses_add((struct range){ start_of(fixed), ends[fixed] }, view_of(fixed));
	pthread_create(&reader, NULL, read_on, &fixed);
	for (int i = 0; i < 50000; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		change(x, fixed);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(reader, &right);
	ok(right != NULL, "what stays is found at every moment");
	ok(all_agree(), "after many changes");
	ok(addresses_first_in((struct range){ 0, UINT64_MAX }, &inside, &seen) && !addresses_changed(seen), "the first of all");
	for (unsigned i = 0; i < PLACES; i++) {
		if (ends[i])
			addresses_remove(start_of(i));
		ends[i] = 0;
	}
	ok(all_agree(), "empty again");
	ok(!addresses_overlap(0, UINT64_MAX), "and nothing meets it");
	return done();
}
