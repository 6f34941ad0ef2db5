# Builds the libraries unpacked in SRC with the given compiler into OUT:
# OUT/lib/*.a and, with MUSL=1, a musl of our own in OUT/lib and OUT/include;
# OUT/.stamp is as new as the newest of them.
# The Makefile calls this once per architecture and flavour, after deps.sh.
#
# CC AR RANLIB tools; CFLAGS for every library, NEAR for all but musl; HOST
# triple for musl; NAME shown

MAKEFLAGS += --no-builtin-rules
Q = $(if $(V),,@)
say = @printf '  DEPS    %s (%s)\n' '$1' '$(NAME)'
override SRC := $(abspath $(SRC))
override OUT := $(abspath $(OUT))

ifdef MUSL
libc := $(OUT)/lib/libc.a
sys := -nostdinc -isystem $(OUT)/include \
	-isystem $(shell $(CC) -print-file-name=include)
endif

# Whatever allocates gets its memory from the scratch scope of src/base/mem.c.
scratch = $(foreach f,malloc realloc free strdup,-D$f=scratch_$f)

bearssl_src := $(sort $(shell find $(SRC)/bearssl/src -name '*.c'))
bearssl_flags = -I$(SRC)/bearssl/inc -I$(SRC)/bearssl/src \
	-DBR_RDRAND=0 -DBR_USE_URANDOM=0 -DBR_USE_UNIX_TIME=0

# A failed assertion is a failed CHECK; libc's own would bring all of stdio.
assert = '-D__assert_fail(what,file,line,f)=check_failed(file,line,what)'

yaml_src := $(patsubst %,$(SRC)/libyaml/src/%.c,api parser reader scanner)
yaml_flags = -I$(SRC)/libyaml/include -DYAML_DECLARE_STATIC $(scratch) \
	$(assert) \
	-DYAML_VERSION_MAJOR=0 -DYAML_VERSION_MINOR=2 \
	-DYAML_VERSION_PATCH=5 '-DYAML_VERSION_STRING="0.2.5"' \
	$(if $(MUSL),-Oz)

z_src := $(patsubst %,$(SRC)/zlib/%.c,adler32 crc32 deflate inffast inflate \
	inftrees trees zutil)
z_flags = -I$(SRC)/zlib $(scratch)

$(OUT)/.stamp: $(OUT)/lib/libbearssl.a $(OUT)/lib/libyaml.a $(OUT)/lib/libz.a \
		$(SRC)/.stamp
	$Q touch $@

# What is unpacked keeps the times it had in its archive.
inputs := tools/deps.mk $(OUT)/.flags $(wildcard $(SRC)/*/.sha256)

$(OUT)/.flags: FORCE
	@echo '$(CC) $(CFLAGS) $(NEAR)' | cmp -s - $@ || \
		echo '$(CC) $(CFLAGS) $(NEAR)' >$@
.PHONY: FORCE

# $1 library name
define library
$1_obj := $$(patsubst $(SRC)/%.c,$(OUT)/obj/%.o,$$($1_src))
$(OUT)/lib/lib$1.a: $$($1_obj)
	$$(call say,$1)
	$$Q mkdir -p $$(@D) && rm -f $$@
	$$Q $(AR) rcD $$@ $$^
$$($1_obj): $(OUT)/obj/%.o: $(SRC)/%.c $(inputs) $(libc)
	$$Q mkdir -p $$(@D)
	$$Q $(CC) $(sys) $(CFLAGS) $(NEAR) -w -ffile-prefix-map=$(SRC)/= \
		$$($1_flags) -c -o $$@ $$<
endef
$(foreach l,bearssl yaml z,$(eval $(call library,$l)))

# Arithmetic on curves is most of what a connection costs; unrolled, it takes
# less than half the time for 10 KB more.
hot := ec/ec_p256_m31 int/i31_montmul codec/ccopy
$(hot:%=$(OUT)/obj/bearssl/src/%.o): bearssl_flags += -O3

# Built in a folder of its own, by musl's own Makefile; none of the variables
# given on our command line may reach it.
MAKEOVERRIDES =
musl_cflags = -w $(filter-out -fstack%,$(CFLAGS)) -ffile-prefix-map=$(SRC)/=
musl_objs = lib/libc.a lib/rcrt1.o lib/crti.o lib/crtn.o

$(OUT)/lib/libc.a: $(inputs)
	$(call say,musl)
	$Q rm -rf $(OUT)/musl && mkdir -p $(OUT)/musl
	$Q cd $(OUT)/musl && CC='$(CC)' CFLAGS='$(musl_cflags)' \
		AR=$(AR) RANLIB=$(RANLIB) CROSS_COMPILE= \
		$(SRC)/musl/configure --target=$(HOST) --prefix=$(OUT) \
		--disable-shared >configure.log 2>&1 || \
		{ cat configure.log; exit 1; }
	$Q +cd $(OUT)/musl && $(MAKE) -s AR=$(AR) RANLIB=$(RANLIB) \
		CROSS_COMPILE= $(musl_objs) && \
		$(MAKE) -s install-headers
	$Q mkdir -p $(@D) && cp $(musl_objs:%=$(OUT)/musl/%) $(@D) && touch $@
