#include "report/bench_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const pb_bench_part_names[3] = {"device", "ops", "train"};

double pb_bench_number(const json_t *row, const char *key)
{
    const json_t *number = json_object_get(row, key);
    return json_is_number(number) ? json_number_value(number) : (double)NAN;
}

const char *pb_bench_words(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

const json_t *pb_bench_find(const json_t *part, const char *name)
{
    const json_t *rows = json_object_get(part, "rows");
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (strcmp(pb_bench_words(json_array_get(rows, i), "name"), name) == 0)
            return json_array_get(rows, i);
    return NULL;
}

double pb_bench_speed(const json_t *row, const json_t *base)
{
    const double value = pb_bench_number(row, "value"), of_base = pb_bench_number(base, "value");
    return strcmp(pb_bench_words(base, "better"), "lower") == 0 ? of_base / value : value / of_base;
}

/* ---- reading ---- */

static int part_index(const char *name)
{
    for (int i = 0; i < 3; i++)
        if (strcmp(pb_bench_part_names[i], name) == 0) return i;
    return -1;
}

/* The machine that a result belongs to: one of the same device, driver, platform and system that
 * lacks this part, or a new one. */
static pb_bench_machine *machine_for(pb_bench_results *r, const json_t *machine, int part)
{
    const pb_bench_machine wanted = {.device = pb_bench_words(machine, "device"),
                                     .driver = pb_bench_words(machine, "driver"),
                                     .platform = pb_bench_words(machine, "platform_version"),
                                     .system = pb_bench_words(machine, "system")};
    for (int i = 0; i < r->machine_count; i++) {
        pb_bench_machine *m = &r->machines[i];
        if (!m->parts[part] && strcmp(m->device, wanted.device) == 0 &&
            strcmp(m->driver, wanted.driver) == 0 && strcmp(m->platform, wanted.platform) == 0 &&
            strcmp(m->system, wanted.system) == 0)
            return m;
    }
    r->machines[r->machine_count] = wanted;
    return &r->machines[r->machine_count++];
}

static bool is_only_of_its_device(const pb_bench_results *r, const char *device)
{
    int same = 0;
    for (int i = 0; i < r->machine_count; i++) same += strcmp(r->machines[i].device, device) == 0;
    return same == 1;
}

/* "llvmpipe" or, of two of them, "llvmpipe, before.json"; number i where that is no help. */
static void name_machines(pb_bench_results *r, const char *const files[])
{
    for (int i = 0; i < r->machine_count; i++) {
        pb_bench_machine *m = &r->machines[i];
        const char *slash = strrchr(files[i], '/'), *file = slash ? slash + 1 : files[i];
        if (is_only_of_its_device(r, m->device))
            snprintf(m->name, sizeof m->name, "%.120s", m->device);
        else
            snprintf(m->name, sizeof m->name, "%.100s, %.50s", m->device, file);
        for (int k = 0; k < i; k++)
            if (strcmp(r->machines[k].name, m->name) == 0)
                snprintf(m->name, sizeof m->name, "%.100s, number %d", m->device, i + 1);
    }
}

static pb_status sort(pb_context *ctx, const char *const paths[], pb_bench_results *r)
{
    size_t count = 0;
    for (int i = 0; i < r->file_count; i++)
        count += json_array_size(json_object_get(r->files[i], "results"));
    r->machines = calloc(count + 1, sizeof *r->machines);
    const char **from = calloc(count + 1, sizeof *from);
    pb_status status = r->machines && from
                           ? PB_OK
                           : pb_fail(ctx, PB_ERR_MEMORY, "no memory for results of benchmarks");
    for (int i = 0; status == PB_OK && i < r->file_count; i++) {
        const json_t *results = json_object_get(r->files[i], "results");
        if (json_array_size(results) == 0)
            status = pb_fail(ctx, PB_ERR_DATA,
                             "%s: holds no result of passband bench; --output FILE.json writes one",
                             paths[i]);
        for (size_t k = 0; status == PB_OK && k < json_array_size(results); k++) {
            const json_t *result = json_array_get(results, k);
            const int part = part_index(pb_bench_words(result, "part"));
            const int before = r->machine_count;
            if (part < 0) continue; /* of a later version */
            machine_for(r, json_object_get(result, "machine"), part)->parts[part] = result;
            if (r->machine_count > before) from[before] = paths[i];
        }
    }
    if (status == PB_OK) name_machines(r, from);
    free(from);
    return status;
}

pb_status pb_bench_results_load(pb_context *ctx, int count, const char *const paths[],
                                pb_bench_results *results)
{
    *results = (pb_bench_results){.files = calloc((size_t)count + 1, sizeof *results->files)};
    if (!results->files) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for %d files", count);
    for (int i = 0; i < count; i++) {
        PB_TRY(pb_json_load(ctx, paths[i], &results->files[i]));
        results->file_count++;
    }
    return sort(ctx, paths, results);
}

pb_status pb_bench_results_read(pb_context *ctx, const char *json, pb_bench_results *results)
{
    const char *const name = "the result";
    json_error_t error;
    *results = (pb_bench_results){.files = calloc(1, sizeof *results->files)};
    if (!results->files) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a result");
    results->files[0] = json_loads(json, 0, &error);
    if (!results->files[0]) return pb_fail(ctx, PB_ERR_DATA, "%s: %s", name, error.text);
    results->file_count = 1;
    return sort(ctx, &name, results);
}

void pb_bench_results_clear(pb_bench_results *results)
{
    for (int i = 0; i < results->file_count; i++) json_decref(results->files[i]);
    free(results->files);
    free(results->machines);
    *results = (pb_bench_results){0};
}
