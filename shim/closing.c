/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See closing.h. */
#include "closing.h"

#include "saved.h"
#include "sys.h"
#include "tracker.h"

#define PIECE ((uint64_t)2 << 20)

static uint64_t index_of(const struct segment *s, uint64_t at)
{
	return (at - s->at.start) / page_size();
}

/* Finds the first open page of *at, which becomes the rest behind the piece that it lies in.  *piece: from it to the last open page there. */
static bool next_piece(struct open_pages *o, const struct segment *s, struct range *at, struct range *piece)
{
	uint64_t end = index_of(s, at->end), first = open_pages_first(o, index_of(s, at->start), end), page, stop;

	if (first >= end)
		return false;
	piece->start = s->at.start + first * page_size();
	at->start = min_u64(at->end, piece->start / PIECE * PIECE + PIECE);
	end = index_of(s, at->start);
	for (page = first; open_pages_next(o, page, end, &first, &stop); page = stop)
		piece->end = s->at.start + stop * page_size();
	return true;
}

/* To take a memory area apart there may be none left: then it is closed as a whole.  What is closed and noted as open is dirty. */
static int close_now(struct view *v, const struct segment *s, struct range piece)
{
	int err = tracker_set_prot(v, piece, PROT_READ);

	return err == -ENOMEM ? tracker_set_prot(v, (struct range){ piece.start, s->at.end }, PROT_READ) : err;
}

/*
 * Closes what is open in the piece, by one call: with each run by itself memory areas would be taken apart and put together as often
 * as there are runs.  What is between them is closed already; and all is when a cut is made.
 */
static int close_piece(struct view *v, const struct segment *s, struct open_pages *o, struct range piece, struct range_list *closed)
{
	uint64_t page = index_of(s, piece.start), end = index_of(s, piece.end), first, stop;
	int err = saved_is_cut() ? 0 : close_now(v, s, piece);

	for (; !err && open_pages_next(o, page, end, &first, &stop); page = stop) {
		err = range_list_add(closed, (struct range){ s->at.start + first * page_size(), s->at.start + stop * page_size() });
		/* What is not noted stays dirty. */
		if (!err)
			open_pages_clear(o, first, stop);
	}
	return err;
}

int closing_collect(struct view *v, const struct segment *s, struct open_pages *o, struct range at, struct range_list *closed)
{
	struct range piece;
	int err = 0;

	lock_take_blocked(&window_lock);
	while (!err && next_piece(o, s, &at, &piece)) {
		err = close_piece(v, s, o, piece, closed);
		lock_pass(&window_lock);
	}
	if (!err)
		o->runs = 0;
	lock_release_blocked(&window_lock);
	return err;
}

int closing_freeze(struct view *v, const struct segment *s, struct open_pages *o, struct range at)
{
	struct range piece;
	int err = 0;

	while (!err && !range_is_empty(at) && next_piece(o, s, &at, &piece)) {
		err = close_now(v, s, piece);
		lock_pass(&window_lock);
	}
	return err;
}
