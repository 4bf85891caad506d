/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See values.h. */
#include "values.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of glibc, which the library runs with. */
enum { REALTIME_KERNEL = 32, REALTIME_FIRST = 34, REALTIME_LAST = 64 };

bool value_milliseconds(const char *text, unsigned *ms)
{
	const char *p = text;
	uint64_t sum = 0;
	unsigned scale = 1000;

	for (; *p >= '0' && *p <= '9' && sum < UINT32_MAX; p++)
		sum = sum * 10 + (unsigned)(*p - '0') * 1000;
	if (*p == '.') {
		for (p++; *p >= '0' && *p <= '9'; p++) {
			scale /= 10;
			sum += (unsigned)(*p - '0') * scale;
		}
	}
	/* Less than the least is not nothing. */
	if (*p || p == text || !strcmp(text, ".") || sum > INT32_MAX || (!sum && strpbrk(text, "123456789")))
		return false;
	*ms = (unsigned)sum;
	return true;
}

bool value_bytes(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	unsigned long long n;
	char *end;

	n = strtoull(text, &end, 10);
	unit = (*end | 0x20) >= 'a' ? strchr(units, *end & ~0x20) : NULL;
	if (unit && n <= (unsigned long long)INT64_MAX >> 10 * (unit - units + 1))
		n <<= 10 * (unit - units + 1);
	else if (unit || n > INT64_MAX)
		n = 0;
	if (text[0] < '0' || text[0] > '9' || n == 0 || (*end && (!unit || end[1])))
		return false;
	*bytes = n;
	return true;
}

static int signal_by_name(const char *name)
{
	static const struct {
		char name[8];
		int signal;
	} names[] = {
#define S(name) { #name, SIG##name }
		S(HUP),	S(INT),	 S(QUIT), S(ILL),  S(TRAP), S(ABRT), S(FPE),  S(USR1), S(USR2),	  S(PIPE), S(ALRM),  S(TERM), S(CHLD),
		S(CONT), S(TSTP), S(TTIN), S(TTOU), S(URG), S(XCPU), S(XFSZ), S(POLL), S(VTALRM), S(PROF), S(WINCH), S(PWR),  S(SYS),
#ifdef SIGSTKFLT
		S(STKFLT),
#endif
#undef S
	};

	if (!strncasecmp(name, "SIG", 3))
		name += 3;
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		if (!strcasecmp(name, names[i].name))
			return names[i].signal;
	}
	if (!strncasecmp(name, "RTMIN", 5)) {
		bool more = name[5] == '+' && name[6] >= '0' && name[6] <= '9';
		char *end = (char *)name + 5;
		long n = more ? strtol(name + 6, &end, 10) : 0;

		return !*end && n <= REALTIME_LAST - REALTIME_FIRST ? REALTIME_FIRST + (int)n : -1;
	}
	return -1;
}

bool value_signal(const char *text, int *signal)
{
	char *end;
	long n;

	if (!strcasecmp(text, "none")) {
		*signal = 0;
		return true;
	}
	n = strtol(text, &end, 10);
	if (*end)
		n = signal_by_name(text);
	/* Between those with names and the first real-time signal are libc's own. */
	if (n < 1 || n > REALTIME_LAST || n == SIGKILL || n == SIGSTOP || n == SIGSEGV || n == SIGBUS || (n >= REALTIME_KERNEL && n < REALTIME_FIRST))
		return false;
	*signal = (int)n;
	return true;
}
