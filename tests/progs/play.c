/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: does what its arguments say to a mapped file, one word after the other, and prints what it
 * sees.  Words are fields separated by colons; W is the number of a window, counted from 0.
 *
 *   open:PATH[:ro]  cut:PATH  truncate:PATH:N  close  map:OFF:LEN[:ADDR[:fixed]]  romap:OFF:LEN  unmap:W[:OFF:LEN]  remap:W:LEN  prot:W:r|rw
 *   set:W:OFF:CHAR  fill:W:OFF:LEN:CHAR  get:W:OFF  same:W:W  readinto:W:OFF:LEN  dontneed:W  huge:W
 *   rename:OLD:NEW  exchange:A:B  link:OLD:NEW  unlink:PATH  stdout:PATH (reopens it)  say:TEXT (to stdout)  rawwrite:OFF:TEXT
 *   msync:W  fsync  trunc:N  size  end  write:OFF:TEXT  append:TEXT  read:OFF:LEN  allocate:OFF:LEN
 *   ready (prints it, waits for a line)  raise:NUMBER  closefrom:N  vmas
 *   child ... endchild (in a child, waits for it)  fork ... endchild (in a child, goes on)  wait (for any one)
 *   post:NAME (writes its pid into that file, whole)  await:NAME (for that file to be there, a minute at most)
 *   thread (the rest is played by another thread, the first one ends)
 *   system:CMD  popen:CMD  spawn:CMD  vfork:CMD (each by a shell)  vget:W:OFF (get, in a child of vfork)  exec:CMD  exit:N  _exit:N  quick:N
 *
 * A call that fails prints its name and the error, and the play goes on.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	char *at;
	size_t length;
} windows[64];
static int window_count, fd = -1;
static char *field[8];

static void split(char *word)
{
	memset(field, 0, sizeof field);
	for (int i = 0; i < 8 && word; i++)
		field[i] = strsep(&word, ":");
}

static long number(int i)
{
	return field[i] ? strtol(field[i], NULL, 0) : 0;
}

static char *place(void)
{
	return windows[number(1)].at + number(2);
}

static int is(const char *name)
{
	return !strcmp(field[0], name);
}

static long check(long result)
{
	if (result == -1)
		printf("%s: %s\n", field[0], strerrorname_np(errno));
	return result;
}

static void do_map(int prot)
{
	int flags = MAP_SHARED | (field[4] ? MAP_FIXED : 0);
	char *p = mmap((void *)number(3), (size_t)number(2), prot, flags, fd, number(1));

	check(p == MAP_FAILED ? -1 : 0);
	windows[window_count].at = p;
	windows[window_count++].length = (size_t)number(2);
}

static void do_remap(void)
{
	int w = (int)number(1);
	char *p = mremap(windows[w].at, windows[w].length, (size_t)number(2), MREMAP_MAYMOVE);

	if (check(p == MAP_FAILED ? -1 : 0))
		return;
	windows[w].at = p;
	windows[w].length = (size_t)number(2);
}

static void do_unmap(void)
{
	int w = (int)number(1);

	check(munmap(place(), field[3] ? (size_t)number(3) : windows[w].length));
}

/* Lets the kernel store: a pipe, so that the call cannot be done by anything but read(2). */
static void do_readinto(void)
{
	char block[4096];
	long left = number(3), done = 0, n;
	int ends[2];

	if (pipe(ends))
		return;
	memset(block, 'K', sizeof block);
	while (done < left) {
		n = write(ends[1], block, (size_t)(left - done < 4096 ? left - done : 4096));
		n = check(read(ends[0], place() + done, (size_t)n));
		if (n <= 0)
			break;
		done += n;
	}
	printf("%ld\n", done);
	close(ends[0]);
	close(ends[1]);
}

static void do_read(void)
{
	char buf[256] = "";
	ssize_t n = check(pread(fd, buf, (size_t)number(2), number(1)));

	if (n >= 0)
		printf("%.*s\n", (int)n, buf);
}

static void do_ready(void)
{
	char line[64];

	puts("ready");
	fflush(stdout);
	while (!fgets(line, sizeof line, stdin) && errno == EINTR)
		clearerr(stdin);
}

static void do_vmas(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	int c, n = 0;

	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	printf("%d\n", n);
}

static void do_size(void)
{
	struct stat st;

	if (!check(fstat(fd, &st)))
		printf("%ld\n", (long)st.st_size);
}

static void memory_word(void)
{
	if (is("map"))
		do_map(PROT_READ | PROT_WRITE);
	else if (is("romap"))
		do_map(PROT_READ);
	else if (is("unmap"))
		do_unmap();
	else if (is("remap"))
		do_remap();
	else if (is("prot"))
		check(mprotect(windows[number(1)].at, windows[number(1)].length,
			       !strcmp(field[2], "rw") ? PROT_READ | PROT_WRITE : PROT_READ));
	else if (is("set"))
		*place() = field[3][0];
	else if (is("fill"))
		memset(place(), field[4][0], (size_t)number(3));
	else if (is("get"))
		printf("%c\n", *place() ? *place() : '0');
	else if (is("same"))
		puts(windows[number(1)].at == windows[number(2)].at ? "yes" : "no");
	else if (is("readinto"))
		do_readinto();
	else if (is("dontneed") || is("huge"))
		check(madvise(windows[number(1)].at, windows[number(1)].length, is("huge") ? MADV_HUGEPAGE : MADV_DONTNEED));
	else if (is("msync"))
		check(msync(windows[number(1)].at, windows[number(1)].length, MS_SYNC));
	else
		printf("%s: not a word\n", field[0]);
}

