/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See journal_entries.h. */
#include "journal_entries.h"

#include <errno.h>
#include <string.h>

#include "page.h"

static bool entry_is_sound(const struct journal_entry *e, const struct journal_record *r)
{
	if (e->length == 0 || e->offset == JOURNAL_REFERENCE)
		return e->length > 0;
	return e->offset <= r->new_size && e->length <= r->new_size - e->offset;
}

void entries_see(struct entries *s, const char *piece, size_t length)
{
	uint64_t end = s->seen + length;

	while (!s->bad && s->next + s->have < end) {
		uint64_t from = s->next + s->have;
		size_t n = (size_t)min_u64(sizeof s->head - s->have, end - from);

		memcpy(s->head.bytes + s->have, piece + (from - s->seen), n);
		s->have += n;
		if (s->have < sizeof s->head)
			break;
		s->bad = !entry_is_sound(&s->head.entry, s->record);
		s->next += sizeof s->head + round_up(s->head.entry.length, 8);
		s->have = 0;
	}
	s->seen = end;
}

int entries_verdict(const struct entries *s)
{
	bool whole = !s->bad && !s->have && s->next == s->record->length && s->record->new_size <= INT64_MAX;

	return whole ? 0 : -EBADMSG;
}
