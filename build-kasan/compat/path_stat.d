build-kasan/compat/path_stat.o: compat/path_stat.c \
 build-kasan/gen/config.h compat/file_int.h compat/syscalls.h \
 compat/user.h arch/arm64/include/arch/uaccess.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/uapi.h mm/slab.h mm/page.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h \
 kernel/lib/list.h build-kasan/gen/syscalls.h fs/namei.h fs/path.h \
 kernel/file.h kernel/mutex.h kernel/waitq.h kernel/spinlock.h \
 arch/arm64/include/arch/barrier.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/object.h \
 kernel/rcu.h kernel/task.h arch/arm64/include/arch/cpu.h \
 kernel/lib/rbtree.h kernel/signal.h kernel/timer.h kernel/workq.h \
 kernel/handle.h kernel/rights.h mm/iter.h compat/abi/stat.h fs/attr.h \
 fs/chrdev.h fs/dcache.h fs/vfs.h fs/vnode.h kernel/cred.h \
 kernel/lib/string.h
build-kasan/gen/config.h:
compat/file_int.h:
compat/syscalls.h:
compat/user.h:
arch/arm64/include/arch/uaccess.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/uapi.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/lib/list.h:
build-kasan/gen/syscalls.h:
fs/namei.h:
fs/path.h:
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
kernel/handle.h:
kernel/rights.h:
mm/iter.h:
compat/abi/stat.h:
fs/attr.h:
fs/chrdev.h:
fs/dcache.h:
fs/vfs.h:
fs/vnode.h:
kernel/cred.h:
kernel/lib/string.h:
