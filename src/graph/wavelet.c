/* The discrete wavelets: by name, and what follows from their filters. */
#include "graph/wavelets.h"

#include <string.h>

static const pb_wavelet *const tables[] = {pb_wavelets_daubechies, pb_wavelets_symlets,
                                           pb_wavelets_coiflets, pb_wavelets_biorthogonal};

const pb_wavelet *pb_wavelet_at(int i)
{
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const pb_wavelet *w = tables[t]; w->name; w++)
            if (i-- == 0) return w;
    return NULL;
}

const pb_wavelet *pb_wavelet_find(const char *name)
{
    const pb_wavelet *w;
    for (int i = 0; (w = pb_wavelet_at(i)); i++)
        if (strcmp(w->name, name) == 0) return w;
    return NULL;
}

/* The sign with which tap j of one filter enters the other: filters of the same band are
 * perpendicular then. */
static double sign(int j)
{
    return j % 2 ? -1 : 1;
}

void pb_wavelet_filters(const pb_wavelet *w, double dec_lo[], double dec_hi[], double rec_lo[],
                        double rec_hi[])
{
    const double *a = w->dec_lo, *s = w->rec_lo;
    const int last = w->length - 1;
    for (int j = 0; j <= last; j++) {
        const double synthesis = s ? s[j] : a[last - j];
        dec_lo[j] = w->reversed ? s[last - j] : a[j];
        rec_lo[j] = w->reversed ? a[last - j] : synthesis;
        dec_hi[j] = -sign(j) * rec_lo[j];
        rec_hi[j] = sign(j) * dec_lo[j];
    }
}

int pb_wavelet_max_level(const pb_wavelet *w, int length)
{
    int level = 0;
    for (int64_t least = 2 * ((int64_t)w->length - 1); least <= length; least *= 2) level++;
    return level;
}

pb_status pb_wavelet_get(pb_context *ctx, const char *name, const pb_wavelet **wavelet)
{
    *wavelet = pb_wavelet_find(name);
    return *wavelet ? PB_OK : pb_wavelet_unknown(ctx, name, PB_WAVELET_DISCRETE);
}
