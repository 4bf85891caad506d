/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See robust.h, and kernel/futex/core.c of the kernel: exit_robust_list, handle_futex_death. */
#include "robust.h"

#include <linux/futex.h>

#include "guard.h"
#include "loading.h"
#include "memory.h"
#include "proc.h"
#include "shared.h"
#include "sys.h"

#define HELD ROBUST_LIST_LIMIT /* more than that the kernel does not look at either */
#define PI ((uintptr_t)1)      /* in a pointer of the list: a mutex with priority inheritance */

/* What one thread holds: pointers as they are in its list. */
struct holder {
	const struct robust_list_head *head;
	long offset; /* from an entry to its word */
	uintptr_t held[HELD + 1];
	unsigned count;
};

/* The list is the program's, and may lead anywhere. */
static void read_list(void *arg)
{
	struct holder *h = arg;
	const struct robust_list *end = &h->head->list;
	uintptr_t pending = (uintptr_t)h->head->list_op_pending;
	uintptr_t at = (uintptr_t)h->head->list.next;

	h->offset = h->head->futex_offset;
	if (pending)
		h->held[h->count++] = pending;
	while ((at & ~PI) != (uintptr_t)end && h->count < HELD) {
		h->held[h->count++] = at;
		at = (uintptr_t)((const struct robust_list *)(at & ~PI))->next;
	}
}

/* By the engine's mapping: those of the program are held. */
static void release(uintptr_t at, uint32_t tid, bool pi)
{
	IN_HAND struct view *v = view_get_at(at);
	uint64_t offset = v && v->shared ? view_offset_at(v, at) : 0;
	uint32_t *word, old;

	if (!v || !v->shared || at % sizeof *word || offset + sizeof *word > v->size || memory_reach(v, v->zero_end) ||
	    loading_bring(v, offset, offset + sizeof *word))
		return;
	word = (uint32_t *)(v->memory.at + offset);
	old = __atomic_load_n(word, __ATOMIC_SEQ_CST);
	do {
		if ((old & FUTEX_TID_MASK) != tid)
			return;
	} while (!__atomic_compare_exchange_n(word, &old, (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	dirtymap_set(&v->memory.dirty, page_floor(offset), page_ceil(offset + sizeof *word));
	if (!pi && (old & FUTEX_WAITERS))
		sys_futex_wake(word, 1);
}

static void release_of(uint32_t tid)
{
	static struct holder h; /* the engine thread's stack is small */
	size_t length;

	h.count = 0;
	if (sys_call(SYS_get_robust_list, tid, &h.head, &length) || !h.head || length != sizeof *h.head)
		return;
	guard_run(read_list, &h);
	for (unsigned i = 0; i < h.count; i++)
		release((h.held[i] & ~PI) + (uintptr_t)h.offset, tid, h.held[i] & PI);
}

void robust_release(void)
{
	proc_each_thread(release_of);
}
