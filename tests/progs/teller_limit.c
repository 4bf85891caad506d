/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long the driver waits.  A teller may wait for its turn on a processor or for a disk that is busy with others, and that is no
 * fault of anybody: so a limit is not in time that passes, but in what this process, which does not use Bigfile, gets done
 * meanwhile.  On a machine that does nothing else the two are the same.  See teller.h.
 */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "teller.h"

#define GRACE_MS 100 /* in which the driver does not take part in the rush */
#define TURN_MS 10   /* of a processor, and one write that is made durable */
#define WRITES 20    /* that a teller may have to wait for, its own and others', one after the other */

static int witness;
static long slowest_ms; /* of all writes: on a disk that is busy at times one takes a hundred times as long as another */

bool limit_start(const char *marked_path)
{
	char name[4096];

	snprintf(name, sizeof name, "%s.witness", marked_path);
	witness = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return witness >= 0;
}

static long processor_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void take_turn(int number)
{
	static off_t end_of_file;
	long start, took;

	for (long end = processor_ms() + TURN_MS; processor_ms() < end;)
		;
	start = now_ms();
	/* To a new block, as journals are made of: such a write waits for what others have changed in the file system, too. */
	end_of_file += 4096;
	if (pwrite(witness, &number, sizeof number, end_of_file) != sizeof number || fdatasync(witness))
		perror("witness");
	took = now_ms() - start;
	slowest_ms = took > slowest_ms ? took : slowest_ms;
}

bool limit_is_over(struct limit *l, int ms)
{
	if (!l->begun)
		l->begun = now_ms();
	if (now_ms() - l->begun < GRACE_MS) {
		usleep(100);
		return false;
	}
	take_turn(l->turns++);
	return l->turns > ms / TURN_MS && now_ms() - l->begun > WRITES * slowest_ms;
}
