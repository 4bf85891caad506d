/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MAP_PRIVATE mappings of a marked file in the middle of a transaction.
 *
 * The kernel would show the file as last committed; what the program has changed since is copied in.  So the
 * mapping shows the transaction as it was when it was made - what came later may show or not, as POSIX leaves it - and
 * nothing that is stored through it is the file's.  From then on it is the kernel's mapping and no window.
 */
#ifndef BIGFILE_PRIVATEMAP_H
#define BIGFILE_PRIVATEMAP_H

#include "view.h"

/* mmap(2) with flags as given.  Any thread, no lock held; 0 or -errno. */
int privatemap_map(struct view *v, void *addr, size_t length, int prot, int flags, int fd, uint64_t offset,
		   void **result);

#endif
