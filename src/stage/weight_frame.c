/* Weights as sums of the atoms of a frame: for continuous wavelets, which have no filter bank. Of
 * planes the atoms are products of one along the height and one along the width. */
#include <stdlib.h>

#include "stage/separable.h"
#include "stage/weight_domain.h"

/* ---- parts ---- */

static bool has_planes(const pb_weight_domain *d)
{
    return d->height > 1;
}

static int part_width(const pb_frame *f, int part)
{
    return f->offset[part + 1] - f->offset[part];
}

/* Of the finer level of both axes; of the approximation where both are. */
static int level_of(const pb_weight_domain *d, int i, int k)
{
    const int down = has_planes(d) ? pb_frame_level(&d->frame[0], i) : 0,
              right = pb_frame_level(&d->frame[1], k);
    if (down == 0 || right == 0) return down + right;
    return down < right ? down : right;
}

static int parts_along_height(const pb_weight_domain *d)
{
    return has_planes(d) ? d->frame[0].levels + 1 : 1;
}

static int part_height(const pb_weight_domain *d, int i)
{
    return has_planes(d) ? part_width(&d->frame[0], i) : 1;
}

static void add_parts(pb_weights *w, const pb_weight_domain *d)
{
    for (int i = 0; i < parts_along_height(d); i++)
        for (int k = 0; k <= d->frame[1].levels; k++) {
            const int height = part_height(d, i), width = part_width(&d->frame[1], k);
            w->part[w->part_count++] =
                (pb_weight_part){level_of(d, i, k), w->count, height * width, width};
            w->count += height * width;
        }
}

pb_status pb_weight_frame_measure(pb_builder *b, const pb_continuous *c, pb_weights *w,
                                  pb_weight_domain *d)
{
    const pb_extension extension =
        (pb_extension)pb_extension_find(pb_option_string(w->options, "mode"));
    const int sizes[] = {d->height, d->width};
    const int shorter = has_planes(d) && d->height < d->width ? 0 : 1;
    int levels = (int)pb_option_int(w->options, "level");
    d->is_frame = true;
    for (int i = 0; i < 2; i++) {
        const int axis = i == 0 ? shorter : 1 - shorter;
        if (axis == 0 && !has_planes(d)) break;
        const pb_status status =
            pb_frame_measure(b->ctx, c, extension, levels, sizes[axis], &d->frame[axis]);
        if (status != PB_OK)
            return pb_fail_prefix(b->ctx, status, "%s", pb_option_where(w->options, "layout"));
        levels = d->frame[axis].levels;
    }
    w->level = levels;
    add_parts(w, d);
    return PB_OK;
}

/* ---- parts one after another <-> planes ---- */

/* [lines, count] -> [lines, atoms down, atoms right] */
static pb_value as_planes(pb_graph *g, const pb_weight_domain *d, pb_value c)
{
    pb_value rows[PB_FRAME_LEVELS + 1], parts[PB_FRAME_LEVELS + 1];
    const int across = d->frame[1].levels + 1;
    int offset = 0;
    for (int i = 0; i < parts_along_height(d); i++) {
        for (int k = 0; k < across; k++) {
            const int height = part_height(d, i), width = part_width(&d->frame[1], k);
            const pb_value part =
                pb_slice(g, c, (const int[]){0, offset}, PB_SHAPE(d->lines, height * width));
            parts[k] = pb_reshape(g, part, PB_SHAPE(d->lines, height, width));
            offset += height * width;
        }
        rows[i] = pb_concat(g, across, parts, 2);
    }
    return pb_concat(g, parts_along_height(d), rows, 1);
}

static pb_value as_parts(pb_graph *g, const pb_weight_domain *d, pb_value planes)
{
    pb_value parts[PB_WEIGHT_PARTS];
    int count = 0;
    for (int i = 0; i < parts_along_height(d); i++)
        for (int k = 0; k <= d->frame[1].levels; k++) {
            const int begin[] = {0, d->frame[0].offset[i], d->frame[1].offset[k]};
            const pb_shape shape =
                PB_SHAPE(d->lines, part_height(d, i), part_width(&d->frame[1], k));
            parts[count++] =
                pb_reshape(g, pb_slice(g, planes, begin, shape), PB_SHAPE(d->lines, -1));
        }
    return pb_concat(g, count, parts, 1);
}

/* ---- there and back ---- */

/* NULL after an error of the graph; the caller frees it. */
static double *matrix_of(pb_graph *g, const pb_frame *f)
{
    double *matrix = malloc((size_t)f->length * (size_t)f->count * sizeof *matrix);
    if (matrix)
        pb_frame_matrix(f, matrix);
    else
        pb_graph_fail(g, PB_ERR_MEMORY, "no memory for a frame of %d x %d", f->length, f->count);
    return matrix;
}

static pb_value apply(pb_builder *b, const pb_weight_domain *d, pb_value x, bool back)
{
    const pb_frame *down = &d->frame[0], *right = &d->frame[1];
    const bool planes = has_planes(d);
    const pb_planes atoms = {.axes = planes ? 3 : 2,
                             .batch = d->lines,
                             .channels = 1,
                             .height = planes ? down->count : 1,
                             .width = right->count};
    double *left_matrix = planes ? matrix_of(b->g, down) : NULL,
           *right_matrix = matrix_of(b->g, right);
    pb_value y = PB_NONE;
    if (right_matrix && (left_matrix || !planes)) {
        if (back) {
            y = pb_separable_back(b, &atoms, x, d->height, left_matrix, d->width, right_matrix);
        } else {
            const pb_value left =
                planes ? pb_matrix_constant(b->g, down->length, down->count, left_matrix) : PB_NONE;
            y = pb_separable(b->g, &atoms, x, left,
                             pb_matrix_constant(b->g, right->length, right->count, right_matrix));
        }
    }
    free(left_matrix);
    free(right_matrix);
    return y;
}

pb_value pb_weight_frame_analysis(pb_builder *b, const pb_weight_domain *d, pb_value weights)
{
    const pb_value c = apply(b, d, weights, true);
    if (!has_planes(d)) return pb_reshape(b->g, c, PB_SHAPE(d->lines, d->frame[1].count));
    return as_parts(b->g, d, c);
}

pb_value pb_weight_frame_synthesis(pb_builder *b, const pb_weight_domain *d, pb_value c)
{
    return apply(b, d, has_planes(d) ? as_planes(b->g, d, c) : c, false);
}
