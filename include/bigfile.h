/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bigfile: transactions for programs that keep their data in mapped files.
 *
 * A program needs nothing from here to be used with Bigfile.  One that wants to say itself when its data is
 * whole includes this header and calls bigfile_commit() there, bigfile_abort() where it gives up.  Nothing is linked:
 * the functions are found at run time when the program runs under Bigfile, and do nothing when it does not.
 * (glibc before 2.34 has dlsym in libdl: link with -ldl there.)
 *
 * There is no begin: one transaction is always open, and what a commit ends is everything that was stored, written or
 * truncated in marked files since the last one, by all threads, and by all processes that share it.
 *
 * Any thread; not from signal handlers (there, raise(SIGUSR1) does).  All return 0, or -1 with errno.
 */
#ifndef BIGFILE_H
#define BIGFILE_H

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BIGFILE_VERSION_MAJOR 0
#define BIGFILE_VERSION_MINOR 1

/* The variable that names the marked files, and the suffix of their journals. */
#define BIGFILE_ENV_PATHS "BIGFILE_PATHS"
#define BIGFILE_JOURNAL_SUFFIX ".bigfile-journal"

/* The exit status of a program whose commit at exit failed. */
#define BIGFILE_EXIT_COMMIT_FAILED 74

struct bigfile_status {
	uint32_t active;        /* 1: under Bigfile, with marked files named */
	uint32_t reserved;
	uint64_t files;         /* marked files that are in the transaction */
	uint64_t dirty_pages;   /* of them, since the last commit or abort */
	uint64_t resized_files; /* those whose size differs from the committed one */
	char tracker[16];       /* "uffd", "mprotect"; "" before the first marked file */
};

#ifdef __cplusplus
extern "C" {
#endif

/* What the library exports; called through the functions below. */
int libbigfile_commit(void);
int libbigfile_abort(void);
int libbigfile_status(struct bigfile_status *status, size_t size);

/* NULL without Bigfile.  NULL is RTLD_DEFAULT too, which some headers keep for _GNU_SOURCE. */
static inline void *bigfile_find_(const char *name)
{
	return dlsym(NULL, name);
}

/*
 * Makes everything durable, all of it or nothing.  EIO, ENOSPC, EFBIG and the like: nothing of it is committed, nothing is
 * lost, and it can be tried again; one line on stderr says what is wrong.  ECANCELED: another thread is ending the process.
 */
static inline int bigfile_commit(void)
{
	int (*fn)(void);

	*(void **)&fn = bigfile_find_("libbigfile_commit");
	return fn ? fn() : 0;
}

/* Back to the last commit: the program's own mappings show the committed bytes again. */
static inline int bigfile_abort(void)
{
	int (*fn)(void);

	*(void **)&fn = bigfile_find_("libbigfile_abort");
	return fn ? fn() : 0;
}

/* All zeros without Bigfile.  Counting dirty pages looks through the touched ones. */
static inline int bigfile_status(struct bigfile_status *status)
{
	int (*fn)(struct bigfile_status *, size_t);

	*(void **)&fn = bigfile_find_("libbigfile_status");
	if (fn)
		return fn(status, sizeof *status);
	memset(status, 0, sizeof *status);
	return 0;
}

#ifdef __cplusplus
}
#endif

#endif
