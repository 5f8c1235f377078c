build-kasan/arch/arm64/timer.o: arch/arm64/timer.c \
 build-kasan/gen/config.h arch/arm64/include/arch/cpu.h \
 kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/irq.h kernel/lib/fdt.h \
 kernel/printk.h kernel/lib/list.h kernel/trap.h
build-kasan/gen/config.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/irq.h:
kernel/lib/fdt.h:
kernel/printk.h:
kernel/lib/list.h:
kernel/trap.h:
