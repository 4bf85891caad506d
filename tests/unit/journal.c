/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal's writer against its reader: records, the ring, moves, a full ring, damage. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "sys.h"
#include "tap.h"

static char path[] = "/tmp/bigfile-journal-XXXXXX";
static struct journal j;
static char block[1 << 20];

static int commit(size_t bytes, char fill)
{
	int err = journal_begin(&j);

	memset(block, fill, sizeof block);
	for (uint64_t at = 0; at < bytes && !err; at += sizeof block)
		err = journal_put(&j, at, block, bytes - at < sizeof block ? bytes - at : sizeof block);
	return err ? err : journal_seal(&j, &(struct journal_sealing){ 1, UINT64_MAX, bytes, false });
}

static struct journal_chain scan(void)
{
	struct journal_header h;
	struct journal_chain c = { 0 };
	enum journal_find found;
	int fd = open(path, O_RDONLY);

	if (journal_read_header(fd, &h, &found) || found != FOUND_HEADER || journal_scan(fd, &h, &c))
		c.records = 999;
	close(fd);
	return c;
}

static int count_bytes(void *arg, uint64_t offset, const void *data, size_t length)
{
	*(uint64_t *)arg += length;
	return 0;
}

static void trim_all(void)
{
	journal_trim(&j, j.tail);
	journal_sync(&j);
}

/* Whoever tries again compares with what is noted, and must not find there what nobody will read. */
static void note_that_fails(void)
{
	struct stat st = { .st_size = 5, .st_mtim = { 7, 0 } };
	struct journal_header before = j.header, h;
	enum journal_find found;
	int fd = j.fd;

	j.fd = -1;
	is_int(journal_note(&j, 0, 0, &st), -EBADF, "a note that cannot be written");
	j.fd = fd;
	ok(!memcmp(&before, &j.header, sizeof before), "is none");
	is_int(journal_note(&j, 0, 0, &st), 0, "one that can");
	journal_read_header(j.fd, &h, &found);
	ok(found == FOUND_HEADER && h.file_size == 5 && h.mtime_sec == 7, "is read");
}

static void records(void)
{
	struct journal_chain c;
	uint64_t bytes = 0;

	c = scan();
	ok(c.records == 0 && !c.gap, "has no records");
	is_int(commit(100, 'a'), 0, "a small record");
	is_int(commit(9 << 20, 'b'), 0, "one larger than the buffer");
	c = scan();
	ok(c.records == 2 && c.last_seq == 2 && c.new_size == 9 << 20, "are found");
	journal_each_sealed(&j, count_bytes, &bytes);
	is_int((long long)bytes, 9 << 20, "the large one is read back from the file");
	bytes = 0;
	commit(12345, 'c');
	journal_each_sealed(&j, count_bytes, &bytes);
	is_int((long long)bytes, 12345, "a small one from memory");
	journal_begin(&j);
	journal_put(&j, 0, block, 1000);
	is_int((long long)scan().records, 3, "a record that was not sealed is not there");
}

static void ring(void)
{
	uint64_t first = j.tail.offset;
	struct journal_chain c;
	int err = 0;

	trim_all();
	is_int((long long)scan().records, 0, "trimmed, none is live");
	commit(100, 'd');
	ok(j.start == JOURNAL_DATA, "the next one goes to the start");
	is_int((long long)scan().records, 1, "and is found there");
	ok(first > JOURNAL_DATA, "though the head pointed behind the old ones");
	/* Live records in the middle: what is too long for the room before them is moved behind. */
	for (int i = 0; i < 12; i++)
		err |= commit(1 << 20, 'e');
	journal_trim(&j, (struct journal_position){ j.tail.offset, j.tail.seq });
	commit(100, 'f');
	err |= commit(14 << 20, 'g');
	is_int(err, 0, "many records");
	is_int((long long)scan().records, 2, "only the live ones are found");
	for (int i = 0; i < 200 && !err; i++) {
		err = commit((size_t)(i * 7919) % (3 << 20), 'h');
		if (err == -EAGAIN) {
			trim_all();
			err = 0;
		} else if (i % 5 == 0) {
			journal_trim(&j, j.tail);
		}
	}
	is_int(err, 0, "a ring that is trimmed behind itself");
	c = scan();
	ok(!c.gap && c.last_seq == j.tail.seq - 1, "is whole to its last record");
	ok(j.allocated < 64 << 20, "and does not grow without end");
}

/* The newest record ends where the oldest one begins: of one that finds no room nothing may be blotted out there. */
static void full(void)
{
	static char another[] = "/tmp/bigfile-journal-XXXXXX";
	struct stat st = { .st_ino = 7, .st_size = 100 };
	struct journal_position last;
	int err = 0, n;

	journal_close(&j);
	unlink(path);
	memcpy(path, another, sizeof path);
	is_int(journal_init(&j, mkstemp(path), path, &st, true, JOURNAL_DATA), 0, "another journal");
	for (n = 0; n < 20; n++) {
		last = j.tail;
		err |= commit(0, 'l');
	}
	journal_trim(&j, last);
	journal_sync(&j);
	for (n = 1; !err && (n == 1 || j.tail.offset != last.offset) && n < 100; n++)
		err = commit(0, 'm');
	is_int(err, 0, "a ring that is full to its last block");
	is_int((long long)scan().records, n, "has all its records");
	is_int(commit(0, 'n'), -EAGAIN, "one more finds no room");
	is_int((long long)scan().records, n, "and the others are there as before");
}

static void damage(void)
{
	struct stat st = { .st_ino = 7, .st_size = 5 };
	struct journal_chain c;
	uint64_t first;

	trim_all();
	commit(5000, 'i');
	first = j.start;
	commit(5000, 'j');
	sys_pwrite_all(j.fd, "X", 1, first + 200);
	ok(scan().gap, "damage before a whole record is a gap");
	trim_all();
	commit(5000, 'k');
	sys_pwrite_all(j.fd, "X", 1, j.start + 200);
	c = scan();
	ok(c.records == 0 && !c.gap, "in the last record it looks like a crash");
	journal_note(&j, j.tail.seq - 1, j.tail.seq - 1, &st);
	ok(scan().gap, "unless the record is known to have been applied");
}

int main(void)
{
	struct stat st = { .st_ino = 7, .st_size = 100 };

	plan(29);
	is_int(journal_init(&j, mkstemp(path), path, &st, true, JOURNAL_DATA), 0, "a new journal");
	note_that_fails();
	records();
	ring();
	full();
	damage();
	unlink(path);
	return done();
}
