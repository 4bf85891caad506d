/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many stores threads make together, each to 256 pages of its own, while all of it is committed every 10 ms by msync of another thread.
 *
 *   threads FILE MIB THREADS SECONDS     sample: stores (a second)
 */
#include "bench.h"

#include <pthread.h>
#include <stdint.h>

#define PAGES 256
#define MOST 64
#define EVERY_US 10000

static char *map;
static volatile int running = 1;

struct storing {
	pthread_t thread;
	size_t first; /* of its pages */
	uint64_t stores;
};

static void *keep_storing(void *arg)
{
	struct storing *s = arg;
	uint64_t random = s->first + 1, n = 0;

	for (; running; n++) {
		random = random * 6364136223846793005ul + 1442695040888963407ul;
		*(volatile uint64_t *)(map + (s->first + (random >> 33) % PAGES) * PAGE + (random >> 50) % 500 * 8) = random;
	}
	s->stores = n;
	return NULL;
}

static int commit_every_10_ms(size_t size, double until)
{
	double next = now_us();

	while (now_us() < until) {
		double left;

		if (msync(map, size, MS_SYNC))
			return 1;
		next += EVERY_US;
		left = next - now_us();
		if (left > 0)
			usleep((useconds_t)left);
		else
			next = now_us();
	}
	return 0;
}

int main(int argc, char **argv)
{
	size_t size = strtoul(argv[2], NULL, 0) << 20;
	int threads = atoi(argv[3]), err;
	double start, seconds = atof(argv[4]);
	static struct storing all[MOST];
	uint64_t stores = 0;

	if (threads < 1 || threads > MOST || size / PAGE < (size_t)threads * PAGES)
		return 2;
	map = map_file(argv[1], size);
	read_all(map, size);
	start = now_us();
	for (int i = 0; i < threads; i++) {
		all[i].first = size / PAGE / (size_t)threads * (size_t)i;
		if (pthread_create(&all[i].thread, NULL, keep_storing, &all[i]))
			return 1;
	}
	err = commit_every_10_ms(size, start + seconds * 1e6);
	running = 0;
	for (int i = 0; i < threads; i++) {
		pthread_join(all[i].thread, NULL);
		stores += all[i].stores;
	}
	if (err)
		return 1;
	printf("stores %.0f\n", (double)stores / (now_us() - start) * 1e6);
	fflush(stdout);
	_exit(1);
}
