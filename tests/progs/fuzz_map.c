/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fuzzer's windows: mapping, unmapping, moving and protecting them.
 *
 * Windows of the same pages may lie at the same addresses, so which windows overlap is told by file offsets.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

struct window windows[WINDOWS];

static struct window *free_window(void)
{
	for (int i = 0; i < WINDOWS; i++) {
		if (!windows[i].length)
			return &windows[i];
	}
	return NULL;
}

static struct window *pick_window(void)
{
	int start = (int)draw(WINDOWS);

	for (int i = 0; i < WINDOWS; i++) {
		struct window *w = &windows[(start + i) % WINDOWS];

		if (w->length)
			return w;
	}
	return NULL;
}

/* Does another window show a page of this range of the file? */
static bool is_shared(const struct window *self, uint64_t offset, uint64_t length)
{
	for (int i = 0; i < WINDOWS; i++) {
		const struct window *w = &windows[i];

		if (w != self && w->length && w->offset < offset + length && offset < w->offset + w->length)
			return true;
	}
	return false;
}

static bool may_show(const struct window *self, uint64_t offset, uint64_t length)
{
	return on(G_TWINS) || !is_shared(self, offset, length);
}

static int pick_prot(void)
{
	uint64_t kind = draw(10);

	return kind < 6 ? PROT_READ | PROT_WRITE : kind < 9 ? PROT_READ : PROT_WRITE;
}

static uint64_t pick_window_length(uint64_t offset)
{
	uint64_t rest = model_size > offset ? model_size - offset : 0;

	switch (draw(8)) {
	case 0:
		return 1 + draw(PAGE);
	case 1:
		return rest + 1 + draw(6 * PAGE);
	case 2:
	case 3:
		return 1 + draw(LIMIT);
	case 4:
		return (1 + draw(8)) * PAGE;
	default:
		return max(rest, 1);
	}
}

/* What the kernel refuses. */
static bool map_wrongly(const struct slot *s)
{
	bool odd = one_in(2);
	void *p;

	say("mmap with %s", odd ? "an odd offset" : "length 0");
	p = mmap(NULL, odd ? PAGE : 0, PROT_READ, MAP_SHARED, s->fd, odd ? 100 : 0);
	if (p != MAP_FAILED || errno != EINVAL)
		fail("should be EINVAL");
	return true;
}

bool do_map(void)
{
	struct window *w = free_window();
	struct slot *s = pick_slot();
	uint64_t offset = one_in(3) ? 0 : draw(model_size / PAGE + (one_in(10) ? 5 : 1)) * PAGE;
	uint64_t length = pick_window_length(offset);
	int prot = pick_prot(), flags = one_in(5) ? MAP_SHARED_VALIDATE : MAP_SHARED;
	bool allowed;
	void *p;

	if (!w || !s || !may_show(NULL, offset, page_up(length)))
		return false;
	if (one_in(100))
		return map_wrongly(s);
	if (one_in(8) && length <= LIMIT)
		flags |= MAP_POPULATE;
	allowed = can_read(s) && (can_write(s) || !(prot & PROT_WRITE));
	say("window %ld: mmap(%lu, prot %d, flags %#x, offset %lu)%s", w - windows, length, prot, flags, offset,
	    allowed ? "" : ", not allowed");
	p = mmap(NULL, length, prot, flags, s->fd, (off_t)offset);
	if (!allowed) {
		if (p != MAP_FAILED || errno != EACCES)
			fail("mmap should be EACCES");
		return true;
	}
	if (p == MAP_FAILED)
		fail("mmap: %s", strerrorname_np(errno));
	*w = (struct window){ p, offset, page_up(length), prot, can_write(s) };
	return true;
}

/* The first mapping of all, which makes the file's changes part of a transaction; then the window goes. */
void map_first(void)
{
	struct slot *s = pick_slot();
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);

	if (p == MAP_FAILED)
		fail("mmap: %s", strerrorname_np(errno));
	expect(result_of(munmap(p, PAGE)), 0);
}

/* Picks pages of a window: all, some at its front, at its end, or in the middle. */
static void pick_part(const struct window *w, uint64_t *start, uint64_t *length)
{
	uint64_t pages = w->length / PAGE, first = 0, count = pages;

	switch (draw(5)) {
	case 0:
		count = 1 + draw(pages);
		break;
	case 1:
		first = draw(pages);
		count = pages - first;
		break;
	case 2:
		first = draw(pages);
		count = 1 + draw(pages - first);
		break;
	}
	*start = first * PAGE;
	*length = count * PAGE;
}

/* Makes [start, start + length) of w a window of its own; NULL: no room for the pieces. */
static struct window *split(struct window *w, uint64_t start, uint64_t length)
{
	struct window whole = *w, *before = NULL, *after = NULL;

