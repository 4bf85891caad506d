/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fuzzer's stores and loads through windows, those by which the kernel stores and loads, and the signals that come
 * from pages beyond the end of the file.
 */
#include "fuzz.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static sigjmp_buf way_out;
static volatile sig_atomic_t guarded;

static void on_fault(int sig)
{
	if (guarded)
		siglongjmp(way_out, sig);
	signal(sig, SIG_DFL);
}

void touch_start(void)
{
	struct sigaction act = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &act, NULL);
	sigaction(SIGBUS, &act, NULL);
}

int guarded_copy(void *to, const void *from, uint64_t n)
{
	int sig = sigsetjmp(way_out, 0);

	if (!sig) {
		guarded = 1;
		__asm__ volatile("" : : : "memory");
		memcpy(to, from, n);
		__asm__ volatile("" : : : "memory");
	}
	guarded = 0;
	return sig;
}

void copy_in_window(void *to, const void *from, uint64_t n)
{
	int sig = guarded_copy(to, from, n);

	if (sig)
		fail("%s within the file; size %lu", sig == SIGBUS ? "SIGBUS" : "SIGSEGV", model_size);
}

static uint64_t window_end(const struct window *w)
{
	return w->offset + w->length;
}

/* A window that allows all of prot (on this machine what may be written may be read) and begins before `before`. */
static struct window *pick_usable(int prot, uint64_t before)
{
	int start = (int)draw(WINDOWS);

	for (int i = 0; i < WINDOWS; i++) {
		struct window *w = &windows[(start + i) % WINDOWS];
		bool allows = prot == PROT_WRITE ? w->prot & PROT_WRITE : w->prot != PROT_NONE;

		if (w->length && allows && w->offset < before)
			return w;
	}
	return NULL;
}

/* A place in the window that is part of the file; returns how many bytes follow. */
static uint64_t pick_place(const struct window *w, uint64_t *at)
{
	uint64_t end = min(window_end(w), model_size), pick = one_in(2) ? pick_offset() : 0;

	*at = pick >= w->offset && pick < end ? pick : w->offset + draw(end - w->offset);
	return end - *at;
}

static uint8_t *address(const struct window *w, uint64_t at)
{
	return w->at + (at - w->offset);
}

bool do_load(void)
{
	struct window *w = pick_usable(PROT_READ, model_size);
	uint64_t at, n;

	if (!w)
		return false;
	n = pick_place(w, &at);
	n = min(n, max(1, pick_length()));
	say("window %ld: load %lu at %lu", w - windows, n, at);
	copy_in_window(block, address(w, at), n);
	compare("loaded", at, block, n);
	if (tail_clean && page_up(model_size) <= window_end(w)) {
		uint64_t tail = page_up(model_size) - model_size;

		copy_in_window(block, address(w, model_size), tail);
		for (uint64_t i = 0; i < tail; i++) {
			if (block[i])
				fail("byte %lu, beyond the size of %lu, is %02x, should be 0", model_size + i, model_size, block[i]);
		}
	}
	return true;
}

bool do_store(void)
{
	struct window *w = pick_usable(PROT_WRITE, model_size);
	uint64_t at, n;

	if (!w)
		return false;
	n = pick_place(w, &at);
	n = min(n, one_in(3) ? 1 + draw(8) : max(1, pick_length()));
	say("window %ld: store %lu at %lu", w - windows, n, at);
	fill(block, n);
	copy_in_window(address(w, at), block, n);
	model_write(at, block, n);
	return true;
}

/* Such stores are in no file; the window may show them until the size changes. */
bool do_tail(void)
{
	struct window *w = pick_usable(PROT_WRITE, model_size);
	uint64_t end = page_up(model_size), n;

	if (!w || end == model_size || window_end(w) < end)
		return false;
	n = 1 + draw(end - model_size);
	say("window %ld: store %lu behind the end, %lu", w - windows, n, model_size);
	fill(block, n);
	copy_in_window(address(w, model_size), block, n);
	model_store_tail();
	return true;
}

bool do_bus(void)
{
	int prot = one_in(2) ? PROT_READ : PROT_WRITE;
	struct window *w = pick_usable(prot, UINT64_MAX);
	uint64_t start, at;
	uint8_t byte = 0;
	int sig;

	if (!w)
		return false;
	start = max(max(page_up(model_size), w->offset), ghost_end);
	if (start >= window_end(w))
		return false;
	at = start + draw(window_end(w) - start);
	say("window %ld: %s at %lu, beyond the last page, size %lu", w - windows, prot == PROT_READ ? "load" : "store", at,
	    model_size);
	sig = prot == PROT_READ ? guarded_copy(&byte, address(w, at), 1) : guarded_copy(address(w, at), &byte, 1);
	if (sig != SIGBUS)
		fail("signal %d, should be SIGBUS", sig);
	return true;
}

/* The kernel stores what it reads, from another file or from another part of this one. */
static bool read_into(struct window *w, uint64_t at, uint64_t n)
{
	struct slot *s = pick_slot();
	uint64_t from = pick_offset();

	if (one_in(2)) {
		say("window %ld: pread of another file into %lu, %lu", w - windows, at, n);
		fill(block, n);
		side_put(block, n);
		expect(result_of(pread(side, address(w, at), n, 0)), (long)n);
		model_write(at, block, n);
		return true;
	}
	if (!s || !can_read(s) || from >= model_size)
		return false;
	n = min(n, model_size - from);
	if (from < at + n && at < from + n)
		return false;
	say("window %ld: pread of %lu into %lu, %lu", w - windows, from, at, n);
	expect(result_of(pread(s->fd, address(w, at), n, (off_t)from)), (long)n);
	memcpy(block, model_at(from), n);
	model_write(at, block, n);
	return true;
}

static bool write_from(struct window *w, uint64_t at, uint64_t n)
{
	struct slot *s = pick_slot();
	uint64_t to = pick_offset();

	if (one_in(2)) {
		say("window %ld: pwrite to another file from %lu, %lu", w - windows, at, n);
		side_put("", 0);
		expect(result_of(pwrite(side, address(w, at), n, 0)), (long)n);
		side_check("what was written", at, n);
		return true;
	}
	if (!s || !can_write(s))
		return false;
	if (s->file->append)
		to = model_size;
	if ((to < at + n && at < to + n) || !may_reach(to + n))
		return false;
	say("window %ld: pwrite to %lu from %lu, %lu", w - windows, to, at, n);
	memcpy(block, model_at(at), n);
	expect(result_of(pwrite(s->fd, address(w, at), n, (off_t)to)), (long)n);
	model_write(to, block, n);
	return true;
}

bool do_winio(void)
{
	bool into = one_in(2);
	struct window *w = pick_usable(into ? PROT_WRITE : PROT_READ, model_size);
	uint64_t at, n;

	if (!w)
		return false;
	n = pick_place(w, &at);
	n = min(n, max(1, pick_length()));
	return into ? read_into(w, at, n) : write_from(w, at, n);
}
