/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: threads store to pages of their own, and look each time whether what they stored there last is there still, while all of it is
 * committed again and again, from when each has stored a thousand times.
 *
 *   keeps FILE PAGES THREADS COMMITS [SELDOM]      FILE has PAGES pages of zeros, or is empty and gets them; one store of SELDOM (16) goes to any of them, the others to a few
 *
 * The last word that it prints is "kept", or the page that went back.  Ends by exit(0), which commits the rest.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define MOST 16
#define ENOUGH 1000

static char *map;
static uint64_t pages, threads, seldom;
static _Atomic int ended, lost, stored;

static volatile uint64_t *word_of(uint64_t page)
{
	return (volatile uint64_t *)(map + page * PAGE + page * 8 % PAGE);
}

static void *store(void *arg)
{
	uint64_t own = pages / threads, first = (uint64_t)(uintptr_t)arg * own, few = own < 1024 ? own / 16 + 1 : 64, random = first + 1;
	uint64_t *last = calloc(own, sizeof *last);
	unsigned made = 0;

	while (last && !ended && !lost) {
		random = random * 6364136223846793005ul + 1442695040888963407ul;
		uint64_t i = (random >> 40) % seldom ? (random >> 33) % few : (random >> 20) % own;

		if (*word_of(first + i) != last[i]) {
			printf("page %lu holds %lu, %lu was stored\n", first + i, *word_of(first + i), last[i]);
			lost = 1;
		}
		*word_of(first + i) = ++last[i];
		stored += made < ENOUGH && ++made == ENOUGH;
	}
	/* Once more all of it. */
	for (uint64_t i = 0; last && i < own && !lost; i++)
		lost = *word_of(first + i) != last[i];
	free(last);
	return NULL;
}

int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDWR);
	pthread_t all[MOST];

	pages = strtoul(argv[2], NULL, 0);
	threads = strtoul(argv[3], NULL, 0);
	seldom = argc > 5 ? strtoul(argv[5], NULL, 0) : 16;
	map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (lseek(fd, 0, SEEK_END) == 0 && ftruncate(fd, (off_t)(pages * PAGE)))
		return perror("ftruncate"), 1;
	if (map == MAP_FAILED || threads < 1 || threads > MOST || pages < threads)
		return perror(argv[1]), 1;
	for (uint64_t t = 0; t < threads; t++) {
		if (pthread_create(&all[t], NULL, store, (void *)(uintptr_t)t))
			return perror("pthread_create"), 1;
	}
	while (stored < (int)threads && !lost)
		usleep(1000);
	for (long left = strtol(argv[4], NULL, 0); left > 0 && !lost; left--) {
		if (msync(map, pages * PAGE, MS_SYNC))
			return perror("msync"), 1;
	}
	ended = 1;
	for (uint64_t t = 0; t < threads; t++)
		pthread_join(all[t], NULL);
	puts(lost ? "lost" : "kept");
	return lost;
}
