/* Discrete wavelets: their filters, and transforms several levels deep as ops of a graph. Names,
 * filters, extension modes, coefficients and their order are those of PyWavelets. */
#ifndef PASSBAND_WAVELET_H
#define PASSBAND_WAVELET_H

#include <passband/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One wavelet of the table. Its four filters have `length` taps each, padded with zeros as
 * PyWavelets pads them. */
typedef struct pb_wavelet {
    const char *name;     /* "bior2.4" */
    const char *family;   /* "Biorthogonal" */
    int length;           /* even */
    int vanishing_psi;    /* vanishing moments of the wavelet; 0: not known */
    int vanishing_phi;    /* and of the scaling function */
    const char *symmetry; /* "asymmetric", "near symmetric" or "symmetric" */
    bool orthogonal, biorthogonal;
    bool reversed; /* reverse biorthogonal: the filters of analysis and synthesis change places */
    const double *dec_lo; /* [length]; of a reversed wavelet those of the one it reverses */
    const double *rec_lo; /* [length]; NULL: dec_lo mirrored */
} pb_wavelet;

#define PB_WAVELET_MAX_LENGTH 102

/** Names of families and wavelets in the order of PyWavelets' wavelist: wavelet i, or NULL beyond
 * the last. */
const pb_wavelet *pb_wavelet_at(int i);
/** The wavelet of that name, or NULL. */
const pb_wavelet *pb_wavelet_find(const char *name);
/** PB_ERR_CONFIG with the nearest name and the list when there is no such discrete wavelet. */
pb_status pb_wavelet_get(pb_context *ctx, const char *name, const pb_wavelet **wavelet);
/** PyWavelets' dec_lo, dec_hi, rec_lo, rec_hi, [length] each. */
void pb_wavelet_filters(const pb_wavelet *w, double dec_lo[], double dec_hi[], double rec_lo[],
                        double rec_hi[]);
/** dwt_max_level: the deepest level at which a coefficient is free of the border; 0 when the line
 * is too short. */
int pb_wavelet_max_level(const pb_wavelet *w, int length);

/** How lines go on beyond their ends. */
typedef enum pb_extension {
    PB_EXTEND_SYMMETRIC,
    PB_EXTEND_PERIODIC,
    PB_EXTEND_ZERO,
    PB_EXTEND_CONSTANT,
    PB_EXTEND_SMOOTH,
    PB_EXTEND_REFLECT,
    PB_EXTEND_ANTISYMMETRIC,
    PB_EXTEND_ANTIREFLECT,
    PB_EXTEND_PERIODIZATION
} pb_extension;
/** Their names as choices of an option, in that order. */
#define PB_EXTENSION_NAMES                                                                         \
    "symmetric|periodic|zero|constant|smooth|reflect|antisymmetric|antireflect|periodization"
/** By name; -1 when there is none. */
int pb_extension_find(const char *name);
const char *pb_extension_name(pb_extension extension);

/** One level along an axis, an op: y[..., f band + k, ...] = sum over j of filters[f, j] x[..., 2 k
 * + start - j, ...], where x goes on beyond its ends as the extension says.
 *
 *  @param x        [..., length, ...] float32
 *  @param filters  [2, taps] float32, a constant with data, taps even: dec_lo and dec_hi
 *  @return         [..., 2 band, ...]: band = (length + taps - 1) / 2 and start = 1; with
 * periodization half the length, rounded up, and start = taps / 2 */
pb_value pb_analysis(pb_graph *g, pb_value x, pb_value filters, int axis, pb_extension extension);
/** Its adjoint, an op: y [..., 2 band, ...] -> [..., length, ...]. Extended by zeros and with
 * rec_lo and rec_hi mirrored it is the inverse transform of every extension but periodization. */
pb_value pb_synthesis(pb_graph *g, pb_value y, pb_value filters, int axis, pb_extension extension,
                      int length);

#define PB_WAVELET_LEVELS 30 /* at most */

/** A transform of lines (axes 1) or planes (axes 2) that are so large, so many levels deep: sizes
 * of the approximations, [0] what comes in. Lines have height 1 throughout. */
typedef struct pb_pyramid {
    const pb_wavelet *wavelet;
    pb_extension extension;
    int axes, levels;
    int height[PB_WAVELET_LEVELS + 1], width[PB_WAVELET_LEVELS + 1];
    int count; /* coefficients of a line or plane */
} pb_pyramid;

/** Measures a transform. `levels` 0 stands for the most that pb_wavelet_max_level allows (of a
 * plane, its shorter side). PB_ERR_CONFIG when there are more, unless `force`: PyWavelets warns
 * then, for every coefficient of the deepest level is under the influence of the border. */
pb_status pb_pyramid_measure(pb_context *ctx, const pb_wavelet *w, pb_extension extension,
                             int levels, bool force, int axes, int height, int width,
                             pb_pyramid *p);

/** A block of coefficients among the `count` of a line or plane: row-major [height, width] from
 * `offset`. */
typedef struct pb_pyramid_part {
    int level;        /* 1 is the finest                                                     */
    bool down, right; /* detail along the height, along the width; neither: the approximation */
    int offset, height, width;
} pb_pyramid_part;
/** Parts in the order in which they lie: the approximation, then details from the coarsest level to
 * the finest; of planes vertical (right), horizontal (down), diagonal (both): the order of
 * PyWavelets' ravel_coeffs. */
int pb_pyramid_part_count(const pb_pyramid *p);
pb_pyramid_part pb_pyramid_part_at(const pb_pyramid *p, int i);

/** Analysis of the last axis, or of the last two.
 *
 *  @param x  [..., width] or [..., height, width] float32, as measured
 *  @return   [..., count] float32 in the order of the parts; ravel_coeffs(wavedec(x)) or
 * ravel_coeffs(wavedec2(x)) of PyWavelets; PB_NONE with PB_ERR_SHAPE when x is of another size
 *  Source: Mallat, "A theory for multiresolution signal decomposition", IEEE Trans. PAMI 11 (1989).
 */
pb_value pb_wavedec(pb_graph *g, pb_value x, const pb_pyramid *p);
/** Synthesis, PyWavelets' waverec and waverec2: [..., count] -> [..., width] or [..., height,
 * width]. */
pb_value pb_waverec(pb_graph *g, pb_value coefficients, const pb_pyramid *p);

#ifdef __cplusplus
}
#endif
#endif
