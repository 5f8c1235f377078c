build-kasan/kernel/power.o: kernel/power.c build-kasan/gen/config.h \
 kernel/power.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/cpu.h kernel/irq.h kernel/printk.h \
 kernel/lib/list.h kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lockrank.h
build-kasan/gen/config.h:
kernel/power.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/cpu.h:
kernel/irq.h:
kernel/printk.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lockrank.h:
