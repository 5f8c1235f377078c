/* SPDX-License-Identifier: MIT */
/* costs.c - what 1000 idle threads and 1000 idle forked processes take from MemFree, all in: two
 * numbers, bytes each. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR 1000
#define STACK 2048

static char (*stacks)[STACK];

static long free_bytes(void)
{
	static char line[200];
	long kb = -1;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && kb < 0 && fgets(line, sizeof(line), f))
		sscanf(line, "MemFree: %ld", &kb);
	if (f)
		fclose(f);
	return kb * 1024;
}

static _Noreturn int sleep_on(void *unused)
{
	(void)unused;
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

int main(void)
{
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		    CLONE_SYSVSEM;
	long before, after;

	free_bytes();
	before = free_bytes();
	for (int i = 0; i < NR; i++)
		/* not fork(): libc would write to its own pages */
		if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0)
			sleep_on(NULL);
	sleep(1);
	after = free_bytes();
	printf("%ld\n", (before - after) / NR);
	fflush(stdout);
	signal(SIGTERM, SIG_IGN);	/* the children have the default */
	kill(0, SIGTERM);
	while (wait(NULL) > 0)
		;
	sleep(1);
	stacks = mmap(NULL, NR * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(stacks, 1, NR * STACK);	/* not earlier: the processes would have its page tables */
	before = free_bytes();
	for (int i = 0; i < NR; i++)
		if (clone(sleep_on, stacks[i] + STACK, flags, NULL) < 0)
			return 1;
	sleep(1);
	after = free_bytes();
	printf("%ld\n", (before - after) / NR);
	fflush(stdout);
	_exit(0);
}
