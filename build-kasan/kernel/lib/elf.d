build-kasan/kernel/lib/elf.o: kernel/lib/elf.c build-kasan/gen/config.h \
 kernel/lib/elf.h kernel/lib/compiler.h kernel/lib/types.h \
 kernel/lib/string.h
build-kasan/gen/config.h:
kernel/lib/elf.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/string.h:
