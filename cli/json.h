/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON for scripts: strings that are always valid, whatever bytes a file name holds. */
#ifndef BIGFILE_JSON_H
#define BIGFILE_JSON_H

#include <glib.h>

/* Appends `"key": "text"`; bytes that are not UTF-8 become U+FFFD. */
void json_string(GString *out, const char *key, const char *text);
void json_number(GString *out, const char *key, guint64 number);
void json_bool(GString *out, const char *key, gboolean value);

#endif
