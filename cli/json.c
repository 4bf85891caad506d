/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See json.h. */
#include "json.h"

void json_string(JsonBuilder *b, const char *key, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	json_builder_set_member_name(b, key);
	json_builder_add_string_value(b, valid);
}

void json_number(JsonBuilder *b, const char *key, guint64 number)
{
	json_builder_set_member_name(b, key);
	json_builder_add_int_value(b, (gint64)number);
}

void json_bool(JsonBuilder *b, const char *key, gboolean value)
{
	json_builder_set_member_name(b, key);
	json_builder_add_boolean_value(b, value);
}

void json_list(JsonBuilder *b, const char *key)
{
	json_builder_set_member_name(b, key);
	json_builder_begin_array(b);
}

void json_pair(JsonBuilder *b, guint64 first, guint64 second)
{
	json_builder_begin_array(b);
	json_builder_add_int_value(b, (gint64)first);
	json_builder_add_int_value(b, (gint64)second);
	json_builder_end_array(b);
}

char *json_line(JsonBuilder *b)
{
	g_autoptr(JsonNode) root = json_builder_get_root(b);
	g_autofree char *text = json_to_string(root, FALSE);

	return g_strconcat(text, "\n", NULL);
}

void json_print(JsonBuilder *b)
{
	g_autofree char *line = json_line(b);

	g_print("%s", line);
}
