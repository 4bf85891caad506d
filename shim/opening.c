/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See opening.h.  Recovery opens and closes the marked file, which would drop the POSIX locks that this process
 * has on it: so it runs in the engine thread, whose descriptors are its own.
 */
#include "opening.h"

#include <limits.h>
#include <stdlib.h>

#include "config.h"
#include "engine.h"
#include "fmt.h"
#include "log.h"
#include "marks.h"
#include "recover.h"
#include "session.h"
#include "sys.h"

struct job {
	const char *path;
	struct recovery report;
};

static int recover_job(void *arg)
{
	struct job *j = arg;

	return recover_file(j->path, RECOVER_REDO, &j->report);
}

static int recover_now(const char *path)
{
	struct job j = { .path = path };
	int err = engine_run(recover_job, &j);

	/* A living writer: reading next to it is allowed, writing will wait for its lock. */
	if (err == -EBUSY)
		return 0;
	if (err)
		recover_explain(path, &j.report, err);
	if (err && config.on_error == ON_ERROR_WARN) {
		log_warn("%s: opened WITHOUT recovery, as BIGFILE_ON_ERROR=warn allows", path);
		return 0;
	}
	return err;
}

int opening_prepare(int dirfd, const char *path)
{
	char full[PATH_MAX], real[PATH_MAX];
	struct stat st;
	int err, saved = errno;

	if (!marks_may_match(path) || !session_is_here())
		return 0;
	if (path[0] == '/' || dirfd == AT_FDCWD)
		fmt_print(full, sizeof full, "%s", path);
	else
		fmt_print(full, sizeof full, "/proc/thread-self/fd/%d/%s", dirfd, path);
	/* The view of a file that is in use here is the truth already. */
	if (!realpath(full, real) || !marks_match(real) || !recover_is_needed(real) ||
	    sys_stat(real, &st) || view_find(st.st_dev, st.st_ino)) {
		errno = saved;
		return 0;
	}
	err = recover_now(real);
	errno = saved;
	return err;
}
