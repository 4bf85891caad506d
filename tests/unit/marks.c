/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which paths are marked. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fmt.h"
#include "log.h"
#include "marks.h"
#include "tap.h"

static void patterns(void)
{
	marks_load("/data/*.rrd:/db/:rel/x.bin:/logs/?.dat", "/home/user");
	ok(marks_any(), "there are marks");
	ok(marks_match("/data/cpu.rrd"), "a glob");
	ok(!marks_match("/data/sub/cpu.rrd"), "a star stops at slashes");
	ok(!marks_match("/data/cpu.rrd.bak"), "the whole name must match");
	ok(marks_match("/db/a") && marks_match("/db/deep/er/b"), "a folder marks everything below");
	ok(!marks_match("/dbx/a") && !marks_match("/db"), "and nothing beside");
	ok(marks_match("/home/user/rel/x.bin"), "a relative pattern starts from the folder given");
	ok(!marks_match("/rel/x.bin"), "and only there");
	ok(marks_match("/logs/a.dat") && !marks_match("/logs/ab.dat"), "a question mark is one character");
	ok(!marks_match("/db/a.bigfile-journal"), "journals are never marked");
	ok(!marks_match("relative"), "a path without a root is not a file's name");
	ok(marks_may_match("cpu.rrd") && marks_may_match("/data/cpu.rrd"), "a candidate by its last part");

	marks_load("/only/this.bin", "/");
	ok(!marks_may_match("/some/other.bin"), "no candidate");
	ok(marks_may_match("this.bin"), "a candidate in any folder");
	marks_load("/a/*.rrd:/a/log[0-9]:/a/end\\*:/a/one?", "/");
	ok(marks_may_match("/b/x.rrd") && !marks_may_match("/b/x.rrd2") && !marks_may_match("/b/x.rr"), "a candidate by its end");
	ok(marks_may_match("log7") && !marks_may_match("log]"), "an end in brackets is any of them");
	ok(marks_may_match("end*") && !marks_may_match("end\\"), "an end that is escaped");
	ok(marks_may_match("oned") && !marks_may_match("two1"), "a candidate by its beginning");
	ok(!marks_may_match("/a/") && !marks_may_match(""), "no name is no candidate");
	marks_load("", "/");
	ok(!marks_any(), "no patterns, no marks");
	marks_load(":::", "/");
	ok(!marks_any(), "only colons, no marks");

	marks_load("/none//a/./b:/none/sub//:*/./x[1]//f:.//./y", "/home/user");
	ok(marks_match("/none/a/b") && marks_match("/none/sub/f"), "empty components and dots where nothing is yet");
	ok(marks_match("/home/user/any/x1/f") && marks_match("/home/user/y"), "and around wildcards");
	marks_load("*//f", "/");
	ok(marks_match("/any/f") && !marks_match("/f"), "and in the root");

	marks_load("/.:/..", "/");
	ok(!marks_match("/data/cpu.rrd"), "the root by another name, without a slash, is no file");

	marks_load("f:*.dat:new/:./below/", "/a[1]/b*c\\");
	ok(marks_match("/a[1]/b*c\\/f") && marks_match("/a[1]/b*c\\/g.dat"), "what the folder is called is no pattern");
	ok(marks_match("/a[1]/b*c\\/new/g") && marks_may_match("f") && marks_may_match("x.dat"), "nor is that above a folder");
	ok(!marks_match("/a1/bxc\\/f"), "and matches itself alone");
}

static bool matches(const char *folder, const char *name)
{
	char path[300];

	fmt_print(path, sizeof path, "%s/%s", folder, name);
	return marks_match(path) && marks_may_match(path);
}

/* link: to real. */
static void links(const char *real, const char *link)
{
	char path[300];

	fmt_print(path, sizeof path, "%s/new.bin:%s/*.dat", link, link);
	marks_load(path, "/");
	ok(matches(real, "new.bin"), "links in a pattern are resolved for a file that is not there yet");
	ok(matches(real, "a.dat"), "and before a wildcard");
	fmt_print(path, sizeof path, "%s/x/:/none/*/deep/", real);
	marks_load(path, "/");
	ok(marks_match("/none/a/deep/file"), "a folder behind a wildcard");
}

/* What is not there yet is made by the program where the links lead to. */
static int later(const char *real, const char *link)
{
	char path[300];

	fmt_print(path, sizeof path, "%s/later/:%s/much/later/x.bin", link, link);
	marks_load(path, "/");
	ok(matches(real, "later/file"), "links in front of a folder that is not there yet");
	ok(matches(real, "much/later/x.bin"), "and of more than one");
	unlink(link);
	if (symlink("real/to [come].bin", link))
		return 1;
	marks_load(link, "/");
	ok(matches(real, "to [come].bin"), "a link to a file that is not there yet");
	unlink(link);
	if (symlink("real//.//./later/f", link))
		return 1;
	fmt_print(path, sizeof path, "%s:%s/*.dat", link, link);
	marks_load(path, "/");
	ok(matches(real, "later/f"), "a link with empty components and dots");
	ok(matches(real, "later/f/x.dat"), "and what is behind it");
	unlink(link);
	if (symlink("link", link))
		return 1;
	marks_load(link, "/");
	ok(!marks_match(real), "a link to itself");
	unlink(link);
	return 0;
}

static void too_long(void)
{
	static char patterns[6000];
	int n = (int)fmt_print(patterns, sizeof patterns, "/one/:/");

	memset(patterns + n, 'x', 5000);
	fmt_print(patterns + n + 5000, sizeof patterns - (size_t)n - 5000, ":/two/");
	log_set_level(LOG_QUIET);
	is_int(marks_load(patterns, "/"), 0, "a pattern that is longer than any name");
	ok(marks_match("/one/a") && marks_match("/two/b"), "takes nothing from the others");
}

int main(void)
{
	char folder[] = "/tmp/bigfile-marks-XXXXXX", real[200], link[200];

	plan(39);
	patterns();
	too_long();
	if (!mkdtemp(folder))
		return 1;
	fmt_print(real, sizeof real, "%s/real", folder);
	fmt_print(link, sizeof link, "%s/link", folder);
	mkdir(real, 0700);
	if (symlink("real", link))
		return 1;
	links(real, link);
	if (later(real, link))
		return 1;
	rmdir(real);
	rmdir(folder);
	return done();
}
