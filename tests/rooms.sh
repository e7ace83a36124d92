#!/bin/sh
# Checks the walls of the house: a room includes only itself and rooms below it, and only src/device calls OpenCL and
# CLBlast. Names each file and include that breaks a wall. Usage: rooms.sh SOURCE_FOLDER
set -eu
cd "${1:-$(dirname "$0")/..}"

find src include/passband \( -name '*.c' -o -name '*.h' \) -print | LC_ALL=C sort | awk '
BEGIN {
    # What each room may include besides itself.
    below["base"]   = ""
    below["graph"]  = "base"
    below["data"]   = "base"
    below["device"] = "base"
    below["plan"]   = "graph device base"
    below["stage"]  = "graph base"
    below["train"]  = "stage plan data graph device base"
    below["bench"]  = "train stage plan data graph device base"
    below["study"]  = "train stage plan data graph device base"
    below["report"] = "train stage plan data graph device base"
    below["cli"]    = "report study bench train stage plan data graph device base"

    # Whose a public header is; passband.h gathers them all.
    owner["status.h"]  = "base"
    owner["option.h"]  = "base"
    owner["packing.h"] = "base"
    owner["shape.h"]   = "base"
    owner["version.h"] = "base"
    owner["fitted.h"]  = "base"
    owner["graph.h"]   = "graph"
    owner["wavelet.h"] = "graph"
    owner["cwt.h"]     = "graph"
    owner["frame.h"]   = "graph"
    owner["dataset.h"] = "data"
    owner["compressed.h"] = "data"
    owner["device.h"]  = "device"
    owner["plan.h"]    = "plan"
    owner["wisdom.h"]  = "plan"
    owner["stage.h"]   = "stage"
    owner["weights.h"] = "stage"
    owner["export.h"]  = "train"
    owner["model.h"]   = "train"
    owner["look.h"]    = "train"
    owner["ensemble.h"] = "train"
    owner["run.h"]     = "train"
    owner["sweep.h"]   = "train"
    owner["bench.h"]   = "bench"
    owner["study.h"]   = "study"
    owner["report.h"]  = "report"
}

function complain(what) { print file ":" line ": " what; broken++ }

function may(room, other) {
    return room == other || index(" " below[room] " ", " " other " ") > 0
}

# The room an include leads to; "" when it leads out of the house.
function room_of(include,    part) {
    split(include, part, "/")
    if (part[1] == "passband") {
        if (part[2] == "passband.h") return "cli"
        if (!(part[2] in owner)) complain("includes " include ", a public header without a room; tests/rooms.sh lists them")
        return owner[part[2]]
    }
    return part[1] in below ? part[1] : ""
}

function check_include(include,    other) {
    if (include ~ /^(CL\/|clblast)/) {
        if (room != "device") complain("includes " include "; only src/device may")
        return
    }
    other = room_of(include)
    if (other == "" && quoted && include ~ /\//) complain("includes " include ", which is in no room")
    if (other != "" && !may(room, other)) complain("room " room " may not include " include " of room " other)
}

function called(text) {
    gsub(/[^A-Za-z0-9]/, "", text)
    return text "()"
}

function check_calls(text) {
    if (room != "device" && match(text, /(^|[^A-Za-z0-9_])(cl[A-Z][A-Za-z0-9]*|CLBlast[A-Z][A-Za-z0-9]*) *\(/))
        complain("calls " called(substr(text, RSTART, RLENGTH)) "; only src/device may")
}

{
    file = $0
    count = split(file, part, "/")
    room = part[1] == "src" ? part[2] : owner[part[3]]
    if (part[3] == "passband.h") next
    if (!(room in below)) { line = 1; complain("is in no room; tests/rooms.sh lists them"); next }
    files++
    line = 0
    in_comment = 0
    while ((getline text < file) > 0) {
        line++
        if (match(text, /^[ \t]*#[ \t]*include[ \t]*[<"][^>"]*[>"]/)) {
            quoted = text ~ /"/
            sub(/^[^<"]*[<"]/, "", text)
            sub(/[>"].*$/, "", text)
            check_include(text)
            continue
        }
        if (in_comment) {
            if (!index(text, "*/")) continue
            sub(/^.*\*\//, "", text)
            in_comment = 0
        }
        gsub(/"([^"\\]|\\.)*"/, "", text)
        gsub(/\/\*[^*]*(\*[^*\/][^*]*)*\*\//, "", text)
        sub(/\/\/.*$/, "", text)
        if (index(text, "/*")) {
            sub(/\/\*.*$/, "", text)
            in_comment = 1
        }
        check_calls(text)
    }
    close(file)
}

END {
    if (files < 10) { print "only " files + 0 " files found: is this the source folder?"; exit 1 }
    if (broken) exit 1
    print files " files keep to their rooms"
}'
