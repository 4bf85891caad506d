/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether one entry of the page table stands for a whole chunk: for a large page it does, until that is split.
 */
#include "pagemap.h"

#include <sys/mman.h>

#include "sys.h"
#include "tap.h"

#define CHUNK ((uint64_t)2 << 20)

int main(void)
{
	uint8_t *room = sys_mmap(NULL, 2 * CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), *chunk;
	bool can_scan, before, whole;

	if (sys_is_error(room) || pagemap_open(&can_scan) || !can_scan) {
		printf("1..0 # SKIP the kernel has no PAGEMAP_SCAN\n");
		return 0;
	}
	chunk = (uint8_t *)round_up((uintptr_t)room, CHUNK);
	before = pagemap_is_huge((uintptr_t)chunk);
	if (!sys_madvise(chunk, CHUNK, MADV_HUGEPAGE))
		chunk[5] = 1;
	whole = pagemap_is_huge((uintptr_t)chunk + 5 * page_size());
	if (!before && !whole) {
		printf("1..0 # SKIP the kernel has no large page to give\n");
		return 0;
	}
	plan(3);
	ok(!before, "where nothing is mapped: no");
	ok(whole, "a large page: yes");
	sys_mprotect(chunk, page_size(), PROT_READ);
	ok(!pagemap_is_huge((uintptr_t)chunk + 5 * page_size()), "one of which a part is protected: no");
	return done();
}
