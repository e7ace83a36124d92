/* The report of a search: its winners' reports, their comparison, and the pictures of its trials.
 */
#include <stdlib.h>
#include <string.h>

#include <passband/report.h>

#include "base/file.h"
#include "report/sweep_record.h"

/* Folders of the winners, on the heap. */
typedef struct winners {
    char **folders; /* [count] */
    int count;
} winners;

static void free_winners(winners *w)
{
    for (int i = 0; w->folders && i < w->count; i++) free(w->folders[i]);
    free(w->folders);
}

static pb_status find_winners(pb_context *ctx, const json_t *sweep, const char *folder, winners *w)
{
    size_t i;
    json_t *arm;
    w->count = (int)json_array_size(pb_sweep_arms(sweep));
    w->folders = calloc((size_t)w->count, sizeof *w->folders);
    if (!w->folders) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    json_array_foreach(pb_sweep_arms(sweep), i, arm)
    {
        w->folders[i] = pb_path_join(folder, pb_sweep_text(arm, "run"));
        if (!w->folders[i]) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    }
    return PB_OK;
}

/* Remembers that gnuplot is missing or failed, which does not end a report. */
static pb_status forgive(pb_context *ctx, pb_status status, char **sentence)
{
    if (status != PB_ERR_RUN) return status;
    if (!*sentence) *sentence = strdup(pb_error(ctx));
    return PB_OK;
}

static pb_status draw_trials(pb_context *ctx, const json_t *sweep, const char *folder)
{
    char *plots = pb_path_join(folder, "plots");
    if (!plots) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    pb_status status = pb_folder_make(ctx, plots);
    if (status == PB_OK) status = pb_draw_sweep_history(ctx, sweep, plots);
    if (status == PB_OK) status = pb_draw_sweep_slices(ctx, sweep, plots);
    free(plots);
    return status;
}

static pb_status draw(pb_context *ctx, const json_t *sweep, const winners *w, const char *folder,
                      char **sentence)
{
    for (int i = 0; i < w->count; i++)
        PB_TRY(forgive(ctx, pb_report_run(ctx, w->folders[i]), sentence));
    PB_TRY(forgive(ctx, pb_report_compare(ctx, w->count, (const char *const *)w->folders, folder),
                   sentence));
    PB_TRY(forgive(ctx, draw_trials(ctx, sweep, folder), sentence));
    return pb_page_sweep(ctx, sweep, folder);
}

pb_status pb_report_sweep(pb_context *ctx, const char *folder)
{
    json_t *sweep;
    winners w = {0};
    char *sentence = NULL;
    PB_TRY(pb_sweep_record_load(ctx, folder, &sweep));
    pb_status status = find_winners(ctx, sweep, folder, &w);
    if (status == PB_OK) status = draw(ctx, sweep, &w, folder, &sentence);
    if (status == PB_OK && sentence) status = pb_fail(ctx, PB_ERR_RUN, "%s", sentence);
    free(sentence);
    free_winners(&w);
    json_decref(sweep);
    return status;
}

static void print_words(const json_t *sweep, FILE *out)
{
    size_t i;
    json_t *json;
    json_array_foreach(pb_sweep_arms(sweep), i, json)
    {
        pb_text best = {0};
        pb_sweep_describe_best(sweep, json, &best);
        fprintf(out, "%s: %s\n", pb_sweep_text(json, "name"), best.failed ? "" : best.text);
        pb_text_free(&best);
    }
    json_array_foreach(json_object_get(sweep, "comparisons"), i, json)
    {
        fprintf(out, "%s\n", pb_sweep_text(json, "sentence"));
    }
}

pb_status pb_report_sweep_table(pb_context *ctx, const char *folder, FILE *out)
{
    json_t *sweep;
    winners w = {0};
    PB_TRY(pb_sweep_record_load(ctx, folder, &sweep));
    pb_status status = find_winners(ctx, sweep, folder, &w);
    if (status == PB_OK)
        status = pb_report_table(ctx, w.count, (const char *const *)w.folders, out);
    if (status == PB_OK) print_words(sweep, out);
    if (status == PB_OK && ferror(out))
        status = pb_fail(ctx, PB_ERR_IO, "the table cannot be written");
    free_winners(&w);
    json_decref(sweep);
    return status;
}
