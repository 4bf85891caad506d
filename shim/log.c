/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See log.h.  The buffer is on the stack: handlers may log, so keep it small. */
#include "log.h"

#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "fmt.h"
#include "logform.h"
#include "sys.h"

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static enum log_level level_now = LOG_WARN;
static enum log_format format_now = LOG_TEXT;
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

void log_set_format(enum log_format format)
{
	format_now = format;
}

enum log_level log_get_level(void)
{
	return level_now;
}

static void write_line(const char *line, size_t n)
{
	int fd = private_table ? borrow_stderr() : STDERR_FILENO;

	if (fd >= 0 && !may_be_data(fd))
		sys_write(fd, line, n);
	if (fd >= 0 && private_table)
		sys_close(fd);
}

unsigned log_terminal_columns(void)
{
	int fd = format_now == LOG_TEXT && level_now >= LOG_WARN ? private_table ? borrow_stderr() : STDERR_FILENO : -1;
	struct winsize size;
	bool is_one = fd >= 0 && !sys_call(SYS_ioctl, fd, TIOCGWINSZ, &size);

	if (fd >= 0 && private_table)
		sys_close(fd);
	/* One that has not been told its size. */
	return is_one ? (size.ws_col ? size.ws_col : 80) : 0;
}

/* One that is held (Ctrl-S), or whose other end nobody reads, would hold us: what does not go at once is left out. */
void log_to_terminal(const char *text, size_t n)
{
	char path[64];
	int fd;

	if (!log_terminal_columns())
		return;
	/* A description of its own, which does not wait. */
	fmt_print(path, sizeof path, "/proc/%d/fd/%d", sys_getpid(), STDERR_FILENO);
	fd = sys_open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (fd < 0)
		return;
	sys_write(fd, text, n);
	sys_close(fd);
}

/* False: there is no journald, or it does not take it. */
static bool send_to_journal(const char *entry, size_t n)
{
	static const struct sockaddr_un journal = { AF_UNIX, "/run/systemd/journal/socket" };
	int fd = (int)sys_call(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool sent = fd >= 0 && sys_call(SYS_sendto, fd, entry, n, MSG_NOSIGNAL | MSG_DONTWAIT, &journal, sizeof journal) == (long)n;

	if (fd >= 0)
		sys_close(fd);
	return sent;
}

/* Of its own, so that the buffer is on the stack only when it is wanted. */
__attribute__((noinline)) static bool print_formed(enum log_level level, const char *format, const char *text, va_list args)
{
	struct logform form = { level, NULL, text };
	char out[1536];

	if (!strncmp(format, "%s: ", 4))
		form.file = va_arg(args, const char *);
	if (format_now == LOG_JOURNAL)
		return send_to_journal(out, logform_journal(out, sizeof out, &form));
	write_line(out, logform_json(out, sizeof out, &form));
	return true;
}

void log_print(enum log_level level, const char *format, ...)
{
	char line[768];
	size_t n, head;
	va_list args;
	bool done = false;

	if (level > level_now || level == LOG_QUIET)
		return;
	head = n = fmt_print(line, sizeof line, "bigfile[%d]: ", sys_getpid());
	va_start(args, format);
	n += fmt_vprint(line + n, sizeof line - n - 1, format, args);
	if (format_now != LOG_TEXT)
		done = print_formed(level, format, line + head, args);
	va_end(args);
	if (done)
		return;
	/* One line, whatever a file is called. */
	for (size_t i = head; i < n; i++)
		line[i] = (unsigned char)line[i] < ' ' || line[i] == 127 ? '?' : line[i];
	line[n++] = '\n';
	write_line(line, n);
}
