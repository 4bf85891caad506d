/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See journal_head.h. */
#include "journal_head.h"

#include <string.h>

#include "arena.h"
#include "journal_lock.h"
#include "journal_scan.h"
#include "page.h"
#include "sys.h"

#define PIECE ((size_t)64 << 10)
#define BEAT_NS 10000000000u
#define UNSEEN ((size_t)1 << 20) /* a look at the clock is a system call: so many bytes, */
#define WEIGHT ((size_t)64 << 10) /* each write counting for as many more */

int journal_write_header(int fd, struct journal_header *h)
{
	h->serial++;
	h->checksum = journal_hash(h, offsetof(struct journal_header, checksum));
	return sys_pwrite_all(fd, h, sizeof *h, (h->serial & 1) * JOURNAL_BLOCK);
}

int journal_write_both(int fd, struct journal_header *h)
{
	int err = journal_write_header(fd, h);

	return err ? err : journal_write_header(fd, h);
}

int journal_write_again(int fd, uint64_t at, uint64_t length)
{
	char *piece = arena_alloc(PIECE);
	int err = piece ? 0 : -ENOMEM;

	while (length > 0 && !err) {
		ssize_t n = sys_pread(fd, piece, (size_t)min_u64(length, PIECE), at);

		if (n <= 0) {
			err = (int)n;
			break;
		}
		err = sys_pwrite_all(fd, piece, (size_t)n, at);
		at += (uint64_t)n;
		length -= (uint64_t)n;
	}
	arena_free(piece, PIECE);
	return err;
}

void journal_beat(int fd, struct journal_beat *beat, size_t length)
{
	uint64_t time;

	beat->unseen += length + WEIGHT;
	if (beat->next && beat->unseen < UNSEEN)
		return;
	beat->unseen = 0;
	time = sys_now_ns(CLOCK_MONOTONIC);
	/* Should it fail, a person will be asked. */
	if (beat->next && time >= beat->next)
		sys_call(SYS_utimensat, fd, NULL, NULL, 0);
	if (time >= beat->next)
		beat->next = time + BEAT_NS;
}

static void note_owner(struct journal_header *h)
{
	int fd = sys_open("/proc/self/comm", O_RDONLY | O_CLOEXEC, 0);

	h->owner_pid = (uint32_t)sys_getpid();
	if (gethostname(h->owner_host, sizeof h->owner_host - 1))
		h->owner_host[0] = '\0';
	if (fd >= 0) {
		ssize_t n = sys_read(fd, h->owner_comm, sizeof h->owner_comm - 1);

		if (n > 0)
			h->owner_comm[n - 1] = '\0';
		sys_close(fd);
	}
}

void journal_note_file(struct journal_header *h, const struct stat *file)
{
	h->file_size = (uint64_t)file->st_size;
	h->mtime_sec = file->st_mtim.tv_sec;
	h->mtime_nsec = file->st_mtim.tv_nsec;
	h->ctime_sec = file->st_ctim.tv_sec;
	h->ctime_nsec = file->st_ctim.tv_nsec;
}

void journal_first_header(struct journal_header *h, const struct stat *file, bool durable)
{
	memset(h, 0, sizeof *h);
	h->magic = JOURNAL_MAGIC;
	h->version = JOURNAL_VERSION;
	h->flags = durable ? 0 : JOURNAL_LAX;
	sys_call(SYS_getrandom, &h->salt, sizeof h->salt, 0);
	h->data_offset = JOURNAL_DATA;
	h->head_offset = JOURNAL_DATA;
	h->head_seq = 1;
	h->file_ino = file->st_ino;
	h->file_dev = file->st_dev;
	h->created = sys_now_ns(CLOCK_REALTIME);
	boot_id_read(h->boot_id);
	note_owner(h);
	journal_note_file(h, file);
}
