build-kasan/mm/slab.o: mm/slab.c build-kasan/gen/config.h mm/slab.h \
 kernel/lib/compiler.h kernel/lib/types.h mm/page.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h \
 kernel/lib/list.h arch/arm64/include/arch/cpu.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/percpu.h \
 kernel/kasan.h kernel/lib/fmt.h kernel/lib/string.h kernel/printk.h \
 kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h
build-kasan/gen/config.h:
mm/slab.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/lib/list.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/percpu.h:
kernel/kasan.h:
kernel/lib/fmt.h:
kernel/lib/string.h:
kernel/printk.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
