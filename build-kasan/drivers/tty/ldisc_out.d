build-kasan/drivers/tty/ldisc_out.o: drivers/tty/ldisc_out.c \
 build-kasan/gen/config.h drivers/tty/ldisc.h drivers/tty/termios.h \
 kernel/lib/compiler.h kernel/lib/types.h kernel/lib/bitmap.h
build-kasan/gen/config.h:
drivers/tty/ldisc.h:
drivers/tty/termios.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/bitmap.h:
