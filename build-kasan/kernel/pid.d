build-kasan/kernel/pid.o: kernel/pid.c build-kasan/gen/config.h \
 kernel/task.h arch/arm64/include/arch/cpu.h kernel/lib/compiler.h \
 kernel/lib/types.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/lib/list.h kernel/lib/rbtree.h \
 kernel/rcu.h arch/arm64/include/arch/barrier.h kernel/spinlock.h \
 arch/arm64/include/arch/irqflags.h kernel/lockrank.h kernel/signal.h \
 kernel/uapi.h kernel/timer.h kernel/waitq.h kernel/family.h \
 kernel/lib/xarray.h kernel/printk.h mm/slab.h mm/page.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h mm/vmo.h
build-kasan/gen/config.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/list.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
arch/arm64/include/arch/barrier.h:
kernel/spinlock.h:
arch/arm64/include/arch/irqflags.h:
kernel/lockrank.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
kernel/waitq.h:
kernel/family.h:
kernel/lib/xarray.h:
kernel/printk.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
mm/vmo.h:
