build-kasan/compat/vdso/time.o: compat/vdso/time.c \
 build-kasan/gen/config.h compat/abi/time.h kernel/lib/compiler.h \
 kernel/lib/types.h compat/vdso/data.h
build-kasan/gen/config.h:
compat/abi/time.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
compat/vdso/data.h:
