/* SPDX-License-Identifier: MIT */
/* readdir.c - the names of a directory that several layers make up, each once.
 *
 * A listing is kept with the directory and brought up to date when its names have changed. A name
 * keeps its place as long as it is there and a new one gets a higher place than all before it: a
 * reader who goes on sees none twice and misses none that stayed.
 *
 * Locks: D or d of the overlay > listing_lock > d of a layer. Ref: readdir(3), telldir(3), Linux
 * Documentation/filesystems/overlayfs.rst, "readdir". Tests: selftests/storage/run (overlay_...)
 */
#include "overlay.h"

#include <fs/dcache.h>
#include <kernel/file.h>
#include <kernel/lib/string.h>
#include <mm/slab.h>

#define FIRST_POS 3u		/* behind the dots */

struct entry {
	struct rb_node by_name, by_pos;
	u64 pos, ino, round;	/* round: of the update that saw it last */
	u32 len, d_type;
	bool hidden;		/* a whiteout */
	bool unsure;		/* DT_CHR of the layer being read: perhaps a whiteout */
	char name[];		/* zero-padded, for name_scan() */
};

static int compare(const char *a, u32 a_len, const char *b, u32 b_len)
{
	int c = memcmp(a, b, min(a_len, b_len));

	return c ? c : (int)a_len - (int)b_len;
}

static void free_entry(struct ovl_listing *l, struct entry *e)
{
	rb_erase(&l->by_name, &e->by_name);
	rb_erase(&l->by_pos, &e->by_pos);
	kfree(e);
}

void ovl_listing_free(struct ovl_listing *l)
{
	struct rb_node *n;

	while ((n = rb_take_leaf(&l->by_name)))
		kfree(rb_entry(n, struct entry, by_name));
	l->by_pos.root = NULL;
	l->valid = false;
}

/* The entry of this name, or where it belongs. */
static struct entry *find(struct ovl_listing *l, const char *name, u32 len, struct rb_node **parent,
			  struct rb_node ***link)
{
	*parent = NULL;
	*link = &l->by_name.root;
	while (**link) {
		struct entry *e = rb_entry(**link, struct entry, by_name);
		int c = compare(name, len, e->name, e->len);

		if (!c)
			return e;
		*parent = **link;
		*link = c < 0 ? &(**link)->left : &(**link)->right;
	}
	return NULL;
}

static void add_last(struct ovl_listing *l, struct entry *e)
{
	struct rb_node *last = rb_last(&l->by_pos);

	e->pos = FIRST_POS + l->next_pos++;
	rb_insert(&l->by_pos, &e->by_pos, last, last ? &last->right : &l->by_pos.root);
}

static int add(void *arg, const char *name, u32 len, u64 ino, u32 d_type)
{
	struct ovl_listing *l = arg;
	struct rb_node *parent, **link;
	struct entry *e = find(l, name, len, &parent, &link);

	if (e && e->round == l->round)
		return 0;		/* a layer above has it */
	if (!e) {
		e = kzalloc(sizeof(*e) + ALIGN_UP(len + 9, 8u));
		if (!e)
			return -ENOMEM;
		memcpy(e->name, name, len);
		e->len = len;
		rb_insert(&l->by_name, &e->by_name, parent, link);
		add_last(l, e);
	}
	e->round = l->round;
	e->ino = ino;
	e->d_type = d_type;
	e->hidden = false;
	e->unsure = d_type == DT_CHR;
	return 0;
}

static struct entry *next_by_name(struct entry *e)
{
	return rb_entry_or_null(rb_next(&e->by_name), struct entry, by_name);
}

static bool is_whiteout(struct dentry *dir, const char *name)
{
	auto_dentry struct dentry *d = NULL;
	struct name n = name_scan(name);

	return !real_lookup(dir, &n, &d) && d && real_is_whiteout(d->vnode);
}

/* One layer. What may be a whiteout is looked at when the directory is not locked any more. */
static int add_layer(struct ovl_listing *l, struct dentry *dir)
{
	struct entry *e;
	int err = real_readdir(dir->vnode, add, l);

	for (e = rb_entry_or_null(rb_first(&l->by_name), struct entry, by_name); e && !err;
	     e = next_by_name(e)) {
		if (e->unsure)
			e->hidden = is_whiteout(dir, e->name);
		e->unsure = false;
	}
	return err;
}

static void drop_unseen(struct ovl_listing *l)
{
	struct entry *e = rb_entry_or_null(rb_first(&l->by_name), struct entry, by_name), *next;

	for (; e; e = next) {
		next = next_by_name(e);
		if (e->round != l->round)
			free_entry(l, e);
	}
}

static int update(struct ovl_node *n)
{
	struct ovl_listing *l = &n->listing;
	struct dentry *u = ovl_upper(n);
	int err = 0;

	if (l->valid && l->version == n->version)
		return 0;
	l->round++;
	l->valid = false;
	if (u)
		err = add_layer(l, u);
	for (u32 i = 0; i < n->nr_lower && !err; i++)
		err = add_layer(l, n->lower[i].d);
	if (err)
		return err;
	drop_unseen(l);
	l->version = n->version;
	l->valid = true;
	return 0;
}

static struct entry *first_at(struct ovl_listing *l, u64 pos)
{
	struct rb_node *at = l->by_pos.root;
	struct entry *best = NULL;

	while (at) {
		struct entry *e = rb_entry(at, struct entry, by_pos);

		if (e->pos >= pos)
			best = e;
		at = e->pos >= pos ? at->left : at->right;
	}
	return best;
}

/* d_ino is st_ino of what is known already: a copy keeps the number of its original. */
static u64 shown_ino(struct dentry *dir, const struct entry *e)
{
	auto_dentry struct dentry *d = NULL;
	struct name n = name_scan(e->name);
	struct ovl_node *node;

	if (dir)
		d = dentry_find(dir, &n);
	if (!d || !d->vnode)
		return e->ino;
	node = to_ovl(d->vnode);
	return node->fixed_ino && (node->fs->one_dev || !vnode_is_dir(&node->v)) ? node->fixed_ino
										 : e->ino;
}

int ovl_readdir(struct vnode *dir, struct file *f, loff_t *pos, struct dir_emit *emit)
{
	struct ovl_node *n = to_ovl(dir);
	struct entry *e;
	int err;

	mutex_lock(&n->listing_lock);
	err = update(n);
	e = err ? NULL : first_at(&n->listing, (u64)*pos);
	while (e) {
		if (!e->hidden &&
		    !emit->entry(emit, e->name, e->len, shown_ino(f ? f->dentry : NULL, e),
				 e->d_type, (loff_t)e->pos + 1))
			break;
		*pos = (loff_t)e->pos + 1;
		e = rb_entry_or_null(rb_next(&e->by_pos), struct entry, by_pos);
	}
	mutex_unlock(&n->listing_lock);
	return err;
}

int ovl_check_empty(struct ovl_node *n)
{
	struct entry *e;
	int err;

	mutex_lock(&n->listing_lock);
	err = update(n);
	for (e = rb_entry_or_null(rb_first(&n->listing.by_name), struct entry, by_name); e && !err;
	     e = next_by_name(e))
		if (!e->hidden)
			err = -ENOTEMPTY;
	mutex_unlock(&n->listing_lock);
	return err;
}
