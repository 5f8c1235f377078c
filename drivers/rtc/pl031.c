/* SPDX-License-Identifier: MIT */
/* pl031.c - Arm PrimeCell real-time clock: a counter of seconds. Ref: Arm DDI0224 s3.3. */
#include <drivers/driver.h>
#include <kernel/clock.h>

#define RTC_DATA 0x000

static volatile u8 *regs __ro_after_init;

static int pl031_read(s64 *unix_seconds)
{
	*unix_seconds = mmio_read32(regs + RTC_DATA);
	return 0;
}

static const struct rtc_ops pl031_ops = { .name = "pl031", .read = pl031_read };

static int pl031_probe(struct device *d)
{
	volatile void *p;
	int err = dev_map(d, 0, &p);

	if (err)
		return err;
	regs = p;
	clock_register_rtc(&pl031_ops);
	return 0;
}

DRIVER(pl031, .compatible = COMPATIBLE("arm,pl031"), .probe = pl031_probe);
