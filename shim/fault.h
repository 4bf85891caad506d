/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's part of SIGSEGV and SIGBUS.
 *
 * A fault is ours only if it is a store, to a page of a view, that one of the program's windows allows, or any access to a page
 * that is not within reach yet (reach.h).
 * Everything else goes to whoever the program meant it for.
 */
#ifndef BIGFILE_FAULT_H
#define BIGFILE_FAULT_H

#include "view.h"

/*
 * Somebody is about to store to `at`, addresses of v: spares him most of the faults, by bringing it within reach and, where the tracker needs
 * that and nothing is in the way, opening the pages that windows allow to be stored to.  Any thread, no lock held.
 */
void fault_prepare(struct view *v, struct range at);

/* Installs the handlers; before the first view.  Idempotent.  0 or -errno. */
int fault_claim(void);

/*
 * The calling thread ends the process.  When others share its transaction it has left that, and all stores wait for the end; but not its
 * own, which nobody would wake: what it stores from now on is noted as dirty at once.
 */
void fault_last_thread(void);

#endif
