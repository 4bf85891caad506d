/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: what calls bring into a window, or take from one, while commits come and go.
 *
 *   arrivals FILE threads|process KIND [ROUNDS]     FILE: 4 MiB at least
 *
 * The first thread waits in a call for something that comes once only.  Others - threads, or a process that shares the file - store and commit
 * all the time; when a commit has come and gone while it waits, it is sent.  KIND is a row of the tables: here of what comes
 * from files, the others are in arrivals_*.c.  Prints "KIND: N" when all came whole, else what did not.
 */
#include "arrivals.h"

#include <aio.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "bigfile.h"

#define PLAIN_SIZE 700001

struct shared {
	uint64_t commits;
	int round; /* that the first thread is in */
	bool over;
};

static struct shared *shared;
static char *map;
static size_t size;
static pid_t receiver;
static const struct kind *kind;
static int plain;
static FILE *stream;

void give_up(const char *what)
{
	printf("%s: round %d: %s: %s\n", kind->name, shared->round, what, strerrorname_np(errno));
	fflush(stdout);
	__atomic_store_n(&shared->over, true, __ATOMIC_SEQ_CST);
	_exit(1);
}

static bool is_over(void)
{
	return __atomic_load_n(&shared->over, __ATOMIC_SEQ_CST);
}

static uint64_t commits(void)
{
	return __atomic_load_n(&shared->commits, __ATOMIC_SEQ_CST);
}

/* Stores to the last quarter of the file, which nothing comes into. */
static void *store(void *arg)
{
	volatile char *p = map + size - size / 4;

	for (unsigned i = 0; !is_over(); i++)
		p[i * 4096 % (size / 4)]++;
	return NULL;
}

static void *commit(void *arg)
{
	while (!is_over()) {
		/* The first thread may be ending the process by now. */
		if (bigfile_commit() && !(errno == ECANCELED && is_over()))
			give_up("commit");
		__atomic_add_fetch(&shared->commits, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* What was sent is not there after half a minute: it never will be. */
static void await_round(int round)
{
	for (int i = 0; __atomic_load_n(&shared->round, __ATOMIC_SEQ_CST) < round && !is_over(); i++) {
		errno = 0;
		if (i == 30000)
			give_up("it does not come");
		usleep(1000);
	}
}

static bool receiver_sleeps(void)
{
	char path[64], text[512] = "";
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%d/stat", receiver);
	f = fopen(path, "r");
	if (!f || !fgets(text, sizeof text, f))
		give_up(path);
	fclose(f);
	return strrchr(text, ')')[2] == 'S';
}

void await_commit(void)
{
	for (uint64_t before = commits(); commits() < before + 2 && !is_over();)
		sched_yield();
}

/* Sends what the first thread waits for. */
static void *feed(void *arg)
{
	for (int i = 1; !is_over(); i++) {
		await_round(i);
		while (!receiver_sleeps() && !is_over())
			sched_yield();
		await_commit();
		if (!is_over())
			kind->send(i);
	}
	return NULL;
}

static char letter(int round, size_t at)
{
	return (char)('a' + (at / 1000 + (size_t)round) % 26);
}

void check(int round, const char *p, size_t n, ssize_t came)
{
	if (came != (ssize_t)n)
		give_up(came < 0 ? "the call fails" : "the call is short");
	for (size_t i = 0; i < n; i++) {
		if (p[i] != letter(round, i)) {
			errno = 0;
			give_up("wrong bytes");
		}
	}
}

void compose(int round, char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = letter(round, i);
}

/* From files, whose content is that of round 0. */
static void setup_plain(void)
{
	char *content = malloc(PLAIN_SIZE);

	compose(0, content, PLAIN_SIZE);
	plain = open("plain", O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (plain < 0 || write(plain, content, PLAIN_SIZE) != PLAIN_SIZE)
		give_up("plain");
	stream = fdopen(dup(plain), "r");
	free(content);
}

static void take_pread(int round, char *to)
{
	check(0, to, PLAIN_SIZE, pread(plain, to, PLAIN_SIZE, 0));
}

static void take_read(int round, char *to)
{
	lseek(plain, 0, SEEK_SET);
	check(0, to, PLAIN_SIZE, read(plain, to, PLAIN_SIZE));
	if (read(plain, to, 1) != 0)
		give_up("where the file ends");
}

static void take_preadv(int round, char *to)
{
	char beside[5000];
	struct iovec iov[] = { { to, 3000 }, { beside, sizeof beside }, { to + 3000 + sizeof beside, PLAIN_SIZE - 3000 - sizeof beside } };
	ssize_t n = preadv(plain, iov, 3, 0);

	memcpy(to + 3000, beside, sizeof beside);
	check(0, to, PLAIN_SIZE, n);
}

static void take_fread(int round, char *to)
{
	rewind(stream);
	check(0, to, PLAIN_SIZE, (ssize_t)fread(to, 1, PLAIN_SIZE + 1, stream));
	if (ferror(stream))
		give_up("ferror");
}

static void take_fread_unlocked(int round, char *to)
{
	rewind(stream);
	check(0, to, PLAIN_SIZE / 100 * 100, 100 * (ssize_t)fread_unlocked(to, 100, PLAIN_SIZE / 100, stream));
}

static void take_aio(int round, char *to)
{
	struct aiocb cb = { .aio_fildes = plain, .aio_buf = to, .aio_nbytes = PLAIN_SIZE };
	const struct aiocb *list[] = { &cb };

	if (aio_read(&cb) || (aio_error(&cb) == EINPROGRESS && aio_suspend(list, 1, NULL)))
		give_up("aio_read");
	errno = aio_error(&cb);
	check(0, to, PLAIN_SIZE, aio_return(&cb));
}

static void take_random(int round, char *to)
{
	memset(to, 0, 64000);
	if (getrandom(to, 64000, 0) != 64000)
		give_up("getrandom");
	for (int i = 0; i < 64000; i += 64) {
		if (!memcmp(to + i, (char[64]){ 0 }, 64))
			give_up("no random bytes");
	}
}

static void take_stat(int round, char *to)
{
	struct stat *st = (struct stat *)to;
	int *left = (int *)(st + 1);

	if (fstat(plain, st) || st->st_size != PLAIN_SIZE)
		give_up("fstat");
	lseek(plain, 1, SEEK_SET);
	if (ioctl(plain, FIONREAD, left) || *left != PLAIN_SIZE - 1)
		give_up("FIONREAD");
}

static const struct kind files[] = {
	{ "pread", setup_plain, NULL, take_pread },
	{ "read", setup_plain, NULL, take_read },
	{ "preadv", setup_plain, NULL, take_preadv },
	{ "fread", setup_plain, NULL, take_fread },
	{ "fread_unlocked", setup_plain, NULL, take_fread_unlocked },
	{ "aio_read", setup_plain, NULL, take_aio },
	{ "stat", setup_plain, NULL, take_stat },
	{ "getrandom", NULL, NULL, take_random },
	{ NULL },
};

static const struct kind *find(const char *name)
{
	const struct kind *tables[] = { files, messages, counts, answers };

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		for (const struct kind *k = tables[i]; k->name; k++) {
			if (!strcmp(k->name, name))
				return k;
		}
	}
	return NULL;
}

/* Who commits: two threads, or a process with them. */
static void start_committing(bool process)
{
	pthread_t thread;
	pid_t child = process ? fork() : 0;

	if (child)
		return;
	if (process)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (pthread_create(&thread, NULL, store, NULL) || pthread_create(&thread, NULL, commit, NULL))
		give_up("pthread_create");
	if (process) {
		pthread_join(thread, NULL);
		_exit(0);
	}
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR), rounds = argc > 4 ? atoi(argv[4]) : 100, status;
	bool process = !strcmp(argv[2], "process");
	pthread_t thread;

	size = (size_t)lseek(fd, 0, SEEK_END);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	kind = find(argv[3]);
	if (map == MAP_FAILED || !kind)
		return 2;
	receiver = gettid();
	if (kind->setup)
		kind->setup();
	start_committing(process);
	if (kind->send && pthread_create(&thread, NULL, feed, NULL))
		give_up("pthread_create");
	while (commits() < 1)
		sched_yield();
	for (int i = 1; i <= rounds; i++) {
		__atomic_store_n(&shared->round, i, __ATOMIC_SEQ_CST);
		kind->take(i, map + (size_t)i * 1237 % (size / 4) / 8 * 8);
	}
	__atomic_store_n(&shared->over, true, __ATOMIC_SEQ_CST);
	printf("%s: %d\n", kind->name, rounds);
	fflush(stdout);
	if (process && (wait(&status) < 0 || status))
		return 1;
	_exit(0);
}
