/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Streams on marked files.
 *
 * stdio reads and writes from inside libc, where no wrapper of ours sees it.  A stream on a marked file is
 * therefore made by fopencookie, whose functions are our own read, write, lseek and close; fileno() still
 * tells its descriptor.
 *
 * freopen must keep the FILE that it is given, and only libc can make one of ours of its own.  stdin, stdout and stderr are
 * variables that can name another stream instead; for any other FILE the call fails.
 */
#include "given.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "open.h"
#include "opening.h"
#include "pathroom.h"
#include "session.h"

/* All streams of ours, for the exit: fflush(NULL) would wait for a thread that reads from any other. */
static struct stream {
	struct stream *next;
	FILE *file; /* NULL: closed */
	int fd;
} *streams;
static FILE *standard_of_ours[3];

static int fd_of(void *cookie)
{
	return ((struct stream *)cookie)->fd;
}

/* Entries are used again, never freed. */
static struct stream *new_stream(int fd)
{
	struct stream *s = __atomic_load_n(&streams, __ATOMIC_ACQUIRE);
	FILE *closed = NULL;

	for (; s; s = s->next, closed = NULL) {
		if (__atomic_compare_exchange_n(&s->file, &closed, (FILE *)-1, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			break;
	}
	if (!s) {
		s = calloc(1, sizeof *s);
		if (!s)
			return NULL;
		s->file = (FILE *)-1;
		s->next = __atomic_load_n(&streams, __ATOMIC_RELAXED);
		while (!__atomic_compare_exchange_n(&streams, &s->next, s, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			;
	}
	s->fd = fd;
	return s;
}

bool stream_is_ours(const FILE *stream)
{
	struct stream *s = __atomic_load_n(&streams, __ATOMIC_ACQUIRE);

	while (s && __atomic_load_n(&s->file, __ATOMIC_RELAXED) != stream)
		s = s->next;
	return s != NULL;
}

static ssize_t stream_read(void *cookie, char *buf, size_t n)
{
	return read(fd_of(cookie), buf, n);
}

/* stdio's convention: less than n is an error. */
static ssize_t stream_write(void *cookie, const char *buf, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t now = write(fd_of(cookie), buf + done, n - done);

		if (now <= 0)
			break;
		done += (size_t)now;
	}
	return (ssize_t)done;
}

static int stream_seek(void *cookie, off64_t *offset, int whence)
{
	off_t at = lseek(fd_of(cookie), *offset, whence);

	if (at < 0)
		return -1;
	*offset = at;
	return 0;
}

static int stream_close(void *cookie)
{
	int fd = fd_of(cookie);

	__atomic_store_n(&((struct stream *)cookie)->file, NULL, __ATOMIC_RELEASE);
	return close(fd);
}

/* The first letter and '+' are all that fopencookie knows. */
static FILE *stream_on(int fd, const char *mode)
{
	cookie_io_functions_t functions = { stream_read, stream_write, stream_seek, stream_close };
	char plain[3] = { mode[0], strchr(mode, '+') ? '+' : '\0', '\0' };
	struct stream *s = new_stream(fd);
	FILE *stream;

	if (!s)
		return NULL;
	/* Nor does it know character sets, and wide.c only that of the locale. */
	if (strstr(mode, ",ccs=")) {
		__atomic_store_n(&s->file, NULL, __ATOMIC_RELEASE);
		errno = EINVAL;
		return NULL;
	}
	stream = fopencookie(s, plain, functions);
	if (stream)
		stream->_fileno = fd;
	__atomic_store_n(&s->file, stream, __ATOMIC_RELEASE);
	return stream;
}

/* -1: not a mode, which libc will say. */
static int flags_of(const char *mode)
{
	int flags;

	switch (mode[0]) {
	case 'r':
		flags = 0;
		break;
	case 'w':
		flags = O_CREAT | O_TRUNC;
		break;
	case 'a':
		flags = O_CREAT | O_APPEND;
		break;
	default:
		return -1;
	}
	/* ",ccs=" and what follows is not for open(). */
	for (const char *p = mode + 1; *p && *p != ','; p++)
		flags |= *p == 'x' ? O_EXCL : *p == 'e' ? O_CLOEXEC : 0;
	if (strchr(mode, '+'))
		return flags | O_RDWR;
	return flags | (mode[0] == 'r' ? O_RDONLY : O_WRONLY);
}

static bool is_marked(int fd)
{
	PATH_ROOM(path);
	bool marked, has_view;

	return fd >= 0 && !session_is_marked(fd, path, &marked, &has_view) && marked;
}

/* Pipes and devices are opened once only. */
static bool may_be_marked(const char *path)
{
	struct stat st;

	return opening_may_be_ours(AT_FDCWD, path) && (real(stat)(path, &st) || S_ISREG(st.st_mode));
}

static FILE *on_descriptor(int fd, const char *mode)
{
	FILE *stream = is_marked(fd) ? stream_on(fd, mode) : real(fdopen)(fd, mode);
	int saved = errno;

	if (!stream) {
		close(fd);
		errno = saved;
	}
	return stream;
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
	int fd, flags = mode ? flags_of(mode) : -1;

	path = GIVEN_TEXT(path);
	if (flags < 0 || !path || !boot_is_active() || !may_be_marked(path))
		return real(fopen)(path, mode);
	fd = open_any(AT_FDCWD, path, flags, 0666);
	return fd < 0 ? NULL : on_descriptor(fd, mode);
}
ALIAS(fopen64, fopen);

EXPORT FILE *fdopen(int fd, const char *mode)
{
	int has, wants = mode ? flags_of(mode) : -1;

	if (wants < 0 || !MAY_CHANGE(fd) || !is_marked(fd))
		return real(fdopen)(fd, mode);
	has = real(fcntl)(fd, F_GETFL);
	if (has < 0)
		return NULL;
	if ((has & O_ACCMODE) != O_RDWR && (has & O_ACCMODE) != (wants & O_ACCMODE)) {
		errno = EINVAL;
		return NULL;
	}
	if ((wants & O_APPEND) && !(has & O_APPEND) && real(fcntl)(fd, F_SETFL, has | O_APPEND))
		return NULL;
	return stream_on(fd, mode);
}

static FILE **standard(FILE *stream)
{
	return stream == stdin ? &stdin : stream == stdout ? &stdout : stream == stderr ? &stderr : NULL;
}

/* cin and cout remember the FILE that they began with. */
static bool has_cpp_streams(void)
{
	return dlsym(RTLD_DEFAULT, "_ZSt4cout") != NULL;
}

/* Makes a standard stream anew on fd, which is moved to the old one's number. */
static FILE *replace_standard(FILE **variable, int fd, const char *mode)
{
	int number = fileno(*variable);
	bool terminal = isatty(number);
	FILE *stream;

	if (number > 2)
		return NULL;
	if (number >= 0 && number != fd) {
		if (dup2(fd, number) < 0)
			return NULL;
		close(fd);
		fd = number;
	}
	stream = stream_on(fd, mode);
	if (!stream)
		return NULL;
	if (variable == &stderr || terminal)
		setvbuf(stream, NULL, variable == &stderr ? _IONBF : _IOLBF, 0);
	/* Whoever kept the old one learns that it is over. */
	(*variable)->_fileno = -1;
	*variable = stream;
	standard_of_ours[fd] = stream;
	return stream;
}

static FILE *refuse_reopen(const char *path, FILE *stream)
{
	log_error("%s: freopen cannot turn %s into a stream of a transaction; open it by fopen, or take the file "
		  "out of BIGFILE_PATHS", path, has_cpp_streams() ? "a stream of a C++ program" : "this stream");
	fclose(stream);
	errno = ENOTSUP;
	return NULL;
}

/* <stdio.h> has no names for them, but for who is libc. */
#define NO_READS 0x4
#define NO_WRITES 0x8
#define SEEN 0x30 /* the end, an error */
#define APPENDS 0x1000

/*
 * One of ours stays one, whatever comes: libc, which would make a file's of it, takes for memory what fopencookie has put in the place of its wide
 * characters.  Its number stays, too.
 */
static FILE *reopen_ours(const char *path, const char *mode, FILE *stream)
{
	int flags = flags_of(mode), fd = -1, number = fileno(stream), saved;
	char same[32];

	fflush(stream);
	snprintf(same, sizeof same, "/proc/self/fd/%d", number);
	if (flags < 0 || strstr(mode, ",ccs="))
		errno = EINVAL;
	else
		fd = open_any(AT_FDCWD, path ? path : same, flags, 0666);
	if (fd >= 0 && fd != number && dup3(fd, number, flags & O_CLOEXEC) < 0)
		flags = -1;
	saved = errno;
	if (fd >= 0 && fd != number)
		close(fd);
	if (fd < 0 || flags < 0) {
		fclose(stream);
		errno = saved;
		return NULL;
	}
	__fpurge(stream);
	stream->_flags &= ~(NO_READS | NO_WRITES | SEEN | APPENDS);
	stream->_flags |= (flags & O_ACCMODE) == O_RDONLY ? NO_WRITES : (flags & O_ACCMODE) == O_WRONLY ? NO_READS : 0;
	stream->_flags |= flags & O_APPEND ? APPENDS : 0;
	return stream;
}

EXPORT FILE *freopen(const char *path, const char *mode, FILE *stream)
{
	int fd, saved, flags = mode ? flags_of(mode) : -1;
	FILE **variable = standard(stream), *fresh;

	path = GIVEN_TEXT(path);
	if (mode && stream_is_ours(stream))
		return reopen_ours(path, mode, stream);
	if (flags < 0 || !path || !boot_is_active() || !may_be_marked(path))
		return real(freopen)(path, mode, stream);
	fflush(stream);
	fd = open_any(AT_FDCWD, path, flags, 0666);
	if (fd >= 0 && !is_marked(fd)) {
		close(fd);
		return real(freopen)(path, mode, stream);
	}
	if (fd >= 0 && (!variable || has_cpp_streams())) {
		close(fd);
		return refuse_reopen(path, stream);
	}
	fresh = fd < 0 ? NULL : replace_standard(variable, fd, mode);
	if (fresh)
		return fresh;
	saved = errno;
	fclose(stream);
	errno = saved;
	return NULL;
}
ALIAS(freopen64, freopen);

EXPORT int fclose(FILE *stream)
{
	fds_forget(stream ? fileno(stream) : -1);
	return real(fclose)(stream);
}

static void adopt(FILE **variable, int fd, int marked, const char *mode)
{
	if (!is_marked(marked))
		return;
	if (has_cpp_streams())
		log_warn("descriptor %d is a marked file: what C++ streams do to it is not part of a transaction", fd);
	fflush(*variable);
	replace_standard(variable, fd, mode);
}

static const char *mode_of(int fd)
{
	int flags = real(fcntl)(fd, F_GETFL);

	return flags < 0 || (flags & O_ACCMODE) == O_RDONLY ? "r" : (flags & O_ACCMODE) == O_WRONLY ? "w" : "r+";
}

void streams_adopt(void)
{
	FILE **variables[] = { &stdin, &stdout, &stderr };

	for (int fd = 0; fd < 3; fd++) {
		if (fileno(*variables[fd]) == fd)
			adopt(variables[fd], fd, fd, mode_of(fd));
	}
}

void streams_before_dup(int fd, int number)
{
	FILE **variables[] = { &stdin, &stdout, &stderr };

	if (number < 0 || number > 2 || !MAY_CHANGE(fd) || fileno(*variables[number]) != number ||
	    *variables[number] == standard_of_ours[number])
		return;
	adopt(variables[number], number, fd, number ? "w" : "r");
}

void streams_flush(void)
{
	for (struct stream *s = __atomic_load_n(&streams, __ATOMIC_ACQUIRE); s; s = s->next) {
		FILE *file = __atomic_load_n(&s->file, __ATOMIC_ACQUIRE);

		if (!file || file == (FILE *)-1 || ftrylockfile(file))
			continue;
		fflush_unlocked(file);
		funlockfile(file);
	}
}
