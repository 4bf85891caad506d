/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The beginning and the end of a process: constructor, fork, exec, exit.
 *
 * Exit.  on_exit() tells the status.  A hook that is registered by the constructor of a library runs after
 * all others and after all destructors, because libc registers those later: so everything that
 * the program stores on its way out belongs to the transaction.  _exit and quick_exit do not run it.
 * Nothing of this is needed for correctness: without it the transaction is rolled back.
 *
 * fork() runs the atfork handlers, which are therefore the place to follow it; _Fork() does not, and its child cannot take part.
 * vfork(), posix_spawn(), system() and popen() share our memory or never run our code, and need nothing; but a file that
 * posix_spawn opens for its child is opened past us.
 */
#include "given.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>

#include "blame.h"
#include "open.h"
#include "session.h"
#include "view.h"

#define COMMIT_FAILED 74 /* EX_IOERR */

/* libc's, behind pthread_atfork. */
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *);

static bool is_concerned(void)
{
	return boot_is_active() && view_any();
}

/* Decides, lets the files go, and returns the status that the process should end with. */
static int end_now(int status)
{
	if (!is_concerned())
		return status;
	/* What the program believes done is not: the world outside must not believe it too. */
	if (session_end(status, true) && !status)
		status = COMMIT_FAILED;
	return status;
}

static void on_exit_hook(int status, void *arg)
{
	int end;

	/* libc flushes after all hooks, when the transaction is decided. */
	streams_flush();
	end = end_now(status);

	/* From within a hook this goes on with the remaining ones and the flushing of streams. */
	if (end != status)
		exit(end);
}

/* Also without a view: another thread may be about to make the first one. */
static __thread bool locks_held;

static void before_fork(void)
{
	locks_held = boot_is_active();
	if (locks_held)
		session_before_fork();
}

static void after_fork_in_parent(void)
{
	if (locks_held)
		session_after_fork_in_parent();
}

static void after_fork_in_child(void)
{
	if (locks_held)
		session_after_fork_in_child(true);
}

EXPORT void _exit(int status)
{
	status = end_now(status);
	for (;;)
		real(_exit)(status);
}

EXPORT void _Exit(int status)
{
	_exit(status);
}

/* Its own hooks run first, then ours, which the constructor registered before them. */
static int quick_status;

static void on_quick_exit(void)
{
	int end = end_now(quick_status);

	if (end != quick_status)
		real(_exit)(end);
}

EXPORT void quick_exit(int status)
{
	quick_status = status;
	for (;;)
		real(quick_exit)(status);
}

EXPORT pid_t _Fork(void)
{
	pid_t pid;

	before_fork();
	pid = real(_Fork)();
	/* _Fork promises to be safe in a signal handler, making a thread is not: the child gets copies. */
	if (pid == 0 && locks_held)
		session_after_fork_in_child(false);
	else if (pid)
		after_fork_in_parent();
	return pid;
}

/*
 * exec ends this program as exit(0) would.  When it cannot be found there is nothing to
 * decide; when the exec fails all the same, the files are taken back.  When the commit fails so does the exec, with its errno.
 */
enum { REFUSED = -1, NOT_CONCERNED, DETACHED };

static int before_exec(const char *path, bool search)
{
	int err;

	if (!is_concerned() || !session_is_here())
		return NOT_CONCERNED;
	if (!search && access(path, X_OK))
		return NOT_CONCERNED;
	err = session_end(0, false);
	if (err)
		errno = -err;
	return err ? REFUSED : DETACHED;
}

static int after_exec(int before, int result)
{
	int saved = errno;

	if (before == DETACHED)
		session_reattach();
	errno = saved;
	return result;
}

struct exec_call {
	int dirfd;
	const char *path;
	char *const *argv, *const *envp;
	int flags;
};

/* search: what is at the path itself does not tell whether something is found. */
static int execute(int (*call)(const struct exec_call *), struct exec_call c, bool search)
{
	GIVEN_HELD *args = NULL, *env = NULL;
	int before;

	c.path = GIVEN_TEXT(c.path);
	c.argv = GIVEN_WORDS(c.argv, args);
	c.envp = GIVEN_WORDS(c.envp, env);
	before = before_exec(c.path, search);
	return before == REFUSED ? -1 : after_exec(before, call(&c));
}

static int call_execve(const struct exec_call *c)
{
	return real(execve)(c->path, c->argv, c->envp);
}

