/* The file of a point: the largest that its budget allows. How large a value of the option that
 * varies makes it is known once the file is written, so values are tried, the next one chosen by
 * how much smaller than packed bits the last file was. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "study/study.h"
#include "train/chain.h"
#include "train/config.h"

enum { MOST_TRIES = 6 };
static const double near_enough = 0.97; /* of the budget: no further file is tried */

/* A search at work. */
typedef struct search {
    pb_study *s;
    const pb_point *point;
    int64_t fits, fails; /* largest value whose file fits, 0: none; smallest that does not */
    double bytes_fit, bytes_fail; /* a sample of these files; infinite: not tried */
} search;

static pb_status no_memory(pb_study *s)
{
    return pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for the study");
}

static pb_status path_of(pb_study *s, const pb_point *point, const char *ending, char **path)
{
    pb_text name = {0};
    pb_text_append(&name, "sets/%s%s", point->name, ending);
    const pb_status status = name.failed ? no_memory(s) : pb_study_path(s, name.text, path);
    pb_text_free(&name);
    return status;
}

pb_status pb_study_file(pb_study *s, const pb_point *point, char **path)
{
    return path_of(s, point, PB_COMPRESSED_ENDING, path);
}

pb_status pb_study_measure(pb_study *s, const char *path, double *bytes, char fingerprint[65])
{
    pb_compressed_file *file;
    PB_TRY(pb_compressed_open(s->ctx, path, &file));
    const pb_compressed *about = pb_compressed_describe(file)->compressed;
    *bytes = pb_compressed_bytes_per_sample(about);
    if (fingerprint) memcpy(fingerprint, about->fingerprint, sizeof about->fingerprint);
    pb_compressed_close(&file);
    return PB_OK;
}

/* ---- what a value would take as packed bits ---- */

/* Bytes of a packed sample; infinite where the stages do not allow that value. The least value must
 * be allowed, so what is wrong with that is told. */
static pb_status packed_bytes(pb_study *s, const pb_method *method, int64_t value, double *bytes)
{
    pb_config *config = NULL;
    pb_chain chain = {0};
    pb_status status = pb_method_config(s->ctx, method, value, 0, NULL, true, &config);
    if (status == PB_OK)
        status = pb_chain_create(s->ctx, config, s->original, NULL, config->stage_count, 1, &chain);
    *bytes = INFINITY;
    if (status == PB_OK)
        *bytes = chain.packing.bits ? (double)pb_packing_bytes(&chain.packing)
                                    : (double)pb_shape_count(chain.shape) * sizeof(float);
    const bool is_too_large = value > 1 && (status == PB_ERR_SHAPE || status == PB_ERR_CONFIG);
    pb_chain_clear(&chain);
    pb_config_free(&config);
    return is_too_large ? PB_OK : status;
}

/* The largest value between `low`, which is allowed and small enough, and `high` that is allowed
 * and takes at most so many bytes. */
static pb_status largest(pb_study *s, const pb_method *method, double limit, int64_t low,
                         int64_t high, int64_t *value)
{
    double bytes;
    int64_t over = low > 0 ? low : 1; /* the first that is too large, once it is known */
    for (;; over *= 2) {
        if (over > high) over = high;
        PB_TRY(packed_bytes(s, method, over, &bytes));
        if (bytes > limit) break;
        low = over;
        if (over == high) break;
    }
    while (over - low > 1) {
        const int64_t middle = low + (over - low) / 2;
        PB_TRY(packed_bytes(s, method, middle, &bytes));
        if (bytes > limit)
            over = middle;
        else
            low = middle;
    }
    *value = low;
    return PB_OK;
}

/* ---- files ---- */

static pb_status compress(pb_study *s, const pb_point *point, int64_t value, const char *path)
{
    pb_config *config = NULL;
    const pb_compressing options = {.device = s->options.device, .stop = s->options.stop};
    PB_TRY(pb_method_config(s->ctx, point->method, value, 0, NULL, true, &config));
    const pb_status status = pb_run_compress(s->ctx, config, &options, path);
    pb_config_free(&config);
    return status;
}

/* Compresses with a value and keeps the file where it fits. */
static pb_status try_value(search *t, int64_t value, double *bytes)
{
    char *path = NULL, *trial = NULL;
    pb_status status = pb_study_file(t->s, t->point, &path);
    if (status == PB_OK) status = path_of(t->s, t->point, ".trial", &trial);
    if (status == PB_OK) status = compress(t->s, t->point, value, trial);
    if (status == PB_OK) status = pb_study_measure(t->s, trial, bytes, NULL);
    const bool fits = status == PB_OK && *bytes <= (double)t->point->budget;
    if (fits && rename(trial, path) != 0)
        status = pb_fail(t->s->ctx, PB_ERR_IO, "%s: cannot be renamed", trial);
    if (trial && !fits) unlink(trial);
    if (fits) {
        t->fits = value;
        t->bytes_fit = *bytes;
    } else {
        t->fails = value;
        t->bytes_fail = *bytes;
    }
    if (status == PB_OK)
        pb_log(t->s->ctx, PB_LOG_DEBUG, "%s: %s=%" PRId64 " takes %.2f bytes a sample",
               t->point->name, t->point->method->vary, value, *bytes);
    free(trial);
    free(path);
    return status;
}

