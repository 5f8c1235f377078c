build-kasan/kernel/ksyms.o: kernel/ksyms.c build-kasan/gen/config.h \
 kernel/ksyms.h kernel/lib/types.h
build-kasan/gen/config.h:
kernel/ksyms.h:
kernel/lib/types.h:
