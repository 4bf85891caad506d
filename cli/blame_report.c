/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See blame.h. */
#include "blame.h"

#include <string.h>

#include "symbols.h"

/* Who is asked for is the program's function, not libc's memcpy and not our write. */
static gboolean is_plumbing(const struct symbol *s)
{
	static const char *const objects[] = { "libbigfile.so", "libc.so", "ld-linux", "libpthread.so", "[vdso" };

	for (gsize i = 0; s->object && i < G_N_ELEMENTS(objects); i++) {
		if (g_str_has_prefix(s->object, objects[i]))
			return TRUE;
	}
	return FALSE;
}

static gboolean is_ours(const struct symbol *s)
{
	return s->object && g_str_has_prefix(s->object, "libbigfile.so");
}

static char *text_of(const struct symbol *s)
{
	const char *object = s->object && !g_str_has_prefix(s->function, s->object) ? s->object : NULL;

	if (!s->line && !object)
		return g_strdup(s->function);
	return g_strdup_printf("%s (%s%s%s)", s->function, s->line ? s->line : "", s->line && object ? ", " : "", object ? object : "");
}

static void free_writer(gpointer p)
{
	struct writer *w = p;

	g_free(w->file);
	g_free(w->function);
	g_free(w->line);
	g_free(w->object);
	g_ptr_array_unref(w->stack);
	g_free(w);
}

struct blame_report *blame_report_new(void)
{
	struct blame_report *r = g_new0(struct blame_report, 1);

	r->programs = g_string_new(NULL);
	r->faults = g_string_new(NULL);
	r->writers = g_ptr_array_new_with_free_func(free_writer);
	r->folded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return r;
}

void blame_report_free(struct blame_report *r)
{
	g_string_free(r->programs, TRUE);
	g_string_free(r->faults, TRUE);
	g_ptr_array_unref(r->writers);
	g_hash_table_unref(r->folded);
	g_free(r);
}

/* Of text; the wrappers of ours that the call came through are left out. */
static GPtrArray *stack_text(const struct blame *b, guint stack, struct symbols *symbols)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	const struct blame_stack *s = &b->stacks[stack];

	for (guint i = 0; i < s->depth; i++) {
		const struct symbol *symbol = symbols_find(symbols, b->frames[s->first + i]);

		if (!is_ours(symbol))
			g_ptr_array_add(all, text_of(symbol));
	}
	return all;
}

static const struct symbol *culprit(const struct blame *b, guint stack, struct symbols *symbols)
{
	const struct blame_stack *s = &b->stacks[stack];

	for (guint i = 0; i < s->depth; i++) {
		const struct symbol *symbol = symbols_find(symbols, b->frames[s->first + i]);

		if (!is_plumbing(symbol))
			return symbol;
	}
	return symbols_find(symbols, b->frames[s->first]);
}

static struct writer *writer_of(struct blame_report *r, const char *file, enum blame_kind kind, const struct symbol *symbol)
{
	struct writer *w;

	for (guint i = 0; i < r->writers->len; i++) {
		w = r->writers->pdata[i];
		if (w->kind == kind && !strcmp(w->file, file) && !strcmp(w->function, symbol->function) &&
		    !g_strcmp0(w->line, symbol->line) && !g_strcmp0(w->object, symbol->object))
			return w;
	}
	w = g_new0(struct writer, 1);
	w->file = g_strdup(file);
	w->function = g_strdup(symbol->function);
	w->line = g_strdup(symbol->line);
	w->object = g_strdup(symbol->object);
	w->kind = kind;
	w->start = G_MAXUINT64;
	w->stack = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(r->writers, w);
	return w;
}

static void fold(struct blame_report *r, const struct blame *b, const struct blame_entry *e, struct symbols *symbols)
{
	const struct blame_stack *s = &b->stacks[e->stack];
	GString *line = g_string_new(b->comm);
	guint64 pages = e->kind == BLAME_STORE ? e->times : MAX((e->bytes + b->page_size - 1) / b->page_size, e->times), *sum;

	for (guint i = s->depth; i > 0; i--) {
		const struct symbol *symbol = symbols_find(symbols, b->frames[s->first + i - 1]);

		if (!is_ours(symbol))
			g_string_append_printf(line, ";%s", symbol->function);
	}
	sum = g_hash_table_lookup(r->folded, line->str);
	if (sum) {
		*sum += pages;
		g_string_free(line, TRUE);
	} else {
		g_hash_table_insert(r->folded, g_string_free(line, FALSE), g_memdup2(&pages, sizeof pages));
	}
}

static void add_entry(struct blame_report *r, const struct blame *b, const struct blame_entry *e, struct symbols *symbols)
{
	struct writer *w = writer_of(r, b->files[e->file - 1], (enum blame_kind)e->kind, culprit(b, e->stack, symbols));

	w->times += e->times;
	w->bytes += e->bytes;
	w->start = MIN(w->start, e->start);
	w->end = MAX(w->end, e->end);
	if (e->times > w->most) {
		w->most = e->times;
		g_ptr_array_unref(w->stack);
		w->stack = stack_text(b, e->stack, symbols);
	}
	fold(r, b, e, symbols);
}

static void add_fault(struct blame_report *r, const struct blame *b, struct symbols *symbols)
{
	const struct blame_fault *f = &b->fault;
	g_autoptr(GPtrArray) stack = NULL;

	if (!f->signal)
		return;
	g_string_append_printf(r->faults, "%s (process %u) died of %s at ", b->comm, b->pid, g_strsignal(f->signal));
	if (f->file)
		g_string_append_printf(r->faults, "offset %" G_GUINT64_FORMAT " of %s, which has %" G_GUINT64_FORMAT " bytes",
				       f->offset, b->files[f->file - 1], f->size);
	else
		g_string_append_printf(r->faults, "address 0x%" G_GINT64_MODIFIER "x, in no marked file", f->address);
	g_string_append(r->faults, "; what it had not committed was rolled back:\n");
	stack = stack_text(b, f->stack, symbols);
	for (guint i = 0; i < stack->len; i++)
		g_string_append_printf(r->faults, "      %s\n", (char *)stack->pdata[i]);
}

static gboolean is_sound(const struct blame *b, gsize length)
{
	if (length != sizeof *b || b->magic != BLAME_MAGIC || b->version != BLAME_VERSION || b->map_length > BLAME_MAPS ||
	    b->file_count > BLAME_FILES || b->fault.file > BLAME_FILES || b->fault.stack >= BLAME_STACKS || !b->page_size)
		return FALSE;
	for (guint i = 0; i < BLAME_STACKS; i++) {
		if (b->stacks[i].first > BLAME_FRAMES || b->stacks[i].depth > BLAME_FRAMES - b->stacks[i].first)
			return FALSE;
	}
	for (guint i = 0; i < BLAME_ENTRIES; i++) {
		if (b->entries[i].kind >= BLAME_KINDS || b->entries[i].file > BLAME_FILES || b->entries[i].stack >= BLAME_STACKS ||
		    (b->entries[i].kind && (!b->entries[i].file || !b->stacks[b->entries[i].stack].depth)))
			return FALSE;
	}
	return TRUE;
}

gboolean blame_report_add(struct blame_report *r, const char *path)
{
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
	const struct blame *b = file ? (const void *)g_mapped_file_get_contents(file) : NULL;
	struct symbols *symbols;

	if (!b || !is_sound(b, g_mapped_file_get_length(file)))
		return FALSE;
	symbols = symbols_open(b->maps, b->map_length);
	for (guint i = 0; i < BLAME_ENTRIES; i++) {
		if (b->entries[i].kind)
			add_entry(r, b, &b->entries[i], symbols);
	}
	add_fault(r, b, symbols);
	symbols_close(symbols);
	g_string_append_printf(r->programs, "%s%s (process %u)", r->programs->len ? ", " : "", b->comm, b->pid);
	r->lost += b->lost;
	r->processes++;
	return TRUE;
}

static gint compare(gconstpointer a, gconstpointer b)
{
	const struct writer *x = *(struct writer *const *)a, *y = *(struct writer *const *)b;
	int order = strcmp(x->file, y->file);

	if (!order && x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return order ? order : x->times < y->times ? 1 : x->times > y->times ? -1 : strcmp(x->function, y->function);
}

void blame_report_sort(struct blame_report *r)
{
	g_ptr_array_sort(r->writers, compare);
}
