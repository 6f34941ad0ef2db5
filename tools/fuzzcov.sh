#!/bin/sh
# usage: tools/fuzzcov.sh FOLDER NAME...
#
# What the corpora alone reach: replays fuzz/corpus/<NAME> with
# FOLDER/fuzz_<NAME> and prints lines and branches for each source file, and
# the lines that no input reaches. A file that feeds on foreign bytes must
# have 95 % of its lines reached, or a reason for each other line in
# fuzz/uncovered.tsv: file, text of the line or function(), reason. Last
# line: "N passed, N failed" in such files.
set -u
dir=$1
shift
cov=$dir/lcov.info

rm -f "$dir"/*.profraw
for name in "$@"; do
	LLVM_PROFILE_FILE="$dir/$name-%p.profraw" "$dir/fuzz_$name" "fuzz/corpus/$name" >"$dir/$name.log" 2>&1 || {
		cat "$dir/$name.log"
		exit 1
	}
done
llvm-profdata merge -sparse -o "$dir/all.profdata" "$dir"/*.profraw || exit 1
rm -f "$dir"/*.profraw
objects=$(printf -- '-object %s ' $(printf "$dir/fuzz_%s\n" "$@"))
llvm-cov export -format=lcov -instr-profile="$dir/all.profdata" $objects >"$cov" || exit 1

awk '
# Who must be reached: everything of codec, and what else reads what others
# wrote. The rest is only shown.
function must(f) {
	return f ~ /^src\/codec\// ||
	    f ~ /^src\/net\/(dns_files|dns_packet|http1_parse|tls_verify|trust)\.c$/ ||
	    f ~ /^src\/kube\/(config_exec|config_file|peek|status|watch_http)\.c$/ ||
	    f ~ /^src\/control\/noted\.c$/ || f ~ /^src\/cli\/reload\.c$/
}

FILENAME == "fuzz/uncovered.tsv" {
	if (/^#/ || !NF)
		next
	n = split($0, part, "\t")
	if (n != 3 || part[3] == "") {
		printf "%s:%d: not file, text and reason\n", FILENAME, FNR
		broken = 1
		next
	}
	rows++
	row_file[rows] = part[1]
	row_text[rows] = part[2]
	row_line[rows] = FNR
	next
}

/^SF:/ {
	file = substr($0, 4)
	sub(/^.*\/src\//, "src/", file)
	ours = file ~ /^src\/[a-z]+\/[a-z0-9_]+\.[ch]$/
	if (ours)
		files[++nfiles] = file
}
ours && /^DA:/ {
	split(substr($0, 4), part, ",")
	lines[file]++
	if (part[2] > 0)
		hit[file]++
	else
		missed[file] = missed[file] " " part[1]
}
ours && /^BRDA:/ {
	split($0, part, ",")
	branches[file]++
	taken[file] += part[4] != "-" && part[4] > 0
}

function percent(a, b) {
	return b ? sprintf("%.1f", int(1000 * a / b) / 10) : "-"
}

function text_of(name, l, b, h, t) {
	return sprintf("%-28s %6d %6d %6s %8d %6d %6s\n", name, l, h, \
		percent(h, l), b, t, percent(t, b))
}

# The reason in the table for this line, or 0; all that fit are in use.
function reason(f, text, fn, i, found) {
	for (i = 1; i <= rows; i++)
		if (row_file[i] == f && (index(text, row_text[i]) ||
		    row_text[i] == fn "()")) {
			used[i] = 1
			found = i
		}
	return found
}

# Marks the missed lines, with the function that each is in.
function read_missed(f, n, i, at, text, fn, no, want, bare, after) {
	n = split(missed[f], at, " ")
	for (i = 1; i <= n; i++)
		want[at[i]] = 1
	bare = 0
	while ((getline text < f) > 0) {
		no++
		if (text ~ /^[a-z_].*\(/ && match(text, /[a-z_][a-z0-9_]*\(/))
			fn = substr(text, RSTART, RLENGTH - 1)
		if (!(no in want))
			continue
		# What a bug leads to, by its own word.
		if (text ~ /UNREACHABLE\(\)/ || (after && text ~ /^\t*}$/)) {
			after = text ~ /UNREACHABLE\(\)/
			lines[f]--
			continue
		}
		after = 0
		sub(/^[ \t]+/, "", text)
		if (reason(f, text, fn))
			continue
		bare++
		shown = shown sprintf("%s:%d: %s(): %s\n", f, no, fn, text)
	}
	close(f)
	return bare
}

END {
	printf "%-28s %6s %6s %6s %8s %6s %6s\n", "file", "lines", "hit", "%", \
		"branches", "hit", "%"
	for (i = 1; i <= nfiles; i++) {
		f = files[i]
		room = f
		sub(/^src\//, "", room)
		sub(/\/.*/, "", room)
		if (!must(f)) {
			if (room != "base" || f ~ /(clock|opts|str)\.c$/)
				others = others text_of(f, lines[f], branches[f], \
					hit[f], taken[f])
			continue
		}
		shown = ""
		bare = read_missed(f)
		text = text shown
		printf "%s", text_of(f, lines[f], branches[f], hit[f], taken[f])
		l[room] += lines[f]
		h[room] += hit[f]
		b[room] += branches[f]
		t[room] += taken[f]
		if (bare && 100 * hit[f] < 95 * lines[f]) {
			low = low sprintf("%s: %s %% of lines, %d " \
				"without a reason\n", f, \
				percent(hit[f], lines[f]), bare)
			failed++
		} else {
			passed++
		}
	}
	for (room in l)
		printf "%s", text_of("parsers of " room, l[room], b[room], \
			h[room], t[room])
	printf "\nWhat else they run through:\n%s", others
	if (text != "")
		printf "\nNot reached, and no reason in fuzz/uncovered.tsv:\n%s", text
	for (i = 1; i <= rows; i++)
		if (!(i in used)) {
			printf "fuzz/uncovered.tsv:%d: every such line is reached\n", row_line[i]
			failed++
		}
	printf "%s%d passed, %d failed\n", low, passed, failed
	exit failed > 0 || broken
}' fuzz/uncovered.tsv "$cov"
