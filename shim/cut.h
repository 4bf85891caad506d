/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The cut of private views under constant stores: what they hold at one instant, taken while the stores go on.
 *
 * What can be stored to is closed piece by piece; who stores meanwhile opens a page again (saved.h), and what was opened is closed
 * once more, until it is so little that it can be closed while the window lock keeps everybody out.  That instant is the cut.  Then
 * the dirty pages are found and copied, whoever stores first having saved the page as it was.  What was saved is dirty again
 * afterwards, for the next transaction: the tracker has called it clean perhaps after the store that came behind the cut.
 *
 * A thread that stores is held up for a page's copy and a few mprotect() calls; for longer only where there is no room to save more, or as long
 * as it takes to close what was opened again, where the committer has waited as long for a CPU.
 *
 * Engine thread, under the session lock.
 */
#ifndef BIGFILE_CUT_H
#define BIGFILE_CUT_H

#include "view.h"

/* For each view that this process may commit. */
#define each_writing(v)                                             \
	for (struct view *v = view_first(); v; v = v->next)         \
		if (v->mode == VIEW_WRITING)

/* Somebody stored during the last cut: the next commit may as well begin with one. */
extern bool cut_is_wanted;

/* Gives all of the cut to the builds of the views (build.h).  Errors are in them.  None of the views is shared. */
void cut_take(void);

#endif
