/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listings of folders, without what Bigfile keeps there: listing.h.
 *
 * libc's own walks (glob, ftw, fts) read folders by themselves, and are not seen.  struct dirent64 is struct dirent under another name.
 */
#include "given.h"
#include "into.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"

/* It was found in the folder just now; `name` has room for what is there. */
static bool shown(int folder, char *name)
{
	return !listing_may_hide(name) || !boot_is_active() || listing_shows(folder, name);
}

EXPORT struct dirent *readdir(DIR *dir)
{
	struct dirent *entry;

	do
		entry = real(readdir)(dir);
	while (entry && !shown(dirfd(dir), entry->d_name));
	return entry;
}

EXPORT struct dirent64 *readdir64(DIR *dir)
{
	return (struct dirent64 *)readdir(dir);
}

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
EXPORT int readdir_r(DIR *dir, struct dirent *room, struct dirent **entry)
{
	int err;

	do
		err = real(readdir_r)(dir, room, entry);
	while (!err && *entry && !shown(dirfd(dir), (*entry)->d_name));
	return err;
}

EXPORT int readdir64_r(DIR *dir, struct dirent64 *room, struct dirent64 **entry)
{
	return readdir_r(dir, (struct dirent *)room, (struct dirent **)entry);
}

/* The rest of n bytes of entries. */
static ssize_t without_hidden(int fd, char *entries, ssize_t n)
{
	ssize_t at = 0, end = n;

	while (at < end) {
		struct dirent64 *entry = (struct dirent64 *)(entries + at);
		unsigned short length = entry->d_reclen;

		if (shown(fd, entry->d_name)) {
			at += length;
			continue;
		}
		end -= length;
		memmove(entry, entries + at + length, (size_t)(end - at));
	}
	return end;
}

static ssize_t get_entries(const struct source *s, void *entries, size_t size, size_t done)
{
	ssize_t n, left = 0;

	/* None at all would mean the end. */
	do {
		n = real(getdents64)(s->fd, entries, size);
		left = n > 0 ? without_hidden(s->fd, entries, n) : n;
	} while (n > 0 && !left);
	return left;
}

EXPORT ssize_t getdents64(int fd, void *entries, size_t size)
{
	struct source s = { .get = get_entries, .fd = fd };
	struct iovec iov = { entries, size };

	return in_window(entries, size) ? into_from(&s, &iov, 1, true) : get_entries(&s, entries, size, 0);
}

EXPORT int scandirat(int dir, const char *path, struct dirent ***list, listing_filter_fn filter, listing_order_fn order)
{
	int n, left = 0, fd = -1;

	path = GIVEN_TEXT(path);
	n = real(scandirat)(dir, path, list, filter, order);
	for (int i = 0; i < n; i++) {
		struct dirent *entry = (*list)[i];

		if (fd < 0 && boot_is_active() && listing_may_hide(entry->d_name))
			fd = real(openat)(dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		if (fd < 0 || shown(fd, entry->d_name))
			(*list)[left++] = entry;
		else
			free(entry);
	}
	if (fd >= 0)
		real(close)(fd);
	return n < 0 ? n : left;
}

EXPORT int scandirat64(int dir, const char *path, struct dirent64 ***list, int (*filter)(const struct dirent64 *),
		       int (*order)(const struct dirent64 **, const struct dirent64 **))
{
	return scandirat(dir, path, (struct dirent ***)list, (listing_filter_fn)filter, (listing_order_fn)order);
}

EXPORT int scandir(const char *path, struct dirent ***list, listing_filter_fn filter, listing_order_fn order)
{
	return scandirat(AT_FDCWD, path, list, filter, order);
}

EXPORT int scandir64(const char *path, struct dirent64 ***list, int (*filter)(const struct dirent64 *),
		     int (*order)(const struct dirent64 **, const struct dirent64 **))
{
	return scandirat64(AT_FDCWD, path, list, filter, order);
}
