/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of what the engine does to files: its system calls come here when a test is linked with --wrap=syscall.
 *
 *	calls_forget(); ...; ok(calls_first(CALL_SYNC, journal) < calls_first(CALL_WRITE, file), "the journal is durable before");
 */
#ifndef BIGFILE_CALLS_H
#define BIGFILE_CALLS_H

#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum call_kind { CALL_WRITE, CALL_SYNC, CALL_DELETE };

static struct {
	enum call_kind kind;
	ino_t inode;
} calls_seen[1024];
static int calls_count;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

static inline ino_t calls_inode(const char *path)
{
	struct stat st;

	return stat(path, &st) ? 0 : st.st_ino;
}

static inline void calls_forget(void)
{
	calls_count = 0;
}

/* Never: later than everything. */
static inline int calls_first(enum call_kind kind, ino_t inode)
{
	for (int i = 0; i < calls_count; i++) {
		if (calls_seen[i].kind == kind && calls_seen[i].inode == inode)
			return i;
	}
	return 1024;
}

static inline void calls_note(enum call_kind kind, ino_t inode)
{
	if (calls_count == 1024)
		return;
	calls_seen[calls_count].kind = kind;
	calls_seen[calls_count++].inode = inode;
}

long __wrap_syscall(long number, ...)
{
	struct stat st;
	long a[6];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_unlinkat)
		calls_note(CALL_DELETE, calls_inode((const char *)a[1]));
	else if ((number == SYS_pwrite64 || number == SYS_ftruncate) && !fstat((int)a[0], &st))
		calls_note(CALL_WRITE, st.st_ino);
	else if ((number == SYS_fdatasync || number == SYS_fsync) && !fstat((int)a[0], &st))
		calls_note(CALL_SYNC, st.st_ino);
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

#endif
