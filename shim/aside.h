/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The name aside: where a file is that was unlinked in a transaction, until that is committed.
 *
 * The name alone says it.  A file that has it belongs back to its old name, unless its journal says that it was removed;
 * doc/design.md has all states.  0 or -errno; not for signal handlers.
 */
#ifndef BIGFILE_ASIDE_H
#define BIGFILE_ASIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* -ENAMETOOLONG: the file, or a journal of it, could not have that name. */
int aside_path_of(const char *path, char *out, size_t size);
/* The opposite.  False: `aside` is no such name. */
bool aside_original(const char *aside, char *path, size_t size);
bool aside_is(const char *path);
/* marks_match for who has the file open: by its name, or by the one that it had before it was set aside. */
bool aside_is_marked(const char *path);

/* -EEXIST: the name aside is taken. */
int aside_put(const char *path, const char *aside);
/*
 * Back to the old name if that is free, or has an empty file that is nobody else's; else to another, which a line tells.  Not synced.
 */
enum aside_name {
	ASIDE_NAME_OPEN,   /* of what has the name nothing is known; */
	ASIDE_NAME_LOCKED, /* its journal is ours: no transaction has it; */
	ASIDE_NAME_OURS,   /* it is of our transaction */
};
int aside_put_back(const char *aside, enum aside_name name);
/* Unlinks the name aside if it is still that of `file`.  Not synced. */
int aside_remove(const char *aside, const struct stat *file);

#endif
