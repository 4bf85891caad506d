/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program that knows of Bigfile may call: include/bigfile.h and the Python module look these names up at run
 * time, so that they need not be linked with us.  Any thread, no signal handler.
 */
#include "interpose.h"

#include <string.h>

#include "bigfile.h"
#include "transaction.h"

EXPORT int libbigfile_commit(void)
{
	return boot_is_active() ? (int)to_errno(transaction_commit()) : 0;
}

EXPORT int libbigfile_abort(void)
{
	return boot_is_active() ? (int)to_errno(transaction_abort()) : 0;
}

EXPORT int libbigfile_status(struct bigfile_status *status, size_t size)
{
	struct bigfile_status now = { .active = boot_is_active() };
	struct transaction_summary sum = { 0 };
	int err = now.active ? transaction_survey(&sum) : 0;

	now.files = sum.files;
	now.dirty_pages = sum.dirty_pages;
	now.resized_files = sum.resized;
	if (sum.tracker)
		strncpy(now.tracker, sum.tracker, sizeof now.tracker - 1);
	/* A program of another version knows fewer fields, or more. */
	memset(status, 0, size);
	memcpy(status, &now, size < sizeof now ? size : sizeof now);
	return (int)to_errno(err);
}
