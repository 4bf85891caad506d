/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the threads of a racer do: racer.h. */
#include <bigfile.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "racer.h"

struct common *common;
uint32_t stop;
char *base[2];
int fds[2];
const char *names[2];
bool gated;
static pid_t program;

/* The first complaint is kept, and ends everything. */
void complain(const char *format, ...)
{
	static char text[sizeof common->why];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (!common->why[0])
		memcpy(common->why, text, sizeof text);
	kill(0, SIGKILL);
}

/* errno says why.  Comes back to nobody. */
void failed(const char *call)
{
	/* Then there is no commit, no child that takes part; and the engine thread may die before this one does. */
	if (!__atomic_load_n(&common->ending, __ATOMIC_SEQ_CST))
		complain("%s: %m", call);
	/* A thread waits for the end of its process; a child that came too late has nothing to do. */
	while (getpid() == program)
		pause();
	_exit(0);
}

bool going_on(void)
{
	return !__atomic_load_n(&stop, __ATOMIC_RELAXED);
}

static void pass(bool write)
{
	if (gated)
		write ? pthread_rwlock_wrlock(&common->gate) : pthread_rwlock_rdlock(&common->gate);
}

static void leave(void)
{
	if (gated)
		pthread_rwlock_unlock(&common->gate);
}

void open_files(char *const *paths)
{
	program = getpid();
	for (int i = 0; i < 2; i++) {
		names[i] = paths[i];
		fds[i] = open(paths[i], O_RDWR | O_CLOEXEC);
		base[i] = fds[i] < 0 ? MAP_FAILED : mmap(NULL, BASE, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0);
		if (base[i] == MAP_FAILED)
			complain("%s: %m", paths[i]);
	}
}

/* Not memcpy: a sanitizer would see it, and take it for a race with the engine that copies the page. */
static void store(char *to, const char *from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((volatile char *)to)[i] = from[i];
}

/* Async-signal-safe. */
void take_step(int w, uint64_t *random)
{
	char record[RECORD];
	uint64_t n;

	pass(false);
	/* An abort may have gone back to the middle of one. */
	n = *cell_of(base, w, 0);
	for (int i = 1; i < CELLS; i++)
		*cell_of(base, w, i) = n;
	n++;
	memset(record, 0, sizeof record);
	record_fill(record, w, n);
	if (chance(random) % 4)
		store(base[n % 2] + record_offset(w, n), record, sizeof record);
	else if (pwrite(fds[n % 2], record, sizeof record, (off_t)record_offset(w, n)) != sizeof record)
		failed("pwrite");
	for (int i = 0; i < CELLS; i++)
		*cell_of(base, w, i) = n;
	__atomic_add_fetch(&common->steps, 1, __ATOMIC_RELAXED);
	leave();
}

void *write_steps(void *writer)
{
	uint64_t random = new_seed();

	while (going_on())
		take_step((int)(intptr_t)writer, &random);
	return NULL;
}

