/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bigfile check, bigfile recover: journals without a running program. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cli.h"
#include "files.h"
#include "json.h"
#include "restore.h"

#define GRACE_MS 500
#define GRACE_STEP_MS 10

enum { CHECK_CLEAN = 0, CHECK_PENDING = 1, CHECK_CORRUPT = 2, CHECK_BUSY = 3 };

static gboolean as_json, dry_run, force, discard;
static char **arguments;

static const GOptionEntry check_entries[] = {
	{ "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "print one JSON object for each file", NULL },
	{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments, NULL, NULL },
	{ NULL, 0, 0, 0, NULL, NULL, NULL },
};

static const GOptionEntry recover_entries[] = {
	{ "dry-run", 'n', 0, G_OPTION_ARG_NONE, &dry_run, "only say what would be done", NULL },
	{ "force", 0, 0, G_OPTION_ARG_NONE, &force,
	  "redo although the file or the journal does not look as the crash left it; a commit in doubt took place", NULL },
	{ "discard", 0, 0, G_OPTION_ARG_NONE, &discard,
	  "delete the journal and keep the file as it is: its last commits may be lost; a commit in doubt did not take place", NULL },
	{ "json", 0, 0, G_OPTION_ARG_NONE, &as_json, "print one JSON object for each file", NULL },
	{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments, NULL, NULL },
	{ NULL, 0, 0, 0, NULL, NULL, NULL },
};

static int status_of(const struct recovery *r)
{
	switch (r->state) {
	case JOURNAL_NONE:
	case JOURNAL_EMPTY:
		return CHECK_CLEAN;
	case JOURNAL_PENDING:
	case JOURNAL_UNLINKED:
		return CHECK_PENDING;
	case JOURNAL_BUSY:
		return CHECK_BUSY;
	default:
		return CHECK_CORRUPT;
	}
}

static const char *outlook(const struct recovery *r)
{
	switch (r->state) {
	case JOURNAL_NONE:
	case JOURNAL_EMPTY:
		return "nothing to do";
	case JOURNAL_PENDING:
		return "recovery redoes them";
	case JOURNAL_UNLINKED:
		return r->removed ? "recovery deletes it for good" : "recovery gives it its name back";
	case JOURNAL_BUSY:
		return "end that process, or use bigfile commit";
	case JOURNAL_NEWER:
		return "use that version";
	case JOURNAL_DOUBT:
		return "recovery refuses until that journal is back, unless --force (it took place) or --discard (it did not)";
	default:
		return "recovery refuses unless --force or --discard";
	}
}

static void print_report(const char *file, const struct recovery *r, const char *result)
{
	g_autoptr(JsonBuilder) out = json_builder_new();

	if (!as_json) {
		g_print("%s: %s: %s", cli_shown(file), journal_state_name(r->state), r->reason);
		if (r->records)
			g_print(" (%" G_GUINT64_FORMAT " commits, %" G_GUINT64_FORMAT " bytes)", r->records, r->bytes);
		if (r->state == JOURNAL_BUSY)
			g_print(": process %u (%s) on %s", r->owner_pid, r->owner_comm, r->owner_host);
		g_print("; %s\n", result);
		return;
	}
	json_builder_begin_object(out);
	json_string(out, "file", file);
	json_string(out, "state", journal_state_name(r->state));
	json_string(out, "reason", r->reason);
	json_string(out, "result", result);
	json_string(out, "journal", r->journal);
	json_number(out, "records", r->records);
	json_number(out, "bytes", r->bytes);
	json_number(out, "new_size", r->records ? r->new_size : 0);
	json_builder_end_object(out);
	json_print(out);
}

/* What a person is told when restore_file failed; to be freed. */
static char *failure(const struct recovery *r, int err)
{
	if (r->state == JOURNAL_BUSY && !r->owner_pid)
		return g_strdup_printf("%s; %s", r->reason, outlook(r));
	if (r->state == JOURNAL_BUSY)
		return g_strdup_printf("in use by process %u (%s) on %s; %s", r->owner_pid, r->owner_comm, r->owner_host,
				       outlook(r));
	if (err == -EBADMSG || err == -ESTALE || err == -EPROTONOSUPPORT)
		return g_strdup_printf("%s; %s", r->reason, outlook(r));
	if (err == -EPERM && r->state == JOURNAL_NONE)
		return g_strdup_printf("the journal %s is not to be trusted: not a plain file of one name, or of "
				       "another owner; look at it and move it away", r->journal);
	if (err == -EINVAL)
		return g_strdup("not a regular file");
	if (r->state == JOURNAL_NONE)
		return g_strdup(g_strerror(-err));
	return g_strdup_printf("%s; the journal %s is kept", g_strerror(-err), r->journal);
}

static void report_failure(const char *file, const struct recovery *r, int err)
{
	g_autofree char *text = failure(r, err);
	g_autoptr(JsonBuilder) out = json_builder_new();

	cli_complain("%s: %s", file, text);
	if (!as_json)
		return;
	json_builder_begin_object(out);
	json_string(out, "file", file);
	/* Without a report, "none" would read as clean. */
	json_string(out, "state", r->state == JOURNAL_NONE ? "unknown" : journal_state_name(r->state));
	json_string(out, "error", text);
	json_builder_end_object(out);
	json_print(out);
}

static int worse(int a, int b)
{
	static const int order[] = { CHECK_CLEAN, CHECK_BUSY, CHECK_PENDING, CHECK_CORRUPT };
	int worst = CHECK_CLEAN;

	for (gsize i = 0; i < G_N_ELEMENTS(order); i++) {
		if (a == order[i] || b == order[i])
			worst = order[i];
	}
	return worst;
}

/* A folder may hold none that need a word. */
static void say_nothing_found(const GPtrArray *files)
{
	if (!files->len && !as_json)
		g_print("no journal is there: nothing to do\n");
}

static gboolean need_files(const char *command)
{
	if (arguments)
		return TRUE;
	cli_complain("no file; see bigfile %s --help", command);
	return FALSE;
}

static gboolean holder_is_gone(const struct recovery *r)
{
	return r->state == JOURNAL_BUSY && (!r->owner_pid || (kill((pid_t)r->owner_pid, 0) && errno == ESRCH));
}

/* What the kernel does for a process that was killed, syncing a journal, may go on for some ms, and holds the journal.  Of one that is in use for
   longer nobody waits for the next. */
static int restore_soon(const char *file, enum recover_mode mode, struct recovery *r)
{
	static int waited; /* ms, for all files */
	int err = restore_file(file, mode, r);

	for (; waited < GRACE_MS && holder_is_gone(r); waited += GRACE_STEP_MS) {
		g_usleep(GRACE_STEP_MS * 1000);
		err = restore_file(file, mode, r);
	}
	return err;
}

int cli_check(int argc, char **argv)
{
	g_autoptr(GPtrArray) files = NULL;
	int worst = CHECK_CLEAN;

	if (!cli_parse(&argc, &argv, check_entries, "FILE|FOLDER...",
		       "Looks whether marked files, those in folders, and those that were changed together with them need recovery;\n"
		       "changes nothing.  Exits with 0: clean, 1: needs recovery, 2: damaged, or recovery refuses, 3: in use.") ||
	    !need_files("check"))
		return CLI_USAGE;
	files = files_named(arguments);
	say_nothing_found(files);
	for (guint i = 0; i < files->len; i++) {
		const char *file = files->pdata[i];
		struct recovery r;
		int err = restore_soon(file, RECOVER_LOOK, &r);

		if (err) {
			report_failure(file, &r, err);
			worst = CHECK_CORRUPT;
			continue;
		}
		print_report(file, &r, outlook(&r));
		worst = worse(worst, status_of(&r));
	}
	return worst;
}

/* On a network file system a journal is emptied, and stays. */
static const char *outcome(const struct recovery *r)
{
	gboolean stays = r->journal[0] && g_file_test(r->journal, G_FILE_TEST_EXISTS);

	if (r->state == JOURNAL_NONE)
		return "nothing to do";
	if (r->state == JOURNAL_UNLINKED)
		return r->removed ? "deleted for good" : "it has its name back";
	if (discard)
		return stays ? "journal emptied, file left as it is" : "journal deleted, file left as it is";
	if (r->records)
		return "recovered";
	if (r->state == JOURNAL_CORRUPT)
		return stays ? "nothing could be redone, damaged journal emptied" : "nothing could be redone, damaged journal deleted";
	return stays ? "nothing to do, the journal is empty" : "empty journal deleted";
}

/* --dry-run answers as the real run would. */
static gboolean would_succeed(const struct recovery *r)
{
	switch (status_of(r)) {
	case CHECK_BUSY:
		return FALSE;
	case CHECK_CORRUPT:
		return discard || (force && r->state != JOURNAL_NEWER);
	default:
		return TRUE;
	}
}

static int recover_one(const char *file)
{
	struct recovery r;
	int err = restore_soon(file, dry_run ? RECOVER_LOOK : discard ? RECOVER_DISCARD : force ? RECOVER_FORCE : RECOVER_REDO, &r);

	if (!err && dry_run) {
		print_report(file, &r, outlook(&r));
		return would_succeed(&r) ? CLI_OK : CLI_FAILED;
	}
	if (!err) {
		print_report(file, &r, outcome(&r));
		return CLI_OK;
	}
	report_failure(file, &r, err);
	return CLI_FAILED;
}

int cli_recover(int argc, char **argv)
{
	g_autoptr(GPtrArray) files = NULL;
	int status = CLI_OK;

	/* An errno, EFBIG, where a file may not be as long as it was. */
	signal(SIGXFSZ, SIG_IGN);
	if (!cli_parse(&argc, &argv, recover_entries, "FILE|FOLDER...",
		       "Brings files, those in folders, and those that were changed together with them to their last commit after a\n"
		       "crash.  Exits with 0 when all are good, 1 otherwise.") ||
	    !need_files("recover"))
		return CLI_USAGE;
	if (force && discard) {
		cli_complain("--force redoes the journal, --discard throws it away: choose one");
		return CLI_USAGE;
	}
	files = files_named(arguments);
	say_nothing_found(files);
	for (guint i = 0; i < files->len; i++) {
		if (recover_one(files->pdata[i]))
			status = CLI_FAILED;
	}
	return status;
}
