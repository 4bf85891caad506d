/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bigfile top: the processes that have marked files in use, live, and keys to commit and to abort.
 *
 * Looking costs each process a count of its dirty pages.
 */
#include "top.h"

#include <curses.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define ASK_MS 10000
#define HEAD 3 /* lines above the list */

static double interval = 1;
static char **pids;

static const GOptionEntry entries[] = {
	{ "interval", 'i', 0, G_OPTION_ARG_DOUBLE, &interval, "look again after this time (default 1)", "SECONDS" },
	{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &pids, NULL, NULL },
	{ NULL, 0, 0, 0, NULL, NULL, NULL },
};

/* What a key has a process do.  Neither can be taken back: a wrong key must not decide about anybody's data. */
struct deed {
	enum control_op op;
	const char *name, *verb, *what, *done, *not_done;
};

static const struct deed commit = { CONTROL_COMMIT, "commit", "Commit", "stored", "committed", "nothing was committed" };
static const struct deed rollback = { CONTROL_ABORT, "abort", "Roll back", "not committed", "rolled back to its last commit", "nothing was rolled back" };

static struct {
	struct sample *sample;
	int selected; /* process id; 0: the first */
	guint first;  /* line of the list that is at the top */
	gboolean show_files;
	const struct deed *asking; /* whether to do it; NULL: nothing is asked */
	char message[256];
} screen = { .show_files = TRUE };

static const struct row *selected_row(void)
{
	GPtrArray *rows = screen.sample->rows;

	for (guint i = 0; i < rows->len; i++) {
		const struct row *r = rows->pdata[i];

		if (r->client->pid == screen.selected)
			return r;
	}
	screen.selected = rows->len ? ((const struct row *)rows->pdata[0])->client->pid : 0;
	return rows->len ? rows->pdata[0] : NULL;
}

static guint64 page_bytes(guint64 pages)
{
	return pages * (guint64)sysconf(_SC_PAGESIZE);
}

/* One line, cut to the width and filled up to it. */
static void put(int y, int attributes, const char *text)
{
	if (y < 0 || y >= LINES)
		return;
	attrset(attributes);
	mvhline(y, 0, ' ', COLS);
	mvaddnstr(y, 0, cli_shown(text), COLS);
	attrset(A_NORMAL);
}

/* What is looked at most fits into 80 columns. */
static void put_head(void)
{
	const struct sample *s = screen.sample;
	g_autofree char *dirty = cli_size(page_bytes(s->dirty));
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *clock = g_date_time_format(now, "%H:%M:%S");
	g_autofree char *text = g_strdup_printf("%s  processes %u, transactions %u, files %u, not committed %s", clock, s->rows->len,
						s->sessions, s->files, dirty);
	g_autofree char *columns = g_strdup_printf("%7s %-12s %10s %8s %8s %9s %10s %6s %7s %6s %8s", "PID", "PROGRAM", "DIRTY", "COMMITS",
						   "PER SEC", "LAST TOOK", "JOURNAL", "SHARED", "ABORTS", "FAILED", "TRACKER");

	put(0, A_BOLD, text);
	put(2, A_REVERSE, columns);
}

static char *took(guint64 ns)
{
	return ns >= 1000000000 ? g_strdup_printf("%.1f s", (double)ns / 1e9) :
	       ns >= 1000000	? g_strdup_printf("%.1f ms", (double)ns / 1e6) :
				  g_strdup_printf("%" G_GUINT64_FORMAT " us", ns / 1000);
}

static char *row_text(const struct row *r)
{
	const struct control_page *p = r->client->page;
	g_autofree char *dirty = cli_size(page_bytes(r->dirty)), *journals = cli_size(r->journals);
	g_autofree char *latency = p->commits ? took(p->last_duration_ns) : g_strdup("-");
	g_autofree char *rate = r->rate < 0 ? g_strdup("-") : g_strdup_printf("%.1f", r->rate);
	g_autofree char *shared = r->participants > 1 ? g_strdup_printf("%u", r->participants) : g_strdup("-");

	return g_strdup_printf("%7d %-12.12s %10s %8" G_GUINT64_FORMAT " %8s %9s %10s %6s %7" G_GUINT64_FORMAT " %6" G_GUINT64_FORMAT " %8s%s",
			       r->client->pid, p->comm, dirty, p->commits, rate, latency, journals, shared, p->aborts, p->failures, p->tracker,
			       r->fresh ? "" : "  busy");
}

static char *file_text(const struct control_file *f)
{
	g_autofree char *size = cli_size(f->size), *journal = cli_size(f->journal_bytes);

	return g_strdup_printf("%9s%s: %s, %s, %" G_GUINT64_FORMAT " dirty pages, journal %s%s%s", "", f->path, size,
			       f->writing ? "writing" : "reading", f->dirty_pages, journal, f->error ? ", commits fail: " : "",
			       f->error ? g_strerror(f->error) : "");
}

/* Lines of the list, and which of them is selected. */
static GPtrArray *list_lines(guint *at)
{
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
	const struct row *chosen = selected_row();

	*at = 0;
	for (guint i = 0; i < screen.sample->rows->len; i++) {
		const struct row *r = screen.sample->rows->pdata[i];

		if (r == chosen)
			*at = lines->len;
		g_ptr_array_add(lines, row_text(r));
		for (guint j = 0; screen.show_files && j < r->file_count; j++)
			g_ptr_array_add(lines, file_text(&r->files[j]));
	}
	return lines;
}

static void draw(void)
{
	guint at, place = LINES > HEAD + 2 ? (guint)LINES - HEAD - 2 : 1;
	g_autoptr(GPtrArray) lines = list_lines(&at);

	erase();
	put_head();
	screen.first = MIN(screen.first, at);
	if (at >= screen.first + place)
		screen.first = at - place + 1;
	for (guint i = 0; i < place && screen.first + i < lines->len; i++)
		put(HEAD + (int)i, screen.first + i == at ? A_STANDOUT : A_NORMAL, lines->pdata[screen.first + i]);
	if (!lines->len)
		put(HEAD, A_NORMAL, pids ? "none of these processes has a marked file in use" :
			"no process of yours has a marked file in use: start one with bigfile run");
	/* Others may have written to the terminal. */
	redrawwin(stdscr);
	put(LINES - 2, A_BOLD, screen.message);
	put(LINES - 1, A_REVERSE, "up, down: choose   c: commit   a: abort   f: files   q: quit");
	refresh();
}

static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_vsnprintf(screen.message, sizeof screen.message, format, args);
	va_end(args);
}

static void carry_out(const struct deed *d)
{
	const struct row *r = selected_row();
	int err;

	if (!r)
		return;
	say("process %d: %s asked for ...", r->client->pid, d->name);
	draw();
	err = client_ask(r->client, d->op, ASK_MS);
	if (err == -EINPROGRESS)
		say("process %d: no answer yet; the %s is still asked for", r->client->pid, d->name);
	else if (err)
		say("process %d: the %s failed: %s; its stderr tells more", r->client->pid, d->name, g_strerror(-err));
	else
		say("process %d: %s", r->client->pid, d->done);
}

static void move_selection(int by)
{
	GPtrArray *rows = screen.sample->rows;
	const struct row *now = selected_row();

	for (guint i = 0; i < rows->len; i++) {
		if (rows->pdata[i] == now && (gint64)i + by >= 0 && i + (guint)by < rows->len) {
			screen.selected = ((const struct row *)rows->pdata[i + (guint)by])->client->pid;
			return;
		}
	}
}

static void answer(int key)
{
	const struct deed *d = screen.asking;

	screen.asking = NULL;
	if (key == 'y' || key == 'Y')
		carry_out(d);
	else
		say("%s", d->not_done);
}

static void ask(const struct deed *d)
{
	const struct row *r = selected_row();

	if (!r)
		return;
	say("%s all that process %d (%s) has %s?  y: yes, any other key: no", d->verb, r->client->pid, r->client->page->comm, d->what);
	screen.asking = d;
}

/* FALSE: time to go. */
static gboolean obey(int key)
{
	if (screen.asking && key != KEY_RESIZE) {
		answer(key);
		return TRUE;
	}
	switch (key) {
	case 'q':
	case 'Q':
	case 27: /* escape */
		return FALSE;
	case 'c':
		ask(&commit);
		break;
	case 'a':
		ask(&rollback);
		break;
	case 'f':
		screen.show_files = !screen.show_files;
		break;
	case KEY_UP:
	case 'k':
		move_selection(-1);
		break;
	case KEY_DOWN:
	case 'j':
		move_selection(1);
		break;
	}
	return TRUE;
}

static void look(void)
{
	struct sample *next = sample_take(screen.sample, pids);

	sample_free(screen.sample);
	screen.sample = next;
}

static void watch(void)
{
	gint64 due = 0, pause = (gint64)(interval * G_USEC_PER_SEC);
	int key = ERR;

	for (;;) {
		gint64 left = due - g_get_monotonic_time();

		/* While it is being asked about, what is selected stays as it was. */
		if (left <= 0 && !screen.asking) {
			look();
			due = g_get_monotonic_time() + pause;
			left = pause;
		}
		draw();
		timeout(left > 0 ? (int)(left / 1000) + 1 : 1000);
		key = getch();
		if (key == ERR)
			continue;
		if (!obey(key))
			return;
		due = screen.asking ? due : 0;
	}
}

static gboolean are_pids(void)
{
	for (char **p = pids; p && *p; p++) {
		if (client_pid(*p))
			continue;
		cli_complain("%s: is not the number of a process; see bigfile status for those there are", *p);
		return FALSE;
	}
	return TRUE;
}

int main(int argc, char **argv)
{
	cli_start();
	argc--;
	argv++;
	if (!cli_parse(&argc, &argv, entries, "[PID...]",
		       "Shows the processes that have marked files in use, and what they have not committed, as it changes.\n"
		       "Keys: up and down choose a process, c commits and a aborts, after a question, f shows or hides files, q ends."))
		return CLI_USAGE;
	if (!are_pids())
		return CLI_USAGE;
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		cli_complain("top needs a terminal; bigfile status --json is for scripts");
		return CLI_FAILED;
	}
	interval = CLAMP(interval, 0.1, 3600);
	set_escdelay(25);
	if (!newterm(NULL, stdout, stdin)) {
		cli_complain("this terminal is not known: set TERM, or install ncurses-term");
		return CLI_FAILED;
	}
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	watch();
	endwin();
	sample_free(screen.sample);
	return CLI_OK;
}