static bool name_word(void)
{
	if (is("rename"))
		check(rename(field[1], field[2]));
	else if (is("exchange"))
		check(renameat2(AT_FDCWD, field[1], AT_FDCWD, field[2], RENAME_EXCHANGE));
	else if (is("link"))
		check(link(field[1], field[2]));
	else if (is("unlink"))
		check(unlink(field[1]));
	else if (is("stdout"))
		check(freopen(field[1], "w", stdout) ? 0 : -1);
	else if (is("say"))
		puts(field[1]);
	else if (is("rawwrite"))
		check(syscall(SYS_pwrite64, fd, field[2], strlen(field[2]), number(1)));
	else
		return false;
	return true;
}

static void file_word(void)
{
	if (name_word())
		return;
	if (is("open"))
		fd = (int)check(open(field[1], field[2] ? O_RDONLY : O_RDWR));
	else if (is("close"))
		check(close(fd));
	else if (is("cut"))
		fd = (int)check(open(field[1], O_RDWR | O_TRUNC | O_CREAT, 0600));
	else if (is("truncate"))
		check(truncate(field[1], number(2)));
	else if (is("fsync"))
		check(fsync(fd));
	else if (is("trunc"))
		check(ftruncate(fd, number(1)));
	else if (is("size"))
		do_size();
	else if (is("end"))
		printf("%ld\n", (long)lseek(fd, 0, SEEK_END));
	else if (is("write"))
		check(pwrite(fd, field[2], strlen(field[2]), number(1)));
	else if (is("append"))
		check(lseek(fd, 0, SEEK_END) >= 0 ? write(fd, field[1], strlen(field[1])) : -1);
	else if (is("read"))
		do_read();
	else if (is("allocate"))
		printf("%d\n", posix_fallocate(fd, number(1), number(2)));
	else if (is("closefrom"))
		closefrom((int)number(1));
	else
		memory_word();
}

static void do_post(void)
{
	char whole[256];
	FILE *f;

	snprintf(whole, sizeof whole, "%s.new", field[1]);
	f = fopen(whole, "w");
	fprintf(f, "%d\n", getpid());
	fclose(f);
	check(rename(whole, field[1]));
}

static void do_await(void)
{
	for (int ms = 0; access(field[1], F_OK); ms++) {
		if (ms == 60000) {
			printf("await %s: in vain\n", field[1]);
			return;
		}
		usleep(1000);
	}
}

static void do_wait(pid_t pid)
{
	int status;

	if (check(waitpid(pid, &status, 0)) == -1)
		return;
	printf("child %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

/* Returns the word after the endchild that belongs to the child or fork before `word`. */
static char **after_child(char **word)
{
	for (int depth = 1; *word && depth; word++) {
		if (!strcmp(*word, "child") || !strcmp(*word, "fork"))
			depth++;
		else if (!strcmp(*word, "endchild"))
			depth--;
	}
	return word;
}

static char **do_child(char **word, bool waits)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		return word;
	if (check(pid) != -1 && waits)
		do_wait(pid);
	return after_child(word);
}

static void do_popen(void)
{
	FILE *f = popen(field[1], "r");
	int c;

	while (f && (c = getc(f)) != EOF)
		putchar(c);
	if (f)
		check(pclose(f));
}

static void do_shell(void)
{
	char *argv[] = { "sh", "-c", field[1], NULL };
	pid_t pid;

	if (is("vfork")) {
		pid = vfork();
		if (pid == 0) {
			execv("/bin/sh", argv);
			_exit(127);
		}
	} else if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ)) {
		pid = -1;
	}
	if (check(pid) != -1)
		do_wait(pid);
}

static void do_get_in_vforked(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		printf("%c\n", *place());
		_exit(0);
	}
	if (check(pid) != -1)
		waitpid(pid, NULL, 0);
}

/* Words about processes; returns the next one. */
static char **process_word(char **word)
{
	if (is("child") || is("fork"))
		return do_child(word, is("child"));
	if (is("wait"))
		do_wait(-1);
	else if (is("post"))
		do_post();
	else if (is("await"))
		do_await();
	else if (is("system"))
		check(system(field[1]));
	else if (is("popen"))
		do_popen();
	else if (is("spawn") || is("vfork"))
		do_shell();
	else if (is("vget"))
		do_get_in_vforked();
	else if (is("exec"))
		check(execlp(field[1], field[1], field[2], (char *)NULL));
	else if (is("raise"))
		raise((int)number(1));
	else
		file_word();
	return word;
}

static void *play(void *rest)
{
	char **word = rest;
	pthread_t thread;

	while (*word) {
		split(*word++);
		if (is("exit"))
			exit((int)number(1));
		else if (is("_exit"))
			_exit((int)number(1));
		else if (is("quick"))
			quick_exit((int)number(1));
		else if (is("endchild"))
			exit(0);
		else if (is("ready"))
			do_ready();
		else if (is("vmas"))
			do_vmas();
		else if (is("thread"))
			return check(-pthread_create(&thread, NULL, play, word)), NULL;
		else
			word = process_word(word);
	}
	exit(0);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	play(argv + 1);
	pthread_exit(NULL);
}
