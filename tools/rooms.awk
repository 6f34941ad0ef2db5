# The rooms of src/ and who may include whom; the table is the law.
#
#   awk -f tools/rooms.awk FILE...           checks the #include lines
#   awk -v make=1 -f tools/rooms.awk FILE... prints the table for the Makefile,
#       and for each FILE outside src/ the rooms it needs by its #include lines
#
# A file under src/<room>/ or include/<room>.h may name the headers of its own
# room, of the rooms in its row, and the few that belong to everybody.  A large
# door has parts: headers of their own that the door includes.

BEGIN {
	row["base"] = ""
	row["codec"] = "base"
	row["net"] = "base codec"
	row["mcp"] = "base codec"
	row["model"] = "base codec"
	row["kube"] = "base codec net"
	row["render"] = "base codec model"
	row["registry"] = "base codec net model"
	row["backup"] = "base codec net kube"
	row["observe"] = "base codec net"
	row["admit"] = "base codec model"
	row["extend"] = "base codec model render"
	row["gateway"] = "base codec net mcp observe"
	row["control"] = "base codec net mcp model kube render registry" \
		" backup observe admit extend"
	row["cli"] = "base codec net mcp model kube render registry" \
		" backup observe admit extend control"
	part["schema"] = part["x509"] = "codec"
	part["children"] = "render"
	common = " limits err metrics "
	nrooms = split("base codec net mcp model kube render registry" \
		" backup observe admit extend gateway control cli", rooms)
}

function may_include(room, other) {
	return room == other || index(" " row[room] " ", " " other " ")
}

function bad(text) {
	printf "%s:%d: %s\n", FILENAME, FNR, text
	if (!(FILENAME in wrong))
		failed++
	wrong[FILENAME] = 1
}

# The room whose public header this is, or its name without suffix; a part's
# headers have its name before the first underscore.
function door_of(header, first) {
	sub(/\.[a-z]+$/, "", header)
	first = header
	sub(/_.*/, "", first)
	return first in part && header !~ /_int$/ ? part[first] : header
}

function check(room, header, other) {
	if (header ~ /^[a-z0-9_]+\/|\.\.\//) {
		bad("#include \"" header "\" names a path")
		return
	}
	other = door_of(header)
	if (other in row && !may_include(room, other))
		bad(room " may not include " other)
	else if (!(other in row) && !index(common, " " other " ") &&
	    !private_of(room, header))
		bad(header " is not a header of room " room)
}

# A header that is not public lies in the folder of the room that uses it.
function private_of(room, header, path, line, ok) {
	path = "src/" room "/" header
	ok = (getline line < path) >= 0
	close(path)
	return ok
}

# A file needs the rooms it names and all that these may include.
function need(file, other, n, i, parts) {
	if (!(other in row) || (file, other) in needs)
		return
	needs[file, other] = 1
	n = split(row[other], parts)
	for (i = 1; i <= n; i++)
		needs[file, parts[i]] = 1
}

FNR == 1 {
	files++
	room = FILENAME
	outside = 0
	if (room ~ /^include\//) {
		sub(/^include\//, "", room)
		room = door_of(room)
	} else if (room ~ /^src\//) {
		sub(/^src\//, "", room)
		sub(/\/.*/, "", room)
		if (!(room in row))
			bad("src/" room " is not a room")
	} else {
		outside = 1
	}
	file = FILENAME
	sub(/.*\//, "", file)
	sub(/\.[a-z]+$/, "", file)
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, quoted, "\"")
	header = quoted[2]
	other = header
	sub(/.*\//, "", other)
	if (outside) {
		sub(/_int\./, ".", other)
		need(file, door_of(other))
	}
	else if (room in row)
		check(room, header)
}

outside && FNR == 1 {
	order[++outsiders] = file
}

END {
	if (make) {
		for (i = 1; i <= nrooms; i++)
			printf "rooms_%s := %s %s\n", rooms[i], \
				row[rooms[i]], rooms[i]
		for (i = 1; i <= outsiders; i++) {
			printf "rooms_%s := base", order[i]
			for (j = 2; j <= nrooms; j++)
				if ((order[i], rooms[j]) in needs)
					printf " %s", rooms[j]
			printf "\n"
		}
		exit 0
	}
	if (!failed)
		failed = 0
	printf "%d passed, %d failed\n", files - failed, failed
	exit failed > 0
}
