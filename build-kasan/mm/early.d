build-kasan/mm/early.o: mm/early.c build-kasan/gen/config.h \
 kernel/lib/string.h kernel/lib/compiler.h kernel/lib/types.h \
 kernel/printk.h kernel/lib/list.h mm/early.h mm/page.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h
build-kasan/gen/config.h:
kernel/lib/string.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/printk.h:
kernel/lib/list.h:
mm/early.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
