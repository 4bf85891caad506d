/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See disk.h. */
#include "disk.h"

#include <stdlib.h>
#include <string.h>

#include "plan.h"

/* The bytes behind the size, up to the room, are zeros. */
static void set_size(struct content *c, size_t size)
{
	if (size > c->room) {
		size_t room = (size + size / 2 + 4095) & ~(size_t)4095;

		c->at = realloc(c->at, room);
		memset(c->at + c->room, 0, room - c->room);
		c->room = room;
	}
	if (size < c->size)
		memset(c->at + size, 0, c->size - size);
	c->size = size;
}

void state_copy(struct state *to, const struct state *from)
{
	to->nodes = from->nodes;
	for (unsigned i = 0; i < from->nodes; i++) {
		to->contents[i] = (struct content){ .modified = from->contents[i].modified };
		set_size(&to->contents[i], from->contents[i].size);
		memcpy(to->contents[i].at, from->contents[i].at, from->contents[i].size);
	}
	to->name_count = from->name_count;
	for (unsigned i = 0; i < from->name_count; i++) {
		to->names[i] = from->names[i];
		to->names[i].text = strdup(from->names[i].text);
	}
}

void state_free(struct state *s)
{
	for (unsigned i = 0; i < s->nodes; i++)
		free(s->contents[i].at);
	for (unsigned i = 0; i < s->name_count; i++)
		free(s->names[i].text);
	s->nodes = s->name_count = 0;
}

void state_no_later(struct state *s, time_t newest)
{
	for (unsigned i = 0; i < s->nodes; i++) {
		if (s->contents[i].modified.tv_sec > newest)
			s->contents[i].modified.tv_sec = newest;
	}
}

int state_find(const struct state *s, unsigned folder, const char *name)
{
	for (unsigned i = 0; i < s->name_count; i++) {
		if (s->names[i].folder == folder && !strcmp(s->names[i].text, name))
			return (int)i;
	}
	return -1;
}

static void set_name(struct state *s, unsigned folder, const char *text, unsigned node)
{
	int i = state_find(s, folder, text);

	if (i < 0) {
		if (s->name_count == DISK_NAMES)
			abort();
		i = (int)s->name_count++;
		s->names[i] = (struct name){ folder, node, strdup(text) };
	}
	s->names[i].node = node;
}

static bool drop_name(struct state *s, unsigned folder, const char *text, unsigned *node)
{
	int i = state_find(s, folder, text);

	if (i < 0)
		return false;
	*node = s->names[i].node;
	free(s->names[i].text);
	s->names[i] = s->names[--s->name_count];
	return true;
}

static void grow_nodes(struct state *s, unsigned node)
{
	while (s->nodes <= node)
		s->contents[s->nodes++] = (struct content){ 0 };
}

static void write_part(struct state *s, const struct event *e, size_t from, size_t to)
{
	struct content *c;

	grow_nodes(s, e->node);
	c = &s->contents[e->node];
	c->modified = e->modified;
	if (to <= from)
		return;
	if (c->size < e->offset + to)
		set_size(c, e->offset + to);
	memcpy(c->at + e->offset + from, e->bytes + from, to - from);
}

void state_apply(struct state *s, const struct event *e)
{
	unsigned node;

	switch (e->kind) {
	case EVENT_WRITE:
		write_part(s, e, 0, e->length);
		break;
	case EVENT_SIZE:
		grow_nodes(s, e->node);
		set_size(&s->contents[e->node], e->offset);
		s->contents[e->node].modified = e->modified;
		break;
	case EVENT_NAME:
		grow_nodes(s, e->node);
		set_name(s, e->folder, e->name, e->node);
		if (e->modified.tv_sec)
			s->contents[e->node].modified = e->modified;
		break;
	case EVENT_UNNAME:
		drop_name(s, e->folder, e->name, &node);
		break;
	case EVENT_RENAME:
		if (drop_name(s, e->folder, e->name, &node))
			set_name(s, e->folder, e->other, node);
		break;
	default:
		break;
	}
}

static bool is_of_folder(const struct event *e)
{
	return e->kind == EVENT_NAME || e->kind == EVENT_UNNAME || e->kind == EVENT_RENAME;
}

static bool covers(const struct event *sync, const struct event *e, size_t i)
{
	if (i >= sync->covers)
		return false;
	if (sync->kind == EVENT_SYNC_FOLDER)
		return is_of_folder(e) && e->folder == sync->folder;
	return !is_of_folder(e) && e->node == sync->node;
}

void disk_take(struct disk *d, const struct trace *t, size_t i)
{
	const struct event *e = &t->events[i];
	size_t left = 0;

	if (e->kind == EVENT_ACK)
		return;
	if (e->kind != EVENT_SYNC && e->kind != EVENT_SYNC_FOLDER) {
		if (d->pending_count == d->pending_room) {
			d->pending_room = d->pending_room ? 2 * d->pending_room : 256;
			d->pending = realloc(d->pending, d->pending_room * sizeof *d->pending);
		}
		d->pending[d->pending_count++] = i;
		return;
	}
	for (size_t k = 0; k < d->pending_count; k++) {
		if (covers(e, &t->events[d->pending[k]], d->pending[k]))
			state_apply(&d->durable, &t->events[d->pending[k]]);
		else
			d->pending[left++] = d->pending[k];
	}
	d->pending_count = left;
}

void disk_copy(struct disk *to, const struct disk *from)
{
	state_copy(&to->durable, &from->durable);
	to->pending_count = to->pending_room = from->pending_count;
	to->pending = malloc((from->pending_count + 1) * sizeof *to->pending);
	if (from->pending_count)
		memcpy(to->pending, from->pending, from->pending_count * sizeof *to->pending);
}

void disk_free(struct disk *d)
{
	state_free(&d->durable);
	free(d->pending);
	memset(d, 0, sizeof *d);
}

struct choice {
	enum crash_kind kind;
	uint64_t *random;
	unsigned odds;       /* of 16, that a call is there */
	size_t special;      /* the pending one that is torn, or missing */
	uint64_t nodes;      /* bits: of which nodes all is there */
	size_t names_left[TRACE_FOLDERS]; /* so many are there, then none; all ones: each by chance */
};

static bool is_there(struct choice *c, const struct event *e, size_t k)
{
	if (c->kind <= CRASH_ALL)
		return true;
	if (c->kind == CRASH_NOTHING)
		return false;
	if (c->kind == CRASH_BUT_ONE)
		return k != c->special;
	if (is_of_folder(e) && c->names_left[e->folder] != SIZE_MAX) {
		if (!c->names_left[e->folder])
			return false;
		c->names_left[e->folder]--;
		return true;
	}
	if (c->kind == CRASH_NODES)
		return c->nodes >> (is_of_folder(e) ? 63 : e->node % 63) & 1;
	return chance_below(c->random, 16) < c->odds;
}

static bool are_of_one_name(const struct event *a, const struct event *b)
{
	const char *names[] = { b->name, b->other };

	for (unsigned i = 0; i < 2; i++) {
		if (names[i] && (!strcmp(a->name, names[i]) || (a->other && !strcmp(a->other, names[i]))))
			return a->folder == b->folder;
	}
	return false;
}

/* Who finds a name free, or taken, has what made it so: of what is done to one name nothing is there without what was done to it before. */
static bool follows_lost(const struct disk *d, const struct trace *t, const bool *lost, size_t k)
{
	const struct event *e = &t->events[d->pending[k]];

	for (size_t i = 0; i < k && is_of_folder(e); i++) {
		if (lost[i] && are_of_one_name(&t->events[d->pending[i]], e))
			return true;
	}
	return false;
}

static void put_sectors(struct state *s, const struct event *e, struct choice *c)
{
	/* Sectors of the file, not of the write. */
	for (size_t from = 0, to; from < e->length; from = to) {
		to = ((e->offset + from) / SECTOR + 1) * SECTOR - e->offset;
		if (to > e->length)
			to = e->length;
		if (chance_below(c->random, 16) < c->odds)
			write_part(s, e, from, to);
	}
}

static void put_torn(struct state *s, const struct event *e, struct choice *c)
{
	size_t first = e->offset / SECTOR, sectors = (e->offset + e->length + SECTOR - 1) / SECTOR - first;
	size_t at = (first + chance_below(c->random, sectors + 1)) * SECTOR;
	size_t cut = at < e->offset ? 0 : at - e->offset;

	if (cut > e->length)
		cut = e->length;
	if (chance_below(c->random, 2))
		write_part(s, e, 0, cut);
	else
		write_part(s, e, cut, e->length);
}

void disk_crash(const struct disk *d, const struct trace *t, enum crash_kind kind, uint64_t *random, struct state *s)
{
	struct choice c = { .kind = kind, .random = random };
	bool *lost = calloc(d->pending_count + 1, sizeof *lost);

	c.odds = 1 + (unsigned)chance_below(random, 15);
	c.special = d->pending_count ? chance_below(random, d->pending_count) : 0;
	/* What was done last is where something can still go wrong. */
	if (d->pending_count > 8 && chance_below(random, 2))
		c.special = d->pending_count - 1 - chance_below(random, 8);
	c.nodes = chance(random);
	for (unsigned i = 0; i < TRACE_FOLDERS; i++)
		c.names_left[i] = chance_below(random, 8) ? chance_below(random, 4) : SIZE_MAX;
	state_copy(s, &d->durable);
	for (size_t k = 0; k < d->pending_count; k++) {
		const struct event *e = &t->events[d->pending[k]];

		if (e->kind == EVENT_WRITE && kind == CRASH_SECTORS)
			put_sectors(s, e, &c);
		else if (e->kind == EVENT_WRITE && kind == CRASH_TORN && k == c.special)
			put_torn(s, e, &c);
		else if (is_there(&c, e, k) && !follows_lost(d, t, lost, k))
			state_apply(s, e);
		else
			lost[k] = is_of_folder(e);
	}
	free(lost);
}
