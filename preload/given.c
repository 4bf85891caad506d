/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See given.h. */
#include "given.h"

#include <string.h>

#include "guard.h"
#include "page.h"
#include "scratch.h"

#define WORDS_MOST SCRATCH_SIZE

bool given_is_readable(const void *p, size_t n)
{
	return guard_can_read(p, n);
}

size_t given_room(const char *text, size_t most)
{
	for (size_t n = 0; n < most;) {
		size_t part = page_floor((uintptr_t)text + n) + page_size() - ((uintptr_t)text + n);
		const char *end;

		if (part > most - n)
			part = most - n;
		if (!guard_can_read(text + n, part))
			return 0;
		end = memchr(text + n, 0, part);
		if (end)
			return (size_t)(end - text) + 1;
		n += part;
	}
	return most + 1;
}

void *given_copy(const void *p, void *own, size_t n)
{
	memcpy(own, p, n);
	((char *)own)[n] = 0;
	return own;
}

void *given_take(size_t room)
{
	return room <= WORDS_MOST ? scratch_take(room) : NULL;
}

void given_let_go(void *held)
{
	void *p = *(void **)held;

	if (p)
		scratch_give(p, WORDS_MOST);
}

const sigset_t *given_mask(const sigset_t *mask, sigset_t *own)
{
	if (!mask || !boot_is_active() || !guard_can_read(mask, sizeof *mask))
		return mask;
	*own = *mask;
	sigdelset(own, SIGSEGV);
	sigdelset(own, SIGBUS);
	return own;
}

size_t given_words_room(char *const *list)
{
	size_t room = sizeof *list, texts = 0;
	bool any = false;

	if (!boot_is_active() || !view_any() || !list)
		return 0;
	for (;; list++) {
		any |= in_window(list, sizeof *list);
		if (!guard_can_read(list, sizeof *list))
			return 0;
		if (!*list)
			break;
		room += sizeof *list;
		if (in_window(*list, 1)) {
			any = true;
			texts += given_room(*list, GIVEN_COMMAND_MOST);
		}
		if (room + texts > WORDS_MOST)
			return 0;
	}
	return any ? room + texts : 0;
}

/* Others may change it meanwhile: no more is taken than there is room for. */
char *const *given_words(char *const *list, void *own, size_t room)
{
	char **copy = own, *text, *end = (char *)own + room;
	size_t count = 0;

	while (list[count])
		count++;
	text = (char *)(copy + count + 1);
	if (text > end)
		return list;
	for (size_t i = 0; i < count; i++) {
		size_t n = in_window(list[i], 1) ? given_room(list[i], GIVEN_COMMAND_MOST) : 0;

		copy[i] = list[i];
		if (n && n <= (size_t)(end - text)) {
			copy[i] = given_copy(list[i], text, n - 1);
			text += n;
		}
	}
	copy[count] = NULL;
	return copy;
}
