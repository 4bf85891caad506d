/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See journal.h: how a journal begins, begins anew, and ends. */
#include "journal.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "arena.h"
#include "journal_head.h"
#include "sys.h"

static int open_with(struct journal *j, int fd, const char *path)
{
	memset(j, 0, sizeof *j);
	j->fd = fd;
	j->path = arena_strdup(path);
	j->buffer = arena_alloc(JOURNAL_BUFFER);
	j->hash = arena_alloc(sizeof(XXH3_state_t));
	return j->path && j->buffer && j->hash ? 0 : -ENOMEM;
}

int journal_adopt(struct journal *j, int fd, const char *path)
{
	journal_close(j);
	return open_with(j, fd, path);
}

static int start_empty(struct journal *j, const struct stat *file, uint64_t data_offset)
{
	journal_first_header(&j->header, file, j->durable);
	j->header.data_offset = j->header.head_offset = data_offset;
	j->tail = (struct journal_position){ data_offset, 1 };
	j->free_limit = data_offset;
	j->free_seq = 1;
	j->allocated = data_offset;
	return journal_write_both(j->fd, &j->header);
}

int journal_init(struct journal *j, int fd, const char *path, const struct stat *file, bool durable, uint64_t data_offset)
{
	int err = open_with(j, fd, path);

	j->durable = durable;
	return err ? err : start_empty(j, file, data_offset);
}

int journal_restart(struct journal *j, const struct stat *file, uint64_t data_offset)
{
	int err = sys_ftruncate(j->fd, 0);

	if (!err && j->durable)
		err = sys_fsync(j->fd);
	if (err)
		return err;
	j->roster_wanted = 0;
	return start_empty(j, file, data_offset);
}

void journal_close(struct journal *j)
{
	journal_settle(j);
	if (j->fd >= 0)
		sys_close(j->fd);
	if (j->path)
		arena_free(j->path, strlen(j->path) + 1);
	arena_free(j->buffer, JOURNAL_BUFFER);
	arena_free(j->hash, sizeof(XXH3_state_t));
	arena_free(j->roster, j->roster_room);
	memset(j, 0, sizeof *j);
	j->fd = -1;
}
