/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Collecting from free, loose and closed chunks: every page that was stored to is reported, and of those that were not
 * none; also when a store falls into the collecting itself, and when the kernel has lost what it knew.
 */
#include "collect.h"

#include <string.h>
#include <sys/mman.h>

#include "pagemap.h"
#include "sys.h"
#include "tap.h"
#include "userfault.h"

#define PAGES (2 * CHUNK / page_size())

static struct view v;
static struct segment s;
static struct chunks chunks;
static volatile char *map;
static int fd;
static uint8_t seen[1024]; /* per page: how often it was reported */
static unsigned total;
static long store_meanwhile = -1; /* a page that is stored to in the first report */

static void store(long page)
{
	map[(uint64_t)page * page_size()]++;
}

static int report(void *arg, struct view *of, const struct segment *in, struct range at)
{
	for (; at.start < at.end; at.start += page_size(), total++)
		seen[(at.start - (uintptr_t)map) / page_size()]++;
	if (store_meanwhile >= 0)
		store(store_meanwhile);
	store_meanwhile = -1;
	return 0;
}

/* Forced: as if looking at chunks that are not closed had taken long. */
static unsigned collect(bool survey)
{
	memset(seen, 0, sizeof seen);
	total = 0;
	chunks.slow_ns = survey ? UINT64_MAX / 2 : 0;
	if (collect_chunks(&v, &s, &chunks, chunks.all, report, NULL))
		return UINT32_MAX;
	return total;
}

static void map_anew(void)
{
	void *p = sys_mmap((void *)map, 2 * CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0);

	if (sys_is_error(p))
		_exit(1);
}

static unsigned look(void)
{
	memset(seen, 0, sizeof seen);
	total = 0;
	return collect_look(&v, &s, &chunks, chunks.all, report, NULL) ? UINT32_MAX : total;
}

static void read_all(void)
{
	for (uint64_t i = 0; i < PAGES; i++)
		(void)map[i * page_size()];
}

static enum chunk_state state(unsigned i)
{
	struct chunk_walk w = { &chunks, { s.at.start + i * CHUNK, s.at.start + (i + 1) * CHUNK }, 0 };
	enum chunk_state is = CHUNK_FREE;
	struct range part;

	chunks_next(&w, &part, &is);
	return is;
}

static void start_anew(void)
{
	chunks_forget(&chunks, chunks.all);
	map_anew();
}

static void from_free_to_closed(void)
{
	uint64_t pages = 0;

	is_int(collect(false), 0, "nothing stored, nothing reported");
	store(3);
	store(700);
	ok(look() == 2 && seen[3] && seen[700], "stores to free chunks are seen");
	ok(collect(false) == 2 && seen[3] && seen[700], "and reported");
	ok(state(0) == CHUNK_LOOSE && state(1) == CHUNK_LOOSE, "their chunks are loose then");
	is_int(collect(false), 0, "and clean");
	read_all();
	store(3);
	store(5);
	ok(collect(false) == 2 && seen[3] && seen[5], "stores to loose chunks, all of whose pages were read");
	store(6);
	ok(collect(true) == 1 && seen[6], "the same in the call that closes them");
	ok(state(0) == CHUNK_CLOSED && state(1) == CHUNK_CLOSED, "closed they are");
	is_int(collect(true), 0, "and clean");
	store(6);
	store(1000);
	collect_count(&chunks, chunks.all, UINT64_MAX, &pages);
	is_int((long long)pages, 2, "stores to closed chunks are counted");
	ok(look() == 2 && seen[6] && seen[1000] && look() == 2, "looked at, and stay dirty");
	ok(collect(false) == 2 && seen[6] && seen[1000], "and reported");
	sys_madvise((void *)map, CHUNK, MADV_DONTNEED);
	read_all();
	is_int(collect(false), 0, "pages that were dropped and read again are clean");
}

static void read_only_chunk(void)
{
	start_anew();
	read_all();
	is_int(collect(true), 0, "chunks that were only read are closed too, without a report");
	ok(state(0) == CHUNK_CLOSED && state(1) == CHUNK_CLOSED, "closed");
	store(511);
	ok(collect(false) == 1 && seen[511], "a store is seen");
}

/* The store must be in this report, or still dirty. */
static bool is_found(long page)
{
	return seen[page] || (collect(false) != UINT32_MAX && seen[page]);
}

static void stores_meanwhile(void)
{
	start_anew();
	read_all();
	store(5);
	store_meanwhile = 9;
	collect(true);
	ok(state(0) == CHUNK_CLOSED, "a chunk with many pages is closed in the call that first finds it dirty");
	ok(is_found(9), "a store to another page of it meanwhile is found");
	store(5);
	store_meanwhile = 5;
	collect(false);
	collect(false);
	ok(seen[5], "one to the page that is being reported, in the next call");

	start_anew();
	store(5);
	collect(false);
	read_all();
	store(5);
	store_meanwhile = 20;
	collect(true);
	ok(state(0) == CHUNK_CLOSED && is_found(20), "the same when a loose chunk is closed");
}

static void with_few_pages(void)
{
	start_anew();
	store(5);
	collect(false);
	for (long page = 100; page < 150; page++)
		(void)map[(uint64_t)page * page_size()];
	store(7);
	ok(collect(true) == 1 && seen[7], "a chunk most of whose pages are not in memory is closed: they are not reported");
	ok(state(0) == CHUNK_CLOSED && collect(false) == 0, "nor later");
	store(300);
	ok(collect(false) == 1 && seen[300], "a store to one of them is");
}

static void lost(void)
{
	store(1);
	collect(false);
	map_anew();
	store(33);
	collect(false);
	ok(seen[33], "a closed chunk of which the kernel knows nothing: what was stored is found");
	collect(false);
	store(34);
	collect(false);
	ok(seen[34], "and again");
	start_anew();
	store(7);
	collect(false);
	map_anew();
	store(8);
	ok(collect(false) && seen[8], "the same of a loose one");
}

/* Memory behind the end of the file may be a large page, which is a copy; that of the file never is. */
static void large_behind_file(void)
{
	chunks.files = (struct range){ s.at.start, s.at.start + CHUNK };
	start_anew();
	if (sys_is_error(sys_mmap((void *)(map + CHUNK), CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)))
		_exit(1);
	sys_madvise((void *)(map + CHUNK), CHUNK, MADV_HUGEPAGE);
	store(600);
	ok(collect(false) && seen[600], "a store behind the file's end is reported");
	ok(state(1) == CHUNK_LOOSE && collect(false) == 0, "once");
	store(700);
	ok(collect(false) && seen[700], "and one to what is loose there");
}

static void of_file(void)
{
	chunks.files = chunks.all;
	from_free_to_closed();
	start_anew();
	read_only_chunk();
	stores_meanwhile();
	with_few_pages();
	lost();
	start_anew();
}

int main(void)
{
	bool can_scan;

	fd = (int)sys_call(SYS_memfd_create, "collect", 0);
	map = sys_mmap(NULL, 3 * CHUNK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (fd < 0 || sys_ftruncate(fd, 2 * CHUNK) || sys_is_error((void *)map) || pagemap_open(&can_scan) || !can_scan ||
	    userfault_open()) {
		printf("1..0 # SKIP userfaultfd cannot be used here\n");
		return 0;
	}
	map = (char *)round_up((uintptr_t)map, CHUNK);
	s.at = chunks.all = (struct range){ (uintptr_t)map, (uintptr_t)map + 2 * CHUNK };
	map_anew();
	plan(26 + 3 + 26);
	from_free_to_closed();
	read_only_chunk();
	stores_meanwhile();
	with_few_pages();
	lost();
	large_behind_file();
	start_anew();
	of_file();
	return done();
}
