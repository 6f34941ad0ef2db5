#!/bin/sh
# usage: tools/fuzzcode.sh FOLDER NAME...
#
# A digest of the code that FOLDER/fuzz_<NAME> runs, for the fuzz log: of the
# harness, of every source file that was linked in, and of the tables and
# private headers that these read, all without comments. Public headers only
# declare; slices, containers and memory are everybody's and have unit tests;
# what talks to the system, logs or dies is no part of a parser: all these are
# left out.
set -eu
dir=$1
shift

for name in "$@"; do
	sed -n "s|^.*libcheck\.a(\(.*\)\.o)\$|tests/\1|p; s|^$dir/\(.*\)\.o\$|\1|p" "$dir/fuzz_$name.link" |
	while read -r unit; do
		[ ! -f "$dir/$unit.d" ] || sed 's/:.*//; s/\\$//' "$dir/$unit.d" | tr -s ' ' '\n'
		[ ! -f "$dir/$unit.d" ] || sed 's/^[^:]*: //; s/\\$//' "$dir/$unit.d" | tr -s ' ' '\n'
	done |
	grep -E '^(src|fuzz|tests|include)/.*\.(c|h|def)$' |
	grep -v -E -e '^include/(.*\.h|(err|metrics)\.def)$' \
		-e '^src/base/(arena|buf|check|count|heap|io|io_linux.*|log|map|mem|pool|rand|str)\.[ch]$' |
	sort -u |
	while read -r file; do
		echo "$file"
		gcc -w -x c -fpreprocessed -dD -E -P "$file"
	done | sha256sum | cut -c1-12 | sed "s/^/$name /"
done
