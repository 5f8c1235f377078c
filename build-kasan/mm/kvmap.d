build-kasan/mm/kvmap.o: mm/kvmap.c build-kasan/gen/config.h mm/kvmap.h \
 kernel/lib/compiler.h kernel/lib/types.h arch/arm64/include/arch/cpu.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h \
 kernel/printk.h kernel/lib/list.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h mm/page.h mm/slab.h
build-kasan/gen/config.h:
mm/kvmap.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/printk.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
mm/page.h:
mm/slab.h:
