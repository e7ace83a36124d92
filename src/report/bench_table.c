/* Results of a benchmark as tables: in Markdown one for each part and device, in CSV one for all.
 */
#include <math.h>

#include <passband/report.h>

#include "report/bench_result.h"
#include "report/cells.h"

typedef struct column {
    const char *heading, *key; /* key NULL: the middle half of the values */
    double scale;              /* 0: words */
    int digits;
} column;

#define COLUMNS_MAX 8

static const column device_columns[COLUMNS_MAX] = {
    {"measurement", "name", 0, 0}, {"median", "value", 1, 4}, {"middle half", NULL, 1, 4},
    {"unit", "unit", 0, 0},        {"how", "variant", 0, 0},
};
static const column ops_columns[COLUMNS_MAX] = {
    {"operation", "name", 0, 0},
    {"ms", "value", 1, 4},
    {"middle half", NULL, 1, 4},
    {"GFLOP/s", "gflops_per_second", 1, 4},
    {"GB/s", "gigabytes_per_second", 1, 3},
    {"% of ceiling", "share", 100, 3},
    {"solver", "solver", 0, 0},
};
static const column train_columns[COLUMNS_MAX] = {
    {"configuration", "name", 0, 0},
    {"steps/s", "value", 1, 4},
    {"middle half", NULL, 1, 4},
    {"ms a step", "step_seconds", 1e3, 4},
    {"ms at the ceilings", "floor_seconds", 1e3, 4},
    {"ratio", "ratio_to_floor", 1, 3},
    {"launches", "launches", 1, 1},
    {"% right", "test_accuracy", 100, 4},
};
static const column stage_columns[COLUMNS_MAX] = {
    {"stage", "name", 0, 0},
    {"ms a step", "seconds", 1e3, 3},
    {"ms at the ceilings", "floor_seconds", 1e3, 3},
    {"% of the time", "share", 100, 3},
};
static const column *const columns_of[3] = {device_columns, ops_columns, train_columns};

/* ---- Markdown ---- */

static void add_cell(pb_cells *cells, const column *c, const json_t *row)
{
    const json_t *spread = json_object_get(row, "spread");
    if (!c->key && json_array_size(spread) == 2)
        pb_cells_add(cells, "%.*g - %.*g", c->digits, json_number_value(json_array_get(spread, 0)),
                     c->digits, json_number_value(json_array_get(spread, 1)));
    else if (!c->key || c->scale == 0)
        pb_cells_add(cells, "%s", c->key ? pb_bench_words(row, c->key) : "");
    else
        pb_cells_number(cells, c->scale * pb_bench_number(row, c->key), c->digits);
}

static pb_status print_rows(pb_context *ctx, const column columns[COLUMNS_MAX], const json_t *rows,
                            FILE *out)
{
    pb_cells cells = {0};
    for (; cells.columns < COLUMNS_MAX && columns[cells.columns].heading; cells.columns++)
        pb_cells_add(&cells, "%s", columns[cells.columns].heading);
    for (size_t i = 0; i < json_array_size(rows); i++)
        for (int c = 0; c < cells.columns; c++)
            add_cell(&cells, &columns[c], json_array_get(rows, i));
    const pb_status status = pb_cells_print(ctx, &cells, PB_TABLE_MARKDOWN, out);
    pb_cells_clear(&cells);
    return status;
}

static pb_status print_stages(pb_context *ctx, const json_t *rows, FILE *out)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i), *stages = json_object_get(row, "stages");
        if (json_array_size(stages) == 0) continue;
        fprintf(out, "\nStages of %s, batches of %.0f of %s%s:\n\n", pb_bench_words(row, "name"),
                pb_bench_number(row, "batch_size"),
                json_is_true(json_object_get(row, "made_up")) ? "made-up images"
                                                              : pb_bench_words(row, "data_set"),
                json_is_true(json_object_get(row, "made_up")) ? ", as the data set is not there"
                                                              : "");
        PB_TRY(print_rows(ctx, stage_columns, stages, out));
    }
    return PB_OK;
}

static void print_sentences(const json_t *rows, FILE *out)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        static const char *const sentences[] = {"problem", "note"};
        for (int k = 0; k < 2; k++)
            if (*pb_bench_words(row, sentences[k]))
                fprintf(out, "\n%s: %s\n", pb_bench_words(row, "name"),
                        pb_bench_words(row, sentences[k]));
    }
}

