/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's asynchronous I/O, which needs no thread of ours. A sandbox may forbid it.
 *
 * Engine thread.
 */
#ifndef BIGFILE_SUBMIT_H
#define BIGFILE_SUBMIT_H

#include <linux/aio_abi.h>
#include <stdbool.h>

#define SUBMIT_AT_ONCE 64 /* requests that are under way */

bool submit_is_possible(void);
/* How many of them, the first ones, the kernel has taken. */
unsigned submit_requests(struct iocb **requests, unsigned count);
/*
 * Waits until at least one, of those that are under way, has ended. How many have, up to `most`. -EIO: it cannot be known, nor will it ever be; nothing
 * is possible any more.
 */
int submit_await(struct io_event *ended, unsigned most);
/* In the child of fork: what it needs is the parent's. */
void submit_after_fork(void);

#endif
