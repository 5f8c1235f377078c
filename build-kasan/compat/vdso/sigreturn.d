build-kasan/compat/vdso/sigreturn.o: compat/vdso/sigreturn.S \
 build-kasan/gen/config.h
build-kasan/gen/config.h:
