/* SPDX-License-Identifier: MIT */
/* ext.h - the core of ext2, ext3 and ext4: everything that is on the disk, as changes of bufs under
 * journal handles.
 *
 * It knows no vnode, dentry or page; it is compiled for the kernel and, as it is, for the host's
 * tests. fs/ext/vfs.c and its neighbours are the other half.
 *
 * Locks: i  the inode's own lock, held by the caller (vnode.lock: for reading to look, for writing
 * to change)
 *	  m  ext_inode.map_lock (RANK_EXT_MAP): i_block and the blocks below it; write-out and
 *	  readers map beside each other
 *	  g  ext_group.lock (RANK_EXT_GROUP): the bitmaps, descriptor and freed blocks of a group
 *	  o  ext_fs.orphan_lock (RANK_EXT_ORPHAN)
 *	  s  ext_fs.spin (RANK_EXT_SPIN)   a  atomic   I  immutable after mount
 * Order: journal handle, page lock, map_lock, orphan_lock, group lock, spin.
 *
 * Errors: a structure on the disk that cannot be is -EUCLEAN, and was told by ext_corrupt().
 */
#pragma once

#include <arch/atomic.h>
#include <fs/buf.h>
#include <fs/ext/format.h>
#include <fs/ext/journal.h>
#include <kernel/lib/list.h>
#include <kernel/mutex.h>
#include <kernel/uapi.h>

struct ext_fs;
struct ext_inode;

struct ext_time {
	s64 sec;
	u32 nsec;
};

/* ---- the file system ---- */

/* What the core asks of whoever mounted it. Any may be NULL. */
struct ext_hooks {
	/* may the current thread use the reserved blocks? */
	bool (*privileged)(struct ext_fs *fs);
	/* after an error, with errors=remount-ro */
	void (*went_read_only)(struct ext_fs *fs);
	void (*discard)(struct ext_fs *fs, u64 block, u64 n); /* freed for good */
	/* journal_ops.flush_data, with owner */
	int (*flush_data)(void *owner);
	void *owner;
};

struct ext_params {
	bool read_only, no_load;  /* noload: the journal is left alone */
	u64 sb_block;		  /* 0: the first super block */
	u32 errors;		  /* ERRORS_*; 0: as the super block says */
	/* features that this type of mount knows (ext2, ext3); 0: all that we do */
	u32 may_incompat, may_ro;
	u32 must_compat;
	const struct ext_hooks *hooks;
};

/* Blocks that are free on the disk but not to be given out until tid is committed. */
struct ext_freed {
	struct list link;
	u32 start, len, tid;
};

struct ext_group {
	struct mutex lock;
	u32 first_free;	   /* [g] no block before this bit is free */
	u32 max_run;	   /* [g] no run of free blocks is longer */
	u32 first_inode;   /* [g] no inode before this bit is free */
	u64 *busy;	   /* [g] blocks of freed, as a bitmap; NULL: none */
	struct list freed; /* [g] struct ext_freed, oldest first */
	u8 bin;		   /* [s] log2 of its free blocks + 1; 0: none */
	bool bad;	   /* [g] a bitmap is damaged: nothing is allocated here */
};

#define EXT_NR_BINS 18u

struct ext_fs {
	struct blkdev *dev;		       /* [I] */
	struct journal *j;		       /* [I] NULL: none */
	struct ext_hooks hooks;		       /* [I] */
	struct ext_inode *journal_inode;       /* [I] */
	struct journal_extent *journal_pieces; /* [I] where it lies */
	char name[32];			       /* [I] of the device, for messages */

	struct buf *sb_buf;					    /* [I] */
	/* [I] inside; changed under a handle or with nobody else there */
	struct ext_super_disk *sb;
	u32 compat, incompat, ro_compat;			    /* [I] */
	u32 block_size, block_bits;				    /* [I] */
	u64 blocks, first_block;				    /* [I] count; of group 0 */
	u32 blocks_per_group, inodes_per_group, inodes, nr_groups;  /* [I] */
	u32 desc_size, descs_per_block, nr_desc_blocks;		    /* [I] */
	u32 inode_size, inodes_per_block, itable_blocks, first_ino; /* [I] */
	u32 want_extra_isize;					    /* [I] */
	u32 csum_seed;						    /* [I] */
	/* [I] metadata_csum; the older checksum of descriptors */
	bool csum, gdt_csum;
	/* [I] see ext_super_checksum() */
	u32 csum_bits[32];
	u8 hash_version;					    /* [I] of new directories */
	bool hash_unsigned;					    /* [I] */
	u32 log_flex;						    /* [I] groups in a flex group */
	/* [I] blocks that hold no data ever */
	u64 overhead;
	u64 reserved;						    /* [I] for the privileged */
	u32 errors;						    /* ERRORS_* */
	atomic_t read_only;					    /* [a] */
	bool was_clean;						    /* [I] STATE_VALID at mount */

	struct buf **gdt;			      /* [I] the blocks of descriptors */
	struct ext_group **groups;		      /* [I] EXT_GROUPS_PER_CHUNK in each */
	atomic64_t free_blocks, free_inodes, nr_dirs; /* [a] */
	/* [a] blocks that will be allocated when dirty pages are written */
	atomic64_t delayed;
	struct spinlock spin;
	u64 *bins[EXT_NR_BINS];	  /* [s] groups by log2 of their free blocks */
	u64 *inode_groups;	  /* [s] groups with free inodes */
	atomic_t next_dir_group;  /* [a] where the next top directory goes */
	atomic_t next_generation; /* [a] */

	struct mutex orphan_lock;
	struct list orphans;		 /* [o] ext_inode.orphan_link, last first on the disk */
	struct ext_inode *orphan_file;	 /* [I] NULL: the list is used */
	struct buf **orphan_bufs;	 /* [I] */
	u32 nr_orphan_bufs, orphan_hint; /* [o] */

	struct ext_error {
		u64 time, block;
		u32 ino, line, count;
		char func[32];
	} first_error, last_error; /* [s] since mount */
};

#define EXT_GROUPS_PER_CHUNK 32u
static inline struct ext_group *ext_group(const struct ext_fs *fs, u32 g)
{
	return &fs->groups[g / EXT_GROUPS_PER_CHUNK][g % EXT_GROUPS_PER_CHUNK];
}
static inline bool ext_has_extents(const struct ext_fs *fs)
{
	return fs->incompat & INCOMPAT_EXTENTS;
}
static inline bool ext_is_read_only(const struct ext_fs *fs) { return atomic_read(&fs->read_only); }

struct ext_time ext_now(void);

/* Reads, checks, replays the journal, works off orphans (through ext_orphan_cleanup(), which the
 * caller runs last), marks the device as in use. *out is the caller's. -EINVAL: no file system of
 * this kind, or features unknown; -EUCLEAN; -EROFS, -EIO, -ENOMEM, -EOPNOTSUPP. */
int __must_check ext_mount(struct blkdev *dev, const struct ext_params *p, struct ext_fs **out);
/* Everything is written and the super block marked clean. No inode is in use. */
int __must_check ext_unmount(struct ext_fs *fs);
/* -EROFS when a feature forbids it, or after errors. */
int __must_check ext_remount(struct ext_fs *fs, bool read_only);
/* Counters and errors into the super block, and it to the device: sync, unmount. */
int __must_check ext_super_write(struct ext_fs *fs);
void ext_super_checksum(struct ext_fs *fs);

struct ext_statfs {
	u64 blocks, free, available, inodes, free_inodes, fsid;
};
void ext_statfs(struct ext_fs *fs, struct ext_statfs *out);

/* Says what is wrong, remembers it for the super block, and does what errors= wants. Returns
 * -EUCLEAN. */
int ext_corrupt_at(struct ext_fs *fs, const char *func, u32 line, u32 ino, u64 block,
		   const char *fmt, ...) __printf(6, 7);
#define ext_corrupt(fs, ino, block, ...) ext_corrupt_at(fs, __func__, __LINE__, ino, block, __VA_ARGS__)
void ext_io_error(struct ext_fs *fs, int err, const char *what);

/* super_check.c: sb is what was read. Fills in the [I] numbers. */
int __must_check ext_super_check(struct ext_fs *fs, const struct ext_super_disk *sb,
				 bool *read_only);
bool ext_group_has_super(const struct ext_fs *fs, u32 g);
/* Blocks at the beginning of g that hold the super block, descriptors and what is kept free for
 * more of them. */
u32 ext_group_base_blocks(const struct ext_fs *fs, u32 g);
u64 ext_desc_block(const struct ext_fs *fs, u32 nr); /* where the nr-th block of descriptors is */

/* ---- groups (group.c) ---- */

