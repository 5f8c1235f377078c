build-kasan/kernel/main.o: kernel/main.c build-kasan/gen/config.h \
 arch/arm64/include/arch/cpu.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/irqflags.h compat/exec.h kernel/lib/elf.h \
 compat/signal.h kernel/signal.h arch/arm64/include/arch/atomic.h \
 kernel/lib/list.h kernel/spinlock.h arch/arm64/include/arch/barrier.h \
 arch/arm64/include/arch/thread.h kernel/lockrank.h kernel/uapi.h \
 compat/vdso.h drivers/driver.h kernel/irq.h kernel/lib/set.h \
 drivers/fdt_bus.h drivers/serial/pl011.h drivers/tty/tty.h \
 drivers/tty/ldisc.h drivers/tty/termios.h kernel/lib/bitmap.h \
 kernel/mutex.h kernel/waitq.h kernel/object.h kernel/workq.h fs/devfs.h \
 fs/initramfs.h fs/namei.h fs/path.h fs/procfs.h fs/pipe.h fs/tmpfs.h \
 fs/vnode.h kernel/cred.h kernel/rcu.h fs/vfs.h kernel/task.h \
 kernel/lib/rbtree.h kernel/timer.h build-kasan/gen/version.h \
 kernel/clock.h kernel/cmdline.h kernel/file.h kernel/futex.h \
 kernel/handle.h kernel/rights.h kernel/kasan.h kernel/ksyms.h \
 kernel/ktest.h kernel/lib/fdt.h kernel/lib/fmt.h kernel/lib/string.h \
 kernel/ns.h kernel/power.h kernel/ptimer.h kernel/printk.h \
 kernel/random.h kernel/sched.h kernel/trap.h mm/aspace.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h mm/vma.h mm/page.h mm/slab.h mm/vmo.h \
 kernel/lib/xarray.h
build-kasan/gen/config.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/irqflags.h:
compat/exec.h:
kernel/lib/elf.h:
compat/signal.h:
kernel/signal.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/list.h:
kernel/spinlock.h:
arch/arm64/include/arch/barrier.h:
arch/arm64/include/arch/thread.h:
kernel/lockrank.h:
kernel/uapi.h:
compat/vdso.h:
drivers/driver.h:
kernel/irq.h:
kernel/lib/set.h:
drivers/fdt_bus.h:
drivers/serial/pl011.h:
drivers/tty/tty.h:
drivers/tty/ldisc.h:
drivers/tty/termios.h:
kernel/lib/bitmap.h:
kernel/mutex.h:
kernel/waitq.h:
kernel/object.h:
kernel/workq.h:
fs/devfs.h:
fs/initramfs.h:
fs/namei.h:
fs/path.h:
fs/procfs.h:
fs/pipe.h:
fs/tmpfs.h:
fs/vnode.h:
kernel/cred.h:
kernel/rcu.h:
fs/vfs.h:
kernel/task.h:
kernel/lib/rbtree.h:
kernel/timer.h:
build-kasan/gen/version.h:
kernel/clock.h:
kernel/cmdline.h:
kernel/file.h:
kernel/futex.h:
kernel/handle.h:
kernel/rights.h:
kernel/kasan.h:
kernel/ksyms.h:
kernel/ktest.h:
kernel/lib/fdt.h:
kernel/lib/fmt.h:
kernel/lib/string.h:
kernel/ns.h:
kernel/power.h:
kernel/ptimer.h:
kernel/printk.h:
kernel/random.h:
kernel/sched.h:
kernel/trap.h:
mm/aspace.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
mm/vma.h:
mm/page.h:
mm/slab.h:
mm/vmo.h:
kernel/lib/xarray.h:
