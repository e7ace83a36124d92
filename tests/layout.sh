#!/bin/sh
# The top level holds what it should and nothing else; build folders and runs are not part of it.
# Usage: layout.sh SOURCE_FOLDER
set -eu
cd "$1"
wanted='CMakeLists.txt CMakePresets.json LICENSE README.md bench cl configs include quickstart src tests'

broken=0
for name in $wanted; do
    [ -e "$name" ] || { echo "$name is missing"; broken=1; }
done
for name in *; do
    case " $wanted " in *" $name "*) continue ;; esac
    case $name in build | build-* | runs | compile_commands.json) continue ;; esac
    echo "$name does not belong at the top level"
    broken=1
done
[ "$broken" = 0 ]
echo 'the top level is in order'
