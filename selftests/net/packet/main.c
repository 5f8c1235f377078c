// SPDX-License-Identifier: MIT
/* main.c - packet scripts: packet [-l] FILE... [-- CASE...]
 *
 * A file has definitions, "def NAME ... end", and cases, "case NAME [v4|v6]", each up to the next;
 * definitions of files before it are known. A case runs for both families unless it says otherwise,
 * each time in a process of its own. Its lines "sysctl NAME VALUE" hold while it runs. Prints "ok
 * FILE:CASE.v4", or "FAIL", the line and what was wrong; in the end "N passed, N failed".
 */
#include "packet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_LINES   8192
#define MAX_SYSCTLS 8

int family, case_number;
static struct line lines[MAX_LINES];
static struct script script = { .lines = lines };
static const char *case_name;
static int passed, failed;

void fail(const char *format, ...)
{
	char what[512], packet[256];
	va_list ap;
	int n = 0;
	const char *text;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	text = case_place(&n, packet, sizeof(packet));
	printf("FAIL %s:%s.v%d line %d: %s\n     '%s'%s%s\n", script.name,
	       case_name ? case_name : "", family == AF_INET ? 4 : 6, n, what,
	       text ? text + strspn(text, " \t") : "", *packet ? ": " : "", packet);
	fflush(stdout);
	_exit(1);
}

/* ---- sysctls ---- */

struct setting {
	char path[128], old[128];
};

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool apply(struct setting *s, char **w)
{
	char value[128] = "";
	int fd, n = 0;

	snprintf(s->path, sizeof(s->path), "/proc/sys/%s", w[1]);
	for (char *p = s->path + 10; *p; p++)
		*p = *p == '.' ? '/' : *p;
	fd = open(s->path, O_RDONLY);
	if (fd < 0)
		return false;
	n = (int)read(fd, s->old, sizeof(s->old) - 1);
	s->old[n > 0 ? n : 0] = 0;
	close(fd);
	for (w += 2; *w; w++)
		snprintf(value + strlen(value), sizeof(value) - strlen(value), "%s%s",
			 *value ? " " : "", *w);
	return write_file(s->path, value);
}

static int apply_all(struct setting *s, int first, int end)
{
	int n = 0;

	for (int i = first; i < end && n < MAX_SYSCTLS; i++) {
		char copy[256], *w[MAX_WORDS];

		snprintf(copy, sizeof(copy), "%s", lines[i].text);
		if (split(copy, w) >= 3 && !strcmp(w[0], "sysctl") && !apply(&s[n++], w)) {
			printf("FAIL %s:%s: %s: %m\n", script.name, case_name, w[1]);
			return -1;
		}
	}
	return n;
}

/* ---- cases ---- */

static int child(int first, int end)
{
	pid_t pid;
	int status = 0;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		wire_open();
		neighbour_add();
		run_case(&script, first, end);
		exit(0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status))
		printf("FAIL %s:%s.v%d: signal %d\n", script.name, case_name,
		       family == AF_INET ? 4 : 6, WTERMSIG(status));
	return status;
}

static void run_one(int fam, int first, int end)
{
	struct setting settings[MAX_SYSCTLS];
	int n, status = 1;

	family = fam;
	case_number++;
	n = apply_all(settings, first, end);
	if (n >= 0)
		status = child(first, end);
	while (n-- > 0)
		write_file(settings[n].path, settings[n].old);
	if (!status)
		printf("ok %s:%s.v%d\n", script.name, case_name, fam == AF_INET ? 4 : 6);
	passed += !status;
	failed += !!status;
}

static bool wanted(char **names)
{
	if (!*names)
		return true;
	for (; *names; names++)
		if (!strcmp(*names, case_name))
			return true;
	return false;
}

static bool begins(int i, const char *word)
{
	return i < script.nr && !strncmp(lines[i].text, word, strlen(word));
}

static void run_file(const char *path, int from, char **names, bool list)
{
	const char *slash = strrchr(path, '/');

	script.name = slash ? slash + 1 : path;
	for (int i = from; i < script.nr; i++) {
		char copy[256], *w[MAX_WORDS];
		int end = i + 1;

		if (!begins(i, "case "))
			continue;
		while (end < script.nr && !begins(end, "case ") && !begins(end, "def "))
			end++;
		snprintf(copy, sizeof(copy), "%s", lines[i].text);
		split(copy, w);
		case_name = w[1];
		if (list)
			printf("%s:%s\n", script.name, case_name);
		if (list || !wanted(names))
			continue;
		if (!w[2] || strcmp(w[2], "v6"))
			run_one(AF_INET, i + 1, end);
		if (!w[2] || strcmp(w[2], "v4"))
			run_one(AF_INET6, i + 1, end);
	}
}

static void read_lines(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;
	int n = 0;

	if (!f) {
		printf("FAIL %s: %m\n", path);
		exit(2);
	}
	while (getline(&text, &room, f) > 0 && script.nr < MAX_LINES) {
		text[strcspn(text, "\n")] = 0;
		lines[script.nr++] = (struct line){ strdup(text), ++n };
	}
	fclose(f);
}

int main(int argc, char **argv)
{
	bool list = argc > 1 && !strcmp(argv[1], "-l");
	int i, files = 1 + list;
	char **names;

	for (i = files; i < argc && strcmp(argv[i], "--"); i++)
		;
	names = argv + i + (i < argc);
	for (int k = files; k < i; k++) {
		int from = script.nr;

		read_lines(argv[k]);
		run_file(argv[k], from, names, list);
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
