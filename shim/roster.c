/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See roster.h. */
#include "roster.h"

#include <limits.h>
#include <string.h>

#include "arena.h"
#include "aside.h"
#include "journal_read.h"
#include "journal_scan.h"
#include "page.h"
#include "sys.h"

#define LARGEST ((uint64_t)64 << 20)
#define TAIL_OF(c) ((const char *)((c) + 1))

static uint64_t room_of(const struct journal_header *h)
{
	return min_u64(h->data_offset - JOURNAL_ROSTER, LARGEST);
}

/* Past what is in the salt, in the lengths and in the paths. */
static uint64_t checksum_of(const struct journal_companion *c)
{
	struct {
		uint64_t salt;
		uint32_t lengths[2];
		uint64_t paths;
	} sum = { c->salt, { c->journal_length, c->file_length }, 0 };

	sum.paths = journal_hash(TAIL_OF(c), (size_t)c->journal_length + c->file_length);
	return journal_hash(&sum, sizeof sum);
}

static uint64_t length_of(const struct journal_companion *c)
{
	return round_up(sizeof *c + c->journal_length + c->file_length, 8);
}

/* The entry at `at`; NULL: the roster ends here. */
static const struct journal_companion *entry_at(const uint8_t *roster, uint64_t room, uint64_t at)
{
	const struct journal_companion *c = (const void *)(roster + at);

	if (at + sizeof *c > room || c->magic != JOURNAL_COMPANION_MAGIC ||
	    !journal_paths_are_sound(TAIL_OF(c), c->journal_length, c->file_length, room - at - sizeof *c) ||
	    c->checksum != checksum_of(c))
		return NULL;
	return c;
}

/* The file may end in it: what was never written is zeros. */
static int read_roster(int fd, uint8_t *roster, uint64_t room)
{
	uint64_t done = 0;

	while (done < room) {
		ssize_t n = sys_pread(fd, roster + done, room - done, JOURNAL_ROSTER + done);

		if (n < 0)
			return (int)n;
		if (n == 0)
			break;
		done += (uint64_t)n;
	}
	return 0;
}

int roster_each(int fd, const struct journal_header *header, roster_fn fn, void *arg)
{
	uint64_t room = room_of(header), at = 0;
	uint8_t *roster = arena_alloc(room);
	const struct journal_companion *c;
	int err = roster ? read_roster(fd, roster, room) : -ENOMEM;

	for (; !err && (c = entry_at(roster, room, at)); at += length_of(c)) {
		const char *journal = TAIL_OF(c);
		struct companion found = { c->salt, journal, journal + c->journal_length, JOURNAL_ROSTER + at };

		if (!c->done)
			err = fn(arg, &found);
	}
	arena_free(roster, room);
	return err;
}

int roster_strike(int fd, const struct companion *c)
{
	uint32_t done = 1;

	return sys_pwrite_all(fd, &done, sizeof done, c->at + offsetof(struct journal_companion, done));
}

void roster_forget(struct journal *j)
{
	arena_free(j->roster, j->roster_room);
	j->roster = NULL;
}

static int load(struct journal *j)
{
	const struct journal_companion *c;
	uint64_t end = 0;
	int err;

	if (j->roster && j->roster_salt == j->header.salt && j->roster_seen == j->roster_version)
		return 0;
	roster_forget(j);
	j->roster_room = room_of(&j->header);
	j->roster = arena_alloc(j->roster_room);
	err = j->roster ? read_roster(j->fd, j->roster, j->roster_room) : -ENOMEM;
	if (err) {
		roster_forget(j);
		return err;
	}
	while ((c = entry_at(j->roster, j->roster_room, end)))
		end += length_of(c);
	j->roster_used = end;
	j->roster_seen = j->roster_version;
	j->roster_salt = j->header.salt;
	return 0;
}

bool roster_has(struct journal *j, uint64_t salt, const char *journal)
{
	if (load(j))
		return false;
	for (uint64_t at = 0; at < j->roster_used;) {
		const struct journal_companion *c = (const void *)(j->roster + at);

		if (c->salt == salt && !c->done && !strcmp(TAIL_OF(c), journal))
			return true;
		at += length_of(c);
	}
	return false;
}

bool roster_remove(struct journal *j, uint64_t salt)
{
	bool named = false;

	if (load(j))
		return false;
	for (uint64_t at = 0; at < j->roster_used;) {
		struct journal_companion *c = (void *)(j->roster + at);
		struct companion found = { .at = JOURNAL_ROSTER + at };

		if (c->salt == salt && !c->done && !roster_strike(j->fd, &found)) {
			c->done = 1;
			j->roster_seen = ++j->roster_version;
			named |= !aside_is(TAIL_OF(c) + c->journal_length);
		}
		at += length_of(c);
	}
	return named;
}

bool roster_is_empty(struct journal *j)
{
	return !load(j) && j->roster_used == 0;
}

int roster_add(struct journal *j, uint64_t salt, const char *journal, const char *file)
{
	struct journal_companion c = { .magic = JOURNAL_COMPANION_MAGIC, .salt = salt,
				       .journal_length = (uint32_t)strlen(journal) + 1,
				       .file_length = (uint32_t)strlen(file) + 1 };
	uint64_t at;
	uint8_t *p;
	int err = load(j);

	if (err)
		return err;
	if (c.journal_length > PATH_MAX || c.file_length > PATH_MAX)
		return -ENAMETOOLONG;
	at = j->roster_used;
	if (at + length_of(&c) > j->roster_room)
		return -EAGAIN;
	p = j->roster + at;
	memset(p, 0, length_of(&c));
	memcpy(p, &c, sizeof c);
	memcpy(p + sizeof c, journal, c.journal_length);
	memcpy(p + sizeof c + c.journal_length, file, c.file_length);
	((struct journal_companion *)(void *)p)->checksum = checksum_of((const void *)p);
	err = sys_pwrite_all(j->fd, p, length_of(&c), JOURNAL_ROSTER + at);
	if (err) {
		roster_forget(j);
		return err;
	}
	j->roster_used = at + length_of(&c);
	j->roster_seen = ++j->roster_version;
	return 0;
}

uint64_t roster_room_for(const char *journal, const char *file)
{
	return sizeof(struct journal_companion) + strlen(journal) + strlen(file) + 10;
}
