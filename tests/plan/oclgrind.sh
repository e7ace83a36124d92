#!/bin/sh
# Runs a program under Oclgrind, which interprets every kernel and reports races between work-items,
# reads of what nobody wrote and accesses outside buffers. Any report fails the test.
#   oclgrind.sh PROGRAM [ARGUMENT ...]
# Kernels are built without optimisation: the checks cannot follow some instructions of an optimiser.
if ! command -v oclgrind >/dev/null; then
    echo 'oclgrind is not installed: apt install oclgrind'
    if [ -n "${PASSBAND_TEST_NO_SKIPS:-}" ]; then exit 1; fi
    exit 77 # skipped
fi
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
# Check forks each test and Oclgrind truncates its log in each: the reports go to standard error.
XDG_CACHE_HOME=$folder PASSBAND_DEVICE=Oclgrind \
    oclgrind --build-options -cl-opt-disable --data-races --uninitialized "$@" >"$folder/out" 2>&1
status=$?
grep -v -E '^[0-9]+ warnings? generated\.$' "$folder/out"
if grep -q -E 'Kernel: |OCLGRIND' "$folder/out"; then
    echo 'Oclgrind reports mistakes'
    exit 1
fi
exit $status
