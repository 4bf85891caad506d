/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Noticing that a lease (lease.h) is lost: that this machine was cut off from the servers, and another may have the file by now.
 *
 * Nothing that is tried then can do harm, for every descriptor that could do any has failed with the lock.  What is left is to say so
 * once, and to take no more commits.  Whatever else fails of that gets its errno and no line of its own.  A process says it once for all files
 * of a volume, and takes no more commits of those that it was found out of.
 *
 * Any thread, signal handlers too, unless something else is said.
 */
#ifndef BIGFILE_FENCE_H
#define BIGFILE_FENCE_H

#include "view.h"

/*
 * After writing or syncing for v failed with err: is it the lease?  Then v->error is set and a line was printed, now or before.
 * A sync of a leased journal that failed counts as that: nobody replaces such a journal (lease.h), and opening it anew is the way out.
 * Engine thread, under the session lock.
 */
bool fence_noticed(struct view *v, int err);

/*
 * A page of v that its file has cannot be had, which is how it shows where nobody can ask: the same, without asking.  Should the lease be held all
 * the same, nothing is lost by taking no more commits.
 */
bool fence_missed(struct view *v, int err);

/* Something else failed: is it because v was cut off, as was found out before? */
bool fence_explains(struct view *v);

/*
 * Looks by itself, about once a second, whether leases still hold.  Not for our sake, for a lost one can do no harm: a holder that is left
 * with one server of three keeps its lock there until it asks, and while it has nothing to write it would not, and nobody could take over.
 * Engine thread, under the session lock; may take as long as the servers' time-outs.
 */
bool fence_is_due(void);
void fence_look(void);

/* Before something is done by name: 0 when v is not leased, or the lease holds.  Engine thread. */
int fence_check(const struct view *v);

#endif
