/* SPDX-License-Identifier: MIT */
/* time.c - dates of FAT: local time since 1980 in steps of two seconds, ten milliseconds or a day.
 * What lies outside is kept as the nearest date there is.
 * Locks: none. Ref: the specification, section 6.3; mount(8) "tz", "time_offset". Tests:
 * selftests/unit/fat_name_test.c
 */
#include <fs/fat/fat.h>
#include <kernel/lib/byteorder.h>

#define DAY	   86400l
#define TO_1980	   3652l	/* days from 1970 */
#define MAX_YEARS  127u		/* 2107 */
#define NSEC_PER_CS 10000000u

static bool is_leap(u32 year)	/* since 1980 */
{
	return year % 4 == 0 && year != 120;	/* 2100 */
}

static u32 days_before(u32 year)
{
	return year * 365 + (year + 3) / 4 - (year > 120);
}

static u32 month_days(u32 year, u32 month)	/* from 1 */
{
	static const u8 days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

struct fat_time fat_time_from(const struct fat_fs *fs, const u8 *date, const u8 *time, u8 cs)
{
	u32 d = get_le16(date), t = time ? get_le16(time) : 0, year = d >> 9,
	    month = max(1u, d >> 5 & 0xf), day = max(1u, d & 0x1f);
	s64 days = TO_1980 + days_before(year) + day - 1;
	struct fat_time out;

	for (u32 m = 1; m < min(month, 13u); m++)
		days += month_days(year, m);
	out.sec = days * DAY + (t >> 11) * 3600 + (t >> 5 & 0x3f) * 60 + (t & 0x1f) * 2 + cs / 100;
	out.sec -= fs->opt.time_offset * 60l;
	out.nsec = cs % 100 * NSEC_PER_CS;
	return out;
}

void fat_time_to(const struct fat_fs *fs, struct fat_time t, u8 *date, u8 *time, u8 *cs)
{
	s64 local = t.sec + fs->opt.time_offset * 60l, since = local - TO_1980 * DAY;
	u32 year = 0, month = 1, days, seconds, hundredths = 0;
	u16 d, h;

	if (since < 0) {
		d = 1 << 5 | 1;
		h = 0;
	} else if ((u64)since >= (u64)days_before(MAX_YEARS + 1) * DAY) {
		d = MAX_YEARS << 9 | 12 << 5 | 31;
		h = 23 << 11 | 59 << 5 | 29;
		hundredths = 199;
	} else {
		days = (u32)(since / DAY);
		seconds = (u32)(since % DAY);
		while (days_before(year + 1) <= days)
			year++;
		for (days -= days_before(year); days >= month_days(year, month); month++)
			days -= month_days(year, month);
		d = (u16)(year << 9 | month << 5 | (days + 1));
		h = (u16)(seconds / 3600 << 11 | seconds / 60 % 60 << 5 | seconds % 60 / 2);
		hundredths = seconds % 2 * 100 + t.nsec / NSEC_PER_CS;
	}
	put_le16(date, d);
	if (time)
		put_le16(time, h);
	if (cs)
		*cs = (u8)hundredths;
}

/* What lies outside becomes the nearest time that can be kept. */
static struct fat_time clamp(const struct fat_fs *fs, struct fat_time t)
{
	s64 first = TO_1980 * DAY - fs->opt.time_offset * 60l,
	    past = first + (s64)days_before(MAX_YEARS + 1) * DAY;

	return t.sec < first   ? (struct fat_time){ first, 0 }
	       : t.sec >= past ? (struct fat_time){ past - 1, 0 }
			       : t;
}

struct fat_time fat_time_day(const struct fat_fs *fs, struct fat_time at)
{
	struct fat_time t = clamp(fs, at);
	s64 local = t.sec + fs->opt.time_offset * 60l, day = local / DAY;

	return (struct fat_time){ day * DAY - fs->opt.time_offset * 60l, 0 };
}

struct fat_time fat_time_even(const struct fat_fs *fs, struct fat_time t)
{
	return (struct fat_time){ clamp(fs, t).sec & ~1l, 0 };
}
