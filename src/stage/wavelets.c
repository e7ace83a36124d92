#include "stage/wavelets.h"

#include <stddef.h>
#include <string.h>

static const pb_wavelet wavelets[] = {
    {"haar", 2, {0.70710678118654752440, 0.70710678118654752440}},
};

const pb_wavelet *pb_wavelet_find(const char *name)
{
    for (size_t i = 0; i < sizeof wavelets / sizeof *wavelets; i++)
        if (strcmp(wavelets[i].name, name) == 0) return &wavelets[i];
    return NULL;
}

pb_extension pb_extension_find(const char *name)
{
    static const char *const names[] = {"symmetric", "reflect", "periodic", "constant", "zero"};
    int i = 0;
    while (i < PB_EXTEND_ZERO && strcmp(names[i], name) != 0) i++;
    return (pb_extension)i;
}

int pb_wavelet_band(const pb_wavelet *w, int length)
{
    return (length + w->length - 1) / 2;
}

/* The detail filter of synthesis is the mirrored scaling filter with alternating signs. */
static double detail(const pb_wavelet *w, int j)
{
    const double h = w->scaling[w->length - 1 - j];
    return j % 2 ? -h : h;
}

/* The point of the line that stands at `at`, which may lie beyond its ends; -1: zero. */
static int extended(pb_extension extension, int at, int length)
{
    if (extension == PB_EXTEND_REFLECT && length == 1) extension = PB_EXTEND_CONSTANT;
    while (at < 0 || at >= length) {
        switch (extension) {
        case PB_EXTEND_SYMMETRIC: at = at < 0 ? -1 - at : 2 * length - 1 - at; break;
        case PB_EXTEND_REFLECT: at = at < 0 ? -at : 2 * length - 2 - at; break;
        case PB_EXTEND_PERIODIC: at = at < 0 ? at + length : at - length; break;
        case PB_EXTEND_CONSTANT: at = at < 0 ? 0 : length - 1; break;
        case PB_EXTEND_ZERO: return -1;
        }
    }
    return at;
}

/* a[k] = sum over j of dec[j] x[2 k + 1 - j], where dec is the mirrored filter of synthesis. */
void pb_wavelet_analysis(const pb_wavelet *w, pb_extension extension, int length, double *matrix)
{
    const int band = pb_wavelet_band(w, length);
    for (int k = 0; k < band; k++)
        for (int j = 0; j < w->length; j++) {
            const int at = extended(extension, 2 * k + 1 - j, length), mirrored = w->length - 1 - j;
            if (at < 0) continue;
            matrix[(size_t)k * (size_t)length + (size_t)at] += w->scaling[mirrored];
            matrix[(size_t)(band + k) * (size_t)length + (size_t)at] += detail(w, mirrored);
        }
}

/* x[i] = sum over k of rec[i + F - 2 - 2 k] a[k] */
void pb_wavelet_synthesis(const pb_wavelet *w, int length, double *matrix)
{
    const int band = pb_wavelet_band(w, length);
    for (int i = 0; i < length; i++)
        for (int k = 0; k < band; k++) {
            const int j = i + w->length - 2 - 2 * k;
            if (j < 0 || j >= w->length) continue;
            double *row = matrix + (size_t)i * 2 * (size_t)band;
            row[k] = w->scaling[j];
            row[band + k] = detail(w, j);
        }
}
