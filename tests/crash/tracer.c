/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See tracer.h. */
#include "tracer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../progs/process_of.h"

#define TRACEES 1024

static struct call calls[TRACEES];
static unsigned count;

static struct call *call_of(pid_t thread)
{
	for (unsigned i = 0; i < count; i++) {
		if (calls[i].thread == thread)
			return &calls[i];
	}
	if (count == TRACEES)
		abort();
	calls[count] = (struct call){ .thread = thread, .process = process_of(thread) };
	return &calls[count++];
}

static void forget(pid_t thread)
{
	for (unsigned i = 0; i < count; i++) {
		if (calls[i].thread == thread)
			calls[i] = calls[--count];
	}
}

bool tracer_read(pid_t thread, uint64_t at, void *to, size_t length)
{
	struct iovec here = { to, length }, there = { (void *)at, length };

	return process_vm_readv(thread, &here, 1, &there, 1, 0) == (ssize_t)length;
}

void tracer_read_path(pid_t thread, uint64_t at, char *path, size_t size)
{
	size_t n = 0;

	memset(path, 0, size);
	while (n + 1 < size && !memchr(path, '\0', n)) {
		/* Not beyond its page: the next one may not be there. */
		size_t part = 4096 - (at + n) % 4096;

		if (part > size - 1 - n)
			part = size - 1 - n;
		if (!tracer_read(thread, at + n, path + n, part))
			break;
		n += part;
	}
}

/* Some may just have been born, and are seen here for the first time. */
static void kill_all(void)
{
	int status;
	pid_t pid;

	for (unsigned i = 0; i < count; i++)
		kill(calls[i].thread, SIGKILL);
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status))
			kill(pid, SIGKILL);
	}
	count = 0;
}

static bool tell(struct tracer *t, pid_t thread)
{
	struct __ptrace_syscall_info info;
	struct call *c = call_of(thread);

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0)
		return true;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		c->number = info.entry.nr;
		memcpy(c->args, info.entry.args, sizeof c->args);
		return !t->entered || t->entered(t, c);
	}
	if (info.op != PTRACE_SYSCALL_INFO_EXIT)
		return true;
	c->result = info.exit.rval;
	return !t->left || t->left(t, c);
}

static int trace(struct tracer *t)
{
	int status, result = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		int signal = 0;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (pid == t->first)
				result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			forget(pid);
			continue;
		}
		call_of(pid);
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (!tell(t, pid)) {
				kill_all();
				return -1;
			}
		} else if (!(status >> 16) && WSTOPSIG(status) != SIGSTOP) {
			signal = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, pid, 0, signal);
	}
	return result;
}

int tracer_run(struct tracer *t, char **argv, char **environment)
{
	int status;

	count = 0;
	t->first = fork();
	if (t->first == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		if (t->output) {
			dup2(open("/dev/null", O_WRONLY), 1);
			dup2(open(t->output, O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
		}
		raise(SIGSTOP);
		execve(argv[0], argv, environment);
		_exit(127);
	}
	waitpid(t->first, &status, 0);
	call_of(t->first);
	ptrace(PTRACE_SETOPTIONS, t->first, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
						       PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
	ptrace(PTRACE_SYSCALL, t->first, 0, 0);
	return trace(t);
}
