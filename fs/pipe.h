/* SPDX-License-Identifier: MIT */
/* pipe.h - pipes and FIFOs. */
#pragma once

#include <kernel/lib/compiler.h>

struct file;
struct iter;
struct page;
struct path;
struct vnode;

#define PIPE_DEF_PAGES 16u
#define PIPE_MAX_BYTES 1048576u	/* sysctl fs.pipe-max-size, at first */

/* pipe2(2): flags O_NONBLOCK, O_DIRECT. Two references. -ENOMEM, -ENFILE. */
int __must_check pipe_create(u32 flags, struct file **read_end, struct file **write_end);
/* open(2) of a FIFO: waits for the other side as fifo(7) says. */
int __must_check fifo_open(struct vnode *v, u32 flags, struct file **out);
/* F_GETPIPE_SZ, F_SETPIPE_SZ: bytes, or -EBADF when f is no pipe, -EBUSY, -EPERM, -EINVAL. */
long pipe_get_size(struct file *f);
long pipe_set_size(struct file *f, u32 bytes);
bool file_is_pipe(const struct file *f);
/* A place for an anonymous pipe, so that /proc/PID/fd/N can be opened: references in *out. */
int __must_check pipe_path(struct file *f, struct path *out);
u64 pipe_bytes(struct file *f);		/* FIONREAD */
u32 pipe_max_bytes(void);		/* sysctl fs.pipe-max-size */
int __must_check pipe_set_max_bytes(u64 bytes);
void pipe_init(void);

/* splice(2) and tee(2) between pipes: moves (or duplicates) up to n bytes. Bytes, 0 at end of file,
 * or -errno. */
ssize_t pipe_splice(struct file *in, struct file *out, usize n, bool nonblock, bool duplicate);

/* Pages on their way into a pipe. next: the next stretch, at most n bytes: a reference to its page,
 * where it starts; its length, 0 at the end, or -errno. Called with the pipe's lock held: may
 * sleep, but not for long. */
struct page_source {
	ssize_t (*next)(struct page_source *s, usize n, struct page **page, u32 *off);
};
/* Waits for room (or -EAGAIN), then takes what fits: bytes, 0, -EPIPE with its signal, or the
 * source's error. */
ssize_t pipe_feed(struct file *out, struct page_source *s, usize n, bool nonblock);

/* Bytes on their way out of a pipe. take: how many of n it took, or -errno. Called with the pipe's
 * lock held. */
struct byte_sink {
	ssize_t (*take)(struct byte_sink *s, void *mem, usize n);
};
/* Waits for bytes (or -EAGAIN), then gives what is there, at most n. Bytes, 0 at end of file, or
 * the sink's error. */
ssize_t pipe_drain(struct file *in, struct byte_sink *s, usize n, bool nonblock);
