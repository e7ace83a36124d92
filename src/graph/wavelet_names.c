/* What is said of a wavelet that is not there. */
#include <string.h>

#include "base/arena.h"
#include "base/options.h"
#include "graph/wavelets.h"

#include <passband/cwt.h>

enum { NAMES_MAX = 256 };

typedef struct names {
    const char *name[NAMES_MAX];
    int count;
} names;

static void collect(names *n, unsigned kinds)
{
    const pb_wavelet *d;
    const pb_continuous *c;
    n->count = 0;
    if (kinds & PB_WAVELET_DISCRETE)
        for (int i = 0; n->count < NAMES_MAX && (d = pb_wavelet_at(i)); i++)
            n->name[n->count++] = d->name;
    if (kinds & PB_WAVELET_CONTINUOUS)
        for (int i = 0; n->count < NAMES_MAX && (c = pb_continuous_at(i)); i++)
            n->name[n->count++] = c->name;
}

/* What the name would be elsewhere, or misses. */
static void explain(const char *name, unsigned kinds, const char *nearest, pb_text *out)
{
    pb_continuous c;
    const bool numbered = strlen(name) > 4 && strchr("0123456789.-+", name[4]);
    const char *form = kinds & PB_WAVELET_CONTINUOUS && numbered ? pb_continuous_form(name) : NULL;
    if (pb_wavelet_find(name))
        pb_text_append(out, "\"%s\" is a discrete wavelet, this takes continuous ones", name);
    else if (pb_continuous_find(name, &c))
        pb_text_append(out, "\"%s\" is a continuous wavelet, this takes discrete ones", name);
    else if (form)
        pb_text_append(out, "\"%s\" is no wavelet: it is written %s with positive numbers%s", name,
                       form, form[4] == 'M' ? ", M a whole one up to 100" : "");
    else
        pb_text_append(out, "\"%s\" is no wavelet%s%s%s", name, nearest ? " (did you mean " : "",
                       nearest ? nearest : "", nearest ? "?)" : "");
}

pb_status pb_wavelet_unknown(pb_context *ctx, const char *name, unsigned kinds)
{
    names n;
    pb_text text = {0};
    collect(&n, kinds);
    explain(name, kinds, pb_nearest(name, n.name, n.count), &text);
    for (int i = 0; i < n.count; i++)
        pb_text_append(&text, "%s%s", i ? ", " : "; there are ", n.name[i]);
    const pb_status status =
        text.failed ? pb_fail(ctx, PB_ERR_MEMORY, "no memory for the names of wavelets")
                    : pb_fail(ctx, PB_ERR_CONFIG, "%s", text.text);
    pb_text_free(&text);
    return status;
}
