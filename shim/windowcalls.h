/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls on address ranges that may hold windows of marked files, and other things as well.
 *
 * Any thread, no lock held.  Results as in mapping.h.
 */
#ifndef BIGFILE_WINDOWCALLS_H
#define BIGFILE_WINDOWCALLS_H

#include <stddef.h>

/* munmap of a range that may hold windows and other things: what is not ours is really unmapped. */
int windowcalls_unmap(void *addr, size_t length);
int windowcalls_protect(void *addr, size_t length, int prot);
int windowcalls_advise(void *addr, size_t length, int advice);
int windowcalls_sync(void *addr, size_t length, int flags);

/* The program has made something at p that needs a shared file.  Where that cannot be had, a line says so.  errno is kept. */
void windowcalls_share(const void *p);

#endif
