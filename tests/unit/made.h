/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Journals made by hand, in a folder that goes again, and their recovery.
 *
 *	if (!begin_in_folder()) return 1; write_file("0123456789"); start_journal(); record(UINT64_MAX, 10, 1, "A"); ...; return end_in_folder();
 */
#ifndef BIGFILE_MADE_H
#define BIGFILE_MADE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "journal_lock.h"
#include "log.h"
#include "restore.h"
#include "sys.h"
#include "tap.h"

static char folder[] = "/tmp/bigfile-recover-XXXXXX", path[300], journal[400];
static struct journal j;

static inline void write_file(const char *text)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	sys_pwrite_all(fd, text, strlen(text), 0);
	close(fd);
}

static inline bool file_is(const char *text, size_t length)
{
	char got[256];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, got, sizeof got);

	close(fd);
	return n == (ssize_t)length && !memcmp(got, text, length);
}

static inline void start_journal(void)
{
	struct stat st;
	int fd;

	unlink(journal);
	stat(path, &st);
	if (journal_open_locked(journal, &st, true, &fd) || journal_init(&j, fd, journal, &st, true, JOURNAL_DATA))
		printf("not ok - journal\n");
}

static inline void record(uint64_t cut, uint64_t size, uint64_t at, const char *text)
{
	journal_begin(&j);
	journal_put(&j, at, text, strlen(text));
	journal_seal(&j, &(struct journal_sealing){ 1, cut, size, false });
}

static inline enum journal_state look(void)
{
	struct recovery r;

	return restore_file(path, RECOVER_LOOK, &r) ? JOURNAL_NONE : r.state;
}

static inline int redo(enum recover_mode mode)
{
	struct recovery r;

	return restore_file(path, mode, &r);
}

/* False: nothing can be tested here. */
static inline bool begin_in_folder(void)
{
	log_set_level(LOG_QUIET);
	if (!mkdtemp(folder))
		return false;
	snprintf(path, sizeof path, "%s/data", folder);
	journal_path_of(path, NULL, journal, sizeof journal);
	return true;
}

static inline int end_in_folder(void)
{
	unlink(path);
	rmdir(folder);
	return done();
}

#endif
