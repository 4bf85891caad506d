/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many marked files, one after the other, in one process.
 *
 *   comeandgo [-f] [-k] [-l] [-r N] temporary COUNT   makes each file, maps it, stores, commits, deletes it, unmaps, closes
 *   comeandgo ... existing COUNT    opens f0 to fCOUNT-1 in turn, stores X at 0, unmaps, closes
 *   comeandgo ... reading COUNT     the same, but only reads
 *   comeandgo ... kept COUNT        as temporary, but the files stay
 *
 * -f: with a forked child, which holds the file `common` mapped and waits for the end.  -k: kill -9 of this process, and of the
 * child, at the end.  -l: with a POSIX lock on `common`, and says at the end whether it is still held.  -r N: prints the microseconds of each N rounds on average, one number a line.
 * Prints "failed at I: ERROR" for the first that cannot be used, and goes on to the end with status 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIZE 8192

static void die(const char *what)
{
	perror(what);
	exit(9);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static bool use(const char *name, int flags, int prot, bool commit, bool remove)
{
	int fd = open(name, flags, 0600);
	char *p = MAP_FAILED;
	bool done = false;

	if (fd >= 0 && (!(flags & O_CREAT) || !ftruncate(fd, SIZE)))
		p = mmap(NULL, SIZE, prot, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED) {
		if (prot & PROT_WRITE)
			p[0] = 'X';
		else if (p[0] != 'a')
			die("wrong content");
		done = (!commit || !msync(p, SIZE, MS_SYNC)) && (!remove || !unlink(name));
		if (done && remove) {
			p[1] = 'Y';
			if (p[0] != 'X' || p[1] != 'Y')
				die("wrong content");
		}
		munmap(p, SIZE);
	}
	if (fd >= 0) {
		int saved = errno;

		close(fd);
		errno = saved;
	}
	return done;
}

static bool one(const char *kind, int i)
{
	char name[32];

	snprintf(name, sizeof name, "f%d", i);
	if (!strcmp(kind, "existing"))
		return use(name, O_RDWR, PROT_READ | PROT_WRITE, false, false);
	if (!strcmp(kind, "reading"))
		return use(name, O_RDONLY, PROT_READ, false, false);
	return use(name, O_RDWR | O_CREAT, PROT_READ | PROT_WRITE, true, !strcmp(kind, "temporary"));
}

static pid_t companion(void)
{
	int fd = open("common", O_RDWR), pipes[2];
	char *p = fd < 0 ? MAP_FAILED : mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), c;
	pid_t child;

	if (p == MAP_FAILED || pipe(pipes))
		die("common");
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		close(pipes[1]);
		if (read(pipes[0], &c, 1) != 0)
			_exit(1);
		_exit(p[0] == 'P' ? 0 : 2);
	}
	close(pipes[0]);
	p[0] = 'P';
	return child;
}

static void run(const char *kind, int count, int report)
{
	double start = now();
	bool failed = false;

	for (int i = 0; i < count; i++) {
		if (!one(kind, i) && !failed) {
			printf("failed at %d: %s\n", i, strerror(errno));
			failed = true;
		}
		if (report && (i + 1) % report == 0) {
			printf("%.1f\n", (now() - start) / report);
			start = now();
		}
	}
	fflush(stdout);
}

static void lock_common(void)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open("common", O_RDWR);

	if (fd < 0 || fcntl(fd, F_SETLK, &whole) || pwrite(fd, "L", 1, 0) != 1 || fsync(fd))
		die("common");
}

static void tell_lock(void)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	pid_t child = fork();

	if (child == 0) {
		int fd = open("common", O_RDWR);

		fcntl(fd, F_GETLK, &whole);
		printf(whole.l_type == F_UNLCK ? "lost\n" : "locked\n");
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	bool forked = false, killed = false, locked = false;
	pid_t child = 0;
	int option, report = 0, status = 0;

	while ((option = getopt(argc, argv, "fklr:")) != -1) {
		forked |= option == 'f';
		killed |= option == 'k';
		locked |= option == 'l';
		if (option == 'r')
			report = atoi(optarg);
	}
	if (argc - optind != 2)
		return 9;
	if (forked)
		child = companion();
	if (locked)
		lock_common();
	run(argv[optind], atoi(argv[optind + 1]), report);
	if (locked)
		tell_lock();
	if (killed) {
		if (child)
			kill(child, SIGKILL);
		raise(SIGKILL);
	}
	if (!child)
		return 0;
	/* Its pipe ends with us; it looks and goes first only if we close it. */
	for (int fd = 3; fd < 16; fd++)
		close(fd);
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 8;
}