int __must_check ext_gdt_read(struct ext_fs *fs);
int __must_check ext_groups_load(struct ext_fs *fs);
void ext_groups_free(struct ext_fs *fs);
struct ext_group_disk *ext_desc(const struct ext_fs *fs, u32 g);
static inline struct buf *ext_desc_buf(const struct ext_fs *fs, u32 g)
{
	return fs->gdt[g / fs->descs_per_block];
}
u64 ext_desc_block_bitmap(const struct ext_fs *fs, const struct ext_group_disk *d);
u64 ext_desc_inode_bitmap(const struct ext_fs *fs, const struct ext_group_disk *d);
u64 ext_desc_inode_table(const struct ext_fs *fs, const struct ext_group_disk *d);
u32 ext_desc_free_blocks(const struct ext_fs *fs, const struct ext_group_disk *d);
u32 ext_desc_free_inodes(const struct ext_fs *fs, const struct ext_group_disk *d);
u32 ext_desc_used_dirs(const struct ext_fs *fs, const struct ext_group_disk *d);
u32 ext_desc_itable_unused(const struct ext_fs *fs, const struct ext_group_disk *d);
void ext_desc_set_free_blocks(const struct ext_fs *fs, struct ext_group_disk *d, u32 n);
void ext_desc_set_free_inodes(const struct ext_fs *fs, struct ext_group_disk *d, u32 n);
void ext_desc_set_used_dirs(const struct ext_fs *fs, struct ext_group_disk *d, u32 n);
void ext_desc_set_itable_unused(const struct ext_fs *fs, struct ext_group_disk *d, u32 n);
void ext_desc_checksum(const struct ext_fs *fs, u32 g); /* after the last change */
u32 ext_blocks_in_group(const struct ext_fs *fs, u32 g);
static inline u64 ext_group_first(const struct ext_fs *fs, u32 g)
{
	return fs->first_block + (u64)g * fs->blocks_per_group;
}
static inline u32 ext_group_of(const struct ext_fs *fs, u64 block)
{
	return (u32)((block - fs->first_block) / fs->blocks_per_group);
}
static inline u32 ext_inode_group(const struct ext_fs *fs, u32 ino)
{
	return (ino - 1) / fs->inodes_per_group;
}
/* Keeps the indexes of groups by free space and inodes. [g] of g. */
void ext_group_note(struct ext_fs *fs, u32 g);
/* Nearest group from goal on, cyclically, with at least n free blocks (as far as log2 tells);
 * U32_MAX: none. */
u32 ext_group_with_blocks(struct ext_fs *fs, u32 goal, u32 n);
u32 ext_group_with_inodes(struct ext_fs *fs, u32 goal);
/* May the file system's files have blocks there? False for what cannot be, and for the blocks of
 * its own tables. */
bool ext_block_valid(const struct ext_fs *fs, u64 block, u64 n);

/* ---- bitmaps (bitmap.c). [g] ---- */
int __must_check ext_block_bitmap(struct ext_fs *fs, u32 g, struct buf **out);
int __must_check ext_inode_bitmap(struct ext_fs *fs, u32 g, struct buf **out);
void ext_block_bitmap_checksum(struct ext_fs *fs, u32 g, struct buf *b);
void ext_inode_bitmap_checksum(struct ext_fs *fs, u32 g, struct buf *b);

/* ---- blocks (alloc.c, freed.c) ---- */

#define EXT_ALLOC_DELAYED 0x1u /* they were reserved by ext_reserve() */
#define EXT_ALLOC_META 0x2u
/* Up to *n consecutive blocks at or near goal; *n becomes how many. -ENOSPC, -EIO, -EUCLEAN.
 * Credits: EXT_ALLOC_CREDITS. */
int __must_check ext_alloc_blocks(struct ext_fs *fs, struct journal_handle *h, u64 goal, u32 flags,
				  u32 *n, u64 *out);
#define EXT_FREE_FORGET 0x1u /* they held metadata: revoked */
int __must_check ext_free_blocks(struct ext_fs *fs, struct journal_handle *h, u64 block, u64 n,
				 u32 flags);
#define EXT_ALLOC_CREDITS 2u /* a bitmap and a descriptor */
u32 ext_free_credits(const struct ext_fs *fs, u64 n);
/* After -ENOSPC, with no handle: true when blocks come free by a commit, which was done. *tries
 * starts at 0. */
