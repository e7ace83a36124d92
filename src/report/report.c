/* Reports of one run and of several. */
#include <passband/report.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/events.h"
#include "report/page.h"
#include "report/pictures.h"
#include "report/record.h"

typedef pb_status draw_function(pb_context *ctx, int count, const pb_record runs[],
                                const char *folder);

static bool is_put_off(pb_status status)
{
    return status == PB_ERR_RUN || status == PB_ERR_DATA;
}

static pb_status draw_folds(pb_context *ctx, int count, const pb_record runs[], const char *folder)
{
    return count == 1 ? pb_draw_folds(ctx, &runs[0], folder) : PB_OK;
}

static pb_status draw_weights(pb_context *ctx, int count, const pb_record runs[],
                              const char *folder)
{
    return count == 1 ? pb_draw_weights(ctx, &runs[0], folder) : PB_OK;
}

/* Of a run that trained an ensemble. */
static pb_status draw_reliability(pb_context *ctx, int count, const pb_record runs[],
                                  const char *folder)
{
    (void)folder;
    const bool has_one = count == 1 && json_object_get(runs[0].summary, "ensemble");
    return has_one ? pb_report_ensemble(ctx, runs[0].folder) : PB_OK;
}

/* A picture that cannot be drawn, without gnuplot or because its data is damaged, leaves the
 * others: what is told in the end is the first such fault. */
static pb_status draw_plots(pb_context *ctx, int count, const pb_record runs[], const char *plots)
{
    static draw_function *const all[] = {pb_draw_loss,
                                         pb_draw_test_accuracy,
                                         pb_draw_class_accuracies,
                                         pb_draw_band_weights,
                                         pb_draw_mask,
                                         pb_draw_weight_bytes,
                                         pb_draw_weight_sparsity,
                                         draw_weights,
                                         pb_draw_scalograms,
                                         pb_draw_saliency,
                                         pb_draw_saliency_spectra,
                                         pb_draw_salient_samples,
                                         draw_folds,
                                         draw_reliability};
    pb_status first = PB_OK, status = PB_OK;
    char *sentence = NULL;
    for (size_t i = 0; i < sizeof all / sizeof *all && !status; i++) {
        status = all[i](ctx, count, runs, plots);
        if (!is_put_off(status)) continue;
        if (!first) sentence = strdup(pb_error(ctx));
        if (!first) first = status;
        status = PB_OK;
    }
    if (!status && first)
        status = pb_fail(ctx, first, "%s", sentence ? sentence : pb_status_message(first));
    free(sentence);
    return status;
}

static pb_status make_plots_folder(pb_context *ctx, const char *folder, char **plots)
{
    *plots = pb_path_join(folder, "plots");
    if (!*plots) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    return pb_folder_make(ctx, *plots);
}

/* Plots, then the page. The page is written even when pictures are missing, which is then what is
 * told. */
static pb_status draw_plots_and_page(pb_context *ctx, int count, const pb_record runs[],
                                     const char *folder, const char *plots, bool compare)
{
    const pb_status drawn = draw_plots(ctx, count, runs, plots);
    if (drawn && !is_put_off(drawn)) return drawn;
    char *sentence = drawn ? strdup(pb_error(ctx)) : NULL;
    pb_status status =
        compare ? pb_page_compare(ctx, count, runs, folder) : pb_page_run(ctx, &runs[0], folder);
    if (!status && drawn)
        status = pb_fail(ctx, drawn, "%s", sentence ? sentence : pb_status_message(drawn));
    free(sentence);
    return status;
}

pb_status pb_report_run(pb_context *ctx, const char *folder)
{
    pb_record run;
    char *plots = NULL;
    PB_TRY(pb_record_load(ctx, folder, &run));
    pb_status status = make_plots_folder(ctx, folder, &plots);
    if (!status) status = pb_events_write(ctx, &run, folder);
    if (!status) status = pb_draw_reconstructions(ctx, &run, plots);
    if (!status) status = pb_draw_augmented(ctx, &run, plots);
    if (!status) status = pb_draw_saliency_images(ctx, &run, plots);
    if (!status) status = draw_plots_and_page(ctx, 1, &run, folder, plots, false);
    free(plots);
    pb_record_clear(&run);
    return status;
}

pb_status pb_report_compare(pb_context *ctx, int count, const char *const folders[],
                            const char *out_folder)
{
    pb_record *runs;
    char *plots = NULL;
    PB_TRY(pb_records_load(ctx, count, folders, &runs));
    pb_status status = make_plots_folder(ctx, out_folder, &plots);
    if (!status) status = draw_plots_and_page(ctx, count, runs, out_folder, plots, true);
    free(plots);
    pb_records_free(&runs, count);
    return status;
}
