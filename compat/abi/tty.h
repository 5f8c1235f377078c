/* SPDX-License-Identifier: MIT */
/* tty.h - terminal ioctl numbers and layouts. Ref: ioctl_tty(2); Linux asm-generic/ioctls.h,
 * termbits.h. */
#pragma once

#include <kernel/lib/compiler.h>

#define ABI_TCGETS	0x5401u
#define ABI_TCSETS	0x5402u
#define ABI_TCSETSW	0x5403u
#define ABI_TCSETSF	0x5404u
#define ABI_TCGETA	0x5405u
#define ABI_TCSETA	0x5406u
#define ABI_TCSETAW	0x5407u
#define ABI_TCSETAF	0x5408u
#define ABI_TCSBRK	0x5409u
#define ABI_TCXONC	0x540au
#define ABI_TCFLSH	0x540bu
#define ABI_TIOCEXCL	0x540cu
#define ABI_TIOCNXCL	0x540du
#define ABI_TIOCSCTTY	0x540eu
#define ABI_TIOCGPGRP	0x540fu
#define ABI_TIOCSPGRP	0x5410u
#define ABI_TIOCOUTQ	0x5411u
#define ABI_TIOCSTI	0x5412u
#define ABI_TIOCGWINSZ	0x5413u
#define ABI_TIOCSWINSZ	0x5414u
#define ABI_TIOCMGET	0x5415u
#define ABI_TIOCMBIS	0x5416u
#define ABI_TIOCMBIC	0x5417u
#define ABI_TIOCMSET	0x5418u
#define ABI_TIOCGSOFTCAR 0x5419u
#define ABI_TIOCSSOFTCAR 0x541au
#define ABI_FIONREAD	0x541bu
#define ABI_TIOCCONS	0x541du
#define ABI_TIOCGSERIAL 0x541eu
#define ABI_TIOCPKT	0x5420u
#define ABI_TIOCNOTTY	0x5422u
#define ABI_TIOCSETD	0x5423u
#define ABI_TIOCGETD	0x5424u
#define ABI_TCSBRKP	0x5425u
#define ABI_TIOCSBRK	0x5427u
#define ABI_TIOCCBRK	0x5428u
#define ABI_TIOCGSID	0x5429u
#define ABI_TCGETS2	0x802c542au
#define ABI_TCSETS2	0x402c542bu
#define ABI_TCSETSW2	0x402c542cu
#define ABI_TCSETSF2	0x402c542du
#define ABI_TIOCGPTN	0x80045430u
#define ABI_TIOCSPTLCK	0x40045431u
#define ABI_TIOCGDEV	0x80045432u
#define ABI_TIOCSIG	0x40045436u
#define ABI_TIOCVHANGUP 0x5437u
#define ABI_TIOCGPKT	0x80045438u
#define ABI_TIOCGPTLCK	0x80045439u
#define ABI_TIOCGEXCL	0x80045440u
#define ABI_TIOCGPTPEER 0x5441u

struct abi_termios {
	u32 iflag, oflag, cflag, lflag;
	u8 line, cc[19];
};
static_assert(sizeof(struct abi_termios) == 36, "termios");

struct abi_termios2 {
	struct abi_termios t;
	u32 ispeed, ospeed;
};
static_assert(sizeof(struct abi_termios2) == 44, "termios2");

struct abi_termio {
	u16 iflag, oflag, cflag, lflag;
	u8 line, cc[8];
};
static_assert(sizeof(struct abi_termio) == 18, "termio");

struct abi_winsize {
	u16 row, col, xpixel, ypixel;
};
static_assert(sizeof(struct abi_winsize) == 8, "winsize");
