/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The control pages of this user's processes as files: where they are, whose is which.
 *
 * Engine thread, and the tool.  0 or -errno.
 */
#ifndef BIGFILE_CONTROLFILE_H
#define BIGFILE_CONTROLFILE_H

#include <stddef.h>

#include "control_page.h"

/* Makes it if need be.  -EPERM: it is not ours alone. */
int controlfile_folder(char *folder, size_t size);
/* A descriptor of it, for who looks at many pages. */
int controlfile_open_folder(void);
/* Maps the page of process pid, checked; to be unmapped by controlfile_unmap. */
int controlfile_map(uint32_t pid, struct control_page **page);
int controlfile_map_in(int folder, uint32_t pid, struct control_page **page);
void controlfile_unmap(struct control_page *page);
/* Removes what a process has left that is gone. */
void controlfile_sweep(int folder, uint32_t pid);
/*
 * Asks the owner of a page for op, and waits for what it answers; -1: however long that takes.  -ESRCH: it has ended without
 * an answer.  -EINPROGRESS: no answer in that time; it is still asked for.
 */
int controlfile_ask(struct control_page *page, enum control_op op, int timeout_ms);
/* The same, but as long as the owner is at work on it, and not stopped, there is no limit. */
int controlfile_ask_patiently(struct control_page *page, enum control_op op, int timeout_ms);
/* Rings the doorbell of process pid. */
void controlfile_ring(uint32_t pid);

#endif
