/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes past the page cache: all come whole, several are under way, and what the kernel refuses, cuts short or fails is noticed. */
#include "direct.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "submit.h"
#include "sys.h"
#include "tap.h"

#define PIECE ((size_t)65536)
#define PIECES 40

static int fd;
static struct direct d;
static unsigned under_way, most;

/* The next of these calls fails, or the next write ends with this result and is not in the file. */
static long refused;
static long long ends_with;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

static void spoil(struct io_event *e)
{
	const struct iocb *r = (const struct iocb *)(uintptr_t)e->obj;
	static char nothing[PIECE];

	if (!ends_with || r->aio_lio_opcode != IOCB_CMD_PWRITE)
		return;
	if (pwrite(fd, nothing, PIECE, r->aio_offset) != (ssize_t)PIECE)
		exit(1);
	e->res = ends_with;
	ends_with = 0;
}

long __wrap_syscall(long number, ...)
{
	long a[6], result;
	va_list list;

	va_start(list, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(list, long);
	va_end(list);
	if (number == refused && (number != SYS_fcntl || a[1] == F_SETFL)) {
		refused = 0;
		errno = EAGAIN;
		return -1;
	}
	result = __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	if (number == SYS_io_submit && result > 0)
		under_way += (unsigned)result;
	most = under_way > most ? under_way : most;
	for (long i = 0; number == SYS_io_getevents && i < result; i++)
		spoil((struct io_event *)a[3] + i);
	if (number == SYS_io_getevents && result > 0)
		under_way -= (unsigned)result;
	return result;
}

/* The first error, of one of them or at the end; and whether that came in between. */
static int write_all(bool *before_the_end)
{
	uint8_t *piece = arena_alloc(PIECE);
	int err = 0;

	for (int i = 0; i < PIECES && !err; i++) {
		memset(piece, 'a' + i % 26, PIECE);
		err = direct_write(&d, fd, &piece, PIECE, (uint64_t)i * PIECE);
		if (err == -ENOTSUP)
			err = sys_pwrite_all(fd, piece, PIECE, (uint64_t)i * PIECE);
	}
	*before_the_end = err != 0;
	if (!err)
		err = direct_finish(&d);
	arena_free(piece, PIECE);
	return err;
}

static bool all_there(void)
{
	static uint8_t is[PIECE], should[PIECE];

	for (int i = 0; i < PIECES; i++) {
		memset(should, 'a' + i % 26, PIECE);
		if (pread(fd, is, PIECE, (off_t)i * (off_t)PIECE) != (ssize_t)PIECE || memcmp(is, should, PIECE))
			return false;
	}
	return true;
}

static void anew(void)
{
	static char nothing[PIECE];

	direct_finish(&d);
	memset(&d, 0, sizeof d);
	for (int i = 0; i < PIECES; i++)
		pwrite(fd, nothing, PIECE, (off_t)i * (off_t)PIECE);
}

static void refusals(void)
{
	static const struct { long number; const char *text; } calls[] = {
		{ SYS_io_submit, "one that is not taken" }, { SYS_fcntl, "a file that has no O_DIRECT" },
	};
	bool early;

	for (int i = 0; i < 2; i++) {
		anew();
		refused = calls[i].number;
		is_int(write_all(&early), 0, calls[i].text);
		ok(all_there() && d.impossible, "is written as ever, and all others");
	}
}

static void ends(void)
{
	static const struct { int result; const char *text; } as_ever[] = {
		{ -EINVAL, "what the kernel cannot do after all" }, { PIECE - 512, "what comes short" },
	};
	bool early;

	for (int i = 0; i < 2; i++) {
		anew();
		ends_with = as_ever[i].result;
		is_int(write_all(&early), 0, as_ever[i].text);
		ok(all_there(), "is written as ever");
	}
	anew();
	ends_with = -EIO;
	is_int(write_all(&early), -EIO, "an error is kept");
	ok(early, "and ends it");
	is_int(direct_finish(&d), -EIO, "it is told at the end as well");
	is_int(write_all(&early), 0, "and then it is forgotten");
	ok(all_there() && !d.impossible, "and all is written anew");
}

/* In a child, for a process finds that out once. */
static void unheard(void)
{
	int status = 1;
	pid_t pid = fork();

	if (!pid) {
		submit_after_fork();
		refused = SYS_io_getevents;
		_exit(submit_is_possible() || submit_is_possible());
	}
	ok(waitpid(pid, &status, 0) == pid && !status, "where nobody may hear how requests end none are made");
}

static void nobody_knows(void)
{
	uint8_t *piece = arena_alloc(PIECE);

	anew();
	is_int(direct_write(&d, fd, &piece, PIECE, 0), 0, "one is under way");
	refused = SYS_io_getevents;
	is_int(direct_finish(&d), -EIO, "where it cannot be known whether it is still, that is an error");
	ok(direct_write(&d, fd, &piece, PIECE, 0) == -ENOTSUP && !submit_is_possible(), "and the end of this way");
}

/* The ends of all come the same way, each in its time: who waits for his own meets others. */
static void two_files(void)
{
	static const char *const what[] = { "one of two files", "the other" };
	char path[] = "/tmp/bigfile-direct-XXXXXX";
	struct direct both[2] = { 0 };
	int first = fd, fds[] = { fd, mkstemp(path) };
	bool fine = true;

	unlink(path);
	anew();
	for (int i = 0; i < 2; i++) {
		fd = fds[i];
		anew();
	}
	for (int i = 0; i < 2 * PIECES; i++) {
		uint8_t *piece = arena_alloc(PIECE);

		memset(piece, 'a' + i / 2 % 26, PIECE);
		fine &= !direct_write(&both[i % 2], fds[i % 2], &piece, PIECE, (uint64_t)i / 2 * PIECE);
		arena_free(piece, PIECE);
		/* Of the second file, found out while somebody waits for the first. */
		if (i == 2 * PIECES - 8)
			fine &= !direct_finish(&both[0]);
	}
	ok(fine && !direct_finish(&both[1]) && !direct_finish(&both[0]), "two files at a time");
	for (int i = 0; i < 2; i++) {
		fd = fds[i];
		ok(all_there(), what[i]);
	}
	close(fds[1]);
	fd = first;
}

int main(void)
{
	char path[] = "/tmp/bigfile-direct-XXXXXX";
	int flags;
	bool early;

	fd = mkstemp(path);
	unlink(path);
	flags = fcntl(fd, F_GETFL);
	if (!submit_is_possible() || fcntl(fd, F_SETFL, flags | O_DIRECT)) {
		puts("1..0 # SKIP no asynchronous I/O, or no O_DIRECT, here");
		return 0;
	}
	fcntl(fd, F_SETFL, flags);
	plan(24);
	unheard();
	anew();
	is_int(write_all(&early), 0, "many pieces");
	ok(all_there(), "are there");
	is_int(most, DIRECT_AT_ONCE, "several were under way");
	is_int(fcntl(fd, F_GETFL), flags, "the descriptor is as it was");
	refusals();
	ends();
	two_files();
	nobody_knows();
	return done();
}