bool ext_retry_space(struct ext_fs *fs, u32 *tries);
/* Delayed allocation: n blocks will be asked for with EXT_ALLOC_DELAYED, or given back. -ENOSPC. */
int __must_check ext_reserve(struct ext_fs *fs, u64 n);
void ext_unreserve(struct ext_fs *fs, u64 n);
/* freed.c [g] */
int __must_check ext_freed_add(struct ext_fs *fs, struct ext_group *g, u32 start, u32 len, u32 tid);
void ext_freed_settle(struct ext_fs *fs, u32 g); /* what is committed may be used again */
void ext_freed_drop(struct ext_group *g);

/* ---- inodes (inode.c, ialloc.c) ---- */

struct ext_inode {
	struct ext_fs *fs;			    /* [I] */
	u32 ino, generation;			    /* [I] */
	u32 seed;				    /* [I] of its checksums */
	u16 mode, extra_isize;			    /* [i] */
	u32 uid, gid, nlink, flags;		    /* [i]; flags also [m] */
	u64 size;				    /* [i] and [m]: what is on the disk */
	u64 blocks;				    /* [m] of 512 bytes */
	struct ext_time atime, mtime, ctime, btime; /* [i] */
	u32 dtime;				    /* [i] also the next of the orphan list */
	u32 rdev;				    /* [I] as mknod(2) takes it */
	u32 projid;
	u64 version;		 /* [i] */
	u64 file_acl;		 /* [i] block of extended attributes */
	u32 data[EXT_NR_BLOCKS]; /* [m] i_block */
	struct rwlock map_lock;
	struct spinlock raw_lock; /* the bytes in the table: write-out and attributes meet there */
	/* [m] where the next block would continue the last; goal 0: unknown */
	u64 goal_lblk, goal;
	/* transaction of the last change; of the last that fdatasync must wait for */
	u32 sync_tid, data_tid;
	struct list orphan_link;  /* [o] */
	u32 orphan_slot;	  /* [o] in the orphan file; U32_MAX: none */
	u32 dir_hint;		  /* [i] a block of the directory that had room; racy */
	bool is_new;		  /* its place in the table holds nothing of use */
	bool has_xattrs;	  /* [i] in the inode or a block */
};

void ext_inode_init(struct ext_inode *i, struct ext_fs *fs, u32 ino);
/* Fills in *i from the disk. -ESTALE: not in use (no links and no mode). -EIO, -EUCLEAN. */
int __must_check ext_inode_read(struct ext_fs *fs, u32 ino, struct ext_inode *i);
/* And back. Credits: 1. */
int __must_check ext_inode_write(struct journal_handle *h, struct ext_inode *i);
/* Its block with a reference and where it lies inside. */
int __must_check ext_inode_buf(struct ext_inode *i, struct buf **b, struct ext_inode_disk **raw);
void ext_inode_checksum(const struct ext_inode *i, struct ext_inode_disk *raw);
static inline bool ext_is_dir(const struct ext_inode *i) { return (i->mode & S_IFMT) == S_IFDIR; }
static inline bool ext_is_reg(const struct ext_inode *i) { return (i->mode & S_IFMT) == S_IFREG; }
static inline bool ext_is_link(const struct ext_inode *i) { return (i->mode & S_IFMT) == S_IFLNK; }
u32 ext_goal_block_group(const struct ext_inode *i);
u64 ext_max_file_size(const struct ext_fs *fs, bool extents);

/* A free inode near dir: *i is initialised with mode, owner and times; one link (directories two);
 * nothing is written but bitmap and descriptor. Credits: EXT_INEW_CREDITS. -ENOSPC. */
int __must_check ext_inode_new(struct journal_handle *h, struct ext_inode *dir, struct ext_inode *i,
			       u32 mode, u32 uid, u32 gid);
#define EXT_INEW_CREDITS 4u
/* Its number is free again; its blocks are already. Credits: 4. */
int __must_check ext_inode_free(struct journal_handle *h, struct ext_inode *i);

/* ---- where blocks are (map.c, extent*.c, indirect*.c) ---- */

enum ext_map_state { EXT_HOLE,
		     EXT_MAPPED,
		     EXT_UNWRITTEN };
struct ext_mapping {
	u64 lblk, pblk;
	u32 len;
	enum ext_map_state state;
	bool is_new; /* allocated by this call */
};
#define EXT_MAP_CREATE 0x1u    /* a hole gets blocks */
#define EXT_MAP_UNWRITTEN 0x2u /* ... that read as zeros */
#define EXT_MAP_CONVERT 0x4u   /* what is unwritten becomes written */
#define EXT_MAP_DELAYED 0x8u   /* the blocks were reserved */
#define EXT_MAP_META 0x10u

