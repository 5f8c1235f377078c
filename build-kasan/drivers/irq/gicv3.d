build-kasan/drivers/irq/gicv3.o: drivers/irq/gicv3.c \
 build-kasan/gen/config.h arch/arm64/include/arch/barrier.h \
 kernel/lib/compiler.h kernel/lib/types.h arch/arm64/include/arch/cpu.h \
 arch/arm64/include/arch/percpu.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h drivers/driver.h kernel/irq.h \
 kernel/lib/list.h kernel/lib/set.h kernel/printk.h kernel/spinlock.h \
 arch/arm64/include/arch/irqflags.h kernel/lockrank.h kernel/uapi.h
build-kasan/gen/config.h:
arch/arm64/include/arch/barrier.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/percpu.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
drivers/driver.h:
kernel/irq.h:
kernel/lib/list.h:
kernel/lib/set.h:
kernel/printk.h:
kernel/spinlock.h:
arch/arm64/include/arch/irqflags.h:
kernel/lockrank.h:
kernel/uapi.h:
