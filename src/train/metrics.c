#include "train/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "train/weight_training.h"

pb_status pb_metrics_append(pb_session *s, pb_seed *state, const pb_trained *trained,
                            const pb_scored *held)
{
    const pb_run_graph *r = &s->graph;
    json_t *rates = json_object(), *losses = json_object();
    for (int i = 0; i < r->rate_count; i++)
        json_object_set_new(rates, r->rates[i].name, pb_json_real(trained->rates[i]));
    for (int i = 0; i < r->part_count; i++)
        json_object_set_new(losses, r->parts[i].name, pb_json_real(trained->parts[i]));
    json_t *line = json_pack(
        "{s:I, s:i, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "seed", (json_int_t)state->seed,
        "epoch", state->epoch, "step", (json_int_t)state->epoch * r->steps, "train_loss",
        pb_json_real(trained->loss), "train_accuracy", pb_json_real(trained->accuracy), "val_loss",
        pb_json_real(held->loss), "val_accuracy", pb_json_real(held->accuracy), "rate", rates,
        "seconds", pb_json_real(trained->seconds), "losses", losses);
    const int64_t fold = pb_option_int(s->config->train, "fold");
    if (line && fold > 0) json_object_set_new(line, "fold", json_integer(fold));
    json_t *sparsity = pb_weights_sparsity(s, &state->lasting);
    if (line && sparsity) json_object_set_new(line, "sparsity", sparsity);
    if (json_array_append_new(state->metrics, line) != 0)
        return pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for the metrics");
    return PB_OK;
}

static pb_status write_text(pb_session *s, const char *folder, const char *name, pb_text *text)
{
    char *path = pb_path_join(folder, name);
    const pb_status status =
        path && !text->failed
            ? pb_file_write(s->ctx, path, text->text ? text->text : "", text->length)
            : pb_fail(s->ctx, PB_ERR_MEMORY, "no memory for %s", name);
    free(path);
    pb_text_free(text);
    return status;
}

static pb_status write_jsonl(pb_session *s, const char *folder, json_t *const lines[], int count)
{
    pb_text text = {0};
    for (int i = 0; i < count; i++)
        for (size_t k = 0; k < json_array_size(lines[i]); k++) {
            char *line = json_dumps(json_array_get(lines[i], k), JSON_REAL_PRECISION(9));
            if (!line) text.failed = 1;
            pb_text_append(&text, "%s\n", line ? line : "");
            free(line);
        }
    return write_text(s, folder, "metrics.jsonl", &text);
}

/* ---- CSV: an object's members become columns "rate.sgd_1" ---- */

static void append_header(pb_text *text, const json_t *line)
{
    const char *key, *inner;
    json_t *value, *member;
    const char *comma = "";
    json_object_foreach((json_t *)line, key, value)
    {
        if (!json_is_object(value)) {
            pb_text_append(text, "%s%s", comma, key);
            comma = ",";
            continue;
        }
        json_object_foreach(value, inner, member)
        {
            pb_text_append(text, "%s%s.%s", comma, key, inner);
            comma = ",";
        }
    }
    pb_text_append(text, "\n");
}

static void append_cell(pb_text *text, const char *comma, const json_t *value)
{
    pb_text_append(text, "%s", comma);
    if (json_is_integer(value))
        pb_text_append(text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        pb_text_append(text, "%.9g", json_real_value(value));
}

static void append_row(pb_text *text, const json_t *line)
{
    const char *key, *inner;
    json_t *value, *member;
    const char *comma = "";
    json_object_foreach((json_t *)line, key, value)
    {
        if (!json_is_object(value)) {
            append_cell(text, comma, value);
            comma = ",";
            continue;
        }
        json_object_foreach(value, inner, member)
        {
            append_cell(text, comma, member);
            comma = ",";
        }
    }
    pb_text_append(text, "\n");
}

static pb_status write_csv(pb_session *s, const char *folder, json_t *const lines[], int count)
{
    pb_text text = {0};
    bool has_header = false;
    for (int i = 0; i < count; i++)
        for (size_t k = 0; k < json_array_size(lines[i]); k++) {
            const json_t *line = json_array_get(lines[i], k);
            if (!has_header) append_header(&text, line);
            has_header = true;
            append_row(&text, line);
        }
    return write_text(s, folder, "metrics.csv", &text);
}

pb_status pb_metrics_write(pb_session *s, const char *folder, json_t *const lines[], int count)
{
    PB_TRY(write_jsonl(s, folder, lines, count));
    return write_csv(s, folder, lines, count);
}
