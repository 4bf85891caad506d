/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What recovery says to people: the words for a journal's state, and the one line with cause and way out.  See recover.h. */
#include "recover.h"

#include <errno.h>

#include "log.h"

const char *journal_state_name(enum journal_state state)
{
	static const char *const names[] = {
		[JOURNAL_NONE] = "none",       [JOURNAL_EMPTY] = "empty",
		[JOURNAL_PENDING] = "pending", [JOURNAL_BUSY] = "busy",
		[JOURNAL_CORRUPT] = "corrupt", [JOURNAL_FOREIGN] = "foreign",
		[JOURNAL_STRANGER] = "stranger", [JOURNAL_NEWER] = "newer",
		[JOURNAL_DOUBT] = "doubt",     [JOURNAL_UNLINKED] = "unlinked",
		[JOURNAL_UNSAFE] = "unsafe",
	};

	return names[state];
}

void recover_explain(const char *path, const struct recovery *r, int err)
{
	if (r->state == JOURNAL_UNSAFE)
		log_error("%s: is on a file system where one writer at a time is not made sure of: %s; see bigfile doctor, or set "
			  "BIGFILE_NETWORK=any when only one machine ever uses it", path, r->reason);
	else if (err == -EACCES && (r->awaited || r->state == JOURNAL_UNLINKED))
		log_error("%s: must be recovered, by who may write it: %s; use it as such a user, or bigfile recover it",
			  path, r->reason);
	else if (err == -EBUSY && !r->owner_pid && r->reason[0])
		log_error("%s: in use: %s; wait, or end it, or set BIGFILE_WAIT", path, r->reason);
	else if (err == -EBUSY)
		log_error("%s: in use by process %u (%s) on %s; wait, or end it, or set BIGFILE_WAIT",
			  path, r->owner_pid, r->owner_comm, r->owner_host);
	else if (r->state == JOURNAL_CORRUPT || r->state == JOURNAL_FOREIGN ||
		 r->state == JOURNAL_STRANGER)
		log_error("%s: recovery refused: %s; see bigfile check, then bigfile recover --force "
			  "or --discard", path, r->reason);
	else if (r->state == JOURNAL_NEWER)
		log_error("%s: recovery refused: %s; use that version", path, r->reason);
	else if (r->state == JOURNAL_DOUBT)
		log_error("%s: recovery refused: %s; bring it back, then bigfile recover both files; or say yourself: "
			  "bigfile recover --force (it did) or --discard (it did not)", path, r->reason);
	else if (err == -EPERM && r->state == JOURNAL_NONE)
		log_error("%s: its journal %s is not to be trusted: not a plain file of one name, or of another owner; look at it and move "
			  "it away, or set BIGFILE_JOURNAL_DIR", path, r->journal);
	else
		log_error("%s: recovery failed: %e; the journal %s is kept", path, err, r->journal);
}

void recover_explain_attach(const char *path, const struct recovery *r, int err, bool write)
{
	bool denied = write && (err == -EACCES || err == -EROFS || err == -EPERM);

	if (denied && !r->journal[0])
		log_error("%s: %e for the file: it must be readable and writable to be in a transaction, also for who only writes", path, err);
	else if (denied)
		log_error("%s: %e for the file, or for its journal %s; make the folder writable or set "
			  "BIGFILE_JOURNAL_DIR", path, err, r->journal);
	else if (err == -ENFILE)
		log_warn_once("%s: cannot be attached: %e: too many marked files are mapped, or changed and not committed; commit more "
			      "often, or raise ulimit -Hn and vm.max_map_count", path, err);
	else
		log_error("%s: cannot be attached: %e%s%s; mend the cause, or take the file out of BIGFILE_PATHS", path, err,
			  r->journal[0] ? ", for it or for its journal " : "", r->journal);
}
