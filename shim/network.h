/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * File systems that several machines use at a time, and whether one of them keeps the promises that a lease (lease.h) rests on.
 *
 * Whoever holds the lock of a marked file must be the only one that can change it, and must see what others did before.  A local
 * file system does that by itself.  Of GlusterFS it can be told from what the client says of itself in MOUNT/.meta, which anybody may
 * read; of the others it cannot be told, or was not tested.
 *
 * Not for signal handlers; no locks.
 */
#ifndef BIGFILE_NETWORK_H
#define BIGFILE_NETWORK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum network_kind {
	NETWORK_NONE,    /* local, as far as is known */
	NETWORK_GLUSTER,
	NETWORK_OTHER,
};

struct network {
	enum network_kind kind;
	char type[32];         /* as in /proc/self/mountinfo: "fuse.glusterfs", "nfs4", ... */
	char source[256];      /* "host:/volume" */
	char mount[PATH_MAX];  /* where all of it is mounted; "": nowhere that we can see */
};

/* One system call for a file that is local. */
enum network_kind network_kind_of(int fd);

/* What is known of the file system that fd is on.  0 or -errno. */
int network_describe(int fd, struct network *n);

/*
 * A setting that is not as it should be.  needed: without it the file cannot be written safely from several machines;
 * otherwise something is only slower, or seen later.  setting: what to set; why: what follows from it as it is.
 */
typedef void (*network_finding_fn)(void *arg, bool needed, const char *setting, const char *why);

/* Calls fn for each of them.  -errno: the client's settings cannot be read. */
int network_each_finding(const struct network *n, network_finding_fn fn, void *arg);

#endif
