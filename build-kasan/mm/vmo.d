build-kasan/mm/vmo.o: mm/vmo.c build-kasan/gen/config.h mm/vmo.h \
 kernel/lib/rbtree.h kernel/lib/compiler.h kernel/lib/types.h \
 kernel/lib/xarray.h kernel/rcu.h arch/arm64/include/arch/barrier.h \
 kernel/spinlock.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h arch/arm64/include/arch/atomic.h \
 kernel/lockrank.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h \
 kernel/lib/list.h kernel/lib/string.h kernel/uapi.h mm/aspace.h \
 kernel/mutex.h kernel/waitq.h mm/vma.h mm/iter.h mm/slab.h
build-kasan/gen/config.h:
mm/vmo.h:
kernel/lib/rbtree.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/xarray.h:
kernel/rcu.h:
arch/arm64/include/arch/barrier.h:
kernel/spinlock.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lockrank.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/lib/list.h:
kernel/lib/string.h:
kernel/uapi.h:
mm/aspace.h:
kernel/mutex.h:
kernel/waitq.h:
mm/vma.h:
mm/iter.h:
mm/slab.h:
