/* SPDX-License-Identifier: MIT */
/* memory.c - mappings and page faults. */
#include "bench.h"

static char *map(size_t pages)
{
	return MUST(mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0));
}

static void write_each(char *p, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		*(volatile char *)(p + i * PAGE) = 1;
}

static void read_each(char *p, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		(void)*(volatile char *)(p + i * PAGE);
}

/* A file in memory with that many pages of data. */
static int file_of(size_t pages)
{
	static const char block[PAGE] = { 1 };
	int fd = MUST(open("/tmp/bench.map", O_RDWR | O_CREAT | O_TRUNC, 0600));

	unlink("/tmp/bench.map");
	for (size_t i = 0; i < pages; i++)
		MUST_BE(PAGE, write(fd, block, PAGE));
	return fd;
}

BENCH(mmap_munmap_4k, 1000)
{
	char *p;

	MEASURE(b, p = map(1); MUST(munmap(p, PAGE)));
}

BENCH(mmap_touch_munmap_64p, 50)
{
	char *p;

	MEASURE(b, p = map(64); write_each(p, 64); MUST(munmap(p, 64 * PAGE)));
}

#define PAGES 512

/* Rows per page: measured over all of them at once. */
static void per_page(struct bench *b)
{
	b->ns_per_op /= PAGES;
}

BENCH(anon_fault, 4)
{
	char *p;

	MEASURE_PART(b, p = map(PAGES), write_each(p, PAGES), munmap(p, PAGES * PAGE));
	per_page(b);
}

/* Each page in a page table of its own. */
BENCH(anon_fault_2mb_apart, 4)
{
	const size_t step = 2 << 20, n = 200;
	char *p;

	MEASURE_PART(b, p = map(n * step / PAGE),
		     for (size_t i = 0; i < n; i++) * (volatile char *)(p + i * step) = 1,
		     munmap(p, n * step));
	b->ns_per_op /= n;
}

BENCH(file_fault, 10)
{
	int fd = file_of(PAGES);
	char *p;

	MEASURE_PART(b, p = MUST(mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, fd, 0)),
		     read_each(p, PAGES), munmap(p, PAGES * PAGE));
	per_page(b);
}

BENCH(cow_fault_file, 4)
{
	int fd = file_of(PAGES);
	char *p;

	MEASURE_PART(b,
		     p = MUST(mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0)),
		     write_each(p, PAGES), munmap(p, PAGES * PAGE));
	per_page(b);
}

BENCH(cow_fault_fork, 4)
{
	char *p = map(PAGES);
	pid_t pid;

	write_each(p, PAGES);
	MEASURE_PART(b, pid = PARTNER(pause()), write_each(p, PAGES), kill(pid, SIGKILL);
		     waitpid(pid, NULL, 0));
	per_page(b);
}

BENCH(mprotect_16p, 1000)
{
	char *p = map(16);

	write_each(p, 16);
	MEASURE(b, MUST(mprotect(p, 16 * PAGE, PROT_READ));
		MUST(mprotect(p, 16 * PAGE, PROT_READ | PROT_WRITE)));
}

BENCH(mremap_16p, 500)
{
	char *place[2] = { map(32), map(32) }, *p = place[0];
	int at = 0;

	write_each(p, 16);
	MEASURE(b, at ^= 1; p = MUST(mremap(p, 16 * PAGE, 16 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
					    place[at])));
}

BENCH(madvise_dontneed_64p, 100)
{
	char *p = map(64);

	MEASURE_PART(b, write_each(p, 64), MUST(madvise(p, 64 * PAGE, MADV_DONTNEED)), );
}

BENCH(brk_grow_shrink, 500)
{
	char *p;

	MEASURE(b, p = MUST(sbrk(16 * PAGE)); *p = 1; MUST(sbrk(-16 * PAGE)));
}
