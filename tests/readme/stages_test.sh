#!/bin/bash
# The README's table of stages is what `passband stages` prints. Usage: stages_test.sh SOURCE_FOLDER PROGRAM
set -euo pipefail

in_readme() { sed -n '/^## Stages$/,/^## /s/^| `\([^`]*\)` | \(.*\) |$/\1 \2/p' "$1/README.md"; }
in_program() { "$1" stages | sed 's/^\([^ ]*\)  */\1 /'; }

diff -u --label README.md --label 'passband stages' <(in_readme "$1") <(in_program "$2")
echo "$(in_readme "$1" | wc -l) stages stand in the README as the program prints them"
[[ $(in_readme "$1" | wc -l) -ge 15 ]]
