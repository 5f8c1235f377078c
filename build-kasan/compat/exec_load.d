build-kasan/compat/exec_load.o: compat/exec_load.c \
 build-kasan/gen/config.h compat/exec.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/lib/elf.h compat/vdso.h \
 arch/arm64/include/arch/cpu.h fs/namei.h fs/path.h kernel/uapi.h \
 kernel/clock.h kernel/cmdline.h kernel/lib/set.h kernel/cred.h \
 arch/arm64/include/arch/atomic.h kernel/file.h kernel/mutex.h \
 kernel/waitq.h kernel/lib/list.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/object.h \
 kernel/rcu.h kernel/task.h kernel/lib/rbtree.h kernel/signal.h \
 kernel/timer.h kernel/workq.h kernel/lib/string.h kernel/random.h \
 kernel/rights.h mm/aspace.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h mm/vma.h \
 mm/iter.h mm/slab.h mm/page.h
build-kasan/gen/config.h:
compat/exec.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/elf.h:
compat/vdso.h:
arch/arm64/include/arch/cpu.h:
fs/namei.h:
fs/path.h:
kernel/uapi.h:
kernel/clock.h:
kernel/cmdline.h:
kernel/lib/set.h:
kernel/cred.h:
arch/arm64/include/arch/atomic.h:
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
kernel/lib/rbtree.h:
kernel/signal.h:
kernel/timer.h:
kernel/workq.h:
kernel/lib/string.h:
kernel/random.h:
kernel/rights.h:
mm/aspace.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
mm/vma.h:
mm/iter.h:
mm/slab.h:
mm/page.h:
