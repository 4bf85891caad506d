/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See given.c: names of files.  Each row makes what it needs, and leaves nothing. */
#include "given.h"

#include <dirent.h>
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <utime.h>

#define NAME "folder/a name of a file that is given"
#define OTHER "folder/another"

extern char **environ;

static struct stat st;
static struct statx stx;
static struct statfs fs;
static struct statvfs vfs;
static char buf[4096];

/* A file under that name, or nothing, before the call; afterwards nothing of it is left. */
static void clean(void)
{
	int saved = errno;

	mkdir("folder", 0700);
	unlink(NAME);
	unlink(OTHER);
	rmdir(NAME);
	errno = saved;
}

static void make(void)
{
	clean();
	close(open(NAME, O_WRONLY | O_CREAT, 0600));
}

static bool closes(int fd)
{
	return fd >= 0 && !close(fd);
}

static bool shuts(FILE *f)
{
	return f && !fclose(f);
}

static bool there(const char *path)
{
	return !lstat(path, &st);
}

/* `before` is done, the call is made, and `done` says whether it did it. */
#define ROW(name, before, done)                  \
	static bool call_##name(char *at)        \
	{                                        \
		bool is;                         \
                                                 \
		before();                        \
		errno = 0;                       \
		is = (done);                     \
		clean();                         \
		return is;                       \
	}

ROW(open, make, closes(open(at, O_RDONLY)))
ROW(open_creating, clean, closes(open(at, O_RDWR | O_CREAT | O_TRUNC, 0600)) && there(NAME))
ROW(open_truncating, make, closes(open(at, O_RDWR | O_TRUNC)))
ROW(openat, make, closes(openat(AT_FDCWD, at, O_RDONLY)))
ROW(creat, clean, closes(creat(at, 0600)) && there(NAME))
ROW(fopen, make, shuts(fopen(at, "r")))
ROW(freopen, make, shuts(freopen(at, "r", fopen("/dev/null", "r"))))
ROW(stat, make, !stat(at, &st) && S_ISREG(st.st_mode))
ROW(lstat, make, !lstat(at, &st))
ROW(fstatat, make, !fstatat(AT_FDCWD, at, &st, 0))
ROW(statx, make, !statx(AT_FDCWD, at, 0, STATX_SIZE, &stx))
ROW(access, make, !access(at, R_OK))
ROW(faccessat, make, !faccessat(AT_FDCWD, at, R_OK, AT_EACCESS))
ROW(euidaccess, make, !euidaccess(at, R_OK))
ROW(truncate, make, !truncate(at, 5) && !stat(NAME, &st) && st.st_size == 5)
ROW(mkdir, clean, !mkdir(at, 0700) && there(NAME))
ROW(mkdirat, clean, !mkdirat(AT_FDCWD, at, 0700) && there(NAME))
ROW(mknod, clean, !mknod(at, S_IFIFO | 0600, 0) && there(NAME))
ROW(mknodat, clean, !mknodat(AT_FDCWD, at, S_IFIFO | 0600, 0) && there(NAME))
ROW(mkfifo, clean, !mkfifo(at, 0600) && there(NAME))
ROW(mkfifoat, clean, !mkfifoat(AT_FDCWD, at, 0600) && there(NAME))
ROW(rename, make, !rename(at, OTHER) && there(OTHER) && !there(NAME))
ROW(rename_to, make, !rename(NAME, OTHER) && !rename(OTHER, at) && there(NAME))
ROW(renameat, make, !renameat(AT_FDCWD, at, AT_FDCWD, OTHER) && there(OTHER))
ROW(renameat2, make, !renameat2(AT_FDCWD, at, AT_FDCWD, OTHER, RENAME_NOREPLACE) && there(OTHER))
ROW(link, make, !link(at, OTHER) && there(OTHER))
ROW(linkat, make, !linkat(AT_FDCWD, at, AT_FDCWD, OTHER, 0) && there(OTHER))
ROW(symlink, clean, !symlink("x", at) && there(NAME))
ROW(symlink_to, clean, !symlink(at, OTHER) && readlink(OTHER, buf, sizeof buf) == sizeof NAME - 1)
ROW(symlinkat, clean, !symlinkat("x", AT_FDCWD, at) && there(NAME))
ROW(readlink, clean, !symlink("x", NAME) && readlink(at, buf, sizeof buf) == 1)
ROW(readlinkat, clean, !symlink("x", NAME) && readlinkat(AT_FDCWD, at, buf, sizeof buf) == 1)
ROW(unlink, make, !unlink(at) && !there(NAME))
ROW(unlinkat, make, !unlinkat(AT_FDCWD, at, 0) && !there(NAME))
ROW(remove, make, !remove(at) && !there(NAME))
ROW(rmdir, clean, !mkdir(NAME, 0700) && !rmdir(at) && !there(NAME))
ROW(chmod, make, !chmod(at, 0400) && there(NAME) && (st.st_mode & 0777) == 0400)
ROW(fchmodat, make, !fchmodat(AT_FDCWD, at, 0400, 0) && there(NAME) && (st.st_mode & 0777) == 0400)
ROW(chown, make, !chown(at, (uid_t)-1, (gid_t)-1))
ROW(lchown, make, !lchown(at, (uid_t)-1, (gid_t)-1))
ROW(fchownat, make, !fchownat(AT_FDCWD, at, (uid_t)-1, (gid_t)-1, 0))
ROW(chdir, clean, !mkdir(NAME, 0700) && !chdir(at) && !chdir("../.."))
ROW(statfs, make, !statfs(at, &fs))
ROW(statvfs, make, !statvfs(at, &vfs))
ROW(pathconf, make, pathconf(at, _PC_LINK_MAX) > 0)
ROW(utime, make, !utime(at, NULL))
ROW(utimes, make, !utimes(at, NULL))
ROW(lutimes, make, !lutimes(at, NULL))
ROW(futimesat, make, !futimesat(AT_FDCWD, at, NULL))
ROW(utimensat, make, !utimensat(AT_FDCWD, at, NULL, 0))
ROW(realpath, make, realpath(at, buf))

static bool lists(DIR *d)
{
	return d && !closedir(d);
}

static bool scans(const char *path)
{
	struct dirent **list;
	int n = scandir(path, &list, NULL, NULL);

	for (int i = 0; i < n; i++)
		free(list[i]);
	return n == 2;
}

ROW(opendir, clean, !mkdir(NAME, 0700) && lists(opendir(at)))
ROW(scandir, clean, !mkdir(NAME, 0700) && scans(at))

static bool watches(const char *at)
{
	int fd = inotify_init1(0);
	bool is = inotify_add_watch(fd, at, IN_OPEN) >= 0;

	close(fd);
	return is;
}
ROW(inotify_add_watch, make, watches(at))

/* Where the file system has none, the errno that is known: it has read the name. */
#define OK(call) ((call) == 0 || errno == ENOTSUP || errno == ENODATA)
ROW(setxattr, make, OK(setxattr(at, "user.a", "v", 1, 0)))
ROW(lsetxattr, make, OK(lsetxattr(at, "user.a", "v", 1, 0)))
ROW(getxattr, make, OK(getxattr(at, "user.a", buf, 1)))
ROW(lgetxattr, make, OK(lgetxattr(at, "user.a", buf, 1)))
ROW(removexattr, make, OK(removexattr(at, "user.a")))
ROW(lremovexattr, make, OK(lremovexattr(at, "user.a")))
ROW(listxattr, make, listxattr(at, buf, sizeof buf) >= 0 || errno == ENOTSUP)
ROW(llistxattr, make, llistxattr(at, buf, sizeof buf) >= 0 || errno == ENOTSUP)
#define HAS_BOTH OK(setxattr(NAME, "user.given", "v", 1, 0))
ROW(setxattr_name, make, OK(setxattr(NAME, at, "v", 1, 0)))
ROW(setxattr_value, make, OK(setxattr(NAME, "user.a", at, 100, 0)))
ROW(getxattr_name, make, HAS_BOTH && OK(getxattr(NAME, at, buf, 0) == 1 ? 0 : -1))
ROW(removexattr_name, make, HAS_BOTH && OK(removexattr(NAME, at)))

static bool by_descriptor(int (*call)(int fd, char *at), char *at)
{
	int fd = open(NAME, O_RDWR), result, saved;

	errno = 0;
	result = call(fd, at);
	saved = errno;
	close(fd);
	errno = saved;
	return OK(result);
}

static int fset(int fd, char *at)
{
	return fsetxattr(fd, at, "v", 1, 0);
}

static int fset_value(int fd, char *at)
{
	return fsetxattr(fd, "user.a", at, 100, 0);
}

static int fremove(int fd, char *at)
{
	fsetxattr(fd, "user.given", "v", 1, 0);
	return fremovexattr(fd, at);
}

static int fget(int fd, char *at)
{
	return (int)fgetxattr(fd, at, buf, 0);
}
ROW(fsetxattr_name, make, by_descriptor(fset, at))
ROW(fsetxattr_value, make, by_descriptor(fset_value, at))
ROW(fremovexattr_name, make, by_descriptor(fremove, at))
ROW(fgetxattr_name, make, by_descriptor(fget, at))

/* Names that are no paths. */
#define QUEUE "/bigfile-given-queue"

static bool opens_queue(char *at)
{
	mqd_t q = mq_open(at, O_RDWR | O_CREAT, 0600, NULL);

	if (q == (mqd_t)-1)
		return errno != EFAULT && errno;
	mq_close(q);
	return !mq_unlink(QUEUE);
}

static bool unlinks_queue(char *at)
{
	mq_close(mq_open(QUEUE, O_RDWR | O_CREAT, 0600, NULL));
	errno = 0;
	return !mq_unlink(at) || (errno && errno != EFAULT && errno != ENOENT);
}
ROW(mq_open, clean, opens_queue(at))
ROW(mq_unlink, clean, unlinks_queue(at))
ROW(shm_open, clean, closes(shm_open(at, O_RDWR | O_CREAT, 0600)) && !shm_unlink(QUEUE))
ROW(memfd_create, clean, closes(memfd_create(at, 0)))

/* Programs: what they are called, what they are told, and what they are told of the world. */
static char *words[] = { "sh", "-c", "exit 7", NULL };

static void run_path(char *at)
{
	execv(at, words);
}

static void run_path_of_env(char *at)
{
	execve(at, words, environ);
}

static void run_name(char *at)
{
	execvp(at, words);
}

static void run_word(char *at)
{
	execl("/bin/sh", "sh", "-c", at, NULL);
}

/* What has been touched is out of reach again when the process has left the transaction, as it does for exec. */
static void run_touched(char *at)
{
	if (strlen(at))
		run_word(at);
}

static void run_variable(char *at)
{
	execle("/bin/sh", "sh", "-c", "exit $STATUS", NULL, (char *[]){ at, NULL });
}

/* Nobody passes on what is told so. */
static void run_in_environment(char *at)
{
	environ = (char *[]){ at, NULL };
	execv("/bin/sh", (char *[]){ "sh", "-c", "exit $STATUS", NULL });
}

/* A list of words that lies there, and the words, elsewhere. */
static void compose_words(char *at)
{
	char **list = (char **)at;

	for (int i = 0; i < 3; i++)
		list[i] = strcpy(at + 40000 * (i + 1), words[i]);
	list[3] = NULL;
}

static void run_words(char *at)
{
	execv("/bin/sh", (char **)at);
}

static void run_many(char *at)
{
	execvp("sh", (char **)at);
}

ROW(execv_path, clean, child_ends_with_7(run_path, at))
ROW(execve_path, clean, child_ends_with_7(run_path_of_env, at))
ROW(execvp_path, clean, child_ends_with_7(run_name, at))
ROW(exec_word, clean, child_ends_with_7(run_word, at))
ROW(exec_touched, clean, child_ends_with_7(run_touched, at))
ROW(exec_variable, clean, child_ends_with_7(run_variable, at))
ROW(exec_environment, clean, child_ends_with_7(run_in_environment, at))
ROW(exec_words, clean, child_ends_with_7(run_words, at))
ROW(execvp_words, clean, child_ends_with_7(run_many, at))

static bool spawns(const char *path, char **argv, char **env, bool search)
{
	pid_t child = 0;

	errno = (search ? posix_spawnp : posix_spawn)(&child, path, NULL, NULL, argv, env);
	return !errno && waits_for_7(child);
}
ROW(posix_spawn, clean, spawns(at, words, environ, false))
ROW(posix_spawnp, clean, spawns("sh", (char *[]){ "sh", "-c", at, NULL }, environ, true))
ROW(posix_spawn_words, clean, spawns("/bin/sh", (char **)at, environ, false))
ROW(posix_spawn_variable, clean, spawns("/bin/sh", (char *[]){ "sh", "-c", "exit $STATUS", NULL }, (char *[]){ at, NULL }, false))
ROW(system, clean, system(at) == 7 << 8)

static bool pipes(FILE *f)
{
	return f && pclose(f) == 7 << 8;
}
ROW(popen, clean, pipes(popen(at, "r")))

#define TEXT(name, text) { #name, text, sizeof text, call_##name, NULL }
#define FILE_ROW(name) TEXT(name, NAME)

const struct row paths[] = {
	FILE_ROW(open), FILE_ROW(open_creating), FILE_ROW(open_truncating), FILE_ROW(openat), FILE_ROW(creat), FILE_ROW(fopen), FILE_ROW(freopen),
	FILE_ROW(stat), FILE_ROW(lstat), FILE_ROW(fstatat), FILE_ROW(statx), FILE_ROW(access), FILE_ROW(faccessat), FILE_ROW(euidaccess),
	FILE_ROW(truncate), FILE_ROW(mkdir), FILE_ROW(mkdirat), FILE_ROW(mknod), FILE_ROW(mknodat), FILE_ROW(mkfifo), FILE_ROW(mkfifoat),
	FILE_ROW(rename), FILE_ROW(rename_to), FILE_ROW(renameat), FILE_ROW(renameat2), FILE_ROW(link), FILE_ROW(linkat),
	FILE_ROW(symlink), FILE_ROW(symlink_to), FILE_ROW(symlinkat), FILE_ROW(readlink), FILE_ROW(readlinkat),
	FILE_ROW(unlink), FILE_ROW(unlinkat), FILE_ROW(remove), FILE_ROW(rmdir), FILE_ROW(chmod), FILE_ROW(fchmodat),
	FILE_ROW(chown), FILE_ROW(lchown), FILE_ROW(fchownat), FILE_ROW(chdir), FILE_ROW(statfs), FILE_ROW(statvfs), FILE_ROW(pathconf),
	FILE_ROW(utime), FILE_ROW(utimes), FILE_ROW(lutimes), FILE_ROW(futimesat), FILE_ROW(utimensat), FILE_ROW(realpath),
	FILE_ROW(opendir), FILE_ROW(scandir), FILE_ROW(inotify_add_watch),
	FILE_ROW(setxattr), FILE_ROW(lsetxattr), FILE_ROW(getxattr), FILE_ROW(lgetxattr), FILE_ROW(removexattr), FILE_ROW(lremovexattr),
	FILE_ROW(listxattr), FILE_ROW(llistxattr),
	TEXT(setxattr_name, "user.given"), TEXT(getxattr_name, "user.given"), TEXT(removexattr_name, "user.given"),
	TEXT(fsetxattr_name, "user.given"), TEXT(fremovexattr_name, "user.given"), TEXT(fgetxattr_name, "user.given"),
	TEXT(setxattr_value, ((char[100]){ 1 })), TEXT(fsetxattr_value, ((char[100]){ 1 })),
	TEXT(mq_open, QUEUE), TEXT(mq_unlink, QUEUE), TEXT(shm_open, QUEUE), TEXT(memfd_create, QUEUE),
	TEXT(execv_path, "/bin/./././sh"), TEXT(execve_path, "/bin/./././sh"), TEXT(execvp_path, "/bin/./././sh"),
	TEXT(exec_word, "true && exit 7"), TEXT(exec_touched, "true && exit 7"), TEXT(exec_variable, "STATUS=0000007"),
	TEXT(exec_environment, "STATUS=0000007"),
	C(exec_words, compose_words), C(execvp_words, compose_words),
	TEXT(posix_spawn, "/bin/./././sh"), TEXT(posix_spawnp, "true && exit 7"), TEXT(posix_spawn_variable, "STATUS=0000007"),
	C(posix_spawn_words, compose_words),
	TEXT(system, "true && exit 7"), TEXT(popen, "true && exit 7"),
	{ NULL },
};
