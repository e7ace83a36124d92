/* Wavelets: their filters, and one level of analysis and synthesis as matrices. Names, filters, extension modes and the
 * order of coefficients are those of PyWavelets. */
#ifndef PB_STAGE_WAVELETS_H
#define PB_STAGE_WAVELETS_H

/** Room for the longest filter of the table. */
#define PB_WAVELET_MAX 102

/** An orthogonal wavelet is its scaling filter: PyWavelets' rec_lo. The other three follow from it. */
typedef struct pb_wavelet {
    const char *name;
    int length;
    double scaling[PB_WAVELET_MAX];
} pb_wavelet;

/** Names of the table as choices of an option: "haar|...". */
#define PB_WAVELET_NAMES "haar"
/** The wavelet of that name, or NULL. */
const pb_wavelet *pb_wavelet_find(const char *name);

/** Extension modes as choices of an option, and by name. */
#define PB_EXTENSION_NAMES "symmetric|reflect|periodic|constant|zero"
typedef enum pb_extension {
    PB_EXTEND_SYMMETRIC,
    PB_EXTEND_REFLECT,
    PB_EXTEND_PERIODIC,
    PB_EXTEND_CONSTANT,
    PB_EXTEND_ZERO
} pb_extension;
pb_extension pb_extension_find(const char *name);

/** Coefficients of each of the two bands that a line of so many points has. */
int pb_wavelet_band(const pb_wavelet *w, int length);
/** One level of analysis: zeroed [2 band, length]; the approximation's rows come first, then the detail's. */
void pb_wavelet_analysis(const pb_wavelet *w, pb_extension extension, int length, double *matrix);
/** One level of synthesis: zeroed [length, 2 band]. */
void pb_wavelet_synthesis(const pb_wavelet *w, int length, double *matrix);

#endif
