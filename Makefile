# mcp-operator.  `make help` lists the targets.
#
# build/release      static-pie musl binaries, what is shipped
# build/release-ARCH the same for another architecture
# build/test         host libc, ASan and UBSan: tests, corpus replay, generator
# build/fuzz         clang libFuzzer
# build/deps         third-party sources and what is built from them

VERSION = 0.1.0
O ?= build
IMG ?= mcp-operator:$(version)
KUBECTL ?= kubectl
DEPS_DIR ?=

# GIT=1 adds the commit; left out by default, so that the same sources give
# the same bytes wherever they are built.
version := $(VERSION)$(if $(GIT),+g$(shell git rev-parse --short=12 HEAD))

.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
Q = $(if $(V),,@)
say = @printf '  %-7s %s\n' '$1' '$2'

.PHONY: all
all: release

# ---- tools ------------------------------------------------------------------

host_arch := $(subst armv7l,arm,$(shell uname -m))
ARCH ?= $(host_arch)
triple_x86_64 = x86_64-linux-gnu
triple_aarch64 = aarch64-linux-gnu
triple_arm = arm-linux-gnueabihf
triple_riscv64 = riscv64-linux-gnu
triple := $(triple_$(ARCH))
ifeq ($(triple),)
$(error ARCH=$(ARCH): it is one of x86_64 aarch64 arm riscv64)
endif
cross := $(if $(filter $(host_arch),$(ARCH)),,$(triple)-)

ifeq ($(origin CC),default)
CC = gcc
endif
CLANG ?= clang
is_clang := $(findstring clang,$(CC))
cc_release = $(cross)$(CC)$(if $(is_clang), --target=$(triple))
AR := $(cross)ar
RANLIB := $(cross)ranlib
STRIP := $(cross)strip

# ---- flags ------------------------------------------------------------------

warn = -Wall -Wextra -Werror -Wpedantic -Wno-overlength-strings -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wwrite-strings -Wcast-qual -Wvla -Wpointer-arith \
	-Wimplicit-fallthrough -Wundef
lean = -fno-asynchronous-unwind-tables -fno-unwind-tables \
	-ffunction-sections -fdata-sections
guard = -fstack-protector-strong -fno-strict-overflow
guard_x86_64 = -fcf-protection=none -fstack-clash-protection
guard_aarch64 = -mbranch-protection=pac-ret \
	$(if $(is_clang),,-fstack-clash-protection)
guard_arm = $(if $(is_clang),,-fstack-clash-protection)
guard_riscv64 = $(if $(is_clang),,-fstack-clash-protection)
asan = -fsanitize=address,undefined -fno-sanitize-recover=all
debug = -O1 -g -fno-omit-frame-pointer

d_release := $O/release$(if $(cross),-$(ARCH))$(if $(is_clang),-clang)
d_test := $O/test$(if $(is_clang),-clang)
d_fuzz := $O/fuzz
src_deps := $O/deps/src
o_release := $O/deps/$(ARCH)/$(notdir $(d_release))
o_test := $O/deps/$(host_arch)/$(notdir $(d_test))
o_fuzz := $O/deps/$(host_arch)/fuzz

depcflags_release = -Os -fPIE $(lean) $(guard) $(guard_$(ARCH))
depcflags_test = -O2 -g -fsanitize=address
depcflags_fuzz = -O2 -g -fsanitize=address,fuzzer-no-link

cc_test = $(CC)
cc_fuzz = $(CLANG)
cflags_release = $(depcflags_release) -g -nostdinc \
	-isystem $(o_release)/include \
	-isystem $(shell $(cc_release) -print-file-name=include)
cflags_test = $(debug) $(asan)
cflags_fuzz = $(debug) $(asan) -fsanitize=fuzzer-no-link

cppflags = -std=c11 -iquote include -DMCP_VERSION=\"$(version)\" \
	-isystem $(src_deps)/bearssl/inc -isystem $(src_deps)/libyaml/include \
	-isystem $(src_deps)/jsmn -isystem $(src_deps)/zlib

# ---- sources ----------------------------------------------------------------

rooms := base codec net mcp model kube render registry backup observe \
	admission gateway control cli
srcs := $(sort $(wildcard src/*/*.c))
mains := $(filter src/%/main_operator.c src/%/main_gateway.c,$(srcs))
units := $(sort $(wildcard tests/unit/*/*.c))
fuzzers := $(patsubst fuzz/%.c,%,$(sort $(wildcard fuzz/fuzz_*.c)))
libs := yaml z bearssl

# What a room, or a file outside the rooms, needs: see tools/rooms.awk.
rooms_from := $(wildcard fuzz/fuzz_*.c tools/*.c)
$O/rooms.mk: tools/rooms.awk $(rooms_from)
	$Q mkdir -p $(@D)
	$Q awk -v make=1 -f tools/rooms.awk $(rooms_from) </dev/null >$@
ifeq ($(filter clean distclean help,$(MAKECMDGOALS)),)
include $O/rooms.mk
endif

# $1 flavour, $2 rooms: their objects, mains left out
objs = $(patsubst %.c,$(d_$1)/%.o,$(foreach r,$2,\
	$(filter src/$r/%,$(filter-out $(mains),$(srcs)))))
depfiles = $(addprefix $(o_$1)/lib/,$(libs:%=lib%.a))

# ---- third-party libraries --------------------------------------------------

$(src_deps)/.stamp: tools/deps.lock tools/deps.sh
	$Q DEPS_DIR='$(DEPS_DIR)' tools/deps.sh tools/deps.lock $O/deps
	$Q touch $@

# $1 flavour, $2 variables for deps.mk
define deps_rule
$(o_$1)/.stamp: $(src_deps)/.stamp tools/deps.mk
	$$Q mkdir -p $$(@D)
	+$$Q flock $$(@D)/.lock $$(MAKE) -f tools/deps.mk SRC=$(src_deps) \
		OUT=$$(@D) NAME='$$(notdir $$(@D)) $(ARCH)' CC='$$(cc_$1)' \
		CFLAGS='$$(depcflags_$1)' $2
	$$Q touch $$@
$(depfiles): $(o_$1)/.stamp ;
endef
$(eval $(call deps_rule,release,AR=$$(AR) RANLIB=$$(RANLIB) HOST=$(triple) MUSL=1))
$(eval $(call deps_rule,test,AR=ar))
$(eval $(call deps_rule,fuzz,AR=ar))

.PHONY: fetch deps
fetch: $(src_deps)/.stamp
deps: $(o_release)/.stamp $(o_test)/.stamp

# ---- objects ----------------------------------------------------------------

# Written aside and renamed, so that two makes in one tree do not meet half an
# object; compiled anew when the command line changes.
define object_rules
$(d_$1)/.flags: FORCE
	@mkdir -p $$(@D)
	@echo '$$(cc_$1) $$(cppflags) $$(warn) $$(cflags_$1)' | \
		cmp -s - $$@ || \
		echo '$$(cc_$1) $$(cppflags) $$(warn) $$(cflags_$1)' >$$@
$(d_$1)/%.o: %.c $(d_$1)/.flags $(o_$1)/.stamp
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$Q t=$$@.$$$$$$$$; $$(cc_$1) $$(cppflags) $$(warn) $$(cflags_$1) \
		$$(if $$(filter src/%,$$<),,-D_GNU_SOURCE -iquote tests -iquote fuzz -iquote src) \
		-MMD -MP -MF $$(@:.o=.d) -MT $$@ -c -o $$$$t $$< && \
		mv $$$$t $$@ || { rm -f $$$$t; exit 1; }
-include $(patsubst %.c,$(d_$1)/%.d,$(srcs) $(units) \
	$(wildcard tests/*.c fuzz/*.c tools/*.c))
endef
$(foreach f,release test fuzz,$(eval $(call object_rules,$f)))
FORCE:
.PHONY: FORCE

# ---- release binaries -------------------------------------------------------

# Limits in bytes; see tools/elfcheck.sh.
max_mcp-operator = 655360
max_mcp-gateway = 655360

ldflags = -static -nostdlib -nostartfiles -Wl,-pie,--no-dynamic-linker \
	-Wl,-z,text,-z,relro,-z,now,-z,noexecstack,-z,separate-code \
	-Wl,--gc-sections,--build-id=none,--no-undefined
libgcc = $(shell $(cc_release) -print-libgcc-file-name)
musl = $(o_release)/lib

operator_rooms := $(filter-out gateway,$(rooms))
gateway_rooms := base codec net mcp observe gateway
$(d_release)/mcp-operator: $(call objs,release,$(operator_rooms)) \
	$(patsubst %.c,$(d_release)/%.o,$(filter src/cli/%,$(mains)))
$(d_release)/mcp-gateway: $(call objs,release,$(gateway_rooms)) \
	$(patsubst %.c,$(d_release)/%.o,$(filter src/gateway/%,$(mains)))

$(d_release)/mcp-%: $(call depfiles,release) tools/elfcheck.sh
	$(call say,LD,$@)
	$Q $(cc_release) $(ldflags) -Wl,-Map=$@.map -o $@.sym \
		$(musl)/rcrt1.o $(musl)/crti.o $(filter %.o,$^) \
		$(filter %.a,$^) -L$(musl) \
		-Wl,--start-group -lc $(libgcc) -Wl,--end-group $(musl)/crtn.o
	$Q $(STRIP) -s -R .comment -o $@.new $@.sym
	$Q tools/elfcheck.sh $@.new $(max_$(@F))
	$Q mv $@.new $@

.PHONY: release
release: $(d_release)/mcp-operator $(d_release)/mcp-gateway

# ---- tests ------------------------------------------------------------------

check_objs := $(d_test)/tests/guard.o $(d_test)/tests/golden.o
more_tests := $(filter-out tests/main.c tests/guard.c tests/golden.c,\
	$(sort $(wildcard tests/*.c)))
test_link = $(cc_test) $(cflags_test) -o $@.new $(filter %.o,$^) \
	$(filter %.a,$^) && mv $@.new $@

# Helpers of several rooms' tests; only what a test names is linked.
$(d_test)/libcheck.a: $(check_objs) $(more_tests:%.c=$(d_test)/%.o)
	$Q rm -f $@ && ar rcD $@ $^

# $1 program, $2 rooms, $3 objects
define test_program
$(d_test)/$1: $3 $(call objs,test,$2) $(d_test)/libcheck.a \
		$(call depfiles,test)
	$$(call say,LD,$$@)
	$$Q $$(test_link)
endef
unit_objs = $(d_test)/tests/main.o $(patsubst %.c,$(d_test)/%.o,$1)
$(eval $(call test_program,unit,$(rooms),$(call unit_objs,$(units))))
$(foreach r,$(rooms),$(eval $(call test_program,unit-$r,$(rooms_$r),\
	$(call unit_objs,$(filter tests/unit/$r/%,$(units))))))
$(foreach f,$(fuzzers),$(eval $(call test_program,$f,$(rooms_$f),\
	$(d_test)/fuzz/$f.o $(d_test)/fuzz/main.o)))

# R=room: that room's tests, with only that room and those below it compiled.
.PHONY: test-room
test-room: $(d_test)/unit-$(R)
	$(if $(filter $(R),$(rooms)),,$(error R= names one of: $(rooms)))
	$Q $< $(T)