static int call_execvpe(const struct exec_call *c)
{
	return real(execvpe)(c->path, c->argv, c->envp);
}

static int call_fexecve(const struct exec_call *c)
{
	return real(fexecve)(c->dirfd, c->argv, c->envp);
}

static int call_execveat(const struct exec_call *c)
{
	return real(execveat)(c->dirfd, c->path, c->argv, c->envp, c->flags);
}

EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
	return execute(call_execve, (struct exec_call){ .path = path, .argv = argv, .envp = envp }, false);
}

/* __environ is libc's; a program may have an `environ` of its own, which nobody fills. */
EXPORT int execv(const char *path, char *const argv[])
{
	return execute(call_execve, (struct exec_call){ .path = path, .argv = argv, .envp = __environ }, false);
}

EXPORT int execvp(const char *file, char *const argv[])
{
	return execute(call_execvpe, (struct exec_call){ .path = file, .argv = argv, .envp = __environ }, true);
}

EXPORT int execvpe(const char *file, char *const argv[], char *const envp[])
{
	return execute(call_execvpe, (struct exec_call){ .path = file, .argv = argv, .envp = envp }, true);
}

EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
	return execute(call_fexecve, (struct exec_call){ .dirfd = fd, .path = "", .argv = argv, .envp = envp }, true);
}

EXPORT int execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return execute(call_execveat, (struct exec_call){ dirfd, path, argv, envp, flags }, true);
}

/* These need nothing but what they are given. */
EXPORT int posix_spawn(pid_t *restrict pid, const char *restrict path, const posix_spawn_file_actions_t *restrict actions,
		       const posix_spawnattr_t *restrict attributes, char *const argv[restrict], char *const envp[restrict])
{
	GIVEN_HELD *args = NULL, *env = NULL;

	return real(posix_spawn)(pid, GIVEN_TEXT(path), actions, attributes, GIVEN_WORDS(argv, args), GIVEN_WORDS(envp, env));
}

EXPORT int posix_spawnp(pid_t *restrict pid, const char *restrict file, const posix_spawn_file_actions_t *restrict actions,
			const posix_spawnattr_t *restrict attributes, char *const argv[restrict], char *const envp[restrict])
{
	GIVEN_HELD *args = NULL, *env = NULL;

	return real(posix_spawnp)(pid, GIVEN_TEXT(file), actions, attributes, GIVEN_WORDS(argv, args), GIVEN_WORDS(envp, env));
}

EXPORT int system(const char *command)
{
	GIVEN_HELD *held = NULL;

	return real(system)(GIVEN_COMMAND(command, held));
}

EXPORT FILE *popen(const char *command, const char *mode)
{
	GIVEN_HELD *held = NULL;

	return real(popen)(GIVEN_COMMAND(command, held), mode);
}

/* The variadic ones count their arguments and go on as execv and its like. */
#define COLLECT_ARGUMENTS(argv, first, args)                                            \
	size_t count_ = 1;                                                              \
	va_list args, copy_;                                                            \
	va_start(args, first);                                                          \
	va_copy(copy_, args);                                                           \
	while (va_arg(copy_, char *))                                                   \
		count_++;                                                               \
	va_end(copy_);                                                                  \
	char *argv[count_ + 1];                                                         \
	argv[0] = (char *)(first);                                                      \
	for (size_t i_ = 1; i_ <= count_; i_++)                                         \
		argv[i_] = va_arg(args, char *)

EXPORT int execl(const char *path, const char *arg, ...)
{
	COLLECT_ARGUMENTS(argv, arg, args);
	va_end(args);
	return execv(path, argv);
}

EXPORT int execlp(const char *file, const char *arg, ...)
{
	COLLECT_ARGUMENTS(argv, arg, args);
	va_end(args);
	return execvp(file, argv);
}

EXPORT int execle(const char *path, const char *arg, ...)
{
	char *const *envp;

	COLLECT_ARGUMENTS(argv, arg, args);
	envp = va_arg(args, char *const *);
	va_end(args);
	return execve(path, argv, envp);
}

__attribute__((constructor)) static void start(void)
{
	real_resolve();
	if (!boot_is_active())
		return;
	blame_start();
	streams_adopt();
	on_exit(on_exit_hook, NULL);
	at_quick_exit(on_quick_exit);
	/* As nobody's: those of a library libc forgets when its destructors have run, and threads fork until the end - in the midst of it, too. */
	__register_atfork(before_fork, after_fork_in_parent, after_fork_in_child, NULL);
}
