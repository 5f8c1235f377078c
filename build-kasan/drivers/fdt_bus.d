build-kasan/drivers/fdt_bus.o: drivers/fdt_bus.c build-kasan/gen/config.h \
 drivers/fdt_bus.h kernel/lib/compiler.h kernel/lib/types.h \
 arch/arm64/include/arch/mmu.h arch/arm64/include/arch/atomic.h \
 arch/arm64/include/arch/page.h arch/arm64/include/arch/pte.h \
 drivers/driver.h kernel/irq.h kernel/lib/list.h kernel/lib/set.h \
 kernel/lib/fdt.h kernel/lib/string.h kernel/printk.h kernel/uapi.h \
 mm/kvmap.h mm/page.h
build-kasan/gen/config.h:
drivers/fdt_bus.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
arch/arm64/include/arch/mmu.h:
arch/arm64/include/arch/atomic.h:
arch/arm64/include/arch/page.h:
arch/arm64/include/arch/pte.h:
drivers/driver.h:
kernel/irq.h:
kernel/lib/list.h:
kernel/lib/set.h:
kernel/lib/fdt.h:
kernel/lib/string.h:
kernel/printk.h:
kernel/uapi.h:
mm/kvmap.h:
mm/page.h:
