#!/bin/sh
# Every shell script passes shellcheck. Usage: scripts.sh SOURCE_FOLDER
set -eu
cd "$1"
command -v shellcheck >/dev/null || { echo 'skipped: there is no shellcheck'; exit 77; }
shellcheck quickstart .ci/run bench/run
find tests -name '*.sh' -exec shellcheck --severity=warning {} +
echo 'every script is sound'
