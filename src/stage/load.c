/* load: the batch as it was gathered becomes floats. */
#include <string.h>

#include "stage/stages.h"

static const pb_option load_options[] = {
    {.name = "scale",
     .type = PB_OPTION_CHOICE,
     .fallback = "auto",
     .choices = "auto|centered|unit|none",
     .help = "centered: x / 255 - 0.5; unit: x / 255; none: x; auto: centered for bytes, none for "
             "floats"},
    {0},
};

static pb_status load_build(pb_builder *b, const pb_options *options)
{
    const pb_shape s = pb_value_shape(b->g, b->x);
    if (s.axes < 2) {
        return pb_fail(b->ctx, PB_ERR_SHAPE, "takes samples [batch, ...], but gets %s",
                       pb_shape_words(s).text);
    }
    const char *scale = pb_option_string(options, "scale");
    if (strcmp(scale, "auto") == 0) {
        scale = pb_value_dtype(b->g, b->x) == PB_U8 ? "centered" : "none";
    }
    const bool centered = strcmp(scale, "centered") == 0;
    pb_value x = pb_cast(b->g, b->x, PB_F32);
    if (strcmp(scale, "none") != 0) {
        x = pb_div(b->g, x, pb_constant(b->g, 255, PB_SCALAR));
        if (centered) x = pb_sub(b->g, x, pb_constant(b->g, 0.5f, PB_SCALAR));
    }
    if (pb_value_dtype(b->g, b->x) == PB_U8) pb_builder_keep(b, "levels", b->x);
    b->x = x;
    pb_builder_keep(b, "pixels", x);
    return PB_OK;
}

const pb_stage pb_stage_load = {
    .name = "load",
    .summary = "take the samples of the batch as numbers",
    .kind = PB_STAGE_INPUT,
    .options = load_options,
    .build = load_build,
};
