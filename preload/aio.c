/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * POSIX asynchronous I/O.  libc does it in threads of its own, by calls that nobody sees.  For marked files, and between any file and
 * a window, a request is carried out at once, and its end is told as it was asked for: aio_error, aio_return and aio_suspend find it done.
 *
 * struct aiocb64 is struct aiocb under another name.
 */
#include "into.h"

#include <aio.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "pathroom.h"
#include "session.h"

static void send_signal(const struct sigevent *event)
{
	siginfo_t info;

	memset(&info, 0, sizeof info);
	info.si_signo = event->sigev_signo;
	info.si_code = SI_ASYNCIO;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value = event->sigev_value;
	syscall(SYS_rt_sigqueueinfo, getpid(), event->sigev_signo, &info);
}

struct call {
	void (*function)(union sigval);
	union sigval value;
};

static void *run_call(void *arg)
{
	struct call call = *(struct call *)arg;

	free(arg);
	call.function(call.value);
	return NULL;
}

static void start_call(const struct sigevent *event)
{
	struct call *call = malloc(sizeof *call);
	pthread_attr_t *wanted = event->sigev_notify_attributes, own;
	pthread_t thread;

	if (!call)
		return;
	*call = (struct call){ event->sigev_notify_function, event->sigev_value };
	pthread_attr_init(&own);
	pthread_attr_setdetachstate(&own, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, wanted ? wanted : &own, run_call, call))
		free(call);
	pthread_attr_destroy(&own);
}

static void tell(const struct sigevent *event)
{
	if (event->sigev_notify == SIGEV_SIGNAL)
		send_signal(event);
	else if (event->sigev_notify == SIGEV_THREAD)
		start_call(event);
}

static void finish(struct aiocb *cb, ssize_t result)
{
	cb->__return_value = result;
	__atomic_store_n(&cb->__error_code, result < 0 ? errno : 0, __ATOMIC_RELEASE);
}

/* libc's threads would meet what the program's own calls do not (into.h). */
static bool moves_window(const struct aiocb *cb)
{
	return in_window((const void *)cb->aio_buf, cb->aio_nbytes) && real(lseek)(cb->aio_fildes, 0, SEEK_CUR) >= 0;
}

static bool is_ours(const struct aiocb *cb)
{
	PATH_ROOM(path);
	bool marked, has_view;

	return (MAY_CHANGE(cb->aio_fildes) && !session_is_marked(cb->aio_fildes, path, &marked, &has_view) && marked) || moves_window(cb);
}

static void carry_out(struct aiocb *cb, int opcode)
{
	int append;

	if (opcode == LIO_READ) {
		finish(cb, pread(cb->aio_fildes, (void *)cb->aio_buf, cb->aio_nbytes, cb->aio_offset));
	} else if (opcode == LIO_WRITE) {
		append = real(fcntl)(cb->aio_fildes, F_GETFL) & O_APPEND;
		finish(cb, append ? write(cb->aio_fildes, (void *)cb->aio_buf, cb->aio_nbytes) :
				    pwrite(cb->aio_fildes, (void *)cb->aio_buf, cb->aio_nbytes, cb->aio_offset));
	} else {
		finish(cb, 0);
	}
	tell(&cb->aio_sigevent);
}

EXPORT int aio_read(struct aiocb *cb)
{
	if (!is_ours(cb))
		return real(aio_read)(cb);
	carry_out(cb, LIO_READ);
	return 0;
}

EXPORT int aio_write(struct aiocb *cb)
{
	if (!is_ours(cb))
		return real(aio_write)(cb);
	carry_out(cb, LIO_WRITE);
	return 0;
}

EXPORT int aio_fsync(int op, struct aiocb *cb)
{
	if (!is_ours(cb))
		return real(aio_fsync)(op, cb);
	finish(cb, fsync(cb->aio_fildes));
	tell(&cb->aio_sigevent);
	return 0;
}

static bool any_is_ours(struct aiocb *const list[], int count)
{
	for (int i = 0; i < count; i++) {
		if (list[i] && is_ours(list[i]))
			return true;
	}
	return false;
}

/* Mixed lists are rare: with one request of ours all of them are carried out here. */
EXPORT int lio_listio(int mode, struct aiocb *const list[], int count, struct sigevent *event)
{
	bool failed = false;

	if (!boot_is_active() || !any_is_ours(list, count))
		return real(lio_listio)(mode, list, count, event);
	for (int i = 0; i < count; i++) {
		if (!list[i])
			continue;
		carry_out(list[i], list[i]->aio_lio_opcode);
		failed |= list[i]->__error_code != 0;
	}
	if (mode == LIO_NOWAIT && event)
		tell(event);
	if (failed && mode == LIO_WAIT) {
		errno = EIO;
		return -1;
	}
	return 0;
}

EXPORT int aio_read64(struct aiocb64 *cb)
{
	return aio_read((struct aiocb *)cb);
}

EXPORT int aio_write64(struct aiocb64 *cb)
{
	return aio_write((struct aiocb *)cb);
}

EXPORT int aio_fsync64(int op, struct aiocb64 *cb)
{
	return aio_fsync(op, (struct aiocb *)cb);
}

EXPORT int lio_listio64(int mode, struct aiocb64 *const list[], int count, struct sigevent *event)
{
	return lio_listio(mode, (struct aiocb *const *)list, count, event);
}