	if (start && !(before = free_window()))
		return NULL;
	if (before)
		*before = (struct window){ whole.at, whole.offset, start, whole.prot, whole.may_write };
	if (start + length < whole.length && !(after = free_window())) {
		if (before)
			before->length = 0;
		return NULL;
	}
	if (after)
		*after = (struct window){ whole.at + start + length, whole.offset + start + length,
					  whole.length - start - length, whole.prot, whole.may_write };
	w->at += start;
	w->offset += start;
	w->length = length;
	return w;
}

bool do_unmap(void)
{
	struct window *w = pick_window();
	uint64_t start, length;

	if (!w)
		return false;
	pick_part(w, &start, &length);
	w = split(w, start, length);
	if (!w)
		return false;
	length -= draw(PAGE);
	say("window %ld: munmap(%lu) at offset %lu", w - windows, length, w->offset);
	expect(result_of(munmap(w->at, length)), 0);
	w->length = 0;
	return true;
}

bool do_remap(void)
{
	struct window *w = pick_window();
	uint64_t length, old;
	void *p;

	if (!w)
		return false;
	old = w->length - draw(PAGE);
	length = one_in(2) ? 1 + draw(w->length) : w->length + draw(one_in(4) ? LIMIT : 5 * PAGE);
	if (!may_show(w, w->offset, page_up(length)))
		return false;
	say("window %ld: mremap(%lu, %lu) at offset %lu", w - windows, old, length, w->offset);
	p = mremap(w->at, old, length, MREMAP_MAYMOVE);
	if (p == MAP_FAILED && (errno != ENOMEM || page_up(length) <= w->length))
		fail("mremap: %s", strerrorname_np(errno));
	if (p == MAP_FAILED)
		return true;
	w->at = p;
	w->length = page_up(length);
	return true;
}

/*
 * A window of a descriptor that cannot write.  Where another one lies on it, or did, Bigfile cannot tell which is meant
 * and may allow it.
 */
static bool protect_wrongly(const struct window *w, int prot)
{
	long result = result_of(mprotect(w->at, w->length, prot));

	if (plain || !on(G_TWINS) || result)
		expect(result, -EACCES);
	else
		expect(result_of(mprotect(w->at, w->length, w->prot)), 0);
	return true;
}

bool do_protect(void)
{
	struct window *w = pick_window();
	int prot = one_in(10) ? PROT_NONE : pick_prot();
	uint64_t start, length;

	if (!w)
		return false;
	pick_part(w, &start, &length);
	w = split(w, start, length);
	if (!w)
		return false;
	say("window %ld: mprotect(%lu, %d) at offset %lu", w - windows, length, prot, w->offset);
	if ((prot & PROT_WRITE) && !w->may_write)
		return protect_wrongly(w, prot);
	expect(result_of(mprotect(w->at, length - draw(PAGE), prot)), 0);
	w->prot = prot;
	return true;
}

static bool sync_part(int flags, const char *name)
{
	struct window *w = pick_window();
	uint64_t start, length;

	if (!w)
		return false;
	pick_part(w, &start, &length);
	say("window %ld: msync(%lu, %lu, %s)", w - windows, start, length, name);
	expect(result_of(msync(w->at + start, length, flags)), 0);
	return true;
}

bool do_async(void)
{
	return sync_part(MS_ASYNC, "MS_ASYNC");
}

bool sync_window(void)
{
	return sync_part(MS_SYNC, "MS_SYNC");
}

/* A private mapping for reading, looked at before anything else happens. */
bool do_private(void)
{
	struct slot *s = pick_slot();
	uint64_t offset = draw(model_size / PAGE + 1) * PAGE, n;
	uint8_t *p;

	if (!s || !can_read(s) || offset >= model_size)
		return false;
	n = min(model_size - offset, 1 + draw(BLOCK));
	if (!may_show(NULL, offset, n))
		return false;
	say("mmap(%lu, PROT_READ, MAP_PRIVATE, offset %lu)", n, offset);
	p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, s->fd, (off_t)offset);
	if (p == MAP_FAILED)
		fail("mmap: %s", strerrorname_np(errno));
	copy_in_window(block, p, n);
	compare("a private mapping", offset, block, n);
	expect(result_of(munmap(p, n)), 0);
	return true;
}

static void check_window(const struct window *w)
{
	uint64_t end = min(w->offset + w->length, model_size), run, n;

	for (uint64_t at = w->offset; at < end; at += run) {
		if (!model_has(at, &run))
			run = min(run, 64); /* zeros: a look is enough */
		n = min(min(run, end - at), BLOCK);
		copy_in_window(block, w->at + (at - w->offset), n);
		compare("a window", at, block, n);
		model_has(at, &run);
	}
}

void check_windows(void)
{
	for (int i = 0; i < WINDOWS; i++) {
		if (windows[i].length && windows[i].prot != PROT_NONE)
			check_window(&windows[i]);
	}
}
