/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See arrivals.c: what the kernel tells whoever asks, of files, of the system and of the process.  It is asked twice, to tell it in memory
 * of the program's own and in the window, where nothing is stored before: so in the first round of all it may be a page that is not there.
 */
#include "arrivals.h"

#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>

#define PLACE "asked"

static int place, target, ends[2];

static void make_place(void)
{
	place = open(PLACE, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (place < 0 || write(place, "0123456789", 10) != 10)
		give_up(PLACE);
	if (fsetxattr(place, "user.first", "value", 5, 0) && errno != ENOTSUP)
		give_up("fsetxattr");
}

/* Asks for n bytes at most; what is told is the same each time. */
static void twice(long (*ask)(void *to, size_t n), char *to, size_t n)
{
	char own[4096];
	long first, second;

	memset(own, 0, sizeof own);
	errno = 0;
	first = ask(own, n);
	if (first == -1 && errno == ENOTSUP)
		return;
	second = ask(to, n);
	if (first == -1 || second != first)
		give_up(first == -1 ? "to its own memory" : "to the window");
	if (memcmp(own, to, first ? (size_t)first : n))
		give_up("what is told is another thing");
}

#define TWICE(name, n, call)                                  \
	static long ask_##name(void *p, size_t size)          \
	{                                                     \
		return (long)(call);                          \
	}                                                     \
	static void take_##name(int round, char *to)          \
	{                                                     \
		twice(ask_##name, to, n);                     \
	}

TWICE(getcwd, 4000, getcwd(p, size) ? (long)strlen(p) + 1 : -1)
TWICE(getxattr, 100, getxattr(PLACE, "user.first", p, size))
TWICE(lgetxattr, 100, lgetxattr(PLACE, "user.first", p, size))
TWICE(fgetxattr, 100, fgetxattr(place, "user.first", p, size))
TWICE(listxattr, 100, listxattr(PLACE, p, size))
TWICE(llistxattr, 100, llistxattr(PLACE, p, size))
TWICE(flistxattr, 100, flistxattr(place, p, size))
TWICE(uname, sizeof(struct utsname), uname(p))

/* These change, but say something in any case. */
#define SAID(name, type, call, sense)                                      \
	static void take_##name(int round, char *to)                       \
	{                                                                  \
		type *p = (type *)to;                                      \
                                                                           \
		if ((call) == -1 || !(sense))                              \
			give_up(#name);                                    \
	}

SAID(statfs, struct statfs, statfs(PLACE, p), p->f_bsize > 0)
SAID(fstatfs, struct statfs, fstatfs(place, p), p->f_bsize > 0)
SAID(sysinfo, struct sysinfo, sysinfo(p), p->totalram > 0)
SAID(getrusage, struct rusage, getrusage(RUSAGE_SELF, p), p->ru_maxrss > 0)
SAID(clock_gettime, struct timespec, clock_gettime(CLOCK_PROCESS_CPUTIME_ID, p), p->tv_sec || p->tv_nsec)

/* It has no errno, and says -1 also when nothing is wrong. */
static void take_times(int round, char *to)
{
	struct tms own, *there = (struct tms *)to;

	while (times(&own) == -1 || own.tms_utime + own.tms_stime == 0)
		;
	if (times(there) == -1 || there->tms_utime + there->tms_stime < own.tms_utime + own.tms_stime)
		give_up("times");
}

/* Who may not have groups has those that it was given. */
static void groups(void)
{
	setgroups(3, (gid_t[]){ 11, 12, 13 });
}

static void take_getgroups(int round, char *to)
{
	gid_t own[1000];
	int n = getgroups(1000, own);

	if (n < 0 || getgroups(n, (gid_t *)to) != n || memcmp(own, to, (size_t)n * sizeof *own))
		give_up("getgroups");
}

static bool all_different(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i += 32) {
		if (!memcmp(p + i, (char[32]){ 0 }, 32) || (i && !memcmp(p + i, p, 32)))
			return false;
	}
	return true;
}

static void take_getentropy(int round, char *to)
{
	if (getentropy(to, 256) || !all_different(to, 256))
		give_up("getentropy");
}

/* glibc 2.36 has it; it ends the process when it fails. */
void arc4random_buf(void *p, size_t n) __attribute__((weak));

static void take_arc4random(int round, char *to)
{
	if (!arc4random_buf)
		return;
	arc4random_buf(to, 300000 / 32 * 32);
	if (!all_different(to, 300000 / 32 * 32))
		give_up("arc4random_buf");
}

/* Offsets, which the call moves on when the bytes have gone. */
static void pipe_and_place(void)
{
	if (pipe(ends))
		give_up("pipe");
	make_place();
}

static void take_offset(ssize_t n, off_t *offset)
{
	char c[4] = "";

	if (n != 3 || *offset != 5)
		give_up("an offset");
	if (read(ends[0], c, 3) != 3 || strcmp(c, "234"))
		give_up("the bytes");
}

static void take_sendfile(int round, char *to)
{
	off_t *offset = (off_t *)to;

	*offset = 2;
	await_commit();
	take_offset(sendfile(ends[1], place, offset, 3), offset);
}

static void take_splice(int round, char *to)
{
	off_t *offset = (off_t *)to;

	*offset = 2;
	await_commit();
	take_offset(splice(place, offset, ends[1], NULL, 3, 0), offset);
}

static void take_copy(int round, char *to)
{
	off_t *offsets = (off_t *)to;
	char text[9] = "";

	offsets[0] = 2;
	offsets[1] = 1;
	await_commit();
	if (ftruncate(target, 0) || copy_file_range(place, &offsets[0], target, &offsets[1], 3, 0) != 3)
		give_up("copy_file_range");
	if (offsets[0] != 5 || offsets[1] != 4 || pread(target, text, 8, 0) != 4 || memcmp(text, "\000234", 4))
		give_up("the offsets");
}

static void two_places(void)
{
	make_place();
	target = open("copy", O_RDWR | O_CREAT | O_TRUNC, 0600);
}

/* A lock is read, and what is in its way is stored there. */
static void take_lock(int round, char *to)
{
	struct flock *lock = (struct flock *)to, held = { .l_type = F_RDLCK, .l_start = 3, .l_len = 2 };

	*lock = (struct flock){ .l_type = F_WRLCK, .l_len = 10 };
	await_commit();
	if (fcntl(place, F_OFD_SETLK, &held) || fcntl(place, F_GETLK, lock))
		give_up("fcntl");
	if (lock->l_type != F_RDLCK || lock->l_start != 3 || lock->l_len != 2 || lock->l_pid != -1)
		give_up("the lock");
	lock->l_type = F_UNLCK;
	lock->l_pid = 0;
	if (fcntl(place, F_OFD_SETLK, lock))
		give_up("F_OFD_SETLK");
}

/* One that is only read may be where the program may not store. */
static void take_read_only(int round, char *to)
{
	struct flock *lock = (struct flock *)to;
	char *page = (char *)((uintptr_t)to / 4096 * 4096);

	*lock = (struct flock){ .l_type = F_WRLCK, .l_len = 10 };
	if (mprotect(page, 8192, PROT_READ) || fcntl(place, F_OFD_SETLK, lock) || mprotect(page, 8192, PROT_READ | PROT_WRITE))
		give_up("F_OFD_SETLK");
}

static void sockets(void)
{
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends))
		give_up("socketpair");
}

/* Their lengths are told. */
static void take_sent(int round, char *to)
{
	struct mmsghdr *list = (struct mmsghdr *)to;
	char *data = to + 8192, came[6000];
	struct iovec iov[2] = { { data, 5000 }, { data + 5000, 77 } };

	compose(round, data, 5077);
	for (int i = 0; i < 2; i++)
		list[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov[i], .msg_iovlen = 1 }, .msg_len = 0 };
	await_commit();
	if (sendmmsg(ends[1], list, 2, 0) != 2 || list[0].msg_len != 5000 || list[1].msg_len != 77)
		give_up("sendmmsg");
	check(round, came, 5000, recv(ends[0], came, sizeof came, 0));
	if (recv(ends[0], came, sizeof came, 0) != 77)
		give_up("the second message");
}

const struct kind answers[] = {
	{ "getcwd", NULL, NULL, take_getcwd },
	{ "getxattr", make_place, NULL, take_getxattr },
	{ "lgetxattr", make_place, NULL, take_lgetxattr },
	{ "fgetxattr", make_place, NULL, take_fgetxattr },
	{ "listxattr", make_place, NULL, take_listxattr },
	{ "llistxattr", make_place, NULL, take_llistxattr },
	{ "flistxattr", make_place, NULL, take_flistxattr },
	{ "statfs", make_place, NULL, take_statfs },
	{ "fstatfs", make_place, NULL, take_fstatfs },
	{ "uname", NULL, NULL, take_uname },
	{ "sysinfo", NULL, NULL, take_sysinfo },
	{ "getrusage", NULL, NULL, take_getrusage },
	{ "clock_gettime", NULL, NULL, take_clock_gettime },
	{ "times", NULL, NULL, take_times },
	{ "getgroups", groups, NULL, take_getgroups },
	{ "getentropy", NULL, NULL, take_getentropy },
	{ "arc4random_buf", NULL, NULL, take_arc4random },
	{ "sendfile", pipe_and_place, NULL, take_sendfile },
	{ "splice", pipe_and_place, NULL, take_splice },
	{ "copy_file_range", two_places, NULL, take_copy },
	{ "F_GETLK", make_place, NULL, take_lock },
	{ "F_OFD_SETLK", make_place, NULL, take_read_only },
	{ "sendmmsg", sockets, NULL, take_sent },
	{ NULL },
};
