/* Benchmarks of several machines side by side. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <passband/report.h>

#include "base/file.h"
#include "report/bench_result.h"
#include "report/cells.h"

/* The values of every machine, then how many times as fast as the first each of the others is. */
static void add_row(pb_cells *cells, const pb_bench_results *r, int part, const json_t *row)
{
    const char *name = pb_bench_words(row, "name");
    const json_t *base = pb_bench_find(r->machines[0].parts[part], name);
    pb_cells_add(cells, "%s", pb_bench_part_names[part]);
    pb_cells_add(cells, "%s", name);
    pb_cells_add(cells, "%s", pb_bench_words(row, "unit"));
    for (int i = 0; i < r->machine_count; i++)
        pb_cells_number(
            cells, pb_bench_number(pb_bench_find(r->machines[i].parts[part], name), "value"), 4);
    for (int i = 1; i < r->machine_count; i++)
        pb_cells_number(cells,
                        pb_bench_speed(pb_bench_find(r->machines[i].parts[part], name), base), 3);
}

/* Rows in the order of the first machine that has them. */
static bool seen_before(const pb_bench_results *r, int machine, int part, const char *name)
{
    for (int i = 0; i < machine; i++)
        if (pb_bench_find(r->machines[i].parts[part], name)) return true;
    return false;
}

static void add_rows(pb_cells *cells, const pb_bench_results *r, int part)
{
    for (int i = 0; i < r->machine_count; i++) {
        const json_t *rows = json_object_get(r->machines[i].parts[part], "rows");
        for (size_t k = 0; k < json_array_size(rows); k++) {
            const json_t *row = json_array_get(rows, k);
            if (!seen_before(r, i, part, pb_bench_words(row, "name"))) add_row(cells, r, part, row);
        }
    }
}

/* Geometric mean of a machine's speeds over the rows that both have. */
static double mean_speed(const pb_bench_results *r, int machine, int part)
{
    const json_t *rows = json_object_get(r->machines[0].parts[part], "rows");
    double logs = 0;
    int count = 0;
    for (size_t k = 0; k < json_array_size(rows); k++) {
        const json_t *base = json_array_get(rows, k);
        const double speed = pb_bench_speed(
            pb_bench_find(r->machines[machine].parts[part], pb_bench_words(base, "name")), base);
        if (!(speed > 0) || !isfinite(speed)) continue;
        logs += log(speed);
        count++;
    }
    return count ? exp(logs / count) : (double)NAN;
}

static void add_means(pb_cells *cells, const pb_bench_results *r, int part)
{
    bool any = false;
    for (int i = 1; i < r->machine_count; i++) any = any || isfinite(mean_speed(r, i, part));
    if (!any) return;
    pb_cells_add(cells, "%s", pb_bench_part_names[part]);
    pb_cells_add(cells, "geometric mean");
    pb_cells_add(cells, "%s", "");
    for (int i = 0; i < r->machine_count; i++) pb_cells_add(cells, "%s", "");
    for (int i = 1; i < r->machine_count; i++) pb_cells_number(cells, mean_speed(r, i, part), 3);
}

static pb_status print_table(pb_context *ctx, const pb_bench_results *r, pb_table_format format,
                             FILE *out)
{
    pb_cells cells = {.columns = 2 + 2 * r->machine_count};
    pb_cells_add(&cells, "part");
    pb_cells_add(&cells, "row");
    pb_cells_add(&cells, "unit");
    for (int i = 0; i < r->machine_count; i++) pb_cells_add(&cells, "%s", r->machines[i].name);
    for (int i = 1; i < r->machine_count; i++)
        pb_cells_add(&cells, "%s: times as fast", r->machines[i].name);
    for (int part = 0; part < 3; part++) {
        add_rows(&cells, r, part);
        add_means(&cells, r, part);
    }
    const pb_status status = pb_cells_print(ctx, &cells, format, out);
    pb_cells_clear(&cells);
    return status;
}

static pb_status compare(pb_context *ctx, const pb_bench_results *r, const char *folder,
                         pb_table_format format, FILE *out)
{
    if (r->machine_count < 2)
        return pb_fail(ctx, PB_ERR_USAGE,
                       "there is nothing to compare with: the files hold one measurement of each "
                       "part, of %s",
                       r->machine_count ? r->machines[0].name : "no machine");
    PB_TRY(print_table(ctx, r, format, out));
    if (!folder) return PB_OK;
    PB_TRY(pb_folder_make(ctx, folder));
    return pb_draw_bench(ctx, r, folder);
}

pb_status pb_report_bench_compare(pb_context *ctx, int count, const char *const files[],
                                  const char *folder, pb_table_format format, FILE *out)
{
    pb_bench_results results;
    pb_status status = pb_bench_results_load(ctx, count, files, &results);
    if (status == PB_OK) status = compare(ctx, &results, folder, format, out);
    pb_bench_results_clear(&results);
    return status;
}
