#include "study/plane.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage/frequencies.h"

/* A dct2 that selects `count` of the frequencies [height, width] of `blocks` blocks of each
 * channel. */
typedef struct selection {
    int channels, height, width, count, blocks;
    int *order; /* [count] */
} selection;

static pb_status no_memory(const pb_stored *s)
{
    return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory to place frequencies");
}

/* The dct2 that takes what `load` leaves, with nothing behind it that moves values; NULL: there is
 * none. */
static const pb_config_stage *find_transform(const pb_stored *s)
{
    static const char *const still[] = {"load", "identity", "ycbcr", "quantize"};
    const pb_config_stage *found = NULL;
    for (int i = 0; i < s->config->stage_count; i++) {
        const pb_config_stage *stage = &s->config->stages[i];
        bool is_still = false;
        for (int k = 0; k < 4; k++) is_still |= strcmp(stage->stage->name, still[k]) == 0;
        if (is_still) continue;
        if (found || strcmp(stage->stage->name, "dct2") != 0) return NULL;
        found = stage;
    }
    return found;
}

static bool is_selected_by(const pb_config_stage *stage, const char *select)
{
    return strcmp(pb_option_string(stage->options, "select"), select) == 0;
}

/* False where values stand as they are. */
static bool measure_selection(const pb_stored *s, const pb_config_stage *stage, selection *f)
{
    const pb_shape of = s->original->sample_shape;
    const int block = (int)pb_option_int(stage->options, "block");
    if (is_selected_by(stage, "corner") && block == 0) return false;
    *f = (selection){.channels = of.axes == 3 ? of.dim[0] : 1, .blocks = 1};
    f->height = of.axes == 1 ? 1 : of.dim[of.axes - 2];
    f->width = of.dim[of.axes - 1];
    if (block > 0) {
        f->blocks = (of.axes == 1 ? 1 : (f->height - 1) / block + 1) * ((f->width - 1) / block + 1);
        f->height = of.axes == 1 ? 1 : block;
        f->width = block;
    }
    if (is_selected_by(stage, "corner") || is_selected_by(stage, "bands")) {
        const int keep = (int)pb_option_int(stage->options, "keep");
        f->height = of.axes == 1 ? 1 : keep;
        f->width = keep;
    }
    const size_t groups = (size_t)f->channels * (size_t)f->blocks;
    f->count = (int)(s->values / groups);
    return (size_t)f->count * groups == s->values && f->count <= f->height * f->width;
}

static bool find_order(const pb_stored *s, const pb_config_stage *stage, selection *f)
{
    char name[96];
    if (is_selected_by(stage, "corner")) {
        for (int i = 0; i < f->count; i++) f->order[i] = i;
        return true;
    }
    if (is_selected_by(stage, "zigzag"))
        return pb_frequencies_order(PB_SELECT_ZIGZAG, f->height, f->width, f->count, f->order);
    if (is_selected_by(stage, "radial"))
        return pb_frequencies_order(PB_SELECT_RADIAL, f->height, f->width, f->count, f->order);
    /* by energy or by bands: what the training split said */
    snprintf(name, sizeof name, "dct2_%d.order", stage->ordinal);
    const pb_fitted_array *learned = pb_fitted_find(&s->file->compressed->fitted, name);
    for (int i = 0; i < f->count; i++)
        f->order[i] = learned ? (int)learned->data[i] : i; /* checked when the chain was built */
    return true;
}

/* Rows and columns that are needed to hold all that was kept. */
static void crop(const selection *f, int *height, int *width)
{
    *height = *width = 1;
    for (int i = 0; i < f->count; i++) {
        const int row = f->order[i] / f->width, column = f->order[i] % f->width;
        if (row >= *height) *height = row + 1;
        if (column >= *width) *width = column + 1;
    }
}

static void place(const selection *f, const float *numbers, int height, int width, float *plane)
{
    const size_t cells = (size_t)height * (size_t)width, blocks = (size_t)f->blocks;
    for (size_t i = 0; i < (size_t)f->channels * cells; i++) plane[i] = NAN;
    for (int c = 0; c < f->channels; c++)
        for (int i = 0; i < f->count; i++) {
            double sum = 0;
            for (size_t b = 0; b < blocks; b++)
                sum += (double)numbers[((size_t)c * (size_t)f->count + (size_t)i) * blocks + b];
            const int row = f->order[i] / f->width, column = f->order[i] % f->width;
            plane[(size_t)c * cells + (size_t)(row * width + column)] = (float)(sum / f->blocks);
        }
}

static pb_status place_selected(const pb_stored *s, const selection *f, const float *numbers,
                                pb_shape *shape, float **plane)
{
    int height, width;
    crop(f, &height, &width);
    *shape = PB_SHAPE(f->channels, height, width);
    *plane = malloc(pb_shape_count(*shape) * sizeof **plane);
    if (!*plane) return no_memory(s);
    place(f, numbers, height, width, *plane);
    return PB_OK;
}

pb_status pb_plane_of(const pb_stored *s, const float *numbers, pb_shape *shape, float **plane)
{
    selection f;
    const pb_config_stage *stage = find_transform(s);
    *plane = NULL;
    if (stage && measure_selection(s, stage, &f)) {
        f.order = malloc((size_t)f.count * sizeof *f.order);
        const bool has_order = f.order && find_order(s, stage, &f);
        const pb_status status =
            has_order ? place_selected(s, &f, numbers, shape, plane) : no_memory(s);
        free(f.order);
        return status;
    }
    *shape = s->shape;
    *plane = malloc(s->values * sizeof **plane);
    if (!*plane) return no_memory(s);
    memcpy(*plane, numbers, s->values * sizeof **plane);
    return PB_OK;
}
