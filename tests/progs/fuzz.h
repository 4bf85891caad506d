/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the fuzzer share; fuzz.c says what it does.
 *
 * Rules: every decision comes from draw(), never from an address, a descriptor's number or a clock, so that a seed
 * means one sequence.  An operation says what it is about to do, does it, and compares; it returns false, having
 * done nothing, when it is not possible now.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE UINT64_C(4096)
#define LIMIT (UINT64_C(300) << 10) /* the file's usual size is below */
#define HUGE_SIZE (UINT64_C(1) << 30)
#define ROOM (HUGE_SIZE + (UINT64_C(64) << 20)) /* of the model, bytes */
#define BLOCK (UINT64_C(128) << 10)		/* of one transfer */

enum group {
	G_OPEN,	   /* open, openat, creat, close */
	G_RDTRUNC, /* O_RDONLY | O_TRUNC, which truncates */
	G_PROCFD,  /* opening /proc/self/fd/N */
	G_DUP,
	G_READ,
	G_WRITE,
	G_V2, /* preadv2, pwritev2 */
	G_SEEK,
	G_HOLES, /* SEEK_DATA, SEEK_HOLE */
	G_SIZE,	 /* ftruncate, truncate */
	G_ALLOC, /* fallocate, posix_fallocate */
	G_SHIFT, /* FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE */
	G_STAT,	 /* fstat, stat, fstatat */
	G_STATX, /* lstat, statx */
	G_COPY,	  /* sendfile, copy_file_range */
	G_SPLICE,
	G_STDIO,
	G_MAP,	  /* mmap, munmap, stores, loads */
	G_TWINS,  /* windows may show the same pages */
	G_REMAP,
	G_PROTECT,
	G_TAIL,	  /* stores between the end of the file and the end of its page */
	G_BUS,	  /* SIGBUS beyond the last page */
	G_PRIVATE,
	G_WINIO,  /* system calls with buffers in windows */
	G_COMMIT,
	G_SIGNAL, /* commits by SIGUSR1 */
	G_ABORT,
	G_BIG,	  /* sizes of some MiB */
	G_SPARSE, /* sizes up to 1 GiB */
	GROUPS,
};

/* fuzz.c */
extern const char *path, *full_path;
extern bool plain; /* without Bigfile: every change is in the file at once */
extern unsigned long commits, aborts;
extern uint8_t block[BLOCK], other[BLOCK]; /* for one operation */

bool on(enum group g);
uint64_t draw(uint64_t below); /* [0, below) */
bool one_in(unsigned n);
uint64_t min(uint64_t a, uint64_t b);
uint64_t max(uint64_t a, uint64_t b);
uint64_t page_up(uint64_t n);
/* Places and sizes of interest. */
uint64_t pick_offset(void);
uint64_t pick_length(void); /* up to BLOCK */
uint64_t pick_size(void);
/* May the file be changed up to this offset without leaving its usual size? */
bool may_reach(uint64_t end);
/* Something to write. */
void fill(uint8_t *to, uint64_t n);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* The result of a call, or -errno. */
static inline long result_of(long result)
{
	return result == -1 ? -errno : result;
}
void expect(long result, long wanted);

/* fuzz_model.c: the file as it ought to be, now and as of the last commit. */
extern uint64_t model_size;
/* Nothing was stored between the end of the file and the end of its page. */
extern bool tail_clean;
/* Windows may show zeros instead of SIGBUS up to here: an abort took these pages away, and nothing shrank since. */
extern uint64_t ghost_end;

void model_start(void);
void model_load(const void *from, uint64_t n);
const uint8_t *model_at(uint64_t offset);
/* from NULL: zeros. */
void model_write(uint64_t offset, const void *from, uint64_t n);
void model_resize(uint64_t size);
void model_collapse(uint64_t offset, uint64_t n);
void model_insert(uint64_t offset, uint64_t n);
void model_store_tail(void);
void model_commit(void);
void model_abort(void);
bool model_is_zero(uint64_t start, uint64_t end);
/* Might there be something but zeros in the piece that begins at offset?  *run: its length. */
bool model_has(uint64_t offset, uint64_t *run);
void compare(const char *what, uint64_t offset, const void *found, uint64_t n);
/* The file, by system calls that nobody interposes, against the last commit. */
void check_file(void);
/* What the program reads, against the model. */
void check_reads(void);

/* fuzz_fd.c: descriptors. */
struct file {
	int users; /* descriptors of it */
	int access;
	bool append;
	uint64_t at; /* the shared offset */
};
struct slot {
	struct file *file; /* NULL: free */
	int fd;
};
struct slot *pick_slot(void); /* NULL: none is open */
bool can_read(const struct slot *s);
bool can_write(const struct slot *s);
void open_first(void);
void check_offsets(void);
bool do_open(void), do_close(void), do_dup(void), do_seek(void), do_holes(void), do_stat(void);

/* fuzz_io.c: content and size through descriptors. */
bool do_read(void), do_write(void), do_size(void), do_alloc(void), do_shift(void);

/* fuzz_copy.c: transfers between files, and streams. */
void open_side(void);
/* An unmarked file; side_put fills it from offset 0, side_check compares it with a part of the model. */
extern int side;
void side_put(const void *from, uint64_t n);
void side_check(const char *what, uint64_t offset, uint64_t n);
bool do_copy(void), do_splice(void), do_stdio(void);

/* fuzz_map.c: windows. */
void map_first(void);
void check_windows(void);
bool sync_window(void);
bool do_map(void), do_unmap(void), do_remap(void), do_protect(void), do_async(void), do_private(void);

/* fuzz_touch.c: what is done inside windows. */
struct window {
	uint8_t *at;
	uint64_t offset; /* of the file */
	uint64_t length; /* whole pages; 0: free */
	int prot;
	bool may_write;
};
#define WINDOWS 6
extern struct window windows[WINDOWS];
void touch_start(void);
/* 0 or the signal that came. */
int guarded_copy(void *to, const void *from, uint64_t n);
/* No signal may come. */
void copy_in_window(void *to, const void *from, uint64_t n);
bool do_load(void), do_store(void), do_tail(void), do_bus(void), do_winio(void);

/* fuzz_end.c: how transactions end. */
bool do_commit(void), do_abort(void);

#endif
