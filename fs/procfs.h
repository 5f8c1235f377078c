/* SPDX-License-Identifier: MIT */
/* procfs.h - /proc: how other layers put files there. */
#pragma once

#include <kernel/lib/compiler.h>

struct session;
struct task;

/* Text that grows as it is written. */
struct seq {
	char *buf;
	usize size, len;
	int err;		/* -ENOMEM once it did not grow */
};
void seq_print(struct seq *s, const char *fmt, ...) __printf(2, 3);
/* sep, then v in decimal: what most of stat files is made of, without a format. */
void seq_num(struct seq *s, char sep, s64 v);
void seq_unum(struct seq *s, char sep, u64 v);
void seq_write(struct seq *s, const void *data, usize n);
/* Room for n more bytes at once: for writers that must not sleep between. */
void seq_reserve(struct seq *s, usize n);
/* octal escapes for space, tab, newline, backslash */
void seq_path(struct seq *s, const char *text);

/* A text file below /proc for the whole system: "net/dev", "tty/drivers" (directories of one level
 * are made). name and show stay. */
void procfs_add(const char *name, int (*show)(struct seq *s, struct task *t));

/*
 * A directory with a directory for each thing that somebody else counts - network devices, disks -
 * and in each the same files; or with a symbolic link for each. Things come, go and change their
 * names: a name is looked up each time.
 */
struct proc_member {
	const char *name;		/* "mtu", "statistics/rx_bytes"; NULL: the end */
	const char *link;		/* a symbolic link with this text */
	/* of a file; 0: a directory without anything, unless it is a link */
	u16 mode;
	int (*show)(struct seq *s, int key, const void *arg);	/* -errno: what read says */
	int (*write)(int key, char *text, usize n, const void *arg);
	const void *arg;
};
struct proc_group {
	/* "/sys/class/net": that directory is there; or what another group calls its inside */
	const char *path;
	/* of: the key of the thing whose inside this is. find: a key >= 0; < 0: no such thing.
	 * next: the smallest key >= this; < 0: none */
	int (*find)(int of, const char *name, usize n);
	int (*next)(int of, int key, char name[32]);
	/* symbolic links: bytes of the text, or -errno. NULL: directories */
	int (*link)(int key, char *buf, u32 size);
	const struct proc_member *members;		/* of directories */
	/* path of a group whose things are in each directory of this; NULL: none */
	const char *inside;
};
void procfs_add_group(const struct proc_group *g);	/* boot; stays */

/* The terminal layer answers: device number and foreground group of a session's terminal (0 and -1
 * without). Set at boot; pids_lock held. */
extern void (*procfs_tty_of)(struct session *s, u32 *dev, pid_t *foreground);

void procfs_init(void);
