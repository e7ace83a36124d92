/* index.html of a search. */
#include <math.h>

#include "report/page.h"
#include "report/sweep_record.h"

/* "76.20 % +- 1.20" of {mean, std, per_seed}. */
static void add_score(pb_text *out, const json_t *score)
{
    const json_t *mean = json_object_get(score, "mean");
    if (!json_is_number(mean)) {
        pb_text_append(out, "&ndash;");
        return;
    }
    pb_text_append(out, "%.2f %%", 100 * json_number_value(mean));
    if (json_array_size(json_object_get(score, "per_seed")) > 1)
        pb_text_append(out, " &plusmn; %.2f",
                       100 * json_number_value(json_object_get(score, "std")));
}

static void add_arms(pb_text *out, const json_t *sweep)
{
    size_t i;
    json_t *arm;
    pb_text_append(out, "<h2>Winners</h2>\n<div class=\"scroll\"><table>\n<tr><th>Arm</th>"
                        "<th>Test accuracy</th><th>Validation accuracy</th><th>Chosen by</th>"
                        "</tr>\n");
    json_array_foreach(pb_sweep_arms(sweep), i, arm)
    {
        pb_text best = {0};
        pb_sweep_describe_best(sweep, arm, &best);
        pb_text_append(out, "<tr><td><a href=\"");
        pb_html_escape(out, pb_sweep_text(arm, "run"));
        pb_text_append(out, "/index.html\">");
        pb_html_escape(out, pb_sweep_text(arm, "name"));
        pb_text_append(out, "</a></td><td>");
        add_score(out, json_object_get(arm, "test_accuracy"));
        pb_text_append(out, "</td><td>");
        add_score(out, json_object_get(arm, "val_accuracy"));
        pb_text_append(out, "</td><td>");
        pb_html_escape(out, best.failed ? "" : best.text);
        pb_text_append(out, "</td></tr>\n");
        pb_text_free(&best);
    }
    pb_text_append(out, "</table></div>\n");
}

static void add_comparisons(pb_text *out, const json_t *sweep)
{
    size_t i;
    json_t *comparison;
    json_array_foreach(json_object_get(sweep, "comparisons"), i, comparison)
    {
        pb_text_append(out, "<p>");
        pb_html_escape(out, pb_sweep_text(comparison, "sentence"));
        pb_text_append(out, ".</p>\n");
    }
}

pb_status pb_page_sweep(pb_context *ctx, const json_t *sweep, const char *folder)
{
    pb_text page = {0}, line = {0};
    const size_t arms = json_array_size(pb_sweep_arms(sweep));
    const size_t seeds = json_array_size(json_object_get(sweep, "final_seeds"));
    pb_text_append(
        &line,
        "%zu arm%s, sampler %s, pruner %s; chosen by %s, winners trained with %zu seed%s "
        "and only then tested",
        arms, arms == 1 ? "" : "s", pb_sweep_text(sweep, "sampler"), pb_sweep_text(sweep, "pruner"),
        pb_sweep_text(sweep, "metric"), seeds, seeds == 1 ? "" : "s");
    pb_page_open(&page, pb_sweep_text(sweep, "name"), line.failed ? "" : line.text);
    pb_text_free(&line);
    add_arms(&page, sweep);
    add_comparisons(&page, sweep);
    pb_page_pictures(&page, folder);
    return pb_page_save(ctx, folder, &page);
}
