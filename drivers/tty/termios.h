/* SPDX-License-Identifier: MIT */
/* termios.h - terminal settings: Linux's bits and indexes (asm-generic), values only. compat/ lays
 * out the structures. Ref: termios(3). */
#pragma once

#include <kernel/lib/compiler.h>

enum termios_cc {
	VINTR,
	VQUIT,
	VERASE,
	VKILL,
	VEOF,
	VTIME,
	VMIN,
	VSWTC,
	VSTART,
	VSTOP,
	VSUSP,
	VEOL,
	VREPRINT,
	VDISCARD,
	VWERASE,
	VLNEXT,
	VEOL2,
	NCCS = 19
};

/* iflag */
#define IGNBRK	0x0001u
#define BRKINT	0x0002u
#define IGNPAR	0x0004u
#define PARMRK	0x0008u
#define INPCK	0x0010u
#define ISTRIP	0x0020u
#define INLCR	0x0040u
#define IGNCR	0x0080u
#define ICRNL	0x0100u
#define IUCLC	0x0200u
#define IXON	0x0400u
#define IXANY	0x0800u
#define IXOFF	0x1000u
#define IMAXBEL 0x2000u
#define IUTF8	0x4000u

/* oflag */
#define OPOST  0x0001u
#define OLCUC  0x0002u
#define ONLCR  0x0004u
#define OCRNL  0x0008u
#define ONOCR  0x0010u
#define ONLRET 0x0020u
#define TABDLY 0x1800u
#define XTABS  0x1800u

/* cflag */
#define CBAUD	0x100fu
#define B38400	0x000fu
#define B115200 0x1002u
#define CSIZE	0x0030u
#define CS8	0x0030u
#define CREAD	0x0080u
#define PARENB	0x0100u
#define HUPCL	0x0400u
#define CLOCAL	0x0800u
#define BOTHER	0x1000u

/* lflag */
#define ISIG	0x0001u
#define ICANON	0x0002u
#define XCASE	0x0004u
#define ECHO	0x0008u
#define ECHOE	0x0010u
#define ECHOK	0x0020u
#define ECHONL	0x0040u
#define NOFLSH	0x0080u
#define TOSTOP	0x0100u
#define ECHOCTL 0x0200u
#define ECHOPRT 0x0400u
#define ECHOKE	0x0800u
#define FLUSHO	0x1000u
#define PENDIN	0x4000u
#define IEXTEN	0x8000u
#define EXTPROC 0x10000u

struct termios_k {
	u32 iflag, oflag, cflag, lflag;
	u8 line;
	u8 cc[NCCS];
	u32 ispeed, ospeed;
};

/* What a terminal starts with: sane cooked mode, 38400 8n1. */
#define TERMIOS_DEFAULT {								\
	.iflag = ICRNL | IXON, .oflag = OPOST | ONLCR,					\
		.cflag = B38400 | CS8 | CREAD,						\
	.lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,	\
	.cc = { 3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0 },		\
	.ispeed = 38400, .ospeed = 38400 }
