/* Continuous wavelets and the transform of lines by them. Names, parameters, definitions and
 * results are those of PyWavelets. */
#ifndef PASSBAND_CWT_H
#define PASSBAND_CWT_H

#include <passband/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A continuous wavelet, a function of the real line that is taken to be 0 outside [lower, upper].
 */
typedef struct pb_continuous {
    char name[48];        /* "cmor1.5-1.0" */
    const char *family;   /* "Complex Morlet wavelets" */
    const char *symmetry; /* "asymmetric", "symmetric" or "anti-symmetric" */
    double lower, upper;
    bool is_complex;
    int order;                /* of the derivative (gaus, cgau), of the spline (fbsp) */
    double bandwidth, center; /* B and C of shanB-C, fbspM-B-C and cmorB-C            */
    /* The value at x: real and imaginary part. */
    void (*psi)(const struct pb_continuous *w, double x, double value[2]);
} pb_continuous;

/** Wavelet i of PyWavelets' wavelist(kind="continuous"), with the parameters that stand for
 * omitted ones; NULL beyond the last. */
const pb_continuous *pb_continuous_at(int i);
/** By name: gaus1 to gaus8, mexh, morl, cgau1 to cgau8, shan, fbsp, cmor, or shanB-C, fbspM-B-C and
 * cmorB-C with a whole number M and positive numbers B and C. False when there is none. */
bool pb_continuous_find(const char *name, pb_continuous *w);
/** PB_ERR_CONFIG with the nearest name and the list when there is no such continuous wavelet. */
pb_status pb_continuous_get(pb_context *ctx, const char *name, pb_continuous *w);

/** Precisions there are: wavelets are tabulated at 2^precision points. PyWavelets before 1.2 has
 * 10, later versions 12. */
enum { PB_CWT_PRECISION_MIN = 6, PB_CWT_PRECISION_MAX = 16 };

/** PyWavelets' central_frequency: where its discrete Fourier transform is largest, in cycles a
 * unit; divided by a scale, in cycles a point. 0 when memory was out. */
double pb_continuous_frequency(const pb_continuous *w, int precision);

/** How the transform is computed; results differ by rounding alone. */
typedef enum pb_cwt_method {
    PB_CWT_AUTO,        /* a matrix while it is small, then convolutions                     */
    PB_CWT_MATRIX,      /* one product with a matrix [length, filters length]                */
    PB_CWT_CONVOLUTION, /* convolutions, one for scales whose filters are of similar length  */
} pb_cwt_method;

/** The transform of lines of `length` points at `count` scales. */
typedef struct pb_cwt {
    pb_continuous wavelet;
    int precision, length, count;
    const double *scales; /* larger than pb_cwt_least_scale; owned by the caller */
    pb_cwt_method method;
} pb_cwt;

/** Scales up to this one leave fewer than two points of the wavelet, and have no transform. */
double pb_cwt_least_scale(const pb_continuous *w, int precision);
/** Filters of a transform: one for each scale, of a complex wavelet two. */
int pb_cwt_filters(const pb_cwt *t);

/** PyWavelets' cwt of the last axis.
 *
 *  @param x  [..., length] float32
 *  @return   [lines, filters, length] float32, lines being the product of the leading axes; of a
 * complex wavelet the real parts at all scales, then the imaginary parts; PB_NONE with PB_ERR_SHAPE
 * when x is of another length, and with PB_ERR_CONFIG for a scale that is too small
 *  Source: Mallat, A Wavelet Tour of Signal Processing, Academic Press (1999), chapter 4.
 */
pb_value pb_cwt_apply(pb_graph *g, pb_value x, const pb_cwt *t);
/** The matrix of the same map, [length, filters length]: y = x m. The caller frees it; NULL after an
 * error of the graph. */
double *pb_cwt_matrix(pb_graph *g, const pb_cwt *t);

#ifdef __cplusplus
}
#endif
#endif
