/* The part of a run's page that tells of its ensemble: what it came to, and each member. */
#include <math.h>

#include "report/page.h"

static double number_at(const json_t *object, const char *key)
{
    const json_t *number = json_object_get(object, key);
    return json_is_number(number) ? json_number_value(number) : NAN;
}

static void add_cell(pb_text *out, double number, int digits, const char *unit)
{
    if (isfinite(number))
        pb_text_append(out, "<td>%.*f%s</td>", digits, number, unit);
    else
        pb_text_append(out, "<td>&ndash;</td>");
}

static void add_row(pb_text *out, const char *heading, const json_t *scores, bool votes)
{
    pb_text_append(out, "<tr><th>");
    pb_html_escape(out, heading);
    pb_text_append(out, "</th>");
    add_cell(out, 100 * number_at(scores, "accuracy"), 2, " %");
    add_cell(out, number_at(scores, "negative_log_likelihood"), 4, "");
    add_cell(out, 100 * number_at(scores, "calibration_error"), 2, " %");
    if (votes) {
        add_cell(out, 100 * number_at(scores, "error"), 2, " %");
        add_cell(out, number_at(scores, "alpha"), 3, "");
    }
    pb_text_append(out, "</tr>\n");
}

void pb_page_ensemble(pb_text *out, const pb_record *run)
{
    const json_t *ensemble = json_object_get(run->summary, "ensemble"),
                 *members = json_object_get(ensemble, "members"),
                 *bag = json_object_get(ensemble, "out_of_bag");
    const char *kind = json_string_value(json_object_get(ensemble, "kind"));
    if (!json_is_object(ensemble) || !kind) return;
    const bool votes = json_object_get(json_array_get(members, 0), "alpha") != NULL;
    pb_text_append(out, "<h2>Ensemble</h2>\n<div class=\"scroll\"><table>\n<tr><th>");
    pb_html_escape(out, kind);
    pb_text_append(out,
                   ", %zu members</th><th>Accuracy</th><th>Negative log-likelihood</th>"
                   "<th>Calibration error</th>%s</tr>\n",
                   json_array_size(members), votes ? "<th>Weighted error</th><th>Vote</th>" : "");
    add_row(out, "The ensemble", ensemble, votes);
    if (json_is_object(bag)) add_row(out, "Out of bag, on training samples", bag, votes);
    add_row(out, "Mean of its members", json_object_get(ensemble, "mean_of_members"), votes);
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *member = json_array_get(members, i),
                     *snapshot = json_object_get(member, "snapshot");
        char name[80];
        const int length = snprintf(name, sizeof name, "Seed %lld",
                                    (long long)json_integer_value(json_object_get(member, "seed")));
        if (snapshot)
            snprintf(name + length, sizeof name - (size_t)length, ", snapshot %lld",
                     (long long)json_integer_value(snapshot));
        add_row(out, name, member, votes);
    }
    pb_text_append(out, "</table></div>\n");
}
