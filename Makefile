# tidelock: build, check, install. `make help` lists the targets.
#
# One Makefile, no recursion. A *variant* is one way to compile all of csrc: a directory, a compiler, flags.
#
#   main   $(BUILD)/      $(CC) -O3 -flto      what `make` leaves and LuaRocks installs
#   asan   build/asan/    gcc, ASan + UBSan    C specs and busted specs; `make ASAN=1` builds it
#   gcc    build/gcc/     gcc -O2              only if main is another compiler's; `make strict`
#   clang  build/clang/   clang -O2            `make strict`
#   fuzz   build/fuzz/    clang, libFuzzer     spec/fuzz/fuzz_*.c
#
# Sources are found by wildcard: a new file in any room, spec/c or spec/fuzz needs no edit here.

MAKEFLAGS += --no-builtin-rules
# V=1 shows whole commands
Q         := $(if $(V),,@)
say        = $(if $(V),,@printf '  %-5s %s\n' '$(1)' '$@')
SHELL     := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

# ---- what may be set from outside ------------------------------------------------------------------------------

# These targets first see to what must be installed, before anything below asks the system for it.
ifneq ($(filter deps demo test bench redis-suite,$(MAKECMDGOALS)),)
ifneq ($(shell .ci/deps $(if $(filter deps test,$(MAKECMDGOALS)),clients,$(if $(filter redis-suite,$(MAKECMDGOALS)),suite)) >&2 || echo failed),)
$(error cannot go on without what is missing)
endif
endif

# As many jobs as processors, unless -j says otherwise.
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif

ifeq ($(origin CC),default)
CC := gcc
endif
BUILD        ?= build
LUA          ?= $(firstword $(shell command -v lua5.4 lua-5.4 lua54 lua 2>/dev/null) lua5.4)
PKG_CONFIG   ?= pkg-config
LUAROCKS     ?= luarocks
CLANG_FORMAT ?= clang-format
CLANG_TIDY   ?= clang-tidy
CFLAGS       ?= -O3 -g
WERROR       ?= -Werror
FUZZ_SECONDS ?= 10
LUA          := $(LUA)

# Include and library flags; LuaRocks hands in directories where pkg-config would have answers.
ifdef LUA_INCDIR
LUA_CFLAGS := -isystem $(LUA_INCDIR)
else
LUA_CFLAGS := $(shell $(PKG_CONFIG) --cflags lua5.4 2>/dev/null || $(PKG_CONFIG) --cflags lua-5.4 2>/dev/null)
LUA_CFLAGS := $(patsubst -I%,-isystem %,$(LUA_CFLAGS))
endif
ifdef LIBUV_LIBDIR
UV_CFLAGS := $(if $(filter-out /usr/include,$(LIBUV_INCDIR)),-isystem $(LIBUV_INCDIR))
UV_LIBS   := -L$(LIBUV_LIBDIR) -luv
else
UV_CFLAGS := $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags libuv 2>/dev/null))
UV_LIBS   := $(shell $(PKG_CONFIG) --libs libuv 2>/dev/null)
ifeq ($(UV_LIBS)$(filter clean help deps,$(MAKECMDGOALS)),)
$(warning libuv is not where pkg-config looks; `make deps` installs what is needed)
UV_LIBS   := -luv
endif
endif

# ---- sources and flags -----------------------------------------------------------------------------------------

