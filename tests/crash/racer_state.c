/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state of the two files: racer.h. */
#include "racer.h"

#include <stdio.h>
#include <string.h>

uint64_t scatter(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

uint64_t chance(uint64_t *state)
{
	return scatter(*state += UINT64_C(0x9e3779b97f4a7c15));
}

volatile uint64_t *cell_of(char *const *at, int writer, int cell)
{
	return (volatile uint64_t *)(at[cell % 2] + cell / 2 * 5 * PAGE + writer * 128);
}

/* A record fills no page whole, and two share one. */
uint64_t record_offset(int writer, uint64_t n)
{
	return 16 * PAGE + (uint64_t)writer * 3 * PAGE + 36;
}

static void fill(char *to, size_t size, uint64_t first, uint64_t kind)
{
	uint64_t x = scatter(first * 16 + kind);

	memcpy(to, &first, sizeof first);
	for (size_t i = sizeof x; i + sizeof x <= size; i += sizeof x, x += UINT64_C(0x9e3779b97f4a7c15))
		memcpy(to + i, &x, sizeof x);
}

void record_fill(char *to, int writer, uint64_t n)
{
	fill(to, RECORD, n, (uint64_t)writer);
}

void tail_fill(char *to, uint64_t n)
{
	fill(to, TAIL, n, 15);
}

static bool writer_is_good(char *const *at, int w, uint64_t floor, char *why, unsigned long space)
{
	uint64_t first = *cell_of(at, w, 0), before = first, now = first;
	char wanted[RECORD];

	for (int i = 0; i < CELLS; i++, before = now) {
		now = *cell_of(at, w, i);
		if (now > before || now + 1 < first) {
			snprintf(why, space, "writer %d: cell %d holds %lu after %lu, first %lu", w, i, now, before, first);
			return false;
		}
	}
	if (now < floor) {
		snprintf(why, space, "writer %d: step %lu was acknowledged, %lu found", w, floor, now);
		return false;
	}
	memset(wanted, 0, sizeof wanted);
	record_fill(wanted, w, first);
	if (first && memcmp(wanted, at[first % 2] + record_offset(w, first), RECORD / 8 * 8)) {
		snprintf(why, space, "writer %d: the record of step %lu is torn", w, first);
		return false;
	}
	return true;
}

static bool tail_is_good(const char *tail, uint64_t size, char *why, unsigned long space)
{
	char wanted[TAIL];
	uint64_t n;

	if (size % TAIL) {
		snprintf(why, space, "%lu bytes at the end, which are no records of %d", size, TAIL);
		return false;
	}
	for (uint64_t at = 0; at < size; at += TAIL) {
		memcpy(&n, tail + at, sizeof n);
		tail_fill(wanted, n);
		if (memcmp(wanted, tail + at, TAIL)) {
			snprintf(why, space, "the record at the end no. %lu is torn", at / TAIL);
			return false;
		}
	}
	return true;
}

bool state_is_good(char *const *at, uint64_t size, const uint64_t *floor, char *why, unsigned long space)
{
	for (int w = 0; w < WRITERS; w++) {
		if (!writer_is_good(at, w, floor[w], why, space))
			return false;
	}
	return size <= BASE || tail_is_good(at[1] + BASE, size - BASE, why, space);
}
