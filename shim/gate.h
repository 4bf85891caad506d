/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gate: closed for the short time in which a commit copies what could not be copied while
 * others kept storing.  A thread that stores meanwhile faults and waits in the fault handler; what a system call has
 * brought is stored by the thread as well (buffers.h).
 *
 * Closed and opened by the committer alone, closed under the window lock, so that a handler that
 * saw it open has finished opening its page.  While it is closed the committer may have who waits look again whether
 * there is another way for him (saved.h).  Async-signal-safe.
 */
#ifndef BIGFILE_GATE_H
#define BIGFILE_GATE_H

#include <stdbool.h>
#include <stdint.h>

void gate_close(void);
void gate_open(void);
bool gate_is_closed(void);
void gate_wait(void);

/* 0: it is open.  gate_wait_turn returns when it is no longer as it was then.  Window lock: gate_look_again. */
uint32_t gate_turn(void);
void gate_wait_turn(uint32_t turn);
void gate_look_again(void);

/* The calling thread ends the process; nobody would open the gate for it. */
void gate_pass(void);
bool gate_is_passed(void);

#endif
