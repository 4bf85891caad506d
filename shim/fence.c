/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See fence.h. */
#include "fence.h"

#include "lease.h"
#include "log.h"

int fence_check(const struct view *v)
{
	return v->leased ? lease_ask(v->journal.fd, v->shared != 0) : 0;
}

bool fence_noticed(struct view *v, int err)
{
	if (!v->leased || v->mode != VIEW_WRITING)
		return false;
	if (v->error)
		return true;
	if (!v->journal.error && !fence_check(v))
		return false;
	v->error = err;
	log_error("%s: cut off from its servers (%e): another machine may have taken it over; nothing more is committed here, what "
		  "was committed is safe: end the program and start it again", v->path, err);
	return true;
}
