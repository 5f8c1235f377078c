/* SPDX-License-Identifier: MIT */
/* erofs.h - the core of EROFS, read-only: inodes, where bytes are, directories, attributes, over
 * bufs. It knows no vnodes; vfs.c has them.
 *
 * Locks: M  erofs_fs.lock (RANK_SUPER)   I  immutable after mount; everything else is on the disk */
#pragma once

#include <fs/buf.h>
#include <fs/erofs/format.h>
#include <kernel/mutex.h>

struct erofs_fs {
	struct blkdev *dev;	/* [I] */
	const char *name;	/* [I] for messages */
	u32 block_bits;		/* [I] */
	u32 incompat;		/* [I] */
	u64 meta, xattrs;	/* [I] bytes */
	u64 root_nid, inos, blocks, build_time; /* [I] */
	u32 build_nsec;		/* [I] */
	struct mutex lock;
	struct erofs_unpacked {	/* [M] the last extent that was decompressed, from its start */
		u64 nid, from;
		u32 len;
		u8 *bytes;
	} last;
};

struct erofs_inode {
	struct erofs_fs *fs;
	u64 nid, size, mtime;
	u32 mtime_nsec, uid, gid, nlink, place, rdev;
	u16 mode;
	u8 layout;
	u32 xattr_size;
	u64 body;		/* byte behind inode and attributes */
	u32 advise, cluster_bits; /* of a compressed file */
};

/* Where bytes of a file are. */
struct erofs_map {
	enum { EROFS_HOLE, EROFS_RAW, EROFS_LZ4 } kind;
	u64 from, len;		/* of the file; what was asked for is inside */
	u64 at;			/* byte of the device */
	u32 packed;		/* EROFS_LZ4: bytes there */
};

static inline bool erofs_is_packed(const struct erofs_inode *i)
{
	return i->layout == EROFS_LEGACY || i->layout == EROFS_COMPACT;
}

/* super.c */
int __must_check erofs_mount(struct erofs_fs *fs);
void erofs_unmount(struct erofs_fs *fs);
void erofs_complain(const struct erofs_fs *fs, u64 nid, const char *fmt, ...) __printf(3, 4);
#define erofs_corrupt(fs, nid, ...) (erofs_complain(fs, nid, __VA_ARGS__), -EUCLEAN)
#define erofs_refuse(fs, nid, ...)  (erofs_complain(fs, nid, __VA_ARGS__), -EOPNOTSUPP)
/* Bytes of the device. -EIO. */
int __must_check erofs_bytes(struct erofs_fs *fs, u64 at, void *to, u32 n);

/* inode.c */
int __must_check erofs_inode_read(struct erofs_fs *fs, u64 nid, struct erofs_inode *i);
/* pos is below the size. */
int __must_check erofs_map(struct erofs_inode *i, u64 pos, struct erofs_map *m);
/* [pos, pos + n), zeros beyond the end. */
int __must_check erofs_read(struct erofs_inode *i, u64 pos, void *to, u32 n);

/* cluster.c */
int __must_check erofs_map_packed(struct erofs_inode *i, u64 pos, struct erofs_map *m);

/* dir.c */
/* -ENOENT */
int __must_check erofs_lookup(struct erofs_inode *dir, const char *name, u32 len, u64 *nid,
			      u32 *type);
/* Entries from byte *pos of the directory on, as long as fn says so. *pos moves. */
struct erofs_emit {
	bool (*entry)(struct erofs_emit *e, const char *name, u32 len, u64 nid, u32 type, u64 next);
};
int __must_check erofs_readdir(struct erofs_inode *dir, u64 *pos, struct erofs_emit *e);

/* xattr.c */
ssize_t erofs_getxattr(struct erofs_inode *i, const char *name, void *buf, usize size);
ssize_t erofs_listxattr(struct erofs_inode *i, char *buf, usize size);

/* lz4.c: bytes written, at most want; negative: no LZ4. */
s32 erofs_lz4(const void *src, u32 size, void *dst, u32 want);
