/* SPDX-License-Identifier: MIT */
#pragma once

#include <fs/procfs.h>
#include <fs/vfs.h>
#include <fs/vnode.h>

struct proc_entry;
struct sysctl;

/* A file or directory of /proc that is always there. t: the thread the directory belongs to; NULL
 * for system files. */
struct proc_entry {
	const char *name;
	u32 mode;
	u8 kind;				/* enum proc_kind */
	u8 only;				/* PROC_PID or PROC_TID: in that directory alone */
	bool setting;				/* of /proc/sys */
	bool inspect;				/* only for those who might trace the process */
	union {
		int (*show)(struct seq *s, struct task *t);		/* PROC_FILE */
		int (*follow)(struct task *t, struct path *out);	/* PROC_LINK */
		const char *text; /* PROC_TEXT: what never changes */
	};
	union {
		int (*write)(struct task *t, char *text,
			     usize n); /* files; NUL-terminated, one newline stripped */
		ssize_t (*readlink)(struct task *t, char *buf, usize size);	/* PROC_LINK */
	};
	union {
		const struct object_ops *ops;	/* PROC_BINARY: a file that is not text (mem) */
		/* PROC_DIR, PROC_STATIC_DIR: ended by name NULL; the first may be added to */
		const struct proc_entry *dir;
		const struct proc_group *group;	/* PROC_MEMBER_LINK: the member itself is a link */
		const struct sysctl *ctl;	/* PROC_FILE: a number of the kernel */
	};
	union {
		/* PROC_FILE, PROC_MEMBER_LINK: of the member of a group the node's key names */
		const struct proc_member *member;
		const char *path; /* directories: groups may be put there. NULL: none */
	};
};

enum proc_kind {
	PROC_FILE,
	PROC_LINK,
	PROC_DIR,
	PROC_STATIC_DIR,
	PROC_ROOT,
	PROC_PID,
	PROC_TID,
	PROC_TASKS,
	PROC_FDS,
	PROC_FDINFOS,
	PROC_FD_LINK,
	PROC_FDINFO,
	PROC_MEMBER,
	PROC_MEMBER_LINK,
	PROC_TEXT,
	PROC_BINARY,
	PROC_MAPS,
	PROC_MAP_LINK,
};

struct proc_node {
	struct vnode v;			/* first */
	const struct proc_entry *e;	/* [I] */
	struct pid *pid;		/* [I] a reference; NULL: system */
	int fd;				/* [I] PROC_FD_LINK, PROC_FDINFO; the key in a group */
	u64 start;			/* [I] PROC_MAP_LINK: of the mapping */
};

static inline struct proc_node *to_proc(struct vnode *v)
{
	return container_of(v, struct proc_node, v);
}

/* The thread, with a reference; NULL: gone. */
struct task *proc_node_task(const struct proc_node *n);
/* A file system of text files over tables (sysfs). */
int __must_check proc_mount_tree(struct super *sb, const struct proc_entry *root, u64 magic);
int __must_check proc_new_node(struct super *sb, const struct proc_entry *e, struct pid *pid,
			       int fd, struct vnode **out);
extern const struct vnode_ops proc_dir_ops, proc_file_ops, proc_link_ops;
extern const struct object_ops proc_text_ops;

/* Tables. */
extern const struct proc_entry proc_root_entries[], proc_list_entries[], proc_task_entries[],
	proc_sys_entries[];
extern const struct proc_entry proc_fd_link_entry, proc_fdinfo_entry;

/* procfs_fd.c: names in fd and fdinfo. */
int __must_check proc_lookup_fd(struct vnode *dir, const struct name *n, struct vnode **out);
int proc_readdir_fd(struct vnode *dir, loff_t *pos, struct dir_emit *e);
int __must_check proc_fd_follow(struct task *t, int fd, struct path *out);
int __must_check proc_fd_text(struct task *t, int fd, struct seq *s);
int __must_check proc_show_fdinfo(struct seq *s, struct task *t, int fd);
/* procfs_add.c: what other layers added. */
int __must_check procfs_lookup_added(struct vnode *dir, const struct name *n, struct vnode **out);
void procfs_add_table(const struct proc_entry *e);
bool procfs_readdir_added(struct vnode *dir, loff_t *pos, struct dir_emit *e);	/* false: no room */
/* procfs_group.c: members of the group in a directory. */
extern const struct vnode_ops proc_member_link_ops;
int __must_check proc_group_lookup(struct vnode *dir, const struct name *n, struct vnode **out);
void proc_group_readdir(struct vnode *dir, loff_t *pos, struct dir_emit *e);
bool proc_parse_number(const struct name *n, u32 *out);

/* Text of a path as the reader sees it, with " (deleted)". Uses a page. */
void seq_file_path(struct seq *s, const struct path *p, bool escape);
int proc_show_maps(struct seq *s, struct task *t);
int proc_show_smaps(struct seq *s, struct task *t);
int proc_show_smaps_rollup(struct seq *s, struct task *t);
int proc_show_numa_maps(struct seq *s, struct task *t);

/* procfs_ctl.c */
#define PROC_NET_DIRS 8		/* directories of /proc/sys/net */
extern struct proc_entry proc_net_sys_entries[PROC_NET_DIRS + 1];
void procfs_ctl_init(void);
int proc_show_ctl(struct seq *s, const struct sysctl *c);
int proc_write_ctl(const struct sysctl *c, char *text);

int proc_show_mounts(struct seq *s, struct task *t);
int proc_show_mountstats(struct seq *s, struct task *t);
int proc_show_mountinfo(struct seq *s, struct task *t);
extern const struct object_ops proc_mem_ops;

/* procfs_pages.c: what is behind addresses. */
extern const struct object_ops proc_pagemap_ops;
int proc_write_clear_refs(struct task *t, char *text, usize n);
int __must_check proc_lookup_map(struct vnode *dir, const struct name *n, struct vnode **out);
int proc_readdir_maps(struct vnode *dir, loff_t *pos, struct dir_emit *e);
int __must_check proc_map_follow(struct task *t, u64 start, struct path *out);
/* procfs_state.c: what a thread does, and what it asked for. */
int proc_show_sched(struct seq *s, struct task *t), proc_show_stack(struct seq *s, struct task *t);
int proc_show_syscall(struct seq *s, struct task *t),
	proc_show_timers(struct seq *s, struct task *t);
int proc_show_children(struct seq *s, struct task *t);
int proc_show_loginuid(struct seq *s, struct task *t),
	proc_write_loginuid(struct task *t, char *text, usize n);
int proc_show_sessionid(struct seq *s, struct task *t);
int proc_show_timerslack(struct seq *s, struct task *t),
	proc_write_timerslack(struct task *t, char *text, usize n);
int proc_show_coredump_filter(struct seq *s, struct task *t),
	proc_write_coredump_filter(struct task *t, char *text, usize n);
int proc_show_oom_score_adj(struct seq *s, struct task *t),
	proc_write_oom_score_adj(struct task *t, char *text, usize n);
int proc_show_oom_adj(struct seq *s, struct task *t),
	proc_write_oom_adj(struct task *t, char *text, usize n);
int proc_write_nothing(struct task *t, char *text, usize n);
int proc_write_setgroups(struct task *t, char *text, usize n),
	proc_refuse_write(struct task *t, char *text, usize n);
