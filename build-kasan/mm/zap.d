build-kasan/mm/zap.o: mm/zap.c build-kasan/gen/config.h mm/zap.h \
 mm/aspace.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/atomic.h kernel/lib/compiler.h \
 kernel/lib/types.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h kernel/mutex.h kernel/waitq.h \
 kernel/lib/list.h kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 kernel/lockrank.h mm/vma.h kernel/lib/rbtree.h kernel/uapi.h mm/page.h \
 kernel/printk.h
build-kasan/gen/config.h:
mm/zap.h:
mm/aspace.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
mm/vma.h:
kernel/lib/rbtree.h:
kernel/uapi.h:
mm/page.h:
kernel/printk.h:
