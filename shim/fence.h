/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Noticing that a lease (lease.h) is lost: that this machine was cut off from the servers, and another may have the file by now.
 *
 * Nothing that is tried then can do harm, for every descriptor that could do any has failed with the lock.  What is left is to say so
 * once, and to take no more commits.  Engine thread, under the session lock.
 */
#ifndef BIGFILE_FENCE_H
#define BIGFILE_FENCE_H

#include "view.h"

/*
 * After writing or syncing for v failed with err: is it the lease?  Then v->error is set and a line was printed, now or before.
 * A sync of a leased journal that failed counts as that: nobody replaces such a journal (lease.h), and opening it anew is the way out.
 */
bool fence_noticed(struct view *v, int err);

/* Before something is done by name: 0 when v is not leased, or the lease holds. */
int fence_check(const struct view *v);

#endif
