/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The robust mutexes that this process holds in marked files, when it ends and others share the files.
 *
 * At the end of a thread the kernel walks the list of what it holds, and notes in each that the owner died.  By then the process
 * has left the transaction and its windows cannot be stored to, so the mutex would stay locked.  The same is done here, where
 * the store still belongs to the transaction.
 */
#ifndef BIGFILE_ROBUST_H
#define BIGFILE_ROBUST_H

/* Engine thread, session lock held; no thread stores to a shared view any more. */
void robust_release(void);

#endif
