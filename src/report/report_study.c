/* The report of a study: its pictures, its page, and its table for the command line. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <passband/report.h>

#include "base/file.h"
#include "report/cells.h"
#include "report/study_measures.h"
#include "report/study_record.h"

typedef pb_status draw_function(pb_context *ctx, const json_t *study, const char *folder);

static pb_status draw_all(pb_context *ctx, const json_t *study, const char *folder)
{
    static draw_function *const all[] = {pb_draw_study_accuracy, pb_draw_study_time};
    static draw_function *const measures[] = {pb_draw_study_measures, pb_draw_study_information,
                                              pb_draw_study_sheets};
    char *plots = pb_path_join(folder, "plots");
    if (!plots) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    pb_status status = pb_folder_make(ctx, plots);
    for (size_t i = 0; status == PB_OK && i < sizeof all / sizeof *all; i++)
        status = all[i](ctx, study, plots);
    for (size_t i = 0; status == PB_OK && i < sizeof measures / sizeof *measures; i++)
        status = measures[i](ctx, study, folder);
    free(plots);
    return status;
}

/* The page is written even when gnuplot is missing, which is then what is told. */
pb_status pb_report_study(pb_context *ctx, const char *folder)
{
    json_t *study;
    PB_TRY(pb_study_record_load(ctx, folder, &study));
    const pb_status drawn = draw_all(ctx, study, folder);
    char *sentence = drawn ? strdup(pb_error(ctx)) : NULL;
    pb_status status = drawn && drawn != PB_ERR_RUN ? drawn : pb_page_study(ctx, study, folder);
    if (!status && drawn)
        status = pb_fail(ctx, drawn, "%s", sentence ? sentence : pb_status_message(drawn));
    free(sentence);
    json_decref(study);
    return status;
}

static void add_row(pb_cells *cells, const json_t *point)
{
    const double seconds = pb_study_number(point, "seconds");
    pb_cells_add(cells, "%s", pb_study_text(point, "point"));
    pb_cells_add(cells, "%.2f", pb_study_number(point, "bytes_per_sample"));
    pb_cells_add(cells, "%.2f", pb_study_accuracy(point));
    pb_cells_add(cells, "%.2f", pb_study_deviation(point));
    pb_cells_add(cells, "%.1f", seconds);
    pb_cells_add(cells, "%s", json_is_true(json_object_get(point, "on_front")) ? "yes" : "");
}

static pb_status print_points(pb_context *ctx, const json_t *study, FILE *out)
{
    static const char *const headings[] = {"file", "bytes a sample", "test accuracy (%)",
                                           "std",  "seconds",        "on the front"};
    enum { COLUMNS = sizeof headings / sizeof *headings };
    pb_cells cells = {.columns = COLUMNS};
    size_t i;
    json_t *point;
    for (i = 0; i < COLUMNS; i++) pb_cells_add(&cells, "%s", headings[i]);
    json_array_foreach(pb_study_points(study), i, point)
    {
        add_row(&cells, point);
    }
    const pb_status status = pb_cells_print(ctx, &cells, PB_TABLE_MARKDOWN, out);
    pb_cells_clear(&cells);
    return status;
}

pb_status pb_report_study_table(pb_context *ctx, const char *folder, FILE *out)
{
    json_t *study, *sentence;
    size_t i;
    PB_TRY(pb_study_record_load(ctx, folder, &study));
    pb_status status = print_points(ctx, study, out);
    json_array_foreach(json_object_get(json_object_get(study, "findings"), "claims"), i, sentence)
    {
        if (json_is_string(sentence)) fprintf(out, "%s\n", json_string_value(sentence));
    }
    if (status == PB_OK && ferror(out))
        status = pb_fail(ctx, PB_ERR_IO, "the table cannot be written");
    json_decref(study);
    return status;
}
