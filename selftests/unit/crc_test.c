/* SPDX-License-Identifier: MIT */
/* crc: the check values that the catalogues give, RFC 3720's examples, and pieces against the
 * whole. */
#include <kernel/lib/crc.h>
#include <kernel/lib/string.h>

#include "unit.h"

TEST(known_values)
{
	u8 b[32];

	EXPECT_EQ(0xe3069283, ~crc32c(~0u, "123456789", 9));
	EXPECT_EQ(0xbb3d, crc16(0, "123456789", 9));
	EXPECT_EQ(0xcbf43926u, ~crc32_ieee(~0u, "123456789", 9));
	EXPECT_EQ(0xfc891918u, ~crc32_be(~0u, "123456789", 9));
	memset(b, 0, sizeof(b));
	EXPECT_EQ(0x8a9136aa, ~crc32c(~0u, b, sizeof(b)));
	memset(b, 0xff, sizeof(b));
	EXPECT_EQ(0x62a8ab43, ~crc32c(~0u, b, sizeof(b)));
	EXPECT_EQ(7, crc32c(7, b, 0));
}

TEST(pieces)
{
	u8 b[300];

	for (u32 i = 0; i < sizeof(b); i++)
		b[i] = (u8)(host_random() >> 30);
	for (u32 i = 0; i < sizeof(b); i++) {
		EXPECT_EQ(crc32c(1, b, sizeof(b)), crc32c(crc32c(1, b, i), b + i, sizeof(b) - i));
		EXPECT_EQ(crc16(1, b, sizeof(b)), crc16(crc16(1, b, i), b + i, sizeof(b) - i));
	}
}
