/* The discrete wavelets: by name, and what follows from their filters. */
#include "graph/wavelets.h"

#include <string.h>

#include "base/options.h"

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
    const char *names[128], *nearest;
    char list[1024] = "";
    size_t used = 0;
    int count = 0;
    if ((*wavelet = pb_wavelet_find(name))) return PB_OK;
    for (const pb_wavelet *w; count < 128 && (w = pb_wavelet_at(count)); count++) {
        names[count] = w->name;
        const size_t length = strlen(w->name);
        if (used + length + 3 > sizeof list) continue;
        if (used) memcpy(list + used, ", ", 3), used += 2;
        memcpy(list + used, w->name, length + 1);
        used += length;
    }
    nearest = pb_nearest(name, names, count);
    return pb_fail(ctx, PB_ERR_CONFIG, "\"%s\" is no wavelet%s%s%s; there are %s", name,
                   nearest ? " (did you mean " : "", nearest ? nearest : "", nearest ? "?)" : "",
                   list);
}
