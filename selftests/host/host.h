/* SPDX-License-Identifier: MIT */
/* host.h - what tests and doubles may ask of the host: implemented by shim.c, the only file that
 * sees libc. */
#pragma once

#include <kernel/lib/compiler.h>

/* aborts without memory; align 0: malloc's */
void *host_alloc(usize size, usize align, bool zeroed);
void host_free(void *p);
usize host_alloc_size(const void *p);
u64 host_allocations(void);			/* blocks out at this moment */
/* the allocation after that many, and all later ones, fail; -1: none */
void host_fail_allocations(long after);
/* for doubles that give out memory of their own: true when this one is to fail */
bool host_allocation_fails(void);
void host_print(const char *fmt, __builtin_va_list args);
__noreturn void host_panic(const char *fmt, __builtin_va_list args);
/* deterministic; SEED in the environment changes it */
u64 host_random(void);
s64 host_now_ns(void);

/* A file of the host, whole; NULL: not there. Freed with host_free(). */
void *host_read_file(const char *path, usize *size);

/* The same, mapped for reading: as large as need be. */
const void *host_map_file(const char *path, usize *size);
/* Memory that children change too. */
void *host_share(usize size);
bool host_write_file(const char *path, const void *data, usize size);
/* A shell command; what it prints, cut to size, in out (may be NULL). Its status, -1 when it was
 * killed. */
int host_shell(char *out, usize size, const char *fmt, ...) __printf(3, 4);
/* A path in a directory of this test process, which goes with it. */
const char *host_temp(const char *name);

/* Tests register themselves; a check that fails says where and marks the test. */
struct host_test {
	const char *name;
	void (*fn)(void);
	struct host_test *next;
};
void host_register(struct host_test *t);
void host_fail(const char *file, int line, const char *fmt, ...) __printf(3, 4);
__noreturn void host_end_test(void);
/* fn in a child of its own; false when it failed. */
bool host_in_child(void (*fn)(void));
/* A program that is no test: defines this. */
int host_main(int argc, char **argv);
/* What is printed to whoever started it, and a line of his answer, without its end; false: he is
 * gone. */
void host_say(const char *fmt, ...) __printf(1, 2);
bool host_answer(char *line, usize size);
bool host_streq(const char *a, const char *b);
/* EXPECT_PANIC's fork: true in the child, which must panic; false in the parent, *panicked says
 * whether it did. */
bool host_fork_expecting_panic(bool *panicked);
