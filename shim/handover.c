/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See handover.h. */
#include "handover.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "log.h"
#include "proc.h"
#include "sys.h"

#define FDS 3

/* A message; with it come the descriptors of memory, file and journal.  VIEW_UNLINKED has no journal. */
struct message {
	uint64_t session;
	uint32_t file;
	uint32_t use; /* of that number */
	uint32_t generation;
	uint32_t fds;
};

struct kept {
	struct message message;
	int fds[FDS];
};

static int inbox = -1;
static struct kept kept[SHARED_FILES]; /* as many may lie in a socket as an administrator likes */
static unsigned kept_count;
static uint32_t seen; /* of what was sent to us */

static void make_inbox(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int on = 1;

	inbox = (int)sys_call(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (inbox < 0)
		return;
	/* The kernel finds a name for it that is no file's; whoever writes to it says who he is. */
	if (sys_call(SYS_setsockopt, inbox, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) ||
	    sys_call(SYS_bind, inbox, &name, offsetof(struct sockaddr_un, sun_path))) {
		sys_close(inbox);
		inbox = -1;
	}
}

void handover_open(void)
{
	struct shared_participant *me = shared_me();
	struct sockaddr_un name;
	socklen_t length = sizeof name;

	if (inbox < 0)
		make_inbox();
	me->inbox_length = 0;
	seen = me->handed;
	if (inbox < 0 || sys_call(SYS_getsockname, inbox, &name, &length) || length - offsetof(struct sockaddr_un, sun_path) > sizeof me->inbox)
		return;
	memcpy(me->inbox, name.sun_path, length - offsetof(struct sockaddr_un, sun_path));
	me->inbox_length = (uint32_t)length;
}

void handover_after_fork(void)
{
	inbox = -1;
	kept_count = 0;
}

static int send_to(const struct shared_participant *p, const struct message *m, const int *fds)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(FDS * sizeof *fds)];
	} control = { 0 };
	struct iovec data = { (void *)m, sizeof *m };
	struct msghdr h = { .msg_name = &name, .msg_namelen = p->inbox_length, .msg_iov = &data, .msg_iovlen = 1,
			    .msg_control = &control, .msg_controllen = CMSG_SPACE(m->fds * sizeof *fds) };

	memcpy(name.sun_path, p->inbox, sizeof p->inbox);
	control.head = (struct cmsghdr){ CMSG_LEN(m->fds * sizeof *fds), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(&control.head), fds, m->fds * sizeof *fds);
	return (int)sys_call(SYS_sendmsg, inbox, &h, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void handover_send(const struct view *v)
{
	struct shared_session *s = shared_session();
	const struct shared_file *f = shared_file_of(v);
	struct message m = { shared_id, v->shared - 1, f->use, v->journal.generation, v->mode == VIEW_WRITING ? FDS : FDS - 1 };
	int fds[FDS] = { v->memory.fd, v->fd, v->journal.fd };

	for (unsigned i = 0; i < s->slots; i++) {
		struct shared_participant *p = &s->participants[i];
		int sent;

		if (p->state != SLOT_TAKEN || p == shared_me() || p->places[v->shared - 1].attached)
			continue;
		/* The name that a dead one's socket had may be anybody's by now. */
		if (!proc_is_alive(p->pid, p->start_time))
			continue;
		sent = inbox < 0 || !p->inbox_length ? -ENOTCONN : send_to(p, &m, fds);
		/* One that is being killed has no socket any more, and will commit nothing. */
		if (sent < 0 && proc_thread_runs(p->tid))
			log_warn("%s: process %u, which shares this transaction, cannot take it up, nor be sent it: %e; should all that have "
				 "it be killed, the transaction can only be rolled back", v->path, p->pid, sent);
		else if (sent >= 0)
			__atomic_add_fetch(&p->handed, 1, __ATOMIC_SEQ_CST);
	}
}

/* Is it of our user, whole, and of a file that is still the same? */
static bool is_wanted(const struct message *m, size_t length, const struct ucred *from, unsigned fds)
{
	const struct shared_session *s = shared_session();

	return length == sizeof *m && (from->uid == geteuid() || from->uid == getuid()) && fds == m->fds && fds >= FDS - 1 &&
	       m->session == shared_id && m->file < SHARED_FILES && s->files[m->file].in_use && s->files[m->file].use == m->use;
}

static void close_all(const int *fds, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		sys_close(fds[i]);
}

/* False: there is none left. */
static bool receive(void)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(FDS * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct message m;
	struct iovec data = { &m, sizeof m };
	struct msghdr h = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	struct ucred from = { .uid = (uid_t)-1 };
	int fds[FDS];
	unsigned count = 0;
	ssize_t n = sys_call(SYS_recvmsg, inbox, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return n == -EINTR;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
		if (c->cmsg_type == SCM_CREDENTIALS)
			memcpy(&from, CMSG_DATA(c), sizeof from);
		if (c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof *fds);
		memcpy(fds, CMSG_DATA(c), count * sizeof *fds);
	}
	if (is_wanted(&m, (size_t)n, &from, count)) {
		kept[kept_count].message = m;
		memcpy(kept[kept_count++].fds, fds, count * sizeof *fds);
	} else {
		close_all(fds, count);
	}
	return true;
}

/* What finds no room in our table is dropped by the kernel: looked first. */
static bool has_room(void)
{
	int fds[FDS], n = 0;

	while (n < FDS && (fds[n] = sys_fcntl(inbox, F_DUPFD_CLOEXEC, 0)) >= 0)
		n++;
	close_all(fds, (unsigned)n);
	return n == FDS;
}

/* One more, whatever it is; false: there is none, or no room for it now. */
static bool receive_next(void)
{
	uint32_t handed = __atomic_load_n(&shared_me()->handed, __ATOMIC_SEQ_CST);

	if (handed == seen || inbox < 0 || kept_count == SHARED_FILES || !has_room())
		return false;
	if (receive())
		return true;
	seen = handed;
	return false;
}

static const struct kept *look_for(unsigned file)
{
	for (unsigned i = 0; i < kept_count; i++) {
		if (kept[i].message.file == file && kept[i].message.use == shared_session()->files[file].use)
			return &kept[i];
	}
	return NULL;
}

/* No further than to this one: what has been received takes room in our table. */
const struct shared_place *handover_find(unsigned file)
{
	static struct shared_place found;
	const struct kept *k;

	while (!(k = look_for(file))) {
		if (!receive_next())
			return NULL;
	}
	found = (struct shared_place){ .memory_fd = k->fds[0], .file_fd = k->fds[1], .journal_fd = k->message.fds == FDS ? k->fds[2] : -1,
				       .generation = k->message.generation };
	return &found;
}

void handover_taken(unsigned file)
{
	for (unsigned i = kept_count; i-- > 0;) {
		if (kept[i].message.file != file)
			continue;
		close_all(kept[i].fds, kept[i].message.fds);
		kept[i] = kept[--kept_count];
	}
}

void handover_drop(void)
{
	do {
		while (kept_count)
			handover_taken(kept[kept_count - 1].message.file);
	} while (receive_next());
}
