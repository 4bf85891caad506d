/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds for every input of a fuzzer: where it does not, the fuzzer ends by SIGABRT, which libFuzzer takes for a find. */
#ifndef TESTS_CRASH_MUST_H
#define TESTS_CRASH_MUST_H

#include <stdio.h>
#include <stdlib.h>

#define must(condition)                                                                    \
	do {                                                                               \
		if (!(condition)) {                                                        \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                           \
		}                                                                          \
	} while (0)

#endif
