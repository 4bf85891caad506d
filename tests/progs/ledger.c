/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: a file that is always state number n as a whole, for several machines in turn.  Every byte, and the size, follow from n.
 *
 *   ledger FILE COUNT [PAUSE]   finds out which state the file is in, then goes through COUNT more, one transaction each, with PAUSE
 *                               milliseconds after each; COUNT 0 only looks, -1 goes on for ever
 *   ledger FILE idle            finds out, makes one more, then waits for a line and makes another
 *
 * Prints one line for each event, with CLOCK_MONOTONIC in milliseconds:
 *   MS found N | MS ack N | MS failed N: why | MS torn: what is wrong
 * A failed transaction ends it with 3, a torn file with 4, an error with 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROOM (64 << 10)

static int fd;
static unsigned char *at;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char line[256];
	struct timespec t;
	va_list args;
	int n;

	clock_gettime(CLOCK_MONOTONIC, &t);
	n = snprintf(line, sizeof line, "%ld ", t.tv_sec * 1000L + t.tv_nsec / 1000000);
	va_start(args, format);
	n += vsnprintf(line + n, sizeof line - (size_t)n - 1, format, args);
	va_end(args);
	line[n++] = '\n';
	if (write(1, line, (size_t)n) != n)
		exit(1);
}

static size_t size_of(long n)
{
	return n ? 40000 + (size_t)(n * 1237 % 20000) : 0;
}

static unsigned char byte_of(long n, size_t i)
{
	return (unsigned char)((unsigned long)n * 2654435761u >> 8) ^ (unsigned char)(i * 31 >> 3) ^ (unsigned char)n;
}

static long find(void)
{
	struct stat st;
	long n = 0;

	if (fstat(fd, &st))
		exit(1);
	if (st.st_size)
		memcpy(&n, at, sizeof n);
	if ((size_t)st.st_size != size_of(n)) {
		say("torn: state %ld has %zu bytes, not %ld", n, size_of(n), (long)st.st_size);
		exit(4);
	}
	for (size_t i = sizeof n; i < (size_t)st.st_size; i++) {
		if (at[i] == byte_of(n, i))
			continue;
		say("torn: state %ld, byte %zu", n, i);
		exit(4);
	}
	say("found %ld", n);
	return n;
}

static void fail(long n, const char *what)
{
	say("failed %ld: %s: %s", n, what, strerror(errno));
	exit(3);
}

static void make(long n)
{
	if (ftruncate(fd, (off_t)size_of(n)))
		fail(n, "ftruncate");
	memcpy(at, &n, sizeof n);
	for (size_t i = sizeof n; i < size_of(n); i++)
		at[i] = byte_of(n, i);
	if (msync(at, ROOM, MS_SYNC))
		fail(n, "msync");
	say("ack %ld", n);
}

int main(int argc, char **argv)
{
	bool looks = argc > 2 && !strcmp(argv[2], "0");
	long n, count = argc > 2 ? atol(argv[2]) : 1;
	char line[16];

	fd = open(argv[1], looks ? O_RDONLY : O_RDWR | O_CREAT, 0644);
	at = fd < 0 ? MAP_FAILED : mmap(NULL, ROOM, looks ? PROT_READ : PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) {
		say("failed 0: open or mmap: %s", strerror(errno));
		return 1;
	}
	n = find();
	if (argc > 2 && !strcmp(argv[2], "idle")) {
		make(++n);
		if (read(0, line, sizeof line) < 0)
			return 1;
		count = 1;
	}
	for (; count; count -= count > 0) {
		make(++n);
		if (argc > 3)
			usleep((unsigned)atoi(argv[3]) * 1000);
	}
	return 0;
}
