/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See folder.h. */
#include "folder.h"

#include <stdint.h>

#include "sys.h"

/* struct linux_dirent64 of getdents64(2). */
struct entry {
	uint64_t ino;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

int folder_each(int fd, folder_fn fn, void *arg)
{
	_Alignas(struct entry) char entries[4096];
	int result = 0;
	long n;

	while (!result && (n = sys_call(SYS_getdents64, fd, entries, sizeof entries)) > 0) {
		for (long at = 0; at < n && !result;) {
			const struct entry *e = (const struct entry *)(entries + at);

			result = fn(arg, e->name);
			at += e->length;
		}
	}
	return result;
}
