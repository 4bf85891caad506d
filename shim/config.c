/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See config.h.  Runs once, in the constructor, before any other thread of ours. */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "log.h"
#include "sys.h"

struct config config;

struct choice {
	const char *name;
	int value;
};

static int choose(const char *variable, const struct choice *choices, int otherwise)
{
	const char *text = secure_getenv(variable);

	if (!text || !*text)
		return otherwise;
	for (; choices->name; choices++) {
		if (!strcasecmp(text, choices->name))
			return choices->value;
	}
	log_error("%s=%s is not understood: see bigfile(7) for its values", variable, text);
	return otherwise;
}

/* Seconds with a fraction, to milliseconds: "0.25" is 250. */
static unsigned milliseconds(const char *variable, unsigned otherwise)
{
	const char *text = secure_getenv(variable);
	const char *p = text;
	uint64_t ms = 0;
	unsigned scale = 1000;

	if (!text || !*text)
		return otherwise;
	for (; *p >= '0' && *p <= '9' && ms < UINT32_MAX; p++)
		ms = ms * 10 + (unsigned)(*p - '0') * 1000;
	if (*p == '.') {
		for (p++; *p >= '0' && *p <= '9'; p++) {
			scale /= 10;
			ms += (unsigned)(*p - '0') * scale;
		}
	}
	if (*p || p == text || !strcmp(text, ".") || ms > INT32_MAX) {
		log_error("%s=%s is not a number of seconds: see bigfile(7)", variable, text);
		return otherwise;
	}
	return (unsigned)ms;
}

/* Bytes, or with K, M, G, T: powers of 1024. */
static uint64_t bytes(const char *variable)
{
	static const char units[] = "KMGT";
	const char *text = secure_getenv(variable), *unit;
	unsigned long long n;
	char *end;

	if (!text || !*text)
		return 0;
	n = strtoull(text, &end, 10);
	unit = (*end | 0x20) >= 'a' ? strchr(units, *end & ~0x20) : NULL;
	if (unit && n <= (unsigned long long)INT64_MAX >> 10 * (unit - units + 1))
		n <<= 10 * (unit - units + 1);
	else if (unit || n > INT64_MAX)
		n = 0;
	if (text[0] < '0' || text[0] > '9' || n == 0 || (*end && (!unit || end[1]))) {
		log_error("%s=%s is not a size: see bigfile(7)", variable, text);
		return 0;
	}
	return n;
}

static int signal_by_name(const char *name)
{
	if (!strncasecmp(name, "SIG", 3))
		name += 3;
	for (int sig = 1; sig < SIGRTMIN; sig++) {
		const char *abbreviation = sigabbrev_np(sig);

		if (abbreviation && !strcasecmp(name, abbreviation))
			return sig;
	}
	if (!strncasecmp(name, "RTMIN", 5)) {
		bool more = name[5] == '+' && name[6] >= '0' && name[6] <= '9';
		char *end = (char *)name + 5;
		long n = more ? strtol(name + 6, &end, 10) : 0;

		return !*end && n <= SIGRTMAX - SIGRTMIN ? SIGRTMIN + (int)n : -1;
	}
	return -1;
}

static int signal_number(const char *variable, int otherwise)
{
	const char *text = secure_getenv(variable);
	char *end;
	long n;

	if (!text || !*text)
		return otherwise;
	if (!strcasecmp(text, "none"))
		return 0;
	n = strtol(text, &end, 10);
	if (*end)
		n = signal_by_name(text);
	/* Between those with names and SIGRTMIN are libc's own. */
	if (n < 1 || n > SIGRTMAX || n == SIGKILL || n == SIGSTOP || n == SIGSEGV || n == SIGBUS || (n >= __SIGRTMIN && n < SIGRTMIN)) {
		log_error("%s=%s is not a signal that can be used: see bigfile(7)", variable, text);
		return otherwise;
	}
	return (int)n;
}

static const char *absolute(const char *variable, const char *otherwise)
{
	const char *text = secure_getenv(variable);

	if (!text || !*text)
		return NULL;
	if (text[0] == '/')
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

	config.paths = secure_getenv("BIGFILE_PATHS");
	if (config.paths && !*config.paths)
		config.paths = NULL;
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
