# tidelock: build, check, install. `make help` lists the targets.
#
# One Makefile, no recursion. A *variant* is one way to compile all of csrc: a directory, a compiler, flags.
#
#   main   build/         $(CC) -O2            what `make` leaves and LuaRocks installs
#   asan   build/asan/    gcc, ASan + UBSan    C specs and busted specs; `make ASAN=1` builds it
#   gcc    build/gcc/     gcc -O2              only if main is another compiler's; `make strict`
#   clang  build/clang/   clang -O2            `make strict`
#   fuzz   build/fuzz/    clang, libFuzzer     spec/fuzz/fuzz_*.c
#
# Sources are found by wildcard: a new file in any room, spec/c or spec/fuzz needs no edit here.

MAKEFLAGS += --no-builtin-rules
SHELL     := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

# ---- what may be set from outside ------------------------------------------------------------------------------

ifeq ($(origin CC),default)
CC := gcc
endif
BUILD      ?= build
LUA        ?= $(firstword $(shell command -v lua5.4 lua-5.4 lua54 lua 2>/dev/null) lua5.4)
PKG_CONFIG ?= pkg-config
LUAROCKS   ?= luarocks
CFLAGS     ?= -O2 -g
WERROR     ?= -Werror
CLANG_FORMAT ?= clang-format
FUZZ_SECONDS ?= 10
PREFIX     ?= /usr/local

# Include and library flags; LuaRocks hands in directories instead of pkg-config's answers.
ifdef LUA_INCDIR
LUA_CFLAGS ?= -isystem $(LUA_INCDIR)
else
LUA_CFLAGS ?= $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags lua5.4 2>/dev/null || $(PKG_CONFIG) --cflags lua-5.4 2>/dev/null))
endif
ifdef LIBUV_LIBDIR
UV_CFLAGS  ?= -isystem $(LIBUV_INCDIR)
UV_LIBS    ?= -L$(LIBUV_LIBDIR) -luv
else
UV_CFLAGS  ?= $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags libuv 2>/dev/null))
UV_LIBS    ?= $(or $(shell $(PKG_CONFIG) --libs libuv 2>/dev/null),-luv)
endif

# ---- sources and flags -----------------------------------------------------------------------------------------

SRC      := $(sort $(wildcard csrc/*.c csrc/*/*.c))
ROOM_SRC := $(filter-out csrc/lua/%,$(SRC))
CSPEC    := $(sort $(wildcard spec/c/test_*.c spec/c/*/test_*.c))
CSUPPORT := $(sort $(filter-out $(CSPEC),$(wildcard spec/c/*.c)))
FUZZERS  := $(sort $(wildcard spec/fuzz/fuzz_*.c))
HEADERS  := $(sort $(wildcard csrc/*/*.h spec/c/*.h spec/fuzz/*.h))

LZF      := $(if $(shell grep -sl '<lzf\.h>' $(SRC) /dev/null),-llzf)
LIBS     := $(UV_LIBS) $(LZF) -lm -lpthread
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(WERROR)
BASE     := -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -Icsrc -Ispec/c $(WARN) $(LUA_CFLAGS) $(UV_CFLAGS)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# ---- rules of one variant --------------------------------------------------------------------------------------

# write $(1) into $@ only when it differs, so that only real changes rebuild
define stamp
@mkdir -p $(@D)
@printf '%s\n' '$(1)' | cmp -s - $@ || printf '%s\n' '$(1)' > $@
endef

# $(call variant,name,directory,compiler,flags)
define variant
$(1)_DIR     := $(2)
$(1)_OBJ     := $(SRC:%.c=$(2)/obj/%.o)
$(1)_ROOMS   := $(ROOM_SRC:%.c=$(2)/obj/%.o)
$(1)_CORE    := $(2)/lib/tidelock/core.so
$(1)_CSPEC   := $(CSPEC:%.c=$(2)/%)
$(1)_FUZZERS := $(FUZZERS:%.c=$(2)/%)

$(2)/flags: FORCE
	$$(call stamp,$(3) $(4) $(BASE))
$(2)/sources: FORCE
	$$(call stamp,$(SRC) $(LIBS))

$(2)/obj/%.o: %.c $(2)/flags Makefile
	@mkdir -p $$(@D)
	$(3) $(BASE) $(4) -MMD -MP -c -o $$@ $$<

$$($(1)_CORE): $$($(1)_OBJ) $(2)/sources
	@mkdir -p $$(@D)
	$(3) $(4) -shared -o $$@ $$($(1)_OBJ) $(LDFLAGS) $(LIBS)

$$($(1)_CSPEC): $(2)/%: $(2)/obj/%.o $(CSUPPORT:%.c=$(2)/obj/%.o) $$($(1)_ROOMS) $(2)/sources
	@mkdir -p $$(@D)
	$(3) $(4) -o $$@ $$(filter %.o,$$^) $(LDFLAGS) $(LIBS)

-include $(patsubst %.c,$(2)/obj/%.d,$(SRC) $(CSPEC) $(CSUPPORT) $(FUZZERS))
endef

$(eval $(call variant,main,$(BUILD),$(CC),$(CFLAGS)))
$(eval $(call variant,asan,build/asan,gcc,-O1 -g $(SANITIZE)))
$(eval $(call variant,clang,build/clang,clang,-O2 -g))
$(eval $(call variant,fuzz,build/fuzz,clang,-O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link))
ifeq ($(CC),gcc)
gcc_CORE := $(main_CORE)
else
$(eval $(call variant,gcc,build/gcc,gcc,-O2 -g))
endif

$(fuzz_FUZZERS): build/fuzz/%: build/fuzz/obj/%.o $(fuzz_ROOMS) build/fuzz/sources
	@mkdir -p $(@D)
	clang -g $(SANITIZE) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(LDFLAGS) $(LIBS)

# ---- the launcher ----------------------------------------------------------------------------------------------

# $(call launcher,line that prepares the environment,path from the launcher's directory to the checkout)
# `exec` all the way: a signal sent to the launcher's pid reaches the server itself.
define launcher
#!/bin/sh
# tidelock, run from the checkout (written by make)
here=$$(dirname -- "$$(readlink -f -- "$$0")")
root=$$(cd -- "$$here/$(2)" && pwd -P) || exit 1
export LUA_PATH_5_4="$$root/lua/?.lua;$$root/lua/?/init.lua;$${LUA_PATH_5_4:-$${LUA_PATH:-;;}}"
export LUA_CPATH_5_4="$$here/lib/?.so;$${LUA_CPATH_5_4:-$${LUA_CPATH:-;;}}"
$(1)
exec $(LUA) "$$here/tidelock.lua" "$$@"
endef

define entry
#!/usr/bin/env lua5.4
local status = require("tidelock.cli").main(arg)
os.exit(status == nil or status, true)
endef

to_root = $(shell realpath -m --relative-to=$(1) .)
export LAUNCHER_MAIN := $(call launcher,:,$(call to_root,$(BUILD)))
define asan_environment
export ASAN_OPTIONS="$${ASAN_OPTIONS:-detect_leaks=0}" UBSAN_OPTIONS="$${UBSAN_OPTIONS:-print_stacktrace=1}"
export LD_PRELOAD="$$(gcc -print-file-name=libasan.so)"
endef
export LAUNCHER_ASAN := $(call launcher,$(asan_environment),../..)
export ENTRY := $(entry)

$(BUILD)/tidelock.lua build/asan/tidelock.lua: Makefile
	@mkdir -p $(@D)
	@printf '%s\n' "$$ENTRY" > $@
$(BUILD)/tidelock: Makefile $(BUILD)/tidelock.lua
	@mkdir -p $(@D)
	@printf '%s\n' "$$LAUNCHER_MAIN" > $@ && chmod +x $@
build/asan/tidelock: Makefile build/asan/tidelock.lua
	@mkdir -p $(@D)
	@printf '%s\n' "$$LAUNCHER_ASAN" > $@ && chmod +x $@

# ---- targets ---------------------------------------------------------------------------------------------------

.PHONY: all asan strict spec spec-c spec-asan clean help FORCE
FORCE:

ifdef ASAN
all: asan
else
all: $(main_CORE) $(BUILD)/tidelock   ## build the module and the launcher (ASAN=1: with sanitizers, in build/asan)
endif

asan: $(asan_CORE) build/asan/tidelock

strict: $(gcc_CORE) $(clang_CORE)     ## compile everything with gcc and with clang, warnings being errors

RUN_PATHS = LUA_PATH_5_4="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;$(CURDIR)/?.lua;;" \
	LUA_CPATH_5_4="$(CURDIR)/$(1)/lib/?.so;;" TIDELOCK="$(CURDIR)/$(1)/tidelock"
BUSTED = $(shell command -v busted)

spec: all                             ## run the busted specs (SPEC=path, BUSTED_FLAGS=...)
	$(call RUN_PATHS,$(BUILD)) $(LUA) $(BUSTED) $(BUSTED_FLAGS) -p _spec $(or $(SPEC),spec)

spec-c: $(asan_CSPEC)                 ## run the C specs under ASan and UBSan
	@status=0; for t in $^; do echo "== $$t"; $$t || status=1; done; exit $$status

clean:                                ## remove everything that was built
	rm -rf build

help:                                 ## this list
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 16
