/* SPDX-License-Identifier: MIT */
/* abibench.c - what the system calls cost: one row a facility, "name ns_per_op" a line. Under
 * -icount a nanosecond is an instruction, so figures are repeatable. Arguments: -s SECONDS rest
 * first (a kernel works in the background after boot), names of rows (all by default), -l lists
 * them. Rows are in the other files of this directory. A row whose facility does not work says
 * "name FAILED why"; nothing is skipped. */
#include "bench.h"

#include <sched.h>

enum { ROW_TIMEOUT_S = 60 };

const char *bench_self;

static struct bench *rows, **tail = &rows;
static struct result { double ns; char why[200]; } *result;

void bench_register(struct bench *b)
{
	*tail = b;
	tail = &b->next;
}

void bench_fail(const char *what, int line, const char *file)
{
	snprintf(result->why, sizeof(result->why), "%s:%d %s: %s",
		 strrchr(file, '/') ? strrchr(file, '/') + 1 : file, line, what, strerror(errno));
	_exit(1);
}

static void nothing(int sig)
{
	(void)sig;
}

/* In a child that leads a group of its own, so that partners go with it. */
static void run_row(struct bench *b)
{
	int64_t end = now_ns() + ROW_TIMEOUT_S * 1000000000ll;
	int st;
	pid_t pid;

	memset(result, 0, sizeof(*result));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGCHLD, SIG_DFL);
		b->fn(b);
		result->ns = b->ns_per_op;
		_exit(0);
	}
	setpgid(pid, pid);
	while (waitpid(pid, &st, WNOHANG) == 0 && now_ns() < end)
		usleep(1000);
	if (now_ns() >= end)
		snprintf(result->why, sizeof(result->why), "no end after %d s", ROW_TIMEOUT_S);
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	if (!result->why[0] && WIFSIGNALED(st))
		snprintf(result->why, sizeof(result->why), "killed by signal %d", WTERMSIG(st));
	if (result->why[0] || result->ns <= 0)
		printf("%s FAILED %s\n", b->name, result->why);
	else
		printf("%s %.1f\n", b->name, result->ns);
}

static int wanted(const struct bench *b, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], b->name) == 0)
			return 1;
	return argc == 0;
}

int main(int argc, char **argv)
{
	cpu_set_t one;
	int opt, rest_s = 0;

	if (argc > 1 && strcmp(argv[1], "--exit") == 0)		/* what the exec rows run */
		_exit(0);
	while ((opt = getopt(argc, argv, "ls:")) != -1) {
		if (opt == 's')
			rest_s = atoi(optarg);
		for (struct bench *b = rows; opt == 'l' && b; b = b->next)
			puts(b->name);
		if (opt != 's')
			return opt != 'l';
	}
	bench_self = argv[0];
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	signal(SIGCHLD, nothing);
	result = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	sleep(rest_s);
	for (struct bench *b = rows; b; b = b->next)
		if (wanted(b, argc - optind, argv + optind))
			run_row(b);
	return 0;
}
