/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The environment: numbers with units, seconds, signals; what cannot be understood leaves the default. */
#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static const struct config *with(const char *name, const char *value)
{
	setenv("BIGFILE_PATHS", "x", 1);
	setenv("BIGFILE_LOG", "quiet", 1);
	setenv(name, value, 1);
	config_load();
	unsetenv(name);
	return &config;
}

static void sizes(void)
{
	is_int((long long)with("BIGFILE_MEMORY", "5")->memory, 5, "bytes");
	is_int((long long)with("BIGFILE_MEMORY", "2k")->memory, 2048, "K");
	is_int((long long)with("BIGFILE_MEMORY", "3T")->memory, 3ll << 40, "T");
	is_int((long long)with("BIGFILE_MEMORY", "1 ")->memory, 0, "no unit");
	is_int((long long)with("BIGFILE_MEMORY", "-1")->memory, 0, "nothing negative");
	is_int((long long)with("BIGFILE_MEMORY", "16777217T")->memory, 0, "nothing that has no room in a number");
	is_int((long long)with("BIGFILE_MEMORY", "99999999999999999999")->memory, 0, "with a unit or without");
}

static void seconds(void)
{
	is_int(with("BIGFILE_WAIT", "0.25")->wait_ms, 250, "a fraction");
	is_int(with("BIGFILE_WAIT", ".")->wait_ms, 10000, "no digit");
	is_int(with("BIGFILE_WAIT", "0.0001")->wait_ms, 10000, "less than a millisecond, and not nothing");
	is_int(with("BIGFILE_WAIT", "0.000")->wait_ms, 0, "nothing");
	is_int(with("BIGFILE_WAIT", "4000000")->wait_ms, 10000, "longer than can be waited for");
}

static void signals(void)
{
	int unknown = 0;

	is_int(with("BIGFILE_COMMIT_SIGNAL", "none")->commit_signal, 0, "none");
	is_int(with("BIGFILE_COMMIT_SIGNAL", "SIGHUP")->commit_signal, SIGHUP, "a name");
	for (int sig = 1; sig < SIGRTMIN; sig++) {
		const char *name = sigabbrev_np(sig);
		bool can_ask = name && sig != SIGKILL && sig != SIGSTOP && sig != SIGSEGV && sig != SIGBUS;
		int got = with("BIGFILE_COMMIT_SIGNAL", name ? name : "none")->commit_signal;

		unknown += name && got != (can_ask ? sig : SIGUSR1);
	}
	is_int(unknown, 0, "libc's names");
	is_int(with("BIGFILE_COMMIT_SIGNAL", "RTMIN+2")->commit_signal, SIGRTMIN + 2, "a real-time signal");
	is_int(with("BIGFILE_COMMIT_SIGNAL", "RTMIN+30")->commit_signal, SIGRTMAX, "the last one");
	is_int(with("BIGFILE_COMMIT_SIGNAL", "RTMIN+31")->commit_signal, SIGUSR1, "none above");
	is_int(with("BIGFILE_COMMIT_SIGNAL", "RTMIN+99999999999")->commit_signal, SIGUSR1, "one that there is not");
	is_int(with("BIGFILE_COMMIT_SIGNAL", "RTMIN+-5")->commit_signal, SIGUSR1, "and none below");
	is_int(with("BIGFILE_COMMIT_SIGNAL", "RTMINUTE")->commit_signal, SIGUSR1, "not a name");
	is_int(with("BIGFILE_COMMIT_SIGNAL", "32")->commit_signal, SIGUSR1, "one of libc's own");
	is_int(with("BIGFILE_COMMIT_SIGNAL", "9")->commit_signal, SIGUSR1, "one that cannot be caught");
}

int main(void)
{
	plan(23);
	sizes();
	seconds();
	signals();
	return done();
}
