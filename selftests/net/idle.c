/* SPDX-License-Identifier: MIT */
/* idle.c - open many connections to a web server, ask once on each, keep all, ask on each again:
 * idle ADDRESS PORT N [SECONDS between] Prints what /status said while all were open. Any answer
 * but 200 ends it with status 1. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void stop(const char *what, int i)
{
	fprintf(stderr, "connection %d: %s: %s\n", i, what, strerror(errno));
	exit(1);
}

/* The whole answer: headers, and as many bytes as they announce. */
static char *ask(int fd, const char *path, int i)
{
	static char text[8192];
	char *body, *length;
	int n = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
	size_t have = 0;

	if (write(fd, text, n) != n)
		stop("write", i);
	for (;;) {
		ssize_t got = read(fd, text + have, sizeof(text) - 1 - have);

		if (got <= 0)
			stop("read", i);
		have += got;
		text[have] = 0;
		body = strstr(text, "\r\n\r\n");
		length = strstr(text, "Content-Length: ");
		if (body && length && have >= (size_t)(body + 4 - text) + atoi(length + 16))
			break;
	}
	if (strncmp(text, "HTTP/1.1 200", 12))
		stop(text, i);
	return body + 4;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int count, *fds;
	struct rlimit files;

	if (argc < 4)
		return 2;
	inet_pton(AF_INET, argv[1], &to.sin_addr);
	to.sin_port = htons(atoi(argv[2]));
	count = atoi(argv[3]);
	files.rlim_cur = files.rlim_max = count + 16;
	if (setrlimit(RLIMIT_NOFILE, &files))
		stop("setrlimit", count);
	fds = calloc(count, sizeof(*fds));
	for (int i = 0; i < count; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fds[i] < 0 || connect(fds[i], (void *)&to, sizeof(to)))
			stop("connect", i);
		ask(fds[i], "/pid", i);
	}
	sleep(argc > 4 ? atoi(argv[4]) : 1);
	printf("%s", ask(fds[count / 2], "/status", count / 2));
	for (int i = count - 1; i >= 0; i--)
		ask(fds[i], "/pid", i);
	return 0;
}
