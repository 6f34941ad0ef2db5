#!/bin/sh
# usage: tools/tidy.sh [FILE]...
#
# The house rules that a machine can see, for every source file or those
# named: 80 columns (120 in shell scripts; a tab is 8), tabs for indentation,
# ASCII, no trailing space, functions of at most 70 lines and files of at most
# 900, no call that the house bans, system calls in one place, no recursion,
# unique file names.  Prints file:line for what is wrong, then
# "N passed, N failed" in files.
set -u
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/.." || exit 1

sources() {
	find src include tests fuzz tools .ci Makefile -type f 2>/dev/null |
	grep -E '(\.(c|h|def|awk|mk|sh)|Makefile|\.ci/run)$' |
	grep -v -E '/(corpus|golden|findings)/' | sort
}

[ $# -gt 0 ] || set -- $(sources)

awk '
BEGIN {
	function_max = 70
	file_max = 900
	banned = "sprintf vsprintf snprintf vsnprintf printf fprintf " \
		"vprintf vfprintf puts fputs fopen strcpy strncpy strcat " \
		"strncat strtok strdup strndup alloca malloc calloc realloc " \
		"free setjmp longjmp gets scanf sscanf atoi atol strtol " \
		"strtoul qsort bsearch"
	syscalls = "open openat creat read pread write pwrite writev close " \
		"socket connect bind listen accept accept4 send sendto " \
		"sendmsg recv recvfrom recvmsg setsockopt getsockopt " \
		"getsockname shutdown select poll ppoll epoll_create1 " \
		"epoll_ctl epoll_wait mmap munmap mprotect madvise fork " \
		"vfork execv execve execvp execvpe posix_spawn waitpid kill " \
		"sigaction signal sigprocmask prctl syscall getrandom " \
		"clock_gettime gettimeofday time nanosleep usleep sleep " \
		"getpid getuid setuid stat fstat lstat access opendir " \
		"readdir unlink rename mkdir rmdir chmod fsync pipe pipe2 " \
		"dup dup2 fcntl ioctl getaddrinfo getenv setenv exit _exit"
	reserved = "as|break|const|continue|else|for|function|if|import|" \
		"in|let|loop|namespace|package|return|var|void|while"
	n = split(banned, a, " ")
	for (i = 1; i <= n; i++)
		ban[a[i]] = "is banned"
	n = split(syscalls, a, " ")
	for (i = 1; i <= n; i++)
		ban[a[i]] = "belongs in src/base/io_linux*.c"
}

function bad(line, text) {
	printf "%s:%d: %s\n", file, line, text
	wrong[file] = 1
}

function width(s, i, w, n) {
	n = length(s)
	for (i = 1; i <= n; i++)
		w += substr(s, i, 1) == "\t" ? 8 - w % 8 : 1
	return w
}

# The line without comments and the insides of literals.
function code_of(s, out, c, i, n, quote) {
	n = length(s)
	for (i = 1; i <= n; i++) {
		c = substr(s, i, 1)
		if (in_comment) {
			if (substr(s, i, 2) == "*/") {
				in_comment = 0
				i++
			}
		} else if (quote != "") {
			if (c == "\\")
				i++
			else if (c == quote) {
				quote = ""
				out = out c
			}
		} else if (substr(s, i, 2) == "/*") {
			in_comment = 1
			i++
		} else {
			if (c == "\"" || c == "\047")
				quote = c
			out = out c
		}
	}
	return out
}

function check_calls(s, at, before, name) {
	while (match(s, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
		before = RSTART > 1 ? substr(s, RSTART - 1, 1) : " "
		name = substr(s, RSTART, RLENGTH)
		s = substr(s, RSTART + RLENGTH)
		sub(/[ \t]*\(/, "", name)
		if (start && before !~ /[>.]/)
			calls[fn] = calls[fn] " " name
		if (before !~ /[>.]/ && (name in ban) &&
		    !(file ~ /^src\/base\/io_linux[a-z_]*\.c$/ &&
		      ban[name] != "is banned") &&
		    !(file == "src/base/mem.c" && name ~ /alloc$|^free$/))
			bad(FNR, name " " ban[name])
	}
}

# What is called is a function of the same file, or else a public one.
function target(from, name) {
	sub(/ .*/, "", from)
	return (from " " name) in where ? from " " name : public[name]
}

# Takes away functions that call none that is left, or that none left calls,
# as long as there are such; what remains goes round.
function check_recursion(i, j, n, f, t, names, taken, more, called) {
	do {
		more = 0
		split("", called)
		for (i = 1; i <= nfns; i++) {
			f = fns[i]
			if (f in taken)
				continue
			n = split(calls[f], names)
			t = 0
			for (j = 1; j <= n; j++) {
				names[j] = target(f, names[j])
				if (names[j] == "" || names[j] in taken)
					continue
				called[names[j]] = t = 1
			}
			if (!t)
				more = taken[f] = 1
		}
		for (i = 1; i <= nfns; i++)
			if (!(fns[i] in taken) && !(fns[i] in called))
				more = taken[fns[i]] = 1
	} while (more)
	for (i = 1; i <= nfns; i++) {
		f = fns[i]
		if (f in taken)
			continue
		file = f
		sub(/ .*/, "", file)
		sub(/.* /, "", f)
		bad(where[fns[i]], f " is recursive")
	}
}

# The head of a function stands at column 0, its name before the bracket.
function head(s) {
	if (s !~ /^[a-z_]/ || !match(s, /[a-z_][A-Za-z0-9_]*\(/))
		return
	fn = file " " substr(s, RSTART, RLENGTH - 1)
	is_static = s ~ /^static /
}

function check_c(s) {
	head(s)
	if (s == "{") {
		start = FNR
		if (in_src) {
			fns[++nfns] = fn
			where[fn] = FNR - 1
			name = fn
			sub(/.* /, "", name)
			if (!is_static)
				public[name] = fn
		}
	} else if (s ~ /^}/ && start) {
		if (FNR - start - 1 > function_max)
			bad(start, "function of " FNR - start - 1 " lines")
		start = 0
	}
	if (s ~ /^[a-z].*\)[ \t]*{$/)
		bad(FNR, "the brace of a function stands at column 0")
	if (s ~ /(^|[^A-Za-z0-9_])typedef[ \t]+(struct|union|enum)/)
		bad(FNR, "typedef of a struct, union or enum")
	if (!in_src)
		return
	if (s ~ /(^|[^A-Za-z0-9_])(float|double)([^A-Za-z0-9_]|$)/)
		bad(FNR, "floating point")
	if (s ~ /^#[ \t]*include[ \t]*<(stdio|malloc|alloca|setjmp)\.h>/)
		bad(FNR, "this header is banned")
	check_calls(s)
}

function end_file() {
	if (file != "" && lines > file_max)
		bad(lines, "file of " lines " lines")
}

FNR == 1 {
	end_file()
	file = FILENAME
	sub(/^\.\//, "", file)
	files++
	line_max = file ~ /\.sh$/ ? 120 : 80
	is_c = file ~ /\.(c|h|def)$/
	in_src = file ~ /^src\/.*\.[ch]$/
	in_comment = start = 0
	name = file
	sub(/.*\//, "", name)
	if (file ~ /^(src|include|tests\/unit)\// && seen[name]++)
		bad(1, "another file has this name")
}

{
	lines = FNR
	if (/[ \t]$/)
		bad(FNR, "trailing space")
	if (/[^\t -~]/)
		bad(FNR, "not ASCII")
	if (file ~ /crds\.def$/ && $0 ~ "[a-z][.](" reserved ")[^A-Za-z_]")
		bad(FNR, "CEL of Kubernetes before 1.32 has it as __NAME__")
	if (length($0) > line_max / 8 && width($0) > line_max)
		bad(FNR, "wider than " line_max " columns")
	if (is_c && /^        /)
		bad(FNR, "indented with spaces")
	if (/(TOD[O]|FIXM[E]|(^|[^X])XX[X]([^X]|$))/)
		bad(FNR, "unfinished")
	if (is_c)
		check_c(code_of($0))
}

END {
	end_file()
	check_recursion()
	for (f in wrong)
		failed++
	printf "%d passed, %d failed\n", files - failed, failed
	exit failed > 0
}' "$@"
