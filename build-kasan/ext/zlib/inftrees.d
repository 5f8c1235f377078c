build-kasan/ext/zlib/inftrees.o: /root/.cache/ashlar/src/zlib/inftrees.c \
 build-kasan/gen/config.h /root/.cache/ashlar/src/zlib/zutil.h \
 /root/.cache/ashlar/src/zlib/zlib.h /root/.cache/ashlar/src/zlib/zconf.h \
 /root/.cache/ashlar/src/zlib/inftrees.h
build-kasan/gen/config.h:
/root/.cache/ashlar/src/zlib/zutil.h:
/root/.cache/ashlar/src/zlib/zlib.h:
/root/.cache/ashlar/src/zlib/zconf.h:
/root/.cache/ashlar/src/zlib/inftrees.h:
