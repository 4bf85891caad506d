/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Description: runs a command as on a kernel that lacks something, or under a policy that forbids it.
 *
 *   without [-e ERRNO] NAME[,NAME...] COMMAND...
 *
 * NAME: a system call of the list below, which then fails with ERRNO (38, ENOSYS; of a container's policy 1, EPERM); pagemap_scan,
 * wp (userfaultfd can protect nothing): single ioctls, which fail as those that are not known; proc: there is no /proc.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct what {
	const char *name;
	unsigned number;
	unsigned request; /* of an ioctl; 0: the call as a whole */
	int error;        /* 0: as given */
} known[] = {
	{ "userfaultfd", SYS_userfaultfd, 0, 0 },
	{ "wp", SYS_ioctl, 0xc020aa00, EINVAL },           /* UFFDIO_REGISTER */
	{ "pagemap_scan", SYS_ioctl, 0xc0606610, ENOTTY }, /* since 6.7 */
	{ "memfd_create", SYS_memfd_create, 0, 0 },
	{ "aio", SYS_io_setup, 0, 0 },
	{ "process_madvise", SYS_process_madvise, 0, 0 },
	{ "openat2", SYS_openat2, 0, 0 },
	{ "close_range", SYS_close_range, 0, 0 },
	{ "pidfd_open", SYS_pidfd_open, 0, 0 },
	{ "pidfd_getfd", SYS_pidfd_getfd, 0, 0 },
	{ "renameat2", SYS_renameat2, 0, 0 },
	{ "sync_file_range", SYS_sync_file_range, 0, 0 },
	{ "fallocate", SYS_fallocate, 0, EOPNOTSUPP },
	{ "unshare", SYS_unshare, 0, 0 },
	{ "get_robust_list", SYS_get_robust_list, 0, 0 },
	{ "getrandom", SYS_getrandom, 0, 0 },
	{ "mincore", SYS_mincore, 0, 0 },
};

static struct sock_filter program[128];
static unsigned short length;

static void add(unsigned short code, unsigned char yes, unsigned char no, unsigned k)
{
	program[length++] = (struct sock_filter){ code, yes, no, k };
}

static void deny(const struct what *w, int error)
{
	add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
	add(BPF_JMP | BPF_JEQ | BPF_K, 0, w->request ? 3 : 1, w->number);
	if (w->request) {
		add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, args[1]));
		add(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, w->request);
	}
	add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | (unsigned)(w->error ? w->error : error));
}

static int hide_proc(void)
{
	return unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("none", "/proc", "tmpfs", 0, NULL);
}

int main(int argc, char **argv)
{
	struct sock_fprog filter = { 0, program };
	int error = ENOSYS, at = 1;

	if (argc > 2 && !strcmp(argv[1], "-e")) {
		error = atoi(argv[2]);
		at = 3;
	}
	if (argc < at + 2)
		return 2;
	for (char *name = strtok(argv[at], ","); name; name = strtok(NULL, ",")) {
		size_t i = 0;

		if (!strcmp(name, "proc") && hide_proc())
			return perror("/proc"), 2;
		while (i < sizeof known / sizeof *known && strcmp(known[i].name, name))
			i++;
		if (i < sizeof known / sizeof *known)
			deny(&known[i], error);
		else if (strcmp(name, "proc"))
			return fprintf(stderr, "%s is not in the list\n", name), 2;
	}
	add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	filter.len = length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return perror("seccomp"), 2;
	execvp(argv[at + 1], argv + at + 1);
	perror(argv[at + 1]);
	return 127;
}
