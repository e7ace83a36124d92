/* What the files of a study keep and give away, as tables and sheets of its page. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "report/page.h"
#include "report/study_measures.h"
#include "report/study_record.h"

/* ---- points ---- */

typedef struct column {
    const char *heading, *path;
    double factor;
    int digits;
} column;

static const column columns[] = {
    {"Entropy, bits", "information.bits_entropy", 1, 1},
    {"zstd, bits", "information.bits_zstd", 1, 1},
    {"About the label, at least, bits", "information.label_bound.mean", 1, 2},
    {"PSNR, dB", "reconstruction.psnr", 1, 2},
    {"SSIM", "reconstruction.ssim.mean", 1, 3},
    {"Equal samples", "identity.collisions.samples", 1, 0},
    {"Found, %", "identity.reidentification.0.rank_1.share", 100, 1},
    {"among ten, %", "identity.reidentification.0.rank_10.share", 100, 1},
    {"With noise, %", "identity.reidentification.1.rank_1.share", 100, 1},
    {"among ten, %", "identity.reidentification.1.rank_10.share", 100, 1},
    {"Without the key, %", "identity.reidentification.2.rank_1.share", 100, 2},
    {"among ten, %", "identity.reidentification.2.rank_10.share", 100, 2},
    {"Data set told by 1, %", "identity.data_sets.trials.0.accuracy.share", 100, 1},
    {"by 10, %", "identity.data_sets.trials.1.accuracy.share", 100, 1},
    {"by 100, %", "identity.data_sets.trials.2.accuracy.share", 100, 1},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void add_point(pb_text *out, const json_t *point)
{
    pb_text_append(out, "<tr><td>");
    pb_html_escape(out, pb_study_text(point, "point"));
    pb_text_append(out, "</td>");
    for (int i = 0; i < COLUMNS; i++) {
        const double number = columns[i].factor * pb_measure_number(point, columns[i].path);
        if (isfinite(number))
            pb_text_append(out, "<td>%.*f</td>", columns[i].digits, number);
        else
            pb_text_append(out, "<td>&ndash;</td>");
    }
    pb_text_append(out, "</tr>\n");
}

static bool is_measured(const json_t *point)
{
    return json_is_object(json_object_get(point, "identity"));
}

static void add_points(pb_text *out, const json_t *study)
{
    size_t i;
    json_t *p;
    pb_text_append(out, "<h2>What the files keep and give away</h2>\n<div class=\"scroll\"><table>"
                        "\n<tr><th>File</th>");
    for (int k = 0; k < COLUMNS; k++) pb_text_append(out, "<th>%s</th>", columns[k].heading);
    pb_text_append(out, "</tr>\n");
    json_array_foreach(pb_study_points(study), i, p)
    {
        if (is_measured(p)) add_point(out, p);
    }
    pb_text_append(
        out, "</table></div>\n<p class=\"soft\">Bits are those of a sample; their entropy is that "
             "of values as if they were independent. Found: originals that their compressed form "
             "is nearest to among all, ties broken by chance; among ten: that are one of the ten "
             "nearest.</p>\n");
}

/* ---- sheets ---- */

static void add_sheet(pb_text *out, const char *folder, const char *method)
{
    pb_text path = {0};
    pb_text_append(&path, "%s/plots/study_sheet_%s.png", folder, method);
    if (path.failed) out->failed = 1;
    if (!path.failed && pb_file_exists(path.text)) {
        pb_text_append(out, "<figure><a href=\"plots/study_sheet_");
        pb_html_escape(out, method);
        pb_text_append(out, ".png\"><img src=\"plots/study_sheet_");
        pb_html_escape(out, method);
        pb_text_append(out, ".png\" alt=\"originals and reconstructions\"></a><figcaption>");
        pb_html_escape(out, method);
        pb_text_append(out,
                       ": test samples, and what comes back of them from each file.</figcaption>"
                       "</figure>\n");
    }
    pb_text_free(&path);
}

static void add_sheets(pb_text *out, const json_t *study, const char *folder)
{
    size_t i;
    json_t *name;
    pb_text_append(out, "<div class=\"figures\">\n");
    json_array_foreach(json_object_get(study, "methods"), i, name)
    {
        if (json_is_string(name)) add_sheet(out, folder, json_string_value(name));
    }
    pb_text_append(out, "</div>\n");
}

/* ---- fingerprints ---- */

static const json_t *changes_of(const json_t *point)
{
    return json_object_get(json_object_get(point, "identity"), "fingerprint_changes");
}

/* How many points have a change (by anything), and in how many of them the fingerprint stayed. */
static void count_change(const json_t *study, const json_t *change, int *all, int *same)
{
    size_t i, k;
    json_t *p, *row;
    *all = *same = 0;
    json_array_foreach(pb_study_points(study), i, p)
    {
        json_array_foreach(changes_of(p), k, row)
        {
            if (strcmp(pb_study_text(row, "change"), pb_study_text(change, "change")) != 0 ||
                strcmp(pb_study_text(row, "by"), pb_study_text(change, "by")) != 0)
                continue;
            ++*all;
            *same += json_is_true(json_object_get(row, "same"));
        }
    }
}

/* Whether a point before has that change as well. */
static bool is_listed(const json_t *study, size_t point, const json_t *change)
{
    size_t i, k;
    json_t *p, *row;
    json_array_foreach(pb_study_points(study), i, p)
    {
        if (i == point) return false;
        json_array_foreach(changes_of(p), k, row)
        {
            if (strcmp(pb_study_text(row, "change"), pb_study_text(change, "change")) == 0 &&
                strcmp(pb_study_text(row, "by"), pb_study_text(change, "by")) == 0)
                return true;
        }
    }
    return false;
}

static void add_change(pb_text *out, const json_t *study, const json_t *change)
{
    int all, same;
    count_change(study, change, &all, &same);
    pb_text_append(out, "<tr><td>");
    pb_html_escape(out, pb_study_text(change, "change"));
    pb_text_append(out, "</td><td>");
    pb_html_escape(out, pb_study_text(change, "by"));
    pb_text_append(out, "</td><td>%d</td><td>%d</td></tr>\n", all, all - same);
}

static void add_changes(pb_text *out, const json_t *study)
{
    size_t i, k;
    json_t *p, *change;
    pb_text_append(out,
                   "<h2>What changes a fingerprint</h2>\n<div class=\"scroll\"><table>\n<tr>"
                   "<th>Changed</th><th>By</th><th>Files</th><th>Fingerprint changed</th></tr>\n");
    json_array_foreach(pb_study_points(study), i, p)
    {
        json_array_foreach(changes_of(p), k, change)
        {
            if (!is_listed(study, i, change)) add_change(out, study, change);
        }
    }
    pb_text_append(out, "</table></div>\n");
}

void pb_page_add_measures(pb_text *page, const json_t *study, const char *folder)
{
    size_t i;
    json_t *p;
    bool any = false;
    json_array_foreach(pb_study_points(study), i, p)
    {
        any |= is_measured(p);
    }
    if (!any) return;
    add_points(page, study);
    add_sheets(page, study, folder);
    add_changes(page, study);
}