/* What lies at lblk, and how far: len is at most max, and never 0. h NULL: only looks. Takes
 * map_lock. */
int __must_check ext_map(struct ext_inode *i, struct journal_handle *h, u64 lblk, u32 max,
			 u32 flags, struct ext_mapping *out);
/* for allocating so many pieces, with the inode itself */
u32 ext_map_credits(const struct ext_inode *i, u32 nr_extents);
/* Gives back what is mapped in [from, to) (to U64_MAX: the end), restarting h as it goes: the inode
 * must be such that a crash between is no harm (on the orphan list, or a hole punched in part). */
int __must_check ext_unmap(struct journal_handle *h, struct ext_inode *i, u64 from, u64 to);
#define EXT_UNMAP_CREDITS 64u
/* At least need credits left: by extending, or by writing the inode as it is and going on in a new
 * transaction. */
int __must_check ext_more_credits(struct journal_handle *h, struct ext_inode *i, u32 need);
/* Moves what is mapped from lblk on by delta blocks (collapse and insert range): extents only. */
int __must_check ext_shift(struct journal_handle *h, struct ext_inode *i, u64 lblk, s64 delta);

int __must_check ext_extent_map(struct ext_inode *i, struct journal_handle *h, u64 lblk, u32 max,
				u32 flags, struct ext_mapping *out); /* [m] */
int __must_check ext_extent_unmap(struct journal_handle *h, struct ext_inode *i, u64 from, u64 to);
void ext_extent_init(struct ext_inode *i); /* an empty tree */
int __must_check ext_indirect_map(struct ext_inode *i, struct journal_handle *h, u64 lblk, u32 max,
				  u32 flags, struct ext_mapping *out); /* [m] */
int __must_check ext_indirect_unmap(struct journal_handle *h, struct ext_inode *i, u64 from,
				    u64 to);

/* ---- directories (dir.c, htree.c, readdir.c, dirhash.c) ---- */

struct ext_name {
	const char *name;
	u32 len;
};
/* The inode number. -ENOENT, -EIO, -EUCLEAN. */
int __must_check ext_dir_lookup(struct ext_inode *dir, const struct ext_name *n, u32 *ino,
				u8 *type);
int __must_check ext_dir_add(struct journal_handle *h, struct ext_inode *dir,
			     const struct ext_name *n, u32 ino, u32 mode);
int __must_check ext_dir_remove(struct journal_handle *h, struct ext_inode *dir,
				const struct ext_name *n);
/* The entry shows another inode from now on (rename over, and ".."). */
int __must_check ext_dir_replace(struct journal_handle *h, struct ext_inode *dir,
				 const struct ext_name *n, u32 ino, u32 mode);
/* Its entries are in blocks afterwards: changes do not run out of space for that. Credits:
 * EXT_INLINE_CREDITS. */
int __must_check ext_dir_leave_inline(struct journal_handle *h, struct ext_inode *dir);
/* 1: nothing but "." and "..". */
int __must_check ext_dir_is_empty(struct ext_inode *dir);
/* The first block, with "." and "..". */
int __must_check ext_dir_make(struct journal_handle *h, struct ext_inode *dir, u32 parent);
#define EXT_DIR_ADD_CREDITS 40u /* splits on every level, each with new blocks */

struct ext_emit {
	/* false: no room. next: the position behind it. */
	bool (*entry)(struct ext_emit *e, const char *name, u32 len, u32 ino, u32 d_type, u64 next);
};
#define EXT_READDIR_END (U64_MAX >> 1)
/* Entries but "." and "..", from *pos on (0: the first); *pos moves. */
int __must_check ext_readdir(struct ext_inode *dir, u64 *pos, struct ext_emit *e);

/* ---- extended attributes (xattr.c) ---- */

/* name as programs say it ("user.a"). The value's length; size 0 only asks. -ENODATA, -ERANGE,
 * -EOPNOTSUPP. */
ssize_t ext_xattr_get(struct ext_inode *i, const char *name, void *buf, usize size);
ssize_t ext_xattr_list(struct ext_inode *i, char *buf, usize size);
/* value NULL: remove. Credits: EXT_XATTR_CREDITS. -EEXIST, -ENODATA by flags; -ENOSPC: too large.
 * Changes i, does not write it. */
int __must_check ext_xattr_set(struct journal_handle *h, struct ext_inode *i, const char *name,
			       const void *value, usize size, u32 flags);
#define EXT_XATTR_CREDITS 8u
/* The block goes with the inode. */
int __must_check ext_xattr_drop(struct journal_handle *h, struct ext_inode *i);

/* ---- small files and links inside the inode (inline.c, symlink.c) ---- */

#define EXT_INLINE_MAX 4096u
/* The contents: at most size bytes, the rest zeros. */
int __must_check ext_inline_read(struct ext_inode *i, void *buf, usize size);
/* They move into a block: of a directory, or a file's into block 0. Credits: EXT_INLINE_CREDITS. */
int __must_check ext_inline_to_block(struct journal_handle *h, struct ext_inode *i);
#define EXT_INLINE_CREDITS 24u
/* The target, not terminated. Its length. */
ssize_t ext_readlink(struct ext_inode *i, char *buf, usize size);
int __must_check ext_link_store(struct journal_handle *h, struct ext_inode *i, const char *target,
				u32 len);

/* ---- orphans (orphan.c) ---- */

/* A crash must finish what is begun: deletion (no links) or truncation to size. Credits: 4. */
int __must_check ext_orphan_add(struct journal_handle *h, struct ext_inode *i);
int __must_check ext_orphan_del(struct journal_handle *h, struct ext_inode *i);
static inline bool ext_is_orphan(const struct ext_inode *i)
{
	return !list_empty(&i->orphan_link) || i->orphan_slot != U32_MAX;
}
/* It goes although it is one (errors): the list loses it. */
void ext_orphan_forget(struct ext_inode *i);
int __must_check ext_orphan_open(struct ext_fs *fs);
void ext_orphan_close(struct ext_fs *fs);
/* What a crash left. *deleted, *truncated: how many. */
int __must_check ext_orphan_cleanup(struct ext_fs *fs, u32 *deleted, u32 *truncated);

/* ---- operations, each with its transaction (name.c, rename.c, attr.c) ---- */

struct ext_owner {
	u32 mode, uid, gid, rdev;
};
int __must_check ext_create(struct ext_inode *dir, const struct ext_name *n,
			    const struct ext_owner *o, struct ext_inode *out);
int __must_check ext_symlink(struct ext_inode *dir, const struct ext_name *n,
			     const struct ext_owner *o, const char *target, struct ext_inode *out);
int __must_check ext_tmpfile(struct ext_inode *dir, const struct ext_owner *o,
			     struct ext_inode *out);
int __must_check ext_link(struct ext_inode *dir, const struct ext_name *n, struct ext_inode *i);
/* Also rmdir: -ENOTEMPTY. */
int __must_check ext_unlink(struct ext_inode *dir, const struct ext_name *n, struct ext_inode *i);
/* i is n of from; victim (or NULL) is t of to. flags: RENAME_EXCHANGE, RENAME_WHITEOUT (owner o of
 * the whiteout). */
struct ext_rename {
	struct ext_inode *from, *to, *i, *victim;
	struct ext_name n, t;
	u32 flags, uid, gid;
};
int __must_check ext_rename(const struct ext_rename *r);
/* Attributes that the caller has changed in *i. */
int __must_check ext_setattr(struct ext_inode *i);
int __must_check ext_setxattr(struct ext_inode *i, const char *name, const void *value, usize size,
			      u32 flags);
/* The size of a regular file; blocks beyond it are given back. The tail of the last block is the
 * page cache's. */
int __must_check ext_truncate(struct ext_inode *i, u64 size);
/* The last reference is gone: without links it and all its blocks are given back. */
int __must_check ext_evict(struct ext_inode *i);
int __must_check ext_punch(struct ext_inode *i, u64 from, u64 to);		       /* blocks */
/* blocks; bytes or 0 */
int __must_check ext_preallocate(struct ext_inode *i, u64 from, u64 to, u64 new_size);
int __must_check ext_move_range(struct ext_inode *i, u64 from, u64 blocks, bool insert,
				u64 new_size);
/* Blocks were written out up to size: the disk may know. */
int __must_check ext_set_disk_size(struct journal_handle *h, struct ext_inode *i, u64 size);
/* Waits until what fsync (data_only: fdatasync) promises of the inode is on the medium. *committed:
 * a transaction was written for it, so the device's cache was flushed after what was written
 * before. */
int __must_check ext_commit_inode(struct ext_inode *i, bool data_only, bool *committed);

static inline bool ext_name_is(const struct ext_name *n, const char *s, u32 len)
{
	return n->len == len && !__builtin_memcmp(n->name, s, len);
}
