/* Weights as coefficients of a wavelet transform: the options, and the ops from coefficients to
 * weights. */
#include <passband/weights.h>

#include <stdio.h>
#include <string.h>

#include "stage/stages.h"
#include "stage/weight_domain.h"

// clang-format off
const pb_option pb_weight_options[] = {
    {.name = "wavelet", .type = PB_OPTION_STRING, .fallback = "haar",
     .help = "discrete or continuous, by the name that PyWavelets gives it; none: the weights themselves are the coefficients"},
    {.name = "level", .type = PB_OPTION_INT, .fallback = "1", .min = 0, .max = PB_WAVELET_LEVELS,
     .help = "how often the approximation is transformed again, of continuous wavelets octaves: of each layer as far as its lines are long enough; 0: as deep as possible"},
    {.name = "mode", .type = PB_OPTION_CHOICE, .fallback = "periodization", .choices = PB_EXTENSION_NAMES,
     .help = "how lines go on beyond their ends"},
    {.name = "layout", .type = PB_OPTION_CHOICE, .fallback = "rows", .choices = "flat|rows|matrix|planes",
     .help = "lines: all weights, or those of each output; or planes: [outputs, the rest], or the last two axes"},
    {.name = "kind", .type = PB_OPTION_CHOICE, .fallback = "hard", .choices = "soft|hard|garrote",
     .help = "what a threshold leaves of larger coefficients"},
    {.name = "rule", .type = PB_OPTION_CHOICE, .fallback = "absolute",
     .choices = "absolute|relative|quantile|universal|sure|bayes",
     .help = "what `threshold` is: itself, a share of the largest, the share that becomes 0, or a factor; found before each epoch, in which weights move: only schedule end leaves exactly that share"},
    {.name = "threshold", .type = PB_OPTION_FLOAT, .fallback = "0.0", .min = 0, .max = 1e6,
     .help = "0: none; with universal, sure or bayes, which find one for each level, a factor"},
    {.name = "details_only", .type = PB_OPTION_BOOL, .fallback = "false",
     .help = "leave the approximation without a threshold"},
    {.name = "gradient", .type = PB_OPTION_CHOICE, .fallback = "auto", .choices = "auto|exact|straight",
     .help = "through thresholds: of the formula, or as if there were none; auto: straight through hard ones"},
    {.name = "schedule", .type = PB_OPTION_CHOICE, .fallback = "start", .choices = "start|ramp|after|end",
     .help = "when: from the first step, rising from epoch `begin` to `full`, after epoch `begin`, or once at the end"},
    {.name = "begin", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 1000000,
     .help = "epochs without a threshold (schedule: ramp, after)"},
    {.name = "full", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 1000000,
     .help = "epochs until the threshold is reached (schedule: ramp); 0: two thirds of the epochs"},
    {.name = "bits", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 16,
     .help = "of a coefficient, 2 to 16, quantised in training too once the threshold is full; 0: not quantised"},
    {0},
};
// clang-format on

/* The thresholds or steps of each coefficient of a line: row `which` of the settings, [count]. */
static pb_value spread(pb_builder *b, const pb_weights *w, int which)
{
    pb_graph *g = b->g;
    float *number = pb_graph_memory(g, (size_t)w->count * sizeof *number);
    if (!number) return PB_NONE;
    for (int i = 0; i < w->part_count; i++)
        for (int k = 0; k < w->part[i].count; k++) number[w->part[i].offset + k] = (float)i;
    const pb_value place = pb_cast(g, pb_constant_data(g, number, PB_SHAPE(w->count)), PB_I32);
    const pb_value row = pb_slice(g, w->settings, (int[]){which, 0}, PB_SHAPE(1, w->part_count));
    return pb_take(g, pb_reshape(g, row, PB_SHAPE(w->part_count)), place);
}

int pb_weight_code_most(const pb_options *options)
{
    const int bits = (int)pb_option_int(options, "bits");
    return (1 << (bits > 1 ? bits - 1 : 1)) - 1;
}

/* step floor(c / step + 1/2), codes no larger than the bits hold, where there is a step; gradients
 * pass as if nothing were done. */
static pb_value quantise(pb_builder *b, const pb_weights *w, pb_value c)
{
    pb_graph *g = b->g;
    const pb_value step = spread(b, w, PB_WEIGHT_STEP), per_step = spread(b, w, PB_WEIGHT_PER_STEP);
    const pb_value half = pb_constant(g, 0.5f, PB_SCALAR);
    const pb_value most = pb_constant(g, (float)pb_weight_code_most(w->options), PB_SCALAR);
    const pb_value free = pb_floor(g, pb_add(g, pb_mul(g, c, per_step), half));
    const pb_value code = pb_maximum(g, pb_minimum(g, free, most), pb_neg(g, most));
    const pb_value wanted = pb_broadcast(g, step, pb_value_shape(g, c));
    const pb_value y = pb_select(g, wanted, pb_mul(g, code, step), c);
    return pb_add(g, pb_detach(g, y), pb_sub(g, c, pb_detach(g, c)));
}

/* What the weights begin as, named as the parameter that they would be. */
static pb_value start_of(pb_builder *b, pb_shape shape, float bound)
{
    char name[128];
    snprintf(name, sizeof name, "%s.weight", b->scope);
    return pb_leaf(b->g, PB_ROLE_STATE, name, PB_F32, shape,
                   (pb_init){.kind = PB_INIT_UNIFORM, .a = -bound, .b = bound});
}

static bool passes_straight(const pb_options *options, pb_threshold_kind kind)
{
    const char *gradient = pb_option_string(options, "gradient");
    return strcmp(gradient, "straight") == 0 ||
           (strcmp(gradient, "auto") == 0 && kind == PB_THRESHOLD_HARD);
}

static pb_value build_weight(pb_builder *b, pb_shape shape, float bound)
{
    if (b->layer_count == PB_BUILDER_MAX)
        return pb_graph_fail(b->g, PB_ERR_CONFIG,
                             "a network can have at most %d layers with a weight_transform",
                             PB_BUILDER_MAX);
    pb_weights *w = &b->layers[b->layer_count];
    pb_weight_domain domain;
    *w = (pb_weights){.options = b->weight_transform};
    snprintf(w->layer, sizeof w->layer, "%s", b->scope);
    if (pb_weight_domain_measure(b, shape, w, &domain) != PB_OK) return PB_NONE;
    const pb_threshold_kind kind = pb_threshold_find(pb_option_string(w->options, "kind"));
    w->coefficients = pb_builder_param(b, "coefficients", PB_SHAPE(w->lines, w->count), bound);
    w->settings = pb_builder_buffer(b, "settings", PB_SHAPE(PB_WEIGHT_SETTINGS, w->part_count), 0);
    w->start = w->begun = PB_NONE;
    if (b->training) {
        w->start = start_of(b, shape, bound);
        w->begun = pb_weight_analysis(b, &domain, w->start);
    }
    pb_value c = pb_threshold(b->g, kind, passes_straight(w->options, kind), w->coefficients,
                              spread(b, w, PB_WEIGHT_THRESHOLD));
    if (pb_option_int(w->options, "bits") > 0) c = quantise(b, w, c);
    w->before = pb_weight_synthesis(b, &domain, w->coefficients);
    w->after = pb_weight_synthesis(b, &domain, c);
    b->layer_count++;
    return w->after;
}

pb_value pb_builder_weight(pb_builder *b, pb_shape shape, float bound)
{
    if (!b->weight_transform) return pb_builder_param(b, "weight", shape, bound);
    return build_weight(b, shape, bound);
}
