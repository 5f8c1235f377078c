build-kasan/compat/vdso_map.o: compat/vdso_map.c build-kasan/gen/config.h \
 compat/vdso.h kernel/lib/compiler.h kernel/lib/types.h \
 compat/vdso/data.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/cpu.h kernel/clock.h kernel/lib/string.h \
 kernel/printk.h kernel/lib/list.h kernel/uapi.h mm/aspace.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h \
 kernel/mutex.h kernel/waitq.h kernel/spinlock.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 kernel/lockrank.h mm/vma.h kernel/lib/rbtree.h mm/page.h
build-kasan/gen/config.h:
compat/vdso.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
compat/vdso/data.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/cpu.h:
kernel/clock.h:
kernel/lib/string.h:
kernel/printk.h:
kernel/lib/list.h:
kernel/uapi.h:
mm/aspace.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/spinlock.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
mm/vma.h:
kernel/lib/rbtree.h:
mm/page.h:
