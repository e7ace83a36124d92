/* What a method learns before its files are made: a network with a band mask trains on the data set
 * as it is, and how it weighs its bands becomes the order in which the method's dct2 keeps
 * coefficients. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/yaml.h"
#include "study/study.h"
#include "train/band_weights.h"
#include "train/config_internal.h"
#include "train/folder_lock.h"

enum { MOST_BANDS = 256 };

static pb_status no_memory(pb_context *ctx)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for the study");
}

/* ---- its configuration ---- */

/* The only stage of that name and its place; NULL where there is none, or several. */
static const pb_config_stage *only_stage(const pb_config *config, const char *name, int *place)
{
    const pb_config_stage *found = NULL;
    for (int i = 0; i < config->stage_count; i++) {
        if (strcmp(config->stages[i].stage->name, name) != 0) continue;
        if (found) return NULL;
        found = &config->stages[i];
        *place = i;
    }
    return found;
}

static bool has_choice(const pb_config_stage *stage, const char *option, const char *choice)
{
    return strcmp(pb_option_string(stage->options, option), choice) == 0;
}

static pb_status check_same(pb_context *ctx, const pb_config_stage *learned, const char *a,
                            const pb_config_stage *used, const char *b)
{
    const int64_t x = pb_option_int(learned->options, a), y = pb_option_int(used->options, b);
    if (x == y) return PB_OK;
    return pb_fail(ctx, PB_ERR_CONFIG,
                   "%s.%s is %" PRId64 ", but stages.dct2.%s of the method is %" PRId64
                   "; the bands must be the same",
                   learned->stage->name, a, x, b, y);
}

static pb_status check(pb_context *ctx, const pb_config *learner, const pb_config *method)
{
    int used_at = 0, block_at = 0, mask_at = 0;
    const pb_config_stage *used = only_stage(method, "dct2", &used_at);
    const pb_config_stage *block = only_stage(learner, "dct2", &block_at);
    const pb_config_stage *mask = only_stage(learner, "band_mask", &mask_at);
    if (!used || !has_choice(used, "select", "bands"))
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "its weights are for a dct2 with select: bands, of which the method has "
                       "none or several");
    if (!mask || !block || mask_at != block_at + 1 || !has_choice(mask, "weights", "learned") ||
        !has_choice(block, "select", "corner") || pb_option_int(block->options, "block") != 0)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "learns no weights of bands: it must have one dct2 with keep alone, and "
                       "behind it one band_mask with weights: learned");
    PB_TRY(check_same(ctx, block, "keep", used, "keep"));
    return check_same(ctx, mask, "bands", used, "bands");
}

pb_status pb_method_check_learner(pb_context *ctx, const pb_method *method)
{
    pb_config *learner = NULL, *own = NULL;
    pb_status status = pb_config_from_text(ctx, method->name, method->learner, 0, NULL, &learner);
    if (status == PB_OK) status = pb_method_config(ctx, method, 1, 0, NULL, false, &own);
    if (status == PB_OK) status = check(ctx, learner, own);
    pb_config_free(&learner);
    pb_config_free(&own);
    return status;
}

/* ---- its training ---- */

static pb_status learner_config(pb_study *s, const pb_method *method, pb_config **config)
{
    pb_text seeds = {0};
    pb_text_append(&seeds, "train.seeds=[");
    for (int k = 0; k < s->seed_count; k++)
        pb_text_append(&seeds, "%s%" PRId64, k ? ", " : "", s->seeds[k]);
    pb_text_append(&seeds, "]");
    const char *const overrides[] = {seeds.text};
    const pb_status status =
        seeds.failed
            ? no_memory(s->ctx)
            : pb_config_from_text(s->ctx, method->name, method->learner, 1, overrides, config);
    pb_text_free(&seeds);
    return status;
}

static pb_status train(pb_study *s, const pb_method *method, const char *folder)
{
    const pb_run_options options = {.folder = folder,
                                    .device = s->options.device,
                                    .progress = s->options.progress,
                                    .user = s->options.user,
                                    .stop = s->options.stop};
    pb_config *config = NULL;
    char *held = pb_path_join(folder, "config.yaml"),
         *summary = pb_path_join(folder, "summary.json");
    pb_status status = held && summary ? PB_OK : no_memory(s->ctx);
    if (status == PB_OK && !pb_file_exists(summary)) {
        status = learner_config(s, method, &config);
        if (status == PB_OK)
            status = pb_file_exists(held) ? pb_run_resume(s->ctx, folder, &options)
                                          : pb_run_train(s->ctx, config, &options, NULL);
    }
    pb_config_free(&config);
    free(held);
    free(summary);
    return status;
}

static pb_status keep_weights(pb_study *s, pb_method *method, const char *folder)
{
    double weights[MOST_BANDS];
    int count;
    pb_text text = {0};
    PB_TRY(pb_band_weights_read(s->ctx, folder, MOST_BANDS, weights, &count));
    for (int i = 0; i < count; i++) pb_text_append(&text, "%s%.9g", i ? " " : "", weights[i]);
    if (text.failed) {
        pb_text_free(&text);
        return no_memory(s->ctx);
    }
    free(method->weights);
    method->weights = text.text;
    return PB_OK;
}

static pb_status learn(pb_study *s, pb_method *method)
{
    pb_text name = {0};
    char *folder = NULL;
    pb_text_append(&name, "learned/%s", method->name);
    pb_status status = name.failed ? no_memory(s->ctx) : pb_study_path(s, name.text, &folder);
    if (status == PB_OK) status = train(s, method, folder);
    if (status == PB_OK) status = keep_weights(s, method, folder);
    pb_text_free(&name);
    free(folder);
    return status;
}

pb_status pb_study_learn(pb_study *s)
{
    pb_status status = PB_OK;
    for (int i = 0; status == PB_OK && i < s->config->method_count; i++) {
        pb_method *method = &s->config->methods[i];
        char *all = NULL;
        int lock = -1;
        if (!method->learner) continue;
        /* of several processes one trains, and the others wait for it */
        status = pb_study_path(s, "learned", &all);
        if (status == PB_OK) status = pb_folder_make(s->ctx, all);
        if (status == PB_OK) status = pb_folder_lock(s->ctx, all, s->options.stop, &lock);
        if (status == PB_OK) status = learn(s, method);
        pb_folder_unlock(&lock);
        free(all);
        if (status != PB_OK)
            status = pb_fail_prefix(s->ctx, status, "what %s learns from", method->name);
    }
    return status;
}
