/* SPDX-License-Identifier: MIT */
/* lockall.c - MemAvailable, what the root's files take (Shmem), and how much can be locked until
 * the kernel refuses: three numbers, bytes. The locker is a child: the kernel may end it, and what
 * it had locked until then counts. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP (256l << 10)

static long meminfo(const char *what)
{
	static char line[200];
	long kb = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, what, strlen(what)))
			kb = strtol(line + strlen(what), NULL, 10);
	if (f)
		fclose(f);
	return kb * 1024;
}

int main(void)
{
	long *locked = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long available = meminfo("MemAvailable:");

	if (fork() == 0) {
		setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
		for (;;) {
			char *p = mmap(NULL, STEP, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

			if (p == MAP_FAILED || mlock(p, STEP))
				_exit(0);
			*locked += STEP;
		}
	}
	wait(NULL);
	printf("%ld %ld %ld\n", available, meminfo("Shmem:"), *locked);
	return 0;
}
