build-kasan/fs/pipe.o: fs/pipe.c build-kasan/gen/config.h fs/pipe_int.h \
 fs/pipe.h kernel/lib/compiler.h kernel/lib/types.h kernel/file.h \
 kernel/mutex.h kernel/waitq.h kernel/lib/list.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h arch/arm64/include/arch/atomic.h \
 kernel/lockrank.h kernel/object.h kernel/rcu.h kernel/task.h \
 arch/arm64/include/arch/cpu.h kernel/lib/rbtree.h kernel/signal.h \
 kernel/uapi.h kernel/timer.h kernel/workq.h mm/page.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h fs/dcache.h fs/vnode.h kernel/cred.h \
 kernel/lib/string.h mm/iter.h mm/slab.h
build-kasan/gen/config.h:
fs/pipe_int.h:
fs/pipe.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
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
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
fs/dcache.h:
fs/vnode.h:
kernel/cred.h:
kernel/lib/string.h:
mm/iter.h:
mm/slab.h:
