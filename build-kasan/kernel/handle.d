build-kasan/kernel/handle.o: kernel/handle.c build-kasan/gen/config.h \
 kernel/handle.h kernel/file.h kernel/lib/compiler.h kernel/lib/types.h \
 kernel/mutex.h kernel/waitq.h kernel/lib/list.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h arch/arm64/include/arch/atomic.h \
 kernel/lockrank.h kernel/object.h kernel/rcu.h kernel/task.h \
 arch/arm64/include/arch/cpu.h kernel/lib/rbtree.h kernel/signal.h \
 kernel/uapi.h kernel/timer.h kernel/workq.h kernel/rights.h \
 arch/arm64/include/arch/frame.h kernel/cmdline.h kernel/lib/set.h \
 kernel/lib/fmt.h kernel/lib/string.h kernel/peek.h mm/slab.h mm/page.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h
build-kasan/gen/config.h:
kernel/handle.h:
kernel/file.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
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
arch/arm64/include/arch/frame.h:
kernel/cmdline.h:
kernel/lib/set.h:
kernel/lib/fmt.h:
kernel/lib/string.h:
kernel/peek.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
