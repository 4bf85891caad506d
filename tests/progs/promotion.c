/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: four threads store to all pages of a file, round after round, while its view is promoted.
 *
 *   promotion run FILE fork|join|fixed|none STATUS     prints for each thread the round it was in and the page it came to, then
 *                                                      the longest time that one waited to store; ends with STATUS
 *   promotion check FILE ROUND PAGE...                 does FILE hold what such a run left?  When ROUND is "-" it maps
 *                                                      the file, writes a byte, and reads the numbers from standard input
 *
 * Each page holds the round in which it was stored to last.  A thread looks at what it stored a round ago before it stores again.
 * When all pages are dirty the view is promoted: by a fork, by another process that maps the file, by a second address.
 * Two rounds later all stop, and every page must hold its value in all places where it can be seen.
 */
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4
#define PAGE 4096

extern char **environ;

/* Where a thread is: pages of its own below `page` hold `round`, the others the one before. */
struct place {
	volatile unsigned round;
	volatile size_t page;
	long waited_us;
	bool bad;
};

static struct place places[THREADS];
static char *map;
static size_t pages;
static volatile bool stop;

static volatile unsigned *word(char *at, size_t page)
{
	return (volatile unsigned *)(at + page * PAGE + page * 8 % PAGE);
}

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void *store(void *arg)
{
	struct place *p = arg;
	long last = now_us(), now;

	for (p->round = 1; !stop; p->round++) {
		for (p->page = (size_t)(p - places); p->page < pages && !stop; p->page += THREADS) {
			if (*word(map, p->page) != p->round - 1 && !p->bad) {
				fprintf(stderr, "page %zu holds %u in round %u\n", p->page, *word(map, p->page), p->round);
				p->bad = true;
			}
			*word(map, p->page) = p->round;
			now = now_us();
			if (p->round > 1 && now - last > p->waited_us)
				p->waited_us = now - last;
			last = now;
		}
		if (stop)
			break;
	}
	return NULL;
}

/* True when `at` shows what the threads have stored. */
static bool holds(char *at, const char *name)
{
	for (size_t i = 0; i < pages; i++) {
		const struct place *p = &places[i % THREADS];
		unsigned wanted = i < p->page ? p->round : p->round - 1;

		if (*word(at, i) != wanted)
			return fprintf(stderr, "%s: page %zu holds %u, not %u\n", name, i, *word(at, i), wanted), false;
	}
	return true;
}

static char *map_file(const char *path)
{
	int fd = open(path, O_RDWR);
	struct stat st;
	char *p;

	if (fd < 0 || fstat(fd, &st))
		return MAP_FAILED;
	pages = (size_t)st.st_size / PAGE;
	p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return p;
}

static char *map_again(const char *path)
{
	char *room = mmap(NULL, pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int fd = open(path, O_RDWR);
	char *p = mmap(room, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);

	close(fd);
	return p;
}

static bool read_places(FILE *f)
{
	for (int i = 0; i < THREADS; i++) {
		unsigned round;
		size_t page;

		if (fscanf(f, "%u %zu", &round, &page) != 2)
			return false;
		places[i].round = round;
		places[i].page = page;
	}
	return true;
}

static void print_places(FILE *f)
{
	for (int i = 0; i < THREADS; i++)
		fprintf(f, "%u %zu ", places[i].round, places[i].page);
	fflush(f);
}

/* The other side of a join or a fork. */
struct peer {
	pid_t pid;
	FILE *tell;
};

static int check(FILE *f)
{
	return read_places(f) && holds(map, "another process") ? 0 : 3;
}

static struct peer start_peer(char *self, char *path, bool forks)
{
	char *argv[] = { self, "check", path, "-", NULL };
	posix_spawn_file_actions_t actions;
	struct peer peer;
	int ends[2], sign[2];
	char mapped;

	if (pipe2(ends, O_CLOEXEC) || pipe2(sign, O_CLOEXEC))
		exit(2);
	if (forks) {
		peer.pid = fork();
		if (peer.pid == 0)
			_exit(check(fdopen(ends[0], "r")));
	} else {
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
		posix_spawn_file_actions_adddup2(&actions, sign[1], 1);
		if (posix_spawn(&peer.pid, self, &actions, NULL, argv, environ))
			exit(2);
	}
	close(ends[0]);
	close(sign[1]);
	if (!forks && read(sign[0], &mapped, 1) != 1)
		exit(2);
	close(sign[0]);
	peer.tell = fdopen(ends[1], "w");
	return peer;
}

static bool end_peer(struct peer peer)
{
	int status = -1;

	print_places(peer.tell);
	fclose(peer.tell);
	return waitpid(peer.pid, &status, 0) == peer.pid && status == 0;
}

static void await_rounds(unsigned more)
{
	for (int i = 0; i < THREADS; i++) {
		unsigned until = places[i].round + more;

		while (places[i].round < until)
			usleep(1000);
	}
}

static int run(char *self, char *path, const char *way, int status)
{
	struct peer peer = { 0, NULL };
	pthread_t threads[THREADS];
	char *again = NULL;
	bool good = true;
	long start;

	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, store, &places[i]);
	await_rounds(2);
	start = now_us();
	if (!strcmp(way, "fork") || !strcmp(way, "join"))
		peer = start_peer(self, path, way[0] == 'f');
	else if (!strcmp(way, "fixed"))
		again = map_again(path);
	start = now_us() - start;
	await_rounds(2);
	stop = true;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		good = good && !places[i].bad;
	}
	good = holds(map, "the first address") && good;
	if (again)
		good = again != MAP_FAILED && holds(again, "the second address") && good;
	if (peer.tell)
		good = end_peer(peer) && good;
	print_places(stdout);
	printf("call %ld us, waited %ld %ld %ld %ld us\n", start, places[0].waited_us, places[1].waited_us, places[2].waited_us,
	       places[3].waited_us);
	return good ? status : 3;
}

int main(int argc, char **argv)
{
	map = argc > 3 ? map_file(argv[2]) : MAP_FAILED;
	if (map == MAP_FAILED)
		return perror("promotion run|check FILE ..."), 2;
	if (!strcmp(argv[1], "run"))
		return run(argv[0], argv[2], argv[3], argc > 4 ? atoi(argv[4]) : 0);
	if (!strcmp(argv[3], "-"))
		return write(1, "m", 1) == 1 ? check(stdin) : 2;
	for (int i = 0; i < THREADS && 4 + 2 * i < argc; i++) {
		places[i].round = (unsigned)atoi(argv[3 + 2 * i]);
		places[i].page = strtoul(argv[4 + 2 * i], NULL, 0);
	}
	return holds(map, argv[2]) ? 0 : 3;
}
