/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: what stdio, asynchronous I/O and the calls that move bytes between descriptors do to a marked file shows
 * at once in its map and in read(), and the other way round.  Prints "ok", or the line of the first check that failed.
 *
 *   streams FILE STATUS
 *
 * FILE must not exist.  Ends with STATUS, and "the end" still in a buffer of a stream.
 */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK(what)                                                           \
	do {                                                                  \
		if (!(what)) {                                                \
			printf("line %d: %s (%s)\n", __LINE__, #what, strerror(errno)); \
			exit(9);                                              \
		}                                                             \
	} while (0)

static const char *path;

static int holds(const char *text)
{
	char got[256];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, got, sizeof got);

	close(fd);
	return n == (ssize_t)strlen(text) && !memcmp(got, text, (size_t)n);
}

static void by_fopen(void)
{
	FILE *f = fopen(path, "w");
	char line[64];
	struct stat st;

	CHECK(f);
	CHECK(fprintf(f, "%s %d\n", "number", 42) == 10 && !fflush(f));
	CHECK(holds("number 42\n"));
	CHECK(!fstat(fileno(f), &st) && st.st_size == 10);
	CHECK(!fclose(f));
	f = fopen(path, "a");
	CHECK(f && fputs("more\n", f) >= 0 && !fclose(f));
	CHECK(holds("number 42\nmore\n"));
	f = fopen(path, "r+");
	CHECK(f && fgets(line, sizeof line, f) && !strcmp(line, "number 42\n"));
	CHECK(!fseek(f, 0, SEEK_CUR) && fputs("MORE", f) >= 0 && ftell(f) == 14);
	CHECK(!fseek(f, -1, SEEK_END) && getc(f) == '\n' && getc(f) == EOF && feof(f));
	CHECK(!fclose(f));
	CHECK(holds("number 42\nMORE\n"));
	CHECK(!fopen(path, "wx") && errno == EEXIST);
}

static void by_fdopen(void)
{
	int fd = open(path, O_RDWR), left;
	FILE *f = fdopen(dup(fd), "r+");
	char word[16];

	CHECK(f && fscanf(f, "%15s", word) == 1 && !strcmp(word, "number"));
	CHECK(!fclose(f));
	CHECK(lseek(fd, 0, SEEK_SET) == 0 && dprintf(fd, "NUMBER") == 6);
	CHECK(!ioctl(fd, FIONREAD, &left) && left == 9);
	CHECK(holds("NUMBER 42\nMORE\n"));
	CHECK(!fdopen(open(path, O_RDONLY), "w") && errno == EINVAL);
	close(fd);
}

static void by_aio(void)
{
	struct aiocb cb = { .aio_fildes = open(path, O_RDWR), .aio_buf = (void *)"==", .aio_nbytes = 2, .aio_offset = 7 };
	const struct aiocb *list[] = { &cb };

	CHECK(!aio_write(&cb) && !aio_suspend(list, 1, NULL) && !aio_error(&cb) && aio_return(&cb) == 2);
	CHECK(holds("NUMBER ==\nMORE\n"));
	close(cb.aio_fildes);
}

static void by_moving(void)
{
	int fd = open(path, O_RDWR), ends[2], other = open(".", O_TMPFILE | O_RDWR, 0600);
	off_t from = 7, to = 0;
	char got[16];

	CHECK(!pipe(ends) && other >= 0);
	CHECK(splice(fd, &from, ends[1], NULL, 2, 0) == 2 && from == 9);
	CHECK(read(ends[0], got, sizeof got) == 2 && !memcmp(got, "==", 2));
	from = 10;
	CHECK(copy_file_range(fd, &from, other, &to, 100, 0) == 5 && to == 5);
	CHECK(pread(other, got, sizeof got, 0) == 5 && !memcmp(got, "MORE\n", 5));
	CHECK(lseek(other, 0, SEEK_SET) == 0 && lseek(fd, 0, SEEK_END) == 15);
	CHECK(sendfile(fd, other, NULL, 4) == 4);
	CHECK(holds("NUMBER ==\nMORE\nMORE"));
	close(fd);
}

static void by_map(void)
{
	int fd = open(path, O_RDWR);
	char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *private;
	FILE *f = fopen(path, "r");
	char word[16];

	CHECK(shared != MAP_FAILED && !memcmp(shared, "NUMBER", 6));
	memcpy(shared, "mapped", 6);
	CHECK(f && fscanf(f, "%15s", word) == 1 && !strcmp(word, "mapped"));
	private = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(private != MAP_FAILED && !memcmp(private, "mapped ==", 9));
	private[0] = 'X';
	CHECK(shared[0] == 'm' && holds("mapped ==\nMORE\nMORE"));
	fclose(f);
}

int main(int argc, char **argv)
{
	path = argv[1];
	by_fopen();
	by_fdopen();
	by_aio();
	by_moving();
	by_map();
	CHECK(fputs("the end", fopen(path, "a")) >= 0);
	puts("ok");
	return atoi(argv[2]);
}
