build-kasan/arch/arm64/mmu.o: arch/arm64/mmu.c build-kasan/gen/config.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 kernel/lib/compiler.h kernel/lib/types.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h arch/arm64/early.h \
 arch/arm64/include/arch/barrier.h kernel/lib/string.h kernel/printk.h \
 kernel/lib/list.h kernel/uapi.h mm/page.h
build-kasan/gen/config.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
arch/arm64/early.h:
arch/arm64/include/arch/barrier.h:
kernel/lib/string.h:
kernel/printk.h:
kernel/lib/list.h:
kernel/uapi.h:
mm/page.h:
