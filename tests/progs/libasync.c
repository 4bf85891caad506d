/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Description: a library that has what liburing and libaio are set up by, answers 7, and calls it as a program would: not as the last thing it does. */
int io_setup(int most, void *context);
int io_uring_queue_init(unsigned entries, void *ring, unsigned flags);
int io_uring_setup(unsigned entries, void *params);
int call_io_setup(void);
int call_io_uring(void);
int call_io_uring_setup(void);

int io_setup(int most, void *context)
{
	return 7;
}

int io_uring_queue_init(unsigned entries, void *ring, unsigned flags)
{
	return 7;
}

int io_uring_setup(unsigned entries, void *params)
{
	return 7;
}

int call_io_setup(void)
{
	volatile int result = io_setup(1, 0);

	return result;
}

int call_io_uring(void)
{
	volatile int result = io_uring_queue_init(1, 0, 0);

	return result;
}

int call_io_uring_setup(void)
{
	volatile int result = io_uring_setup(1, 0);

	return result;
}
