/* SPDX-License-Identifier: MIT */
/* path.h - a place in the tree: a name below a mount, and what whoever got here may do from here
 * on. */
#pragma once

#include <kernel/lib/compiler.h>

struct dentry;
struct mount;

struct path {
	struct mount *mount;	/* a reference each, unless borrowed under RCU */
	struct dentry *dentry;
	u32 rights;		/* RIGHT_*: what the handle the walk began at carries */
};

void path_get(const struct path *p);
void path_put(struct path *p);		/* also of a zeroed one */
#define auto_dir __cleanup(path_put)	/* declare as: auto_dir struct path p = {}; */

static inline bool path_equal(const struct path *a, const struct path *b)
{
	return a->dentry == b->dentry && a->mount == b->mount;
}
