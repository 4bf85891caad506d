/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The environment, read once into an immutable struct.
 *
 * Under AT_SECURE (set-uid and the like) the environment is not the user's to trust:
 * secure_getenv then finds nothing and Bigfile stays inert.  A value that cannot be
 * understood is reported by one line and its default is used, except where that would
 * be less safe than what was meant.
 */
#ifndef BIGFILE_CONFIG_H
#define BIGFILE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

enum config_sync { SYNC_COMMIT, SYNC_DEFER };
enum config_exit { EXIT_POLICY_SUCCESS, EXIT_POLICY_COMMIT, EXIT_POLICY_ABORT };
enum config_on_error { ON_ERROR_FAIL, ON_ERROR_WARN };
enum config_view { VIEW_KIND_AUTO, VIEW_KIND_PRIVATE };
enum config_network { NETWORK_CHECKED, NETWORK_ANY };
enum config_tracker { TRACKER_AUTO, TRACKER_UFFD, TRACKER_MPROTECT };

struct config {
	const char *paths;         /* BIGFILE_PATHS: colon-separated globs; NULL: inert */
	const char *journal_dir;   /* BIGFILE_JOURNAL_DIR: absolute; NULL: beside the file */
	enum config_sync sync;     /* BIGFILE_SYNC=commit|defer: what msync and fsync do */
	enum config_exit exit;     /* BIGFILE_EXIT=success|commit|abort: what exit does */
	enum config_on_error on_error; /* BIGFILE_ON_ERROR=fail|warn: a file that cannot be attached */
	enum config_tracker tracker;   /* BIGFILE_TRACKER=auto|uffd|mprotect */
	enum config_view view;         /* BIGFILE_VIEW=auto|private: private ones are never shared */
	uint64_t memory;           /* BIGFILE_MEMORY: bytes that shared views may take; 0: half of what there is */
	enum config_network network;   /* BIGFILE_NETWORK=checked|any: network file systems that are written to */
	bool durable;              /* BIGFILE_DURABLE=yes|no: commit survives power loss */
	unsigned wait_ms;          /* BIGFILE_WAIT seconds for another writer, default 10 */
	unsigned interval_ms;      /* BIGFILE_INTERVAL seconds between commits, 0: none */
	int commit_signal;         /* BIGFILE_COMMIT_SIGNAL=USR1|NAME|NUMBER|none; 0: none */
	int abort_signal;          /* BIGFILE_ABORT_SIGNAL=USR2|...; 0: none */
	const char *blame;         /* BIGFILE_BLAME: absolute; record who writes in files of this name; NULL: no */
};

extern struct config config;

/*
 * The tool calls it too, for the journal's folder.  Fills in config and sets the log's level
 * (BIGFILE_LOG=quiet|error|warn|info|debug) and format (BIGFILE_LOG_FORMAT=text|json|journal).
 */
void config_load(void);

#endif
