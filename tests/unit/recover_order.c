/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recovery: what is made durable before what, and how often it is written. */
#include "calls.h"
#include "made.h"

/* Its maker may have been killed before it was: without the record nothing could complete what is half written when the power goes. */
static void durable_first(void)
{
	ino_t file, log, names;

	write_file("0123456789");
	start_journal();
	record(UINT64_MAX, 10, 0, "A");
	journal_close(&j);
	file = calls_inode(path);
	log = calls_inode(journal);
	names = calls_inode(folder);
	calls_forget();
	is_int(redo(RECOVER_REDO), 0, "one record is redone");
	ok(calls_first(CALL_SYNC, log) < calls_first(CALL_WRITE, file), "the journal is made durable before the file is touched");
	ok(calls_first(CALL_SYNC, names) < calls_first(CALL_WRITE, file), "and its name");
	ok(calls_first(CALL_SYNC, file) < calls_first(CALL_DELETE, log), "the file before the journal goes");
}

/* How often the journal is written when a record of `bytes` is redone, whose applying had begun or not. */
static int writes_to_journal(size_t bytes, bool applying)
{
	static char text[200000];
	int n = 0;
	ino_t log;

	write_file("0123456789");
	start_journal();
	memset(text, 'x', bytes);
	record(UINT64_MAX, bytes, 0, text);
	if (applying)
		journal_note(&j, j.header.head_seq - 1, j.header.head_seq, NULL);
	journal_close(&j);
	log = calls_inode(journal);
	calls_forget();
	is_int(redo(RECOVER_REDO), 0, "a record is redone");
	for (int i = 0; i < calls_count; i++)
		n += calls_seen[i].kind == CALL_WRITE && calls_seen[i].inode == log;
	return n;
}

/* What may be in the page cache alone is written once more; what is known to have been made durable is not, however large it is. */
static void durable_once(void)
{
	is_int(writes_to_journal(199999, true), 2, "of one whose applying had begun the head is written again, and the header");
	ok(writes_to_journal(199999, false) > 3, "else all of it is");
}

int main(void)
{
	plan(8);
	if (!begin_in_folder())
		return 1;
	durable_first();
	durable_once();
	return end_in_folder();
}
