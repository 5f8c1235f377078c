build-kasan/kernel/peek.o: kernel/peek.c build-kasan/gen/config.h \
 kernel/peek.h kernel/lib/compiler.h kernel/lib/types.h kernel/cred.h \
 arch/arm64/include/arch/atomic.h kernel/handle.h kernel/file.h \
 kernel/mutex.h kernel/waitq.h kernel/lib/list.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/object.h \
 kernel/rcu.h kernel/task.h arch/arm64/include/arch/cpu.h \
 kernel/lib/rbtree.h kernel/signal.h kernel/uapi.h kernel/timer.h \
 kernel/workq.h kernel/rights.h mm/aspace.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h mm/vma.h
build-kasan/gen/config.h:
kernel/peek.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/cred.h:
arch/arm64/include/arch/atomic.h:
kernel/handle.h:
kernel/file.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
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
mm/aspace.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
mm/vma.h:
