/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's own asynchronous interfaces, by the libraries that programs use them with: liburing and libaio.
 *
 * What is submitted there goes past us: into the file itself, where no abort takes it back, and the log of a database is rolled back while its pages
 * are not.  Both are refused when they are set up, as by a kernel that does not have them: nearly all programs have another way then.
 *
 * In a process without marked files they are found for who calls, whom the library may have come with: RTLD_LOCAL hides it from us.
 */
#include "interpose.h"

#include <dlfcn.h>

#include "config.h"
#include "log.h"
#include "next.h"

static bool is_refused(const char *what)
{
	if (!boot_is_active())
		return false;
	if (config.on_error == ON_ERROR_WARN) {
		log_warn_once("%s: what is written by it is part of no transaction; allowed by BIGFILE_ON_ERROR=warn", what);
		return false;
	}
	log_warn_once("%s is refused: what is written by it would be part of no transaction. If this program uses it for no marked file, set "
		      "BIGFILE_ON_ERROR=warn", what);
	return true;
}

/* NULL: nowhere. */
static void *find_for(const void *caller, const char *name, const void *own)
{
	void *p = next_find(name), *object;
	Dl_info info;

	if (p || !dladdr(caller, &info))
		return p;
	object = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
	p = object ? dlsym(object, name) : NULL;
	if (object)
		dlclose(object);
	return p == own ? NULL : p;
}

#define REFUSING(what, name, parameters, arguments)                                                                      \
	EXPORT int name parameters;                                                                                      \
	EXPORT int name parameters                                                                                       \
	{                                                                                                                \
		int(*library) parameters = is_refused(what) ? NULL : find_for(__builtin_return_address(0), #name, name); \
                                                                                                                         \
		return library ? library arguments : -ENOSYS;                                                            \
	}

REFUSING("io_uring", io_uring_queue_init, (unsigned entries, void *ring, unsigned flags), (entries, ring, flags))
REFUSING("io_uring", io_uring_queue_init_params, (unsigned entries, void *ring, void *params), (entries, ring, params))
REFUSING("io_uring", io_uring_queue_init_mem, (unsigned entries, void *ring, void *params, void *buffer, size_t size), (entries, ring, params, buffer, size))
REFUSING("io_uring", io_uring_setup, (unsigned entries, void *params), (entries, params))
REFUSING("asynchronous I/O of the kernel (io_setup)", io_setup, (int most, void *context), (most, context))
REFUSING("asynchronous I/O of the kernel (io_setup)", io_queue_init, (int most, void *context), (most, context))
