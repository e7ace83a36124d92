/* dct2: samples become frequencies of their cosine transform, of the whole plane or of its blocks.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stage/frequencies.h"

enum { MOST_BANDS = 256 };

static const pb_option dct2_options[] = {
    {.name = "keep",
     .type = PB_OPTION_INT,
     .fallback = "16",
     .min = 1,
     .max = 4096,
     .help = "coefficients kept on each axis, lowest frequencies first"},
    {.name = "select",
     .type = PB_OPTION_CHOICE,
     .fallback = "corner",
     .choices = "corner|zigzag|radial|energy|bands",
     .help =
         "corner: keep x keep; else `count` in zigzag order, by distance from the lowest, those "
         "of most energy in the training split, or of that corner by band (`weights`)"},
    {.name = "count",
     .type = PB_OPTION_INT,
     .fallback = "0",
     .min = 0,
     .max = 1 << 24,
     .help = "coefficients kept of each plane or block (select: not corner); 0: keep x keep, of "
             "signals keep"},
    {.name = "block",
     .type = PB_OPTION_INT,
     .fallback = "0",
     .min = 0,
     .max = 4096,
     .help = "transform blocks of so many points on each axis (JPEG: 8); a frequency of all blocks "
             "is a channel; 0: the whole plane"},
    {.name = "bands",
     .type = PB_OPTION_INT,
     .fallback = "8",
     .min = 1,
     .max = MOST_BANDS,
     .help = "radial bands of the keep x keep corner, as of band_mask (select: bands)"},
    {.name = "weights",
     .type = PB_OPTION_STRING,
     .fallback = "uniform",
     .help = "importance of each band: numbers such as '0.3 0.2 0.5', or the folder of a run that "
             "learned them; bands of most weight come first, within a band coefficients of most "
             "energy; uniform: every band has the same share"},
    {0},
};

/* A plane has rows x columns blocks, and of each block a grid of height x width frequencies is
 * computed, of which `count` are kept. */
typedef struct layout {
    pb_planes planes;
    pb_selection selection;
    int block[2], rows, columns, height, width, count;
} layout;

static pb_selection selection_of(const pb_options *options)
{
    static const char *const names[] = {"corner", "zigzag", "radial", "energy", "bands"};
    pb_selection s = PB_SELECT_CORNER;
    while (strcmp(names[s], pb_option_string(options, "select")) != 0) s++;
    return s;
}

/* Which coefficients are kept is learned from the training split. */
static bool learns(pb_selection selection)
{
    return selection == PB_SELECT_ENERGY || selection == PB_SELECT_BANDS;
}

static pb_status check_keep(pb_builder *b, const layout *l, int keep)
{
    const bool lines = pb_planes_are_lines(&l->planes);
    const int smaller = lines || l->block[1] < l->block[0] ? l->block[1] : l->block[0];
    if (keep <= smaller) return PB_OK;
    if (lines)
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "cannot keep %d coefficients of %d points; allowed is 1 to %d", keep,
                       smaller, smaller);
    return pb_fail(b->ctx, PB_ERR_SHAPE,
                   "cannot keep %d x %d coefficients of %d x %d %s; allowed is 1 to %d", keep, keep,
                   l->block[0], l->block[1], l->rows * l->columns > 1 ? "blocks" : "images",
                   smaller);
}

static pb_status lay_out(pb_builder *b, const pb_options *options, pb_shape taken, layout *l)
{
    const int keep = (int)pb_option_int(options, "keep"),
              block = (int)pb_option_int(options, "block");
    const int64_t count = pb_option_int(options, "count");
    *l = (layout){.selection = selection_of(options)};
    PB_TRY(pb_planes_of(b, taken, &l->planes));
    const pb_planes *p = &l->planes;
    const bool lines = pb_planes_are_lines(p);
    l->block[0] = lines ? 1 : block ? block : p->height;
    l->block[1] = block ? block : p->width;
    l->rows = (p->height - 1) / l->block[0] + 1;
    l->columns = (p->width - 1) / l->block[1] + 1;
    l->height = l->block[0];
    l->width = l->block[1];
    if (l->selection == PB_SELECT_CORNER || l->selection == PB_SELECT_BANDS) {
        PB_TRY(check_keep(b, l, keep));
        l->height = lines ? 1 : keep;
        l->width = keep;
    }
    if (l->selection == PB_SELECT_CORNER) {
        l->count = l->height * l->width;
        return PB_OK;
    }
    const int64_t wanted = count ? count : lines ? keep : (int64_t)keep * keep;
    if (wanted > (int64_t)l->height * l->width)
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "cannot keep %lld of %d coefficients; allowed is 1 to %d", (long long)wanted,
                       l->height * l->width, l->height * l->width);
    l->count = (int)wanted;
    return PB_OK;
}

/* ---- all coefficients, a block's in a row ---- */

static pb_value basis(pb_graph *g, int length, int block, int kept, bool back)
{
    const int all = (length + block - 1) / block * kept;
    double *m = pb_matrix_memory(g, all, length);
    if (m && back) pb_idct_blocks(m, length, block, kept);
    if (m && !back) pb_dct_blocks(m, length, block, kept);
    return pb_matrix_constant(g, back ? length : all, back ? all : length, m);
}

/* [planes, rows, columns, height width] */
static pb_value transform(pb_graph *g, const layout *l, pb_value x)
{
    static const int blocks_first[] = {0, 2, 1, 3};
    const pb_planes *p = &l->planes;
    const int planes = p->batch * p->channels;
    const pb_value left =
        pb_planes_are_lines(p) ? PB_NONE : basis(g, p->height, l->block[0], l->height, false);
    const pb_value right = basis(g, p->width, l->block[1], l->width, false);
    pb_value y = pb_separable(g, p, x, left, right);
    y = pb_reshape(g, y, PB_SHAPE(planes * l->rows, l->height, l->columns, l->width));
    if (l->columns > 1) y = pb_permute(g, y, blocks_first);
    return pb_reshape(g, y, PB_SHAPE(planes, l->rows, l->columns, l->height * l->width));
}

static pb_value transform_back(pb_graph *g, const layout *l, pb_value y)
{
    static const int rows_first[] = {0, 2, 1, 3};
    const pb_planes *p = &l->planes;
    const int planes = p->batch * p->channels;
    const pb_planes transformed = {p->axes, p->batch, p->channels, l->rows * l->height,
                                   l->columns * l->width};
    y = pb_reshape(g, y, PB_SHAPE(planes * l->rows, l->columns, l->height, l->width));
    if (l->columns > 1) y = pb_permute(g, y, rows_first);
    const pb_value left =
        pb_planes_are_lines(p) ? PB_NONE : basis(g, p->height, l->block[0], l->height, true);
    return pb_separable(g, &transformed, y, left, basis(g, p->width, l->block[1], l->width, true));
}

/* ---- the kept ones ---- */

/* order [count]; what the training split says, or zeros as long as it has not been asked. False
 * when there is an error of the graph. */
static bool order_of(pb_builder *b, const layout *l, int order[])
{
    if (!learns(l->selection)) {
        if (pb_frequencies_order(l->selection, l->height, l->width, l->count, order)) return true;
        pb_graph_fail(b->g, PB_ERR_MEMORY, "no memory to order %d x %d coefficients", l->height,
                      l->width);
        return false;
    }
    const float *learned = pb_builder_learned(b, "order", PB_SHAPE(l->count));
    if (!learned && b->fitted) return false;
    const int all = l->height * l->width;
    for (int i = 0; i < l->count; i++) {
        const float index = learned ? learned[i] : 0;
        if (!(index >= 0 && index < (float)all)) { /* it comes from a file */
            pb_graph_fail(b->g, PB_ERR_DATA, "the learned order has %g; allowed is 0 to %d",
                          (double)index, all - 1);
            return false;
        }
        order[i] = (int)index;
    }
    return true;
}

static pb_value index_constant(pb_graph *g, const int *index, int count)
{
    float *numbers = pb_graph_memory(g, (size_t)count * sizeof *numbers);
    if (!numbers) return PB_NONE;
    for (int i = 0; i < count; i++) numbers[i] = (float)index[i];
    return pb_cast(g, pb_constant_data(g, numbers, PB_SHAPE(count)), PB_I32);
}

static pb_value choose(pb_builder *b, const layout *l, pb_value y)
{
    int *order = pb_graph_memory(b->g, (size_t)l->count * sizeof *order);
    if (!order || !order_of(b, l, order)) return PB_NONE;
    return pb_take(b->g, y, index_constant(b->g, order, l->count));
}

/* The others become zeros: they are taken from a column of zeros behind the kept ones. */
static pb_value fill_up(pb_builder *b, const layout *l, pb_value y)
{
    static const int before[PB_MAX_AXES] = {0}, after[PB_MAX_AXES] = {0, 0, 0, 1};
    const int all = l->height * l->width;
    int *order = pb_graph_memory(b->g, (size_t)l->count * sizeof *order);
    int *place = pb_graph_memory(b->g, (size_t)all * sizeof *place);
    if (!order || !place || !order_of(b, l, order)) return PB_NONE;
    for (int i = 0; i < all; i++) place[i] = l->count;
    for (int i = 0; i < l->count; i++) place[order[i]] = i;
    return pb_take(b->g, pb_pad(b->g, y, before, after), index_constant(b->g, place, all));
}

/* ---- the stage ---- */

static pb_shape shape_left(const pb_options *options, const layout *l)
{
    const pb_planes *p = &l->planes;
    if (pb_option_int(options, "block") > 0)
        return pb_planes_are_lines(p)
                   ? PB_SHAPE(p->batch, l->count, l->columns)
                   : PB_SHAPE(p->batch, p->channels * l->count, l->rows, l->columns);
    if (l->selection == PB_SELECT_CORNER) return pb_planes_shape(p, l->height, l->width);
    return pb_planes_vectors(p, l->count);
}

static pb_value untransform(pb_builder *b, const pb_inverse *inverse, pb_value y)
{
    static const int frequency_last[] = {0, 2, 3, 1};
    layout l;
    if (lay_out(b, inverse->options, inverse->taken, &l) != PB_OK) return PB_NONE;
    const int planes = l.planes.batch * l.planes.channels;
    y = pb_reshape(b->g, y, PB_SHAPE(planes, l.count, l.rows, l.columns));
    if (l.rows * l.columns > 1)
        y = pb_permute(b->g, y, frequency_last);
    else
        y = pb_reshape(b->g, y, PB_SHAPE(planes, 1, 1, l.count));
    if (l.selection != PB_SELECT_CORNER) y = fill_up(b, &l, y);
    return transform_back(b->g, &l, y);
}

static pb_status dct2_build(pb_builder *b, const pb_options *options)
{
    static const int frequency_first[] = {0, 3, 1, 2};
    const pb_shape taken = pb_value_shape(b->g, b->x);
    layout l;
    PB_TRY(lay_out(b, options, taken, &l));
    pb_value y = transform(b->g, &l, b->x);
    if (l.selection != PB_SELECT_CORNER) y = choose(b, &l, y);
    if (l.rows * l.columns > 1) y = pb_permute(b->g, y, frequency_first);
    b->x = pb_reshape(b->g, y, shape_left(options, &l));
    pb_builder_keep(b, "coefficients", b->x);
    pb_builder_inverse(b, options, taken, untransform);
    return PB_OK;
}

/* ---- learning which are kept ---- */

static pb_status dct2_observe(pb_builder *b, const pb_options *options)
{
    layout l;
    if (!learns(selection_of(options))) return PB_OK;
    PB_TRY(lay_out(b, options, pb_value_shape(b->g, b->x), &l));
    const pb_value squares = pb_square(b->g, transform(b->g, &l, b->x));
    const pb_value of_sample =
        pb_reshape(b->g, squares, PB_SHAPE(b->batch, -1, l.height * l.width));
    pb_builder_observe(b, "energy", PB_STATISTIC_SUM, pb_sum(b->g, of_sample, 1, false));
    return PB_OK;
}

/* Numbers between spaces or commas. False where the text is anything else, or has more of them. */
static bool read_numbers(const char *text, double numbers[], int *count)
{
    static const char between[] = " ,";
    for (*count = 0; *count < MOST_BANDS && *(text += strspn(text, between)); ++*count) {
        char *end;
        numbers[*count] = strtod(text, &end);
        if (end == text || (*end && !strchr(between, *end)) || !isfinite(numbers[*count]))
            return false;
        text = end;
    }
    return *count > 0 && !*text;
}

/* weights [MOST_BANDS]; there are none where all bands shall have the same share. */
static pb_status find_weights(const pb_fitting *f, const pb_options *options, double weights[],
                              int *count)
{
    const char *text = pb_option_string(options, "weights");
    const int bands = (int)pb_option_int(options, "bands");
    *count = 0;
    if (strcmp(text, "uniform") == 0) return PB_OK;
    if (!read_numbers(text, weights, count)) {
        const pb_status status = f->read_band_weights(f->ctx, text, MOST_BANDS, weights, count);
        if (status != PB_OK) return pb_fail_prefix(f->ctx, status, "weights");
    }
    if (*count == bands) return PB_OK;
    return pb_fail(f->ctx, PB_ERR_CONFIG, "weights: are of %d bands, but bands is %d", *count,
                   bands);
}

static pb_status rank(pb_fitting *f, const pb_options *options, int count, double order[])
{
    size_t number;
    double weights[MOST_BANDS];
    int weight_count;
    const double *energy = pb_fitting_observed(f, "energy", &number);
    const int keep = (int)pb_option_int(options, "keep");
    bool done;
    if (selection_of(options) == PB_SELECT_ENERGY) {
        done = pb_frequencies_by_energy(energy, (int)number, count, order);
    } else {
        PB_TRY(find_weights(f, options, weights, &weight_count));
        done = pb_frequencies_by_band(energy, (int)number / keep, keep,
                                      (int)pb_option_int(options, "bands"),
                                      weight_count ? weights : NULL, count, order);
        if (done && weight_count)
            PB_TRY(pb_fitting_put(f, "band_weights", PB_SHAPE(weight_count), weights));
    }
    return done ? PB_OK
                : pb_fail(f->ctx, PB_ERR_MEMORY, "no memory to rank %zu coefficients", number);
}

static pb_status dct2_fit(pb_fitting *fitting, const pb_options *options)
{
    const int keep = (int)pb_option_int(options, "keep"),
              asked = (int)pb_option_int(options, "count");
    const int count = asked ? asked : fitting->sample.axes == 1 ? keep : keep * keep;
    double *order = malloc((size_t)count * sizeof *order);
    pb_status status =
        order ? rank(fitting, options, count, order)
              : pb_fail(fitting->ctx, PB_ERR_MEMORY, "no memory to rank %d coefficients", count);
    if (status == PB_OK) status = pb_fitting_put(fitting, "order", PB_SHAPE(count), order);
    free(order);
    return status;
}

const pb_stage pb_stage_dct2 = {
    .name = "dct2",
    .summary = "orthonormal cosine transform of images or signals, some frequencies kept",
    .kind = PB_STAGE_TRANSFORM,
    .options = dct2_options,
    .build = dct2_build,
    .observe = dct2_observe,
    .fit = dct2_fit,
};
