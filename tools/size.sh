#!/bin/sh
# usage: tools/size.sh PROGRAM...
#
# Bytes of each program by room and library, from the linker's map that lies
# beside it: code and constants, initialised data, zeroed data.
set -u

for program in "$@"; do
	printf '%s: %d bytes\n' "$program" "$(wc -c <"$program")"
	awk '
	function part_of(file) {
		if (match(file, /\/src\/[a-z]+\//))
			return substr(file, RSTART + 5, RLENGTH - 6)
		if (match(file, /lib[a-z]+\.a/))
			return substr(file, RSTART, RLENGTH)
		return "start"
	}
	function count(section, size, file, part, kind) {
		kind = section ~ /^\.(bss|COMMON|tbss)/ ? 3 : \
			section ~ /^\.(data|got|tdata|init_array)/ ? 2 : 1
		part = part_of(file)
		sum[part, kind] += size
		total[kind] += size
		parts[part] = 1
	}
	function hex(s, v, i) {
		s = tolower(substr(s, 3))
		for (i = 1; i <= length(s); i++)
			v = v * 16 + index("0123456789abcdef", \
				substr(s, i, 1)) - 1
		return v
	}
	/^Linker script and memory map/ { map = 1 }
	/^\.debug|^\.comment|^OUTPUT/ { map = 0 }
	!map { next }
	# A long section name stands on a line of its own.
	/^ [.C][^ ]*$/ { name = $1; next }
	/^ [.C][^ ]* +0x/ { name = $1; $1 = ""; $0 = $0 }
	/^ +0x[0-9a-f]+ +0x[0-9a-f]+ [^ ]/ && name != "" {
		count(name, hex($2), $3)
		name = ""
	}
	END {
		printf "%-16s %9s %8s %9s\n", "", "text", "data", "bss"
		for (p in parts)
			printf "%-16s %9d %8d %9d\n", p, sum[p, 1], \
				sum[p, 2], sum[p, 3] | "sort"
		close("sort")
		printf "%-16s %9d %8d %9d\n", "sum", total[1], total[2], \
			total[3]
	}' "$program.map"
done
