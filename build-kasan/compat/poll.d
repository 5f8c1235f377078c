build-kasan/compat/poll.o: compat/poll.c build-kasan/gen/config.h \
 compat/abi/time.h kernel/lib/compiler.h kernel/lib/types.h \
 compat/syscalls.h compat/user.h arch/arm64/include/arch/uaccess.h \
 kernel/uapi.h mm/slab.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/atomic.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h kernel/lib/list.h \
 build-kasan/gen/syscalls.h kernel/clock.h kernel/handle.h kernel/file.h \
 kernel/mutex.h kernel/waitq.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/object.h \
 kernel/rcu.h kernel/task.h arch/arm64/include/arch/cpu.h \
 kernel/lib/rbtree.h kernel/signal.h kernel/timer.h kernel/workq.h \
 kernel/rights.h kernel/lib/string.h kernel/pollset.h compat/poll_int.h
build-kasan/gen/config.h:
compat/abi/time.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
compat/syscalls.h:
compat/user.h:
arch/arm64/include/arch/uaccess.h:
kernel/uapi.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/lib/list.h:
build-kasan/gen/syscalls.h:
kernel/clock.h:
kernel/handle.h:
kernel/file.h:
kernel/mutex.h:
kernel/waitq.h:
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
kernel/timer.h:
kernel/workq.h:
kernel/rights.h:
kernel/lib/string.h:
kernel/pollset.h:
compat/poll_int.h:
