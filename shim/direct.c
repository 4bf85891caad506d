/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See direct.h. */
#include "direct.h"

#include <string.h>

#include "arena.h"
#include "page.h"
#include "submit.h"
#include "sys.h"

/* What the kernel could not write this way, wherever it says so, is written as ever; that answer counts. */
static int written_as_ever(struct direct *d, const struct iocb *r)
{
	d->impossible = true;
	return sys_pwrite_all((int)r->aio_fildes, (const void *)(uintptr_t)r->aio_buf, r->aio_nbytes, (uint64_t)r->aio_offset);
}

static void note_end(const struct io_event *e)
{
	struct direct_part *part = (struct direct_part *)(uintptr_t)e->data;
	struct direct *d = part->owner;
	int err = e->res < 0 ? (int)e->res : 0;

	if (err == -EINVAL || err == -EOPNOTSUPP || (!err && (uint64_t)e->res != part->request.aio_nbytes))
		err = written_as_ever(d, &part->request);
	if (!d->error)
		d->error = err;
	part->busy = false;
}

static int await_some(void)
{
	struct io_event ended[DIRECT_AT_ONCE];
	int n = submit_await(ended, DIRECT_AT_ONCE);

	for (int i = 0; i < n; i++)
		note_end(&ended[i]);
	return n < 0 ? n : 0;
}

static struct direct_part *find(struct direct *d, bool busy)
{
	for (int i = 0; i < DIRECT_AT_ONCE; i++) {
		if (d->parts[i].busy == busy)
			return &d->parts[i];
	}
	return NULL;
}

/* O_DIRECT holds for what is submitted while it is set. The descriptor is nobody else's meanwhile. */
static bool submit(struct iocb *request)
{
	int fd = (int)request->aio_fildes, flags = sys_fcntl(fd, F_GETFL, 0);
	bool submitted;

	if (flags < 0 || sys_fcntl(fd, F_SETFL, flags | O_DIRECT))
		return false;
	submitted = submit_requests(&request, 1) == 1;
	sys_fcntl(fd, F_SETFL, flags);
	return submitted;
}

bool direct_is_possible(const struct direct *d)
{
	return !d->impossible && submit_is_possible();
}

int direct_write(struct direct *d, int fd, uint8_t **piece, size_t size, uint64_t offset)
{
	struct direct_part *part = NULL;

	if (!direct_is_possible(d))
		return d->error ? d->error : -ENOTSUP;
	while (!d->error && !(part = find(d, false)))
		d->error = await_some() ? -EIO : d->error;
	if (d->error)
		return d->error;
	if (!part->piece)
		part->piece = arena_alloc(size);
	if (!part->piece)
		return -ENOTSUP;
	d->size = size;
	part->owner = d;
	part->request = (struct iocb){
		.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = (uint32_t)fd, .aio_data = (uintptr_t)part, .aio_buf = (uintptr_t)*piece,
		.aio_nbytes = size, .aio_offset = (int64_t)offset,
	};
	if (!submit(&part->request)) {
		d->impossible = true;
		return -ENOTSUP;
	}
	part->busy = true;
	*piece = part->piece;
	part->piece = (uint8_t *)(uintptr_t)part->request.aio_buf;
	return 0;
}

int direct_finish(struct direct *d)
{
	int err;

	while (find(d, true)) {
		if (!await_some())
			continue;
		/* It cannot be known what is still under way, nor to whom that memory belongs. */
		memset(d, 0, sizeof *d);
		d->impossible = true;
		return -EIO;
	}
	for (int i = 0; i < DIRECT_AT_ONCE; i++) {
		arena_free(d->parts[i].piece, d->size);
		d->parts[i].piece = NULL;
	}
	err = d->error;
	d->error = 0;
	return err;
}
