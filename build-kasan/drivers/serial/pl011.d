build-kasan/drivers/serial/pl011.o: drivers/serial/pl011.c \
 build-kasan/gen/config.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/atomic.h kernel/lib/compiler.h \
 kernel/lib/types.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h drivers/driver.h kernel/irq.h \
 kernel/lib/list.h kernel/lib/set.h drivers/serial/pl011.h \
 drivers/tty/tty.h drivers/tty/ldisc.h drivers/tty/termios.h \
 kernel/lib/bitmap.h kernel/mutex.h kernel/waitq.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/object.h \
 kernel/workq.h fs/chrdev.h kernel/cmdline.h kernel/lib/fdt.h \
 kernel/lib/fmt.h kernel/lib/string.h kernel/panic.h kernel/printk.h \
 kernel/uapi.h mm/slab.h mm/page.h
build-kasan/gen/config.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
drivers/driver.h:
kernel/irq.h:
kernel/lib/list.h:
kernel/lib/set.h:
drivers/serial/pl011.h:
drivers/tty/tty.h:
drivers/tty/ldisc.h:
drivers/tty/termios.h:
kernel/lib/bitmap.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/object.h:
kernel/workq.h:
fs/chrdev.h:
kernel/cmdline.h:
kernel/lib/fdt.h:
kernel/lib/fmt.h:
kernel/lib/string.h:
kernel/panic.h:
kernel/printk.h:
kernel/uapi.h:
mm/slab.h:
mm/page.h:
