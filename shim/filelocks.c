/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See filelocks.h. */
#include "filelocks.h"

#include <limits.h>

#include "fds.h"
#include "network.h"
#include "pathroom.h"
#include "session.h"

bool filelocks_are_limited(int fd)
{
	bool marked, has_view;

	if (fd < 0 || fds_is_plain(fd) || !session_is_here())
		return false;

	PATH_ROOM(name);

	marked = fds_kind(fd) == FD_MARKED;
	if (!marked && session_is_marked(fd, name, &marked, &has_view))
		return false;
	return marked && network_kind_of(fd) != NETWORK_NONE;
}
