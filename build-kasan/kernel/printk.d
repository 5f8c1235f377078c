build-kasan/kernel/printk.o: kernel/printk.c build-kasan/gen/config.h \
 kernel/printk.h kernel/lib/compiler.h kernel/lib/types.h \
 kernel/lib/list.h arch/arm64/include/arch/cpu.h \
 arch/arm64/include/arch/percpu.h kernel/cmdline.h kernel/lib/set.h \
 kernel/irq.h kernel/lib/fmt.h kernel/lib/string.h kernel/panic.h \
 kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lockrank.h kernel/uapi.h \
 kernel/waitq.h
build-kasan/gen/config.h:
kernel/printk.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/list.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/percpu.h:
kernel/cmdline.h:
kernel/lib/set.h:
kernel/irq.h:
kernel/lib/fmt.h:
kernel/lib/string.h:
kernel/panic.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lockrank.h:
kernel/uapi.h:
kernel/waitq.h:
