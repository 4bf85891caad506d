/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See symbols.h. */
#include "symbols.h"

#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <string.h>

struct symbols {
	Dwfl *dwfl;
	GHashTable *known; /* struct symbol by address */
};

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
};

static void free_symbol(gpointer p)
{
	struct symbol *s = p;

	g_free(s->function);
	g_free(s->line);
	g_free(s->object);
	g_free(s);
}

struct symbols *symbols_open(const char *maps, gsize length)
{
	struct symbols *s = g_new0(struct symbols, 1);
	FILE *stream = length ? fmemopen((void *)maps, length, "r") : NULL;

	s->known = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_symbol);
	s->dwfl = dwfl_begin(&callbacks);
	if (s->dwfl && stream) {
		dwfl_report_begin(s->dwfl);
		dwfl_linux_proc_maps_report(s->dwfl, stream);
		dwfl_report_end(s->dwfl, NULL, NULL);
	}
	if (stream)
		fclose(stream);
	return s;
}

void symbols_close(struct symbols *s)
{
	g_hash_table_unref(s->known);
	if (s->dwfl)
		dwfl_end(s->dwfl);
	g_free(s);
}

static char *line_of(Dwfl_Module *module, guint64 address)
{
	Dwfl_Line *line = dwfl_module_getsrc(module, address);
	int number = 0;
	const char *file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
	g_autofree char *name = file ? g_path_get_basename(file) : NULL;

	return name ? g_strdup_printf("%s:%d", name, number) : NULL;
}

static struct symbol *look_up(struct symbols *s, guint64 address)
{
	struct symbol *found = g_new0(struct symbol, 1);
	Dwfl_Module *module = s->dwfl ? dwfl_addrmodule(s->dwfl, address) : NULL;
	const char *path = NULL, *function;
	Dwarf_Addr start = 0;

	if (!module) {
		found->function = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", address);
		return found;
	}
	path = dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, NULL, NULL);
	found->object = path ? g_path_get_basename(path) : NULL;
	function = dwfl_module_addrname(module, address);
	found->function = function ? g_strndup(function, strcspn(function, "@")) :
				     g_strdup_printf("%s+0x%" G_GINT64_MODIFIER "x", found->object, address - start);
	found->line = line_of(module, address);
	return found;
}

const struct symbol *symbols_find(struct symbols *s, guint64 address)
{
	struct symbol *found = g_hash_table_lookup(s->known, &address);

	if (!found) {
		found = look_up(s, address);
		g_hash_table_insert(s->known, g_memdup2(&address, sizeof address), found);
	}
	return found;
}
