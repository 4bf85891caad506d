/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Filling a closed chunk: what the page cache has comes into the page table, and nothing else; it is clean then as it was before, and
 * what is stored to it is noticed.  No more is done than has been earned.
 */
#include "filling.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "collect.h"
#include "pagemap.h"
#include "sys.h"
#include "tap.h"
#include "userfault.h"

#define PAGES 512L
#define HOLE 100 /* of the second chunk, pages from the middle on */

static struct view v;
static struct segment s;
static struct chunks chunks;
static volatile char *map;
static long seen, last;

static int count(void *arg, struct range at)
{
	*(long *)arg += (long)((at.end - at.start) / page_size());
	return 0;
}

/* A page that is protected and not there has an entry too, without this bit (63). */
static long there(unsigned chunk)
{
	uint64_t entries[PAGES];
	int fd = sys_open("/proc/self/pagemap", O_RDONLY, 0);
	long pages = 0;

	if (sys_pread_all(fd, entries, sizeof entries, (s.at.start + chunk * CHUNK) / page_size() * sizeof *entries))
		return -1;
	sys_close(fd);
	for (long i = 0; i < PAGES; i++)
		pages += (long)(entries[i] >> 63);
	return pages;
}

static int report(void *arg, struct view *of, const struct segment *in, struct range at)
{
	last = (long)((at.start - s.at.start) / page_size());
	return count(&seen, at);
}

static long collect(bool survey)
{
	seen = 0;
	chunks.slow_ns = survey ? UINT64_MAX / 2 : 0;
	return collect_chunks(&v, &s, &chunks, chunks.all, report, NULL) ? -1 : seen;
}

static long steps(void)
{
	long n = 0;

	while (n < 1000 && filling_step(&chunks))
		n++;
	return n;
}

static bool make(void)
{
	int fd = (int)sys_call(SYS_memfd_create, "filling", 0);
	static char page[4096] = "a page";
	bool can_scan;

	map = sys_mmap(NULL, 3 * CHUNK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (fd < 0 || sys_ftruncate(fd, 2 * CHUNK) || sys_is_error((void *)map) || pagemap_open(&can_scan) || !can_scan || userfault_open())
		return false;
	for (long i = 0; i < 2 * PAGES; i++) {
		if ((i < PAGES + PAGES / 2 || i >= PAGES + PAGES / 2 + HOLE) &&
		    sys_pwrite_all(fd, page, sizeof page, (uint64_t)i * page_size()))
			return false;
	}
	map = (char *)round_up((uintptr_t)map, CHUNK);
	s.at = chunks.all = chunks.files = (struct range){ (uintptr_t)map, (uintptr_t)map + 2 * CHUNK };
	return !sys_is_error(sys_mmap((void *)map, 2 * CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0));
}

int main(void)
{
	if (!make()) {
		printf("1..0 # SKIP userfaultfd cannot be used here\n");
		return 0;
	}
	plan(13);
	for (long i = 0; i < 40; i++) {
		map[(uint64_t)i * page_size()]++;
		map[(uint64_t)(PAGES + i) * page_size()]++;
	}
	is_int(collect(false), 80, "stored to");
	is_int(collect(true), 0, "closed");
	ok(there(0) < 100 && there(1) < 100, "most pages are not there");
	is_int(steps(), 0, "nothing is done that has not been earned");
	filling_earn(&chunks, UINT64_MAX / 4);
	ok(steps() > 0 && there(0) == PAGES, "filled");
	is_int(there(1), PAGES - HOLE, "but for what is not in the page cache");
	is_int(collect(false), 0, "nothing of it counts as stored to");
	map[(uint64_t)300 * page_size()]++;
	ok(collect(false) == 1 && last == 300, "a store to a page that was brought is noticed");
	map[(uint64_t)(PAGES + PAGES / 2 + 5) * page_size()]++;
	ok(collect(false) == 1 && last == PAGES + PAGES / 2 + 5, "one to a page that was not, too");
	filling_earn(&chunks, UINT64_MAX / 4);
	is_int(steps(), 0, "what is full is not filled again");
	sys_madvise((void *)map, CHUNK, MADV_DONTNEED);
	chunks_forget(&chunks, (struct range){ (uintptr_t)map, (uintptr_t)map + CHUNK });
	map[0]++;
	is_int(collect(true), 1, "a chunk that was forgotten");
	for (long i = 0; i < 40; i++)
		map[(uint64_t)i * page_size()]++;
	is_int(collect(true), 40, "and is closed anew");
	filling_earn(&chunks, UINT64_MAX / 4);
	ok(steps() > 0 && there(0) == PAGES, "is filled anew");
	return done();
}
