build-kasan/kernel/cmdline.o: kernel/cmdline.c build-kasan/gen/config.h \
 kernel/cmdline.h kernel/lib/set.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/lib/string.h kernel/printk.h kernel/lib/list.h
build-kasan/gen/config.h:
kernel/cmdline.h:
kernel/lib/set.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/string.h:
kernel/printk.h:
kernel/lib/list.h:
