/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The model of the fuzzer: two images of the file, as it is now and as it was last committed, each a large
 * anonymous mapping, so that a sparse file of 1 GiB costs what it holds.
 *
 * Images are kept in chunks.  A chunk that is not used is zero, and so is everything beyond the size.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHUNK (UINT64_C(64) << 10)
#define CHUNKS (ROOM / CHUNK)

struct image {
	uint8_t *bytes;
	uint64_t size;
	uint8_t used[CHUNKS];
};

static struct image now, committed;
static uint8_t changed[CHUNKS];
uint64_t model_size, ghost_end;
bool tail_clean = true;
static bool tail_ever;
/* Sampling must not disturb the sequence of operations. */
static uint64_t samples = 1;

void model_start(void)
{
	struct image *both[] = { &now, &committed };

	for (int i = 0; i < 2; i++) {
		void *p = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED)
			fail("no memory for the model");
		madvise(p, ROOM, MADV_NOHUGEPAGE);
		both[i]->bytes = p;
	}
}

static void set_size(uint64_t size)
{
	if (size < now.size || page_up(size) != page_up(now.size))
		tail_clean = true;
	now.size = model_size = size;
}

static void touch(uint64_t start, uint64_t end)
{
	for (uint64_t c = start / CHUNK; c * CHUNK < end; c++)
		now.used[c] = changed[c] = 1;
}

static void clear_chunk(struct image *image, uint64_t c)
{
	if (!image->used[c])
		return;
	if (c * CHUNK < UINT64_C(4) << 20)
		memset(image->bytes + c * CHUNK, 0, CHUNK);
	else
		madvise(image->bytes + c * CHUNK, CHUNK, MADV_DONTNEED);
	image->used[c] = 0;
}

static void clear(uint64_t start, uint64_t end)
{
	while (start < end) {
		uint64_t c = start / CHUNK, stop = min(end, (c + 1) * CHUNK);

		if (now.used[c]) {
			changed[c] = 1;
			if (stop - start == CHUNK)
				clear_chunk(&now, c);
			else
				memset(now.bytes + start, 0, stop - start);
		}
		start = stop;
	}
}

void model_load(const void *from, uint64_t n)
{
	model_write(0, from, n);
	model_commit();
}

const uint8_t *model_at(uint64_t offset)
{
	return now.bytes + offset;
}

void model_write(uint64_t offset, const void *from, uint64_t n)
{
	if (!n)
		return;
	if (offset + n > ROOM)
		fail("beyond the model: %lu + %lu", offset, n);
	if (offset + n > now.size)
		set_size(offset + n);
	if (!from) {
		clear(offset, offset + n);
		return;
	}
	touch(offset, offset + n);
	memcpy(now.bytes + offset, from, n);
}

void model_resize(uint64_t size)
{
	if (size < now.size) {
		clear(size, now.size);
		ghost_end = 0;
	}
	set_size(size);
}

void model_collapse(uint64_t offset, uint64_t n)
{
	uint64_t size = now.size;

	touch(offset, size);
	memmove(now.bytes + offset, now.bytes + offset + n, size - offset - n);
	model_resize(size - n);
}

void model_insert(uint64_t offset, uint64_t n)
{
	uint64_t size = now.size;

	model_resize(size + n);
	touch(offset, size + n);
	memmove(now.bytes + offset + n, now.bytes + offset, size - offset);
	memset(now.bytes + offset, 0, n);
}

void model_store_tail(void)
{
	tail_clean = false;
	tail_ever = true;
}

/* Makes `to` what `from` is, where something changed. */
static void copy_changed(struct image *to, const struct image *from)
{
	for (uint8_t *p = changed; (p = memchr(p, 1, (size_t)(changed + CHUNKS - p))); p++) {
		uint64_t c = (uint64_t)(p - changed);

		*p = 0;
		if (from->used[c]) {
			memcpy(to->bytes + c * CHUNK, from->bytes + c * CHUNK, CHUNK);
			to->used[c] = 1;
		} else {
			clear_chunk(to, c);
		}
	}
	to->size = from->size;
}

void model_commit(void)
{
	copy_changed(&committed, &now);
}

