/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See pagemap.h.  Formats: Documentation/admin-guide/mm/pagemap.rst of the kernel. */
#include "pagemap.h"

#include <string.h>

#include "fmt.h"
#include "kernel.h"
#include "proc.h"
#include "sys.h"

#define BIT_PRESENT (UINT64_C(1) << 63)
#define BIT_SWAPPED (UINT64_C(1) << 62)
#define BIT_FILE (UINT64_C(1) << 61) /* or shared anonymous memory */
#define BATCH 512

/* Of one scan, during which nobody can map, unmap or protect anything: 0.1 ms, as a rule.  A call costs as much as five chunks. */
#define SPAN ((uint64_t)256 << 20)
#define SPAN_COPIED ((uint64_t)64 << 20)

static int pagemap_fd = -1;

void pagemap_after_fork(void)
{
	pagemap_fd = -1;
}

int pagemap_open(bool *can_scan)
{
	struct pm_scan_arg arg = { .size = sizeof arg };

	*can_scan = false;
	if (pagemap_fd < 0)
		pagemap_fd = sys_open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
	if (pagemap_fd < 0)
		return pagemap_fd;
	/* An empty range: the call either exists or does not. */
	*can_scan = sys_ioctl(pagemap_fd, PAGEMAP_SCAN, &arg) == 0;
	return 0;
}

static const struct pm_scan_arg asked_for[] = {
	[PAGEMAP_COPIED] = {
		.category_inverted = PAGE_IS_FILE,
		.category_mask = PAGE_IS_FILE,
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_WRITTEN,
	},
	[PAGEMAP_COPIED_WRITTEN] = {
		.category_inverted = PAGE_IS_FILE,
		.category_mask = PAGE_IS_FILE | PAGE_IS_WRITTEN,
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_WRITTEN,
	},
	[PAGEMAP_COPIED_THERE] = {
		.category_inverted = PAGE_IS_FILE,
		.category_mask = PAGE_IS_FILE | PAGE_IS_PRESENT,
		.return_mask = PAGE_IS_PRESENT,
	},
	/* Exactly this is what the kernel has a short way for. */
	[PAGEMAP_WRITTEN] = {
		.flags = PM_SCAN_CHECK_WPASYNC,
		.category_mask = PAGE_IS_WRITTEN,
		.return_mask = PAGE_IS_WRITTEN,
	},
	[PAGEMAP_THERE] = {
		.category_inverted = PAGE_IS_HUGE,
		.category_mask = PAGE_IS_HUGE,
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_PRESENT,
	},
	[PAGEMAP_THERE_WRITTEN] = {
		.category_inverted = PAGE_IS_HUGE,
		.category_mask = PAGE_IS_HUGE | PAGE_IS_WRITTEN,
		.category_anyof_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_PRESENT,
	},
	[PAGEMAP_NOWHERE] = {
		.category_inverted = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.category_mask = PAGE_IS_PRESENT | PAGE_IS_SWAPPED,
		.return_mask = PAGE_IS_PRESENT,
	},
};

/* Fills up to BATCH regions; *next: where to go on, at.end when done.  Returns their number or -errno. */
static int scan(int fd, struct pm_scan_arg arg, struct range at, struct page_region *regions, uint64_t *next)
{
	int n;

	arg.size = sizeof arg;
	arg.start = at.start;
	arg.end = at.end;
	arg.vec = (uintptr_t)regions;
	arg.vec_len = BATCH;
	n = sys_ioctl(fd, PAGEMAP_SCAN, &arg);
	*next = arg.walk_end > at.start ? arg.walk_end : at.end;
	return n;
}

static int each(int fd, enum pagemap_pages what, struct range at, enum pagemap_protect protect, pagemap_range_fn fn,
		void *arg)
{
	struct page_region found[BATCH];
	struct pm_scan_arg asked = asked_for[what];
	uint64_t span = asked.category_mask & PAGE_IS_FILE ? SPAN_COPIED : SPAN;
	int err = 0;

	asked.flags |= protect == PAGEMAP_PROTECT ? PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC : 0;
	while (at.start < at.end && !err) {
		uint64_t next;
		int n = scan(fd, asked, (struct range){ at.start, min_u64(at.end, at.start + span) }, found, &next);

		if (n < 0)
			err = n;
		for (int i = 0; i < n && !err; i++)
			err = fn(arg, (struct range){ found[i].start, found[i].end });
		at.start = next;
	}
	return err;
}

int pagemap_each(enum pagemap_pages what, struct range at, enum pagemap_protect protect, pagemap_range_fn fn, void *arg)
{
	return each(pagemap_fd, what, at, protect, fn, arg);
}

int pagemap_each_of(int fd, struct range at, enum pagemap_protect protect, pagemap_range_fn fn, void *arg)
{
	return each(fd, PAGEMAP_WRITTEN, at, protect, fn, arg);
}

bool pagemap_is_huge(uint64_t at)
{
	struct page_region found;
	struct pm_scan_arg asked = {
		.size = sizeof asked,
		.start = page_floor(at),
		.end = page_floor(at) + page_size(),
		.vec = (uintptr_t)&found,
		.vec_len = 1,
		.category_mask = PAGE_IS_HUGE,
		.return_mask = PAGE_IS_HUGE,
	};

	return sys_ioctl(pagemap_fd, PAGEMAP_SCAN, &asked) == 1;
}

int pagemap_open_of(uint32_t pid, uint32_t tid)
{
	char path[64];

	if (!proc_exists(tid))
		return -ESRCH;
	fmt_print(path, sizeof path, "/proc/%u/task/%u/pagemap", pid, tid);
	return sys_open(path, O_RDONLY | O_CLOEXEC, 0);
}

static bool is_copied(uint64_t entry)
{
	return (entry & (BIT_PRESENT | BIT_SWAPPED)) && !(entry & BIT_FILE);
}

int pagemap_each_copied(struct range at, pagemap_range_fn fn, void *arg)
{
	uint64_t entries[BATCH], page = at.start;
	struct range run = { page, page };
	int err = 0;

	while (page < at.end && !err) {
		uint64_t pages = min_u64((at.end - page) / page_size(), BATCH);

		if (sys_pread_all(pagemap_fd, entries, pages * sizeof *entries, page / page_size() * sizeof *entries)) {
			run.end = at.end;
			break;
		}
		for (uint64_t i = 0; i < pages && !err; i++) {
			page += page_size();
			if (is_copied(entries[i])) {
				run.end = page;
				continue;
			}
			err = range_is_empty(run) ? 0 : fn(arg, run);
			run = (struct range){ page, page };
		}
	}
	return err || range_is_empty(run) ? err : fn(arg, run);
}
