/* index.html of a study. */
#include <math.h>

#include "report/page.h"
#include "report/study_measures.h"
#include "report/study_record.h"

static void add_number(pb_text *out, int digits, double number)
{
    if (isfinite(number))
        pb_text_append(out, "<td>%.*f</td>", digits, number);
    else
        pb_text_append(out, "<td>&ndash;</td>");
}

static void add_accuracy(pb_text *out, const json_t *point)
{
    pb_text_append(out, "<td>%.2f %%", pb_study_accuracy(point));
    if (json_array_size(json_object_get(json_object_get(point, "accuracy"), "per_seed")) > 1)
        pb_text_append(out, " &plusmn; %.2f", pb_study_deviation(point));
    pb_text_append(out, "</td>");
}

static void add_points(pb_text *out, const json_t *study)
{
    size_t i;
    json_t *p;
    pb_text_append(out, "<h2>Files</h2>\n<div class=\"scroll\"><table>\n<tr><th>Method</th>"
                        "<th>Budget</th><th>Bytes a sample</th><th>Test accuracy</th>"
                        "<th>Seconds of a training</th><th>Pareto front</th></tr>\n");
    json_array_foreach(pb_study_points(study), i, p)
    {
        pb_text_append(out, "<tr><td>");
        pb_html_escape(out, pb_study_text(p, "method"));
        pb_text_append(out, "</td>");
        add_number(out, 0, pb_study_number(p, "budget"));
        add_number(out, 2, pb_study_number(p, "bytes_per_sample"));
        add_accuracy(out, p);
        add_number(out, 1, pb_study_number(p, "seconds"));
        pb_text_append(out, "<td>%s</td></tr>\n",
                       json_is_true(json_object_get(p, "on_front")) ? "yes" : "");
    }
    pb_text_append(out, "</table></div>\n<p class=\"soft\">&plusmn;: standard deviation over seeds."
                        "</p>\n");
}

static void add_smallest(pb_text *out, const json_t *study)
{
    size_t i;
    json_t *smallest;
    json_array_foreach(json_object_get(study, "smallest"), i, smallest)
    {
        const double within = 100 * pb_study_number(smallest, "within");
        pb_text_append(out, "<p>Smallest file whose mean is within %g point%s of raw: ", within,
                       within > 1 || within < 1 ? "s" : "");
        pb_html_escape(out, pb_study_text(smallest, "point"));
        pb_text_append(out, ", %.2f bytes a sample.</p>\n",
                       pb_study_number(smallest, "bytes_per_sample"));
    }
}

static void add_sentences(pb_text *out, const char *heading, const json_t *list)
{
    size_t i;
    json_t *sentence;
    if (json_array_size(list) == 0) return;
    pb_text_append(out, "<h2>%s</h2>\n<ul>\n", heading);
    json_array_foreach(list, i, sentence)
    {
        pb_text_append(out, "<li>");
        pb_html_escape(out, json_is_string(sentence) ? json_string_value(sentence) : "");
        pb_text_append(out, "</li>\n");
    }
    pb_text_append(out, "</ul>\n");
}

/* What the intervals of all sentences are of. */
static void add_note(pb_text *out, const json_t *found)
{
    const double comparisons = pb_study_number(found, "comparisons");
    pb_text_append(out,
                   "<p class=\"soft\">Intervals are those of 95 %%. Of accuracies and of what "
                   "networks prove they are over seeds, of differences of accuracies paired and at "
                   "least one test sample wide on either side: they tell how far another training "
                   "would differ, not other samples. Of likeness and of shares they are over the "
                   "samples that were looked at.");
    if (comparisons > 0)
        pb_text_append(
            out,
            " Of %.0f comparisons of two files, about one in twenty would seem to differ "
            "where nothing does.",
            comparisons);
    pb_text_append(out, "</p>\n");
}

static void add_left_out(pb_text *out, const json_t *study)
{
    size_t i;
    json_t *left;
    const json_t *list = json_object_get(study, "left_out");
    if (json_array_size(list) == 0) return;
    pb_text_append(out, "<h2>Left out</h2>\n<ul>\n");
    json_array_foreach(list, i, left)
    {
        pb_text_append(out, "<li>");
        pb_html_escape(out, pb_study_text(left, "point"));
        pb_text_append(out, ": ");
        pb_html_escape(out, pb_study_text(left, "reason"));
        pb_text_append(out, "</li>\n");
    }
    pb_text_append(out, "</ul>\n");
}

pb_status pb_page_study(pb_context *ctx, const json_t *study, const char *folder)
{
    pb_text page = {0}, line = {0};
    const json_t *found = json_object_get(study, "findings");
    const size_t seeds = json_array_size(json_object_get(study, "seeds"));
    pb_text_append(&line, "%s, %zu files, %zu seed%s", pb_study_text(study, "data_set"),
                   json_array_size(pb_study_points(study)), seeds, seeds == 1 ? "" : "s");
    pb_page_open(&page, pb_study_text(study, "name"), line.failed ? "" : line.text);
    pb_text_free(&line);
    add_sentences(&page, "What was measured", json_object_get(found, "facts"));
    add_sentences(&page, "What differs", json_object_get(found, "claims"));
    pb_page_pictures(&page, folder);
    add_points(&page, study);
    add_smallest(&page, study);
    pb_page_add_measures(&page, study, folder);
    add_sentences(&page, "What was not told apart", json_object_get(found, "open"));
    add_note(&page, found);
    add_left_out(&page, study);
    return pb_page_save(ctx, folder, &page);
}
