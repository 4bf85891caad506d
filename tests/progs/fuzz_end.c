/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the fuzzer's transactions end: by msync, fsync and fdatasync, and by the two signals, whose answers it awaits in
 * the control page.  Signals that come before there is a page find nothing to do.
 */
#include "fuzz.h"

#include "control.h"

static struct control_page *page;

static void signal_and_wait(int sig, enum control_op op)
{
	if (!page)
		page = control_page_of(getpid());
	if (page)
		expect(control_by_signal(page, getpid(), sig, op), 0);
	else
		kill(getpid(), sig);
}

bool do_commit(void)
{
	struct slot *s = pick_slot();
	int how = (int)draw(on(G_SIGNAL) ? 4 : 3);

	if (plain)
		return false;
	if (how == 0 && !sync_window())
		return false;
	if ((how == 1 || how == 2) && !s)
		return false;
	if (how) {
		say("a commit by %s", how == 1 ? "fsync" : how == 2 ? "fdatasync" : "signal");
		if (how == 3)
			signal_and_wait(SIGUSR1, CONTROL_COMMIT);
		else
			expect(result_of(how == 1 ? fsync(s->fd) : fdatasync(s->fd)), 0);
	}
	model_commit();
	commits++;
	check_file();
	return true;
}

bool do_abort(void)
{
	if (plain)
		return false;
	if (one_in(8))
		check_file();
	say("an abort");
	signal_and_wait(SIGUSR2, CONTROL_ABORT);
	model_abort();
	aborts++;
	check_windows();
	check_file();
	return true;
}
