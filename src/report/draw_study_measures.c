/* What the files of a study keep and give away, against their bytes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/against_bytes.h"
#include "report/study_measures.h"
#include "report/study_record.h"

double pb_measure_number(const json_t *json, const char *path)
{
    char part[64];
    while (json && *path) {
        const size_t length = strcspn(path, ".");
        snprintf(part, sizeof part, "%.*s", (int)length, path);
        json = json_is_array(json) ? json_array_get(json, strtoul(part, NULL, 10))
                                   : json_object_get(json, part);
        path += length + (path[length] != '\0');
    }
    return json_is_number(json) ? json_number_value(json) : (double)NAN;
}

char *pb_measure_path(const char *folder, const json_t *point, const char *file)
{
    pb_text name = {0};
    pb_text_append(&name, "measures/%s/%s", pb_study_text(point, "point"), file);
    char *path = name.failed ? NULL : pb_path_join(folder, name.text);
    pb_text_free(&name);
    return path;
}

/* ---- heights ---- */

static pb_height at(const json_t *point, const char *path)
{
    return (pb_height){pb_measure_number(point, path), NAN, NAN};
}

static pb_height entropy_of(const json_t *point, int curve)
{
    (void)curve;
    return at(point, "information.zstd_over_entropy");
}

static pb_height label_bits_of(const json_t *point, int curve)
{
    (void)curve;
    return (pb_height){pb_measure_number(point, "information.label_bound.mean"),
                       pb_measure_number(point, "information.label_bound.interval.0"),
                       pb_measure_number(point, "information.label_bound.interval.1")};
}

static pb_height quality_of(const json_t *point, int curve)
{
    (void)curve;
    return at(point, "reconstruction.psnr");
}

/* In percent, of {share, low, high}. */
static pb_height share_of(const json_t *share)
{
    return (pb_height){100 * pb_study_number(share, "share"), 100 * pb_study_number(share, "low"),
                       100 * pb_study_number(share, "high")};
}

/* With the key and noise; without the key. */
static pb_height rank_of(const json_t *point, int curve)
{
    size_t i;
    json_t *row;
    const json_t *rows = json_object_get(json_object_get(point, "identity"), "reidentification");
    json_array_foreach(rows, i, row)
    {
        const bool is_known = strcmp(pb_study_text(row, "key"), "known") == 0;
        if (curve == 0 ? is_known && pb_study_number(row, "noise") > 0 : !is_known)
            return share_of(json_object_get(row, "rank_1"));
    }
    return (pb_height){NAN, NAN, NAN};
}

/* From one sample, from ten, from a hundred. */
static pb_height data_set_of(const json_t *point, int curve)
{
    const json_t *sets = json_object_get(json_object_get(point, "identity"), "data_sets");
    const json_t *trials = json_array_get(json_object_get(sets, "trials"), (size_t)curve);
    return share_of(json_object_get(trials, "accuracy"));
}

/* ---- pictures ---- */

/* Of the first point that has it. */
static double first_number(const json_t *study, const char *path)
{
    size_t i;
    json_t *p;
    json_array_foreach(pb_study_points(study), i, p)
    {
        const double number = pb_measure_number(p, path);
        if (isfinite(number)) return number;
    }
    return NAN;
}

static pb_status draw_ranks(pb_context *ctx, const json_t *study, const char *plots)
{
    char subtitle[256];
    snprintf(
        subtitle, sizeof subtitle,
        "nearest to its own of %.0f compressed samples; noise of %g of the range on each pixel;"
        " dashed: no noise, no key",
        first_number(study, "identity.reidentification.0.among"),
        first_number(study, "identity.reidentification.1.noise"));
    const pb_against_bytes picture = {.name = "study_reidentification",
                                      .title = "Originals found by their compressed form",
                                      .subtitle = subtitle,
                                      .axis = "found at rank 1 (%)",
                                      .range = "[0:100]",
                                      .height = rank_of,
                                      .curves = 2,
                                      .line = NAN};
    return pb_draw_against_bytes(ctx, study, &picture, plots);
}

static pb_status draw_all(pb_context *ctx, const json_t *study, const char *plots)
{
    const pb_against_bytes pictures[] = {
        {.name = "study_entropy",
         .title = "Bits after zstd over the entropy of independent values",
         .subtitle = "below 1, zstd finds what values have in common; above, it falls short of "
                     "their entropy",
         .axis = "zstd / entropy",
         .range = "[0:*]",
         .height = entropy_of,
         .curves = 1,
         .line = 1},
        {.name = "study_label_bits",
         .title = "Least information about the label",
         .subtitle = "entropy of the labels less the cross-entropy of the network on test samples, "
                     "mean over seeds, bar: 95 % interval; line: all there is",
         .axis = "bits a sample",
         .range = "[0:*]",
         .height = label_bits_of,
         .curves = 1,
         .line = first_number(study, "information.label_bits")},
        {.name = "study_quality",
         .title = "Originals against what comes back",
         .subtitle = "peak signal-to-noise ratio of test samples; what comes back exactly has none",
         .axis = "PSNR (dB)",
         .range = "[*:*]",
         .height = quality_of,
         .curves = 1,
         .line = NAN},
        {.name = "study_data_sets",
         .title = "Data sets told apart by compressed samples",
         .subtitle = "share of trials in which the likeliest data set is the right one; solid: one "
                     "sample, dashed: ten",
         .axis = "told apart (%)",
         .range = "[*:100]",
         .height = data_set_of,
         .curves = 2,
         .line = NAN}};
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++)
        PB_TRY(pb_draw_against_bytes(ctx, study, &pictures[i], plots));
    return draw_ranks(ctx, study, plots);
}

pb_status pb_draw_study_measures(pb_context *ctx, const json_t *study, const char *folder)
{
    char *plots = pb_path_join(folder, "plots");
    const pb_status status =
        plots ? draw_all(ctx, study, plots) : pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    free(plots);
    return status;
}
