/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON for scripts, by json-glib, whose strings must be UTF-8, whatever bytes a file name holds; a line for each document. */
#ifndef BIGFILE_JSON_H
#define BIGFILE_JSON_H

#include <json-glib/json-glib.h>

/* Members of the object that is open.  Of a text, bytes that are not UTF-8 become U+FFFD. */
void json_string(JsonBuilder *b, const char *key, const char *text);
void json_number(JsonBuilder *b, const char *key, guint64 number);
void json_bool(JsonBuilder *b, const char *key, gboolean value);
/* Opens a list; json_builder_end_array ends it. */
void json_list(JsonBuilder *b, const char *key);
/* An element of a list: a list of two numbers. */
void json_pair(JsonBuilder *b, guint64 first, guint64 second);

/* All that was built, and a line break; to be freed. */
char *json_line(JsonBuilder *b);
void json_print(JsonBuilder *b);

#endif
