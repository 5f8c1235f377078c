/* SPDX-License-Identifier: MIT */
/* textfile.h - files of /proc and /sys, read and written whole. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* All of it, ended by a NUL: how much, or -1. */
static inline int text_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY), n = 0, got;

	buf[0] = 0;
	if (fd < 0)
		return -1;
	while ((got = (int)read(fd, buf + n, size - 1 - (size_t)n)) > 0)
		n += got;
	buf[n] = 0;
	close(fd);
	return got < 0 ? -1 : n;
}

/* In one write: how much was taken, or -1 and errno. */
static inline int text_write(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY), n = fd < 0 ? -1 : (int)write(fd, what, strlen(what)),
	    err = errno;

	if (fd >= 0)
		close(fd);
	errno = err;
	return n;
}
