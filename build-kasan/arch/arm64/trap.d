build-kasan/arch/arm64/trap.o: arch/arm64/trap.c build-kasan/gen/config.h \
 arch/arm64/trap.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/asm.h arch/arm64/include/arch/cpu.h \
 arch/arm64/include/arch/frame.h arch/arm64/include/arch/irqflags.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/percpu.h \
 arch/arm64/include/arch/thread.h arch/arm64/include/arch/atomic.h \
 kernel/trap.h
build-kasan/gen/config.h:
arch/arm64/trap.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/asm.h:
arch/arm64/include/arch/cpu.h:
arch/arm64/include/arch/frame.h:
arch/arm64/include/arch/irqflags.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/percpu.h:
arch/arm64/include/arch/thread.h:
arch/arm64/include/arch/atomic.h:
kernel/trap.h:
