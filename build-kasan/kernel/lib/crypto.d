build-kasan/kernel/lib/crypto.o: kernel/lib/crypto.c \
 build-kasan/gen/config.h kernel/lib/crypto.h kernel/lib/compiler.h \
 kernel/lib/types.h kernel/lib/string.h
build-kasan/gen/config.h:
kernel/lib/crypto.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/string.h:
