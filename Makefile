# mcp-operator.  `make help` prints the lines that start with "#:".
#
#: make                 build/release/mcp-operator and mcp-gateway
#: make test            checks, unit tests, corpus replay, generated files
#: make test T=text     unit tests whose "file:name" contains the text
#: make test-room R=net that room's tests, compiling no room above it
#: make replay F=json   that harness over its corpus
#: make golden          writes tests/golden/ anew from what the tests got
#: make fuzz T=30       every harness so many seconds; F=json: one
#: make fuzz-log T=60   the same, entered into fuzz/log.tsv
#: make fuzz-sum        what that log says of each harness, and what it lacks
#: make fuzz-cov        lines and branches that the corpora alone reach
#: make check           gcc -fanalyzer, clang-tidy, cppcheck; alerts and
#:                      dashboards by promtool and Grafana's own types
#: make msan            unit tests and corpus replay under MSan
#: make generate        crds/ and what else comes from the field tables
#:                      (manifests: the same)
#: make sim SEEDS=100   the whole operator simulated, SEED0=first seed;
#:                      SEED=n: one, told in full, REDUCE=1: shortened;
#:                      T=seconds; CRASHES=1: a crash at every request
#: make faults          each reservation refused, each system call cut or
#:                      interrupted, once (docs/faults.md); DEPTH=10:
#:                      by finer paths
#: make sim-canary      which planted bugs the simulator finds, and how soon;
#:                      B=name: that one, DOC=1: into docs/simulation.md
#: make mutate N=200    changes a line at a time and says what no test finds;
#:                      SEED=1
#: make run             everything on a local node; stop ends it
#: make e2e bench       tests and figures on a real node
#: make image           the OCI archive, no Docker needed; IMG= names it
#: make push            that archive to a registry with skopeo
#: make docker-build docker-push   with Docker when its daemon answers
#: make install         CRDs into the cluster of KUBECTL; uninstall
#:                      removes them, and with them all their objects
#: make deploy          CRDs and manifests/ with image IMG; undeploy
#:                      removes what manifests/ holds, not the CRDs
#: make smoke           starts the binaries (qemu-user for a foreign ARCH)
#: make cross           that for every architecture
#: make repro           builds twice elsewhere and compares the bytes
#: make size            bytes by room and library
#: make fetch           only brings the third-party sources
#: make clean           removes what was built from src/; distclean
#:                      removes build/ with the third-party sources
#:
#: ARCH=x86_64|aarch64|arm|riscv64  DEPS_DIR=folder of the source archives
#: CC=gcc|clang  O=build  V=1 (commands)  GIT=1 (commit in the version)
#
# build/release      static-pie musl binaries, what is shipped
# build/release-ARCH the same for another architecture
# build/test         host libc, ASan and UBSan: tests, corpus replay, generator
# build/sim          the simulator, optimised, without sanitizers
# build/fuzz         clang libFuzzer
# build/deps         third-party sources and what is built from them

VERSION = 0.1.0
O ?= build
# A tag may hold no "+".
IMG ?= mcp-operator:$(subst +,-,$(version))
KUBECTL ?= kubectl
DEPS_DIR ?=

# GIT=1 adds the commit; left out by default, so that the same sources give
# the same bytes wherever they are built.
version := $(VERSION)$(if $(GIT),+g$(shell git rev-parse --short=12 HEAD))

.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory
# Several targets are made one after the other, as they are named.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS))$(word 2,$(MAKECMDGOALS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
Q = $(if $(V),,@)
# Recipes that run make share its jobs, which "+" asks for; but "make -n" then
# would run them, so there it is left out.
dry = $(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
jobs = $(if $(dry),,+)
make = $(MAKE)
with_make = $(jobs)$Q MAKE='$(make)'
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
cc_release = $(if $(is_clang),$(CC) --target=$(triple),$(cross)$(CC))
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
# No pac-ret: the boards this is for ignore it (ARMv8.3), at 13 KB.
guard_aarch64 = $(if $(is_clang),,-fstack-clash-protection)
# Its code and data lie within 1 MiB, where one adr reaches what else takes an
# adrp and an add, and where nothing goes through the GOT: not the guard either,
# of which musl keeps a copy at the thread pointer. 20 KB less.
near_aarch64 = $(if $(is_clang),,-mcmodel=tiny -include tools/hidden.h \
	-mstack-protector-guard=sysreg -mstack-protector-guard-reg=tpidr_el0 \
	-mstack-protector-guard-offset=-16)
guard_arm = $(if $(is_clang),,-fstack-clash-protection)
guard_riscv64 = -msave-restore $(if $(is_clang),,-fstack-clash-protection)
asan = -fsanitize=address,undefined -fno-sanitize-recover=all
debug = -O1 -g -fno-omit-frame-pointer

d_release := $O/release$(if $(cross),-$(ARCH))$(if $(is_clang),-clang)
d_test := $O/test$(if $(is_clang),-clang)
d_fuzz := $O/fuzz
d_sim := $O/sim
d_cov := $O/cov
d_msan := $O/msan
src_deps := $O/deps/src
o_release := $O/deps/$(ARCH)/$(notdir $(d_release))
o_test := $O/deps/$(host_arch)/$(notdir $(d_test))
o_fuzz := $O/deps/$(host_arch)/fuzz
o_sim := $O/deps/$(host_arch)/sim
o_cov := $O/deps/$(host_arch)/cov
o_msan := $O/deps/$(host_arch)/msan

# Our own code and libyaml's are -Oz besides, 8 KB less on x86_64; what TLS
# costs is not.
depcflags_release = -Os -fPIE $(lean) $(guard) $(guard_$(ARCH))
depcflags_test = -O2 -g -fsanitize=address
depcflags_sim = -O2 -g
cflags_cov = -O0 -fprofile-instr-generate -fcoverage-mapping
cflags_msan = $(depcflags_msan) -fsanitize-memory-track-origins \
	-fno-sanitize-recover=all
depcflags_fuzz = -O2 -g -fsanitize=address,fuzzer-no-link
depcflags_cov = -O1
depcflags_msan = -O1 -g -fno-omit-frame-pointer -fsanitize=memory

cc_test = $(CC)
cc_fuzz = $(CLANG)
cc_sim = $(CC)
cc_cov = $(CLANG)
cc_msan = $(CLANG)
cflags_release = $(depcflags_release) -Oz $(near_$(ARCH)) -g \
	-DMEM_OWN_MALLOC -DSTART_OWN \
	-nostdinc -isystem $(o_release)/include \
	-isystem $(src_deps)/musl/arch/$(ARCH) \
	-isystem $(shell $(cc_release) -print-file-name=include 2>&1)
cflags_test = $(debug) $(asan)
cflags_fuzz = $(debug) $(asan) -fsanitize=fuzzer-no-link
cflags_sim = -O2 -g -DBASE_SCRUB

cppflags = -std=c11 -iquote include -DMCP_VERSION=\"$(version)\" \
	-isystem $(src_deps)/bearssl/inc -isystem $(src_deps)/libyaml/include \
	-isystem $(src_deps)/jsmn -isystem $(src_deps)/zlib

# Only for tests, harnesses and tools.
# clang does not know gcc's warning, nor gcc the option that says so; texts in
# tables go over several lines.
outside = -D_GNU_SOURCE -Wno-unknown-warning-option -Wno-format-truncation \
	-Wno-string-concatenation \
	-iquote tests -iquote fuzz -iquote src

# ---- sources ----------------------------------------------------------------

rooms := base codec net mcp model kube render registry backup observe \
	admit extend gateway control cli
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
ifneq ($(filter-out clean distclean help,$(or $(MAKECMDGOALS),all)),)
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

.PHONY: need-release need-test need-sim need-fuzz need-cov need-msan \
	need-emulator
need-release:
	$Q tools/need.sh 'command -v $(firstword $(cc_release))' \
		$(if $(is_clang),clang,gcc$(if \
		$(cross),-$(subst _,-,$(triple)))) $(if $(cross),,libc6-dev)
need-test need-sim:
	$Q tools/need.sh 'command -v $(CC)' $(CC) libc6-dev
	$Q $(if $(is_clang),$(call need_sanitizers,$(CC)))
need-fuzz need-msan:
	$Q tools/need.sh 'command -v $(CLANG)' clang libc6-dev
	$Q $(call need_sanitizers,$(CLANG))
need-cov: need-fuzz
	$Q tools/need.sh 'command -v llvm-cov && command -v llvm-profdata' llvm
need-emulator:
	$Q $(if $(cross),tools/need.sh 'command -v $(emulator)' qemu-user)
# Debian has clang's sanitizers, their headers and libFuzzer in one package.
need_sanitizers = tools/need.sh 'echo \
	"int LLVMFuzzerTestOneInput(void) { return 0; }" | \
	$1 -fsanitize=fuzzer,address,undefined -x c - -o /dev/null \
	-include sanitizer/asan_interface.h' \
	libclang-rt-$$($1 -dumpversion | cut -d. -f1)-dev

# $1 flavour, $2 variables for deps.mk
define deps_rule
$(o_$1)/.stamp: $(src_deps)/.stamp tools/deps.mk Makefile | need-$1
	$$Q mkdir -p $$(@D)
	+$$Q flock $$(@D)/.lock $$(MAKE) $$(if $$(V),,-s) \
		-f tools/deps.mk SRC=$(src_deps) \
		OUT=$$(@D) NAME='$$(notdir $$(@D)) $(ARCH)' CC='$$(cc_$1)' \
		CFLAGS='$$(depcflags_$1)' $2
$(depfiles): $(o_$1)/.stamp ;
endef
$(eval $(call deps_rule,release,AR=$$(AR) RANLIB=$$(RANLIB) \
	HOST=$(triple) MUSL=1 NEAR='$$(near_$(ARCH))'))
$(foreach f,test fuzz sim cov msan,$(eval $(call deps_rule,$f,AR=ar)))

.PHONY: fetch deps
fetch: $(src_deps)/.stamp
deps: $(o_release)/.stamp $(o_test)/.stamp

# ---- objects ----------------------------------------------------------------

# Written aside and renamed, so that two makes in one tree do not meet half an
# object; compiled anew when the command line changes.
compile_release = $(cc_release) $(cppflags) $(warn) $(cflags_release)
compile_test = $(cc_test) $(cppflags) $(warn) $(cflags_test)
compile_fuzz = $(cc_fuzz) $(cppflags) $(warn) $(cflags_fuzz)
compile_sim = $(cc_sim) $(cppflags) $(warn) $(cflags_sim)
compile_cov = $(cc_cov) $(cppflags) $(warn) $(cflags_cov)
compile_msan = $(cc_msan) $(cppflags) $(warn) $(cflags_msan)

# $1 flavour
define object_rules
$(d_$1)/.flags: FORCE | need-$1
	@mkdir -p $$(@D)
	@echo '$$(compile_$1)' | cmp -s - $$@ || echo '$$(compile_$1)' >$$@
$(d_$1)/%.o: %.c $(d_$1)/.flags $(o_$1)/.stamp
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$Q t=$$@.$$$$$$$$; $$(compile_$1) \
		$$(if $$(filter src/%,$$<),,$(outside)) \
		-MMD -MP -MF $$(@:.o=.d) -MT $$@ -c -o $$$$t $$< && \
		mv $$$$t $$@ || { rm -f $$$$t; exit 1; }
-include $(patsubst %.c,$(d_$1)/%.d,$(srcs) $(units) \
	$(wildcard tests/*.c tests/bench/*.c tests/crds/*.c tests/faults/*.c \
	tests/live/*.c tests/sim/*.c \
	fuzz/*.c tools/*.c))
endef
$(foreach f,release test fuzz sim cov msan,$(eval $(call object_rules,$f)))
FORCE:
.PHONY: FORCE

# A room as a thin archive: a test pulls in what it needs, so that a function
# not written yet is in the way of nobody who does not call it.
# $1 flavour, $2 room
define archive_rule
$(d_$1)/$2.a: $(call objs,$1,$2)
	@mkdir -p $$(@D)
	$$Q rm -f $$@ && ar rcTD $$@ $$(filter %.o,$$^)
endef
$(foreach f,test fuzz cov msan,\
	$(foreach r,$(rooms),$(eval $(call archive_rule,$f,$r))))
archives = $(patsubst %,$(d_$1)/%.a,$2)

# ---- release binaries -------------------------------------------------------

# Limits in bytes; see tools/elfcheck.sh. What clang makes is larger, and a
# check of the source rather than what is shipped.
max_mcp-operator = $(if $(is_clang),720896,655360)
max_mcp-gateway = 655360

ldflags = -static -nostdlib -nostartfiles -Wl,-pie,--no-dynamic-linker \
	-Wl,-z,text,-z,relro,-z,now,-z,noexecstack,-z,separate-code \
	-Wl,--gc-sections,--build-id=none,--no-undefined
libgcc = $(shell $(cc_release) -print-libgcc-file-name)
musl = $(o_release)/lib

# Relative relocations are a tenth of the file unless they are packed, see
# src/base/start.c.  Where GNU ld cannot do it and it matters, lld can; nor
# does lld fill the file up where pages may have 64 KiB. With -O2 it lets texts
# share their tails, as GNU ld does by itself. Constants may lie in pages that
# can be executed: up to 8 KiB would be nothing but filling otherwise.
packed_x86_64 = -Wl,-z,noseparate-code,-z,pack-relative-relocs
packed_aarch64 = -B$(dir $(shell command -v ld.lld)) -fuse-ld=lld \
	-Wl,-O2,-z,noseparate-code,--pack-dyn-relocs=relr
ldflags += -Wl,-e,start_own $(packed_$(ARCH))

.PHONY: need-linker
need-linker:
	$Q $(if $(findstring lld,$(packed_$(ARCH))),tools/need.sh \
		'command -v ld.lld' lld)

operator_rooms := $(filter-out gateway,$(rooms))
gateway_rooms := base codec net mcp observe gateway
$(d_release)/mcp-operator: $(call objs,release,$(operator_rooms)) \
	$(patsubst %.c,$(d_release)/%.o,$(filter src/cli/%,$(mains)))
$(d_release)/mcp-gateway: $(call objs,release,$(gateway_rooms)) \
	$(patsubst %.c,$(d_release)/%.o,$(filter src/gateway/%,$(mains)))

# What `make bench` measures the operator against.
max_mcp-bare = 1048576
$(d_release)/mcp-bare: $(d_release)/tests/bench/bare.o \
	$(call objs,release,base codec net model kube render)

$(d_release)/mcp-%: $(call depfiles,release) tools/elfcheck.sh \
		| need-linker
	$(call say,LD,$@)
	$Q $(cc_release) $(ldflags) -Wl,-Map=$@.map -o $@.sym $(musl)/rcrt1.o \
		$(musl)/crti.o $(filter %.o,$^) $(filter %.a,$^) -L$(musl) \
		-Wl,--start-group -lc $(libgcc) -Wl,--end-group $(musl)/crtn.o
	$Q $(STRIP) -s -R .comment -o $@.new $@.sym
	$Q tools/elfcheck.sh $@.new $(max_$(@F)) $@.sym
	$Q mv $@.new $@

.PHONY: release
release: $(d_release)/mcp-operator $(d_release)/mcp-gateway $(d_release)/root

# ---- tests ------------------------------------------------------------------

more_tests := $(filter-out tests/main.c tests/guard.c tests/golden.c,\
	$(sort $(wildcard tests/*.c)))
# The simulator's API server, which has tests of its own.
model_api := $(sort $(wildcard $(addprefix tests/sim/,api*.c fields.c \
	managed.c shape*.c tree*.c typed*.c)))
link_libs = -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

# Helpers of several rooms' tests; only what a test names is linked.
# $1 flavour
define check_library
$(d_$1)/libcheck.a: $(patsubst %.c,$(d_$1)/%.o,tests/guard.c tests/golden.c \
		$(more_tests) $(model_api))
	$$Q rm -f $$@ && ar rcD $$@ $$^
endef
$(foreach f,test fuzz cov msan,$(eval $(call check_library,$f)))

# $1 program, $2 rooms, $3 objects, $4 flavour
define test_program
$(d_$4)/$1: $(3:%=$(d_$4)/%) $(call archives,$4,$2) $(d_$4)/libcheck.a \
		$(call depfiles,$4)
	$$(call say,LD,$$@)
	$$Q $$(cc_$4) $$(cflags_$4) -o $$@.new $$(filter %.o,$$^) \
		$$(link_libs) && mv $$@.new $$@
endef
unit_objs = tests/main.o $(1:%.c=%.o)
$(foreach g,test msan,\
	$(eval $(call test_program,unit,$(rooms),$(call \
	unit_objs,$(units)),$g)))
$(foreach r,$(rooms),$(eval $(call test_program,unit-$r,$(rooms_$r),\
	$(call unit_objs,$(filter tests/unit/$r/%,$(units))),test)))
$(foreach g,test cov msan,$(foreach f,$(fuzzers),\
	$(eval $(call test_program,$f,$(rooms_$f),fuzz/$f.o fuzz/main.o,$g))))

# The generator writes every generated file below the folder it is given, at
# its place in the repository (crds/..., docs/..., fuzz/dict/...).
$(foreach g,$(wildcard tools/gen.c),$(eval $(call test_program,gen,\
	$(rooms_gen),tools/gen.o,test)))
$O/tools/gen: $(d_test)/gen
	$Q mkdir -p $(@D) && ln -sf $(abspath $<) $@

# The same behind standard input and output, for tests/e2e/70-model.sh.
$(eval $(call test_program,simapi,base codec,tests/live/simapi.o,test))

# The operator's own checks likewise, for tests/e2e/oldest.py.
$(eval $(call test_program,judge,base codec model,tests/crds/judge.o,test))

# What can be refused, one by one; see tests/sim/inject.h.
inject_wrap = arena_alloc arena_alloc_array arena_str arena_buf pool_take \
	buf_put buf_str buf_cstr buf_char buf_u64 buf_i64 buf_hex buf_hex64 \
	buf_fmt buf_vfmt
sim_wrap = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc \
	$(inject_wrap:%=-Wl,--wrap=%)

# Faults one by one.  io_linux*.o call what may be interrupted by other names;
# they come first, so that the archive's are not taken.
$(d_test)/faults: $(addprefix $(d_test)/,$(call unit_objs,$(sort \
		$(wildcard tests/faults/*.c)))) \
		$(patsubst src/base/%.c,$(d_test)/interrupt/%.o,$(wildcard \
		src/base/io_linux*.c)) $(d_test)/tests/sim/inject.o \
		$(d_test)/tests/sim/inject_io.o $(d_test)/tests/sim/alloc.o \
		$(d_test)/tests/unit/control/manager_world.o \
		$(call archives,test,$(rooms)) $(d_test)/libcheck.a \
		$(call depfiles,test)
	$(call say,LD,$@)
	$Q $(cc_test) $(cflags_test) $(sim_wrap) -Wl,--wrap=check_failed \
		-o $@.new $(filter %.o,$^) $(link_libs) && mv $@.new $@
$(d_test)/interrupt/%.o: $(d_test)/src/base/%.o tests/faults/interrupt.syms
	$Q mkdir -p $(@D)
	$Q objcopy --redefine-syms=tests/faults/interrupt.syms $< $@

export ASAN_OPTIONS ?= detect_stack_use_after_return=1
export UBSAN_OPTIONS ?= print_stacktrace=1

.PHONY: test test-room golden replay generate manifests generated-check
test: $(o_test)/.stamp
	$(with_make) O='$O' D='$(d_test)' tests/run.sh $(T)

test-room: $(d_test)/unit-$(R)
	$(if $(filter $(R),$(rooms)),,$(error R= is one of: $(rooms)))
	$Q $< $(T)

replay: $(d_test)/fuzz_$(F)
	$(if $(F),,$(error F= names a harness: $(fuzzers:fuzz_%=%)))
	$Q $< $(wildcard fuzz/corpus/$(F))

golden: $(d_test)/unit
	$Q UPDATE_GOLDEN=1 $< $(T)

generate manifests: $O/tools/gen
	$Q $< .
	$Q tools/overlays.sh .

generated-check: $O/tools/gen
	$Q rm -rf $O/generated && mkdir -p $O/generated/crds
	$Q $< $O/generated
	$Q tools/overlays.sh $O/generated
	$Q tools/generated.sh $O/generated

# ---- simulation -------------------------------------------------------------

# The operator as it is, without its main; libc's allocator is watched.
sim_rooms := base codec net mcp model kube render observe admit extend \
	control
sims := $(sort $(wildcard tests/sim/*.c)) tests/fake_io.c tests/hang.c

# $1 flavour
define sim_program
$(d_$1)/sim: $(patsubst %.c,$(d_$1)/%.o,$(sims)) $(call objs,$1,$(sim_rooms)) \
		$(call depfiles,$1)
	$$(call say,LD,$$@)
	$$Q $$(cc_$1) $$(cflags_$1) $(sim_wrap) -o $$@.new \
		$$(filter %.o,$$^) $$(link_libs) && mv $$@.new $$@
endef
$(foreach f,sim test,$(eval $(call sim_program,$f)))

.PHONY: sim sim-wrap sim-canary faults mutate mutate-objects
sim: $(d_sim)/sim
	$Q $< $(if $(SEED),--seed=$(SEED) $(if $(REDUCE),--reduce),\
		$(if $(CRASHES),--crashes,--seed0=$(or $(SEED0),1) \
		--seeds=$(or $(SEEDS),$(if $(T),1000000,100)) \
		$(T:%=--seconds=%)))

# Every path by which something is asked for; see docs/faults.md.
faults: $(d_test)/faults $(d_sim)/sim
	$Q $(d_test)/faults
	$Q $(d_sim)/sim --faults=calls --per-path=0 --scenario=create
	$Q $(d_sim)/sim --faults $(DEPTH:%=--depth=%)

# For what links simulators by itself.
sim-wrap:
	@echo '$(sim_wrap)'

sim-canary:
	$(with_make) O='$O' DOC='$(DOC)' tests/sim/canary.sh $(B)

# The unit tests as the simulator is built: optimised, without sanitizers.
mutant_units := $(filter $(foreach r,control kube render,tests/unit/$r/%),\
	$(units)) tests/main.c
$(d_sim)/libcheck.a: $(patsubst %.c,$(d_sim)/%.o,tests/guard.c \
		tests/golden.c $(more_tests) $(model_api))
	$Q rm -f $@ && ar rcD $@ $^
mutate-objects: $(d_sim)/sim $(d_sim)/libcheck.a \
		$(mutant_units:%.c=$(d_sim)/%.o)
mutate: mutate-objects $(d_test)/unit
	$Q tools/need.sh 'command -v python3' python3
	$Q for a in 0 1; do tools/mutate.py --n=$(or $(N),200) \
		--seed=$(or $(SEED),1) --asan=$$a || exit 1; done

# ---- fuzzing ----------------------------------------------------------------

# $1 harness
define fuzz_program
$(d_fuzz)/$1: $(d_fuzz)/fuzz/$1.o $(call archives,fuzz,$(rooms_$1)) \
		$(d_fuzz)/libcheck.a $(call depfiles,fuzz)
	$$(call say,LD,$$@)
	$$Q $$(cc_fuzz) $$(asan) -fsanitize=fuzzer -o $$@.new \
		-Wl,--trace $$(filter %.o,$$^) $$(link_libs) >$$@.link && \
		mv $$@.new $$@
endef
$(foreach f,$(fuzzers),$(eval $(call fuzz_program,$f)))

.PHONY: fuzz fuzz-log fuzz-sum fuzz-cov
fuzz fuzz-log: $(addprefix $(d_fuzz)/,$(if $(F),fuzz_$(F),$(fuzzers)))
	$Q $(if $(filter fuzz-log,$@),FUZZ_LOG=fuzz/log.tsv) tools/fuzz.sh \
		$(d_fuzz) $(or $(T),30) $(^:$(d_fuzz)/fuzz_%=%)

fuzz-sum: $(addprefix $(d_fuzz)/,$(fuzzers))
	$Q tools/fuzzlog.sh sum fuzz/log.tsv $(d_fuzz) $(fuzzers:fuzz_%=%)

fuzz-cov: $(addprefix $(d_cov)/,$(fuzzers))
	$Q tools/fuzzcov.sh $(d_cov) $(fuzzers:fuzz_%=%)

# ---- static checks and MSan -------------------------------------------------

# What each tool says of each file, kept until a source or the command changes.
d_check := $O/check
check_flags = $(cppflags) -Wall -Wextra
tidy_checks = -*,bugprone-*,cert-*,clang-analyzer-*,misc-*,performance-*,\
	portability-*$(shell awk -F '\t' '$$1 == "tidy" && $$2 == "*" \
	{ printf ",-%s", $$3 }' tools/static.tsv)
headers := $(wildcard include/* src/*/*.h src/*/*.def)
checked := $(srcs:%.c=$(d_check)/%.gcc) $(srcs:%.c=$(d_check)/%.tidy) \
	$(d_check)/src.cppcheck

.PHONY: need-check check msan
need-check: need-test
	$Q tools/need.sh 'command -v clang-tidy' clang-tidy
	$Q tools/need.sh 'command -v cppcheck' cppcheck

$(d_check)/.flags: FORCE
	@mkdir -p $(@D)
	@echo '$(check_flags) $(tidy_checks)' | cmp -s - $@ || \
		echo '$(check_flags) $(tidy_checks)' >$@

$(d_check)/%.gcc: %.c $(headers) $(d_check)/.flags | need-check \
		$(o_test)/.stamp
	$(call say,GCC,$<)
	@mkdir -p $(@D)
	$Q gcc $(check_flags) -O1 -fanalyzer -c -o /dev/null $< 2>$@ || \
		{ cat $@; exit 1; }

$(d_check)/%.tidy: %.c $(headers) $(d_check)/.flags | need-check \
		$(o_test)/.stamp
	$(call say,TIDY,$<)
	@mkdir -p $(@D)
	$Q clang-tidy --quiet --checks='$(subst $(eval) ,,$(tidy_checks))' \
		$< -- $(check_flags) 2>/dev/null | sed 's|^$(CURDIR)/||' >$@

$(d_check)/src.cppcheck: $(srcs) $(headers) $(d_check)/.flags | need-check
	$(call say,CPPCHECK,src)
	@mkdir -p $(@D)
	$Q cppcheck --quiet --std=c11 -Iinclude -I src/base \
		--enable=warning,performance,portability --inline-suppr \
		--template='{file}:{line}:{column}: warning: {message} [{id}]' \
		$(srcs) 2>$@

check: $(checked)
	$Q tools/static.sh $(d_check)
	$(call say,RULES,tests/golden/render)
	$Q tests/alerts/check.sh $(d_check)/alerts
	$(call say,TYPES,tests/golden/render)
	$Q tests/grafana/check.sh $(d_check)/grafana

msan: $(d_msan)/unit $(addprefix $(d_msan)/,$(fuzzers))
	$Q tools/msan.sh $^

# ---- other architectures and reproducibility --------------------------------

archs = x86_64 aarch64 arm riscv64
emulator := $(if $(cross),qemu-$(ARCH) )

.PHONY: smoke cross repro size
smoke: release need-emulator
	$Q tools/smoke.sh '$(emulator)' $(version) $(d_release)/mcp-operator \
		$(d_release)/mcp-gateway

cross:
	+$Q for a in $(archs); do $(MAKE) ARCH=$$a smoke || exit 1; done

repro: $(src_deps)/.stamp
	$(with_make) DEPS_DIR='$(abspath $O)/deps/archives' \
		tools/repro.sh $O/repro ARCH=$(ARCH)

size: release
	$Q tools/size.sh $(d_release)/mcp-operator $(d_release)/mcp-gateway

# ---- image ------------------------------------------------------------------

image := $O/mcp-operator-$(version)-$(ARCH).oci.tar
docker = docker info >/dev/null 2>&1

# The image's contents; `mcp` is the operator under its short name.
$(d_release)/root: $(d_release)/mcp-operator $(d_release)/mcp-gateway
	$Q rm -rf $@ && mkdir -p $@ && cp $^ $@ && ln -s mcp-operator $@/mcp

.PHONY: image push docker-build docker-push build
image: $(d_release)/root
	$(call say,IMAGE,$(image))
	$Q tools/image.sh $< $(ARCH) $(version) $(IMG) $(image)

push: image
	$Q tools/need.sh 'command -v skopeo' skopeo
	$Q skopeo copy $(SKOPEO_FLAGS) oci-archive:$(image) docker://$(IMG)

docker-build: $(d_release)/root
	$(jobs)$Q if $(docker); then \
		docker build -f Dockerfile.scratch --build-arg ROOT=$< \
			-t $(IMG) . ; \
	else $(make) image; fi

docker-push:
	$(jobs)$Q if $(docker); then docker push $(IMG); \
	else $(make) push; fi

# ---- cluster ----------------------------------------------------------------

.PHONY: install uninstall deploy undeploy run stop e2e bench
install:
	$(KUBECTL) apply -f crds/

uninstall:
	$Q tools/held.sh $(KUBECTL)
	$(KUBECTL) delete --ignore-not-found -f crds/

$O/deploy: FORCE
	$Q rm -rf $@ && mkdir -p $@
	$Q for f in manifests/*.yaml; do \
		sed 's|\(image[:=] *\)mcp-operator:.*|\1$(IMG)|' $$f \
			>$@/$${f##*/} || exit 1; done

deploy: $O/deploy install
	$(KUBECTL) apply -f $<

undeploy: $O/deploy
	$Q tools/held.sh $(KUBECTL)
	$(KUBECTL) delete --ignore-not-found -f $<

build: release

run stop:
	$(with_make) tools/node/$@.sh

bench: $(d_release)/mcp-bare
e2e bench: release
	$(with_make) tests/$@/run.sh

# ---- the rest ---------------------------------------------------------------

.PHONY: clean distclean help
clean:
	rm -rf $O/release* $O/test* $O/fuzz $O/tools $O/generated $O/repro \
		$O/deploy $O/rooms.mk $O/*.oci.tar

distclean:
	rm -rf $O

help:
	@sed -n 's/^#: \{0,1\}//p' Makefile
