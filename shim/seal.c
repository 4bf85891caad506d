/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See seal.h.
 *
 * A crash before the coordinator's record is durable leaves prepared records, which count for nothing: its journal does not
 * have the record that they name.  A crash after that leaves the commit.  Nothing else is done before one or the other is certain:
 * when a record cannot be prepared all are blotted out, durably, before anybody uses the coordinator's number again; one that
 * cannot be blotted out goes with its journal, which is replaced before the next commit.
 */
#include "seal.h"

#include <limits.h>
#include <string.h>

#include "arena.h"
#include "build.h"
#include "log.h"
#include "roster.h"
#include "sync.h"
#include "sys.h"

#define each_changed(v)                                     \
	for (struct view *v = view_first(); v; v = v->next) \
		if (v->mode == VIEW_WRITING && build_has_changes(v->build))

static struct journal_sealing sealing_of(const struct view *v, uint64_t transaction)
{
	return (struct journal_sealing){ transaction, v->cut, v->size, view_is_aside(v) };
}

/* May its journal be named by the records of all others? */
static bool is_prepared_to_lead(struct view *v)
{
	each_changed(other) {
		if (other != v && !roster_has(&v->journal, other->journal.header.salt, other->journal.path))
			return false;
	}
	return true;
}

/*
 * The same one whenever that is possible: its roster is complete.  Before that not one of a file that is deleted, whose journal could not go
 * before all others have been settled; and before all one that is made durable, for without that nothing is.
 */
static unsigned fitness(struct view *v)
{
	return (unsigned)v->journal.durable << 2 | (unsigned)!view_is_aside(v) << 1 | is_prepared_to_lead(v);
}

static bool comes_before(const struct view *a, const struct view *b)
{
	return a->dev != b->dev ? a->dev < b->dev : a->ino < b->ino;
}

static struct view *choose_coordinator(void)
{
	struct view *best = NULL;
	unsigned most = 0;

	each_changed(v) {
		unsigned fit = fitness(v);

		if (best && (most > fit || (most == fit && comes_before(best, v))))
			continue;
		best = v;
		most = fit;
	}
	return best;
}

/* All files of the session, changed or not, so that this is done once. */
static int complete_roster(struct view *c)
{
	uint64_t room = 0;
	bool added = false;
	int err = 0;

	if (is_prepared_to_lead(c))
		return 0;
	for (struct view *v = view_first(); v; v = v->next) {
		if (v == c || v->mode != VIEW_WRITING)
			continue;
		room += roster_room_for(v->journal.path, v->path);
		if (err || roster_has(&c->journal, v->journal.header.salt, v->journal.path))
			continue;
		err = roster_add(&c->journal, v->journal.header.salt, v->journal.path, v->path);
		added |= !err;
	}
	if (err == -EAGAIN)
		c->journal.roster_wanted = 2 * room;
	return err || !added ? err : journal_sync(&c->journal);
}

/* What the others' records name, in memory of *length bytes. */
static struct journal_reference *make_reference(const struct view *c, size_t *length)
{
	size_t journal = strlen(c->journal.path) + 1, file = strlen(c->path) + 1;
	struct journal_reference *ref;

	*length = sizeof *ref + journal + file;
	ref = arena_alloc(*length);
	if (!ref)
		return NULL;
	ref->salt = c->journal.header.salt;
	ref->seq = c->journal.tail.seq;
	ref->journal_length = (uint32_t)journal;
	ref->file_length = (uint32_t)file;
	memcpy(ref + 1, c->journal.path, journal);
	memcpy((char *)(ref + 1) + journal, c->path, file);
	return ref;
}

static int write_prepared(const struct view *c, uint64_t transaction, struct view **at_fault)
{
	size_t length;
	struct journal_reference *ref = make_reference(c, &length);
	int err = ref ? 0 : -ENOMEM;

	each_changed(v) {
		struct journal_sealing s = sealing_of(v, transaction);

		if (err || v == c)
			continue;
		err = journal_prepare(&v->journal, &s, ref, length);
		v->build->prepared = !err;
		*at_fault = v;
	}
	arena_free(ref, length);
	return err;
}

static int sync_prepared(unsigned changed, struct view **at_fault)
{
	struct sync_job *jobs = arena_alloc(changed * sizeof *jobs);
	unsigned n = 0;
	int err = 0;

	if (!jobs)
		return -ENOMEM;
	each_changed(v) {
		if (v->build->prepared && v->journal.durable)
			jobs[n++].fd = v->journal.fd;
	}
	sync_all(jobs, n);
	n = 0;
	each_changed(v) {
		int failed;

		if (!v->build->prepared)
			continue;
		failed = journal_synced(&v->journal, v->journal.durable ? jobs[n++].result : 0);
		if (failed && !err) {
			err = failed;
			*at_fault = v;
		}
	}
	arena_free(jobs, changed * sizeof *jobs);
	return err;
}

static void decide(bool committed)
{
	each_changed(v) {
		if (!v->build->prepared)
			continue;
		if (committed)
			journal_accept(&v->journal);
		else
			journal_revoke(&v->journal);
		v->build->prepared = false;
	}
}

static void give_up(const struct view *c, int err)
{
	log_error("%s: whether the last commit took place cannot be told: %e, and again; no more are taken: end the program, mend the "
		  "disk, then bigfile recover all its files", c->path, err);
	each_changed(v) {
		v->error = err;
		v->build->prepared = false;
	}
}

static int seal_several(uint64_t transaction, unsigned changed, struct view **at_fault)
{
	struct view *c = choose_coordinator();
	struct journal_sealing s = sealing_of(c, transaction);
	int err;

	*at_fault = c;
	err = complete_roster(c);
	if (!err)
		err = write_prepared(c, transaction, at_fault);
	if (!err)
		err = sync_prepared(changed, at_fault);
	if (!err) {
		*at_fault = c;
		err = journal_seal(&c->journal, &s);
		if (err && c->journal.lingers) {
			give_up(c, err);
			*at_fault = NULL;
			return err;
		}
	}
	decide(!err);
	return err;
}

int seal_all(struct view **at_fault)
{
	uint64_t transaction = 0;
	unsigned changed = 0;

	*at_fault = NULL;
	sys_call(SYS_getrandom, &transaction, sizeof transaction, 0);
	each_changed(v) {
		changed++;
		*at_fault = v;
	}
	if (changed > 1)
		return seal_several(transaction, changed, at_fault);
	if (changed == 1) {
		struct journal_sealing s = sealing_of(*at_fault, transaction);

		return journal_seal(&(*at_fault)->journal, &s);
	}
	return 0;
}
