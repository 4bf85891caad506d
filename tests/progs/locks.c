/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: takes a POSIX lock on the file, maps it, stores, commits, and asks a child whether the lock is
 * still held; then closes and covers every descriptor above 2, stores and commits again.
 *
 *   locks FILE
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int held_elsewhere(const char *path)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int status;

	if (fork() == 0) {
		int fd = open(path, O_RDWR);

		_exit(fcntl(fd, F_SETLK, &l) == -1 ? 1 : 0);
	}
	wait(&status);
	return WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(argv[1], O_RDWR), null, n = 0;
	char *map;
	DIR *d;

	fcntl(fd, F_SETLK, &l);
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return perror("mmap"), 1;
	map[0] = 'A';
	printf("commit %d\n", msync(map, 8192, MS_SYNC));
	printf("lock %s\n", held_elsewhere(argv[1]) ? "held" : "LOST");
	d = opendir("/proc/self/fd");
	while (readdir(d))
		n++;
	closedir(d);
	printf("%d descriptors\n", n - 3); /* ., .., and that of the folder */
	closefrom(3);
	close_range(3, ~0U, 0);
	null = open("/dev/null", O_WRONLY);
	for (int i = 3; i < 64; i++)
		dup2(null, i);
	map[1] = 'B';
	printf("commit %d\n", msync(map, 8192, MS_SYNC));
	return 0;
}