void model_abort(void)
{
	ghost_end = max(ghost_end, page_up(now.size));
	copy_changed(&now, &committed);
	model_size = now.size;
	tail_clean = !tail_ever;
}

bool model_is_zero(uint64_t start, uint64_t end)
{
	while (start < end) {
		uint64_t run;

		if (model_has(start, &run)) {
			run = min(run, end - start);
			if (now.bytes[start] || memcmp(now.bytes + start, now.bytes + start + 1, run - 1))
				return false;
		}
		start += run;
	}
	return true;
}

bool model_has(uint64_t offset, uint64_t *run)
{
	*run = CHUNK - offset % CHUNK;
	return now.used[offset / CHUNK];
}

static void compare_with(const struct image *image, const char *what, uint64_t offset, const uint8_t *found, uint64_t n)
{
	const uint8_t *wanted = image->bytes + offset;
	uint64_t i = 0, last = n - 1;

	if (!n || !memcmp(wanted, found, n))
		return;
	while (wanted[i] == found[i])
		i++;
	while (wanted[last] == found[last])
		last--;
	fail("%s: byte %lu (%#lx) is %02x, should be %02x; the last that differs of %lu+%lu is %lu; size %lu", what, offset + i,
	     offset + i, found[i], wanted[i], offset, n, offset + last, image->size);
}

void compare(const char *what, uint64_t offset, const void *found, uint64_t n)
{
	compare_with(&now, what, offset, found, n);
}

#ifdef __x86_64__
static long raw(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return result;
}
#else
static long raw(long number, long a, long b, long c, long d)
{
	return result_of(syscall(number, a, b, c, d));
}
#endif

static void check_chunk(int fd, const struct image *image, const char *what, uint64_t c)
{
	static uint8_t found[CHUNK];
	uint64_t n = min(CHUNK, image->size - c * CHUNK);
	long got = raw(SYS_pread64, fd, (long)found, (long)n, (long)(c * CHUNK));

	if (got != (long)n)
		fail("%s: reading %lu at %lu gives %ld", what, n, c * CHUNK, got);
	compare_with(image, what, c * CHUNK, found, n);
}

/* Holes are passed over. */
void check_file(void)
{
	const struct image *image = plain ? &now : &committed;
	const char *what = plain ? "the file" : "the file, as last committed,";
	int fd = (int)raw(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0);
	uint64_t size = (uint64_t)raw(SYS_lseek, fd, 0, SEEK_END, 0), c = 0, count = (size + CHUNK - 1) / CHUNK;

	if (size != image->size)
		fail("%s has size %lu, should be %lu", what, size, image->size);
	while (c < count) {
		const uint8_t *used = memchr(image->used + c, 1, count - c);
		long data = raw(SYS_lseek, fd, (long)(c * CHUNK), SEEK_DATA, 0);
		uint64_t next = used ? (uint64_t)(used - image->used) : count;

		if (data >= 0)
			next = min(next, max(c, (uint64_t)data / CHUNK));
		if (next < count)
			check_chunk(fd, image, what, next);
		c = next + 1;
	}
	raw(SYS_close, fd, 0, 0, 0);
}

static void check_read(int fd, uint64_t c)
{
	static uint8_t found[CHUNK];
	uint64_t n = min(CHUNK, now.size - c * CHUNK);

	expect(result_of(pread(fd, found, n, (off_t)(c * CHUNK))), (long)n);
	compare("the check by pread", c * CHUNK, found, n);
}

void check_reads(void)
{
	uint64_t count = (now.size + CHUNK - 1) / CHUNK;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		fail("open for the check: %s", strerrorname_np(errno));
	expect(result_of(lseek(fd, 0, SEEK_END)), (long)now.size);
	for (uint64_t c = 0; c < count; c++) {
		if (now.used[c])
			check_read(fd, c);
	}
	for (int i = 0; i < 2 && count; i++) {
		samples = samples * UINT64_C(6364136223846793005) + 1442695040888963407;
		check_read(fd, (samples >> 33) % count);
	}
	expect(result_of(pread(fd, block, 10, (off_t)now.size)), 0);
	close(fd);
}
