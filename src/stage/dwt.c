/* dwt1 and dwt2: the discrete wavelet transform of lines and of planes, several levels deep, each a
 * level of the approximation before.
 *
 * Source: Mallat, "A theory for multiresolution signal decomposition", IEEE Trans. PAMI 11 (1989).
 */
#include <string.h>

#include "stage/separable.h"
#include "stage/wavelets.h"

enum { MOST_LEVELS = 16 };

static const pb_option dwt_options[] = {
    {.name = "wavelet",
     .type = PB_OPTION_CHOICE,
     .fallback = "haar",
     .choices = PB_WAVELET_NAMES,
     .help = "by the name that PyWavelets gives it"},
    {.name = "levels",
     .type = PB_OPTION_INT,
     .fallback = "1",
     .min = 1,
     .max = MOST_LEVELS,
     .help = "how often the approximation is transformed again"},
    {.name = "extension",
     .type = PB_OPTION_CHOICE,
     .fallback = "symmetric",
     .choices = PB_EXTENSION_NAMES,
     .help = "how lines go on beyond their ends"},
    {.name = "keep",
     .type = PB_OPTION_CHOICE,
     .fallback = "all",
     .choices = "all|approximation",
     .help = "all: the coefficients in a row, coarsest first (PyWavelets' ravel_coeffs); "
             "approximation: the last one alone"},
    {0},
};

/* Sizes of the approximations: [0] is what comes in. Lines have height 1 throughout. */
typedef struct pyramid {
    const pb_wavelet *wavelet;
    pb_extension extension;
    bool lines, all;
    int planes, levels, height[MOST_LEVELS + 1], width[MOST_LEVELS + 1];
} pyramid;

static pb_status measure(pb_builder *b, const pb_options *options, bool lines, pb_shape s,
                         pyramid *p)
{
    *p = (pyramid){.wavelet = pb_wavelet_find(pb_option_string(options, "wavelet")),
                   .extension = pb_extension_find(pb_option_string(options, "extension")),
                   .lines = lines,
                   .all = strcmp(pb_option_string(options, "keep"), "all") == 0,
                   .levels = (int)pb_option_int(options, "levels")};
    if (s.axes < (lines ? 2 : 3))
        return pb_fail(b->ctx, PB_ERR_SHAPE, "takes [batch, %s], but gets %s",
                       lines ? "..., length" : "..., height, width", pb_shape_words(s).text);
    p->height[0] = lines ? 1 : s.dim[s.axes - 2];
    p->width[0] = s.dim[s.axes - 1];
    p->planes = (int)(pb_shape_count(s) / ((size_t)p->height[0] * (size_t)p->width[0]));
    for (int l = 0; l < p->levels; l++) {
        if (p->width[l] < 2 || (!lines && p->height[l] < 2))
            return pb_fail(b->ctx, PB_ERR_SHAPE,
                           "%d levels are too many for %s; allowed is 1 to %d", p->levels,
                           pb_shape_words(s).text, l);
        p->height[l + 1] = lines ? 1 : pb_wavelet_band(p->wavelet, p->height[l]);
        p->width[l + 1] = pb_wavelet_band(p->wavelet, p->width[l]);
    }
    return PB_OK;
}

/* ---- one level ---- */

static pb_value analysis(pb_graph *g, const pyramid *p, int length)
{
    const int rows = 2 * pb_wavelet_band(p->wavelet, length);
    double *m = pb_matrix_memory(g, rows, length);
    if (m) pb_wavelet_analysis(p->wavelet, p->extension, length, m);
    return pb_matrix_constant(g, rows, length, m);
}

static pb_value synthesis(pb_graph *g, const pyramid *p, int length)
{
    const int columns = 2 * pb_wavelet_band(p->wavelet, length);
    double *m = pb_matrix_memory(g, length, columns);
    if (m) pb_wavelet_synthesis(p->wavelet, length, m);
    return pb_matrix_constant(g, length, columns, m);
}

static pb_planes planes_at(const pyramid *p, int height, int width)
{
    return (pb_planes){p->lines ? 2 : 3, p->planes, 1, height, width};
}

/* A level down, as [planes, 2 h, 2 w]: approximation and details in its quarters; of lines [planes,
 * 1, 2 w]. */
static pb_value go_down(pb_graph *g, const pyramid *p, int level, pb_value x)
{
    const int h = p->height[level], w = p->width[level];
    const pb_planes from = planes_at(p, h, w);
    return pb_separable(g, &from, x, p->lines ? PB_NONE : analysis(g, p, h), analysis(g, p, w));
}

static pb_value go_up(pb_graph *g, const pyramid *p, int level, pb_value quarters)
{
    const int h = p->height[level], w = p->width[level];
    const pb_planes from =
        planes_at(p, p->lines ? 1 : 2 * p->height[level + 1], 2 * p->width[level + 1]);
    return pb_separable(g, &from, quarters, p->lines ? PB_NONE : synthesis(g, p, h),
                        synthesis(g, p, w));
}

/* ---- all levels ---- */

/* The quarter at (down, right) of one level as a row of numbers: [planes, h w]. */
static pb_value quarter(pb_graph *g, const pyramid *p, int level, pb_value x, bool down, bool right)
{
    const int h = p->height[level + 1], w = p->width[level + 1];
    const int begin[] = {0, down ? h : 0, right ? w : 0};
    return pb_reshape(g, pb_slice(g, x, begin, PB_SHAPE(p->planes, h, w)),
                      PB_SHAPE(p->planes, h * w));
}

/* Quarters of the details in the order of PyWavelets' ravel_coeffs: vertical, horizontal, diagonal;
 * a line has one. */
static int details_of(const pyramid *p, const bool **down, const bool **right)
{
    static const bool are_down[] = {false, true, true}, are_right[] = {true, false, true};
    *down = are_down;
    *right = are_right;
    return p->lines ? 1 : 3;
}

static pb_value analyse(pb_graph *g, const pyramid *p, pb_value x)
{
    pb_value parts[3 * MOST_LEVELS + 1];
    const bool *down, *right;
    const int details = details_of(p, &down, &right), count = details * p->levels + 1;
    for (int level = 0; level < p->levels; level++) {
        const pb_value all = go_down(g, p, level, x);
        for (int d = 0; d < details; d++)
            parts[count - (level + 1) * details + d] = quarter(g, p, level, all, down[d], right[d]);
        x = quarter(g, p, level, all, false, false);
    }
    parts[0] = x;
    return p->all ? pb_concat(g, count, parts, 1) : x;
}

/* The next `h w` numbers of a row as a plane, or zeros where only the approximation was kept. */
static pb_value next_part(pb_graph *g, const pyramid *p, int level, pb_value y, int *at)
{
    const int h = p->height[level + 1], w = p->width[level + 1];
    const int begin[] = {0, *at};
    const bool kept = p->all || *at == 0;
    *at += h * w;
    if (!kept) return pb_constant(g, 0, PB_SHAPE(p->planes, h, w));
    return pb_reshape(g, pb_slice(g, y, begin, PB_SHAPE(p->planes, h * w)),
                      PB_SHAPE(p->planes, h, w));
}

static pb_value synthesise(pb_graph *g, const pyramid *p, pb_value y)
{
    int at = 0;
    y = pb_reshape(g, y, PB_SHAPE(p->planes, -1));
    pb_value x = next_part(g, p, p->levels - 1, y, &at);
    for (int level = p->levels - 1; level >= 0; level--) {
        const pb_shape approximation =
            PB_SHAPE(p->planes, p->height[level + 1], p->width[level + 1]);
        x = pb_reshape(g, x, approximation);
        const pb_value first = next_part(g, p, level, y, &at);
        if (p->lines) {
            x = pb_concat(g, 2, (pb_value[]){x, first}, 2);
        } else {
            const pb_value horizontal = next_part(g, p, level, y, &at);
            const pb_value diagonal = next_part(g, p, level, y, &at);
            const pb_value upper = pb_concat(g, 2, (pb_value[]){x, first}, 2);
            const pb_value lower = pb_concat(g, 2, (pb_value[]){horizontal, diagonal}, 2);
            x = pb_concat(g, 2, (pb_value[]){upper, lower}, 1);
        }
        x = go_up(g, p, level, x);
    }
    return x;
}

/* ---- the stages ---- */

/* In place of each line or plane stand its coefficients. */
static pb_shape shape_left(const pyramid *p, pb_shape taken, pb_value y, pb_graph *g)
{
    pb_shape s = taken;
    const int axes = p->lines ? 1 : 2;
    if (!p->all) {
        if (!p->lines) s.dim[s.axes - 2] = p->height[p->levels];
        s.dim[s.axes - 1] = p->width[p->levels];
        return s;
    }
    s.axes = taken.axes - axes + 1;
    s.dim[s.axes - 1] = pb_value_shape(g, y).dim[1];
    return s;
}

static pb_value invert(pb_builder *b, const pb_inverse *inverse, pb_value y, bool lines)
{
    pyramid p;
    if (measure(b, inverse->options, lines, inverse->taken, &p) != PB_OK) return PB_NONE;
    return synthesise(b->g, &p, y);
}

static pb_value invert_lines(pb_builder *b, const pb_inverse *inverse, pb_value y)
{
    return invert(b, inverse, y, true);
}

static pb_value invert_planes(pb_builder *b, const pb_inverse *inverse, pb_value y)
{
    return invert(b, inverse, y, false);
}

static pb_status build(pb_builder *b, const pb_options *options, bool lines)
{
    const pb_shape taken = pb_value_shape(b->g, b->x);
    pyramid p;
    PB_TRY(measure(b, options, lines, taken, &p));
    const pb_value y = analyse(b->g, &p, b->x);
    b->x = pb_reshape(b->g, y, shape_left(&p, taken, y, b->g));
    pb_builder_inverse(b, options, taken, lines ? invert_lines : invert_planes);
    return PB_OK;
}

static pb_status dwt1_build(pb_builder *b, const pb_options *options)
{
    return build(b, options, true);
}

static pb_status dwt2_build(pb_builder *b, const pb_options *options)
{
    return build(b, options, false);
}

const pb_stage pb_stage_dwt1 = {
    .name = "dwt1",
    .summary = "wavelet transform of the last axis",
    .kind = PB_STAGE_TRANSFORM,
    .options = dwt_options,
    .build = dwt1_build,
};

const pb_stage pb_stage_dwt2 = {
    .name = "dwt2",
    .summary = "wavelet transform of the last two axes",
    .kind = PB_STAGE_TRANSFORM,
    .options = dwt_options,
    .build = dwt2_build,
};
