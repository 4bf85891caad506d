/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that were unlinked in the transaction: aside until it is committed, then gone; or back.
 *
 * A view is aside (view_is_aside) from the unlink on; its record says that the file is removed.  What a crash leaves is in doc/design.md.
 *
 * Engine thread, under the session lock.
 */
#ifndef BIGFILE_REMOVAL_H
#define BIGFILE_REMOVAL_H

#include "view.h"

struct removal {
	struct view *view;
	const char *path; /* of its file, absolute, without links */
};

/*
 * A job: arg is a struct removal, whose file is set aside.  0.  REMOVAL_NEW: the transaction itself made it, at a name from which another is
 * aside: it may go at once.  REMOVAL_NOT: it cannot be set aside, and is untouched.  -errno: nor can it
 * have its name back.
 */
int removal_begin(void *arg);
#define REMOVAL_NEW 1
#define REMOVAL_NOT 2

/* A job, the same arg, without a view: 1 when the path is that of a file aside, or of a journal, of the transaction: these go with it. */
int removal_concerns(void *arg);

/* The commit is sealed, and applied to those that are aside: their names go.  An error is the view's. */
void removal_apply(void);
/* The commit is over: the views and the journals of those go. */
void removal_end(void);

/*
 * A participant has died in any of this, and what was decided is done: whose file is aside under which name is known again, and its journal
 * is there.
 */
void removal_repair(void);

/* Everything that is aside gets its name back.  0, or the first error, said in one line. */
int removal_revert(void);

#endif