SRC      := $(sort $(wildcard csrc/*.c csrc/*/*.c))
ROOM_SRC := $(filter-out csrc/lua/%,$(SRC))
CSPEC    := $(sort $(wildcard spec/c/test_*.c spec/c/*/test_*.c))
CSUPPORT := $(sort $(filter-out $(CSPEC),$(wildcard spec/c/*.c)))
FUZZERS  := $(sort $(wildcard spec/fuzz/fuzz_*.c))
HEADERS  := $(sort $(wildcard csrc/*/*.h spec/c/*.h spec/fuzz/*.h))

LIBS     := $(UV_LIBS) -lm -lpthread
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(WERROR)
BASE     := -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -Icsrc -Ispec/c $(WARN) $(LUA_CFLAGS) $(UV_CFLAGS)
comma    := ,
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# ---- rules of one variant --------------------------------------------------------------------------------------

# write $(STAMP) into $@ only when it differs, so that only real changes rebuild
define stamp
@mkdir -p $(@D)
@printf '%s\n' '$(STAMP)' | cmp -s - $@ || printf '%s\n' '$(STAMP)' > $@
endef

# $(call variant,name,directory,compiler,flags)
define variant
$(1)_DIR     := $(2)
$(1)_OBJ     := $(SRC:%.c=$(2)/obj/%.o)
$(1)_ROOMS   := $(ROOM_SRC:%.c=$(2)/obj/%.o)
$(1)_CORE    := $(2)/lib/tidelock/core.so
$(1)_CSPEC   := $(CSPEC:%.c=$(2)/%)

$(2)/flags: STAMP = $(3) $(4) $(BASE)
$(2)/sources: STAMP = $(SRC) $(CSPEC) $(CSUPPORT) $(FUZZERS) $(LIBS)
$(2)/flags $(2)/sources: FORCE
	$$(stamp)

$(2)/obj/%.o: %.c $(2)/flags
	@mkdir -p $$(@D)
	$$(call say,$(3))
	$(Q)$(3) $(BASE) $(4) -MMD -MP -c -o $$@ $$<

$$($(1)_CORE): $$($(1)_OBJ) $(2)/sources
	@mkdir -p $$(@D)
	$$(call say,link)
	$(Q)$(3) $(4) -shared -o $$@ $$($(1)_OBJ) $(LDFLAGS) $(LIBS)

$$($(1)_CSPEC): $(2)/%: $(2)/obj/%.o $(CSUPPORT:%.c=$(2)/obj/%.o) $$($(1)_ROOMS) $(2)/sources
	@mkdir -p $$(@D)
	$$(call say,link)
	$(Q)$(3) $(4) -fno-lto -o $$@ $$(filter %.o,$$^) $(LDFLAGS) $(LIBS)

-include $(patsubst %.c,$(2)/obj/%.d,$(SRC) $(CSPEC) $(CSUPPORT) $(FUZZERS))
endef

# Many small functions in many files: with gcc the module is optimised as a whole when it is linked.
LTO ?= $(if $(filter gcc,$(CC)),-flto=auto -ffat-lto-objects)
$(eval $(call variant,main,$(BUILD),$(CC),$(CFLAGS) $(LTO)))
# nodelete: a leak found when Lua has unloaded the module still has a name
$(eval $(call variant,asan,build/asan,gcc,-O1 -g $(SANITIZE) -Wl$(comma)-z$(comma)nodelete))
$(eval $(call variant,clang,build/clang,clang,-O2 -g))
$(eval $(call variant,fuzz,build/fuzz,clang,-O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link))
ifeq ($(CC),gcc)
gcc_CORE := $(main_CORE)
else
$(eval $(call variant,gcc,build/gcc,gcc,-O2 -g))
endif

fuzz_BIN := $(FUZZERS:%.c=build/fuzz/%)
$(fuzz_BIN): build/fuzz/%: build/fuzz/obj/%.o $(fuzz_ROOMS) build/fuzz/sources
	@mkdir -p $(@D)
	$(call say,link)
	$(Q)clang -g $(SANITIZE) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(LDFLAGS) $(LIBS)

# ---- the launcher ----------------------------------------------------------------------------------------------

# $(call launcher,lines that prepare the environment,path from its directory to the checkout,options of lua)
# `exec` all the way: a signal sent to the launcher's pid reaches the server itself.
define launcher
#!/bin/sh
# tidelock, run from the checkout (written by make)
here=$$(dirname -- "$$(readlink -f -- "$$0")")
root=$$(cd -- "$$here/$(2)" && pwd -P) || exit 1
export LUA_PATH_5_4="$$root/lua/?.lua;$$root/lua/?/init.lua;$${LUA_PATH_5_4:-$${LUA_PATH:-;;}}"
export LUA_CPATH_5_4="$$here/lib/?.so;$${LUA_CPATH_5_4:-$${LUA_CPATH:-;;}}"
export PATH="$$PATH:$$root/build/bin" TIDELOCK="$$here/tidelock"
$(1)
exec $(LUA) $(3)"$$here/tidelock.lua" "$$@"
endef

define entry
#!/usr/bin/env lua5.4
local status = require("tidelock.cli").main(arg)
os.exit(status == nil or status, true)
endef

to_root = $(shell realpath -m --relative-to=$(1) .)
export LAUNCHER_MAIN := $(call launcher,:,$(call to_root,$(BUILD)))
# The stock lua5.4 loads a sanitized module if ASan's runtime is there first; programs it starts shall do without.
ASAN_ONLY_HERE := require("posix.stdlib").setenv("LD_PRELOAD")
define asan_environment
export UBSAN_OPTIONS="$${UBSAN_OPTIONS:-print_stacktrace=1}"
export LD_PRELOAD="$$(gcc -print-file-name=libasan.so)"
endef
export LAUNCHER_ASAN := $(call launcher,$(asan_environment),../..,-e '$(ASAN_ONLY_HERE)' )
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

# ---- compile_commands.json for editors -------------------------------------------------------------------------

$(BUILD)/compile_commands.json: $(BUILD)/flags $(BUILD)/sources
	@{ printf '['; sep=; for f in $(SRC) $(CSPEC) $(CSUPPORT) $(FUZZERS); do \
		printf '%s\n{"directory":"%s","file":"%s","command":"%s"}' \
			"$$sep" '$(CURDIR)' "$$f" '$(CC) $(BASE) $(CFLAGS) -c '"$$f"; sep=,; \
	done; printf '\n]\n'; } > $@

# ---- targets: build --------------------------------------------------------------------------------------------

.PHONY: all asan strict spec-programs fuzzers compile_commands.json deps test spec spec-asan spec-valgrind spec-c \
	spec-c-valgrind redis-suite fuzz lint lint-lua lint-format lint-tidy fmt docs bench demo install install-files clean help FORCE
FORCE:

ifdef ASAN
all: asan
else
all: $(main_CORE) $(BUILD)/tidelock $(BUILD)/compile_commands.json  ## the module and the launcher (ASAN=1: sanitized, in build/asan)
endif

asan: $(asan_CORE) build/asan/tidelock
strict: $(gcc_CORE) $(clang_CORE)  ## compile everything with gcc and with clang, every warning an error
spec-programs: $(asan_CSPEC)
fuzzers: $(fuzz_BIN)
compile_commands.json: $(BUILD)/compile_commands.json

deps:  ## install what building and testing need (done by demo, test and bench too)
	@:

clean:  ## remove everything that was built
	rm -rf build

help:  ## this list
	@sed -nE 's/^([a-z][a-z-]*):([^#]*[^#\\])?## (.*)/\1\t\3/p' Makefile | sort | expand -t 16

# ---- targets: check --------------------------------------------------------------------------------------------
#
# Specs find the module on Lua's path, helpers as require "spec.NAME", and the launcher to start servers with in the
# environment's TIDELOCK. Tags: #once is for what sanitizers and valgrind can add nothing to (style, installation),
# #timing for what measures real time, which valgrind spoils.

# $(call busted,directory of the build,what comes before lua,options of lua)
busted = env LUA_PATH_5_4="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;$(CURDIR)/?.lua;;" \
	LUA_CPATH_5_4="$(CURDIR)/$(1)/lib/?.so;;" TIDELOCK="$(CURDIR)/$(1)/tidelock" PATH="$$PATH:$(CURDIR)/build/bin" \
	$(2) $(LUA) $(3) "$$(command -v busted)" -o gtest -p _spec $(BUSTED_FLAGS) $(SPEC)

# $(call c_specs,programs,what comes before each): runs them side by side; a crash is a failed test too
c_specs = printf '%s\n' $(1) | xargs -P $$(nproc) -I{} sh -c \
	'$(2) {} > {}.log 2>&1; status=$$?; echo "\# {}"; cat {}.log; \
	test $$status = 0 || { grep -q "^not ok" {}.log || echo "not ok - {} (exit status $$status)"; exit 1; }'

SPEC     ?= spec
VALGRIND ?= valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite
ASAN_ENV := LD_PRELOAD="$$(gcc -print-file-name=libasan.so)" UBSAN_OPTIONS=print_stacktrace=1

test:  ## everything: both compilers, lint, specs plain and sanitized, C specs, short fuzzing
	@FUZZ_SECONDS='$(FUZZ_SECONDS)' .ci/test

spec: all  ## the busted specs (SPEC=path, BUSTED_FLAGS=...)
	@$(call busted,$(BUILD))

spec-asan: asan  ## the busted specs under ASan and UBSan
	@$(call busted,build/asan,$(ASAN_ENV),-e '$(ASAN_ONLY_HERE)') --exclude-tags=once

spec-c: $(asan_CSPEC)  ## the C specs under ASan and UBSan
	@$(call c_specs,$(asan_CSPEC))

spec-valgrind: all spec-c-valgrind  ## the C specs and the busted specs under valgrind
	@$(call busted,$(BUILD),$(VALGRIND)) --exclude-tags=once --exclude-tags=timing

spec-c-valgrind: $(main_CSPEC)
	@$(call c_specs,$(main_CSPEC),$(VALGRIND))

redis-suite: all  ## Redis's own test suite against tidelock (UNITS="unit/type/list ..."; fetches it; not part of test)
	@spec/server/redis_suite $(UNITS)

# A fuzzer keeps what it learns in build/fuzz/corpus/NAME, starts from spec/fuzz/corpus/NAME too if there is one, and
# uses spec/fuzz/NAME.dict if there is one. What it finds it leaves in build/fuzz/found.
FUZZ_RUNS := $(patsubst spec/fuzz/fuzz_%.c,fuzz-%,$(if $(FUZZ),spec/fuzz/fuzz_$(FUZZ).c,$(FUZZERS)))
.PHONY: $(FUZZ_RUNS)
fuzz: $(FUZZ_RUNS)  ## run each fuzzer for FUZZ_SECONDS, or one: FUZZ=name
$(FUZZ_RUNS): fuzz-%: build/fuzz/spec/fuzz/fuzz_%
	@mkdir -p build/fuzz/corpus/$* build/fuzz/found
	@if $< -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=1 \
		-artifact_prefix=build/fuzz/found/$*- $(wildcard spec/fuzz/$*.dict:%=-dict=%) \
		build/fuzz/corpus/$* $(wildcard spec/fuzz/corpus/$*) > build/fuzz/$*.log 2>&1; \
	then echo "ok - fuzz $* ($$(sed -n 's/^stat::number_of_executed_units: *//p' build/fuzz/$*.log) runs)"; \
	else tail -n 50 build/fuzz/$*.log; echo "not ok - fuzz $*"; exit 1; fi

lint: lint-lua lint-format lint-tidy  ## luacheck, clang-format and clang-tidy

LUA_FILES := $(wildcard lua spec examples bench docs .luacheckrc rockspec/*.rockspec)
C_FILES   := $(SRC) $(CSPEC) $(CSUPPORT) $(FUZZERS) $(HEADERS)
lint-lua:
	@luacheck -q $(LUA_FILES)
lint-format:
	@$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)
lint-tidy: $(SRC:%.c=$(BUILD)/tidy/%.ok)
# An object is rebuilt when a header it includes changes, and then looked at again. The analyzer walks at most so many
# states of a function (clang's own limit is 225,000): a few large ones took most of the time.
TIDY_NODES ?= 40000
$(BUILD)/tidy/%.ok: %.c $(BUILD)/obj/%.o .clang-tidy
	@mkdir -p $(@D)
	$(call say,tidy)
	@$(CLANG_TIDY) --quiet --warnings-as-errors='*' $< -- $(BASE) $(CFLAGS) \
		-Xclang -analyzer-config -Xclang max-nodes=$(TIDY_NODES) 2> $@.log && touch $@ || { cat $@.log; false; }

fmt:  ## format the C sources
	$(CLANG_FORMAT) -i $(C_FILES)

# ---- targets: use ----------------------------------------------------------------------------------------------

demo: all  ## acknowledged writes being lost, and saved
	@$(BUILD)/tidelock run examples/failover.lua

docs: all  ## writes docs/commands.md and the annotations that are made from the table of commands
	@$(BUILD)/tidelock run docs/generate.lua

bench: all  ## our server beside redis-server, the store beside a Lua table (BENCH_FLAGS=--quick, ...)
	@$(BUILD)/tidelock run bench/run.lua $(BENCH_FLAGS)

# LuaRocks does the installing, through rockspec/ and `install-files`. Modules that Lua finds already (Debian's packages,
# say) it is told to take as provided; the others it fetches. PREFIX=dir installs into that tree.
ROCKS_TREE = $(if $(PREFIX),--tree=$(abspath $(PREFIX)),$(if $(filter-out 0,$(shell id -u)),--local))
install: $(BUILD)/luarocks-config.lua  ## install through LuaRocks (PREFIX=dir: into that tree)
	env -u MAKEFLAGS -u MAKELEVEL LUAROCKS_CONFIG=$(CURDIR)/$< \
		$(LUAROCKS) --lua-version=5.4 $(ROCKS_TREE) make rockspec/tidelock-scm-1.rockspec

# the user's own configuration, and what is there already
define rocks_provided
print("rocks_provided = rocks_provided or {}")
for rock, module in pairs { luaposix = "posix", argparse = "argparse", dkjson = "dkjson" } do
  local found, m = pcall(require, module)
  local version = found and tostring(m.version):match("(%d+%.[%d.]*%d)%D*$$")
  if version then print(("rocks_provided.%s = %q"):format(rock, version .. "-1")) end
end
endef
export ROCKS_PROVIDED := $(rocks_provided)
LUAROCKS_OWN := $(or $(LUAROCKS_CONFIG),$(wildcard $(HOME)/.luarocks/config-5.4.lua))
$(BUILD)/luarocks-config.lua: FORCE
	@mkdir -p $(@D)
	@{ cat $(LUAROCKS_OWN) /dev/null; $(LUA) -e "$$ROCKS_PROVIDED"; } > $@

install-files: $(main_CORE) $(BUILD)/tidelock.lua
	install -d $(LUADIR) $(LIBDIR)/tidelock $(BINDIR)
	cp -R lua/tidelock $(LUADIR)/
	install -m 755 $(main_CORE) $(LIBDIR)/tidelock/core.so
	install -m 755 $(BUILD)/tidelock.lua $(BINDIR)/tidelock
