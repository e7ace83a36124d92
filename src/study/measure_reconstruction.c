#include "study/measure_reconstruction.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <passband/plan.h>

#include "base/json.h"
#include "data/loader.h"
#include "study/parts.h"
#include "study/similarity.h"
#include "train/applied.h"

enum { MOST = 10000, BATCH = 1000, BATCH_BYTES = 1 << 25 };

/* The program "reconstruct": packed samples back to what `load` made, and the originals through
 * `load`. */
typedef struct way {
    const pb_stored *s;
    pb_graph *g;
    pb_plan *plan;
    int batch;
    size_t numbers;           /* of a sample */
    pb_value rows, originals; /* inputs, as they lie in the file and in the data set */
    pb_value back, wanted;    /* states, float32 [batch, numbers] */
    void *row_data, *original_data;
    float *back_data, *wanted_data;
} way;

/* What is found out on the way. */
typedef struct found {
    int samples;
    double squares;            /* of all differences */
    double ssim, ssim_squares; /* over samples */
} found;

/* ---- the graph ---- */

static pb_value leaf(way *w, const char *name, const pb_dataset *d)
{
    const pb_shape shape = pb_shape_batch(w->batch, d->sample_shape);
    return pb_leaf(w->g, PB_ROLE_INPUT, name, d->dtype, shape, (pb_init){.kind = PB_INIT_CONSTANT});
}

static pb_value keep(way *w, const char *name, pb_value value)
{
    const pb_shape flat = PB_SHAPE(w->batch, (int)w->numbers);
    const pb_value state =
        pb_leaf(w->g, PB_ROLE_STATE, name, PB_F32, flat, (pb_init){.kind = PB_INIT_CONSTANT});
    return pb_assign(w->g, state, pb_reshape(w->g, value, flat));
}

/* PB_NONE where there is no way back. Stages that changed nothing leave none to go. */
static pb_status build_back(way *w, pb_builder *b, pb_value labels, pb_value *back)
{
    const pb_stored *s = w->s;
    pb_builder_init(b, s->ctx, w->g, false, s->file->classes,
                    pb_sample_values(w->g, s->file, w->rows), labels);
    b->fitted = &s->file->compressed->fitted;
    PB_TRY(pb_build_stages(b, s->config, s->file, s->config->stage_count));
    *back = pb_builder_find(b, "pixels");
    if (*back == PB_NONE && !b->irreversible) *back = b->x;
    return pb_graph_status(w->g);
}

static pb_status build_wanted(way *w, pb_builder *b, pb_value labels)
{
    const pb_config_stage *load = &w->s->config->stages[0];
    pb_builder_init(b, w->s->ctx, w->g, false, w->s->file->classes, w->originals, labels);
    return pb_stage_build(b, load->stage, load->ordinal, load->options);
}

/* The plan is left out where there is no way back. */
static pb_status build(way *w, pb_builder *b)
{
    const pb_init zero = {.kind = PB_INIT_CONSTANT};
    pb_value back, assigns[2];
    const pb_value labels =
        pb_leaf(w->g, PB_ROLE_INPUT, "labels", PB_I32, PB_SHAPE(w->batch), zero);
    w->rows = leaf(w, "rows", w->s->file);
    w->originals = leaf(w, "originals", w->s->original);
    PB_TRY(build_back(w, b, labels, &back));
    if (back == PB_NONE) return PB_OK;
    assigns[0] = keep(w, "back", back);
    PB_TRY(build_wanted(w, b, labels));
    assigns[1] = keep(w, "wanted", b->x);
    w->back = pb_graph_find(w->g, "back");
    w->wanted = pb_graph_find(w->g, "wanted");
    PB_TRY(pb_program(w->g, "reconstruct", 2, assigns));
    PB_TRY(pb_graph_status(w->g));
    return pb_plan_create(w->s->device, w->g, &w->plan);
}

static pb_status open_way(const pb_stored *s, int samples, way *w)
{
    *w = (way){.s = s, .numbers = pb_shape_count(s->original->sample_shape)};
    const size_t fit = BATCH_BYTES / (w->numbers * sizeof(float)), batch = BATCH;
    const size_t most = fit < 1 ? 1 : fit < batch ? fit : batch;
    w->batch = (size_t)samples < most ? samples : (int)most;
    w->g = pb_graph_create(s->ctx);
    pb_builder *b = malloc(sizeof *b);
    const size_t count = (size_t)w->batch;
    w->row_data = calloc(count, s->row_bytes);
    w->original_data = calloc(count, pb_sample_bytes(s->original));
    w->back_data = malloc(count * w->numbers * sizeof *w->back_data);
    w->wanted_data = malloc(count * w->numbers * sizeof *w->wanted_data);
    const bool has_room =
        w->g && b && w->row_data && w->original_data && w->back_data && w->wanted_data;
    const pb_status status =
        has_room ? build(w, b) : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory to reconstruct samples");
    free(b);
    return status;
}

static void close_way(way *w)
{
    pb_plan_free(&w->plan);
    pb_graph_free(&w->g);
    free(w->row_data);
    free(w->original_data);
    free(w->back_data);
    free(w->wanted_data);
}

/* Samples of the file, at most a batch, into back_data and wanted_data. */
static pb_status go_back(way *w, const int32_t *samples, int count)
{
    const pb_stored *s = w->s;
    const size_t bytes = pb_sample_bytes(s->original), batch = (size_t)w->batch;
    for (int i = 0; i < count; i++) {
        memcpy((char *)w->row_data + (size_t)i * s->row_bytes, pb_stored_row(s, samples[i]),
               s->row_bytes);
        memcpy((char *)w->original_data + (size_t)i * bytes, pb_stored_original(s, samples[i]),
               bytes);
    }
    PB_TRY(pb_plan_write(w->plan, w->rows, w->row_data, batch * s->row_bytes));
    PB_TRY(pb_plan_write(w->plan, w->originals, w->original_data, batch * bytes));
    PB_TRY(pb_plan_run(w->plan, "reconstruct", 1));
    const size_t read = batch * w->numbers * sizeof(float);
    PB_TRY(pb_plan_read(w->plan, w->back, w->back_data, read));
    return pb_plan_read(w->plan, w->wanted, w->wanted_data, read);
}

/* ---- comparing ---- */

/* Channels, height and width of a sample; a signal has height 1. */
static void extents_of(pb_shape shape, int extents[3])
{
    extents[0] = shape.axes == 3 ? shape.dim[0] : 1;
    extents[1] = shape.axes >= 2 ? shape.dim[shape.axes - 2] : 1;
    extents[2] = shape.dim[shape.axes - 1];
}

/* Of what `load` makes of the originals. */
static double range_of(const pb_stored *s)
{
    const pb_config_stage *load = &s->config->stages[0];
    const char *scale = pb_option_string(load->options, "scale");
    const bool is_auto = strcmp(scale, "auto") == 0;
    const bool is_plain = is_auto ? s->original->dtype != PB_U8 : strcmp(scale, "none") == 0;
    return (s->high - s->low) / (is_plain ? 1 : 255);
}

static pb_status compare_sample(const way *w, int i, double range, found *f)
{
    const float *back = w->back_data + (size_t)i * w->numbers;
    const float *wanted = w->wanted_data + (size_t)i * w->numbers;
    int extents[3];
    double ssim = 0;
    extents_of(w->s->original->sample_shape, extents);
    for (size_t k = 0; k < w->numbers; k++) {
        const double difference = (double)back[k] - (double)wanted[k];
        f->squares += difference * difference;
    }
    for (int c = 0; c < extents[0]; c++) {
        double of_channel;
        const size_t at = (size_t)c * (size_t)extents[1] * (size_t)extents[2];
        PB_TRY(
            pb_ssim(w->s->ctx, wanted + at, back + at, extents[1], extents[2], range, &of_channel));
        ssim += of_channel / extents[0];
    }
    f->ssim += ssim;
    f->ssim_squares += ssim * ssim;
    f->samples++;
    return PB_OK;
}

static pb_status compare(way *w, int first, int count, const volatile int *stop, found *f)
{
    int32_t samples[BATCH];
    const double range = range_of(w->s);
    for (int done = 0; done < count; done += w->batch) {
        const int left = count - done, batch = left < w->batch ? left : w->batch;
        PB_TRY(pb_measure_stopped(w->s->ctx, stop));
        for (int i = 0; i < batch; i++) samples[i] = first + done + i;
        PB_TRY(go_back(w, samples, batch));
        for (int i = 0; i < batch; i++) PB_TRY(compare_sample(w, i, range, f));
    }
    return PB_OK;
}

/* ---- the sheet ---- */

/* Of class 0, 1, ... in turn the first one not taken yet, for as long as there is one. */
static int choose_shown(const pb_stored *s, int first, int count, int wanted, int32_t chosen[])
{
    int taken = 0;
    for (int round = 0; taken < wanted; round++) {
        const int before = taken;
        for (int c = 0; c < s->file->classes && taken < wanted; c++)
            for (int i = first, seen = 0; i < first + count; i++)
                if (pb_stored_label(s, i) == c && seen++ == round) {
                    chosen[taken++] = i;
                    break;
                }
        if (taken == before) break;
    }
    return taken;
}

static pb_status show(way *w, int first, int count, int wanted, const char *folder)
{
    int32_t chosen[BATCH];
    if (wanted > w->batch) wanted = w->batch;
    const int shown = choose_shown(w->s, first, count, wanted, chosen);
    PB_TRY(go_back(w, chosen, shown));
    const size_t numbers = (size_t)shown * w->numbers;
    float *both = malloc(2 * numbers * sizeof *both);
    if (!both) return pb_fail(w->s->ctx, PB_ERR_MEMORY, "no memory for a sheet");
    memcpy(both, w->wanted_data, numbers * sizeof *both);
    memcpy(both + numbers, w->back_data, numbers * sizeof *both);
    pb_shape shape = pb_shape_batch(shown, w->s->original->sample_shape);
    const pb_status status = pb_measure_save(w->s, folder, "reconstructions.npy", 2, shape, both);
    free(both);
    return status;
}

/* ---- the whole ---- */

static json_t *describe(const pb_stored *s, const found *f, size_t numbers)
{
    int extents[3];
    extents_of(s->original->sample_shape, extents);
    const double mse = f->squares / ((double)f->samples * (double)numbers);
    const double ssim = f->ssim / f->samples;
    const double variance = fmax(f->ssim_squares / f->samples - ssim * ssim, 0);
    return json_pack("{s:i, s:b, s:f, s:o, s:{s:o, s:o, s:i}}", "samples", f->samples, "exact",
                     f->squares <= 0, "mse", mse, "psnr", pb_json_real(pb_psnr(mse, range_of(s))),
                     "ssim", "mean", pb_json_real(ssim), "deviation", pb_json_real(sqrt(variance)),
                     "window", pb_ssim_window(extents[1], extents[2]));
}

pb_status pb_measure_reconstruction(const pb_stored *s, int shown, const volatile int *stop,
                                    const char *folder, json_t **result)
{
    const int train = s->file->train.count, test = s->file->test.count;
    const int first = test > 0 ? train : 0, all = test > 0 ? test : train;
    const int count = all < MOST ? all : MOST;
    found f = {0};
    way w;
    *result = json_null();
    pb_status status = open_way(s, count, &w);
    if (status == PB_OK && w.plan) {
        status = compare(&w, first, count, stop, &f);
        if (status == PB_OK) status = show(&w, first, count, shown, folder);
        if (status == PB_OK) *result = describe(s, &f, w.numbers);
        if (!*result) status = pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for measures");
    }
    close_way(&w);
    return status;
}
