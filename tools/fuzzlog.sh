#!/bin/sh
# usage: tools/fuzzlog.sh add LOG FOLDER NAME FINDINGS
#        tools/fuzzlog.sh join LOG OTHER...
#        tools/fuzzlog.sh sum LOG FOLDER NAME...
#
# The fuzz log: a row for each day, commit, harness and state of its code.
# `add` enters the run whose output is FOLDER/<NAME>.log, `join` the rows of
# other logs. `sum` prints for each harness what was run in all, and since its
# code last was another (see tools/fuzzcode.sh); it fails when one of the five
# largest has less than an hour of that, another less than ten minutes, or a
# harness found something and was not changed since.
set -eu
do=$1
log=$2
shift 2
head='date commit harness code seconds executions edges features corpus findings'

# Rows from standard input added to the log; those of one key become one.
enter() {
	awk -v head="$head" -F '\t' -v OFS='\t' '
	$1 == "date" || NF != 10 { next }
	{
		k = $1 OFS $2 OFS $3 OFS $4
		if (!(k in s))
			key[++n] = k
		s[k] += $5
		x[k] += $6
		for (i = 7; i <= 9; i++)
			if ($i > best[k, i] + 0)
				best[k, i] = $i
		f[k] += $10
	}
	END {
		gsub(" ", OFS, head)
		print head
		for (i = 1; i <= n; i++) {
			k = key[i]
			printf "%s\t%d\t%d\t%d\t%d\t%d\t%d\n", k, s[k], x[k], \
				best[k, 7], best[k, 8], best[k, 9], f[k]
		}
	}' "$log" - >"$log.new"
	# Not a move: the log may be a device.
	cat "$log.new" >"$log"
	rm -f "$log.new"
}

# The row of one run, from what libFuzzer printed and from `times`.
row() {
	set -- "$(date -u +%F)" "$(git rev-parse --short=12 HEAD)" "$@"
	awk -v OFS='\t' -v "date=$1" -v "commit=$2" -v "name=$4" -v "findings=$5" \
		-v "code=$(tools/fuzzcode.sh "$3" "$4" | cut -d ' ' -f 2)" '
	function seconds(text, part) {
		split(text, part, "m")
		return part[1] * 60 + part[2]
	}
	FILENAME ~ /times$/ {
		took = seconds($1) + seconds($2)
		next
	}
	/^#[0-9]+/ && / cov: / {
		runs = substr($1, 2)
		for (i = 2; i < NF; i++) {
			if ($i == "cov:")
				edges = $(i + 1)
			if ($i == "ft:")
				features = $(i + 1)
			if ($i == "corp:")
				corpus = $(i + 1) + 0
		}
	}
	/^stat::number_of_executed_units/ { runs = $2 }
	END {
		print date, commit, name, code, int(took + 0.5), runs + 0, edges + 0, \
			features + 0, corpus + 0, findings
	}' "$3/$4.log" "$3/$4.log.times"
}

[ -f "$log" ] || : >"$log"
case $do in
add)
	row "$@" | enter ;;
join)
	cat "$@" | enter ;;
sum)
	tools/fuzzcode.sh "$@" | awk -F '\t' '
	FILENAME == "-" {
		split($0, part, " ")
		name[++n] = part[1]
		code[part[1]] = part[2]
		next
	}
	$1 == "date" { next }
	{
		h = $3
		if (!(h in first))
			first[h] = $7
		last[h] = $7
		features[h] = $8
		corpus[h] = $9
		seconds[h] += $5
		runs[h] += $6
		findings[h] += $10
	}
	$4 == code[$3] {
		now_seconds[$3] += $5
		now_runs[$3] += $6
		open[$3] += $10
	}
	# The five with the most edges.
	function largest(h, i, more) {
		for (i = 1; i <= n; i++)
			more += last[name[i]] > last[h]
		return more < 5
	}
	END {
		format = "%-14s %5s %6s %6s %6s %9s %8s %9s %8s %5s %4s\n"
		printf format, "", "", "", "", "", "", "", "unchanged", "code", "", ""
		printf format, "harness", "edges", "before", "feat", "corpus", \
			"thousands", "minutes", "thousands", "minutes", "of", "open"
		for (i = 1; i <= n; i++) {
			h = name[i]
			want = largest(h) ? 60 : 10
			printf format, h, last[h] + 0, first[h] + 0, features[h] + 0, \
				corpus[h] + 0, int(runs[h] / 1000), \
				sprintf("%.1f", seconds[h] / 60), int(now_runs[h] / 1000), \
				sprintf("%.1f", now_seconds[h] / 60), want, open[h] + 0
			if (now_seconds[h] < want * 60 || open[h])
				failed++
			all += seconds[h]
			all_runs += runs[h]
			found += findings[h]
		}
		printf "%.1f core-hours, %.1f million executions, %d findings\n", \
			all / 3600, all_runs / 1e6, found
		printf "%d passed, %d failed\n", n - failed, failed
		exit failed > 0
	}' - "$log" ;;
esac
