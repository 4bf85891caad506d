/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bigfile doctor: what this kernel, this user, these files and programs allow, and what could be changed.  Changes nothing. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cli.h"
#include "config.h"
#include "configure.h"
#include "controlfile.h"
#include "json.h"
#include "network.h"
#include "program.h"
#include "restore.h"
#include "tracker.h"

static gboolean as_json;
static char **files;
static JsonBuilder *json;
static int worst = CLI_OK;

static const GOptionEntry entries[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "print one JSON array", NULL },
	{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, NULL },
	{ NULL, 0, 0, 0, NULL, NULL, NULL },
};

enum level { FINE, NOTE, PROBLEM };

/* One finding; takes text. */
static void find(enum level level, const char *subject, char *text)
{
	static const char *const names[] = { "ok", "note", "problem" };

	if (level == PROBLEM)
		worst = CLI_FAILED;
	if (as_json) {
		json_builder_begin_object(json);
		json_string(json, "level", names[level]);
		json_string(json, "subject", subject);
		json_string(json, "text", text);
		json_builder_end_object(json);
	} else {
		g_print("%-8s %s: %s\n", names[level], cli_shown(subject), text);
	}
	g_free(text);
}

static guint64 setting(const char *path, guint64 otherwise)
{
	g_autofree char *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) ? g_ascii_strtoull(text, NULL, 10) : otherwise;
}

static const char *why_no_userfaultfd(int err)
{
	switch (-err) {
	case ENOSYS:
		return "the kernel is built without userfaultfd";
	case EPERM:
	case EACCES:
		return "userfaultfd is denied here, by a sandbox (seccomp) or a security module: let it through";
	case EINVAL:
	case ENOTTY:
	case ENOTSUP:
		return "userfaultfd and PAGEMAP_SCAN can do too little: Linux 6.7 is needed";
	case ENOENT:
		return "/proc is not mounted: mount it";
	default:
		return g_strerror(-err);
	}
}

/* As bigfile run has them, for programs that have no settings of their own. */
static void look_at_configuration(void)
{
	g_auto(GStrv) read = configure_files();

	for (char **file = read; *file; file++)
		find(FINE, *file, g_strdup("has settings for bigfile run; those for all programs count here"));
	if (!configure_for(CONFIGURE_ALL))
		find(PROBLEM, "configuration", g_strdup("cannot be understood, so bigfile run runs nothing; a line on stderr tells the place"));
	/* Where no file is marked little is read. */
	g_setenv("BIGFILE_PATHS", "/", FALSE);
	config_load();
}

static void look_at_trackers(void)
{
	guint64 areas = setting("/proc/sys/vm/max_map_count", 65530);
	int uffd = tracker_uffd.start(), other = tracker_mprotect.start();

	if (uffd && config.tracker == TRACKER_UFFD)
		find(PROBLEM, "tracker", g_strdup_printf("uffd, as BIGFILE_TRACKER wants, cannot be used: %s; or leave BIGFILE_TRACKER unset",
							 why_no_userfaultfd(uffd)));
	else if (!uffd && config.tracker != TRACKER_MPROTECT)
		find(FINE, "tracker", g_strdup("uffd: stores are noticed by userfaultfd"));
	else if (!uffd && !other)
		find(NOTE, "tracker", g_strdup("mprotect, because BIGFILE_TRACKER or BIGFILE_BLAME wants it; uffd works here, and is faster "
					       "where many pages change"));
	else if (!other)
		find(NOTE, "tracker", g_strdup_printf("mprotect, slower where many pages change: %s", why_no_userfaultfd(uffd)));
	else
		find(PROBLEM, "tracker", g_strdup_printf("none: %s; and pages cannot be protected: %s", why_no_userfaultfd(uffd),
							 g_strerror(-other)));
	if (uffd && areas < 65530)
		find(NOTE, "vm.max_map_count", g_strdup_printf("%" G_GUINT64_FORMAT " is less than usual: mprotect notes larger units; "
							       "sysctl vm.max_map_count=65530", areas));
}

