build-kasan/drivers/rtc/pl031.o: drivers/rtc/pl031.c \
 build-kasan/gen/config.h drivers/driver.h kernel/irq.h \
 kernel/lib/compiler.h kernel/lib/types.h kernel/lib/list.h \
 kernel/lib/set.h kernel/clock.h
build-kasan/gen/config.h:
drivers/driver.h:
kernel/irq.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/list.h:
kernel/lib/set.h:
kernel/clock.h:
