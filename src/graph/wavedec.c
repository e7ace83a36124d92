/* Discrete wavelet transforms of lines and of planes, several levels deep, each a level of the
 * approximation before.
 *
 * Source: Mallat, "A theory for multiresolution signal decomposition", IEEE Trans. PAMI 11 (1989).
 */
#include <passband/wavelet.h>

#include "graph/filter_bank.h"
#include "graph/store.h"

static int band_of(const pb_pyramid *p, int length)
{
    return pb_filter_bank_make(p->extension, length, p->wavelet->length, NULL).band;
}

static pb_status check_levels(pb_context *ctx, const pb_pyramid *p, bool force)
{
    const bool lines = p->axes == 1;
    const int shorter = lines || p->width[0] < p->height[0] ? p->width[0] : p->height[0];
    const int most = pb_wavelet_max_level(p->wavelet, shorter);
    if (p->levels <= most || force) return PB_OK;
    char size[32];
    if (lines)
        snprintf(size, sizeof size, "%d points", p->width[0]);
    else
        snprintf(size, sizeof size, "%d x %d", p->height[0], p->width[0]);
    return pb_fail(ctx, PB_ERR_CONFIG,
                   "%d level%s of %s are too many for %s: at most %d %s free of the border (force "
                   "takes more)",
                   p->levels, p->levels == 1 ? "" : "s", p->wavelet->name, size, most,
                   most == 1 ? "is" : "are");
}

pb_status pb_pyramid_measure(pb_context *ctx, const pb_wavelet *w, pb_extension extension,
                             int levels, bool force, int axes, int height, int width, pb_pyramid *p)
{
    *p = (pb_pyramid){.wavelet = w, .extension = extension, .axes = axes, .levels = levels};
    p->height[0] = axes == 1 ? 1 : height;
    p->width[0] = width;
    if (levels < 0 || levels > PB_WAVELET_LEVELS)
        return pb_fail(ctx, PB_ERR_CONFIG, "%d levels; allowed is 0 to %d", levels,
                       PB_WAVELET_LEVELS);
    if (levels == 0)
        p->levels = pb_wavelet_max_level(w, axes == 2 && height < width ? height : width);
    PB_TRY(check_levels(ctx, p, force));
    int64_t count = 0;
    for (int l = 0; l < p->levels; l++) {
        p->height[l + 1] = axes == 1 ? 1 : band_of(p, p->height[l]);
        p->width[l + 1] = band_of(p, p->width[l]);
        count += (axes == 1 ? 1 : 3) * (int64_t)p->height[l + 1] * p->width[l + 1];
    }
    count += (int64_t)p->height[p->levels] * p->width[p->levels];
    if (count > INT32_MAX)
        return pb_fail(ctx, PB_ERR_SHAPE,
                       "a transform with %lld coefficients; at most 2^31 - 1 are possible",
                       (long long)count);
    p->count = (int)count;
    return PB_OK;
}

/* ---- parts ---- */

static int details_of(const pb_pyramid *p)
{
    return p->axes == 1 ? 1 : 3;
}

int pb_pyramid_part_count(const pb_pyramid *p)
{
    return 1 + details_of(p) * p->levels;
}

pb_pyramid_part pb_pyramid_part_at(const pb_pyramid *p, int i)
{
    const int details = details_of(p);
    pb_pyramid_part part = {.level = p->levels};
    for (int k = 0;; k++) {
        if (k > 0) {
            part.level = p->levels - (k - 1) / details;
            part.down = (k - 1) % details > 0;
            part.right = (k - 1) % details != 1;
        }
        part.height = p->height[part.level];
        part.width = p->width[part.level];
        if (k == i) return part;
        part.offset += part.height * part.width;
    }
}

/* ---- one level: [planes, h, w] <-> [planes, 2 h', 2 w'], of lines [planes, 1, 2 w'] ---- */

/* Filters of analysis, or those of synthesis mirrored, by which the adjoint of an analysis is the
 * inverse. */
static pb_value filters(pb_graph *g, const pb_wavelet *w, bool synthesis)
{
    double f[4][PB_WAVELET_MAX_LENGTH];
    float rounded[2 * PB_WAVELET_MAX_LENGTH];
    pb_wavelet_filters(w, f[0], f[1], f[2], f[3]);
    for (int b = 0; b < 2; b++)
        for (int j = 0; j < w->length; j++)
            rounded[b * w->length + j] = (float)(synthesis ? f[2 + b][w->length - 1 - j] : f[b][j]);
    return pb_constant_data(g, rounded, PB_SHAPE(2, w->length));
}

static pb_value invert(pb_graph *g, const pb_pyramid *p, pb_value y, pb_value by, int axis,
                       int length)
{
    if (p->extension != PB_EXTEND_PERIODIZATION)
        return pb_synthesis(g, y, by, axis, PB_EXTEND_ZERO, length);
    const pb_value x = pb_synthesis(g, y, by, axis, PB_EXTEND_PERIODIZATION, length + length % 2);
    pb_shape shape = pb_value_shape(g, x);
    if (length % 2 == 0 || x == PB_NONE) return x;
    shape.dim[axis] = length;
    return pb_slice(g, x, (const int[PB_MAX_AXES]){0}, shape);
}

/* The quarter of one level that a part is: [planes, h, w]. */
static pb_value quarter(pb_graph *g, pb_value x, const pb_pyramid_part *part)
{
    const int planes = pb_value_shape(g, x).dim[0];
    const int begin[] = {0, part->down ? part->height : 0, part->right ? part->width : 0};
    return pb_slice(g, x, begin, PB_SHAPE(planes, part->height, part->width));
}

/* ---- all levels ---- */

/* x as [planes, ...], or PB_NONE when it does not end with `extents`. */
static pb_value as_planes(pb_graph *g, pb_value x, const char *what, int axes, const int extents[])
{
    const pb_shape s = pb_value_shape(g, x);
    char text[PB_SHAPE_TEXT];
    if (pb_graph_status(g) != PB_OK) return PB_NONE;
    bool fits = s.axes >= axes;
    size_t count = 1;
    for (int i = 0; i < axes && fits; i++) {
        fits = s.dim[s.axes - axes + i] == extents[i];
        count *= (size_t)extents[i];
    }
    if (!fits && axes == 1)
        return pb_graph_fail(g, PB_ERR_SHAPE, "%s: the input is %s, it must end with %d", what,
                             pb_shape_text(s, text), extents[0]);
    if (!fits)
        return pb_graph_fail(g, PB_ERR_SHAPE, "%s: the input is %s, it must end with %d x %d", what,
                             pb_shape_text(s, text), extents[0], extents[1]);
    const int planes = (int)(pb_shape_count(s) / count);
    return pb_reshape(
        g, x, axes == 1 ? PB_SHAPE(planes, extents[0]) : PB_SHAPE(planes, extents[0], extents[1]));
}

pb_value pb_wavedec(pb_graph *g, pb_value x, const pb_pyramid *p)
{
    pb_shape shape = pb_value_shape(g, x);
    const int extents[] = {p->height[0], p->width[0]};
    x = as_planes(g, x, "wavedec", p->axes, p->axes == 1 ? extents + 1 : extents);
    if (x == PB_NONE) return PB_NONE;
    const int planes = pb_value_shape(g, x).dim[0], details = details_of(p);
    const pb_value by = filters(g, p->wavelet, false);
    pb_value parts[3 * PB_WAVELET_LEVELS + 1];
    x = pb_reshape(g, x, PB_SHAPE(planes, p->height[0], p->width[0]));
    for (int level = 1; level <= p->levels; level++) {
        if (p->axes == 2) x = pb_analysis(g, x, by, 1, p->extension);
        x = pb_analysis(g, x, by, 2, p->extension);
        const int first = 1 + details * (p->levels - level);
        pb_pyramid_part part;
        for (int d = 0; d < details; d++) {
            part = pb_pyramid_part_at(p, first + d);
            parts[first + d] = pb_reshape(g, quarter(g, x, &part), PB_SHAPE(planes, -1));
        }
        part.down = part.right = false;
        x = quarter(g, x, &part);
    }
    parts[0] = pb_reshape(g, x, PB_SHAPE(planes, -1));
    x = pb_concat(g, 1 + details * p->levels, parts, 1);
    shape.axes -= p->axes - 1;
    shape.dim[shape.axes - 1] = p->count;
    return pb_reshape(g, x, shape);
}

static pb_value next_part(pb_graph *g, const pb_pyramid *p, pb_value c, int i)
{
    const pb_pyramid_part part = pb_pyramid_part_at(p, i);
    const int planes = pb_value_shape(g, c).dim[0], begin[] = {0, part.offset};
    return pb_reshape(g, pb_slice(g, c, begin, PB_SHAPE(planes, part.height * part.width)),
                      PB_SHAPE(planes, part.height, part.width));
}

pb_value pb_waverec(pb_graph *g, pb_value c, const pb_pyramid *p)
{
    pb_shape shape = pb_value_shape(g, c);
    c = as_planes(g, c, "waverec", 1, &p->count);
    if (c == PB_NONE) return PB_NONE;
    const pb_value by = filters(g, p->wavelet, true);
    pb_value x = next_part(g, p, c, 0);
    for (int level = p->levels, i = 1; level > 0; level--) {
        const pb_value right = next_part(g, p, c, i++);
        x = pb_concat(g, 2, (pb_value[]){x, right}, 2);
        if (p->axes == 2) {
            const pb_value down = next_part(g, p, c, i++), both = next_part(g, p, c, i++);
            const pb_value lower = pb_concat(g, 2, (pb_value[]){down, both}, 2);
            x = pb_concat(g, 2, (pb_value[]){x, lower}, 1);
        }
        x = invert(g, p, x, by, 2, p->width[level - 1]);
        if (p->axes == 2) x = invert(g, p, x, by, 1, p->height[level - 1]);
    }
    shape.axes += p->axes - 1;
    if (p->axes == 2) shape.dim[shape.axes - 2] = p->height[0];
    shape.dim[shape.axes - 1] = p->width[0];
    return pb_reshape(g, x, shape);
}
