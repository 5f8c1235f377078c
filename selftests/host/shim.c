/* SPDX-License-Identifier: MIT */
/* shim.c - libc's side of unit tests and fuzzers: memory, text, random numbers, the test loop.
 * Everything else in them is compiled like the kernel, without libc's headers. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct host_test {
	const char *name;
	void (*fn)(void);
	struct host_test *next;
};

enum { EXIT_FAILED = 1, EXIT_PANIC = 99, ENOUGH = 20 };

#ifdef COVERAGE
void __gcov_dump(void);
#define quick_exit(status) (__gcov_dump(), _exit(status))	/* what ran counts */
#else
#define quick_exit(status) _exit(status)
#endif

static long fail_after = -1;
static long blocks_out;
static bool failed, panic_wanted;
static int failures;
static uint64_t random_state;

/* --- memory */
bool host_allocation_fails(void)
{
	if (fail_after > 0)
		fail_after--;
	else if (fail_after == 0)
		return true;
	return false;
}

void *host_alloc(size_t size, size_t align, bool zeroed)
{
	void *p;

	if (host_allocation_fails())
		return NULL;
	p = align > sizeof(void *) ? aligned_alloc(align, (size + align - 1) & ~(align - 1))
				   : malloc(size);
	if (!p)
		abort();
	memset(p, zeroed ? 0 : 0xa5, size);
	blocks_out++;
	return p;
}

void host_free(void *p)
{
	blocks_out -= p != NULL;
	free(p);
}

size_t host_alloc_size(const void *p)
{
	return malloc_usable_size((void *)p);
}

uint64_t host_allocations(void)
{
	return blocks_out;
}

void host_fail_allocations(long after)
{
	fail_after = after;
}

void *host_read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = NULL;

	*size = 0;
	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	*size = ftell(f);
	rewind(f);
	p = host_alloc(*size + 1, 0, true);
	if (fread(p, 1, *size, f) != *size)
		abort();
	fclose(f);
	return p;
}

const void *host_map_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st))
		return NULL;
	*size = (size_t)st.st_size;
	p = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

void *host_share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

bool host_write_file(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "wb");
	bool good = f && fwrite(data, 1, size, f) == size;

	return f && fclose(f) == 0 && good;
}

int host_shell(char *out, size_t size, const char *fmt, ...)
{
	char cmd[4096], scrap[4096];
	size_t n = 0, got;
	va_list args;
	FILE *f;
	int st;

	va_start(args, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, args);
	va_end(args);
	fflush(stdout);
	f = popen(cmd, "r");
	if (!f)
		return -1;
	while (out && n + 1 < size && (got = fread(out + n, 1, size - 1 - n, f)) > 0)
		n += got;
	if (out && size)
		out[n] = 0;
	while (fread(scrap, 1, sizeof(scrap), f) > 0)
		continue;
	st = pclose(f);
	return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

static char temp_dir[128];
static pid_t temp_owner;

static void remove_temp(void)
{
	if (temp_owner == getpid())
		host_shell(NULL, 0, "rm -rf %s", temp_dir);
}

const char *host_temp(const char *name)
{
	static char path[4][192];
	static unsigned int at;

	if (temp_owner != getpid()) {
		const char *top = getenv("TMPDIR");

		snprintf(temp_dir, sizeof(temp_dir), "%s/ashlar-test-XXXXXX", top ? top : "/tmp");
		if (!mkdtemp(temp_dir))
			abort();
		temp_owner = getpid();
		atexit(remove_temp);
	}
	at = (at + 1) % 4;
	snprintf(path[at], sizeof(path[at]), "%s/%s", temp_dir, name);
	return path[at];
}

/* --- text, time, chance */
void host_print(const char *fmt, va_list args)
{
	printf("# ");
	vprintf(fmt, args);
	if (!strchr(fmt, '\n'))
		printf("\n");
}

_Noreturn void host_panic(const char *fmt, va_list args)
{
	if (panic_wanted)
		quick_exit(EXIT_PANIC);
	printf("# panic: ");
	vprintf(fmt, args);
	printf("\n");
	fflush(stdout);
	abort();
}

uint64_t host_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

int64_t host_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

void host_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
}

bool host_answer(char *line, size_t size)
{
	if (!fgets(line, (int)size, stdin))
		return false;
	line[strcspn(line, "\n")] = 0;
	return true;
}

bool host_streq(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* --- tests */
static struct host_test *tests, **tail = &tests;

void host_register(struct host_test *t)
{
	*tail = t;
	tail = &t->next;
}

_Noreturn void host_end_test(void);

void host_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	failed = true;
	printf("# %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	if (panic_wanted)
		quick_exit(EXIT_FAILED);
	if (++failures == ENOUGH)
		host_end_test();
}

_Noreturn void host_end_test(void)
{
	remove_temp();
	fflush(stdout);
	quick_exit(failed);
}

bool host_fork_expecting_panic(bool *panicked)
{
	int st;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	panic_wanted = pid == 0;
	if (pid == 0)
		return true;
	waitpid(pid, &st, 0);
	*panicked = WIFEXITED(st) && WEXITSTATUS(st) == EXIT_PANIC;
	return false;
}

bool host_in_child(void (*fn)(void))
{
	int st;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		fn();
		host_end_test();
	}
	waitpid(pid, &st, 0);
	if (!WIFEXITED(st) || WEXITSTATUS(st))
		failed = true;
	return WIFEXITED(st) && !WEXITSTATUS(st);
}

#ifdef FUZZER
void fuzz_one(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	random_state = 0x9e3779b97f4a7c15;
	fuzz_one(data, size);
	return 0;
}
#else
/* Each test in a process of its own, which ends by exit() so that leaks count. */
static int run(const struct host_test *t)
{
	int st;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		t->fn();
		fflush(stdout);
		exit(failed);
	}
	waitpid(pid, &st, 0);
	if (WIFSIGNALED(st))
		printf("# killed by signal %d\n", WTERMSIG(st));
	return !WIFEXITED(st) || WEXITSTATUS(st);
}

__attribute__((weak)) int host_main(int argc, char **argv);
extern __attribute__((weak)) uint32_t flush_skip;	/* fs/flushpoint.h */

int main(int argc, char **argv)
{
	int n = 0, bad = 0;
	const char *seed = getenv("SEED");

	if (&flush_skip && getenv("FLUSH_SKIP"))
		flush_skip = (uint32_t)atoi(getenv("FLUSH_SKIP"));
	if (host_main) {
		random_state = 0x9e3779b97f4a7c15;
		return host_main(argc, argv);
	}
	random_state = seed ? strtoull(seed, NULL, 0) | 1 : 0x9e3779b97f4a7c15;
	for (const struct host_test *t = tests; t; t = t->next) {
		int status;

		if (argc > 1 && strcmp(argv[1], t->name))
			continue;
		status = run(t);
		bad += status;
		printf("%sok %d - %s\n", status ? "not " : "", ++n, t->name);
	}
	return bad != 0;
}
#endif
