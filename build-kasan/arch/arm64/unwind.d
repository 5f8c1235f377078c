build-kasan/arch/arm64/unwind.o: arch/arm64/unwind.c \
 build-kasan/gen/config.h arch/arm64/include/arch/cpu.h \
 kernel/lib/compiler.h kernel/lib/types.h arch/arm64/asm.h \
 arch/arm64/include/arch/frame.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/percpu.h arch/arm64/include/arch/thread.h \
 arch/arm64/include/arch/atomic.h kernel/ksyms.h kernel/printk.h \
 kernel/lib/list.h
build-kasan/gen/config.h:
arch/arm64/include/arch/cpu.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/asm.h:
arch/arm64/include/arch/frame.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/percpu.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/ksyms.h:
kernel/printk.h:
kernel/lib/list.h:
