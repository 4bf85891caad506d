/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Locks that processes may share: where one is made in a window, the file is shared from then on, though nobody else has it yet.
 *
 * Who waits for such a lock waits in the kernel, by the page that it lies in.  In a private view that is a page of this process only: a
 * commit that has write-protected it makes the kernel answer EFAULT, on which libc ends the program, or the wake that comes then is lost;
 * and when another process comes to share the file, those who wait do so for a page that is no more.  In a shared one it is the file's, whatever
 * its protection.
 *
 * The names are those of libc; of pthread_cond_init it has another one, for programs that were built before 2003, whose conditions cannot be shared.
 */
#include "interpose.h"

#include <pthread.h>
#include <semaphore.h>

#include "windowcalls.h"

/* The object, of which `get` tells whether its attributes, which may be NULL, say that processes share it. */
#define MADE(result, p, attributes, get)                                                            \
	({                                                                                          \
		int made_ = (result), shared_ = PTHREAD_PROCESS_PRIVATE;                            \
                                                                                                    \
		if (!made_ && in_window(p, sizeof *(p)) && (attributes) && !get(attributes, &shared_) && \
		    shared_ == PTHREAD_PROCESS_SHARED)                                              \
			windowcalls_share(p);                                                       \
		made_;                                                                              \
	})

EXPORT int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
	return MADE(real(pthread_mutex_init)(mutex, attributes), mutex, attributes, pthread_mutexattr_getpshared);
}

EXPORT int pthread_cond_init(pthread_cond_t *restrict cond, const pthread_condattr_t *restrict attributes)
{
	return MADE(real(pthread_cond_init)(cond, attributes), cond, attributes, pthread_condattr_getpshared);
}

EXPORT int pthread_rwlock_init(pthread_rwlock_t *restrict lock, const pthread_rwlockattr_t *restrict attributes)
{
	return MADE(real(pthread_rwlock_init)(lock, attributes), lock, attributes, pthread_rwlockattr_getpshared);
}

EXPORT int pthread_barrier_init(pthread_barrier_t *restrict barrier, const pthread_barrierattr_t *restrict attributes, unsigned count)
{
	return MADE(real(pthread_barrier_init)(barrier, attributes, count), barrier, attributes, pthread_barrierattr_getpshared);
}

EXPORT int sem_init(sem_t *sem, int shared, unsigned value)
{
	int result = real(sem_init)(sem, shared, value);

	if (!result && shared && in_window(sem, sizeof *sem))
		windowcalls_share(sem);
	return result;
}
