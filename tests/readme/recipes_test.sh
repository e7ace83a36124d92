#!/bin/bash
# The README's recipes for an op and a stage, followed word by word in a copy of the tree: it compiles without warning,
# the new op's gradients agree with central differences, and the table of stages has the new stage.
# Usage: recipes_test.sh SOURCE_FOLDER
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$1"/{CMakeLists.txt,cl,src,include,tests,bench} "$work"
cp "$1/README.md" "$work"
cd "$work"

# insert FILE HOW ANCHOR < LINES: puts lines before or after the first line that holds the anchor, or makes the file.
insert() {
    cat >lines
    if [[ $2 == new ]]; then
        [[ ! -e $1 ]]
        mv lines "$1"
        return
    fi
    awk -v how="$2" -v anchor="$3" '
        function put() { while ((getline line < "lines") > 0) print line; done = 1 }
        !done && how == "before" && index($0, anchor) { put() }
        { print }
        !done && how == "after" && index($0, anchor) { put() }
        END { exit !done }' "$1" >changed || {
        echo "README.md: $1 has no line with $3" >&2
        return 1
    }
    cat changed >"$1"
}

# Steps begin with "/* FILE, after ANCHOR */", "before ANCHOR" or "new".
follow() {
    local step='^/\* ([a-z0-9_/.]+), (after|before|new) ?(.*) \*/$' new='^/\* ([a-z0-9_/.]+), (new) ?()\*/$'
    local file='' how='' anchor='' lines='' count=0 line
    while IFS= read -r line; do
        if [[ $line =~ $step || $line =~ $new ]]; then
            [[ -z $file ]] || printf '%s' "$lines" | insert "$file" "$how" "$anchor"
            file=${BASH_REMATCH[1]} how=${BASH_REMATCH[2]} anchor=${BASH_REMATCH[3]} lines=''
            count=$((count + 1))
        elif [[ -z $file ]]; then
            echo "README.md: \"$line\" stands before any step" >&2
            return 1
        else
            lines+=$line$'\n'
        fi
    done
    printf '%s' "$lines" | insert "$file" "$how" "$anchor"
    echo "$count steps followed"
}

# The C block of a section of the README.
recipe() { sed -n "/^## $1\$/,/^## /p" README.md | sed -n '/^```c$/,/^```$/{/^```/d;p}'; }

follow < <(recipe 'How to add an op')
follow < <(recipe 'How to add a stage')

cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O0 >/dev/null
cmake --build build --target op_gradient_test pb_stage | tail -n 1
build/tests/op_gradient_test
nm build/CMakeFiles/pb_stage.dir/src/stage/table.c.o | grep -q pb_stage_exp2
nm build/CMakeFiles/pb_stage.dir/src/stage/exp2.c.o | grep -q 'D pb_stage_exp2'
echo 'the recipes of the README work'
