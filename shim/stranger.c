/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See stranger.h. */
#include "stranger.h"

#include <stdbool.h>
#include <string.h>

#include "journal_lock.h"
#include "log.h"
#include "network.h"
#include "sys.h"

#define APPLY_GRACE_SECONDS 60

static bool same_content(const struct journal_header *h, const struct stat *st)
{
	return h->file_size == (uint64_t)st->st_size && h->mtime_sec == st->st_mtim.tv_sec &&
	       h->mtime_nsec == st->st_mtim.tv_nsec;
}

int is_this_boot(const struct journal_header *h)
{
	uint8_t id[16];
	int err = boot_id_read(id);

	if (err)
		log_error("whether the machine was started anew cannot be told: /proc/sys/kernel/random/boot_id: %e; /proc is needed", err);
	return err ? err : !memcmp(id, h->boot_id, sizeof id);
}

/* Above 0: the file has been written since; below: it is older than it was then. */
static int64_t age(const struct journal_header *h, const struct stat *file)
{
	int64_t seconds = file->st_mtim.tv_sec - h->mtime_sec;

	return seconds ? seconds : file->st_mtim.tv_nsec - h->mtime_nsec;
}

int stranger_was_here(int jfd, const struct journal_header *h, const struct journal_chain *chain, const struct stat *file)
{
	bool network = network_kind_of(jfd) != NETWORK_NONE;
	struct stat journal;
	int64_t boot;
	int same;

	if (same_content(h, file))
		return 0;
	same = network ? 1 : is_this_boot(h);
	if (same < 0)
		return same;
	if (!same) {
		boot = boot_time_read();
		return boot < 0 ? (int)boot : boot && (file->st_mtim.tv_sec > boot || file->st_ctim.tv_sec > boot);
	}
	if (h->applied_seq >= chain->last_seq)
		return false;
	if (h->applying_seq < chain->last_seq)
		return true;
	return !sys_fstat(jfd, &journal) &&
	       file->st_mtim.tv_sec > journal.st_mtim.tv_sec + APPLY_GRACE_SECONDS;
}

int stranger_may_have_restored(int jfd, const struct journal_header *h, const struct journal_chain *chain, const struct stat *file)
{
	if (h->applied_seq < chain->last_seq || age(h, file) >= 0 || network_kind_of(jfd) != NETWORK_NONE)
		return 0;
	return is_this_boot(h);
}

int stranger_came_later(int jfd, const struct journal_header *h, const struct stat *file)
{
	if (h->file_ino != (uint64_t)file->st_ino || h->applied_seq < h->applying_seq || age(h, file) <= 0 || network_kind_of(jfd) != NETWORK_NONE)
		return 0;
	return is_this_boot(h);
}

int is_only_unsynced(int jfd, const struct journal_header *h, const struct journal_chain *chain, const struct stat *file)
{
	if (h->applied_seq < chain->last_seq || same_content(h, file))
		return 0;
	return network_kind_of(jfd) == NETWORK_NONE ? is_this_boot(h) : age(h, file) > 0;
}
