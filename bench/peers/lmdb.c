/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The work of bench/commit.c by LMDB: a durable transaction that changes 8 bytes in each of D values of 4,080 bytes, one to a page.  The database
 * is made by the first run.
 *
 *   lmdb FILE MIB D ROUNDS [writemap]       samples: commit (microseconds), changes included
 */
#include "../bench.h"

#include <lmdb.h>
#include <string.h>

#define VALUE 4080

static MDB_env *env;
static MDB_dbi dbi;

static void check(int err)
{
	if (!err)
		return;
	fprintf(stderr, "%s\n", mdb_strerror(err));
	exit(1);
}

static void put(MDB_txn *txn, unsigned number, const char *bytes)
{
	MDB_val key = { sizeof number, &number }, value = { VALUE, (void *)bytes };

	check(mdb_put(txn, dbi, &key, &value, 0));
}

static void make(unsigned rows)
{
	char bytes[VALUE] = "";
	MDB_txn *txn;

	check(mdb_txn_begin(env, NULL, 0, &txn));
	check(mdb_dbi_open(txn, NULL, MDB_INTEGERKEY, &dbi));
	for (unsigned i = 0; i < rows; i++) {
		memcpy(bytes, &i, sizeof i);
		put(txn, i, bytes);
	}
	check(mdb_txn_commit(txn));
}

static void change(MDB_txn *txn, unsigned number)
{
	MDB_val key = { sizeof number, &number }, value;
	long change = lrand48();
	char bytes[VALUE];

	check(mdb_get(txn, dbi, &key, &value));
	memcpy(bytes, value.mv_data, VALUE);
	memcpy(bytes + 8 * (lrand48() % 500), &change, sizeof change);
	put(txn, number, bytes);
}

int main(int argc, char **argv)
{
	unsigned rows = (unsigned)atol(argv[2]) << 8;
	long dirty = atol(argv[3]), rounds = atol(argv[4]);
	int fresh = access(argv[1], F_OK);
	MDB_txn *txn;

	check(mdb_env_create(&env));
	check(mdb_env_set_mapsize(env, (size_t)rows * 4096 * 3));
	check(mdb_env_open(env, argv[1], MDB_NOSUBDIR | (argc > 5 ? MDB_WRITEMAP : 0), 0600));
	if (fresh)
		make(rows);
	check(mdb_txn_begin(env, NULL, 0, &txn));
	check(mdb_dbi_open(txn, NULL, MDB_INTEGERKEY, &dbi));
	check(mdb_txn_commit(txn));
	seed_anew();
	for (long r = 0; r <= rounds; r++) {
		double start = now_us();

		check(mdb_txn_begin(env, NULL, 0, &txn));
		for (long i = 0; i < dirty; i++)
			change(txn, (unsigned)lrand48() % rows);
		check(mdb_txn_commit(txn));
		if (r > 0)
			printf("commit %.1f\n", now_us() - start);
	}
	return 0;
}
