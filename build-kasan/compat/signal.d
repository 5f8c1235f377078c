build-kasan/compat/signal.o: compat/signal.c build-kasan/gen/config.h \
 compat/abi/signal.h kernel/lib/compiler.h kernel/lib/types.h \
 compat/abi/time.h compat/signal.h kernel/signal.h \
 arch/arm64/include/arch/atomic.h kernel/lib/list.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/uapi.h \
 compat/syscalls.h compat/user.h arch/arm64/include/arch/uaccess.h \
 mm/slab.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h \
 build-kasan/gen/syscalls.h kernel/clock.h kernel/cred.h kernel/handle.h \
 kernel/file.h kernel/mutex.h kernel/waitq.h kernel/object.h kernel/rcu.h \
 kernel/task.h arch/arm64/include/arch/cpu.h kernel/lib/rbtree.h \
 kernel/timer.h kernel/workq.h kernel/rights.h kernel/lib/string.h \
 kernel/pidfd.h kernel/sched.h
build-kasan/gen/config.h:
compat/abi/signal.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
compat/abi/time.h:
compat/signal.h:
kernel/signal.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/uapi.h:
compat/syscalls.h:
compat/user.h:
arch/arm64/include/arch/uaccess.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
build-kasan/gen/syscalls.h:
kernel/clock.h:
kernel/cred.h:
kernel/handle.h:
kernel/file.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/object.h:
kernel/rcu.h:
kernel/task.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/rbtree.h:
kernel/timer.h:
kernel/workq.h:
kernel/rights.h:
kernel/lib/string.h:
kernel/pidfd.h:
kernel/sched.h:
