/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of names: rename, link, unlink and their relatives. */
#include "interpose.h"

#include <fcntl.h>

#include "namecalls.h"
#include "unlinking.h"

EXPORT int renameat2(int old_dir, const char *old, int new_dir, const char *new, unsigned flags)
{
	int err = boot_is_active() ? namecalls_rename(old_dir, old, new_dir, new, flags) : NOT_OURS;

	return err == NOT_OURS ? real(renameat2)(old_dir, old, new_dir, new, flags) : (int)to_errno(err);
}

EXPORT int renameat(int old_dir, const char *old, int new_dir, const char *new)
{
	int err = boot_is_active() ? namecalls_rename(old_dir, old, new_dir, new, 0) : NOT_OURS;

	return err == NOT_OURS ? real(renameat)(old_dir, old, new_dir, new) : (int)to_errno(err);
}

EXPORT int rename(const char *old, const char *new)
{
	int err = boot_is_active() ? namecalls_rename(AT_FDCWD, old, AT_FDCWD, new, 0) : NOT_OURS;

	return err == NOT_OURS ? real(rename)(old, new) : (int)to_errno(err);
}

EXPORT int linkat(int old_dir, const char *old, int new_dir, const char *new, int flags)
{
	int err = boot_is_active() ? namecalls_link(old_dir, old, new_dir, new, flags) : NOT_OURS;

	return err == NOT_OURS ? real(linkat)(old_dir, old, new_dir, new, flags) : (int)to_errno(err);
}

EXPORT int link(const char *old, const char *new)
{
	int err = boot_is_active() ? namecalls_link(AT_FDCWD, old, AT_FDCWD, new, 0) : NOT_OURS;

	return err == NOT_OURS ? real(link)(old, new) : (int)to_errno(err);
}

EXPORT int unlinkat(int dirfd, const char *path, int flags)
{
	int err = boot_is_active() ? unlinking_file(dirfd, path, flags) : NOT_OURS;

	return err == NOT_OURS ? real(unlinkat)(dirfd, path, flags) : (int)to_errno(err);
}

EXPORT int unlink(const char *path)
{
	int err = boot_is_active() ? unlinking_file(AT_FDCWD, path, 0) : NOT_OURS;

	return err == NOT_OURS ? real(unlink)(path) : (int)to_errno(err);
}

EXPORT int rmdir(const char *path)
{
	int err = boot_is_active() ? unlinking_folder(AT_FDCWD, path) : NOT_OURS;

	return err == NOT_OURS ? real(rmdir)(path) : (int)to_errno(err);
}

EXPORT int remove(const char *path)
{
	int err = boot_is_active() ? unlinking_file(AT_FDCWD, path, 0) : NOT_OURS;

	if (err == NOT_OURS || err == -EISDIR)
		err = boot_is_active() ? unlinking_folder(AT_FDCWD, path) : NOT_OURS;
	return err == NOT_OURS || err == -ENOTDIR ? real(remove)(path) : (int)to_errno(err);
}