static pb_status print_part(pb_context *ctx, const pb_bench_machine *m, int part, FILE *out)
{
    const json_t *result = m->parts[part], *rows = json_object_get(result, "rows");
    const json_t *ceilings = json_object_get(result, "ceilings");
    fprintf(out, "## %s on %s\n\n%s, driver %s, passband %s; %s\n", pb_bench_part_names[part],
            m->name, m->platform, m->driver,
            pb_bench_words(json_object_get(result, "machine"), "passband"), m->system);
    fprintf(out, "median of %.0f blocks after %.3g s of warm-up\n",
            pb_bench_number(result, "repetitions"), pb_bench_number(result, "warm_up_seconds"));
    if (part != 0)
        fprintf(out, "ceilings: %.4g GFLOP/s of float32 multiply-adds, %.4g GB/s of copying\n",
                1e-9 * pb_bench_number(ceilings, "flops_per_second"),
                1e-9 * pb_bench_number(ceilings, "bytes_per_second"));
    fputs("\n", out);
    PB_TRY(print_rows(ctx, columns_of[part], rows, out));
    PB_TRY(print_stages(ctx, rows, out));
    print_sentences(rows, out);
    return PB_OK;
}

static pb_status print_markdown(pb_context *ctx, const pb_bench_results *r, FILE *out)
{
    const char *between = "";
    for (int i = 0; i < r->machine_count; i++)
        for (int part = 0; part < 3; part++) {
            if (!r->machines[i].parts[part]) continue;
            fputs(between, out);
            between = "\n";
            PB_TRY(print_part(ctx, &r->machines[i], part, out));
        }
    return PB_OK;
}

/* ---- CSV ---- */

static const char *const numbers[] = {"gflops_per_second", "gigabytes_per_second", "share",
                                      "step_seconds",      "floor_seconds",        "ratio_to_floor",
                                      "launches",          "test_accuracy"};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static void add_csv_row(pb_cells *cells, const pb_bench_machine *m, const char *part,
                        const char *prefix, const json_t *row)
{
    const json_t *spread = json_object_get(row, "spread");
    const bool is_stage = *prefix != '\0';
    pb_cells_add(cells, "%s", m->name);
    pb_cells_add(cells, "%s", m->driver);
    pb_cells_add(cells, "%s", part);
    pb_cells_add(cells, "%s%s%s", prefix, is_stage ? ": " : "", pb_bench_words(row, "name"));
    pb_cells_add(cells, "%s", is_stage ? "s" : pb_bench_words(row, "unit"));
    pb_cells_number(cells, pb_bench_number(row, is_stage ? "seconds" : "value"), 7);
    for (size_t i = 0; i < 2; i++) {
        const json_t *end = json_array_get(spread, i);
        pb_cells_number(cells, json_is_number(end) ? json_number_value(end) : (double)NAN, 7);
    }
    for (int i = 0; i < NUMBERS; i++) pb_cells_number(cells, pb_bench_number(row, numbers[i]), 7);
    pb_cells_add(cells, "%s", pb_bench_words(row, "solver"));
    pb_cells_add(cells, "%s", pb_bench_words(row, "problem"));
    pb_cells_add(cells, "%s", pb_bench_words(row, "note"));
}

static void add_csv_part(pb_cells *cells, const pb_bench_machine *m, int part)
{
    const json_t *rows = json_object_get(m->parts[part], "rows");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i), *stages = json_object_get(row, "stages");
        add_csv_row(cells, m, pb_bench_part_names[part], "", row);
        for (size_t k = 0; k < json_array_size(stages); k++)
            add_csv_row(cells, m, "stage", pb_bench_words(row, "name"), json_array_get(stages, k));
    }
}

static pb_status print_csv(pb_context *ctx, const pb_bench_results *r, FILE *out)
{
    static const char *const first[] = {"device", "driver", "part", "name",
                                        "unit",   "value",  "low",  "high"};
    enum { FIRST = sizeof first / sizeof *first };
    pb_cells cells = {.columns = FIRST + NUMBERS + 3};
    for (int i = 0; i < FIRST; i++) pb_cells_add(&cells, "%s", first[i]);
    for (int i = 0; i < NUMBERS; i++) pb_cells_add(&cells, "%s", numbers[i]);
    pb_cells_add(&cells, "solver");
    pb_cells_add(&cells, "problem");
    pb_cells_add(&cells, "note");
    for (int i = 0; i < r->machine_count; i++)
        for (int part = 0; part < 3; part++) add_csv_part(&cells, &r->machines[i], part);
    const pb_status status = pb_cells_print(ctx, &cells, PB_TABLE_CSV, out);
    pb_cells_clear(&cells);
    return status;
}

/* ---- either ---- */

pb_status pb_report_bench(pb_context *ctx, const char *json, pb_table_format format, FILE *out)
{
    pb_bench_results results;
    pb_status status = pb_bench_results_read(ctx, json, &results);
    if (status == PB_OK)
        status = format == PB_TABLE_CSV ? print_csv(ctx, &results, out)
                                        : print_markdown(ctx, &results, out);
    pb_bench_results_clear(&results);
    if (status == PB_OK && ferror(out))
        return pb_fail(ctx, PB_ERR_IO, "the table cannot be written");
    return status;
}
