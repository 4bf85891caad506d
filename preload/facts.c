/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel tells whoever asks - of files, of the system, of the process - in memory of the program's choice, where that may be a window
 * (into.h).  It may be asked again.  times() alone says nothing of it when it could not tell: libc takes that for a time.
 */
#include "given.h"
#include "into.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>

EXPORT char *getcwd(char *buf, size_t n)
{
	char *result;

	INTO_AGAIN(buf, n, (result = real(getcwd)(buf, n)) ? 0 : -1);
	return result;
}

EXPORT ssize_t getxattr(const char *path, const char *name, void *value, size_t n)
{
	path = GIVEN_TEXT(path);
	name = GIVEN_TEXT(name);
	return INTO_AGAIN(value, n, real(getxattr)(path, name, value, n));
}

EXPORT ssize_t lgetxattr(const char *path, const char *name, void *value, size_t n)
{
	path = GIVEN_TEXT(path);
	name = GIVEN_TEXT(name);
	return INTO_AGAIN(value, n, real(lgetxattr)(path, name, value, n));
}

EXPORT ssize_t fgetxattr(int fd, const char *name, void *value, size_t n)
{
	name = GIVEN_TEXT(name);
	return INTO_AGAIN(value, n, real(fgetxattr)(fd, name, value, n));
}

EXPORT ssize_t listxattr(const char *path, char *list, size_t n)
{
	path = GIVEN_TEXT(path);
	return INTO_AGAIN(list, n, real(listxattr)(path, list, n));
}

EXPORT ssize_t llistxattr(const char *path, char *list, size_t n)
{
	path = GIVEN_TEXT(path);
	return INTO_AGAIN(list, n, real(llistxattr)(path, list, n));
}

EXPORT ssize_t flistxattr(int fd, char *list, size_t n)
{
	return INTO_AGAIN(list, n, real(flistxattr)(fd, list, n));
}

EXPORT int statfs(const char *path, struct statfs *st)
{
	path = GIVEN_TEXT(path);
	return INTO_AGAIN(st, sizeof *st, real(statfs)(path, st));
}

EXPORT int statfs64(const char *path, struct statfs64 *st)
{
	return statfs(path, (struct statfs *)st);
}

EXPORT int fstatfs(int fd, struct statfs *st)
{
	return INTO_AGAIN(st, sizeof *st, real(fstatfs)(fd, st));
}

EXPORT int fstatfs64(int fd, struct statfs64 *st)
{
	return fstatfs(fd, (struct statfs *)st);
}

EXPORT int uname(struct utsname *names)
{
	return INTO_AGAIN(names, sizeof *names, real(uname)(names));
}

EXPORT int sysinfo(struct sysinfo *info)
{
	return INTO_AGAIN(info, sizeof *info, real(sysinfo)(info));
}

EXPORT int getrusage(__rusage_who_t who, struct rusage *usage)
{
	return INTO_AGAIN(usage, sizeof *usage, real(getrusage)(who, usage));
}

EXPORT int getgroups(int count, gid_t *list)
{
	return INTO_AGAIN(list, (size_t)count * sizeof *list, real(getgroups)(count, list));
}

/* Most clocks are read without the kernel, whose part would fail; not those of CPU time, nor any where the machine's own is not to be relied on. */
EXPORT int clock_gettime(clockid_t clock, struct timespec *t)
{
	return INTO_AGAIN(t, sizeof *t, real(clock_gettime)(clock, t));
}

EXPORT clock_t times(struct tms *used)
{
	return INTO_ONCE(used, at, real(times)(at));
}

/* The fortified names, with their checks. */
void __chk_fail(void) __attribute__((noreturn));

EXPORT char *__getcwd_chk(char *buf, size_t n, size_t size);
EXPORT char *__getcwd_chk(char *buf, size_t n, size_t size)
{
	if (n > size)
		__chk_fail();
	return getcwd(buf, n);
}

EXPORT int __getgroups_chk(int count, gid_t *list, size_t size);
EXPORT int __getgroups_chk(int count, gid_t *list, size_t size)
{
	if (count >= 0 && (size_t)count * sizeof *list > size)
		__chk_fail();
	return getgroups(count, list);
}
