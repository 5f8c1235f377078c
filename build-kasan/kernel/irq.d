build-kasan/kernel/irq.o: kernel/irq.c build-kasan/gen/config.h \
 kernel/irq.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/cpu.h \
 arch/arm64/include/arch/frame.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/percpu.h kernel/panic.h kernel/printk.h \
 kernel/lib/list.h kernel/spinlock.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lockrank.h kernel/trap.h \
 kernel/uapi.h mm/slab.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h
build-kasan/gen/config.h:
kernel/irq.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/frame.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/percpu.h:
kernel/panic.h:
kernel/printk.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lockrank.h:
kernel/trap.h:
kernel/uapi.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
