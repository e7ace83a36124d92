#include "stage/weight_domain.h"

#include <string.h>

#include "graph/wavelets.h"

static bool is_layout(const pb_options *options, const char *name)
{
    return strcmp(pb_option_string(options, "layout"), name) == 0;
}

/* What is transformed each by itself: lines, or planes. */
static pb_status lay_out(pb_builder *b, const pb_options *options, pb_weight_domain *d)
{
    const pb_shape s = d->shape;
    const int all = (int)pb_shape_count(s), out = s.dim[0];
    *d = (pb_weight_domain){.shape = s, .lines = 1, .height = 1, .width = all};
    if (is_layout(options, "flat")) return PB_OK;
    if (is_layout(options, "planes")) {
        if (s.axes < 3)
            return pb_fail(
                b->ctx, PB_ERR_CONFIG,
                "%s: its weights have no planes, for it takes %d numbers and no images; allowed "
                "is flat, rows or matrix",
                pb_option_where(options, "layout"), all / out);
        d->height = s.dim[s.axes - 2];
        d->width = s.dim[s.axes - 1];
        d->lines = all / (d->height * d->width);
        return PB_OK;
    }
    d->width = all / out;
    if (is_layout(options, "matrix"))
        d->height = out;
    else
        d->lines = out;
    return PB_OK;
}

static void add_part(pb_weights *w, int level, int offset, int height, int width)
{
    w->part[w->part_count++] = (pb_weight_part){level, offset, height * width, width};
}

/* As many levels as the options ask for and the lines allow, which is at least one. */
static pb_status measure_pyramid(pb_builder *b, pb_weights *w, pb_weight_domain *d,
                                 const pb_wavelet *wavelet)
{
    const int axes = d->height > 1 ? 2 : 1;
    const int shorter = axes == 2 && d->height < d->width ? d->height : d->width;
    const int most = pb_wavelet_max_level(wavelet, shorter);
    int levels = (int)pb_option_int(w->options, "level");
    if (levels == 0 || levels > most) levels = most > 0 ? most : 1;
    w->level = levels;
    const int extension = pb_extension_find(pb_option_string(w->options, "mode"));
    PB_TRY(pb_pyramid_measure(b->ctx, wavelet, (pb_extension)extension, levels, true, axes,
                              d->height, d->width, &d->pyramid));
    const int parts = pb_pyramid_part_count(&d->pyramid);
    for (int i = 0; i < parts; i++) {
        const pb_pyramid_part part = pb_pyramid_part_at(&d->pyramid, i);
        add_part(w, part.down || part.right ? part.level : 0, part.offset, part.height, part.width);
    }
    w->count = d->pyramid.count;
    return PB_OK;
}

pb_status pb_weight_domain_measure(pb_builder *b, pb_shape shape, pb_weights *w,
                                   pb_weight_domain *d)
{
    const pb_wavelet *wavelet;
    pb_continuous continuous;
    const char *name = pb_option_string(w->options, "wavelet");
    *d = (pb_weight_domain){.shape = shape};
    PB_TRY(lay_out(b, w->options, d));
    w->lines = d->lines;
    d->is_identity = strcmp(name, "none") == 0 || d->height * d->width == 1;
    if (d->is_identity) {
        w->count = d->height * d->width;
        add_part(w, 1, 0, d->height, d->width);
        return PB_OK;
    }
    if (pb_continuous_find(name, &continuous)) return pb_weight_frame_measure(b, &continuous, w, d);
    if ((wavelet = pb_wavelet_find(name))) return measure_pyramid(b, w, d, wavelet);
    const pb_status status = /* of a graph that no configuration made */
        pb_wavelet_unknown(b->ctx, name, PB_WAVELET_DISCRETE | PB_WAVELET_CONTINUOUS);
    return pb_fail_prefix(b->ctx, status, "%s", pb_option_where(w->options, "wavelet"));
}

pb_value pb_weight_analysis(pb_builder *b, const pb_weight_domain *d, pb_value weights)
{
    if (d->is_identity) return pb_reshape(b->g, weights, PB_SHAPE(d->lines, d->height * d->width));
    if (d->is_frame) return pb_weight_frame_analysis(b, d, weights);
    const pb_shape taken =
        d->height > 1 ? PB_SHAPE(d->lines, d->height, d->width) : PB_SHAPE(d->lines, d->width);
    return pb_wavedec(b->g, pb_reshape(b->g, weights, taken), &d->pyramid);
}

pb_value pb_weight_synthesis(pb_builder *b, const pb_weight_domain *d, pb_value coefficients)
{
    if (d->is_identity) return pb_reshape(b->g, coefficients, d->shape);
    if (d->is_frame)
        return pb_reshape(b->g, pb_weight_frame_synthesis(b, d, coefficients), d->shape);
    return pb_reshape(b->g, pb_waverec(b->g, coefficients, &d->pyramid), d->shape);
}
