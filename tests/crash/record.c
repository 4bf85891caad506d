/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See record.h. */
#include "record.h"

#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tracer.h"

static bool is_of_interest(uint64_t number)
{
	switch (number) {
	case SYS_write:
	case SYS_pwrite64:
	case SYS_ftruncate:
	case SYS_fallocate:
	case SYS_fsync:
	case SYS_fdatasync:
	case SYS_openat:
	case SYS_renameat2:
	case SYS_renameat:
	case SYS_unlinkat:
	case SYS_linkat:
	case SYS_copy_file_range:
	case SYS_sync_file_range:
	case SYS_io_submit:
	case SYS_io_getevents:
	case SYS_exit_group:
#ifdef SYS_open
	case SYS_open:
	case SYS_rename:
	case SYS_unlink:
#endif
		return true;
	}
	return false;
}

static bool stat_of(const struct call *c, int fd, struct stat *st)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/fd/%d", c->thread, fd);
	return fd >= 0 && !stat(path, st);
}

/* The node that a call is about, if it is not a marked file: of those the content is compared. */
static int node_of(const struct watch *w, const struct call *c, struct stat *st)
{
	int node = stat_of(c, (int)c->args[0], st) ? watch_node(w, st->st_ino) : -1;

	return node >= (int)w->files ? node : -1;
}

static void note_ack(struct watch *w, const struct call *c)
{
	char text[16] = "";
	size_t n = c->args[2] < sizeof text - 1 ? c->args[2] : sizeof text - 1;

	if (c->number == SYS_write && c->args[0] == 1 && tracer_read(c->thread, c->args[1], text, n) && isdigit(text[0]))
		trace_add(&w->trace, (struct event){ .kind = EVENT_ACK, .offset = strtoul(text, NULL, 10) });
}

/* Syncs and writes that are under way. */
static struct submitted {
	struct iocb block;
	size_t mark;
} submitted[256];

static void note_submit(struct watch *w, const struct call *c)
{
	for (uint64_t i = 0; i < c->args[1]; i++) {
		struct submitted *s = submitted;
		struct iocb block;
		uint64_t at;

		if (!tracer_read(c->thread, c->args[2] + i * sizeof at, &at, sizeof at) || !tracer_read(c->thread, at, &block, sizeof block))
			errx(3, "what was submitted cannot be read");
		if (block.aio_lio_opcode != IOCB_CMD_FDSYNC && block.aio_lio_opcode != IOCB_CMD_FSYNC && block.aio_lio_opcode != IOCB_CMD_PWRITE)
			errx(3, "such a request is not foreseen");
		while (s->mark)
			s++;
		*s = (struct submitted){ block, w->trace.count };
	}
}

static bool entered(struct tracer *t, struct call *c)
{
	struct watch *w = t->arg;

	if (!is_of_interest(c->number))
		return true;
	watch_compare(w);
	note_ack(w, c);
	c->mark = w->trace.count;
	if (c->number == SYS_io_submit)
		note_submit(w, c);
	return true;
}

static void note_write(struct watch *w, const struct call *c)
{
	struct stat st;
	int node = node_of(w, c, &st);
	uint8_t *bytes;

	if (node < 0)
		return;
	if (c->number == SYS_write)
		errx(3, "a write to a journal without an offset is not foreseen");
	bytes = malloc((size_t)c->result);
	if (!tracer_read(c->thread, c->args[1], bytes, (size_t)c->result))
		errx(3, "what was written cannot be read");
	trace_add(&w->trace, (struct event){ .kind = EVENT_WRITE, .node = (unsigned)node, .offset = c->args[3], .bytes = bytes,
					     .length = (size_t)c->result, .modified = st.st_mtim });
	free(bytes);
}

static void note_size(struct watch *w, const struct call *c)
{
	struct stat st;
	int node = node_of(w, c, &st);

	if (node >= 0)
		trace_add(&w->trace, (struct event){ .kind = EVENT_SIZE, .node = (unsigned)node, .offset = (size_t)st.st_size,
						     .modified = st.st_mtim });
}

static void note_sync(struct watch *w, const struct call *c, int fd, size_t mark)
{
	struct stat st;
	int node, folder;

	if (!stat_of(c, fd, &st))
		return;
	node = watch_node(w, st.st_ino);
	folder = watch_folder(w, st.st_ino);
	if (node >= 0)
		trace_add(&w->trace, (struct event){ .kind = EVENT_SYNC, .node = (unsigned)node, .covers = mark });
	else if (folder >= 0)
		trace_add(&w->trace, (struct event){ .kind = EVENT_SYNC_FOLDER, .folder = (unsigned)folder, .covers = mark });
}

/* Nobody may count on a write that has not ended: as far as a crash can tell it is made here. */
static void note_end(struct watch *w, const struct call *c, const struct submitted *s, int64_t result)
{
	const struct iocb *b = &s->block;

	if (b->aio_lio_opcode != IOCB_CMD_PWRITE && result == 0)
		note_sync(w, c, (int)b->aio_fildes, s->mark);
	if (b->aio_lio_opcode == IOCB_CMD_PWRITE && result > 0)
		note_write(w, &(struct call){ .thread = c->thread, .number = SYS_pwrite64, .result = result,
					      .args = { b->aio_fildes, b->aio_buf, (uint64_t)result, (uint64_t)b->aio_offset } });
}

static void note_ended(struct watch *w, const struct call *c)
{
	for (int64_t i = 0; i < c->result; i++) {
		struct io_event e;

		if (!tracer_read(c->thread, c->args[3] + (uint64_t)i * sizeof e, &e, sizeof e))
			errx(3, "what has ended cannot be read");
		for (struct submitted *s = submitted; s < submitted + 256; s++) {
			if (!s->mark || s->block.aio_data != e.data)
				continue;
			note_end(w, c, s, e.res);
			s->mark = 0;
			break;
		}
	}
}

/* A file that is not known yet was made by this call. */
static void note_open(struct watch *w, const struct call *c, uint64_t path_at)
{
	char path[4096];
	const char *name;
	unsigned node, marked;
	struct stat st;
	int folder;

	tracer_read_path(c->thread, path_at, path, sizeof path);
	folder = watch_split(w, path, &name);
	if (folder < 0 || !stat_of(c, (int)c->result, &st) || !S_ISREG(st.st_mode) || watch_node(w, st.st_ino) >= 0)
		return;
	node = watch_new(w, st.st_ino);
	if (watch_is_marked(name, &marked))
		w->watched[node].shown = st.st_ino;
	trace_add(&w->trace, (struct event){ .kind = EVENT_NAME, .node = node, .folder = (unsigned)folder, .name = (char *)name,
					     .modified = st.st_mtim });
}

static void note_rename(struct watch *w, const struct call *c, uint64_t from_at, uint64_t to_at)
{
	char from[4096], to[4096];
	const char *name, *other;
	int folder, folder_of_to;

	tracer_read_path(c->thread, from_at, from, sizeof from);
	tracer_read_path(c->thread, to_at, to, sizeof to);
	folder = watch_split(w, from, &name);
	folder_of_to = watch_split(w, to, &other);
	if (folder != folder_of_to)
		errx(3, "a rename from one folder to another is not foreseen");
	if (folder >= 0)
		trace_add(&w->trace, (struct event){ .kind = EVENT_RENAME, .folder = (unsigned)folder, .name = (char *)name,
						     .other = (char *)other });
}

static void note_unlink(struct watch *w, const struct call *c, uint64_t path_at)
{
	char path[4096];
	const char *name;
	int folder;

	tracer_read_path(c->thread, path_at, path, sizeof path);
	folder = watch_split(w, path, &name);
	if (folder >= 0)
		trace_add(&w->trace, (struct event){ .kind = EVENT_UNNAME, .folder = (unsigned)folder, .name = (char *)name });
}

static void note_call(struct watch *w, const struct call *c)
{
	switch (c->number) {
	case SYS_write:
	case SYS_pwrite64:
		note_write(w, c);
		break;
	case SYS_ftruncate:
	case SYS_fallocate:
		note_size(w, c);
		break;
	case SYS_fsync:
	case SYS_fdatasync:
		note_sync(w, c, (int)c->args[0], c->mark);
		break;
	case SYS_io_getevents:
		note_ended(w, c);
		break;
	case SYS_openat:
		note_open(w, c, c->args[1]);
		break;
	case SYS_renameat2:
	case SYS_renameat:
		note_rename(w, c, c->args[1], c->args[3]);
		break;
	case SYS_unlinkat:
		note_unlink(w, c, c->args[1]);
		break;
#ifdef SYS_open
	case SYS_open:
		note_open(w, c, c->args[0]);
		break;
	case SYS_rename:
		note_rename(w, c, c->args[0], c->args[1]);
		break;
	case SYS_unlink:
		note_unlink(w, c, c->args[0]);
		break;
#endif
	}
}

static bool left(struct tracer *t, struct call *c)
{
	struct watch *w = t->arg;

	if (!is_of_interest(c->number))
		return true;
	watch_compare(w);
	if (c->result >= 0)
		note_call(w, c);
	return true;
}

int record_program(struct watch *w, char **argv, char **environment, size_t last)
{
	struct tracer t = { .entered = entered, .left = left, .arg = w };
	int status = tracer_run(&t, argv, environment);

	watch_compare(w);
	if (status == 0)
		trace_add(&w->trace, (struct event){ .kind = EVENT_ACK, .offset = last });
	return status;
}
