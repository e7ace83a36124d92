#!/bin/sh
# Every discrete wavelet, extension mode and size against PyWavelets. Usage: wavelets_all.sh WAVELET_TEST
set -eu
script=$(dirname "$0")/fixtures/make_wavelets.py
/usr/bin/python3 -c 'import pywt' 2>/dev/null || { echo 'skipped: apt-get install python3-pywt'; exit 77; }
/usr/bin/python3 -B "$script" --all | "$1" -
