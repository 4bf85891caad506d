/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* bigfile commit, bigfile abort: ask processes and wait until it is done. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "client.h"

static double timeout_seconds = -1;
static char **targets;

static const GOptionEntry entries[] = {
	{ "timeout", 't', 0, G_OPTION_ARG_DOUBLE, &timeout_seconds, "give up waiting after this time", "SECONDS" },
	{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &targets, NULL, NULL },
	{ NULL, 0, 0, 0, NULL, NULL, NULL },
};

static int ask(struct client *c, enum control_op op, const char *what)
{
	int err = client_ask(c, op, timeout_seconds < 0 ? -1 : (int)MIN(timeout_seconds * 1000, G_MAXINT));

	if (!err)
		return CLI_OK;
	if (err == -EINPROGRESS)
		cli_complain("process %d: no answer yet; the %s is still asked for", c->pid, what);
	else if (err == -ESRCH)
		cli_complain("process %d: it ended before the %s was answered", c->pid, what);
	else
		cli_complain("process %d: %s; its stderr tells more", c->pid,
			     c->page->message[0] ? c->page->message : g_strerror(-err));
	return CLI_FAILED;
}

static int ask_pid(const char *target, enum control_op op, const char *what)
{
	const char *why;
	struct client *c = client_open(client_pid(target), &why);
	int status;

	if (!c) {
		cli_complain("process %s: %s", target, why);
		return CLI_NO_PROCESS;
	}
	status = ask(c, op, what);
	client_close(c);
	return status;
}

static int ask_users_of(const char *target, enum control_op op, const char *what)
{
	g_autoptr(GPtrArray) all = client_list();
	int status = CLI_NO_PROCESS;
	struct stat st;

	if (stat(target, &st)) {
		cli_complain("%s: %s", target, g_strerror(errno));
		return CLI_NO_PROCESS;
	}
	for (guint i = 0; i < all->len; i++) {
		if (!client_has(all->pdata[i], st.st_dev, st.st_ino))
			continue;
		if (status != CLI_FAILED)
			status = ask(all->pdata[i], op, what);
		else
			ask(all->pdata[i], op, what);
	}
	if (status == CLI_NO_PROCESS)
		cli_complain("%s: no process of yours has it in use under Bigfile", target);
	return status;
}

static int request(int argc, char **argv, enum control_op op, const char *what, const char *summary)
{
	int worst = CLI_OK;

	if (!cli_parse(&argc, &argv, entries, "PID|FILE...", summary))
		return CLI_USAGE;
	if (!targets) {
		cli_complain("no process; see bigfile %s --help, or bigfile status for those there are", what);
		return CLI_USAGE;
	}
	for (char **t = targets; *t; t++) {
		int status = strspn(*t, "0123456789") == strlen(*t) ? ask_pid(*t, op, what) :
								      ask_users_of(*t, op, what);

		worst = MAX(worst, status);
	}
	return worst;
}

int cli_commit(int argc, char **argv)
{
	return request(argc, argv, CONTROL_COMMIT, "commit",
		       "Commits what the processes have stored in their marked files.  Exits with 0 only when all of it is\n"
		       "durable, 1 when a commit failed, 3 when there is no such process.");
}

int cli_abort(int argc, char **argv)
{
	return request(argc, argv, CONTROL_ABORT, "abort",
		       "Rolls the processes' marked files back to the last commit.  Exits with 0 when done, 1 when it\n"
		       "failed, 3 when there is no such process.");
}
