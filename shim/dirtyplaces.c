/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See dirtyplaces.h.  Written under another name and renamed: who reads has all of it. */
#include "dirtyplaces.h"

#include <string.h>

#include "arena.h"
#include "control.h"
#include "fmt.h"
#include "sys.h"
#include "tracker.h"

#define PATH_SIZE 300

struct places {
	uint64_t unit;
	uint32_t *cells; /* dirty pages in each */
	int fd;
	int err;
	size_t used; /* of text */
	char text[4096];
};

static void flush(struct places *p)
{
	ssize_t n = p->used && !p->err ? sys_write(p->fd, p->text, p->used) : 0;

	if (n < 0 || (n && (size_t)n < p->used))
		p->err = n < 0 ? (int)n : -ENOSPC;
	p->used = 0;
}

/* Ranges that meet may count pages twice: a cell has no more than there are. */
static void note(struct places *p, uint64_t start, uint64_t end)
{
	for (uint64_t next; start < end && start / p->unit < DIRTYPLACES_CELLS; start = next) {
		uint32_t *cell = &p->cells[start / p->unit];

		next = min_u64(end, round_up(start + 1, p->unit));
		*cell = (uint32_t)min_u64(*cell + (next - start) / page_size(), p->unit / page_size());
	}
}

static int note_range(void *arg, struct view *v, const struct segment *s, struct range at)
{
	note(arg, view_offset(s, at.start), view_offset(s, at.end));
	return 0;
}

static void print_line(struct places *p, const char *format, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	if (p->used > sizeof p->text - 128)
		flush(p);
	p->used += fmt_print(p->text + p->used, sizeof p->text - p->used, format, a, b, c, d);
}

static int look_at(struct places *p, struct view *v)
{
	int err;

	memset(p->cells, 0, DIRTYPLACES_CELLS * sizeof *p->cells);
	p->unit = round_up(max_u64(v->size, 1), DIRTYPLACES_CELLS * page_size()) / DIRTYPLACES_CELLS;
	err = v->tracker->look(v, note_range, p);
	for (size_t i = 0; i < v->carried.count; i++)
		note(p, v->carried.ranges[i].start, v->carried.ranges[i].end);
	if (v->carry_all)
		note(p, 0, page_ceil(v->size));
	print_line(p, "file %lu %lu %lu %lu\n", v->dev, v->ino, v->size, p->unit);
	for (uint64_t i = 0; i < DIRTYPLACES_CELLS; i++) {
		if (p->cells[i])
			print_line(p, "%lu %lu\n", i, p->cells[i], 0, 0);
	}
	return err;
}

static int write_all(struct places *p)
{
	int err = 0;

	p->cells = arena_alloc(DIRTYPLACES_CELLS * sizeof *p->cells);
	if (!p->cells)
		return -ENOMEM;
	for (struct view *v = view_first(); v && !err; v = v->next) {
		if (v->mode == VIEW_WRITING)
			err = look_at(p, v);
	}
	flush(p);
	arena_free(p->cells, DIRTYPLACES_CELLS * sizeof *p->cells);
	return err ? err : p->err;
}

int dirtyplaces_write(void)
{
	char path[PATH_SIZE], fresh[PATH_SIZE];
	struct places *p;
	int err = control_map_path(path, sizeof path);

	if (err)
		return err;
	fmt_print(fresh, sizeof fresh, "%s~", path);
	p = arena_alloc(sizeof *p);
	if (!p)
		return -ENOMEM;
	p->fd = sys_open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	err = p->fd < 0 ? p->fd : write_all(p);
	if (p->fd >= 0)
		sys_close(p->fd);
	if (!err)
		err = sys_rename(fresh, path);
	else
		sys_unlinkat(AT_FDCWD, fresh);
	arena_free(p, sizeof *p);
	return err;
}
