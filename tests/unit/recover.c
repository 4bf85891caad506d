/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recovery of journals made by hand: sizes, repetition, what is refused. */
#include <errno.h>

#include "made.h"

static void whole_records(void)
{
	write_file("0123456789");
	is_int(look(), JOURNAL_NONE, "no journal");
	start_journal();
	is_int(look(), JOURNAL_BUSY, "a journal that is held");
	is_int(redo(RECOVER_REDO), -EBUSY, "is not redone");
	journal_close(&j);
	is_int(look(), JOURNAL_EMPTY, "let go, it is empty");
	start_journal();
	record(UINT64_MAX, 12, 8, "ABCD");
	record(4, 10, 6, "ef");
	record(UINT64_MAX, 10, 0, "z");
	journal_close(&j);
	is_int(look(), JOURNAL_PENDING, "three records");
	ok(file_is("0123456789", 10), "looking changes nothing");
	is_int(redo(RECOVER_REDO), 0, "redone");
	ok(file_is("z123\0\0ef\0\0", 10), "in order, cut and grown");
	ok(access(journal, F_OK) != 0, "and the journal is gone");
}

static void twice(void)
{
	int keep;
	static char copy[1 << 20];
	ssize_t n;

	write_file("0123456789");
	start_journal();
	record(UINT64_MAX, 12, 8, "ABCD");
	record(4, 10, 6, "ef");
	journal_close(&j);
	keep = open(journal, O_RDONLY);
	n = read(keep, copy, sizeof copy);
	close(keep);
	redo(RECOVER_REDO);
	keep = open(journal, O_RDWR | O_CREAT, 0600);
	sys_pwrite_all(keep, copy, (size_t)n, 0);
	close(keep);
	is_int(redo(RECOVER_FORCE), 0, "a journal that came back");
	ok(file_is("0123\0\0ef\0\0", 10), "gives the same file again");
}

/* As a session does whose participant died in the midst of applying. */
static void rest(void)
{
	struct recovery r;
	struct stat st;
	int fd;

	write_file("0123456789");
	start_journal();
	record(4, 10, 1, "A");
	record(UINT64_MAX, 10, 1, "B");
	record(UINT64_MAX, 10, 2, "C");
	fd = open(path, O_RDWR);
	sys_pwrite_all(fd, "B", 1, 1);
	fstat(fd, &st);
	journal_note(&j, j.header.head_seq + 1, j.header.head_seq + 2, &st);
	is_int(recover_opened(j.fd, journal, fd, path, RECOVER_REST, &r), 0, "the rest is redone");
	ok(file_is("0BC3456789", 10), "what was applied is left alone");
	close(fd);
	journal_close(&j);
	unlink(journal);
}

static void refused(void)
{
	int fd;

	write_file("0123456789");
	start_journal();
	record(UINT64_MAX, 10, 0, "A");
	journal_close(&j);
	write_file("other");
	is_int(look(), JOURNAL_STRANGER, "a changed file");
	is_int(redo(RECOVER_REDO), -ESTALE, "is refused");
	ok(file_is("other", 5), "and untouched");
	is_int(redo(RECOVER_DISCARD), 0, "until the journal is discarded");
	is_int(look(), JOURNAL_NONE, "then there is none");
	start_journal();
	journal_close(&j);
	fd = open(journal, O_RDWR);
	sys_pwrite_all(fd, "garbage", 7, 0);
	sys_pwrite_all(fd, "garbage", 7, 4096);
	close(fd);
	is_int(look(), JOURNAL_CORRUPT, "no header that can be read");
	is_int(redo(RECOVER_REDO), -EBADMSG, "is refused");
	chmod(journal, 0600);
	unlink(journal);
	fd = open(journal, O_RDWR | O_CREAT, 0600);
	close(fd);
	is_int(look(), JOURNAL_EMPTY, "an empty file is an empty journal");
	is_int(redo(RECOVER_REDO), 0, "and is swept away");
	link(path, journal);
	is_int(redo(RECOVER_REDO), -EPERM, "a file with another name is no journal");
	unlink(journal);
}

/* A record of which a part is in the file already, and which cannot be read any more, is not one that was never written. */
static void half_applied(void)
{
	struct stat st;
	int fd;

	write_file("0123456789");
	start_journal();
	record(UINT64_MAX, 10, 1, "ABC");
	stat(path, &st);
	journal_note(&j, 0, 1, &st);
	journal_close(&j);
	fd = open(path, O_RDWR);
	sys_pwrite_all(fd, "A", 1, 1);
	close(fd);
	fd = open(journal, O_RDWR);
	sys_pwrite_all(fd, "x", 1, JOURNAL_DATA + sizeof(struct journal_record) + sizeof(struct journal_entry));
	close(fd);
	is_int(look(), JOURNAL_CORRUPT, "a record that was being applied and is damaged");
	is_int(redo(RECOVER_REDO), -EBADMSG, "is refused");
	ok(file_is("0A23456789", 10), "and the file is as it was");
	unlink(journal);
}

static int take_it(void *arg, uint64_t offset, const void *data, size_t length)
{
	memcpy((char *)arg + offset, data, length);
	return 0;
}

/* Between the look at a record and the use of it its bytes have become others. */
static void read_otherwise(void)
{
	struct journal_record r;
	char got[8] = "";
	uint64_t at;

	write_file("0123456789");
	start_journal();
	record(UINT64_MAX, 10, 1, "ABC");
	is_int(journal_locate(j.fd, &j.header, 1, j.header.head_offset, &at, &r), 0, "a whole record");
	is_int(journal_each_entry(j.fd, at, &r, take_it, got), 0, "is taken");
	ok(!memcmp(got + 1, "ABC", 3), "as it was written");
	sys_pwrite_all(j.fd, "x", 1, at + sizeof r + sizeof(struct journal_entry));
	is_int(journal_each_entry(j.fd, at, &r, take_it, got), -EBADMSG, "what reads back otherwise is an error");
	journal_close(&j);
	unlink(journal);
}

static bool has_mebibytes(const char *fills, size_t odd)
{
	static char got[1 << 20];
	int fd = open(path, O_RDONLY);
	bool same = true;

	for (size_t i = 0; fills[i] && same; i++) {
		same = pread(fd, got, sizeof got, (off_t)(i * sizeof got + odd)) == sizeof got && got[0] == fills[i] &&
		       !memcmp(got, got + 1, sizeof got - 1);
	}
	close(fd);
	return same;
}

static int put_mebibytes(const char *fills, size_t odd)
{
	static char block[4 << 20];
	size_t n = strlen(fills);

	for (size_t i = 0; i < n; i++)
		memset(block + (i << 20), fills[i], 1 << 20);
	journal_begin(&j);
	journal_put(&j, odd, block, n << 20);
	return journal_seal(&j, &(struct journal_sealing){ 1, UINT64_MAX, odd + (3 << 20), false });
}

/* The live records begin near the end of the ring and go on at its start; their entries are larger than what is read at once. */
static void round_the_ring(bool damaged)
{
	struct journal_position head;
	int fd;

	write_file("0123456789");
	start_journal();
	for (int i = 0; i < 13; i++)
		put_mebibytes("aaa", 7);
	head = j.tail;
	put_mebibytes("bcd", 7);
	journal_trim(&j, head);
	journal_sync(&j);
	put_mebibytes("ef", 7);
	put_mebibytes("g", 7);
	put_mebibytes("h", 7);
	ok(j.start > JOURNAL_DATA && j.start < j.header.head_offset, "the ring goes on at its start");
	fd = open(journal, O_RDWR);
	/* Of the record before the last one. */
	if (damaged)
		sys_pwrite_all(fd, "X", 1, j.start - 4097);
	close(fd);
	journal_close(&j);
	is_int(look(), damaged ? JOURNAL_CORRUPT : JOURNAL_PENDING, damaged ? "damage before the last record is seen" : "four records");
	is_int(redo(RECOVER_FORCE), 0, "are redone");
	ok(has_mebibytes(damaged ? "efd" : "hfd", 7), "in order, round the ring");
}

/* Bends the record that begins at `at`, and makes its checksums right again. */
static void bend(off_t at, size_t where, const void *bytes, size_t n)
{
	char body[4000];
	struct journal_record r;
	int fd = open(journal, O_RDWR);

	sys_pwrite_all(fd, bytes, n, (uint64_t)at + where);
	sys_pread_all(fd, &r, sizeof r, (uint64_t)at);
	sys_pread_all(fd, body, r.length, (uint64_t)at + sizeof r);
	r.body_checksum = journal_hash(body, r.length);
	r.head_checksum = journal_hash(&r, offsetof(struct journal_record, head_checksum));
	sys_pwrite_all(fd, &r, sizeof r, (uint64_t)at);
	close(fd);
}

/* Its checksums are right, but its second entry is none. */
static void senseless(size_t where, const void *bytes, size_t n, const char *what)
{
	write_file("0123456789");
	start_journal();
	record(UINT64_MAX, 10, 1, "A");
	journal_begin(&j);
	journal_put(&j, 2, "B", 1);
	journal_put(&j, 3, "C", 1);
	journal_seal(&j, &(struct journal_sealing){ 1, UINT64_MAX, 10, false });
	journal_close(&j);
	bend(JOURNAL_DATA + JOURNAL_BLOCK, sizeof(struct journal_record) + 24 + where, bytes, n);
	is_int(look(), JOURNAL_CORRUPT, what);
	is_int(redo(RECOVER_REDO), -EBADMSG, "is refused");
	ok(file_is("0123456789", 10), "and nothing of it was written");
	is_int(redo(RECOVER_FORCE), 0, "forced");
	ok(file_is("0A23456789", 10), "what came before it is redone");
}

static void made_up(void)
{
	struct journal_entry e = { 3, 0, 0 };
	char damaged[600];
	int fd;

	senseless(0, &e, sizeof e, "an entry of no length");
	e = (struct journal_entry){ 3, 8, 0 };
	senseless(0, &e, sizeof e, "one beyond the new size");
	e = (struct journal_entry){ UINT64_MAX - 5, 1, 0 };
	senseless(0, &e, sizeof e, "one far beyond");
	e = (struct journal_entry){ 3, 5000, 0 };
	senseless(0, &e, sizeof e, "one beyond its record");
	for (int n = 1; n <= 4; n++) {
		snprintf(damaged, sizeof damaged, n == 1 ? "%s.damaged.bigfile-journal" : "%s.damaged%d.bigfile-journal", journal, n);
		ok(!unlink(damaged), "each of them was set aside");
	}
	write_file("0123456789");
	start_journal();
	record(UINT64_MAX, 10, 1, "A");
	j.header.serial++;
	j.header.checksum = journal_hash(&j.header, offsetof(struct journal_header, checksum));
	sys_pwrite_all(j.fd, &j.header, sizeof j.header, (~j.header.serial & 1) * JOURNAL_BLOCK);
	journal_close(&j);
	is_int(look(), JOURNAL_PENDING, "a header in the slot of the other is not looked at");
	fd = open(journal, O_RDWR);
	is_int(ftruncate(fd, (off_t)1 << 42), 0, "made very long");
	close(fd);
	is_int(redo(RECOVER_REDO), 0, "holes of terabytes are passed over");
	ok(file_is("0A23456789", 10), "and it is redone");
}

int main(void)
{
	plan(66);
	if (!begin_in_folder())
		return 1;
	whole_records();
	twice();
	rest();
	refused();
	half_applied();
	read_otherwise();
	round_the_ring(false);
	round_the_ring(true);
	made_up();
	return end_in_folder();
}
