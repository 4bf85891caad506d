/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See top.h. */
#include "top.h"

#define ANSWER_MS 300

static void free_row(gpointer data)
{
	struct row *r = data;

	client_close(r->client);
	g_free(r->files);
	g_free(r);
}

static const struct row *row_of(const struct sample *s, const struct client *c)
{
	for (guint i = 0; s && i < s->rows->len; i++) {
		const struct row *r = s->rows->pdata[i];

		if (r->client->pid == c->pid && r->client->page->start_time == c->page->start_time)
			return r;
	}
	return NULL;
}

static void add_row(struct sample *s, struct client *c, const struct sample *before)
{
	struct row *n = g_new0(struct row, 1);
	const struct row *old = row_of(before, c);
	double seconds = before ? (double)(s->time - before->time) / G_USEC_PER_SEC : 0;

	n->client = c;
	n->fresh = !client_ask(c, CONTROL_STATUS, ANSWER_MS);
	n->files = client_files(c, &n->file_count);
	n->commits = c->page->commits;
	n->rate = old && seconds > 0 ? (double)(n->commits - old->commits) / seconds : -1;
	for (guint i = 0; i < n->file_count; i++) {
		n->dirty += n->files[i].dirty_pages;
		n->journals += n->files[i].journal_bytes;
	}
	g_ptr_array_add(s->rows, n);
}

static gint by_pid(gconstpointer a, gconstpointer b)
{
	return (*(struct row *const *)a)->client->pid - (*(struct row *const *)b)->client->pid;
}

/* A transaction, and a file, that several share is counted once. */
static void sum_up(struct sample *s)
{
	g_autoptr(GHashTable) sessions = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	g_autoptr(GHashTable) files = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

	for (guint i = 0; i < s->rows->len; i++) {
		struct row *r = s->rows->pdata[i];
		guint64 session = r->client->page->session;

		s->sessions += !session || g_hash_table_add(sessions, g_memdup2(&session, sizeof session));
		for (guint j = 0; j < r->file_count; j++) {
			guint64 id = control_id(r->files[j].dev, r->files[j].ino, false);

			if (!g_hash_table_add(files, g_memdup2(&id, sizeof id)))
				continue;
			s->files++;
			s->dirty += r->files[j].dirty_pages;
		}
		for (guint j = 0; j < s->rows->len; j++) {
			const struct row *other = s->rows->pdata[j];

			r->participants += other == r || (session && other->client->page->session == session);
		}
	}
}

static GPtrArray *clients(char **pids)
{
	GPtrArray *list;

	if (!pids)
		return client_list();
	list = g_ptr_array_new();
	for (char **p = pids; *p; p++) {
		const char *why;
		struct client *c = client_open(client_pid(*p), &why);

		if (c)
			g_ptr_array_add(list, c);
	}
	return list;
}

struct sample *sample_take(const struct sample *before, char **pids)
{
	struct sample *s = g_new0(struct sample, 1);
	g_autoptr(GPtrArray) list = clients(pids);

	s->time = g_get_monotonic_time();
	s->rows = g_ptr_array_new_with_free_func(free_row);
	g_ptr_array_set_free_func(list, NULL);
	for (guint i = 0; i < list->len; i++)
		add_row(s, list->pdata[i], before);
	g_ptr_array_sort(s->rows, by_pid);
	sum_up(s);
	return s;
}

void sample_free(struct sample *s)
{
	if (!s)
		return;
	g_ptr_array_unref(s->rows);
	g_free(s);
}
