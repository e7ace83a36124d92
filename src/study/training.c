#include "study/training.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "train/config.h"

enum { METRICS_LIMIT_BYTES = 1 << 28 };

static pb_status no_memory(pb_study *s)
{
    return pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for the study");
}

/* "runs/<point>", or a file in it, on the heap. */
static pb_status path_in_run(pb_study *s, const pb_point *point, const char *file, char **path)
{
    pb_text name = {0};
    pb_text_append(&name, "runs/%s%s%s", point->name, file ? "/" : "", file ? file : "");
    const pb_status status = name.failed ? no_memory(s) : pb_study_path(s, name.text, path);
    pb_text_free(&name);
    return status;
}

/* ---- its configuration ---- */

/* "data={name: compressed, path: '...', validation: 0.2, split_seed: 0}": the file in place of the
 * data set, whose other keys have done their work. */
static void append_data(const pb_config *base, const char *path, pb_text *out)
{
    pb_text_append(out, "data={name: compressed, path: '");
    for (const char *c = path; *c; c++) pb_text_append(out, "%.*s%c", *c == '\'', "'", *c);
    pb_text_append(out, "', validation: %.17g, split_seed: %" PRId64 "}",
                   pb_option_float(base->data, "validation"),
                   pb_option_int(base->data, "split_seed"));
}

static void append_seeds(const pb_study *s, pb_text *out)
{
    pb_text_append(out, "train.seeds=[");
    for (int k = 0; k < s->seed_count; k++)
        pb_text_append(out, "%s%" PRId64, k ? ", " : "", s->seeds[k]);
    pb_text_append(out, "]");
}

static pb_status make_config(pb_study *s, const pb_point *point, pb_config **config)
{
    pb_text data = {0}, seeds = {0}, name = {0};
    char *path = NULL;
    int64_t value;
    pb_config *base = NULL;
    PB_TRY(pb_study_value(s, point, &value));
    pb_status status = pb_method_config(s->ctx, point->method, value, 0, NULL, false, &base);
    if (status == PB_OK) status = pb_study_file(s, point, &path);
    if (status == PB_OK) {
        append_data(base, path, &data);
        append_seeds(s, &seeds);
        pb_text_append(&name, "name=%s", point->name);
        const char *const more[] = {data.text, seeds.text, name.text};
        status = data.failed || seeds.failed || name.failed
                     ? no_memory(s)
                     : pb_method_config(s->ctx, point->method, value, 3, more, false, config);
    }
    pb_text_free(&data);
    pb_text_free(&seeds);
    pb_text_free(&name);
    pb_config_free(&base);
    free(path);
    return status;
}

/* ---- training ---- */

static pb_status train(pb_study *s, const pb_point *point)
{
    char *folder = NULL, *held = NULL;
    pb_config *config = NULL;
    pb_status status = path_in_run(s, point, NULL, &folder);
    if (status == PB_OK) status = path_in_run(s, point, "config.yaml", &held);
    if (status == PB_OK) status = make_config(s, point, &config);
    if (status == PB_OK) {
        const pb_run_options options = {.folder = folder,
                                        .device = s->options.device,
                                        .progress = s->options.progress,
                                        .user = s->options.user,
                                        .stop = s->options.stop};
        status = pb_file_exists(held) ? pb_run_resume(s->ctx, folder, &options)
                                      : pb_run_train(s->ctx, config, &options, NULL);
    }
    pb_config_free(&config);
    free(held);
    free(folder);
    return status;
}

pb_status pb_study_summary(pb_study *s, const pb_point *point, json_t **summary)
{
    char *path;
    *summary = NULL;
    PB_TRY(path_in_run(s, point, "summary.json", &path));
    const pb_status status = pb_json_load(s->ctx, path, summary);
    free(path);
    return status;
}

/* ---- what came of it ---- */

static pb_status read_accuracies(pb_study *s, const pb_point *point, double values[])
{
    json_t *summary;
    PB_TRY(pb_study_summary(s, point, &summary));
    const json_t *list = json_object_get(json_object_get(summary, "test_accuracy"), "per_seed");
    const bool fits = json_array_size(list) == (size_t)s->seed_count;
    for (int k = 0; fits && k < s->seed_count; k++)
        values[k] = json_number_value(json_array_get(list, (size_t)k));
    json_decref(summary);
    return fits ? PB_OK
                : pb_fail(s->ctx, PB_ERR_DATA,
                          "%s/runs/%s: is a run with other seeds than the study's", s->folder,
                          point->name);
}

static void add_line(const pb_study *s, const char *line, size_t length, double seconds[])
{
    json_t *json = json_loadb(line, length, 0, NULL);
    const json_int_t seed = json_integer_value(json_object_get(json, "seed"));
    for (int k = 0; k < s->seed_count; k++)
        if (seed == s->seeds[k]) seconds[k] += json_number_value(json_object_get(json, "seconds"));
    json_decref(json);
}

/* Epochs are timed in metrics.jsonl, those before an interruption too. */
static pb_status read_seconds(pb_study *s, const pb_point *point, double seconds[])
{
    char *path, *text;
    size_t bytes;
    PB_TRY(path_in_run(s, point, "metrics.jsonl", &path));
    const pb_status status = pb_file_read(s->ctx, path, METRICS_LIMIT_BYTES, &text, &bytes);
    free(path);
    PB_TRY(status);
    for (int k = 0; k < s->seed_count; k++) seconds[k] = 0;
    for (const char *line = text; *line;) {
        const size_t length = strcspn(line, "\n");
        if (length) add_line(s, line, length, seconds);
        line += length + (line[length] == '\n');
    }
    free(text);
    return PB_OK;
}

pb_status pb_study_train_point(pb_study *s, const pb_point *point, double values[],
                               double seconds[])
{
    PB_TRY(train(s, point));
    PB_TRY(read_accuracies(s, point, values));
    return read_seconds(s, point, seconds);
}
