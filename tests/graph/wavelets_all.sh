#!/bin/sh
# Every wavelet against PyWavelets: the discrete ones with every extension mode and size, the continuous ones at every
# precision, method and length. Usage: wavelets_all.sh WAVELET_TEST CWT_TEST
set -eu
scripts=$(dirname "$0")/fixtures
/usr/bin/python3 -c 'import pywt' 2>/dev/null || { echo 'skipped: apt-get install python3-pywt'; exit 77; }
/usr/bin/python3 -B "$scripts/make_cwt.py" --all | "$2" -
/usr/bin/python3 -B "$scripts/make_wavelets.py" --all | "$1" -