static void raise_floor(int w, uint64_t n)
{
	uint64_t now = __atomic_load_n(&common->floor[w], __ATOMIC_SEQ_CST);

	while (now < n && !__atomic_compare_exchange_n(&common->floor[w], &now, n, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

bool commit_somehow(uint64_t *random)
{
	uint64_t seen[WRITERS];
	int err;

	pass(false);
	for (int w = 0; w < WRITERS; w++)
		seen[w] = *cell_of(base, w, CELLS - 1);
	switch (chance(random) % 3) {
	case 0:
		err = fdatasync(fds[chance(random) % 2]);
		break;
	default:
		err = msync(base[chance(random) % 2], BASE, MS_SYNC);
	}
	for (int w = 0; !err && w < WRITERS; w++)
		raise_floor(w, seen[w]);
	if (!err)
		__atomic_add_fetch(&common->commits, 1, __ATOMIC_RELAXED);
	leave();
	return !err;
}

void *commit_now_and_then(void *arg)
{
	uint64_t random = new_seed();

	while (going_on()) {
		if (!commit_somehow(&random))
			failed("commit");
		usleep((unsigned)(chance(&random) % 2000));
	}
	return NULL;
}

/* By signals nobody is told; and one may come while another is under way. */
void *commit_by_signal(void *arg)
{
	uint64_t random = new_seed();

	while (going_on()) {
		if (chance(&random) % 2)
			kill(getpid(), SIGUSR1);
		else
			raise(SIGUSR1);
		usleep((unsigned)(chance(&random) % 3000));
	}
	return NULL;
}

void *abort_now_and_then(void *arg)
{
	uint64_t random = new_seed();
	char why[200];

	while (going_on()) {
		usleep((unsigned)(chance(&random) % 8000));
		pass(true);
		if (bigfile_abort())
			failed("abort");
		else if (!state_is_good(base, 0, common->floor, why, sizeof why))
			complain("after an abort: %s", why);
		__atomic_add_fetch(&common->aborts, 1, __ATOMIC_RELAXED);
		leave();
	}
	return NULL;
}

/* Stores all the time, also while others abort. */
void *scratch(void *arg)
{
	uint64_t random = new_seed();

	while (going_on()) {
		uint64_t at = SCRATCH + chance(&random) % (SCRATCH_SIZE - 8);

		store(base[chance(&random) % 2] + at, (const char *)&at, 1 + at % 8);
	}
	return NULL;
}

void *append(void *arg)
{
	uint64_t random = new_seed();
	char record[TAIL];
	struct stat st;

	while (going_on()) {
		off_t size;
		ssize_t done = TAIL;

		pass(false);
		if (fstat(fds[1], &st))
			failed("fstat");
		size = st.st_size;
		if (size < BASE || (size - BASE) % TAIL)
			complain("a size of %ld", (long)size);
		tail_fill(record, chance(&random));
		if (size > BASE && chance(&random) % 3 == 0)
			size -= (off_t)(1 + chance(&random) % (uint64_t)((size - BASE) / TAIL)) * TAIL;
		else if (size >= BASE + TAILS * TAIL || (done = pwrite(fds[1], record, TAIL, size)) == TAIL)
			size = -1;
		if (done < 0)
			failed("pwrite at the end");
		else if (done != TAIL)
			complain("pwrite at the end: %zd bytes", done);
		if (size >= 0 && ftruncate(fds[1], size))
			failed("ftruncate");
		leave();
		usleep((unsigned)(chance(&random) % 500));
	}
	return NULL;
}

/* A file that has been seen at more addresses than that can be mapped at no other one. */
#define SECOND_ADDRESSES 10

/* Windows come and go, at second addresses too. */
void *map_and_unmap(void *arg)
{
	uint64_t random = new_seed();
	int others = 0;

	while (going_on()) {
		uint64_t first = chance(&random) % (SCRATCH_SIZE / PAGE), count = 1 + chance(&random) % (SCRATCH_SIZE / PAGE - first);
		int flags = MAP_SHARED | (arg && others < SECOND_ADDRESSES && chance(&random) % 4 == 0 ? MAP_FIXED : 0);
		/* Each time another: what is unmapped others may take at once. */
		char *to = flags & MAP_FIXED ? mmap(NULL, SCRATCH_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : NULL;
		char *p = mmap(to, count * PAGE, PROT_READ | PROT_WRITE, flags, fds[chance(&random) % 2],
			       (off_t)(SCRATCH + first * PAGE));

		if (p == MAP_FAILED)
			failed("mmap");
		others += to != NULL;
		for (uint64_t i = 0; i < count; i++)
			p[i * PAGE + random % PAGE] = (char)random;
		if (munmap(p, to ? SCRATCH_SIZE : count * PAGE))
			failed("munmap");
	}
	return NULL;
}

void *open_and_close(void *arg)
{
	uint64_t random = new_seed();
	char page[PAGE];

	while (going_on()) {
		int fd = open(names[chance(&random) % 2], O_RDWR | O_CLOEXEC);

		if (fd < 0 || pread(fd, page, sizeof page, SCRATCH) != sizeof page)
			failed("open and read");
		if (chance(&random) % 2 && pwrite(fd, page, PAGE / 2, SCRATCH + PAGE / 2) != PAGE / 2)
			failed("open and write");
		close(fd);
		usleep((unsigned)(chance(&random) % 1000));
	}
	return NULL;
}
