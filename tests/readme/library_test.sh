#!/bin/bash
# The README's C program, compiled as the README says against an installed tree, prints what the README says.
# Usage: library_test.sh SOURCE_FOLDER BUILD_FOLDER COMPILER
set -euo pipefail
source=$1 build=$2 compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# block FENCE WORDS: the first block of that kind in the README that has these words.
block() {
    awk -v fence="\`\`\`$1" -v words="$2" '
        $0 == fence { inside = 1; text = ""; next }
        inside && /^```$/ { inside = 0; if (index(text, words)) { printf "%s", text; exit } }
        inside { text = text $0 "\n" }' "$source/README.md"
}

block c 'int main(void)' >"$work/xor.c"
block console ' && ./xor' | sed 1d >"$work/expected"
grep -q pb_plan_run "$work/xor.c" && grep -q xor "$work/expected"

cmake --install "$build" --prefix "$work/there" >/dev/null
config=$(find "$work/there" -name passband.pc)
export PKG_CONFIG_PATH=${config%/*}
read -ra flags <<<"$(pkg-config --cflags --libs passband)"
"$compiler" -std=c11 -Wall -Wextra -Werror "$work/xor.c" -o "$work/xor" "${flags[@]}"

export LD_LIBRARY_PATH=${PKG_CONFIG_PATH%/pkgconfig}
if ldd "$work/xor" | grep 'not found'; then exit 1; fi
"$work/xor" >"$work/printed"
diff -u --label README.md "$work/expected" --label ./xor "$work/printed"
echo 'the program of the README does what it says'
