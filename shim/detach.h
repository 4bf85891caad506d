/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Letting marked files go: they are made durable, their journals deleted and unlocked.  What has not been committed by then is rolled back.
 *
 * A crash in between leaves journals whose records are in the files, or will be after recovery.
 */
#ifndef BIGFILE_DETACH_H
#define BIGFILE_DETACH_H

#include <stdbool.h>

/* In a job, under the session lock.  ends: see sharing_leave. */
int detach(bool ends);

#endif
