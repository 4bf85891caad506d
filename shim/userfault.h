/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * This process's userfaultfd, in WP_ASYNC mode: which ranges it tracks.
 *
 * Engine thread, in whose descriptor table it is.  0 or -errno.
 */
#ifndef BIGFILE_USERFAULT_H
#define BIGFILE_USERFAULT_H

#include "page.h"

int userfault_open(void);
void userfault_close(void);
int userfault_register(struct range at);
/* Protects all of `at`, pages that are not there yet included. */
int userfault_protect(struct range at);
int userfault_unprotect(struct range at);
/* Tracks it no more: what was protected is not, and can be mapped with its neighbours again. */
int userfault_unregister(struct range at);

#endif
