build-kasan/mm/aspace.o: mm/aspace.c build-kasan/gen/config.h mm/aspace.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 kernel/lib/compiler.h kernel/lib/types.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h kernel/mutex.h kernel/waitq.h \
 kernel/lib/list.h kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 kernel/lockrank.h mm/vma.h kernel/lib/rbtree.h kernel/uapi.h \
 kernel/cred.h kernel/file.h kernel/object.h kernel/rcu.h kernel/task.h \
 arch/arm64/include/arch/cpu.h kernel/signal.h kernel/timer.h \
 kernel/workq.h kernel/printk.h kernel/rights.h kernel/sched.h \
 kernel/trap.h mm/aspace_int.h mm/page.h mm/slab.h mm/vmo.h \
 kernel/lib/xarray.h mm/zap.h
build-kasan/gen/config.h:
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
kernel/cred.h:
kernel/file.h:
kernel/object.h:
kernel/rcu.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/signal.h:
kernel/timer.h:
kernel/workq.h:
kernel/printk.h:
kernel/rights.h:
kernel/sched.h:
kernel/trap.h:
mm/aspace_int.h:
mm/page.h:
mm/slab.h:
mm/vmo.h:
kernel/lib/xarray.h:
mm/zap.h:
