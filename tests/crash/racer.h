/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the programs that are shaken (racer.c) and who starts and judges them (race.c) agree on.
 *
 * Two files, A and B, of BASE bytes, and what is appended to B.  A *writer* takes steps.  Step n: it fills one of its two records, n odd or
 * even, a record in each file, with what n says; then it stores n to its CELLS cells, one after the other, by turns in A and B.  So of any
 * instant there is: cells that go down by 1 once at most, and the record of the first cell whole.  What is stored in the scratch pages
 * says nothing.  Behind BASE lie whole records of TAIL bytes, each written by one call.
 */
#ifndef RACER_H
#define RACER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define PAGE 4096
#define BASE (64 * PAGE)
#define SCRATCH (40 * PAGE)
#define SCRATCH_SIZE (20 * PAGE)
#define WRITERS 6
#define CELLS 8
#define RECORD (3 * PAGE - 100)
#define TAIL 1000
#define TAILS 40

#define COMMON_FD 98

/* In memory of all processes, and none of Bigfile's. */
struct common {
	pthread_rwlock_t gate;    /* read: a step, a commit of which somebody is told; write: an abort */
	uint64_t floor[WRITERS];  /* the step that was acknowledged */
	uint64_t last[WRITERS];   /* of a program that ended with all threads at rest: what must be there if its status is 0 */
	bool at_rest;
	bool ending;              /* of some process: others may be told that it is too late */
	uint64_t steps, commits, aborts;
	uint32_t programs[16];    /* their pids, not those of forked children */
	uint32_t program_count;
	char why[300];            /* what was not so; the first of it */
};

uint64_t scatter(uint64_t x);
uint64_t chance(uint64_t *state);

/* Where they lie in base[], the two files in memory. */
volatile uint64_t *cell_of(char *const *base, int writer, int cell);
uint64_t record_offset(int writer, uint64_t n);
void record_fill(char *to, int writer, uint64_t n);
void tail_fill(char *to, uint64_t n);

/* Is it a state of some instant, not before what was acknowledged?  size: of B, or 0.  What is wrong goes to why. */
bool state_is_good(char *const *base, uint64_t size, const uint64_t *floor, char *why, unsigned long space);

/* racer_threads.c: what threads do, until `stop`; each begins with a seed of its own. */
extern struct common *common;
extern uint32_t stop; /* this process */
extern char *base[2];
extern int fds[2];
extern const char *names[2];
extern bool gated; /* somebody aborts */

void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool going_on(void);
void failed(const char *call);
void take_step(int writer, uint64_t *random);
bool commit_somehow(uint64_t *random);
void open_files(char *const *paths);

void *write_steps(void *writer);
void *commit_now_and_then(void *arg);
void *commit_by_signal(void *arg);
void *abort_now_and_then(void *arg);
void *scratch(void *arg);
void *append(void *arg);
void *map_and_unmap(void *arg);
void *open_and_close(void *arg);
void *fork_children(void *arg);
void *change_handlers(void *arg);
void *use_plugin(void *arg);

/* racer.c */
uint64_t new_seed(void);

#endif
