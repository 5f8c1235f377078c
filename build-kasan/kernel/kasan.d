build-kasan/kernel/kasan.o: kernel/kasan.c build-kasan/gen/config.h \
 kernel/kasan.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h \
 kernel/printk.h kernel/lib/list.h mm/page.h
build-kasan/gen/config.h:
kernel/kasan.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
kernel/printk.h:
kernel/lib/list.h:
mm/page.h:
