/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which process a number means: the number and the time at which it started, from /proc/PID/stat; and what else /proc says of processes.
 */
#ifndef BIGFILE_PROC_H
#define BIGFILE_PROC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Is there a process or thread of this number, if only what is left of it?  Asked before any path below /proc/PID is walked: a walk
 * to a process that is gone makes the kernel drop what it knows of that folder, and while others do the same, and its parent
 * waits for it, all of them have been seen to spin in the kernel for more than a second.
 */
bool proc_exists(uint32_t pid);

/* Clock ticks since boot; 0: there is no such process, or it cannot be told. */
uint64_t proc_start_time(uint32_t pid);
/* Does it live, or could a part of it still store?  Not what is left of it until somebody waits for it.  When in doubt it lives.
   start_time 0: whichever has the number. */
bool proc_is_alive(uint32_t pid, uint64_t start_time);
/* By SIGSTOP or its like: none of its threads runs. */
bool proc_is_stopped(uint32_t pid);

/* Memory areas that a process may have (vm.max_map_count); as is usual, when it cannot be told. */
uint64_t proc_max_map_count(void);

/* Calls fn for each thread of this process. */
void proc_each_thread(void (*fn)(uint32_t tid));
/* A thread, of any process: false when it has ended, or is so far that it runs no more of its program.  When that cannot be told it runs. */
bool proc_thread_runs(uint32_t tid);
/* Has it, process or thread, mapped the file with this inode number?  When that cannot be told it has. */
bool proc_maps(uint32_t pid, uint64_t inode);

#endif
