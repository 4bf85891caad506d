/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tool's side of the control page: finding processes, mapping their pages, asking. */
#ifndef BIGFILE_CLIENT_H
#define BIGFILE_CLIENT_H

#include <glib.h>

#include "control_page.h"

struct client {
	int pid;
	struct control_page *page;
	char *path; /* of the page */
};

/* All living processes of this user that have a control page; stale pages are removed.  Of struct client *. */
GPtrArray *client_list(void);
/* The process id that text is, the whole of it; 0 when it is none. */
int client_pid(const char *text);
/* NULL, and *why set to a static clause: no page, no process, or not to be trusted. */
struct client *client_open(int pid, const char **why);
void client_close(struct client *c);

gboolean client_is_alive(const struct client *c);

/*
 * Asks for op and waits for the answer.  0 or -errno as the process answered; -EINPROGRESS: not yet; -ESRCH when it died.
 * timeout_ms < 0: waits as long as it lives.
 */
int client_ask(struct client *c, enum control_op op, int timeout_ms);

/* A copy of the list of files that is all of one moment. */
struct control_file *client_files(const struct client *c, guint *count);

/* Has it this file in use? */
gboolean client_has(const struct client *c, guint64 dev, guint64 ino);

#endif
