/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See settings.h.  Of the launcher and of the tool. */
#include "settings.h"

#include <string.h>
#include <strings.h>

#include "values.h"

static bool is_among(const char *words, const char *value)
{
	size_t n = strlen(value), word;

	for (const char *w = words; *w; w += word + (w[word] == ' ')) {
		word = strcspn(w, " ");
		if (word == n && !strncasecmp(w, value, n))
			return true;
	}
	return false;
}

bool setting_takes(enum setting_kind kind, const char *words, const char *value)
{
	uint64_t bytes;
	unsigned ms;
	int signal;

	if (!*value)
		return true;
	switch (kind) {
	case SETTING_WORD:
		return is_among(words, value);
	case SETTING_SECONDS:
		return value_milliseconds(value, &ms);
	case SETTING_SIZE:
		return value_bytes(value, &bytes);
	case SETTING_SIGNAL:
		return value_signal(value, &signal);
	case SETTING_PATH:
		break;
	}
	return true;
}

const char *setting_must_be(enum setting_kind kind)
{
	static const char *const texts[] = {
		[SETTING_WORD] = "one of ",
		[SETTING_PATH] = "a path",
		[SETTING_SECONDS] = "a number of seconds up to 2147483, such as 30 or 0.5",
		[SETTING_SIZE] = "a number of bytes above 0, or of K, M, G or T, such as 800M",
		[SETTING_SIGNAL] = "a signal's name or number, not KILL, STOP, SEGV or BUS; or none",
	};

	return texts[kind];
}