static void look_at_sharing(void)
{
	char folder[PATH_MAX];
	int err = controlfile_folder(folder, sizeof folder), fd = memfd_create("bigfile-doctor", MFD_CLOEXEC), fd_err = errno;

	if (err)
		find(PROBLEM, "control", g_strdup_printf("no folder for control pages: %s; bigfile commit will not find processes and "
							 "they will not find each other: set XDG_RUNTIME_DIR to a folder that is "
							 "yours alone", g_strerror(-err)));
	else
		find(FINE, "control", g_strdup_printf("pages in %s", folder));
	if (config.view == VIEW_KIND_PRIVATE)
		find(NOTE, "view", g_strdup("private, because BIGFILE_VIEW wants it: processes share no transaction; who comes second waits"));
	else if (fd < 0)
		find(NOTE, "view", g_strdup_printf("private: processes cannot share a transaction, for memfd_create fails: %s", g_strerror(fd_err)));
	else
		find(FINE, "view", g_strdup("private memory, shared where processes use the same files or fork: one transaction of all"));
	if (fd >= 0)
		close(fd);
}

static const struct {
	unsigned long magic;
	const char *name, *note;
	gboolean tested;
} file_systems[] = {
	{ EXT4_SUPER_MAGIC, "ext4", NULL, TRUE },
	{ XFS_SUPER_MAGIC, "xfs", NULL, TRUE },
	{ BTRFS_SUPER_MAGIC, "btrfs", NULL, TRUE },
	{ TMPFS_MAGIC, "tmpfs", "is memory: commits are atomic, and gone with the machine", TRUE },
	{ OVERLAYFS_SUPER_MAGIC, "overlay", "is a container's layer: keep data that shall last in a volume", TRUE },
	{ FUSE_SUPER_MAGIC, "FUSE", "is a program: durability is what that promises", FALSE },
};

/* What lacks for several machines to use the file, and what follows. */
static void add_finding(void *file, bool needed, const char *setting, const char *why)
{
	if (needed && config.network == NETWORK_ANY)
		find(NOTE, file, g_strdup_printf("it needs %s: %s; BIGFILE_NETWORK=any vouches for it: let one machine only use it",
						 setting, why));
	else if (needed)
		find(PROBLEM, file, g_strdup_printf("not written here, it needs %s: %s; or BIGFILE_NETWORK=any when only one machine "
						    "ever uses it", setting, why));
	else
		find(NOTE, file, g_strdup_printf("better with %s: %s", setting, why));
}

static gboolean is_elsewhere(const char *folder, const char *file)
{
	struct stat a, b;

	return folder && !stat(folder, &a) && !stat(file, &b) && a.st_dev != b.st_dev;
}

static gboolean look_at_network(const char *file)
{
	struct network n;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;

	if (fd < 0)
		return FALSE;
	err = network_describe(fd, &n);
	close(fd);
	if (err || n.kind == NETWORK_NONE)
		return FALSE;
	find(n.kind == NETWORK_GLUSTER ? FINE : NOTE, file, g_strdup_printf("file system %s, of %s, mounted at %s", n.type, n.source, n.mount));
	err = network_each_finding(&n, add_finding, (void *)file);
	if (err)
		find(config.network == NETWORK_ANY ? NOTE : PROBLEM, file,
		     g_strdup_printf("its settings cannot be read in %s/.meta: %s; mount all of the volume somewhere", n.mount,
				     g_strerror(-err)));
	if (is_elsewhere(config.journal_dir, file))
		find(PROBLEM, file, g_strdup("BIGFILE_JOURNAL_DIR keeps its journal where other machines do not find it: leave that out"));
	return TRUE;
}

