/* SPDX-License-Identifier: MIT */
/* cpio.c - the "newc" archive format.
 *
 * A member: 110 bytes of header (magic "070701", or "070702" with a sum of the bytes of the
 * contents, and thirteen numbers of eight hexadecimal digits), the name with its NUL, padding to 4,
 * the contents, padding to 4. The name TRAILER!!! ends an archive. Archives may follow each other,
 * with zeros between.
 *
 * Invariants: (1) pos <= size always; every pointer given out lies in [buf, buf + size).
 * Ref: Linux Documentation/driver-api/early-userspace/buffer-format.rst. Tests:
 * selftests/unit/cpio_test.c
 */
#include <kernel/lib/cpio.h>

#include <kernel/lib/string.h>

#define HEADER_LEN  110u
#define NR_FIELDS   13u
#define PATH_LIMIT  4096u
#define NAMELESS    (-1)	/* beside enum cpio_result: passed over */

enum field {
	INO,
	MODE,
	UID,
	GID,
	NLINK,
	MTIME,
	FILESIZE,
	DEVMAJOR,
	DEVMINOR,
	RDEVMAJOR,
	RDEVMINOR,
	NAMESIZE,
	CHECK
};

static bool parse_hex8(const u8 *s, u32 *out)
{
	u32 v = 0, i;

	for (i = 0; i < 8; i++) {
		u8 c = s[i];

		if (c >= '0' && c <= '9')
			v = v << 4 | (u32)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			v = v << 4 | (u32)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*out = v;
	return true;
}

static void skip_zeros(struct cpio *c)
{
	while (c->pos < c->size && !c->buf[c->pos])
		c->pos++;
}

static void fill(struct cpio_entry *e, const u32 f[NR_FIELDS])
{
	e->ino = f[INO];
	e->mode = f[MODE];
	e->uid = f[UID];
	e->gid = f[GID];
	e->nlink = f[NLINK];
	e->mtime = f[MTIME];
	e->size = f[FILESIZE];
	e->dev_major = f[DEVMAJOR];
	e->dev_minor = f[DEVMINOR];
	e->rdev_major = f[RDEVMAJOR];
	e->rdev_minor = f[RDEVMINOR];
}

/* The name and the contents after the header at h. A member whose name is none, or too long to be a
 * path, is passed over. */
static int locate(struct cpio *c, usize h, u32 namesize, struct cpio_entry *e)
{
	usize name = h + HEADER_LEN, data;

	if (namesize > c->size - name)
		return CPIO_TRUNCATED;
	data = ALIGN_UP(name + namesize, 4ul);
	if (data > c->size || e->size > c->size - data)
		return CPIO_TRUNCATED;
	if (namesize == 0 || namesize > PATH_LIMIT) {
		c->pos = min(ALIGN_UP(data + e->size, 4ul), c->size);
		return NAMELESS;
	}
	if (c->buf[name + namesize - 1])
		return CPIO_CORRUPT;
	e->name = (const char *)c->buf + name;
	e->name_len = strlen(e->name);
	e->data = c->buf + data;
	c->pos = min(ALIGN_UP(data + e->size, 4ul), c->size);
	return strcmp(e->name, "TRAILER!!!") ? CPIO_ENTRY : CPIO_TRAILER;
}

static int next_member(struct cpio *c, struct cpio_entry *e)
{
	u32 f[NR_FIELDS], i;
	usize h;

	skip_zeros(c);
	if (c->pos == c->size)
		return CPIO_END;
	h = c->pos;
	if (c->size - h < 6)
		return CPIO_BAD_MAGIC;
	if (memcmp(c->buf + h, "070701", 6) != 0 && memcmp(c->buf + h, "070702", 6) != 0)
		return CPIO_BAD_MAGIC;
	if (c->size - h < HEADER_LEN)
		return CPIO_TRUNCATED;
	for (i = 0; i < NR_FIELDS; i++)
		if (!parse_hex8(c->buf + h + 6 + 8 * i, &f[i]))
			return CPIO_CORRUPT;
	fill(e, f);
	e->has_sum = c->buf[h + 5] == '2';
	e->sum = f[CHECK];
	return locate(c, h, f[NAMESIZE], e);
}

enum cpio_result cpio_next(struct cpio *c, struct cpio_entry *e)
{
	int r;

	do {
		r = next_member(c, e);
	} while (r == NAMELESS);
	return (enum cpio_result)r;
}

bool cpio_sum_ok(const struct cpio_entry *e)
{
	u32 sum = 0;

	for (usize i = 0; i < e->size; i++)
		sum += e->data[i];
	return !e->has_sum || sum == e->sum;
}
