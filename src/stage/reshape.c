/* reshape: the numbers of each sample in another shape. */
#include <stdio.h>

#include "stage/stages.h"

static const pb_option reshape_options[] = {
    {.name = "shape",
     .type = PB_OPTION_INTS,
     .min = -1,
     .max = 1 << 24,
     .help = "shape of one sample, at most 3 axes; one of them may be -1: what is left"},
    {0},
};

static pb_status reshape_build(pb_builder *b, const pb_options *options)
{
    int count;
    const int64_t *extents = pb_option_ints(options, "shape", &count);
    if (count < 1 || count > PB_MAX_AXES - 1) {
        return pb_fail(b->ctx, PB_ERR_CONFIG, "shape has %d axes; allowed is 1 to %d", count,
                       PB_MAX_AXES - 1);
    }
    pb_shape shape = {.axes = count + 1, .dim = {b->batch}};
    const int64_t numbers = (int64_t)pb_builder_sample_count(b);
    int64_t known = 1;
    int open = 0;
    for (int i = 0; i < count; i++) {
        if (extents[i] == 0) {
            return pb_fail(b->ctx, PB_ERR_CONFIG,
                           "shape has an axis of 0; allowed is 1 or more, or -1 once");
        }
        shape.dim[i + 1] = (int)extents[i];
        if (extents[i] < 0) {
            open = i + 1;
            if (known < 0)
                return pb_fail(b->ctx, PB_ERR_CONFIG, "shape has -1 twice; allowed is once");
            known = -known;
        } else if (known <= numbers && known >= -numbers) { /* beyond, it cannot fit any more */
            known *= extents[i];
        }
    }
    if (known < 0) {
        known = -known;
        shape.dim[open] = numbers % known == 0 ? (int)(numbers / known) : 0;
        if (numbers % known == 0) known = numbers;
    }
    if (known != numbers) {
        char asked[96] = "";
        for (int i = 0, at = 0; i < count; i++)
            at += snprintf(asked + at, sizeof asked - (size_t)at, "%s%lld", i ? ", " : "",
                           (long long)extents[i]);
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "%lld numbers a sample, %s with the batch, do not fit the shape [%s]",
                       (long long)numbers, pb_shape_words(pb_value_shape(b->g, b->x)).text, asked);
    }
    const pb_shape taken = pb_value_shape(b->g, b->x);
    b->x = pb_reshape(b->g, b->x, shape);
    pb_builder_inverse(b, options, taken, pb_inverse_same);
    return PB_OK;
}

const pb_stage pb_stage_reshape = {
    .name = "reshape",
    .summary = "arrange the numbers of each sample in another shape",
    .kind = PB_STAGE_TRANSFORM,
    .options = reshape_options,
    .build = reshape_build,
};
