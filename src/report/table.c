/* A table of runs for the command line. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <passband/report.h>

#include "report/record.h"
#include "report/weight_layers.h"

enum { RUN_COLUMNS = 6, WEIGHT_COLUMNS = 8, COLUMNS = 8, CELL_BYTES = 128 };

typedef struct row {
    char cells[COLUMNS][CELL_BYTES];
} row;

static void print_score(char cell[CELL_BYTES], pb_score score)
{
    if (!isfinite(score.mean))
        snprintf(cell, CELL_BYTES, "-");
    else if (score.count > 1 && isfinite(score.std))
        snprintf(cell, CELL_BYTES, "%.2f %% +- %.2f", 100 * score.mean, 100 * score.std);
    else
        snprintf(cell, CELL_BYTES, "%.2f %%", 100 * score.mean);
}

static void print_number(char cell[CELL_BYTES], int digits, double number)
{
    if (isfinite(number))
        snprintf(cell, CELL_BYTES, "%.*f", digits, number);
    else
        snprintf(cell, CELL_BYTES, "-");
}

/* Characters of UTF-8 text. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* The name stands at the left, figures at the right. */
static void print_row(FILE *out, const row *r, int columns, const int widths[COLUMNS])
{
    for (int c = 0; c < columns; c++) {
        const int padding = widths[c] - width_of(r->cells[c]);
        if (c == 0)
            fprintf(out, "%s%*s", r->cells[c], padding, "");
        else
            fprintf(out, "  %*s%s", padding, "", r->cells[c]);
    }
    fputc('\n', out);
}

/* Headings, then so many rows. */
static pb_status print_rows(pb_context *ctx, FILE *out, int count, const row rows[], int columns)
{
    int widths[COLUMNS] = {0};
    for (int i = 0; i <= count; i++)
        for (int c = 0; c < columns; c++)
            if (width_of(rows[i].cells[c]) > widths[c]) widths[c] = width_of(rows[i].cells[c]);
    for (int i = 0; i <= count; i++) print_row(out, &rows[i], columns, widths);
    return ferror(out) ? pb_fail(ctx, PB_ERR_IO, "the table cannot be written") : PB_OK;
}

/* ---- compressed networks ---- */

static pb_status fill_weights(pb_context *ctx, row *r, const pb_record *run)
{
    const double bytes = pb_record_score(run, "weight_bytes").mean;
    json_t *layers;
    PB_TRY(pb_weight_layers_load(ctx, run, &layers));
    for (int c = 1; c < WEIGHT_COLUMNS; c++) snprintf(r->cells[c], CELL_BYTES, "-");
    snprintf(r->cells[0], CELL_BYTES, "%s", run->name);
    if (json_array_size(layers) > 0) {
        pb_weight_layers_wavelets(layers, r->cells[1], CELL_BYTES);
        pb_weight_layers_levels(layers, r->cells[2], CELL_BYTES);
        pb_weight_layers_thresholds(layers, r->cells[3], CELL_BYTES);
        snprintf(r->cells[4], CELL_BYTES, "%.1f %%", 100 * pb_weight_layers_zeros(layers));
    }
    print_number(r->cells[5], 0, bytes);
    print_number(r->cells[6], 1, 4 * pb_record_number(run, "parameters") / bytes);
    print_score(r->cells[7], pb_record_score(run, "compressed_accuracy"));
    json_decref(layers);
    return PB_OK;
}

static pb_status print_weights(pb_context *ctx, int count, const pb_record runs[], row rows[],
                               FILE *out)
{
    int filled = 0;
    rows[0] = (row){{"compressed network", "wavelet", "level", "threshold", "coefficients 0",
                     "bytes", "times fewer", "test accuracy"}};
    for (int i = 0; i < count; i++)
        if (isfinite(pb_record_score(&runs[i], "weight_bytes").mean))
            PB_TRY(fill_weights(ctx, &rows[++filled], &runs[i]));
    if (filled == 0) return PB_OK;
    fputc('\n', out);
    return print_rows(ctx, out, filled, rows, WEIGHT_COLUMNS);
}

/* ---- runs ---- */

static void fill(row *r, const pb_record *run)
{
    snprintf(r->cells[0], CELL_BYTES, "%s", run->name);
    print_score(r->cells[1], pb_record_score(run, "test_accuracy"));
    print_score(r->cells[2], pb_record_score(run, "val_accuracy"));
    print_number(r->cells[3], 3, pb_record_number(run, "seconds_per_epoch"));
    print_number(r->cells[4], 0, pb_record_number(run, "parameters"));
    print_number(r->cells[5], 0, pb_record_number(run, "peak_host_bytes") / 1e6);
}

pb_status pb_report_table(pb_context *ctx, int count, const char *const folders[], FILE *out)
{
    pb_record *runs;
    PB_TRY(pb_records_load(ctx, count, folders, &runs));
    row *rows = calloc((size_t)count + 1, sizeof *rows);
    pb_status status =
        rows ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a table of %d runs", count);
    if (rows) {
        rows[0] = (row){{"run", "test accuracy", "validation accuracy", "seconds per epoch",
                         "parameters", "host MB"}};
        for (int i = 0; i < count; i++) fill(&rows[i + 1], &runs[i]);
        status = print_rows(ctx, out, count, rows, RUN_COLUMNS);
        if (!status) status = print_weights(ctx, count, runs, rows, out);
    }
    free(rows);
    pb_records_free(&runs, count);
    return status;
}
