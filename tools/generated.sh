#!/bin/sh
# usage: tools/generated.sh TREE
#
# Compares what the generator wrote below TREE with the repository; a file in
# crds/ that it did not write is wrong too.  Last line: "N passed, N failed".
set -u
tree=$1
passed=0
failed=0

files=$( (cd "$tree" && find . -type f; find ./crds -type f 2>/dev/null) |
	sort -u)
for f in $files; do
	if cmp -s "$tree/$f" "$f"; then
		passed=$((passed + 1))
		continue
	fi
	failed=$((failed + 1))
	printf '%s is not what the tables say: make generate\n' "${f#./}"
	diff -u "$f" "$tree/$f" 2>&1 | head -n 20
done
printf '%d passed, %d failed\n' $passed $failed
[ $failed -eq 0 ] && [ $passed -gt 0 ]
