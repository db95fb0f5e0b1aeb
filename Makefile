# rung: builds lie in build/<variant>/. `make` builds the library and the command; ./demo and ./test
# do the set-up too. Variants: release (default), debug, asan, tsan, fuzz.
VARIANT ?= release
BUILD   ?= build/$(VARIANT)
CC      ?= cc
PREFIX  ?= /usr/local
DESTDIR ?=
LIBDIR  ?= $(PREFIX)/lib

PACKAGES := jansson libutf8proc libpcre2-8 zlib libzstd liblzma
VERSION  := $(shell cat VERSION)

WARN   := -Wall -Wextra -Wconversion -Wno-sign-conversion -Wshadow -Wstrict-prototypes \
          -Wmissing-prototypes -Wpointer-arith -Werror=vla -Werror=implicit-function-declaration
CPPFLAGS_ALL = -Iinclude -Isrc -D_GNU_SOURCE -DRUNG_VERSION='"$(VERSION)"' $(PACKAGE_CFLAGS) $(CPPFLAGS)
PACKAGE_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
PACKAGE_LIBS   := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null || \
                    echo -ljansson -lutf8proc -lpcre2-8 -lz -lzstd -llzma)
LDLIBS_ALL = $(PACKAGE_LIBS) -lm -pthread $(LDLIBS)

OPT_release := -O2 -g
OPT_debug   := -Og -g
OPT_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
OPT_tsan    := -O1 -g -fsanitize=thread
OPT_fuzz    := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
CFLAGS_ALL = -std=c11 -fPIC -fvisibility=hidden -pthread -MMD -MP $(WARN) $(OPT_$(VARIANT)) $(CFLAGS)
LDFLAGS_ALL = $(OPT_$(VARIANT)) $(LDFLAGS)

# The kernels are compiled once for each instruction set, with contraction to FMA and without errno.
KERNEL_FLAGS  := -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math -Wno-psabi
# A fuzz target feeds parsers; the kernels would take minutes with its instruments.
KERNEL_FLAGS_fuzz := -fno-sanitize=all
KERNEL_SETS   := portable double_
FLAGS_portable := -DRUNG_KERNEL_SET=portable
FLAGS_double_  := -DRUNG_KERNEL_SET=double_ -DRUNG_KERNEL_DOUBLE
ifeq ($(shell $(CC) -dumpmachine | cut -d- -f1),x86_64)
KERNEL_SETS   += avx2 avx512
FLAGS_avx2    := -DRUNG_KERNEL_SET=avx2 -mavx2 -mfma -mtune=haswell
FLAGS_avx512  := -DRUNG_KERNEL_SET=avx512 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx2 -mfma \
                 -mprefer-vector-width=512
endif

FLOORS   := base kernels parallel text formats report graph ops nn learn models ladder
LIB_SRC  := $(sort $(foreach f,$(FLOORS),$(wildcard src/$f/*.c src/$f/*/*.c)))
ISA_SRC  := $(wildcard src/kernels/isa/*.c)
LIB_OBJ  := $(patsubst src/%.c,$(BUILD)/%.o,$(filter-out $(ISA_SRC),$(LIB_SRC))) \
            $(foreach s,$(KERNEL_SETS),$(patsubst src/kernels/isa/%.c,$(BUILD)/kernels/$s/%.o,$(ISA_SRC)))
CLI_OBJ  := $(patsubst src/%.c,$(BUILD)/%.o,$(sort $(wildcard src/cli/*.c)))
TEST_SRC := $(sort $(wildcard tests/*/test_*.c))
TEST_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(TEST_SRC))
FUZZ_BIN := $(patsubst fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard fuzz/fuzz_*.c))
BENCH_BIN := $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))

.PHONY: all lib test test-bins bench lint asan tsan fuzz fuzz-run install clean
all: $(BUILD)/rung
lib: $(BUILD)/librung.a $(BUILD)/librung.so

$(BUILD)/librung.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/librung.so: $(LIB_OBJ)
	$(CC) -shared -Wl,-soname,librung.so.0 $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

$(BUILD)/rung: $(CLI_OBJ) $(BUILD)/librung.a
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

$(BUILD)/%.o: src/%.c VERSION
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

define kernel_rule
$(BUILD)/kernels/$1/%.o: src/kernels/isa/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(CPPFLAGS_ALL) $$(CFLAGS_ALL) $$(KERNEL_FLAGS) \
	    $$(KERNEL_FLAGS_$(VARIANT)) $$(FLAGS_$1) -c -o $$@ $$<
endef
$(foreach s,$(KERNEL_SETS),$(eval $(call kernel_rule,$s)))

# Tests see the private headers; benchmarks only the public ones.
$(BUILD)/tests/%: tests/%.c $(BUILD)/librung.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -Itests $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(BUILD)/librung.a -lcmocka $(LDLIBS_ALL)

$(BUILD)/bench/%: bench/%.c $(BUILD)/librung.a
	@mkdir -p $(@D)
	$(CC) -Iinclude $(BENCH_$*) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(BUILD)/librung.a \
	    $(BENCH_LIBS_$*) $(LDLIBS_ALL)

# bench/gemm drives kernels, which have no public header, beside those of its peers that are here.
BENCH_gemm      = -Isrc -D_GNU_SOURCE $(if $(HAS_OPENBLAS),-DBENCH_OPENBLAS) \
                  $(if $(HAS_ONEDNN),-DBENCH_ONEDNN)
BENCH_LIBS_gemm = $(if $(HAS_OPENBLAS),$(shell pkg-config --libs openblas)) \
                  $(if $(HAS_ONEDNN),-ldnnl -lgomp)
BENCH_limits    = -D_GNU_SOURCE
BENCH_train     = -D_GNU_SOURCE
HAS_OPENBLAS    = $(shell pkg-config --exists openblas && echo yes)
HAS_ONEDNN      = $(shell echo '\#include <dnnl.h>' | $(CC) -E - >/dev/null 2>&1 && echo yes)

test-bins: $(TEST_BIN)

bench: $(BENCH_BIN)

test: $(BUILD)/rung $(TEST_BIN)
	@scripts/run-tests $(BUILD)

asan tsan:
	$(MAKE) VARIANT=$@ test

# Every fuzz target for FUZZ_SECONDS each; needs clang with libFuzzer.
FUZZ_SECONDS ?= 10
$(BUILD)/fuzz/%: fuzz/%.c $(BUILD)/librung.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $< \
	    $(BUILD)/librung.a $(LDLIBS_ALL)

# They begin with the small files of tests/golden/formats and with what former runs have found.
fuzz-run: $(FUZZ_BIN)
	@cd $(BUILD) && for f in $(FUZZ_BIN:$(BUILD)/%=./%); do \
	    echo "$$f" && mkdir -p $$f.found && $$f -max_total_time=$(FUZZ_SECONDS) -verbosity=0 \
	        $$f.found $(CURDIR)/tests/golden/formats || exit 1; done

fuzz:
	@command -v clang >/dev/null || { echo "make fuzz needs clang" >&2; exit 1; }
	$(MAKE) VARIANT=fuzz CC=clang fuzz-run

lint:
	@scripts/lint

# What a program needs to use the library, for pkg-config and for CMake's find_package(rung).
LIB_TO  = $(DESTDIR)$(LIBDIR)
INST_SED = sed -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@LIBDIR@|$(LIBDIR)|g' -e 's|@VERSION@|$(VERSION)|g'
install: all lib
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include/rung \
	    $(LIB_TO)/pkgconfig $(LIB_TO)/cmake/rung
	install -m 755 $(BUILD)/rung $(DESTDIR)$(PREFIX)/bin/rung
	install -m 644 include/rung/*.h $(DESTDIR)$(PREFIX)/include/rung/
	install -m 644 $(BUILD)/librung.a $(LIB_TO)/librung.a
	install -m 755 $(BUILD)/librung.so $(LIB_TO)/librung.so.$(VERSION)
	ln -sf librung.so.$(VERSION) $(LIB_TO)/librung.so.0
	ln -sf librung.so.0 $(LIB_TO)/librung.so
	$(INST_SED) packaging/rung.pc.in >$(LIB_TO)/pkgconfig/rung.pc
	$(INST_SED) packaging/rungConfig.cmake.in >$(LIB_TO)/cmake/rung/rungConfig.cmake
	$(INST_SED) packaging/rungConfigVersion.cmake.in \
	    >$(LIB_TO)/cmake/rung/rungConfigVersion.cmake

clean:
	rm -rf build

-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(TEST_BIN:=.d) $(BENCH_BIN:=.d)
