/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The next definitions of what we interpose: libc's, or those of another preloaded object.
 *
 * real(name) is a pointer to one, looked up the first time it is asked for, which is safe in a signal handler (next.h).
 * Where that way is barred real_resolve() looks all of them up by dlsym in the constructor.
 */
#ifndef BIGFILE_REAL_H
#define BIGFILE_REAL_H

#include <aio.h>
#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/types.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <utime.h>
#include <unistd.h>
#include <wchar.h>

typedef int (*listing_filter_fn)(const struct dirent *);
typedef int (*listing_order_fn)(const struct dirent **, const struct dirent **);

/* X(return type, name, (parameters)) */
#define REAL_FUNCTIONS(X)                                                                      \
	X(void *, mmap, (void *, size_t, int, int, int, off_t))                                \
	X(int, munmap, (void *, size_t))                                                       \
	X(void *, mremap, (void *, size_t, size_t, int, ...))                                  \
	X(int, mprotect, (void *, size_t, int))                                                \
	X(int, pkey_mprotect, (void *, size_t, int, int))                                      \
	X(int, madvise, (void *, size_t, int))                                                 \
	X(ssize_t, process_madvise, (int, const struct iovec *, size_t, int, unsigned))        \
	X(int, msync, (void *, size_t, int))                                                   \
	X(int, fsync, (int))                                                                   \
	X(int, fdatasync, (int))                                                               \
	X(pid_t, fork, (void))                                                                 \
	X(pid_t, _Fork, (void))                                                                \
	X(void, _exit, (int))                                                                  \
	X(void, _Exit, (int))                                                                  \
	X(void, quick_exit, (int))                                                             \
	X(int, execve, (const char *, char *const[], char *const[]))                           \
	X(int, execvpe, (const char *, char *const[], char *const[]))                          \
	X(int, fexecve, (int, char *const[], char *const[]))                                   \
	X(int, execveat, (int, const char *, char *const[], char *const[], int))               \
	X(ssize_t, read, (int, void *, size_t))                                                \
	X(ssize_t, pread, (int, void *, size_t, off_t))                                        \
	X(ssize_t, readv, (int, const struct iovec *, int))                                    \
	X(ssize_t, preadv, (int, const struct iovec *, int, off_t))                            \
	X(ssize_t, preadv2, (int, const struct iovec *, int, off_t, int))                      \
	X(ssize_t, write, (int, const void *, size_t))                                         \
	X(ssize_t, pwrite, (int, const void *, size_t, off_t))                                 \
	X(ssize_t, writev, (int, const struct iovec *, int))                                   \
	X(ssize_t, pwritev, (int, const struct iovec *, int, off_t))                           \
	X(ssize_t, send, (int, const void *, size_t, int))                                     \
	X(ssize_t, sendto, (int, const void *, size_t, int, const struct sockaddr *, socklen_t)) \
	X(ssize_t, sendmsg, (int, const struct msghdr *, int))                                 \
	X(int, sendmmsg, (int, struct mmsghdr *, unsigned, int))                               \
	X(size_t, fwrite, (const void *, size_t, size_t, FILE *))                              \
	X(size_t, fwrite_unlocked, (const void *, size_t, size_t, FILE *))                     \
	X(int, fputs, (const char *, FILE *))                                                  \
	X(int, mlock, (const void *, size_t))                                                  \
	X(int, mlock2, (const void *, size_t, unsigned))                                       \
	X(ssize_t, recv, (int, void *, size_t, int))                                           \
	X(ssize_t, recvfrom, (int, void *, size_t, int, struct sockaddr *, socklen_t *))       \
	X(ssize_t, recvmsg, (int, struct msghdr *, int))                                       \
	X(ssize_t, getrandom, (void *, size_t, unsigned))                                      \
	X(int, getentropy, (void *, size_t))                                                   \
	X(void, arc4random_buf, (void *, size_t))                                              \
	X(size_t, fread, (void *, size_t, size_t, FILE *))                                     \
	X(size_t, fread_unlocked, (void *, size_t, size_t, FILE *))                             \
	X(int, recvmmsg, (int, struct mmsghdr *, unsigned, int, struct timespec *))             \
	X(ssize_t, mq_receive, (mqd_t, char *, size_t, unsigned *))                             \
	X(ssize_t, mq_timedreceive, (mqd_t, char *, size_t, unsigned *, const struct timespec *)) \
	X(ssize_t, msgrcv, (int, void *, size_t, long, int))                                    \
	X(int, accept, (int, struct sockaddr *, socklen_t *))                                   \
	X(int, accept4, (int, struct sockaddr *, socklen_t *, int))                             \
	X(int, poll, (struct pollfd *, nfds_t, int))                                            \
	X(int, ppoll, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))     \
	X(int, epoll_wait, (int, struct epoll_event *, int, int))                               \
	X(int, epoll_pwait, (int, struct epoll_event *, int, int, const sigset_t *))            \
	X(int, epoll_pwait2, (int, struct epoll_event *, int, const struct timespec *, const sigset_t *)) \
	X(int, select, (int, fd_set *, fd_set *, fd_set *, struct timeval *))                   \
	X(int, pselect, (int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *)) \
	X(int, eventfd_read, (int, eventfd_t *))                                                \
	X(int, sigtimedwait, (const sigset_t *, siginfo_t *, const struct timespec *))          \
	X(int, sigwaitinfo, (const sigset_t *, siginfo_t *))                                    \
	X(char *, getcwd, (char *, size_t))                                                     \
	X(ssize_t, getxattr, (const char *, const char *, void *, size_t))                      \
	X(ssize_t, lgetxattr, (const char *, const char *, void *, size_t))                     \
	X(ssize_t, fgetxattr, (int, const char *, void *, size_t))                              \
	X(ssize_t, listxattr, (const char *, char *, size_t))                                   \
	X(ssize_t, llistxattr, (const char *, char *, size_t))                                  \
	X(ssize_t, flistxattr, (int, char *, size_t))                                           \
	X(int, statfs, (const char *, struct statfs *))                                         \
	X(int, fstatfs, (int, struct statfs *))                                                 \
	X(int, uname, (struct utsname *))                                                       \
	X(int, sysinfo, (struct sysinfo *))                                                     \
	X(int, getrusage, (__rusage_who_t, struct rusage *))                                    \
	X(int, getgroups, (int, gid_t *))                                                       \
	X(int, clock_gettime, (clockid_t, struct timespec *))                                   \
	X(clock_t, times, (struct tms *))                                                       \
	X(ssize_t, readlink, (const char *, char *, size_t))                                    \
	X(ssize_t, readlinkat, (int, const char *, char *, size_t))                             \
	X(int, pipe, (int[2]))                                                                  \
	X(int, pipe2, (int[2], int))                                                            \
	X(int, socketpair, (int, int, int, int[2]))                                             \
	X(int, getsockname, (int, struct sockaddr *, socklen_t *))                              \
	X(int, getpeername, (int, struct sockaddr *, socklen_t *))                              \
	X(int, getsockopt, (int, int, int, void *, socklen_t *))                                \
	X(pid_t, wait, (int *))                                                                 \
	X(pid_t, waitpid, (pid_t, int *, int))                                                  \
	X(pid_t, wait4, (pid_t, int *, int, struct rusage *))                                   \
	X(int, waitid, (idtype_t, id_t, siginfo_t *, int))                                      \
	X(off_t, lseek, (int, off_t, int))                                                     \
	X(int, truncate, (const char *, off_t))                                                \
	X(int, ftruncate, (int, off_t))                                                        \
	X(int, fallocate, (int, int, off_t, off_t))                                            \
	X(int, posix_fallocate, (int, off_t, off_t))                                           \
	X(int, fstat, (int, struct stat *))                                                    \
	X(int, fstatat, (int, const char *, struct stat *, int))                               \
	X(int, stat, (const char *, struct stat *))                                            \
	X(int, lstat, (const char *, struct stat *))                                           \
	X(int, statx, (int, const char *, int, unsigned, struct statx *))                      \
	X(int, access, (const char *, int))                                                    \
	X(int, faccessat, (int, const char *, int, int))                                       \
	X(int, euidaccess, (const char *, int))                                                \
	X(int, __fxstat, (int, int, struct stat *))                                            \
	X(int, __xstat, (int, const char *, struct stat *))                                    \
	X(int, __lxstat, (int, const char *, struct stat *))                                   \
	X(int, __fxstatat, (int, int, const char *, struct stat *, int))                       \
	X(int, ioctl, (int, unsigned long, ...))                                               \
	X(ssize_t, pwritev2, (int, const struct iovec *, int, off_t, int))                     \
	X(int, vdprintf, (int, const char *, va_list))                                         \
	X(int, __vdprintf_chk, (int, int, const char *, va_list))                              \
	X(ssize_t, sendfile, (int, int, off_t *, size_t))                                      \
	X(ssize_t, copy_file_range, (int, off_t *, int, off_t *, size_t, unsigned))            \
	X(ssize_t, splice, (int, off_t *, int, off_t *, size_t, unsigned))                     \
	X(int, close, (int))                                                                   \
	X(int, close_range, (unsigned, unsigned, int))                                         \
	X(void, closefrom, (int))                                                              \
	X(int, dup, (int))                                                                     \
	X(int, dup2, (int, int))                                                               \
	X(int, dup3, (int, int, int))                                                          \
	X(int, fcntl, (int, int, ...))                                                         \
	X(int, flock, (int, int))                                                              \
	X(int, lockf, (int, int, off_t))                                                       \
	X(int, mkstemp, (char *))                                                              \
	X(int, mkostemp, (char *, int))                                                        \
	X(int, mkstemps, (char *, int))                                                        \
	X(int, mkostemps, (char *, int, int))                                                  \
	X(int, shm_open, (const char *, int, mode_t))                                          \
	X(int, open_by_handle_at, (int, struct file_handle *, int))                            \
	X(int, pidfd_getfd, (int, int, unsigned))                                              \
	X(int, rename, (const char *, const char *))                                           \
	X(int, renameat, (int, const char *, int, const char *))                               \
	X(int, renameat2, (int, const char *, int, const char *, unsigned))                    \
	X(int, link, (const char *, const char *))                                             \
	X(int, linkat, (int, const char *, int, const char *, int))                            \
	X(int, unlink, (const char *))                                                         \
	X(int, unlinkat, (int, const char *, int))                                             \
	X(int, rmdir, (const char *))                                                          \
	X(int, remove, (const char *))                                                         \
	X(struct dirent *, readdir, (DIR *))                                                   \
	X(int, readdir_r, (DIR *, struct dirent *, struct dirent **))                          \
	X(int, scandirat, (int, const char *, struct dirent ***, listing_filter_fn, listing_order_fn)) \
	X(ssize_t, getdents64, (int, void *, size_t))                                          \
	X(FILE *, fdopen, (int, const char *))                                                 \
	X(FILE *, freopen, (const char *, const char *, FILE *))                               \
	X(int, fwide, (FILE *, int))                                                           \
	X(wint_t, fgetwc, (FILE *))                                                            \
	X(wint_t, fputwc, (wchar_t, FILE *))                                                   \
	X(wint_t, fgetwc_unlocked, (FILE *))                                                   \
	X(wint_t, fputwc_unlocked, (wchar_t, FILE *))                                          \
	X(wchar_t *, fgetws_unlocked, (wchar_t *, int, FILE *))                                \
	X(wchar_t *, __fgetws_unlocked_chk, (wchar_t *, size_t, int, FILE *))                  \
	X(int, fputws_unlocked, (const wchar_t *, FILE *))                                     \
	X(wint_t, ungetwc, (wint_t, FILE *))                                                   \
	X(wchar_t *, fgetws, (wchar_t *, int, FILE *))                                         \
	X(wchar_t *, __fgetws_chk, (wchar_t *, size_t, int, FILE *))                           \
	X(int, fputws, (const wchar_t *, FILE *))                                              \
	X(int, vfwprintf, (FILE *, const wchar_t *, va_list))                                  \
	X(int, __vfwprintf_chk, (FILE *, int, const wchar_t *, va_list))                       \
	X(int, vfwscanf, (FILE *, const wchar_t *, va_list))                                   \
	X(int, __isoc99_vfwscanf, (FILE *, const wchar_t *, va_list))                          \
	X(int, __isoc23_vfwscanf, (FILE *, const wchar_t *, va_list))                          \
	X(int, fclose, (FILE *))                                                               \
	X(int, mkdir, (const char *, mode_t))                                                  \
	X(int, mkdirat, (int, const char *, mode_t))                                           \
	X(int, mknod, (const char *, mode_t, dev_t))                                           \
	X(int, mknodat, (int, const char *, mode_t, dev_t))                                    \
	X(int, __xmknod, (int, const char *, mode_t, dev_t *))                                 \
	X(int, __xmknodat, (int, int, const char *, mode_t, dev_t *))                          \
	X(int, mkfifo, (const char *, mode_t))                                                 \
	X(int, mkfifoat, (int, const char *, mode_t))                                          \
	X(int, symlink, (const char *, const char *))                                          \
	X(int, symlinkat, (const char *, int, const char *))                                   \
	X(int, chmod, (const char *, mode_t))                                                  \
	X(int, lchmod, (const char *, mode_t))                                                 \
	X(int, fchmodat, (int, const char *, mode_t, int))                                     \
	X(int, chown, (const char *, uid_t, gid_t))                                            \
	X(int, lchown, (const char *, uid_t, gid_t))                                           \
	X(int, fchownat, (int, const char *, uid_t, gid_t, int))                               \
	X(int, chdir, (const char *))                                                          \
	X(int, chroot, (const char *))                                                         \
	X(DIR *, opendir, (const char *))                                                      \
	X(int, statvfs, (const char *, struct statvfs *))                                      \
	X(long, pathconf, (const char *, int))                                                 \
	X(int, inotify_add_watch, (int, const char *, uint32_t))                               \
	X(int, memfd_create, (const char *, unsigned))                                         \
	X(int, setxattr, (const char *, const char *, const void *, size_t, int))              \
	X(int, lsetxattr, (const char *, const char *, const void *, size_t, int))             \
	X(int, fsetxattr, (int, const char *, const void *, size_t, int))                      \
	X(int, removexattr, (const char *, const char *))                                      \
	X(int, lremovexattr, (const char *, const char *))                                     \
	X(int, fremovexattr, (int, const char *))                                              \
	X(int, posix_spawn, (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[], char *const[])) \
	X(int, posix_spawnp, (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[], char *const[])) \
	X(int, system, (const char *))                                                         \
	X(FILE *, popen, (const char *, const char *))                                         \
	X(int, bind, (int, const struct sockaddr *, socklen_t))                                \
	X(int, connect, (int, const struct sockaddr *, socklen_t))                             \
	X(int, setsockopt, (int, int, int, const void *, socklen_t))                           \
	X(int, epoll_ctl, (int, int, int, struct epoll_event *))                               \
	X(int, nanosleep, (const struct timespec *, struct timespec *))                        \
	X(int, clock_nanosleep, (clockid_t, int, const struct timespec *, struct timespec *))  \
	X(int, setitimer, (__itimer_which_t, const struct itimerval *, struct itimerval *))    \
	X(int, timer_settime, (timer_t, int, const struct itimerspec *, struct itimerspec *))  \
	X(int, timerfd_settime, (int, int, const struct itimerspec *, struct itimerspec *))    \
	X(int, sigwait, (const sigset_t *, int *))                                             \
	X(int, sigsuspend, (const sigset_t *))                                                 \
	X(int, signalfd, (int, const sigset_t *, int))                                         \
	X(int, semop, (int, struct sembuf *, size_t))                                          \
	X(int, semtimedop, (int, struct sembuf *, size_t, const struct timespec *))            \
	X(int, msgsnd, (int, const void *, size_t, int))                                       \
	X(mqd_t, mq_open, (const char *, int, ...))                                            \
	X(int, mq_unlink, (const char *))                                                      \
	X(int, mq_send, (mqd_t, const char *, size_t, unsigned))                               \
	X(int, mq_timedsend, (mqd_t, const char *, size_t, unsigned, const struct timespec *)) \
	X(int, pthread_mutex_init, (pthread_mutex_t *, const pthread_mutexattr_t *))           \
	X(int, pthread_cond_init, (pthread_cond_t *, const pthread_condattr_t *))              \
	X(int, pthread_rwlock_init, (pthread_rwlock_t *, const pthread_rwlockattr_t *))        \
	X(int, pthread_barrier_init, (pthread_barrier_t *, const pthread_barrierattr_t *, unsigned)) \
	X(int, sem_init, (sem_t *, int, unsigned))                                             \
	X(int, utime, (const char *, const struct utimbuf *))                                  \
	X(int, utimes, (const char *, const struct timeval *))                                 \
	X(int, lutimes, (const char *, const struct timeval *))                                \
	X(int, futimes, (int, const struct timeval *))                                         \
	X(int, futimesat, (int, const char *, const struct timeval *))                         \
	X(int, futimens, (int, const struct timespec *))                                       \
	X(int, utimensat, (int, const char *, const struct timespec *, int))                   \
	X(int, aio_read, (struct aiocb *))                                                     \
	X(int, aio_write, (struct aiocb *))                                                    \
	X(int, aio_fsync, (int, struct aiocb *))                                               \
	X(int, lio_listio, (int, struct aiocb *const[], int, struct sigevent *))               \
	X(int, open, (const char *, int, ...))                                                 \
	X(int, openat, (int, const char *, int, ...))                                          \
	X(FILE *, fopen, (const char *, const char *))                                         \
	X(int, sigaction, (int, const struct sigaction *, struct sigaction *))                 \
	X(int, pthread_sigmask, (int, const sigset_t *, sigset_t *))                           \
	X(int, sigprocmask, (int, const sigset_t *, sigset_t *))                               \
	X(sighandler_t, signal, (int, sighandler_t))                                           \
	X(sighandler_t, sysv_signal, (int, sighandler_t))                                      \
	X(sighandler_t, sigset, (int, sighandler_t))                                           \
	X(int, sighold, (int))                                                                 \
	X(int, sigrelse, (int))                                                                \
	X(int, sigignore, (int))                                                               \
	X(int, siginterrupt, (int, int))                                                       \
	X(int, sigblock, (int))                                                                \
	X(int, sigsetmask, (int))                                                              \
	X(int, sigaltstack, (const stack_t *, stack_t *))

enum real_index {
#define X(type, name, args) REAL_##name,
	REAL_FUNCTIONS(X)
#undef X
	REAL_COUNT,
};

#define X(type, name, args) typedef type(*real_##name##_fn) args;
REAL_FUNCTIONS(X)
#undef X

extern void *real_found[REAL_COUNT];
void *real_look_up(enum real_index which);
void real_resolve(void);

static inline void *real_find(enum real_index which)
{
	void *p = __atomic_load_n(&real_found[which], __ATOMIC_RELAXED);

	return p ? p : real_look_up(which);
}

#define real(name) ((real_##name##_fn)real_find(REAL_##name))

#endif