static void look_at_file_system(const char *file)
{
	struct statfs fs;

	if (look_at_network(file) || statfs(file, &fs))
		return;
	for (gsize i = 0; i < G_N_ELEMENTS(file_systems); i++) {
		if ((unsigned long)fs.f_type != file_systems[i].magic)
			continue;
		find(file_systems[i].note ? NOTE : FINE, file,
		     g_strdup_printf("file system %s%s%s", file_systems[i].name, file_systems[i].note ? " " : "",
				     file_systems[i].note ? file_systems[i].note : ""));
		return;
	}
	find(NOTE, file, g_strdup_printf("file system of type %lx, on which Bigfile was not tested", (unsigned long)fs.f_type));
}

static void look_at_journal(const char *file)
{
	struct recovery r;
	int err = restore_file(file, RECOVER_LOOK, &r);
	g_autofree char *folder = g_path_get_dirname(r.journal[0] ? r.journal : file);

	if (access(folder, W_OK | X_OK))
		find(PROBLEM, file, g_strdup_printf("no journal can be made in %s: %s; make the folder writable or set "
						    "BIGFILE_JOURNAL_DIR", folder, g_strerror(errno)));
	else if (r.state == JOURNAL_BUSY)
		find(FINE, file, g_strdup_printf("in use by process %u (%s) on %s", r.owner_pid, r.owner_comm, r.owner_host));
	else if (r.state == JOURNAL_PENDING)
		find(NOTE, file, g_strdup_printf("%s: recovered when it is next opened, or by bigfile recover", r.reason));
	else if (err || (r.state != JOURNAL_NONE && r.state != JOURNAL_EMPTY))
		find(PROBLEM, file, g_strdup_printf("%s; see bigfile check", r.reason[0] ? r.reason : g_strerror(-err)));
	else
		find(FINE, file, g_strdup("as last committed"));
}

/* By its first bytes: on some file systems all files may be executed. */
static gboolean is_program(const char *path)
{
	char start[4] = "";
	int fd = access(path, X_OK) ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	gboolean is = fd >= 0 && read(fd, start, sizeof start) == sizeof start && (!memcmp(start, ELFMAG, SELFMAG) || !memcmp(start, "#!", 2));

	if (fd >= 0)
		close(fd);
	return is;
}

static void look_at_program(const char *path)
{
	const char *why_not = program_cannot(path);

	find(why_not ? PROBLEM : FINE, path, g_strdup(why_not ? why_not : "a program that can have transactions"));
}

static void look_at_file(const char *file)
{
	g_autofree char *path = realpath(file, NULL), *command = NULL;
	struct stat st;

	if (!path && !strchr(file, '/'))
		command = g_find_program_in_path(file);
	if (command) {
		look_at_program(command);
		return;
	}
	if (!path || stat(path, &st)) {
		find(PROBLEM, file, g_strdup_printf("%s%s", g_strerror(errno), strchr(file, '/') ? "" : ", and no such command in PATH"));
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		find(S_ISDIR(st.st_mode) ? NOTE : PROBLEM, file, g_strdup(S_ISDIR(st.st_mode) ?
			"a folder; with a / behind it, everything below it is marked" : "not a regular file: it cannot be marked"));
		return;
	}
	if (is_program(path)) {
		look_at_program(path);
		return;
	}
	look_at_file_system(path);
	if (access(path, R_OK | W_OK))
		find(NOTE, file, g_strdup_printf("not for you to change: %s", g_strerror(errno)));
	else
		look_at_journal(path);
}

int cli_doctor(int argc, char **argv)
{
	struct utsname kernel;

	if (!cli_parse(&argc, &argv, entries, "[FILE|PROGRAM...]",
		       "Tells what Bigfile can do here, with these files and programs, and what could be changed.  Exits with 1 when\n"
		       "something is in the way."))
		return CLI_USAGE;
	json = json_builder_new();
	json_builder_begin_array(json);
	if (!uname(&kernel))
		find(FINE, "kernel", g_strdup_printf("%s %s", kernel.sysname, kernel.release));
	look_at_configuration();
	look_at_trackers();
	look_at_sharing();
	for (char **f = files; f && *f; f++)
		look_at_file(*f);
	json_builder_end_array(json);
	if (as_json)
		json_print(json);
	g_object_unref(json);
	return worst;
}
