/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Raw system calls for the engine.
 *
 * The engine lives inside other people's processes, next to wrappers that bear
 * libc's own names: calling open() or mmap() from here would come back through
 * our own front door.  Everything in shim/ therefore enters the kernel through
 * this header.
 *
 * Rules: each call returns >= 0, or -errno.  errno is left as it was.  All of
 * them are async-signal-safe.
 */
#ifndef BIGFILE_SYS_H
#define BIGFILE_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define sys_call(...)                             \
	({                                        \
		int saved_errno_ = errno;         \
		long ret_ = syscall(__VA_ARGS__); \
		if (ret_ == -1)                   \
			ret_ = -errno;            \
		errno = saved_errno_;             \
		ret_;                             \
	})

/* mmap answers an address: test it with sys_is_error() before use. */
static inline void *sys_mmap(void *addr, size_t len, int prot, int flags, int fd, uint64_t off)
{
	return (void *)sys_call(SYS_mmap, addr, len, prot, flags, fd, (long)off);
}

static inline bool sys_is_error(const void *p)
{
	return (uintptr_t)p >= (uintptr_t)-4095;
}

static inline int sys_error_of(const void *p)
{
	return (int)(intptr_t)p;
}

static inline int sys_munmap(void *addr, size_t len)
{
	return (int)sys_call(SYS_munmap, addr, len);
}

static inline void *sys_mremap(void *old, size_t old_len, size_t new_len, int flags, void *new_addr)
{
	return (void *)sys_call(SYS_mremap, old, old_len, new_len, flags, new_addr);
}

static inline int sys_mprotect(void *addr, size_t len, int prot)
{
	return (int)sys_call(SYS_mprotect, addr, len, prot);
}

static inline int sys_madvise(void *addr, size_t len, int advice)
{
	return (int)sys_call(SYS_madvise, addr, len, advice);
}

static inline int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	return (int)sys_call(SYS_openat, dirfd, path, flags, mode);
}

static inline int sys_open(const char *path, int flags, mode_t mode)
{
	return sys_openat(AT_FDCWD, path, flags, mode);
}

static inline int sys_close(int fd)
{
	return (int)sys_call(SYS_close, fd);
}

static inline ssize_t sys_read(int fd, void *buf, size_t n)
{
	return sys_call(SYS_read, fd, buf, n);
}

static inline ssize_t sys_write(int fd, const void *buf, size_t n)
{
	return sys_call(SYS_write, fd, buf, n);
}

static inline ssize_t sys_pread(int fd, void *buf, size_t n, uint64_t off)
{
	return sys_call(SYS_pread64, fd, buf, n, (long)off);
}

static inline ssize_t sys_pwrite(int fd, const void *buf, size_t n, uint64_t off)
{
	return sys_call(SYS_pwrite64, fd, buf, n, (long)off);
}

static inline int sys_fdatasync(int fd)
{
	return (int)sys_call(SYS_fdatasync, fd);
}

static inline int sys_fsync(int fd)
{
	return (int)sys_call(SYS_fsync, fd);
}

static inline int sys_ftruncate(int fd, uint64_t size)
{
	return (int)sys_call(SYS_ftruncate, fd, (long)size);
}

static inline int sys_fallocate(int fd, int mode, uint64_t off, uint64_t len)
{
	return (int)sys_call(SYS_fallocate, fd, mode, (long)off, (long)len);
}

static inline int64_t sys_lseek(int fd, int64_t off, int whence)
{
	return sys_call(SYS_lseek, fd, (long)off, whence);
}

static inline int sys_fcntl(int fd, int cmd, long arg)
{
	return (int)sys_call(SYS_fcntl, fd, cmd, arg);
}

static inline int sys_ioctl(int fd, unsigned long req, void *arg)
{
	return (int)sys_call(SYS_ioctl, fd, req, arg);
}

static inline int sys_unlinkat(int dirfd, const char *path)
{
	return (int)sys_call(SYS_unlinkat, dirfd, path, 0);
}

static inline int sys_rename(const char *from, const char *to)
{
	return (int)sys_call(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* The same, except that nothing is replaced: -EEXIST. */
static inline int sys_rename_new(const char *from, const char *to)
{
	struct stat st;
	int err = (int)sys_call(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 1 /* RENAME_NOREPLACE */);

	/* Not every file system can; then it is not one step. */
	if (err != -EINVAL && err != -ENOSYS)
		return err;
	return sys_call(SYS_newfstatat, AT_FDCWD, to, &st, AT_SYMLINK_NOFOLLOW) == -ENOENT ? sys_rename(from, to) : -EEXIST;
}

static inline ssize_t sys_readlink(const char *path, char *buf, size_t n)
{
	return sys_call(SYS_readlinkat, AT_FDCWD, path, buf, n);
}

/* glibc's struct stat is the kernel's own on every 64-bit machine we build for. */
static inline int sys_fstat(int fd, struct stat *st)
{
	return (int)sys_call(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH);
}

static inline int sys_stat(const char *path, struct stat *st)
{
	return (int)sys_call(SYS_newfstatat, AT_FDCWD, path, st, 0);
}

static inline int sys_lstat(const char *path, struct stat *st)
{
	return (int)sys_call(SYS_newfstatat, AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW);
}

static inline pid_t sys_getpid(void)
{
	return (pid_t)sys_call(SYS_getpid);
}

static inline pid_t sys_gettid(void)
{
	return (pid_t)sys_call(SYS_gettid);
}

/*
 * Waits while *word == value; timeout is relative, NULL waits for ever.
 * Shared (not FUTEX_PRIVATE): the doorbell lies in memory of several processes.
 */
static inline int sys_futex_wait(const uint32_t *word, uint32_t value, const struct timespec *timeout)
{
	return (int)sys_call(SYS_futex, word, FUTEX_WAIT, value, timeout, NULL, 0);
}

static inline int sys_futex_wake(const uint32_t *word, int n)
{
	return (int)sys_call(SYS_futex, word, FUTEX_WAKE, n, NULL, NULL, 0);
}

/* Not by libc's name, though that were 120 ns faster: a library that gives the program another time (libfaketime) would have our time limits never pass. */
static inline uint64_t sys_now_ns(clockid_t clock)
{
	struct timespec ts = { 0, 0 };

	sys_call(SYS_clock_gettime, clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static inline void sys_sleep_ms(unsigned ms)
{
	struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };

	sys_call(SYS_nanosleep, &ts, NULL);
}

/* Writes or reads all n bytes, or says why not: a short write is ENOSPC's quiet sister. */
int sys_pwrite_all(int fd, const void *buf, size_t n, uint64_t off);
int sys_pread_all(int fd, void *buf, size_t n, uint64_t off);
/*
 * Sets the disk to work on n bytes, 0: up to the end, and does not wait.  An error is as final as one of fdatasync, and may be told here alone:
 * ext4, which finds a place on the disk only now, drops what it finds none for, and the next fdatasync is a success.
 */
int sys_start_writeback(int fd, uint64_t off, uint64_t n);
/* And waits.  It is in the disk's hands, and not durable. */
int sys_finish_writeback(int fd, uint64_t off, uint64_t n);
/* Lets go of the memory that holds n bytes of a file and that the disk has too; a hint. */
void sys_drop_cache(int fd, uint64_t off, uint64_t n);

#endif
