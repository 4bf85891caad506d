/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The work of bench/commit.c by SQLite: a durable transaction that changes 8 bytes in each of D rows of 4,000 bytes, one to a page.  WAL mode,
 * synchronous=FULL; the database is made by the first run.
 *
 *   sqlite FILE MIB D ROUNDS        samples: commit (microseconds), changes included
 */
#include "../bench.h"

#include <sqlite3.h>
#include <string.h>

static sqlite3 *db;

static void run(const char *sql)
{
	char *error;

	if (sqlite3_exec(db, sql, NULL, NULL, &error)) {
		fprintf(stderr, "%s: %s\n", sql, error);
		exit(1);
	}
}

static void make(long rows)
{
	char sql[300];

	snprintf(sql, sizeof sql, "BEGIN; CREATE TABLE t(v BLOB); WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %ld) "
		 "INSERT INTO t SELECT randomblob(4000) FROM c; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", rows);
	run(sql);
}

int main(int argc, char **argv)
{
	long rows = atol(argv[2]) << 8, dirty = atol(argv[3]), rounds = atol(argv[4]);
	int fresh = access(argv[1], F_OK);
	sqlite3_blob *blob;

	if (sqlite3_open(argv[1], &db))
		return 1;
	run("PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-400000; PRAGMA mmap_size=2000000000");
	if (fresh)
		make(rows);
	seed_anew();
	for (long r = 0; r <= rounds; r++) {
		double start = now_us();

		run("BEGIN IMMEDIATE");
		if (sqlite3_blob_open(db, "main", "t", "v", 1, 1, &blob))
			return 1;
		for (long i = 0; i < dirty; i++) {
			long value = lrand48();

			if (sqlite3_blob_reopen(blob, 1 + lrand48() % rows) || sqlite3_blob_write(blob, &value, sizeof value, 8 * (int)(lrand48() % 490)))
				return 1;
		}
		sqlite3_blob_close(blob);
		run("COMMIT");
		if (r > 0)
			printf("commit %.1f\n", now_us() - start);
	}
	return 0;
}
