"""Writes the filters of the discrete wavelets, src/graph/wavelets_*.c, as PyWavelets has them.

    /usr/bin/python3 tests/graph/make_wavelets.py && clang-format-14 -i src/graph/wavelets_*.c

dec_lo of each wavelet is written, rec_lo as well of those that are not orthogonal; the other filters follow from these
two, which this script checks before it writes anything."""
import pathlib

import numpy as np
import pywt

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "src/graph"
FILES = {
    "daubechies": (["haar", "db"], "I. Daubechies, Ten Lectures on Wavelets, SIAM (1992), chapter 6"),
    "symlets": (["sym"], "I. Daubechies, Ten Lectures on Wavelets, SIAM (1992), chapter 8"),
    "coiflets": (["coif"], "I. Daubechies, Orthonormal bases of compactly supported wavelets II, SIAM J. Math. Anal. 24 (1993)"),
    "biorthogonal": (["bior", "rbio", "dmey"],
                     "A. Cohen, I. Daubechies and J.-C. Feauveau, Biorthogonal bases of compactly supported wavelets, "
                     "Comm. Pure Appl. Math. 45 (1992); Y. Meyer, Wavelets and Operators, Cambridge (1992)"),
}


def check(wavelet):
    lo, hi, rec_lo, rec_hi = map(np.array, wavelet.filter_bank)
    signs = (-1.0) ** np.arange(len(lo))
    assert np.array_equal(rec_hi, signs * lo) and np.array_equal(hi, -signs * rec_lo), wavelet.name
    assert not wavelet.orthogonal or np.array_equal(rec_lo, lo[::-1]), wavelet.name
    if wavelet.short_family_name == "rbio":
        base = pywt.Wavelet(wavelet.name[1:].replace("bio", "bior"))
        assert np.array_equal(lo, base.rec_lo[::-1]) and np.array_equal(rec_lo, base.dec_lo[::-1]), wavelet.name


def word(name):
    return name.replace(".", "_")


def array(name, numbers):
    return f"static const double {name}[] = {{{', '.join(repr(float(n)) for n in numbers)}}};\n"


def row(w):
    base = w.name.replace("rbio", "bior")
    kind = "ORTHOGONAL" if w.orthogonal else "BIORTHOGONAL" if base == w.name else "REVERSED"
    moments = f"{w.vanishing_moments_psi or 0}, {w.vanishing_moments_phi or 0}"
    return f'{kind}("{w.name}", "{w.family_name}", {word(base)}, {w.dec_len}, {moments}, "{w.symmetry}"),\n'


for file, (families, source) in FILES.items():
    text = [f"/* Filters of wavelets, written by tests/graph/make_wavelets.py: numbers of PyWavelets.\n * Source: {source}. */\n"
            '#include "graph/wavelets.h"\n\n']
    rows = []
    for family in families:
        for name in pywt.wavelist(family):
            w = pywt.Wavelet(name)
            check(w)
            rows.append(row(w))
            if family == "rbio":
                continue
            text.append(array(f"{word(name)}_dec", w.dec_lo))
            if not w.orthogonal:
                text.append(array(f"{word(name)}_rec", w.rec_lo))
    text.append(f"\nconst pb_wavelet pb_wavelets_{file}[] = {{\n{''.join(rows)}{{0}},\n}};\n")
    (FOLDER / f"wavelets_{file}.c").write_text("".join(text))
