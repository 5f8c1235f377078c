/* SPDX-License-Identifier: MIT */
/* modules: @fat */
/* Mount options of vfat: each is kept and shown, or refused. */
#include <fs/fat/fat.h>
#include <kernel/lib/string.h>
#include <kernel/uapi.h>

#include "imgdev.h"

static const char *shown(const char *text)
{
	static char out[300];
	struct fat_options o = {
		.fmask = 022, .dmask = 022, .shortname = SHORT_MIXED, .check = 'n'
	};

	if (fat_options_parse(&o, text))
		return "refused";
	fat_options_show(&o, out, sizeof(out));
	return out;
}

#define REST "codepage=437,iocharset=ascii,shortname="

TEST(shown)
{
	EXPECT_STREQ(",fmask=0022,dmask=0022," REST "mixed,utf8,errors=remount-ro", shown(""));
	EXPECT_STREQ(",fmask=0022,dmask=0022," REST "mixed,utf8,errors=remount-ro", shown(NULL));
	EXPECT_STREQ(",uid=5,gid=6,fmask=0111,dmask=0007," REST
		     "winnt,quiet,showexec,utf8,tz=UTC,errors=continue",
		     shown("uid=5,gid=6,umask=7,fmask=111,shortname=winnt,quiet,showexec,tz=UTC,"
			   "errors=continue,,utf8,codepage=437"));
	EXPECT_STREQ(
		",fmask=0022,dmask=0022," REST
		"lower,check=s,usefree,sys_immutable,utf8,nonumtail,rodir,flush,time_offset=-60,"
		"errors=panic,discard",
		shown("shortname=lower,check=strict,usefree,sys_immutable,nonumtail,rodir,flush,"
		      "time_offset=-60,errors=panic,discard"));
	EXPECT_STREQ(",fmask=0022,dmask=0022,codepage=437,iocharset=utf8,shortname=win95,check=r,"
		     "utf8,errors=remount-ro",
		     shown("iocharset=utf8,shortname=win95,check=r"));
	EXPECT_STREQ(",fmask=0022,dmask=0000," REST "mixed,utf8,errors=remount-ro",
		     shown("dmask=0,check=normal"));
}

TEST(refused)
{
	static const char *const bad[] = {
		"nonsense",
		"uid=x",
		"uid=-1",
		"uid=4294967296",
		"shortname=big",
		"errors=ignore",
		"iocharset=koi8-r",
		"codepage=850",
		"tz=CET",
		"time_offset=1441",
		"umask=8",
		"check=x",
		"check=ab",
		"utf8=0",
		"quiet=1x",
		"xmask=2",
		"check=",
		"fmask",
		"a-word-that-is-longer-than-every-option-that-anybody-has-ever-had-for-this"
	};

	for (u32 n = 0; n < ARRAY_SIZE(bad); n++)
		if (strcmp("refused", shown(bad[n])))
			FAIL("%s was taken", bad[n]);
}

MAIN
