/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Windows that overlap, are cut, changed and counted.  Addresses in units of 1,000. */
#include <errno.h>
#include <sys/mman.h>

#include "tap.h"
#include "window.h"

#define RW (PROT_READ | PROT_WRITE)

static struct window_table t;

static void add(uint64_t start, uint64_t end, int prot)
{
	window_reserve(&t, 4);
	window_add(&t, (struct window){ { start, end }, prot, prot & PROT_WRITE });
}

static void cut(uint64_t start, uint64_t end)
{
	window_reserve(&t, 4);
	window_remove(&t, (struct range){ start, end });
}

static int prot_at(uint64_t at, uint64_t *end)
{
	return window_prot(&t, at, 100, end);
}

int main(void)
{
	uint64_t end;

	plan(24);
	is_int(prot_at(5, &end), 0, "no window, no rights");
	is_int((long long)end, 100, "up to the limit");
	add(10, 30, PROT_READ);
	add(20, 40, RW);
	is_int(prot_at(10, &end), PROT_READ, "the first alone");
	is_int((long long)end, 20, "until the second begins");
	is_int(prot_at(25, &end), RW, "the most generous counts");
	is_int((long long)end, 30, "until the first ends");
	is_int(prot_at(0, &end), 0, "before both");
	is_int((long long)end, 10, "until the first begins");
	ok(window_covers(&t, (struct range){ 10, 40 }), "together they cover");
	ok(!window_covers(&t, (struct range){ 10, 41 }), "but no more");

	add(10, 30, PROT_READ);
	cut(10, 30);
	ok(window_covers(&t, (struct range){ 10, 40 }), "of two equal ones, one is left");
	cut(10, 30);
	ok(!window_covers(&t, (struct range){ 10, 11 }) && window_covers(&t, (struct range){ 20, 40 }),
	   "then none, and the other stays");
	cut(25, 28);
	is_int((long long)t.count, 2, "the middle cut out leaves two");
	is_int(prot_at(26, &end), 0, "and a gap");
	cut(0, 100);
	is_int((long long)t.count, 0, "a cut over all takes all");

	add(10, 20, RW);
	add(30, 40, RW);
	is_int(window_protect(&t, (struct range){ 15, 35 }, PROT_READ), 0, "a change over parts of two");
	ok(prot_at(12, &end) == RW && prot_at(16, &end) == PROT_READ && prot_at(33, &end) == PROT_READ &&
	   prot_at(36, &end) == RW, "touches these parts");
	add(50, 60, PROT_READ);
	is_int(window_protect(&t, (struct range){ 10, 60 }, RW), -EACCES, "one that may not write refuses");
	is_int(prot_at(16, &end), PROT_READ, "and nothing has changed");
	cut(45, 55);
	ok(prot_at(56, &end) == PROT_READ && !prot_at(52, &end), "a cut that begins before the window");
	cut(0, 100);

	add(10, 20, PROT_READ);
	add(10, 20, RW);
	cut(12, 14);
	is_int(prot_at(13, &end), RW, "of two windows a cut takes the one that allows less");
	is_int(window_protect(&t, (struct range){ 10, 12 }, PROT_READ), 0, "a change of one of two");
	is_int(prot_at(11, &end), RW, "takes nothing from the other");
	is_int(window_take(&t, (struct range){ 10, 20 }).prot, RW, "what is moved may do what any may");
	return done();
}
