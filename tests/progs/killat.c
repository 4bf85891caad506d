/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: runs a program, all of whose threads and children it traces, and kills them when any of them enters its N-th system
 * call, which is not made.  Counting begins with the first call of personality(2), or, with -w, with the first
 * openat of a path that contains WORD, and ends with the next personality(2).
 *
 *   killat [-1] [-w WORD] N COMMAND... 0: killed; 3: it had fewer calls; otherwise as the command
 *
 *   killat -p FOLDER...                no program is killed, but these file systems: what is not on the disk is lost
 *
 * With -1 only calls of the process that began it are counted, only that one is killed, and the others run on.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process_of.h"

static const char *word;
static long wanted, counted;
static int counted_process;
static bool counting, only_one, killed;
static pid_t tracees[4096];
static unsigned tracee_count;

static void add(pid_t pid)
{
	for (unsigned i = 0; i < tracee_count; i++) {
		if (tracees[i] == pid)
			return;
	}
	if (tracee_count < 4096)
		tracees[tracee_count++] = pid;
}

static bool opens_word(pid_t pid, uint64_t at)
{
	char path[4096] = "";
	struct iovec here = { path, sizeof path - 1 }, there = { (void *)at, 1024 };

	if (!word || process_vm_readv(pid, &here, 1, &there, 1, 0) <= 0)
		return false;
	return strstr(path, word) != NULL;
}

static void kill_all(void)
{
	for (unsigned i = 0; i < tracee_count; i++)
		kill(tracees[i], SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
}

/* A system call is entered.  Is it the one? */
static bool entered(pid_t pid)
{
	struct __ptrace_syscall_info call;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof call, &call) <= 0 || call.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	if (!word && call.entry.nr == SYS_personality) {
		counting = !counting;
		counted_process = process_of(pid);
		return false;
	}
	if (!counting && call.entry.nr == SYS_openat && opens_word(pid, call.entry.args[1])) {
		counting = true;
		counted_process = process_of(pid);
	}
	if (!counting || killed || (only_one && process_of(pid) != counted_process))
		return false;
	return ++counted == wanted;
}

static int trace(pid_t first)
{
	int status, result = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		int signal = 0;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (pid == first)
				result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			continue;
		}
		add(pid);
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (entered(pid)) {
				if (!only_one) {
					kill_all();
					return 0;
				}
				killed = true;
				kill(counted_process, SIGKILL);
			}
		} else if (!(status >> 16) && WSTOPSIG(status) != SIGSTOP) {
			signal = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, pid, 0, signal);
	}
	return counted < wanted ? 3 : result;
}

static int shut_down(char **folders)
{
	uint32_t without_its_log = 2;

	for (; *folders; folders++) {
		int fd = open(*folders, O_RDONLY);

		/* EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN */
		if (fd < 0 || ioctl(fd, _IOR('X', 125, uint32_t), &without_its_log))
			return perror(*folders), 1;
		close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	pid_t pid;
	int status;

	if (argc > 2 && !strcmp(argv[1], "-p"))
		return shut_down(argv + 2);

	if (argc > 1 && !strcmp(argv[1], "-1")) {
		only_one = true;
		argv++;
		argc--;
	}
	if (argc > 2 && !strcmp(argv[1], "-w")) {
		word = argv[2];
		argv += 2;
		argc -= 2;
	}
	if (argc < 3)
		return 2;
	wanted = atol(argv[1]);
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	add(pid);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
					  PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	return trace(pid);
}
