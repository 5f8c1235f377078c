/* SPDX-License-Identifier: MIT */
/* vfs.c - mounting ext2, ext3 and ext4: the device, options, what the core asks back.
 *
 * Options that cannot be kept are refused by name, -EINVAL and a line in the log; those that are
 * always so here are accepted.
 * Ref: Linux Documentation/admin-guide/ext4.rst, mount(8). Tests: selftests/boot/run (ext_...)
 */
#define LOG_TAG "ext4"
#include "node_int.h"

#include <fs/blkdev.h>
#include <fs/dcache.h>
#include <fs/option.h>
#include <kernel/cred.h>
#include <kernel/lib/fmt.h>
#include <kernel/lib/string.h>
#include <kernel/printk.h>
#include <mm/slab.h>
#include <mm/vmo.h>

#define EXT_SUPER_MAGIC 0xef53u
#define COMMIT_DEFAULT_S 5u
#define COMMIT_MAX_S (S32_MAX / 250u) /* Linux's, at 250 ticks a second */

/* ---- options ---- */

static bool set_errors(struct ext_mount_options *o, const char *value)
{
	if (!strcmp(value, "continue"))
		o->p.errors = ERRORS_CONTINUE;
	else if (!strcmp(value, "remount-ro"))
		o->p.errors = ERRORS_RO;
	else if (!strcmp(value, "panic"))
		o->p.errors = ERRORS_PANIC;
	else
		return false;
	return true;
}

#define FLAG(word, field, value) OPTION_FLAG(struct ext_mount_options, word, field, value)

static const struct option_flag flags[] = {
	FLAG("discard", discard, true),
	FLAG("nodiscard", discard, false),
	FLAG("user_xattr", user_xattr, true),
	FLAG("nouser_xattr", user_xattr, false),
	FLAG("noload", p.no_load, true),
	FLAG("norecovery", p.no_load, true),
	FLAG("grpid", grpid, true),
	FLAG("bsdgroups", grpid, true),
	FLAG("nogrpid", grpid, false),
	FLAG("sysvgroups", grpid, false),
	FLAG("minixdf", minixdf, true),
	FLAG("bsddf", minixdf, false),
	FLAG("auto_da_alloc", auto_da_alloc, true),
	FLAG("noauto_da_alloc", auto_da_alloc, false),
};

/* What is always so here, and what Linux itself no longer heeds. */
static const char *const always[] = { "barrier",	"delalloc",
				      "noacl",		"noinit_itable",
				      "block_validity", "nojournal_checksum",
				      "nombcache",	"nolazytime",
				      "noquota",	"defaults",
				      "i_version",	"orlov",
				      "oldalloc",	"bh",
				      "nobh",		"dioread_nolock",
				      "dioread_lock",	"prefetch_block_bitmaps" };

static int set_flag(struct ext_mount_options *o, const char *key)
{
	return option_is_one_of(always, key) ? 0
					     : option_set_flag(flags, ARRAY_SIZE(flags), o, key);
}

/* How fast, not what: taken and not used. */
static const char *const hints[] = { "stripe", "max_batch_time", "min_batch_time",
				     "inode_readahead_blks", "journal_ioprio" };

static int set_number(struct ext_mount_options *o, const char *key, u64 n)
{
	if (n > COMMIT_MAX_S && strcmp(key, "sb") != 0)
		return -EINVAL;
	if (!strcmp(key, "sb"))
		o->p.sb_block = n;
	else if (!strcmp(key, "commit"))
		o->commit_s = n ? (u32)n : COMMIT_DEFAULT_S;
	else if (!strcmp(key, "resuid"))
		o->resuid = (u32)n;
	else if (!strcmp(key, "resgid"))
		o->resgid = (u32)n;
	else if (!strcmp(key, "auto_da_alloc"))
		o->auto_da_alloc = n;
	else if (!strcmp(key, "barrier"))
		return n ? 0 : -EINVAL;
	else
		return option_is_one_of(hints, key) ? 0 : -EINVAL;
	return 0;
}

static int set_value(struct ext_mount_options *o, const char *key, const char *value)
{
	u64 n = 0;

	if (!strcmp(key, "errors"))
		return set_errors(o, value) ? 0 : -EINVAL;
	if (!strcmp(key, "data"))
		return strcmp(value, "ordered") ? -EINVAL : 0;
	return parse_u64(value, 10, &n, NULL) ? -EINVAL : set_number(o, key, n);
}

