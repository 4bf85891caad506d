/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See log.h.  The buffer is on the stack: handlers may log, so keep it small. */
#include "log.h"

#include "fmt.h"
#include "sys.h"

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static enum log_level level_now = LOG_WARN;
static __thread bool private_table __attribute__((tls_model("initial-exec")));

void log_in_private_table(void)
{
	private_table = true;
}

/* Borrows the process's stderr; -errno when there is none, or when a sandbox forbids it. */
static int borrow_stderr(void)
{
	char path[64];
	int fd, process = (int)sys_call(SYS_pidfd_open, sys_getpid(), 0);

	if (process >= 0) {
		fd = (int)sys_call(SYS_pidfd_getfd, process, STDERR_FILENO, 0);
		sys_close(process);
		if (fd >= 0 || fd == -EBADF)
			return fd;
	}
	fmt_print(path, sizeof path, "/proc/%d/fd/%d", sys_getpid(), STDERR_FILENO);
	return sys_open(path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC, 0);
}

static dev_t start_dev;
static ino_t start_ino;

void log_start(void)
{
	struct stat st;

	if (!sys_fstat(STDERR_FILENO, &st)) {
		start_dev = st.st_dev;
		start_ino = st.st_ino;
	}
}

/* Files that are logs are opened for appending; one that is not, and was not here at start, may be data. */
static bool may_be_data(int fd)
{
	struct stat st;

	return start_ino && !sys_fstat(fd, &st) && S_ISREG(st.st_mode) &&
	       (st.st_dev != start_dev || st.st_ino != start_ino) &&
	       !(sys_fcntl(fd, F_GETFL, 0) & O_APPEND);
}

void log_set_level(enum log_level level)
{
	level_now = level;
}

enum log_level log_get_level(void)
{
	return level_now;
}

void log_print(enum log_level level, const char *format, ...)
{
	char line[768];
	size_t n;
	va_list args;
	int fd;

	if (level > level_now || level == LOG_QUIET)
		return;
	n = fmt_print(line, sizeof line, "bigfile[%d]: ", sys_getpid());
	va_start(args, format);
	n += fmt_vprint(line + n, sizeof line - n - 1, format, args);
	va_end(args);
	line[n++] = '\n';
	fd = private_table ? borrow_stderr() : STDERR_FILENO;
	if (fd >= 0 && !may_be_data(fd))
		sys_write(fd, line, n);
	if (fd >= 0 && private_table)
		sys_close(fd);
}
