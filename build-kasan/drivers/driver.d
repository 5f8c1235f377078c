build-kasan/drivers/driver.o: drivers/driver.c build-kasan/gen/config.h \
 drivers/driver.h kernel/irq.h kernel/lib/compiler.h kernel/lib/types.h \
 kernel/lib/list.h kernel/lib/set.h drivers/fdt_bus.h kernel/lib/fdt.h \
 kernel/printk.h mm/slab.h mm/page.h arch/arm64/include/arch/mmu.h \
 arch/arm64/include/arch/atomic.h arch/arm64/include/arch/page.h \
 arch/arm64/include/arch/pte.h
build-kasan/gen/config.h:
drivers/driver.h:
kernel/irq.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/list.h:
kernel/lib/set.h:
drivers/fdt_bus.h:
kernel/lib/fdt.h:
kernel/printk.h:
mm/slab.h:
mm/page.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
