/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: does random operations on one marked file and compares all that it reads, every size and every
 * mapped byte with a model in memory; after each commit also the file itself, read without Bigfile.
 *
 *   fuzz FILE OPS SEED [--plain] [--map-first] [--shared] [--check=N] [--verbose] [--only=GROUP,...] [--without=GROUP,...]
 *                      [--end=STATUS]
 *
 * A seed means one sequence, so it reproduces a failure.  --plain: without Bigfile, which tests the model against the
 * kernel; nothing is committed or rolled back.  --map-first: the file is mapped before all else.  --shared: a forked child shares
 * the file all the time.  --check: compares
 * everything after each N operations (default 250), which does not change the sequence.  --end: the process ends with this status in the midst
 * of a transaction, and leaves in FILE.wanted what the file should hold then.
 *
 * fuzz_model.c is the model, fuzz_fd.c, fuzz_io.c, fuzz_copy.c, fuzz_map.c, fuzz_touch.c and fuzz_end.c hold the operations.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINES 24

static const char *const group_names[GROUPS] = {
	[G_OPEN] = "open", [G_RDTRUNC] = "rdtrunc", [G_PROCFD] = "procfd", [G_DUP] = "dup", [G_READ] = "read",
	[G_WRITE] = "write", [G_V2] = "v2", [G_SEEK] = "seek", [G_HOLES] = "holes", [G_SIZE] = "size",
	[G_ALLOC] = "alloc", [G_SHIFT] = "shift", [G_STAT] = "stat", [G_STATX] = "statx", [G_COPY] = "copy",
	[G_SPLICE] = "splice", [G_STDIO] = "stdio", [G_MAP] = "map", [G_TWINS] = "twins", [G_REMAP] = "remap",
	[G_PROTECT] = "protect", [G_TAIL] = "tail", [G_BUS] = "bus", [G_PRIVATE] = "private",
	[G_WINIO] = "winio", [G_COMMIT] = "commit", [G_SIGNAL] = "signal", [G_ABORT] = "abort", [G_BIG] = "big",
	[G_SPARSE] = "sparse",
};

static const struct operation {
	bool (*run)(void);
	enum group group;
	unsigned weight;
} operations[] = {
	{ do_open, G_OPEN, 30 }, { do_close, G_OPEN, 20 }, { do_dup, G_DUP, 20 }, { do_read, G_READ, 100 },
	{ do_write, G_WRITE, 100 }, { do_seek, G_SEEK, 40 }, { do_holes, G_HOLES, 20 }, { do_size, G_SIZE, 40 },
	{ do_alloc, G_ALLOC, 30 }, { do_shift, G_SHIFT, 6 }, { do_stat, G_STAT, 30 }, { do_copy, G_COPY, 25 },
	{ do_splice, G_SPLICE, 15 }, { do_stdio, G_STDIO, 25 }, { do_map, G_MAP, 50 }, { do_unmap, G_MAP, 40 },
	{ do_remap, G_REMAP, 20 }, { do_protect, G_PROTECT, 20 }, { do_async, G_MAP, 5 }, { do_private, G_PRIVATE, 10 },
	{ do_load, G_MAP, 100 }, { do_store, G_MAP, 150 }, { do_tail, G_TAIL, 15 }, { do_bus, G_BUS, 10 },
	{ do_winio, G_WINIO, 25 }, { do_commit, G_COMMIT, 6 }, { do_abort, G_ABORT, 4 },
};

const char *path, *full_path;
bool plain;
unsigned long commits, aborts;
uint8_t block[BLOCK], other[BLOCK];
static bool verbose, first_mapped, shared, enabled[GROUPS];
static pid_t partner;
static int end_status = -1;
static uint64_t seed, state, done, check_each = 250;
static char lines[LINES][200];

bool on(enum group g)
{
	return enabled[g];
}

uint64_t draw(uint64_t below)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return below ? (z ^ (z >> 31)) % below : 0;
}

bool one_in(unsigned n)
{
	return draw(n) == 0;
}

uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t page_up(uint64_t n)
{
	return (n + PAGE - 1) & ~(PAGE - 1);
}

uint64_t pick_offset(void)
{
	switch (draw(12)) {
	case 0:
		return 0;
	case 1:
	case 2: {
		uint64_t border = draw(model_size / PAGE + 2) * PAGE, step = draw(3);

		return border + step - (border + step ? 1 : 0);
	}
	case 3:
		return model_size;
	case 4:
		return model_size - min(model_size, draw(100));
	case 5:
		return model_size + draw(3 * PAGE);
	default:
		return draw(model_size + 1);
	}
}

uint64_t pick_length(void)
{
	uint64_t kind = draw(40);

	if (kind < 1)
		return 0;
	if (kind < 20)
		return 1 + draw(200);
	if (kind < 28)
		return draw(5000);
	if (kind < 32)
		return draw(4) * PAGE + draw(3);
	return draw(kind < 38 ? 20000 : BLOCK);
}

uint64_t pick_size(void)
{
	uint64_t kind = draw(1000);

	if (kind < 2 && on(G_SPARSE))
		return draw(HUGE_SIZE);
	if (kind < 20 && on(G_BIG))
		return draw(UINT64_C(4) << 20);
	if (model_size > LIMIT || kind < 500)
		return draw(LIMIT);
	if (kind < 600)
		return draw(LIMIT / PAGE) * PAGE;
	if (kind < 650)
		return model_size;
	if (kind < 660)
		return 0;
	return kind < 800 ? model_size + draw(5000) : model_size - min(model_size, draw(5000));
}

bool may_reach(uint64_t end)
{
	return end <= model_size || end <= LIMIT || (end < ROOM && one_in(50));
}

void fill(uint8_t *to, uint64_t n)
{
	uint64_t kind = draw(8);

	if (kind < 2) {
		memset(to, kind ? (int)draw(256) : 0, n);
		return;
	}
	for (uint64_t i = 0; i < n; i += 8) {
		uint64_t word = draw(UINT64_MAX);

		memcpy(to + i, &word, min(8, n - i));
	}
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(lines[done % LINES], sizeof lines[0], format, args);
	va_end(args);
	if (verbose)
		fprintf(stderr, "%lu: %s\n", done, lines[done % LINES]);
}

void fail(const char *format, ...)
{
	va_list args;

	printf("FAILED: seed %lu, operation %lu: %s\n", seed, done, lines[done % LINES]);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\nbefore that:\n");
	for (uint64_t i = done < LINES ? 0 : done - LINES + 1; i < done; i++)
		printf("  %lu: %s\n", i, lines[i % LINES]);
	exit(1);
}

void expect(long result, long wanted)
{
	if (result == wanted)
		return;
	fail("returned %ld%s%s, should be %ld%s%s; size %lu", result, result < 0 ? " " : "",
	     result < 0 ? strerrorname_np((int)-result) : "", wanted, wanted < 0 ? " " : "",
	     wanted < 0 ? strerrorname_np((int)-wanted) : "", model_size);
}

static void check_all(void)
{
	check_offsets();
	check_reads();
	check_windows();
	check_file();
}

static void run(uint64_t count)
{
	unsigned total = 0;

	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
		total += on(operations[i].group) ? operations[i].weight : 0;
	for (; done < count; done++) {
		bool did = false;

		while (!did) {
			const struct operation *o = operations;

			for (uint64_t n = draw(total);; o++) {
				if (on(o->group) && n < o->weight)
					break;
				n -= on(o->group) ? o->weight : 0;
			}
			did = o->run();
		}
		if (done % check_each == check_each - 1)
			check_all();
	}
	check_all();
}

static bool set_groups(char *list, bool value)
{
	for (char *name = strtok(list, ","); name; name = strtok(NULL, ",")) {
		int g = 0;

		while (g < GROUPS && strcmp(group_names[g], name))
			g++;
		if (g == GROUPS)
			return false;
		enabled[g] = value;
	}
	return true;
}

static bool take_option(char *arg)
{
	if (!strcmp(arg, "--plain"))
		plain = true;
	else if (!strcmp(arg, "--map-first"))
		first_mapped = true;
	else if (!strcmp(arg, "--shared"))
		shared = true;
	else if (!strcmp(arg, "--verbose"))
		verbose = true;
	else if (!strncmp(arg, "--check=", 8))
		check_each = max(1, strtoul(arg + 8, NULL, 0));
	else if (!strncmp(arg, "--end=", 6))
		end_status = atoi(arg + 6);
	else if (!strncmp(arg, "--only=", 7))
		return memset(enabled, 0, sizeof enabled), set_groups(arg + 7, true);
	else if (!strncmp(arg, "--without=", 10))
		return set_groups(arg + 10, false);
	else
		return false;
	return true;
}

/* From here on the file is one that two processes share, although the other does nothing. */
static void share(void)
{
	int fd = open(path, O_RDWR);
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	partner = fork();
	if (partner == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	munmap(p, 4096);
	close(fd);
}

/* The transaction is ours again. */
static void end_share(void)
{
	if (partner <= 0)
		return;
	kill(partner, SIGKILL);
	waitpid(partner, NULL, 0);
}

static int usage(void)
{
	printf("usage: fuzz FILE OPS SEED [--plain] [--map-first] [--shared] [--check=N] [--verbose] [--only=GROUP,...] "
	       "[--without=GROUP,...] [--end=STATUS]\ngroups:");
	for (int g = 0; g < GROUPS; g++)
		printf(" %s", group_names[g]);
	puts("");
	return 2;
}

int main(int argc, char **argv)
{
	uint64_t count;

	memset(enabled, 1, sizeof enabled);
	for (int i = 4; i < argc; i++) {
		if (!take_option(argv[i]))
			return usage();
	}
	if (argc < 4)
		return usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	path = argv[1];
	full_path = realpath(path, NULL);
	count = strtoul(argv[2], NULL, 0);
	seed = state = strtoul(argv[3], NULL, 0);
	model_start();
	touch_start();
	open_side();
	open_first();
	if (first_mapped)
		map_first();
	if (shared)
		share();
	run(count);
	end_share();
	printf("%lu operations, seed %lu, %lu commits, %lu aborts: ok\n", done, seed, commits, aborts);
	if (end_status < 0)
		return 0;
	snprintf((char *)block, BLOCK, "%s.wanted", path);
	model_save((char *)block, end_status == 0);
	return end_status;
}
