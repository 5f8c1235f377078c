build-kasan/drivers/tty/ldisc.o: drivers/tty/ldisc.c \
 build-kasan/gen/config.h drivers/tty/ldisc.h drivers/tty/termios.h \
 kernel/lib/compiler.h kernel/lib/types.h kernel/lib/bitmap.h \
 kernel/lib/string.h kernel/uapi.h
build-kasan/gen/config.h:
drivers/tty/ldisc.h:
drivers/tty/termios.h:
kernel/lib/compiler.h:
kernel/lib/types.h:
kernel/lib/bitmap.h:
kernel/lib/string.h:
kernel/uapi.h:
