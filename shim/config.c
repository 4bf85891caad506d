/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See config.h.  Runs once, in the constructor, before any other thread of ours. */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "values.h"

struct config config;

struct choice {
	const char *name;
	int value;
};

/* NULL: as if it were not set. */
static const char *value_of(const char *variable)
{
	const char *text = secure_getenv(variable);

	return text && *text ? text : NULL;
}

static int choose(const char *variable, const struct choice *choices, int otherwise)
{
	const char *text = value_of(variable);

	if (!text)
		return otherwise;
	for (; choices->name; choices++) {
		if (!strcasecmp(text, choices->name))
			return choices->value;
	}
	log_error("%s=%s is not understood: see bigfile(7) for its values", variable, text);
	return otherwise;
}

static unsigned milliseconds(const char *variable, unsigned otherwise)
{
	const char *text = value_of(variable);

	if (text && !value_milliseconds(text, &otherwise))
		log_error("%s=%s is not a number of seconds: see bigfile(7)", variable, text);
	return otherwise;
}

static uint64_t bytes(const char *variable)
{
	const char *text = value_of(variable);
	uint64_t n = 0;

	if (text && !value_bytes(text, &n))
		log_error("%s=%s is not a size: see bigfile(7)", variable, text);
	return n;
}

static int signal_number(const char *variable, int otherwise)
{
	const char *text = value_of(variable);

	if (text && !value_signal(text, &otherwise))
		log_error("%s=%s is not a signal that can be used: see bigfile(7)", variable, text);
	return otherwise;
}

static const char *absolute(const char *variable, const char *otherwise)
{
	const char *text = value_of(variable);

	if (!text || text[0] == '/')
		return text;
	log_error("%s=%s is not absolute: %s", variable, text, otherwise);
	return NULL;
}

void config_load(void)
{
	static const struct choice logs[] = { { "quiet", LOG_QUIET }, { "error", LOG_ERROR },
					      { "warn", LOG_WARN },   { "info", LOG_INFO },
					      { "debug", LOG_DEBUG }, { NULL, 0 } };
	static const struct choice syncs[] = { { "commit", SYNC_COMMIT },
					       { "defer", SYNC_DEFER }, { NULL, 0 } };
	static const struct choice exits[] = { { "success", EXIT_POLICY_SUCCESS },
					       { "commit", EXIT_POLICY_COMMIT },
					       { "abort", EXIT_POLICY_ABORT }, { NULL, 0 } };
	static const struct choice errors[] = { { "fail", ON_ERROR_FAIL },
						{ "warn", ON_ERROR_WARN }, { NULL, 0 } };
	static const struct choice trackers[] = { { "auto", TRACKER_AUTO },
						  { "uffd", TRACKER_UFFD },
						  { "mprotect", TRACKER_MPROTECT }, { NULL, 0 } };
	static const struct choice views[] = { { "auto", VIEW_KIND_AUTO },
					       { "private", VIEW_KIND_PRIVATE }, { NULL, 0 } };
	static const struct choice networks[] = { { "checked", NETWORK_CHECKED }, { "any", NETWORK_ANY }, { NULL, 0 } };
	static const struct choice yes_no[] = { { "yes", 1 }, { "no", 0 }, { "1", 1 },
						{ "0", 0 },   { NULL, 0 } };

	static const struct choice formats[] = { { "text", LOG_TEXT }, { "json", LOG_JSON }, { "journal", LOG_JOURNAL }, { NULL, 0 } };

	config.paths = value_of("BIGFILE_PATHS");
	log_set_format((enum log_format)choose("BIGFILE_LOG_FORMAT", formats, LOG_TEXT));
	log_set_level((enum log_level)choose("BIGFILE_LOG", logs, LOG_WARN));
	config.journal_dir = absolute("BIGFILE_JOURNAL_DIR", "journals go beside their files");
	config.network = (enum config_network)choose("BIGFILE_NETWORK", networks, NETWORK_CHECKED);
	if (!config.paths)
		return;
	config.sync = (enum config_sync)choose("BIGFILE_SYNC", syncs, SYNC_COMMIT);
	config.exit = (enum config_exit)choose("BIGFILE_EXIT", exits, EXIT_POLICY_SUCCESS);
	config.on_error = (enum config_on_error)choose("BIGFILE_ON_ERROR", errors, ON_ERROR_FAIL);
	config.tracker = (enum config_tracker)choose("BIGFILE_TRACKER", trackers, TRACKER_AUTO);
	config.view = (enum config_view)choose("BIGFILE_VIEW", views, VIEW_KIND_AUTO);
	config.memory = bytes("BIGFILE_MEMORY");
	config.durable = choose("BIGFILE_DURABLE", yes_no, 1);
	config.wait_ms = milliseconds("BIGFILE_WAIT", 10000);
	config.interval_ms = milliseconds("BIGFILE_INTERVAL", 0);
	config.commit_signal = signal_number("BIGFILE_COMMIT_SIGNAL", SIGUSR1);
	config.abort_signal = signal_number("BIGFILE_ABORT_SIGNAL", SIGUSR2);
	config.blame = absolute("BIGFILE_BLAME", "who writes is not recorded");
	/* To be told of a store it must fault. */
	if (config.blame && config.tracker == TRACKER_UFFD)
		log_warn("BIGFILE_BLAME needs the tracker mprotect, which is used instead of uffd");
	if (config.blame)
		config.tracker = TRACKER_MPROTECT;
}
