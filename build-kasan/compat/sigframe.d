build-kasan/compat/sigframe.o: compat/sigframe.c build-kasan/gen/config.h \
 compat/abi/signal.h kernel/lib/compiler.h kernel/lib/types.h \
 compat/signal.h kernel/signal.h arch/arm64/include/arch/atomic.h \
 kernel/lib/list.h kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/irqflags.h arch/arm64/include/arch/thread.h \
 kernel/lockrank.h kernel/uapi.h compat/syscalls.h compat/user.h \
 arch/arm64/include/arch/uaccess.h mm/slab.h mm/page.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h build-kasan/gen/syscalls.h compat/vdso.h \
 arch/arm64/include/arch/cpu.h arch/arm64/include/arch/frame.h \
 kernel/lib/string.h kernel/task.h kernel/lib/rbtree.h kernel/rcu.h \
 kernel/timer.h kernel/waitq.h mm/aspace.h kernel/mutex.h mm/vma.h
build-kasan/gen/config.h:
compat/abi/signal.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
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
compat/vdso.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/frame.h:
kernel/lib/string.h:
kernel/task.h:
kernel/lib/rbtree.h:
kernel/rcu.h:
kernel/timer.h:
kernel/waitq.h:
mm/aspace.h:
kernel/mutex.h:
mm/vma.h:
