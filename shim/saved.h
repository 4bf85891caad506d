/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a thread does that stores to a page while a cut (cut.h) is made: it need not wait.
 *
 * While the committer closes all that can be stored to, one piece after the other, the page is opened again and noted, and closed
 * once more.  Then all is closed: that instant is the cut.  From then on the page is saved as it was at that instant, and
 * opened; the committer takes what was saved instead of what the page holds now.  So the copy is there before
 * anybody can store to the page, and who has read a page and then finds no copy has read what it was.
 *
 * Pages are addresses in private views.  There is room for so many of them; who finds none waits at the gate.
 *
 * Window lock, unless told otherwise.  Async-signal-safe.
 */
#ifndef BIGFILE_SAVED_H
#define BIGFILE_SAVED_H

#include "view.h"

/* Handler, the gate being closed: makes the page storable.  -EAGAIN: wait until the gate turns. */
int saved_open_page(struct view *v, uint64_t page);

/* Engine, without the lock: there is memory for it from now on, or nobody gets past the gate. */
void saved_prepare(void);
/* Engine.  Pages are being closed; they are closed, the cut is made; it has been taken, and the gate can be opened: has anybody
   stored since it was closed? */
void saved_closing(void);
void saved_cut(void);
bool saved_end(void);
/* Engine, without the lock, after saved_end: gives memory back. */
void saved_drop(void);

/* Engine.  What was opened again since the last time; good until the next time. */
unsigned saved_reopened(const uint64_t **pages);

/* Engine.  The page as it was at the cut; NULL: as it is. */
const uint8_t *saved_page(uint64_t page);
/* Those that there are so far, and zeros. */
unsigned saved_pages(const uint64_t **pages);
/* What is below view.taken need not be kept.  Who waits for room looks again. */
void saved_make_room(void);
/* Is the cut made, and being taken?  All that can be stored to was saved then, or is closed.  Engine, without the lock. */
bool saved_is_cut(void);

#endif
