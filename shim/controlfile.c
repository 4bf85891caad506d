/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See controlfile.h. */
#include "controlfile.h"

#include <stdlib.h>

#include "fmt.h"
#include "proc.h"
#include "sys.h"

#define GLANCE_MS 20

/* The folder must be ours and closed to others: what lies in it can make us commit. */
static int check_folder(const char *folder)
{
	struct stat st;
	int err = (int)sys_call(SYS_mkdirat, AT_FDCWD, folder, 0700);

	if (err && err != -EEXIST)
		return err;
	err = sys_lstat(folder, &st);
	if (err)
		return err;
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return -EPERM;
	return 0;
}

int controlfile_folder(char *folder, size_t size)
{
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");

	if (runtime && runtime[0] == '/') {
		fmt_print(folder, size, "%s/bigfile", runtime);
		if (!check_folder(folder))
			return 0;
	}
	fmt_print(folder, size, "/dev/shm/bigfile-%u", geteuid());
	return check_folder(folder);
}

int controlfile_open_folder(void)
{
	char folder[200];
	int err = controlfile_folder(folder, sizeof folder);

	return err ? err : sys_open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

static const char *name_of(uint32_t pid, char name[16])
{
	fmt_print(name, 16, "%u", pid);
	return name;
}

void controlfile_sweep(int folder, uint32_t pid)
{
	char name[16];

	sys_unlinkat(folder, name_of(pid, name));
}

int controlfile_map_in(int folder, uint32_t pid, struct control_page **page)
{
	struct control_page *p;
	char name[16];
	struct stat st;
	int err, fd = sys_openat(folder, name_of(pid, name), O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0);

	if (fd < 0)
		return fd;
	err = sys_fstat(fd, &st);
	if (!err && st.st_size != CONTROL_PAGE_SIZE)
		err = -EPROTO;
	p = err ? NULL : sys_mmap(NULL, CONTROL_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	sys_close(fd);
	if (err || sys_is_error(p))
		return err ? err : sys_error_of(p);
	if (p->magic != CONTROL_MAGIC || p->version != CONTROL_VERSION || p->pid != pid) {
		controlfile_unmap(p);
		return -EPROTO;
	}
	*page = p;
	return 0;
}

int controlfile_map(uint32_t pid, struct control_page **page)
{
	int folder = controlfile_open_folder();
	int err = folder < 0 ? folder : controlfile_map_in(folder, pid, page);

	if (folder >= 0)
		sys_close(folder);
	return err;
}

void controlfile_unmap(struct control_page *page)
{
	sys_munmap(page, CONTROL_PAGE_SIZE);
}

static void ring(struct control_page *page)
{
	__atomic_add_fetch(&page->doorbell, 1, __ATOMIC_SEQ_CST);
	sys_futex_wake(&page->doorbell, 1);
}

void controlfile_ring(uint32_t pid)
{
	struct control_page *page;

	if (controlfile_map(pid, &page))
		return;
	ring(page);
	controlfile_unmap(page);
}

/* 0 or -errno: another process wrote it. */
static int as_answer(int32_t result)
{
	return result > -4096 && result <= 0 ? result : -EPROTO;
}

static bool is_at_work(const struct control_page *page, enum control_op op)
{
	return __atomic_load_n(&page->begun[op], __ATOMIC_SEQ_CST) != __atomic_load_n(&page->answered[op], __ATOMIC_SEQ_CST) &&
	       !proc_is_stopped(page->pid);
}

static int ask(struct control_page *page, enum control_op op, int timeout_ms, bool patiently)
{
	uint32_t ticket = __atomic_add_fetch(&page->requested[op], 1, __ATOMIC_SEQ_CST);
	uint64_t start = sys_now_ns(CLOCK_MONOTONIC);
	struct timespec glance = { 0, GLANCE_MS * 1000000 };
	bool gone = false;

	ring(page);
	for (;;) {
		uint32_t answered = __atomic_load_n(&page->answered[op], __ATOMIC_SEQ_CST);

		if ((int32_t)(answered - ticket) >= 0)
			return as_answer(page->results[op][ticket % CONTROL_RESULTS]);
		/* It may have answered just before it ended: looked at once more. */
		if (gone)
			return -ESRCH;
		gone = !proc_is_alive(page->pid, page->start_time);
		if (gone)
			continue;
		if (timeout_ms >= 0 && sys_now_ns(CLOCK_MONOTONIC) - start > (uint64_t)timeout_ms * 1000000 &&
		    !(patiently && is_at_work(page, op)))
			return -EINPROGRESS;
		sys_futex_wait(&page->answered[op], answered, &glance);
	}
}

int controlfile_ask(struct control_page *page, enum control_op op, int timeout_ms)
{
	return ask(page, op, timeout_ms, false);
}

int controlfile_ask_patiently(struct control_page *page, enum control_op op, int timeout_ms)
{
	return ask(page, op, timeout_ms, true);
}
