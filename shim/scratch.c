/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See scratch.h. */
#include "scratch.h"

#include "page.h"
#include "sys.h"

#define KEPT 4

static void *kept[KEPT];

static size_t real_size(size_t size)
{
	return size > SCRATCH_SIZE ? page_ceil(size) : SCRATCH_SIZE;
}

void *scratch_take(size_t size)
{
	void *p = NULL;

	for (unsigned i = 0; i < KEPT && size <= SCRATCH_SIZE && !p; i++)
		p = __atomic_exchange_n(&kept[i], NULL, __ATOMIC_ACQ_REL);
	if (p)
		return p;
	p = sys_mmap(NULL, real_size(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return sys_is_error(p) ? NULL : p;
}

void scratch_give(void *p, size_t size)
{
	for (unsigned i = 0; i < KEPT && size <= SCRATCH_SIZE; i++) {
		void *none = NULL;

		if (__atomic_compare_exchange_n(&kept[i], &none, p, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return;
	}
	sys_munmap(p, real_size(size));
}
