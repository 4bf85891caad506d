/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chunks of a segment: which are registered, which are closed, what is forgotten.  Registers real memory. */
#include "chunks.h"
#include "sys.h"
#include "tap.h"
#include "userfault.h"

#define CHUNKS 4096u

static struct chunks c;
static uint64_t base;

static struct range at(uint64_t first, uint64_t end)
{
	return (struct range){ base + first * CHUNK, base + end * CHUNK };
}

static void want(uint64_t first, uint64_t end, uint64_t step)
{
	struct range_list l = { 0 };

	for (uint64_t i = first; i < end; i += step)
		range_list_add(&l, at(i, i + 1));
	chunks_register(&c, &l);
	range_list_free(&l);
}

/* How many chunks of all are in that state; each step of the walk adds one to *steps. */
static uint64_t count(enum chunk_state wanted, unsigned *steps)
{
	struct chunk_walk w = { &c, c.all, 0 };
	enum chunk_state state;
	struct range part;
	uint64_t n = 0, reached = c.all.start;

	*steps = 0;
	while (chunks_next(&w, &part, &state)) {
		if (part.start != reached || part.end <= part.start)
			return UINT64_MAX;
		reached = part.end;
		n += state == wanted ? (part.end - part.start) / CHUNK : 0;
		++*steps;
	}
	return reached == c.all.end ? n : UINT64_MAX;
}

static enum chunk_state state_of(uint64_t i)
{
	struct chunk_walk w = { &c, at(i, i + 1), 0 };
	enum chunk_state state = CHUNK_FREE;
	struct range part;

	chunks_next(&w, &part, &state);
	return state;
}

static void a_few(void)
{
	unsigned steps;

	is_int((long long)count(CHUNK_FREE, &steps), CHUNKS, "at first all are free");
	want(10, 20, 1);
	is_int((long long)count(CHUNK_LOOSE, &steps), 10, "ten registered are loose");
	is_int(steps, 3, "in one piece");
	chunks_close(&c, at(12, 14));
	ok(state_of(11) == CHUNK_LOOSE && state_of(12) == CHUNK_CLOSED && state_of(13) == CHUNK_CLOSED &&
	   state_of(14) == CHUNK_LOOSE, "two of them closed");
	is_int((long long)count(CHUNK_CLOSED, &steps), 2, "and no more");
	want(12, 13, 1);
	ok(state_of(12) == CHUNK_CLOSED, "registered again it stays closed");
	chunks_forget(&c, (struct range){ base + 13 * CHUNK + 5, base + 13 * CHUNK + 6 });
	ok(state_of(12) == CHUNK_CLOSED && state_of(13) == CHUNK_FREE && state_of(14) == CHUNK_LOOSE,
	   "a byte forgotten frees its chunk alone");
	want(13, 14, 1);
	ok(state_of(13) == CHUNK_LOOSE, "which is not closed when it comes back");
	chunks_forget(&c, c.all);
	is_int((long long)count(CHUNK_FREE, &steps), CHUNKS, "all forgotten, all free");
	is_int(c.count, 0, "no run is left");
}

static void many(void)
{
	unsigned steps;
	uint64_t n;

	want(0, CHUNKS, 3);
	ok(c.count > 0 && c.count <= CHUNK_RUNS, "runs are merged when there are too many");
	n = count(CHUNK_LOOSE, &steps);
	ok(n >= CHUNKS / 3 && n <= CHUNKS, "nothing that was wanted is lost by it");
	ok(!c.incomplete, "all could be registered");
	chunks_forget(&c, c.all);
	want(0, 2 * CHUNK_RUNS, 2);
	chunks_forget(&c, at(3, 4));
	want(CHUNKS - 100, CHUNKS, 1);
	for (unsigned i = 1; i < c.count; i++)
		n = c.runs[i].start > c.runs[i - 1].end ? n : 0;
	ok(n, "runs are in order, apart from each other");
	chunks_forget(&c, c.all);
}

/* Neighbours that stay are cut in two, as far as there is room. */
static void split(void)
{
	want(0, 2 * CHUNK_RUNS, 2);
	want(2 * CHUNK_RUNS - 2, 2 * CHUNK_RUNS + 10, 1);
	is_int(c.count, CHUNK_RUNS, "as many runs as there can be");
	chunks_close(&c, at(2 * CHUNK_RUNS + 3, 2 * CHUNK_RUNS + 10));
	chunks_forget(&c, at(2 * CHUNK_RUNS + 1, 2 * CHUNK_RUNS + 2));
	is_int(c.count, CHUNK_RUNS, "cutting one in two makes no more");
	ok(state_of(2 * CHUNK_RUNS) == CHUNK_LOOSE && state_of(2 * CHUNK_RUNS + 4) == CHUNK_FREE,
	   "what there is no room for is free");
	want(2 * CHUNK_RUNS + 2, 2 * CHUNK_RUNS + 10, 1);
	ok(state_of(2 * CHUNK_RUNS + 4) == CHUNK_LOOSE, "and not closed when it comes back");
}

static void at_rest(void)
{
	chunks_forget(&c, c.all);
	want(100, 104, 1);
	chunks_close(&c, at(101, 104));
	chunks_rest(&c, at(102, 103));
	ok(state_of(100) == CHUNK_LOOSE && state_of(101) == CHUNK_CLOSED && state_of(102) == CHUNK_FREE && state_of(103) == CHUNK_CLOSED,
	   "one at rest is free, its neighbours are what they were");
	is_int(userfault_protect(at(102, 103)), -ENOENT, "the kernel does not track it any more");
	is_int(userfault_protect(at(103, 104)), 0, "it does its neighbour");
	want(200, 200 + CHUNK_RUNS, 2);
	chunks_close(&c, at(202, 203));
	chunks_rest(&c, at(202, 203));
	ok(state_of(202) == CHUNK_LOOSE, "it is loose where more would have to be cut in two");
	is_int(userfault_protect(at(202, 203)), 0, "and tracked still");
}

int main(void)
{
	void *p = sys_mmap(NULL, (CHUNKS + 1) * CHUNK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (sys_is_error(p) || userfault_open()) {
		printf("1..0 # SKIP userfaultfd cannot be used here\n");
		return 0;
	}
	base = round_up((uintptr_t)p, CHUNK);
	c.all = at(0, CHUNKS);
	plan(23);
	a_few();
	many();
	split();
	at_rest();
	return done();
}
