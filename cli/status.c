/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bigfile status: which processes have marked files in use, and what is uncommitted. */
#include <errno.h>

#include "cli.h"
#include "client.h"
#include "json.h"

#define ANSWER_MS 2000

static gboolean as_json;
static char **pids;

static const GOptionEntry entries[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "print one JSON object", NULL },
	{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &pids, NULL, NULL },
	{ NULL, 0, 0, 0, NULL, NULL, NULL },
};

static char *when(uint64_t ns)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_local((gint64)(ns / 1000000000));

	return ns && time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("never");
}

/* The others that share its transaction: "" or ", in one transaction with 12, 13". */
static char *partners(const struct client *c, GPtrArray *all)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; c->page->session && i < all->len; i++) {
		const struct client *other = all->pdata[i];

		if (other->page->session == c->page->session && other->pid != c->pid)
			g_string_append_printf(out, "%s%d", out->len ? ", " : ", in one transaction with ", other->pid);
	}
	return g_string_free(out, FALSE);
}

static void print_text(const struct client *c, GPtrArray *all, gboolean fresh)
{
	const struct control_page *p = c->page;
	guint count;
	g_autofree struct control_file *files = client_files(c, &count);
	g_autofree char *last = when(p->last_commit_ns), *others = partners(c, all);

	g_print("%d %s: tracker %s, %" G_GUINT64_FORMAT " commits, %" G_GUINT64_FORMAT " aborts, last commit %s%s%s\n", c->pid,
		p->comm, p->tracker, p->commits, p->aborts, last, others, fresh ? "" : " (busy: dirty pages as of then)");
	for (guint i = 0; i < count; i++) {
		const struct control_file *f = &files[i];
		g_autofree char *size = cli_size(f->size);

		g_print("  %s: %s, %s, %" G_GUINT64_FORMAT " dirty pages", cli_shown(f->path), size,
			f->writing ? "writing" : "reading", f->dirty_pages);
		if (f->size != f->committed_size)
			g_print(", committed size %" G_GUINT64_FORMAT, f->committed_size);
		if (f->error)
			g_print(", commits fail: %s", g_strerror(f->error));
		g_print("\n");
	}
}

static void add_json(JsonBuilder *out, const struct client *c)
{
	const struct control_page *p = c->page;
	guint count;
	g_autofree struct control_file *files = client_files(c, &count);

	json_builder_begin_object(out);
	json_number(out, "pid", (guint64)c->pid);
	json_string(out, "program", p->comm);
	json_string(out, "tracker", p->tracker);
	json_number(out, "session", p->session);
	json_number(out, "commits", p->commits);
	json_number(out, "aborts", p->aborts);
	json_number(out, "failures", p->failures);
	json_number(out, "pages", p->pages);
	json_number(out, "bytes", p->bytes);
	json_number(out, "last_commit_ns", p->last_commit_ns);
	json_number(out, "last_duration_ns", p->last_duration_ns);
	json_list(out, "files");
	for (guint i = 0; i < count; i++) {
		json_builder_begin_object(out);
		json_string(out, "path", files[i].path);
		json_number(out, "size", files[i].size);
		json_number(out, "committed_size", files[i].committed_size);
		json_number(out, "dirty_pages", files[i].dirty_pages);
		json_number(out, "journal_bytes", files[i].journal_bytes);
		json_bool(out, "writing", files[i].writing);
		json_number(out, "error", (guint64)files[i].error);
		json_builder_end_object(out);
	}
	json_builder_end_array(out);
	json_builder_end_object(out);
}

static GPtrArray *chosen(int *status)
{
	GPtrArray *list;

	if (!pids)
		return client_list();
	list = g_ptr_array_new_with_free_func((GDestroyNotify)client_close);
	for (char **p = pids; *p; p++) {
		const char *why;
		struct client *c = client_open(client_pid(*p), &why);

		if (c) {
			g_ptr_array_add(list, c);
			continue;
		}
		cli_complain("process %s: %s", *p, why);
		*status = CLI_NO_PROCESS;
	}
	return list;
}

int cli_status(int argc, char **argv)
{
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(GPtrArray) list = NULL, all = NULL;
	int status = CLI_OK;
	guint shown = 0;

	if (!cli_parse(&argc, &argv, entries, "[PID...]",
		       "Shows the processes that have marked files in use.  Exits with 3 when a PID named has none."))
		return CLI_USAGE;
	list = chosen(&status);
	all = client_list();
	json_builder_begin_object(json);
	json_list(json, "processes");
	for (guint i = 0; i < list->len; i++) {
		int err = client_ask(list->pdata[i], CONTROL_STATUS, ANSWER_MS);

		if (err == -ESRCH) {
			status = pids ? CLI_NO_PROCESS : status;
			continue;
		}
		shown++;
		if (as_json)
			add_json(json, list->pdata[i]);
		else
			print_text(list->pdata[i], all, err == 0);
	}
	json_builder_end_array(json);
	json_builder_end_object(json);
	if (as_json)
		json_print(json);
	else if (!shown && !pids)
		g_print("no process of yours has a marked file in use\n");
	return status;
}