static int64_t between(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* The value to try next: between a file that fits and one that does not, on the line through both;
 * else the largest whose packed bits take as much as `limit`. */
static pb_status choose_value(search *t, double limit, int64_t *value)
{
    const double budget = (double)t->point->budget;
    if (t->fits > 0 && isfinite(t->bytes_fail)) {
        const double share = (budget - t->bytes_fit) / (t->bytes_fail - t->bytes_fit);
        *value = t->fits + (int64_t)(share * (double)(t->fails - t->fits));
    } else {
        PB_TRY(largest(t->s, t->point->method, limit, t->fits, t->fails - 1, value));
    }
    *value = between(*value, t->fits + 1, t->fails - 1);
    return PB_OK;
}

static pb_status find_value(search *t)
{
    const double budget = (double)t->point->budget;
    double limit = budget, bytes, packed;
    for (int tries = 0; t->fails - t->fits > 1; tries++) {
        int64_t value = t->fails / 2; /* nothing fitted, however often it was tried */
        if (tries < MOST_TRIES)
            PB_TRY(choose_value(t, limit, &value));
        else if (t->fits > 0)
            break;
        PB_TRY(packed_bytes(t->s, t->point->method, value, &packed));
        if (isinf(packed)) break; /* the stages allow no more */
        PB_TRY(try_value(t, value, &bytes));
        if (bytes <= budget && bytes >= near_enough * budget) break;
        limit = packed * budget / bytes;
    }
    return PB_OK;
}

/* ---- what is known of a file ---- */

/* Written last: a point that has it has its file. */
static pb_status note_value(pb_study *s, const pb_point *point, int64_t value)
{
    char *path;
    json_t *json = json_pack("{s:I}", "value", (json_int_t)value);
    pb_status status = json ? path_of(s, point, ".json", &path) : no_memory(s);
    if (status == PB_OK) {
        status = pb_json_save(s->ctx, path, json);
        free(path);
    }
    json_decref(json);
    return status;
}

/* -1: it has no file yet. */
static pb_status read_value(pb_study *s, const pb_point *point, int64_t *value)
{
    char *path;
    json_t *json = NULL;
    *value = -1;
    PB_TRY(path_of(s, point, ".json", &path));
    const pb_status status = pb_file_exists(path) ? pb_json_load(s->ctx, path, &json) : PB_OK;
    if (json) *value = json_integer_value(json_object_get(json, "value"));
    json_decref(json);
    free(path);
    return status;
}

pb_status pb_study_value(pb_study *s, const pb_point *point, int64_t *value)
{
    PB_TRY(read_value(s, point, value));
    if (*value < 0) *value = 0;
    return PB_OK;
}

pb_status pb_study_find_same(pb_study *s, const pb_point *point, int64_t value,
                             const pb_point **same)
{
    *same = NULL;
    for (const pb_point *other = s->points; other != point && !*same; other++) {
        int64_t held;
        if (other->method != point->method) continue;
        PB_TRY(read_value(s, other, &held));
        if (held == value) *same = other;
    }
    return PB_OK;
}

void pb_study_tell_same(const pb_point *point, const pb_point *same, int64_t value, pb_text *reason)
{
    pb_text_append(reason, "its file is that of %s: %s is %" PRId64 " in both", same->name,
                   point->method->vary, value);
}

pb_status pb_study_is_exhausted(pb_study *s, const pb_point *point, int64_t value, double bytes,
                                bool *exhausted)
{
    double more;
    *exhausted = false;
    if (!point->method->vary || value < 1 || bytes >= near_enough * (double)point->budget)
        return PB_OK;
    PB_TRY(packed_bytes(s, point->method, value + 1, &more));
    *exhausted = isinf(more);
    return PB_OK;
}

static pb_status make_only_file(pb_study *s, const pb_point *point)
{
    char *path;
    PB_TRY(pb_study_file(s, point, &path));
    const pb_status status = compress(s, point, 1, path);
    free(path);
    PB_TRY(status);
    return note_value(s, point, 0);
}

pb_status pb_study_make_file(pb_study *s, const pb_point *point, pb_text *reason)
{
    int64_t value;
    const pb_point *same;
    PB_TRY(read_value(s, point, &value));
    if (value >= 0) return PB_OK;
    if (!point->method->vary) return make_only_file(s, point);
    search t = {.s = s, .point = point, .fails = INT64_C(1) << 30, .bytes_fail = INFINITY};
    PB_TRY(find_value(&t));
    if (t.fits == 0) {
        pb_text_append(reason, "no file of it takes so few as %" PRId64 " bytes a sample",
                       point->budget);
        return PB_OK;
    }
    PB_TRY(pb_study_find_same(s, point, t.fits, &same));
    if (!same) return note_value(s, point, t.fits);
    pb_study_tell_same(point, same, t.fits, reason);
    char *path;
    PB_TRY(pb_study_file(s, point, &path));
    unlink(path);
    free(path);
    return PB_OK;
}
