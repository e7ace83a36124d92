/* band_mask: X_c = X * sum_k softmax(w)_k M_k over radial bands of a coefficient block. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stage/bands.h"
#include "stage/stages.h"

static const pb_option band_mask_options[] = {
    {.name = "bands",
     .type = PB_OPTION_INT,
     .fallback = "8",
     .min = 1,
     .max = 256,
     .help = "rings of equal width from the lowest frequency to the far corner"},
    {.name = "weights",
     .type = PB_OPTION_CHOICE,
     .fallback = "learned",
     .choices = "learned|uniform",
     .help = "learned: a softmax of parameters that start equal; uniform: 1 / bands each, fixed"},
    {0},
};

int pb_band_of(int i, int j, int height, int width, int bands)
{
    const double far =
        sqrt((double)(height - 1) * (height - 1) + (double)(width - 1) * (width - 1));
    if (far == 0) return 0; /* a single coefficient */
    const int band = (int)floor(bands * sqrt((double)i * i + (double)j * j) / far);
    return band < bands ? band : bands - 1;
}

/* M [bands, height, width]: M[k, i, j] = 1 where (i, j) lies in band k, else 0. */
static pb_value membership(pb_builder *b, int bands, int height, int width)
{
    const size_t block = (size_t)height * (size_t)width;
    float *m = calloc((size_t)bands * block, sizeof *m);
    if (m == NULL) return PB_NONE;
    for (int i = 0; i < height; i++) {
        for (int j = 0; j < width; j++) {
            m[(size_t)pb_band_of(i, j, height, width, bands) * block + (size_t)(i * width + j)] = 1;
        }
    }
    const pb_value value = pb_constant_data(b->g, m, PB_SHAPE(bands, height, width));
    free(m);
    return value;
}

static pb_status band_mask_build(pb_builder *b, const pb_options *options)
{
    const int bands = (int)pb_option_int(options, "bands");
    const bool learned = strcmp(pb_option_string(options, "weights"), "learned") == 0;
    const pb_shape s = pb_value_shape(b->g, b->x);
    if (s.axes != 3) {
        return pb_fail(b->ctx, PB_ERR_SHAPE,
                       "takes coefficients [batch, height, width], but gets %s",
                       pb_shape_words(s).text);
    }
    const pb_value rings = membership(b, bands, s.dim[1], s.dim[2]);
    if (rings == PB_NONE) return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for %d bands", bands);

    const pb_value weights =
        learned ? pb_softmax(b->g, pb_builder_param(b, "weights", PB_SHAPE(bands), 0))
                : pb_constant(b->g, 1.0f / (float)bands, PB_SHAPE(bands));
    /* A product summed over the bands, not a matrix product: it fuses, and eight terms need no
     * library. */
    const pb_value spread = pb_reshape(b->g, weights, PB_SHAPE(bands, 1, 1));
    const pb_value mask = pb_sum(b->g, pb_mul(b->g, spread, rings), 0, false);

    pb_builder_keep(b, "coefficients", b->x);
    b->x = pb_mul(b->g, b->x, mask);
    pb_builder_keep(b, "masked", b->x);
    /* what the mask takes away is what a reconstruction is to show */
    pb_builder_inverse(b, options, s, pb_inverse_same);
    pb_builder_keep(b, "mask", mask);
    pb_builder_log(b, "band_weights", weights);
    return PB_OK;
}

const pb_stage pb_stage_band_mask = {
    .name = "band_mask",
    .summary = "weigh radial frequency bands of a coefficient block",
    .kind = PB_STAGE_TRANSFORM,
    .options = band_mask_options,
    .build = band_mask_build,
};
