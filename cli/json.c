/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See json.h.  Members are separated by a comma unless they come first in their object. */
#include "json.h"

static void begin_member(GString *out, const char *key)
{
	if (out->len && out->str[out->len - 1] != '{' && out->str[out->len - 1] != '[')
		g_string_append(out, ", ");
	g_string_append_printf(out, "\"%s\": ", key);
}

void json_string(GString *out, const char *key, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	begin_member(out, key);
	g_string_append_c(out, '"');
	for (const char *p = valid; *p; p++) {
		if (*p == '"' || *p == '\\')
			g_string_append_printf(out, "\\%c", *p);
		else if ((guchar)*p < 0x20)
			g_string_append_printf(out, "\\u%04x", (guchar)*p);
		else
			g_string_append_c(out, *p);
	}
	g_string_append_c(out, '"');
}

void json_number(GString *out, const char *key, guint64 number)
{
	begin_member(out, key);
	g_string_append_printf(out, "%" G_GUINT64_FORMAT, number);
}

void json_bool(GString *out, const char *key, gboolean value)
{
	begin_member(out, key);
	g_string_append(out, value ? "true" : "false");
}
