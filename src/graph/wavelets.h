/* The tables of wavelets, a file for some families; each ends with a row without a name. */
#ifndef PB_GRAPH_WAVELETS_H
#define PB_GRAPH_WAVELETS_H

#include <passband/wavelet.h>

extern const pb_wavelet pb_wavelets_daubechies[], pb_wavelets_symlets[], pb_wavelets_coiflets[],
    pb_wavelets_biorthogonal[];

/** Kinds of wavelets, which add up. */
enum { PB_WAVELET_DISCRETE = 1, PB_WAVELET_CONTINUOUS = 2 };
/** PB_ERR_CONFIG for a name that no wavelet of those kinds has: the nearest one, and all there are. */
pb_status pb_wavelet_unknown(pb_context *ctx, const char *name, unsigned kinds);
/** How continuous wavelets whose names begin like this one are written with their numbers ("cmorB-C"), or NULL. */
const char *pb_continuous_form(const char *name);

/* A row: name, family, first word of its arrays, taps, vanishing moments of wavelet and scaling function, symmetry. */
// clang-format off
#define ORTHOGONAL(name, family, word, taps, psi, phi, symmetry) \
    {name, family, taps, psi, phi, symmetry, true, true, false, word##_dec, NULL}
#define BIORTHOGONAL(name, family, word, taps, psi, phi, symmetry) \
    {name, family, taps, psi, phi, symmetry, false, true, false, word##_dec, word##_rec}
#define REVERSED(name, family, word, taps, psi, phi, symmetry) \
    {name, family, taps, psi, phi, symmetry, false, true, true, word##_dec, word##_rec}
// clang-format on

#endif
