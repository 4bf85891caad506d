/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The next definition is the one that dlsym finds. */
#include <dlfcn.h>
#include <stddef.h>

#include "next.h"
#include "tap.h"

int main(void)
{
	static const char *const names[] = { "mmap", "munmap", "_exit", "read", "pread64", "sigaction", "pthread_sigmask",
					     "posix_fallocate", "fopen", "execveat", "__read_chk", "getrandom" };
	size_t n = sizeof names / sizeof *names;

	plan((int)n + 3);
	ok(next_start(), "the loader's list is understood");
	for (size_t i = 0; i < n; i++)
		ok(next_find(names[i]) && next_find(names[i]) == dlsym(RTLD_NEXT, names[i]), names[i]);
	ok(!next_find("no_such_function"), "what nobody defines is not found");
	ok(!next_find("main"), "what only this object defines is not found");
	return done();
}
