build-kasan/kernel/pidfd.o: kernel/pidfd.c build-kasan/gen/config.h \
 kernel/pidfd.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/uaccess.h kernel/handle.h kernel/file.h \
 kernel/mutex.h kernel/waitq.h kernel/lib/list.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h arch/arm64/include/arch/atomic.h \
 kernel/lockrank.h kernel/object.h kernel/rcu.h kernel/task.h \
 arch/arm64/include/arch/cpu.h kernel/lib/rbtree.h kernel/signal.h \
 kernel/uapi.h kernel/timer.h kernel/workq.h kernel/rights.h mm/slab.h \
 mm/page.h arch/arm64/include/arch/mmu.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h
build-kasan/gen/config.h:
kernel/pidfd.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/uaccess.h:
kernel/handle.h:
kernel/file.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/lockrank.h:
kernel/object.h:
kernel/rcu.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/rbtree.h:
kernel/signal.h:
kernel/uapi.h:
kernel/timer.h:
kernel/workq.h:
kernel/rights.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