static int set_option(struct ext_mount_options *o, char *one)
{
	char *eq = strchr(one, '=');
	int err;

	if (eq)
		*eq = 0;
	err = eq ? set_value(o, one, eq + 1) : set_flag(o, one);
	if (err)
		pr_err("mount option %s%s%s is not supported", one, eq ? "=" : "",
		       eq ? eq + 1 : "");
	return err;
}

static int parse_options(struct ext_mount_options *o, const char *text)
{
	char one[128];
	int err;

	while ((err = option_next(&text, one, sizeof(one))) > 0) {
		err = set_option(o, one);
		if (err)
			break;
	}
	return err;
}

void ext_show_options(struct super *sb, char *buf, usize size);
void ext_show_options(struct super *sb, char *buf, usize size)
{
	static const char *const names[] = { "", "", ",errors=remount-ro", ",errors=panic" };
	const struct ext_super *es = to_ext(sb);
	usize n = 0;

	buf[0] = 0;
	if (es->opt.p.errors <= ERRORS_PANIC)
		n = fmt_append(buf, size, n, "%s", names[es->opt.p.errors]);
	if (es->opt.minixdf)
		n = fmt_append(buf, size, n, ",minixdf");
	if (es->opt.grpid)
		n = fmt_append(buf, size, n, ",grpid");
	if (!es->opt.user_xattr)
		n = fmt_append(buf, size, n, ",nouser_xattr");
	if (!es->opt.auto_da_alloc)
		n = fmt_append(buf, size, n, ",noauto_da_alloc");
	if (es->opt.discard)
		n = fmt_append(buf, size, n, ",discard");
	if (es->opt.p.no_load)
		n = fmt_append(buf, size, n, ",norecovery");
	if (es->opt.resuid != U32_MAX && es->opt.resuid != es->fs->sb->def_resuid)
		n = fmt_append(buf, size, n, ",resuid=%u", es->opt.resuid);
	if (es->opt.resgid != U32_MAX && es->opt.resgid != es->fs->sb->def_resgid)
		n = fmt_append(buf, size, n, ",resgid=%u", es->opt.resgid);
	if (es->opt.commit_s != COMMIT_DEFAULT_S)
		fmt_append(buf, size, n, ",commit=%u", es->opt.commit_s);
}

/* ---- what the core asks ---- */

static struct ext_super *of_fs(struct ext_fs *fs) { return fs->hooks.owner; }

static bool privileged(struct ext_fs *fs)
{
	const struct ext_mount_options *o = &of_fs(fs)->opt;
	const struct cred *c = current_cred();
	u32 uid = o->resuid == U32_MAX ? fs->sb->def_resuid : o->resuid,
	    gid = o->resgid == U32_MAX ? fs->sb->def_resgid : o->resgid;

	return cred_has(c, CAP_SYS_RESOURCE) || c->fsuid.v == uid ||
	       (gid && cred_in_group(c, (kgid_t){ gid }));
}

static void went_read_only(struct ext_fs *fs)
{
	struct super *sb = of_fs(fs)->sb;

	__atomic_fetch_or(&sb->flags, MS_RDONLY, __ATOMIC_RELAXED);
}

static void discard(struct ext_fs *fs, u64 block, u64 n)
{
	struct ext_super *es = of_fs(fs);
	u32 shift = fs->block_bits - SECTOR_SHIFT;

	if (es->opt.discard && blkdev_discard(es->dev, block << shift, n << shift))
		es->opt.discard = false; /* the device cannot */
}

static const struct ext_hooks hooks = {
	.privileged = privileged,
	.went_read_only = went_read_only,
	.discard = discard,
	.flush_data = ext_flush_ordered,
};

/* ---- mounting ---- */

static int make_root(struct super *sb)
{
	struct vnode *root;
	int err = ext_iget(sb, EXT_ROOT_INO, &root);

	if (err)
		return err;
	if (!vnode_is_dir(root)) {
		vnode_put(root);
		return ext_corrupt(to_ext(sb)->fs, EXT_ROOT_INO, 0, "the root is no directory");
	}
	sb->root = dentry_alloc_root(sb, root);
	return sb->root ? 0 : -ENOMEM;
}

static struct ext_super *new_super(struct super *sb)
{
	struct ext_super *es = knew(struct ext_super);

	if (!es)
		return NULL;
	es->sb = sb;
	es->opt = (struct ext_mount_options){ .commit_s = COMMIT_DEFAULT_S,
					      .user_xattr = true,
					      .auto_da_alloc = true };
	es->opt.resuid = es->opt.resgid = U32_MAX;
	spin_init(&es->cache_lock, RANK_EXT_SPIN);
	xa_init(&es->nodes, &vmo_xa_mem);
	waitq_init(&es->gone);
	for (u32 n = 0; n < IGET_LOCKS; n++)
		mutex_init(&es->iget[n], RANK_EXT_IGET);
	page_io_group_init(&es->ordered[0]);
	page_io_group_init(&es->ordered[1]);
	sb->private = es;
	sb->ops = &ext_super_ops; /* from now on shutdown() cleans up */
	return es;
}

static void set_interval(struct ext_super *es)
{
	if (es->fs->j)
		journal_set_interval(es->fs->j, es->opt.commit_s * NSEC_PER_SEC);
}

static int finish_mount(struct super *sb, struct ext_super *es)
{
	u32 deleted, truncated;
	int err = ext_orphan_cleanup(es->fs, &deleted, &truncated);

	if (err)
		pr_err("%s: orphans were left: %d", es->fs->name, err);
	sb->block_size = es->fs->block_size;
	sb->max_bytes = ext_max_file_size(es->fs, ext_has_extents(es->fs));
	sb->dev = es->dev->dev;
	set_interval(es);
	if (ext_is_read_only(es->fs))
		sb->flags |= MS_RDONLY;
	return make_root(sb);
}

static int mount_as(struct super *sb, const char *source, const char *options,
		    struct ext_params features)
{
	struct ext_super *es = new_super(sb);
	struct ext_hooks mine = hooks;
	int err;

	if (!es)
		return -ENOMEM;
	ext_node_init();
	es->opt.p = features;
	err = parse_options(&es->opt, options);
	if (!err)
		err = blkdev_claim_path(source, es->sb, &es->dev);
	if (err)
		return err;
	mine.owner = es;
	es->opt.p.hooks = &mine;
	es->opt.p.read_only = sb->flags & MS_RDONLY;
	err = ext_mount(es->dev, &es->opt.p, &es->fs);
	return err ? err : finish_mount(sb, es);
}

static int ext4_mount(struct super *sb, const char *source, const char *options)
{
	return mount_as(sb, source, options, (struct ext_params){ 0 });
}

#define OLD_RO (RO_SPARSE_SUPER | RO_LARGE_FILE | RO_BTREE_DIR)

static int ext3_mount(struct super *sb, const char *source, const char *options)
{
	struct ext_params p = {
		.may_incompat = INCOMPAT_FILETYPE | INCOMPAT_RECOVER | INCOMPAT_META_BG,
		.may_ro = OLD_RO,
		.must_compat = COMPAT_HAS_JOURNAL,
	};

	return mount_as(sb, source, options, p);
}

static int ext2_mount(struct super *sb, const char *source, const char *options)
{
	return mount_as(sb, source, options,
			(struct ext_params){ .may_incompat = INCOMPAT_FILETYPE | INCOMPAT_META_BG,
					     .may_ro = OLD_RO });
}

static int remount(struct super *sb, u32 ms_flags, const char *options)
{
	struct ext_super *es = to_ext(sb);
	struct ext_mount_options o = es->opt;
	int err = parse_options(&o, options);

	if (err)
		return err;
	if (o.p.sb_block != es->opt.p.sb_block || o.p.no_load != es->opt.p.no_load)
		return -EINVAL;
	if (ms_flags & MS_RDONLY && !ext_is_read_only(es->fs))
		err = sb->ops->sync(sb, true);
	if (!err)
		err = ext_remount(es->fs, ms_flags & MS_RDONLY);
	if (err)
		return err;
	if (o.p.errors)
		es->fs->errors = o.p.errors;
	es->opt = o;
	set_interval(es);
	return 0;
}

FSTYPE(ext4, .flags = FS_NEEDS_DEVICE, .magic = EXT_SUPER_MAGIC, .mount = ext4_mount,
       .remount = remount);
FSTYPE(ext3, .flags = FS_NEEDS_DEVICE, .magic = EXT_SUPER_MAGIC, .mount = ext3_mount,
       .remount = remount);
FSTYPE(ext2, .flags = FS_NEEDS_DEVICE, .magic = EXT_SUPER_MAGIC, .mount = ext2_mount,
       .remount = remount);
