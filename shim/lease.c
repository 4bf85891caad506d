/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See lease.h. */
#include "lease.h"

#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "fmt.h"
#include "journal_scan.h"
#include "network.h"
#include "sys.h"

#ifndef AT_STATX_FORCE_SYNC
#define AT_STATX_FORCE_SYNC 0x2000
#endif

bool lease_any;

static int lock(int fd, short type, int64_t start, int64_t length)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length };
	int err = sys_fcntl(fd, F_OFD_SETLK, (long)&lock);

	return err == -EAGAIN || err == -EACCES ? -EBUSY : err;
}

/*
 * Opening has the kernel drop all pages, mapped ones too (a mount that does not is refused, gluster.c); the advice is for who vouches
 * for such a mount.  The size may be remembered apart from that.
 */
static void drop_cached(int fd)
{
	char link[64];
	struct statx now;
	int again;

	fmt_print(link, sizeof link, "/proc/thread-self/fd/%d", fd);
	again = sys_open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
	if (again >= 0)
		sys_close(again);
	sys_call(SYS_fadvise64, fd, 0L, 0L, POSIX_FADV_DONTNEED);
	sys_call(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &now);
}

static void add_needed(void *reason, bool needed, const char *setting, const char *why)
{
	size_t n = strlen(reason);

	if (needed && !strstr(reason, setting))
		fmt_print((char *)reason + n, LEASE_REASON - n, "%s%s", n ? ", " : "it needs ", setting);
}

static bool is_one_file_system(int jfd, int fd)
{
	struct stat journal, file;

	return !sys_fstat(jfd, &journal) && !sys_fstat(fd, &file) && journal.st_dev == file.st_dev;
}

static int examine(int jfd, int fd, const struct network *n, char *reason)
{
	int err;

	reason[0] = '\0';
	if (config.network == NETWORK_ANY)
		return 0;
	err = network_each_finding(n, add_needed, reason);
	if (err)
		fmt_print(reason, LEASE_REASON, "its settings cannot be read in %s/.meta: %e", n->mount[0] ? n->mount : "its mount", err);
	else if (!reason[0] && !is_one_file_system(jfd, fd))
		fmt_print(reason, LEASE_REASON, "its journal is on another one: BIGFILE_JOURNAL_DIR is not for such files");
	return reason[0] ? -EOPNOTSUPP : 0;
}

/* Somebody else's file system may have no locks: that was vouched for. */
static int lock_file(int fd)
{
	int err = lock(fd, F_RDLCK, LEASE_AT, 1);

	return err && err != -EBUSY && config.network == NETWORK_ANY ? 0 : err;
}

int lease_take(int jfd, int fd, bool *leased, char *reason)
{
	struct network n;
	int err = network_describe(fd, &n);

	*leased = !err && n.kind != NETWORK_NONE;
	if (err || !*leased)
		return err;
	lease_any = true;
	err = examine(jfd, fd, &n, reason);
	if (!err)
		err = lock_file(fd);
	if (err == -EBUSY)
		fmt_print(reason, LEASE_REASON, "a program without Bigfile, on some machine, has a lock on all of it");
	if (err)
		return err;
	drop_cached(jfd);
	drop_cached(fd);
	return 0;
}

int lease_join(int fd, bool *leased)
{
	*leased = network_kind_of(fd) != NETWORK_NONE;
	lease_any |= *leased;
	return *leased ? lock_file(fd) : 0;
}

int lease_check_journal(int jfd, uint64_t salt)
{
	struct journal_header h;
	enum journal_find found;
	int err;

	if (network_kind_of(jfd) == NETWORK_NONE)
		return 0;
	drop_cached(jfd);
	err = journal_read_header(jfd, &h, &found);
	if (err)
		return err;
	return found == FOUND_HEADER && h.salt == salt ? 0 : -ESTALE;
}

int lease_ask(int jfd, bool shared)
{
	return lock(jfd, shared ? F_RDLCK : F_WRLCK, 0, 0);
}
