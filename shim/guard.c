/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See guard.h.  The mask is put back by hand: saving it would cost a system call per page. */
#include "guard.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>
#include <ucontext.h>

#include "lock.h"
#include "page.h"

/*
 * A load that may fault, at one known instruction: the handler has the thread go on behind it.  Nothing is kept that a handler of the program's
 * could find half done, or leave so: no signal need be blocked, and where there is no fault it costs no more than the load.
 */
#if defined(__x86_64__)
#define PC(context) ((context)->uc_mcontext.gregs[REG_RIP])
#define LOAD "movzbl (%rdi), %eax\n movl $1, %eax\n ret\n"
#define FAILED "xorl %eax, %eax\n ret\n"
#elif defined(__aarch64__)
#define PC(context) ((context)->uc_mcontext.pc)
#define LOAD "ldrb w0, [x0]\n mov w0, #1\n ret\n"
#define FAILED "mov w0, #0\n ret\n"
#endif
__asm__(".text\n"
	"guard_load: .cfi_startproc\n" LOAD
	"guard_load_failed:" FAILED ".cfi_endproc\n");
extern bool guard_load(const void *p) __attribute__((visibility("hidden")));
extern void guard_load_failed(void) __attribute__((visibility("hidden")));

/* The innermost: a fault inside one may be answered by a handler that runs another. */
static __thread sigjmp_buf *volatile way_out __attribute__((tls_model("initial-exec")));

int guard_run(void (*fn)(void *arg), void *arg)
{
	sigjmp_buf here, *const outer = way_out;

	if (sigsetjmp(here, 0)) {
		way_out = outer;
		return -EIO;
	}
	way_out = &here;
	fn(arg);
	way_out = outer;
	return 0;
}

struct copy {
	void *to;
	const void *from;
	size_t length;
};

static void copy_now(void *arg)
{
	const struct copy *c = arg;

	memcpy(c->to, c->from, c->length);
}

int guard_copy(void *to, const void *from, size_t length)
{
	struct copy c = { to, from, length };

	return guard_run(copy_now, &c);
}

bool guard_can_read(const void *p, size_t length)
{
	uintptr_t at = (uintptr_t)p, end = at + length;

	if (end < at)
		return false;
	for (; at < end; at = page_floor(at) + page_size()) {
		if (!guard_load((const void *)at))
			return false;
	}
	return true;
}

bool guard_catch(void *context)
{
	ucontext_t *at = context;

	if ((uintptr_t)PC(at) == (uintptr_t)guard_load) {
		PC(at) = (__typeof__(PC(at)))(uintptr_t)guard_load_failed;
		return true;
	}
	if (!way_out)
		return false;
	signals_block();
	siglongjmp(*way_out, 1);
}
