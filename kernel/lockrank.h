/* SPDX-License-Identifier: MIT */
/* lockrank.h - the lock order. A lock may be taken only while all locks held rank before it; two of
 * one rank only through spin_lock_two(), mutex_lock_nested(), rw_read_lock_nested() or
 * rw_write_lock_nested(). Asserted at run time with DEBUG_LOCKS, as is that what interrupts take is
 * always taken with interrupts off. Sleeping locks come first: no spinlock is ever held while
 * sleeping, and no sleeping lock on return to a program. */
#pragma once

enum lock_rank {
	RANK_NONE,	/* not asserted */
	/* sleeping locks */
	RANK_FILE_POS,	/* file.pos_lock: around whole reads and writes */
	RANK_PIPE,	/* a pipe; splice writes to files under it */
	RANK_TTY_CTL,	/* tty: open, hangup, controlling terminal */
	RANK_MOUNT,	/* mount namespace changes */
	RANK_LOOP,	/* loop devices: which there are, what they are bound to */
	/* A file system's own: super.rank, then RANK_OF_DIR() and RANK_OF_VNODE() of it. Overlays
	 * come before what they lie upon. */
	RANK_OVL2_RENAME, /* an overlay upon an overlay */
	RANK_OVL2_DIR,
	RANK_OVL2_VNODE,
	RANK_OVL2_COPY,	/* one thread copies a file of it up */
	RANK_OVL_RENAME, /* the same of an overlay upon others */
	RANK_OVL_DIR,
	RANK_OVL_VNODE,
	RANK_OVL_COPY,
	RANK_RENAME,	/* one cross-directory rename of a file system */
	RANK_DIR,	/* vnode.lock of directories, parent before child */
	RANK_VNODE,	/* vnode.lock of files */
	RANK_OBJ_SLEEP, /* pipe and other object mutexes */
	RANK_NET_CONFIG, /* net_ns.config: devices, addresses, routes */
	RANK_ASPACE,	/* aspace.lock */
	/* ipc_ids.lock: which System V objects there are; areas that show them come and go */
	RANK_IPC,
	RANK_VMO,	/* vmo.lock (sleeping: truncate against fault) */
	RANK_PAGE,	/* page lock bit */
	RANK_JOURNAL_HOME, /* a journal's blocks on their way home */
	RANK_JOURNAL_COMMIT, /* one commit of a journal */
	RANK_EXT_IGET,	/* one thread reads an inode */
	RANK_EXT_MAP,	/* ext_inode.map_lock: where a file's blocks are */
	RANK_EXT_ORPHAN, /* ext_fs.orphan_lock */
	RANK_EXT_GROUP,	/* ext_group.lock: bitmaps and descriptor of a group */
	RANK_SUPER,	/* super block: inode tables, private allocators */
	RANK_SLEEP_LEAF, /* sleeping leaves: loader, console mux */
	/* spinlocks */
	RANK_UNIX_GC,	/* AF_UNIX sockets in flight */
	/* a socket: sock_lock.spin, an AF_UNIX socket; two through spin_lock_two() */
	RANK_SOCK,
	RANK_SOCK_TABLE, /* ports, names, routes, neighbours, devices' lists: writers */
	RANK_SOCK_QUEUE, /* its receive queue */
	RANK_NETDEV,	/* a transmit queue */
	RANK_DISK_QUEUE, /* requests for a disk; bottom halves off */
	RANK_VIRTQUEUE, /* a virtqueue; bottom halves off */
	RANK_NET_RING,	/* a ring of a network card; never taken in interrupts */
	/* epoll: ready list (taken from wake-ups of others: see RANK_EPOLL_READY) */
	RANK_EPOLL,
	RANK_TTY,	/* line discipline and termios state */
	RANK_EXT_SPIN,	/* ext_fs.spin: groups by free space, errors */
	RANK_OBJECT,	/* locks of simple objects: eventfd, pipe ring, ... */
	RANK_DCACHE,	/* a dentry, a hash chain */
	RANK_JOURNAL,	/* transactions and the blocks in them */
	RANK_BUF,	/* bufs of a device */
	RANK_VMO_PAGES, /* vmo.pages_lock: page tree, mappings */
	RANK_PT,	/* a leaf page table */
	RANK_HANDLES,	/* handle table, writers */
	RANK_FUTEX,	/* a futex bucket */
	/* taken by interrupts too: always with interrupts off */
	RANK_PIDS,	/* pid table, process tree, groups, sessions */
	RANK_PROC,	/* struct proc: threads, signal queue, dispositions */
	RANK_SIGHAND,	/* signal dispositions */
	RANK_OBJ_POLL,	/* poll hooks of an object */
	RANK_EPOLL_READY, /* epoll ready list */
	RANK_WAITQ,	/* a wait queue */
	RANK_TASK,	/* task.state_lock */
	RANK_RUNQ,	/* a run queue */
	RANK_TIMER,	/* a CPU's timer queue */
	RANK_IRQ,	/* interrupt descriptors */
	RANK_KVMAP,	/* kernel address arena */
	RANK_SLAB,	/* a slab cache */
	RANK_PAGES,	/* the buddy allocator */
	RANK_RCU,	/* grace-period state */
	RANK_DRIVER,	/* device registers */
	RANK_RANDOM,	/* entropy pool */
	RANK_CONSOLE,	/* console output */
	RANK_LOG,	/* printk ring */
	RANK_UART,	/* registers of a device that is a console */
	RANK_NR
};

#define RANK_OF_DIR(rank)   ((rank) + 1)
#define RANK_OF_VNODE(rank) ((rank) + 2)
