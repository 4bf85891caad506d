/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: how much of the stack the calls take that may be made in a signal handler, whose stack may have 8 KiB.
 *
 *	stackuse FILE MOST
 *
 * Maps FILE, makes each call on a stack of its own, twice, the file being dirty, and prints those that took MOST bytes more than the kernel's
 * own frame, which one of them may need for a page fault, and the dynamic linker for the first call.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif
#define SIZE (1 << 20)
#define PAINT 0xaa

static const char *path;
static char other[4000], third[4000];
static char *map;
static int fd, fresh;
static char small[8] = "hello";

static void open_it(void) { close(open(path, O_RDWR)); }
static void create_other(void) { close(open(other, O_RDWR | O_CREAT, 0600)); }
static void open_unmarked(void) { fresh = open("/proc/self/maps", O_RDONLY); }
static void read_unmarked(void) { (void)!read(fresh, small, 4); }
static void close_unmarked(void) { close(fresh); }
static void say(void) { (void)!write(2, "", 0); }
static void write_it(void) { (void)!write(fd, small, 4); }
static void pwrite_it(void) { (void)!pwrite(fd, small, 4, 4096); }
static void read_it(void) { (void)!read(fd, small, 4); }
static void read_into(void) { (void)!pread(fd, map + 40960, 4096, 0); }
static void seek_it(void) { lseek(fd, 0, SEEK_SET); }
static void store(void) { map[300000]++; }
static void rename_it(void) { rename(path, path); }
static void rename_other(void) { rename(other, third); }
static void link_it(void) { (void)!link(path, other); }
static void unlink_link(void) { unlink(other); }
static void unlink_third(void) { unlink(third); }
static void cut(void) { (void)!truncate(path, SIZE); }
static void fcut(void) { (void)!ftruncate(fd, SIZE); }
static void sync_it(void) { fsync(fd); }
static void sync_map(void) { msync(map, SIZE, MS_SYNC); }
static void map_again(void) { munmap(mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0), SIZE); }
static void make_folder(void) { mkdir(third, 0700); }
static void remove_folder(void) { rmdir(third); }
static void copy(void) { close(dup2(fd, 100)); }
static void look(void) { access(path, R_OK); }

static void status(void)
{
	struct stat st;

	stat(path, &st);
	fstat(fd, &st);
}

static void child(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(1);
	waitpid(pid, NULL, 0);
}

static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
	{ "open", open_it }, { "open, to create", create_other }, { "open of an unmarked file", open_unmarked },
	{ "read of that", read_unmarked }, { "close of that", close_unmarked }, { "write to stderr", say }, { "write", write_it }, { "pwrite", pwrite_it },
	{ "read", read_it }, { "read into a mapping", read_into }, { "lseek", seek_it }, { "a store", store }, { "rename", rename_it },
	{ "rename of an unmarked file", rename_other }, { "link", link_it }, { "unlink of a link", unlink_link },
	{ "unlink of an unmarked file", unlink_third }, { "truncate", cut }, { "ftruncate", fcut }, { "fsync", sync_it }, { "msync", sync_map },
	{ "mmap", map_again }, { "mkdir", make_folder }, { "rmdir", remove_folder }, { "dup2", copy }, { "access", look },
	{ "stat", status }, { "fork", child },
};

static size_t use_of(void (*call)(void))
{
	static unsigned char stack[SIZE] __attribute__((aligned(64)));
	static ucontext_t here, there;
	size_t unused = 0;

	memset(stack, PAINT, sizeof stack);
	getcontext(&there);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof stack;
	there.uc_link = &here;
	makecontext(&there, call, 0);
	swapcontext(&here, &there);
	while (unused < sizeof stack && stack[unused] == PAINT)
		unused++;
	return sizeof stack - unused;
}

int main(int argc, char **argv)
{
	size_t most;

	if (argc != 3)
		return 2;
	path = argv[1];
	most = strtoul(argv[2], NULL, 0) + getauxval(AT_MINSIGSTKSZ);
	snprintf(other, sizeof other, "%s.other", path);
	snprintf(third, sizeof third, "%s.third", path);
	fd = open(path, O_RDWR);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || map == MAP_FAILED)
		return 2;
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
			size_t use;

			map[0]++;
			use = use_of(calls[i].call);
			if (use > most)
				printf("%s: %zu bytes\n", calls[i].name, use);
		}
	}
	return 0;
}
