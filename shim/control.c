/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See control.h. */
#include "control.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "controlfile.h"
#include "fmt.h"
#include "log.h"
#include "proc.h"
#include "reclaim.h"
#include "shared.h"
#include "sys.h"

/* Until there is a real page, requests are counted here. */
static struct control_page early;
static struct control_page *page = &early;
static char page_path[256];
static bool page_made; /* there is a file of that name; atomic: two threads may end the process at once */
static bool map_made;  /* and there may be one beside it */
static bool ended;
static int end_decision;

static void read_comm(char *out, size_t size)
{
	int fd = sys_open("/proc/self/comm", O_RDONLY | O_CLOEXEC, 0);
	ssize_t n = fd < 0 ? 0 : sys_read(fd, out, size - 1);

	if (fd >= 0)
		sys_close(fd);
	out[n > 0 ? n - 1 : 0] = '\0';
}

static int map_file(struct control_page **fresh)
{
	char folder[200];
	void *p;
	int fd, err = controlfile_folder(folder, sizeof folder);

	if (err)
		return err;
	fmt_print(page_path, sizeof page_path, "%s/%d", folder, sys_getpid());
	/* One of a process that had our number before. */
	sys_unlinkat(AT_FDCWD, page_path);
	fd = sys_open(page_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fd;
	err = sys_ftruncate(fd, CONTROL_PAGE_SIZE);
	/* A store into a page that a full file system cannot give would be SIGBUS. */
	if (!err)
		err = sys_fallocate(fd, 0, 0, CONTROL_PAGE_SIZE);
	p = err ? NULL : sys_mmap(NULL, CONTROL_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	sys_close(fd);
	if (!err && sys_is_error(p))
		err = sys_error_of(p);
	if (err)
		sys_unlinkat(AT_FDCWD, page_path);
	else
		*fresh = p;
	__atomic_store_n(&page_made, !err, __ATOMIC_SEQ_CST);
	return err;
}

void control_start(const char *tracker_name)
{
	struct control_page *fresh = NULL;
	char folder[200];
	struct stat st;
	int err;

	if (page != &early)
		return;
	err = map_file(&fresh);
	if (err) {
		controlfile_folder(folder, sizeof folder);
		log_warn("no control page: %e for the folder %s, which must be this user's alone; bigfile commit and status cannot reach "
			 "this process, and no other one can share its transaction", err, folder);
		fresh = sys_mmap(NULL, CONTROL_PAGE_SIZE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (sys_is_error(fresh))
			return;
	}
	fresh->pid = (uint32_t)sys_getpid();
	fresh->engine = (uint32_t)sys_gettid();
	fresh->start_time = proc_start_time(fresh->pid);
	fresh->pid_namespace = sys_stat("/proc/self/ns/pid", &st) ? 0 : st.st_ino;
	read_comm(fresh->comm, sizeof fresh->comm);
	fmt_print(fresh->tracker, sizeof fresh->tracker, "%s", tracker_name);
	fresh->version = CONTROL_VERSION;
	fresh->commit_signal = (uint32_t)config.commit_signal;
	fresh->abort_signal = (uint32_t)config.abort_signal;
	/* What was asked for until now is answered: there was nothing to commit. */
	__atomic_store_n(&page, fresh, __ATOMIC_RELEASE);
	/* Last: who sees the magic sees a page that is complete. */
	__atomic_store_n(&fresh->magic, CONTROL_MAGIC, __ATOMIC_RELEASE);
}

void control_after_fork(void)
{
	page_made = map_made = false;
	memset(&early, 0, sizeof early);
	page = &early;
}

void control_resume(void)
{
	const char *tracker_name = page->tracker;

	page = &early;
	control_start(tracker_name);
}

void control_ring(void)
{
	struct control_page *p = __atomic_load_n(&page, __ATOMIC_ACQUIRE);

	__atomic_add_fetch(&p->doorbell, 1, __ATOMIC_SEQ_CST);
	sys_futex_wake(&p->doorbell, 1);
}

void control_request(enum control_op op)
{
	struct control_page *p = __atomic_load_n(&page, __ATOMIC_ACQUIRE);

	__atomic_add_fetch(&p->requested[op], 1, __ATOMIC_SEQ_CST);
	control_ring();
}

uint32_t control_bell(void)
{
	return __atomic_load_n(&page->doorbell, __ATOMIC_SEQ_CST);
}

void control_wait(uint32_t heard, int timeout_ms)
{
	struct timespec ts = { timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000000 };

	sys_futex_wait(&page->doorbell, heard, timeout_ms < 0 ? NULL : &ts);
}

bool control_pending(enum control_op op, uint32_t *ticket)
{
	*ticket = __atomic_load_n(&page->requested[op], __ATOMIC_SEQ_CST);
	return *ticket != page->answered[op];
}

void control_begin(enum control_op op, uint32_t ticket)
{
	__atomic_store_n(&page->begun[op], ticket, __ATOMIC_SEQ_CST);
}

void control_answer(enum control_op op, uint32_t ticket, int result)
{
	uint32_t from = page->answered[op];

	if (ticket - from > CONTROL_RESULTS)
		from = ticket - CONTROL_RESULTS;
	while (from != ticket)
		page->results[op][++from % CONTROL_RESULTS] = result;
	__atomic_store_n(&page->answered[op], ticket, __ATOMIC_SEQ_CST);
	sys_futex_wake(&page->answered[op], INT32_MAX);
}

int control_map_path(char *out, size_t size)
{
	if (!__atomic_load_n(&page_made, __ATOMIC_SEQ_CST))
		return -ENOENT;
	__atomic_store_n(&map_made, true, __ATOMIC_SEQ_CST);
	fmt_print(out, size, "%s%s", page_path, CONTROL_MAP_SUFFIX);
	return 0;
}

static void remove_files(void)
{
	char map[sizeof page_path + sizeof CONTROL_MAP_SUFFIX];

	if (!__atomic_exchange_n(&page_made, false, __ATOMIC_SEQ_CST))
		return;
	sys_unlinkat(AT_FDCWD, page_path);
	if (!__atomic_exchange_n(&map_made, false, __ATOMIC_SEQ_CST))
		return;
	fmt_print(map, sizeof map, "%s%s", page_path, CONTROL_MAP_SUFFIX);
	sys_unlinkat(AT_FDCWD, map);
}

void control_end(int decision)
{
	end_decision = decision;
	__atomic_store_n(&ended, true, __ATOMIC_RELEASE);
}

bool control_has_ended(void)
{
	return __atomic_load_n(&ended, __ATOMIC_ACQUIRE);
}

void control_goes_on(void)
{
	__atomic_store_n(&ended, false, __ATOMIC_RELEASE);
}

void control_stop(void)
{
	uint32_t ticket;

	remove_files();
	if (control_pending(CONTROL_COMMIT, &ticket))
		control_answer(CONTROL_COMMIT, ticket, end_decision);
	if (control_pending(CONTROL_ABORT, &ticket))
		control_answer(CONTROL_ABORT, ticket, -ECANCELED);
}

static void note_message(const char *what, int result)
{
	fmt_print(page->message, sizeof page->message, "%s failed: %e", what, result);
}

/* As of this moment; counting again would cost a look through all pages. */
static void note_clean(void)
{
	for (struct view *v = view_first(); v; v = v->next)
		v->dirty_pages = 0;
}

int control_commit(void)
{
	struct commit_report r;
	int err;

	if (control_has_ended())
		return end_decision;
	err = commit_all(&r);
	if (err) {
		page->failures++;
		note_message("commit", err);
		return err;
	}
	note_clean();
	/* What was dirty may leave now. */
	reclaim_run();
	page->commits++;
	page->pages += r.pages;
	page->bytes += r.bytes;
	page->last_duration_ns = r.duration_ns;
	page->last_commit_ns = sys_now_ns(CLOCK_REALTIME);
	if (r.files)
		log_info("committed %u files, %lu dirty pages, %lu bytes, in %lu us, %u rounds%s", r.files, r.pages,
			 r.bytes, r.duration_ns / 1000, r.rounds, r.stopped ? ", writers held" : "");
	return 0;
}

int control_abort(void)
{
	struct commit_report r;
	int err;

	if (control_has_ended())
		return -ECANCELED;
	err = abort_all(&r);
	if (err) {
		note_message("abort", err);
		return err;
	}
	note_clean();
	reclaim_run();
	page->aborts++;
	log_info("aborted, %lu dirty pages dropped", r.pages);
	return 0;
}

uint32_t control_join_pid(void)
{
	return page->join;
}

static void note_path(char *out, const char *path)
{
	size_t n = strlen(path);

	if (n < CONTROL_PATH)
		memcpy(out, path, n + 1);
	else
		fmt_print(out, CONTROL_PATH, "...%s", path + n - (CONTROL_PATH - 4));
}

static void note_file(struct control_file *f, const struct view *v)
{
	note_path(f->path, v->path);
	f->dev = v->dev;
	f->ino = v->ino;
	f->size = v->size;
	f->committed_size = v->committed;
	f->dirty_pages = v->dirty_pages;
	f->journal_bytes = v->mode == VIEW_WRITING ? journal_live_bytes(&v->journal) : 0;
	f->error = -v->error;
	f->writing = v->mode == VIEW_WRITING;
}

void control_forget_file(const struct view *v)
{
	__atomic_add_fetch(&page->sequence, 1, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < page->file_count && i < CONTROL_IDS; i++) {
		if (page->ids[i] == control_id(v->dev, v->ino, true) || page->ids[i] == control_id(v->dev, v->ino, false))
			page->ids[i] = 0;
	}
	__atomic_add_fetch(&page->sequence, 1, __ATOMIC_SEQ_CST);
}

void control_note_files(void)
{
	unsigned count = 0;

	__atomic_add_fetch(&page->sequence, 1, __ATOMIC_SEQ_CST);
	for (struct view *v = view_first(); v; v = v->next, count++) {
		if (count < CONTROL_FILES)
			note_file(&page->files[count], v);
		if (count < CONTROL_IDS)
			page->ids[count] = view_keeps_file(v) ? control_id(v->dev, v->ino, v->mode == VIEW_WRITING) : 0;
	}
	page->file_count = count;
	page->session_fd = shared_fd;
	page->session = shared_session() ? shared_id : 0;
	__atomic_add_fetch(&page->sequence, 1, __ATOMIC_SEQ_CST);
}
