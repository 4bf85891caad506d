/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See floor.h.  Formats: Documentation/admin-guide/mm/pagemap.rst and userfaultfd.rst of the kernel. */
#define _GNU_SOURCE
#include "floor.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel.h"

#define PAGE ((size_t)4096)
#define CHUNK ((size_t)2 << 20)
#define SPAN ((size_t)256 << 20)
#define REGIONS 512
#define ENTRY 64     /* bytes of the journal for a page with one change, as Bigfile's */
#define ROOM ((size_t)32 << 20)
#define DROPPED 512  /* ranges a call */

static int fd, journal, pagemap;
static char *map;
static size_t size;
static char record[ROOM / 2];
static size_t record_length, next_record;
static struct iovec stored[1 << 20];
static size_t stored_count;

/* 2 MiB aligned, as Bigfile's views are: one entry of the page table may stand for a whole chunk. */
char *floor_map(const char *path, size_t bytes)
{
	char name[4096], *room = mmap(NULL, bytes + CHUNK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	snprintf(name, sizeof name, "%s.floor", path);
	fd = open(path, O_RDWR);
	journal = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	pagemap = open("/proc/self/pagemap", O_RDONLY);
	if (room == MAP_FAILED || fd < 0 || journal < 0 || pagemap < 0)
		return NULL;
	unlink(name);
	for (size_t at = 0; at < ROOM; at += sizeof record) {
		if (pwrite(journal, record, sizeof record, (off_t)at) < 0)
			return NULL;
	}
	map = (char *)(((uintptr_t)room + CHUNK - 1) / CHUNK * CHUNK);
	size = bytes;
	if (fsync(journal) || mmap(map, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 0) == MAP_FAILED)
		return NULL;
	return map;
}

/* Calls take for what was stored to since it was protected, and protects it. */
static int look(void (*take)(char *at, size_t length))
{
	struct page_region found[REGIONS];
	struct pm_scan_arg arg = { .size = sizeof arg, .flags = PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC, .vec = (uintptr_t)found,
				   .vec_len = REGIONS, .category_mask = PAGE_IS_WRITTEN, .return_mask = PAGE_IS_WRITTEN };

	for (uintptr_t at = (uintptr_t)map, end = at + size; at < end; at = arg.walk_end) {
		int n;

		arg.start = at;
		arg.end = at + SPAN < end ? at + SPAN : end;
		n = ioctl(pagemap, PAGEMAP_SCAN, &arg);
		if (n < 0)
			return -1;
		for (int i = 0; i < n; i++)
			take((char *)(uintptr_t)found[i].start, found[i].end - found[i].start);
	}
	return 0;
}

static void take_nothing(char *at, size_t length)
{
}

/* Each large folio of the file is broken up by advice about a part of it. */
static int break_up(void)
{
	char *shared = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	if (shared == MAP_FAILED)
		return -1;
	for (size_t at = 0; at < size; at += CHUNK / 8) {
		(void)*(volatile char *)(shared + at);
		madvise(shared + at, PAGE, MADV_COLD);
	}
	return munmap(shared, size);
}

int floor_watch(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_WP_ASYNC };
	struct uffdio_register r = { .range = { (uintptr_t)map, size }, .mode = UFFDIO_REGISTER_MODE_WP };
	int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);

	if (break_up() || madvise(map, size, MADV_POPULATE_READ) || uffd < 0 || ioctl(uffd, UFFDIO_API, &api) || ioctl(uffd, UFFDIO_REGISTER, &r))
		return -1;
	return look(take_nothing);
}

static void compare(char *at, size_t length)
{
	static char old[PAGE];

	for (; length; at += PAGE, length -= PAGE) {
		size_t word = 0;

		if (pread(fd, old, PAGE, at - map) != (ssize_t)PAGE)
			continue;
		while (word < PAGE && !memcmp(old + word, at + word, 8))
			word += 8;
		if (word == PAGE || record_length + ENTRY > sizeof record || stored_count == sizeof stored / sizeof *stored)
			continue;
		memcpy(record + record_length, at + word, 8);
		record_length += ENTRY;
		stored[stored_count++] = (struct iovec){ at + word, 8 };
	}
}

int floor_commit(void)
{
	record_length = stored_count = 0;
	if (look(compare))
		return -1;
	record_length = (record_length + PAGE - 1) / PAGE * PAGE;
	if (next_record + record_length > ROOM)
		next_record = 0;
	if (pwrite(journal, record, record_length, (off_t)next_record) < 0 || fdatasync(journal))
		return -1;
	next_record += record_length;
	for (size_t i = 0; i < stored_count; i++) {
		char *at = stored[i].iov_base;

		if (pwrite(fd, at, stored[i].iov_len, at - map) < 0)
			return -1;
	}
	return 0;
}

static void note(char *at, size_t length)
{
	if (stored_count < sizeof stored / sizeof *stored)
		stored[stored_count++] = (struct iovec){ at, length };
}

int floor_abort(void)
{
	static int self = -1;

	if (self < 0)
		self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	stored_count = 0;
	if (look(note))
		return -1;
	for (size_t i = 0; i < stored_count; i += DROPPED) {
		size_t n = stored_count - i < DROPPED ? stored_count - i : DROPPED;

		if (process_madvise(self, stored + i, n, MADV_DONTNEED, 0) < 0)
			return -1;
	}
	return 0;
}
