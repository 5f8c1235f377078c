build-kasan/kernel/futex.o: kernel/futex.c build-kasan/gen/config.h \
 kernel/futex.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/thread.h arch/arm64/include/arch/atomic.h \
 arch/arm64/include/arch/uaccess.h kernel/lib/list.h kernel/rcu.h \
 arch/arm64/include/arch/barrier.h kernel/spinlock.h \
 arch/arm64/include/arch/irqflags.h kernel/lockrank.h kernel/sched.h \
 kernel/task.h arch/arm64/include/arch/cpu.h kernel/lib/rbtree.h \
 kernel/signal.h kernel/uapi.h kernel/timer.h kernel/waitq.h mm/aspace.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h kernel/mutex.h mm/vma.h mm/slab.h \
 mm/page.h mm/vmo.h kernel/lib/xarray.h
build-kasan/gen/config.h:
kernel/futex.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/uaccess.h:
kernel/lib/list.h:
kernel/rcu.h:
arch/arm64/include/arch/barrier.h:
kernel/spinlock.h:
arch/arm64/include/arch/irqflags.h:
kernel/lockrank.h:
kernel/sched.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/rbtree.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
kernel/waitq.h:
mm/aspace.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/mutex.h:
mm/vma.h:
mm/slab.h:
mm/page.h:
mm/vmo.h:
kernel/lib/xarray.h:
