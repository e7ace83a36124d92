/* The pictures of a run's weights, from one reading of their files. */
#include "report/draw_weights.h"

#include <stdlib.h>

#include "report/pictures.h"
#include "report/plot.h"

static pb_status load(pb_context *ctx, const pb_record *run, const json_t *layers,
                      pb_weight_arrays arrays[])
{
    for (size_t i = 0; i < json_array_size(layers); i++)
        PB_TRY(pb_weight_arrays_load(ctx, run, json_array_get(layers, i), &arrays[i]));
    return PB_OK;
}

/* The sheets need no gnuplot, so they come first. */
static pb_status draw(pb_context *ctx, const pb_record *run, const json_t *layers,
                      const pb_weight_arrays arrays[], const char *folder)
{
    PB_TRY(pb_draw_weight_matrices(ctx, layers, arrays, folder));
    PB_TRY(pb_draw_first_weights(ctx, json_array_get(layers, 0), &arrays[0], folder));
    return pb_draw_weight_histograms(ctx, run, layers, arrays, folder);
}

static pb_status discard(const char *folder)
{
    pb_plot_discard(folder, "weights_before_after");
    pb_plot_discard(folder, "first_weights");
    return pb_plot_discard(folder, "weight_histograms");
}

pb_status pb_draw_weights(pb_context *ctx, const pb_record *run, const char *folder)
{
    json_t *layers;
    pb_status status = pb_weight_layers_load(ctx, run, &layers);
    const size_t count = json_array_size(layers);
    pb_weight_arrays *arrays = calloc(count + 1, sizeof *arrays);
    if (!status && !arrays) status = pb_fail(ctx, PB_ERR_MEMORY, "out of memory for weights");
    if (!status) status = load(ctx, run, layers, arrays);
    if (status || count == 0)
        discard(folder); /* an earlier drawing would tell of other data */
    else
        status = draw(ctx, run, layers, arrays, folder);
    for (size_t i = 0; arrays && i < count; i++) pb_weight_arrays_clear(&arrays[i]);
    free(arrays);
    json_decref(layers);
    return status;
}
