/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of names: rename, link, unlink and their relatives. */
#include "given.h"

#include <fcntl.h>

#include "namecalls.h"
#include "unlinking.h"

EXPORT int renameat2(int old_dir, const char *old, int new_dir, const char *new, unsigned flags)
{
	const char *from = GIVEN_TEXT(old), *to = GIVEN_TEXT(new);
	int err = boot_is_active() ? namecalls_rename(old_dir, from, new_dir, to, flags) : NOT_OURS;

	return err == NOT_OURS ? real(renameat2)(old_dir, from, new_dir, to, flags) : (int)to_errno(err);
}

EXPORT int renameat(int old_dir, const char *old, int new_dir, const char *new)
{
	const char *from = GIVEN_TEXT(old), *to = GIVEN_TEXT(new);
	int err = boot_is_active() ? namecalls_rename(old_dir, from, new_dir, to, 0) : NOT_OURS;

	return err == NOT_OURS ? real(renameat)(old_dir, from, new_dir, to) : (int)to_errno(err);
}

EXPORT int rename(const char *old, const char *new)
{
	const char *from = GIVEN_TEXT(old), *to = GIVEN_TEXT(new);
	int err = boot_is_active() ? namecalls_rename(AT_FDCWD, from, AT_FDCWD, to, 0) : NOT_OURS;

	return err == NOT_OURS ? real(rename)(from, to) : (int)to_errno(err);
}

EXPORT int linkat(int old_dir, const char *old, int new_dir, const char *new, int flags)
{
	const char *from = GIVEN_TEXT(old), *to = GIVEN_TEXT(new);
	int err = boot_is_active() ? namecalls_link(old_dir, from, new_dir, to, flags) : NOT_OURS;

	return err == NOT_OURS ? real(linkat)(old_dir, from, new_dir, to, flags) : (int)to_errno(err);
}

EXPORT int link(const char *old, const char *new)
{
	const char *from = GIVEN_TEXT(old), *to = GIVEN_TEXT(new);
	int err = boot_is_active() ? namecalls_link(AT_FDCWD, from, AT_FDCWD, to, 0) : NOT_OURS;

	return err == NOT_OURS ? real(link)(from, to) : (int)to_errno(err);
}

EXPORT int unlinkat(int dirfd, const char *path, int flags)
{
	const char *name = GIVEN_TEXT(path);
	int err = boot_is_active() ? unlinking_file(dirfd, name, flags) : NOT_OURS;

	return err == NOT_OURS ? real(unlinkat)(dirfd, name, flags) : (int)to_errno(err);
}

EXPORT int unlink(const char *path)
{
	const char *name = GIVEN_TEXT(path);
	int err = boot_is_active() ? unlinking_file(AT_FDCWD, name, 0) : NOT_OURS;

	return err == NOT_OURS ? real(unlink)(name) : (int)to_errno(err);
}

EXPORT int rmdir(const char *path)
{
	const char *name = GIVEN_TEXT(path);
	int err = boot_is_active() ? unlinking_folder(AT_FDCWD, name) : NOT_OURS;

	return err == NOT_OURS ? real(rmdir)(name) : (int)to_errno(err);
}

EXPORT int remove(const char *path)
{
	const char *name = GIVEN_TEXT(path);
	int err = boot_is_active() ? unlinking_file(AT_FDCWD, name, 0) : NOT_OURS;

	if (err == NOT_OURS || err == -EISDIR)
		err = boot_is_active() ? unlinking_folder(AT_FDCWD, name) : NOT_OURS;
	return err == NOT_OURS || err == -ENOTDIR ? real(remove)(name) : (int)to_errno(err);
}
