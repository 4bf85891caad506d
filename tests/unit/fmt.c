/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The formatter: every conversion, and buffers that are too small. */
#include <errno.h>
#include <string.h>

#include "fmt.h"
#include "tap.h"

static void is_text(const char *want, const char *got)
{
	if (!ok(!strcmp(want, got), want))
		printf("# got \"%s\"\n", got);
}

int main(void)
{
	char buf[64], small[8];

	plan(9);
	fmt_print(buf, sizeof buf, "%s %c %%", "text", 'x');
	is_text("text x %", buf);
	fmt_print(buf, sizeof buf, "%d %u %x", -5, 7u, 255u);
	is_text("-5 7 ff", buf);
	fmt_print(buf, sizeof buf, "%ld %lu %lx %zu", (long)(1ul << 63), ~0ul, ~0ul, (size_t)12);
	is_text("-9223372036854775808 18446744073709551615 ffffffffffffffff 12", buf);
	fmt_print(buf, sizeof buf, "%e, %e", ENOSPC, -EIO);
	is_text("No space left on device, Input/output error", buf);
	fmt_print(buf, sizeof buf, "%e", -98765);
	is_text("error -98765", buf);
	fmt_print(buf, sizeof buf, "%s", (char *)NULL);
	is_text("(null)", buf);
	is_int((long long)fmt_print(small, sizeof small, "%s", "longer than that"), 7, "a small buffer is filled and no more");
	is_text("longer ", small);
	fmt_print(buf, sizeof buf, "%q %");
	is_text("%q ", buf);
	return done();
}
