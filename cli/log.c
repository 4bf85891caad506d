/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bigfile log: the committed transactions that a file's journal still holds.  Reads only, also while a program writes. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "config.h"
#include "journal_lock.h"
#include "journal_read.h"
#include "journal_scan.h"
#include "json.h"

static gboolean as_json, show_ranges;
static guint shown; /* of one file */
static char **files;

static const GOptionEntry entries[] = {
	{ "ranges", 'r', 0, G_OPTION_ARG_NONE, &show_ranges, "show which bytes each transaction changed", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "print one JSON object for each file, ranges included", NULL },
	{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &files, NULL, NULL },
	{ NULL, 0, 0, 0, NULL, NULL, NULL },
};

/* The bytes that one record changes, neighbours joined. */
struct extent {
	guint64 start, end;
};

static int add_extent(void *arg, uint64_t offset, const void *data, size_t length)
{
	GArray *extents = arg;
	struct extent e = { offset, offset + length }, *last;

	last = extents->len ? &g_array_index(extents, struct extent, extents->len - 1) : NULL;
	if (last && last->end == e.start)
		last->end = e.end;
	else
		g_array_append_val(extents, e);
	return 0;
}

static guint64 bytes_of(const GArray *extents)
{
	guint64 bytes = 0;

	for (guint i = 0; i < extents->len; i++)
		bytes += g_array_index(extents, struct extent, i).end - g_array_index(extents, struct extent, i).start;
	return bytes;
}

/* A prepared record that is the last one counts when another file's journal says so. */
static gboolean is_doubtful(const struct journal_header *h, const struct journal_record *r, gboolean last)
{
	return r->type == RECORD_PREPARED && last && h->applying_seq < r->seq;
}

static char *time_of(const struct journal_record *r)
{
	g_autoptr(GDateTime) second = g_date_time_new_from_unix_local((gint64)(r->time / 1000000000));
	g_autofree char *text = second ? g_date_time_format(second, "%Y-%m-%d %H:%M:%S") : g_strdup("?");

	return g_strdup_printf("%s.%03u", text, (unsigned)(r->time / 1000000 % 1000));
}

static void print_text(const struct journal_record *r, const GArray *extents, gboolean doubtful)
{
	g_autofree char *time = time_of(r);

	g_print("  %" G_GUINT64_FORMAT "  %s  %" G_GUINT64_FORMAT " bytes in %u ranges, size %" G_GUINT64_FORMAT
		", transaction %016" G_GINT64_MODIFIER "x%s\n", r->seq, time, bytes_of(extents), extents->len, r->new_size,
		r->transaction, doubtful ? ", decided by another file's journal" : "");
	for (guint i = 0; show_ranges && i < extents->len; i++) {
		const struct extent *e = &g_array_index(extents, struct extent, i);

		g_print("      [%" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT ")\n", e->start, e->end);
	}
}

static void add_json(JsonBuilder *out, const struct journal_record *r, const GArray *extents, gboolean doubtful)
{
	g_autofree char *transaction = g_strdup_printf("%016" G_GINT64_MODIFIER "x", r->transaction);

	json_builder_begin_object(out);
	json_number(out, "number", r->seq);
	json_number(out, "time_ns", r->time);
	json_string(out, "transaction", transaction);
	json_number(out, "bytes", bytes_of(extents));
	json_number(out, "size", r->new_size);
	json_bool(out, "decided_elsewhere", doubtful);
	json_list(out, "ranges");
	for (guint i = 0; i < extents->len; i++)
		json_pair(out, g_array_index(extents, struct extent, i).start, g_array_index(extents, struct extent, i).end);
	json_builder_end_array(out);
	json_builder_end_object(out);
}

static guint64 end_of(guint64 offset, const struct journal_record *r)
{
	return (offset + sizeof *r + r->length + JOURNAL_BLOCK - 1) / JOURNAL_BLOCK * JOURNAL_BLOCK;
}

/* 0, or -errno when a record that is there cannot be read. */
static int each_record(int fd, const struct journal_header *h, JsonBuilder *json)
{
	struct journal_record record, next;
	guint64 at, next_at;
	int err = journal_locate(fd, h, h->head_seq, h->head_offset, &at, &record), after;

	for (; !err; at = next_at, record = next, err = after) {
		g_autoptr(GArray) extents = g_array_new(FALSE, FALSE, sizeof(struct extent));
		gboolean doubtful;

		after = journal_locate(fd, h, record.seq + 1, end_of(at, &record), &next_at, &next);
		doubtful = is_doubtful(h, &record, after != 0);
		err = journal_each_entry(fd, at, &record, add_extent, extents);
		if (err)
			break;
		shown++;
		if (as_json)
			add_json(json, &record, extents, doubtful);
		else
			print_text(&record, extents, doubtful);
	}
	return err == -ENOENT ? 0 : err;
}

static int show(const char *file, int fd, const char *journal, const struct journal_header *h)
{
	g_autoptr(JsonBuilder) out = json_builder_new();
	int err;

	if (!as_json)
		g_print("%s: journal of process %u (%s) on %s\n", cli_shown(file), h->owner_pid, h->owner_comm, h->owner_host);
	json_builder_begin_object(out);
	json_string(out, "file", file);
	json_string(out, "journal", journal);
	json_number(out, "pid", h->owner_pid);
	json_string(out, "program", h->owner_comm);
	json_string(out, "host", h->owner_host);
	json_list(out, "transactions");
	shown = 0;
	err = each_record(fd, h, out);
	json_builder_end_array(out);
	json_builder_end_object(out);
	if (as_json)
		json_print(out);
	else if (!err && !shown)
		g_print("  none: all that was committed is in the file\n");
	return err;
}

static void say_no_journal(const char *file)
{
	g_autoptr(JsonBuilder) out = json_builder_new();

	json_builder_begin_object(out);
	json_string(out, "file", file);
	json_list(out, "transactions");
	json_builder_end_array(out);
	json_builder_end_object(out);
	if (as_json)
		json_print(out);
	else
		g_print("%s: no journal: all that was committed is in the file\n", cli_shown(file));
}

static int log_of(const char *file)
{
	g_autofree char *path = realpath(file, NULL);
	char journal[PATH_MAX];
	struct journal_header header;
	enum journal_find found = FOUND_NOTHING;
	struct stat st;
	bool busy;
	int fd = -1, err = path && !stat(path, &st) ? 0 : -errno;

	if (!err)
		err = journal_path_of(path, config.journal_dir, journal, sizeof journal);
	if (!err)
		err = journal_open_unlocked(journal, &st, &fd, &busy);
	if (err == -ENOENT && path) {
		say_no_journal(file);
		return CLI_OK;
	}
	if (!err)
		err = journal_read_header(fd, &header, &found);
	if (!err && found != FOUND_HEADER)
		err = -EBADMSG;
	if (!err)
		err = show(file, fd, journal, &header);
	if (fd >= 0)
		close(fd);
	if (err)
		cli_complain("%s: %s%s", file, g_strerror(-err), path ? "; see bigfile check" : "");
	return err ? CLI_FAILED : CLI_OK;
}

int cli_log(int argc, char **argv)
{
	int worst = CLI_OK;

	if (!cli_parse(&argc, &argv, entries, "FILE...",
		       "Shows the committed transactions that the journals of files still hold: those since the last checkpoint.\n"
		       "The same transaction has the same number in all files that it changed."))
		return CLI_USAGE;
	if (!files) {
		cli_complain("no file; see bigfile log --help");
		return CLI_USAGE;
	}
	for (char **f = files; *f; f++) {
		if (log_of(*f) != CLI_OK)
			worst = CLI_FAILED;
	}
	return worst;
}
