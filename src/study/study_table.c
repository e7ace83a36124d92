/* The tables of a study, and the files that it ends with. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "study/findings.h"
#include "study/study.h"
#include "study/study_table.h"

static const char *text(const json_t *json, const char *key)
{
    const char *found = json_string_value(json_object_get(json, key));
    return found ? found : "";
}

/* A number, or "" where there is none. */
static void append_number(pb_text *out, const char *before, const json_t *json, double factor,
                          int digits)
{
    pb_text_append(out, "%s", before);
    if (json_is_number(json)) pb_text_append(out, "%.*f", digits, factor * json_number_value(json));
}

static void append_budget(pb_text *out, const char *before, const json_t *point)
{
    append_number(out, before, json_object_get(point, "budget"), 1, 0);
}

/* ---- CSV ---- */

void pb_study_csv(const json_t *study, pb_text *out)
{
    size_t i, k;
    json_t *p, *seed;
    pb_text_append(out, "point,method,budget,bytes_per_sample,accuracy_mean,accuracy_std");
    json_array_foreach(json_object_get(study, "seeds"), i, seed)
    {
        pb_text_append(out, ",accuracy_seed_%" JSON_INTEGER_FORMAT, json_integer_value(seed));
    }
    pb_text_append(out, ",difference,difference_low,difference_high,seconds,on_front\n");
    json_array_foreach(json_object_get(study, "points"), i, p)
    {
        const json_t *accuracy = json_object_get(p, "accuracy");
        const json_t *d = json_object_get(p, "difference"), *ends = json_object_get(d, "interval");
        pb_text_append(out, "%s,%s", text(p, "point"), text(p, "method"));
        append_budget(out, ",", p);
        append_number(out, ",", json_object_get(p, "bytes_per_sample"), 1, 4);
        append_number(out, ",", json_object_get(accuracy, "mean"), 1, 6);
        append_number(out, ",", json_object_get(accuracy, "std"), 1, 6);
        json_array_foreach(json_object_get(accuracy, "per_seed"), k, seed)
        {
            append_number(out, ",", seed, 1, 6);
        }
        append_number(out, ",", json_object_get(d, "mean"), 1, 6);
        append_number(out, ",", json_array_get(ends, 0), 1, 6);
        append_number(out, ",", json_array_get(ends, 1), 1, 6);
        append_number(out, ",", json_object_get(p, "seconds"), 1, 3);
        pb_text_append(out, ",%s\n", json_is_true(json_object_get(p, "on_front")) ? "yes" : "no");
    }
}

/* ---- Markdown ---- */

static void append_seeds(pb_text *out, const json_t *accuracy)
{
    size_t k;
    json_t *value;
    json_array_foreach(json_object_get(accuracy, "per_seed"), k, value)
    {
        append_number(out, k ? " " : "", value, 100, 2);
    }
}

static void append_row(pb_text *out, const json_t *p)
{
    const json_t *accuracy = json_object_get(p, "accuracy");
    pb_text_append(out, "| %s", text(p, "method"));
    append_budget(out, " | ", p);
    append_number(out, " | ", json_object_get(p, "bytes_per_sample"), 1, 2);
    append_number(out, " | ", json_object_get(accuracy, "mean"), 100, 2);
    append_number(out, " | ", json_object_get(accuracy, "std"), 100, 2);
    pb_text_append(out, " | ");
    append_seeds(out, accuracy);
    append_number(out, " | ", json_object_get(p, "seconds"), 1, 1);
    pb_text_append(out, " | %s |\n", json_is_true(json_object_get(p, "on_front")) ? "yes" : "");
}

void pb_study_markdown(const json_t *study, pb_text *out)
{
    size_t i;
    json_t *json;
    pb_text_append(out,
                   "# %s\n\nTest accuracy (%%) of networks trained on compressed files of %s; "
                   "bytes are those of the file over its samples.\n\n",
                   text(study, "name"), text(study, "data_set"));
    pb_text_append(out,
                   "| method | budget | bytes a sample | accuracy | std | each seed | seconds | "
                   "on the front |\n|---|--:|--:|--:|--:|---|--:|---|\n");
    json_array_foreach(json_object_get(study, "points"), i, json)
    {
        append_row(out, json);
    }
    pb_text_append(out, "\n");
    json_array_foreach(json_object_get(study, "smallest"), i, json)
    {
        const double within = 100 * json_number_value(json_object_get(json, "within"));
        pb_text_append(out, "Smallest file whose mean is within %g point%s of raw: ", within,
                       within > 1 || within < 1 ? "s" : "");
        append_number(out, "", json_object_get(json, "bytes_per_sample"), 1, 2);
        pb_text_append(out, " bytes a sample (%s).\n", text(json, "point"));
    }
    if (json_array_size(json_object_get(study, "left_out"))) pb_text_append(out, "\nLeft out:\n\n");
    json_array_foreach(json_object_get(study, "left_out"), i, json)
    {
        pb_text_append(out, "- %s: %s\n", text(json, "point"), text(json, "reason"));
    }
}

/* ---- files ---- */

static pb_status write_page(pb_study *s, const char *name, pb_text *page)
{
    char *path = NULL;
    pb_status status = page->failed ? pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for %s", name)
                                    : pb_study_path(s, name, &path);
    if (status == PB_OK) status = pb_file_write(s->ctx, path, page->text, page->length);
    free(path);
    pb_text_free(page);
    return status;
}

static pb_status write_all(pb_study *s, json_t *study)
{
    pb_text csv = {0}, markdown = {0}, found = {0};
    char *path;
    json_t *findings = pb_findings_make(study);
    if (!findings || json_object_set_new(study, "findings", findings) != 0)
        return pb_fail(s->ctx, PB_ERR_MEMORY, "out of memory for the findings");
    pb_study_csv(study, &csv);
    PB_TRY(write_page(s, "study.csv", &csv));
    pb_study_markdown(study, &markdown);
    PB_TRY(write_page(s, "study.md", &markdown));
    pb_findings_print(study, findings, &found);
    PB_TRY(write_page(s, "findings.md", &found));
    PB_TRY(pb_study_path(s, "study.json", &path));
    const pb_status status = pb_json_save(s->ctx, path, study);
    free(path);
    return status;
}

pb_status pb_study_conclude(pb_study *s)
{
    json_t *study;
    PB_TRY(pb_study_result(s, &study));
    const pb_status status = write_all(s, study);
    json_decref(study);
    return status;
}
