/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See client.h. */
#include "client.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "controlfile.h"
#include "proc.h"
#include "sys.h"

#define HALF_MADE_SECONDS 60

static gboolean is_private_folder(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 077);
}

/* The folders where a process may have put its page: its environment need not be ours. */
static GPtrArray *folders(void)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");
	char *candidates[] = { runtime ? g_build_filename(runtime, "bigfile", NULL) : NULL,
			       g_strdup_printf("/run/user/%u/bigfile", geteuid()),
			       g_strdup_printf("/dev/shm/bigfile-%u", geteuid()) };

	for (gsize i = 0; i < G_N_ELEMENTS(candidates); i++) {
		if (candidates[i] && is_private_folder(candidates[i]) &&
		    !g_ptr_array_find_with_equal_func(all, candidates[i], g_str_equal, NULL))
			g_ptr_array_add(all, candidates[i]);
		else
			g_free(candidates[i]);
	}
	return all;
}

gboolean client_is_alive(const struct client *c)
{
	return proc_is_alive((uint32_t)c->pid, c->page->start_time);
}

/* Nobody has this number: the answer of the kernel, not of /proc, which may be missing or restricted. */
static gboolean is_gone(int pid)
{
	return kill(pid, 0) && errno == ESRCH;
}

/* A container may share the folder with us: its numbers are of other processes. */
static gboolean is_of_our_namespace(const struct client *c)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino == c->page->pid_namespace;
}

static gboolean is_stale(const struct client *c)
{
	if (c->page->magic != CONTROL_MAGIC || c->page->version != CONTROL_VERSION || !is_of_our_namespace(c))
		return FALSE;
	return is_gone(c->pid) || (proc_start_time((uint32_t)c->pid) && !client_is_alive(c));
}

static struct client *map_page(const char *path, int pid, const char **why)
{
	int fd = sys_open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);
	struct client *c;
	struct stat st;
	void *p;

	*why = "it has no marked file in use";
	if (fd < 0)
		return NULL;
	*why = "its control page is not to be trusted";
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077)) {
		close(fd);
		return NULL;
	}
	if (st.st_size != CONTROL_PAGE_SIZE) {
		*why = "it is gone, or not ready yet";
		/* Its maker has only begun - or died there, which takes no more than this moment. */
		if (is_gone(pid) && g_get_real_time() / 1000000 - st.st_mtime > HALF_MADE_SECONDS)
			unlink(path);
		close(fd);
		return NULL;
	}
	p = mmap(NULL, CONTROL_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return NULL;
	c = g_new0(struct client, 1);
	c->pid = pid;
	c->page = p;
	c->path = g_strdup(path);
	if (c->page->magic == CONTROL_MAGIC && c->page->version == CONTROL_VERSION && is_of_our_namespace(c) &&
	    client_is_alive(c))
		return c;
	*why = c->page->magic != CONTROL_MAGIC	     ? "it is gone, or not ready yet" :
	       c->page->version != CONTROL_VERSION   ? "it uses another version of Bigfile" :
	       !is_of_our_namespace(c)		     ? "it runs in another container: ask from inside" :
						       "it is gone";
	/* Only what no living process can own is swept away. */
	if (is_stale(c))
		unlink(path);
	client_close(c);
	return NULL;
}

int client_pid(const char *text)
{
	guint64 pid;

	return g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT, &pid, NULL) ? (int)pid : 0;
}

struct client *client_open(int pid, const char **why)
{
	g_autoptr(GPtrArray) all = folders();

	*why = pid && proc_start_time((uint32_t)pid) ? "it has no marked file in use, or belongs to another user" : "there is no such process";
	for (guint i = 0; i < all->len; i++) {
		g_autofree char *path = g_strdup_printf("%s/%d", (char *)all->pdata[i], pid);
		const char *reason;
		struct client *c;

		if (access(path, F_OK))
			continue;
		c = map_page(path, pid, &reason);
		if (c)
			return c;
		*why = reason;
	}
	return NULL;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	munmap(c->page, CONTROL_PAGE_SIZE);
	g_free(c->path);
	g_free(c);
}

static int by_pid(gconstpointer a, gconstpointer b)
{
	return (*(const struct client *const *)a)->pid - (*(const struct client *const *)b)->pid;
}

GPtrArray *client_list(void)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)client_close);
	g_autoptr(GPtrArray) all = folders();

	for (guint i = 0; i < all->len; i++) {
		g_autoptr(GDir) dir = g_dir_open(all->pdata[i], 0, NULL);
		const char *name, *why;

		while (dir && (name = g_dir_read_name(dir))) {
			g_autofree char *path = g_build_filename(all->pdata[i], name, NULL);
			int pid = client_pid(name);
			struct client *c = pid ? map_page(path, pid, &why) : NULL;

			if (c)
				g_ptr_array_add(list, c);
		}
	}
	g_ptr_array_sort(list, by_pid);
	return list;
}

int client_ask(struct client *c, enum control_op op, int timeout_ms)
{
	return controlfile_ask(c->page, op, timeout_ms);
}

struct control_file *client_files(const struct client *c, guint *count)
{
	struct control_file *copy = g_new0(struct control_file, CONTROL_FILES);

	for (int tries = 0; tries < 1000; tries++) {
		uint32_t before = __atomic_load_n(&c->page->sequence, __ATOMIC_SEQ_CST);

		memcpy(copy, c->page->files, sizeof c->page->files);
		*count = MIN(c->page->file_count, CONTROL_FILES);
		if (!(before & 1) && before == __atomic_load_n(&c->page->sequence, __ATOMIC_SEQ_CST))
			break;
		g_usleep(100);
	}
	for (guint i = 0; i < *count; i++)
		copy[i].path[CONTROL_PATH - 1] = '\0';
	return copy;
}

gboolean client_has(const struct client *c, guint64 dev, guint64 ino)
{
	guint count = MIN(__atomic_load_n(&c->page->file_count, __ATOMIC_ACQUIRE), CONTROL_IDS);

	for (guint i = 0; i < count; i++) {
		if (c->page->ids[i] == control_id(dev, ino, false) || c->page->ids[i] == control_id(dev, ino, true))
			return TRUE;
	}
	return FALSE;
}
