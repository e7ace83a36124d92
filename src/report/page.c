/* index.html of a run or of a comparison. */
#include "report/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

void pb_html_escape(pb_text *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        switch (*c) {
        case '&': pb_text_append(out, "&amp;"); break;
        case '<': pb_text_append(out, "&lt;"); break;
        case '>': pb_text_append(out, "&gt;"); break;
        case '"': pb_text_append(out, "&quot;"); break;
        case '\'': pb_text_append(out, "&#39;"); break;
        default: pb_text_append(out, "%c", *c);
        }
    }
}

/* ---- parts of a page ---- */

static const char style[] =
    ":root{color-scheme:light "
    "dark;--ink:#1d2329;--soft:#5c6670;--line:#dfe3e8;--paper:#f7f8fa;--card:#fff}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa4ae;--line:#333a42;--paper:#"
    "14181c;"
    "--card:#1c2126}}\n"
    "body{margin:0 auto;padding:2rem 1.5rem "
    "4rem;max-width:76rem;background:var(--paper);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif}\n"
    "h1{margin:0 0 .2rem;font-size:1.9rem}h2{margin:2.4rem 0 .8rem;font-size:1.2rem}p{margin:.3rem "
    "0}\n"
    ".soft,figcaption,th{color:var(--soft)}a{color:inherit}\n"
    ".scroll{overflow-x:auto}table{border-collapse:collapse;background:var(--card)}\n"
    "th,td{padding:.4rem .9rem;border:1px solid var(--line);text-align:right;white-space:nowrap}\n"
    "th{font-weight:500}td:first-child,th:first-child{text-align:left}\n"
    ".figures{display:grid;gap:1.5rem;grid-template-columns:repeat(auto-fit,minmax(min(34rem,100%),"
    "1fr))}\n"
    "figure{margin:0;padding:.8rem;background:var(--card);border:1px solid "
    "var(--line);border-radius:.5rem}\n"
    "figure img{display:block;width:100%;height:auto;background:#fff;border-radius:.3rem}\n"
    "figcaption{padding:.6rem .2rem 0;font-size:.9rem}\n"
    "pre{padding:1rem;overflow-x:auto;background:var(--card);border:1px solid "
    "var(--line);border-radius:.5rem;"
    "font-size:.85rem}\n";

void pb_page_open(pb_text *out, const char *title, const char *line)
{
    pb_text_append(
        out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    pb_html_escape(out, title);
    pb_text_append(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
    pb_html_escape(out, title);
    pb_text_append(out, "</h1>\n<p class=\"soft\">");
    pb_html_escape(out, line);
    pb_text_append(out, "</p>\n");
}

static void close_page(pb_text *out)
{
    pb_text_append(out, "<p class=\"soft\">Drawn by passband. The pictures, the scripts and the "
                        "data they were drawn "
                        "from are in plots/.</p>\n</body>\n</html>\n");
}

typedef struct picture {
    const char *name, *caption;
    bool has_svg;
} picture;

static const picture pictures[] = {
    {"study_accuracy", "Test accuracy against bytes a sample of the file that was trained on.",
     true},
    {"study_time", "Time of a training against bytes a sample.", true},
    {"study_label_bits", "Least information about the label against bytes a sample.", true},
    {"study_information",
     "What each value of a file tells of the label; of channels and blocks the mean.", true},
    {"study_entropy", "Bits after zstd over the entropy of independent values.", true},
    {"study_quality", "Quality of what comes back against bytes a sample.", true},
    {"study_reidentification", "Originals found by their compressed form.", true},
    {"study_data_sets", "Data sets told apart by compressed samples.", true},
    {"sweep_history", "Trials of the search in their order, and the best so far.", true},
    {"sweep_slices", "Trials of the search by what was searched over.", true},
    {"loss",
     "Loss of the training and, where a part is held out, of validation against iterations.", true},
    {"fold_val_accuracy", "Accuracy on the fold that each training left out.", true},
    {"fold_test_accuracy", "Accuracy of each of these trainings on the test split.", true},
    {"test_accuracy", "Accuracy on the test split.", true},
    {"reliability", "How often an ensemble of its networks is right against how sure it is.", true},
    {"class_accuracies", "Test accuracy of each class.", true},
    {"band_weights", "Softmax weight of each frequency band while it is learned.", true},
    {"mask", "The mask on the block of DCT coefficients, lowest frequency at the top left.", true},
    {"weight_bytes",
     "Test accuracy of compressed networks against the bytes of their files, a line a wavelet and "
     "level; the numbers are thresholds.",
     true},
    {"weight_sparsity",
     "Share of the coefficients of weights that the threshold makes 0, by layer and level, after "
     "each epoch; where that comes once at the end, the last epoch has it.",
     true},
    {"weight_histograms",
     "Coefficients of the weights by size, of each layer and level, with the threshold; what lies "
     "within it becomes 0.",
     true},
    {"first_weights",
     "Weights of the units of the first layer with a weight_transform, before the threshold and "
     "after: of images red is positive and blue negative; weights without a second axis are "
     "curves.",
     false},
    {"weights_before_after",
     "Weights of each layer before the threshold and after, outputs down and inputs across: red is "
     "positive, blue negative, on one scale a layer.",
     false},
    {"reconstructions",
     "Originals beside the images that come back from what the network takes; the two sides are "
     "each scaled to their own range of gray.",
     false},
    {"scalograms",
     "What the wavelet of each scale sees at each point of a few test samples, as the network "
     "takes "
     "it.",
     true},
    {"augmented", "Training samples, at the left, and what the first epochs made of them.", false},
    {"saliency",
     "Where each class looks: the mean absolute gradient of its logit with respect to the input, "
     "over its test samples.",
     true},
    {"saliency_spectra",
     "Which frequencies of the input each class looks at: mean normalised Fourier magnitude of "
     "that gradient.",
     true},
    {"salient_samples", "Test samples, coloured by the size of that gradient at each point.", true},
    {"saliency_maps",
     "Where each class looks: the mean absolute gradient of its logit with respect to the input, "
     "in the order of the classes, beside the mean magnitudes of its frequencies, with frequency "
     "0 at the left of the middle row.",
     false},
    {"salient_images", "Test samples beside the size of that gradient at each point.", false},
};

static bool is_drawn(pb_text *path, const char *folder, const char *name, const char *suffix)
{
    path->length = 0;
    pb_text_append(path, "%s/plots/%s.%s", folder, name, suffix);
    return !path->failed && pb_file_exists(path->text);
}

void pb_page_pictures(pb_text *out, const char *folder)
{
    pb_text path = {0};
    pb_text_append(out, "<h2>Pictures</h2>\n<div class=\"figures\">\n");
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
        const picture *p = &pictures[i];
        if (!is_drawn(&path, folder, p->name, "png")) continue;
        pb_text_append(out,
                       "<figure><a href=\"plots/%s.%s\"><img src=\"plots/%s.png\" alt=\"%s\"></a>"
                       "<figcaption>%s</figcaption></figure>\n",
                       p->name, p->has_svg ? "svg" : "png", p->name, p->caption, p->caption);
    }
    pb_text_append(out, "</div>\n");
    if (path.failed) out->failed = 1;
    pb_text_free(&path);
}

/* ---- figures ---- */

static void add_score(pb_text *out, pb_score score)
{
    if (!isfinite(score.mean))
        pb_text_append(out, "&ndash;");
    else if (score.count > 1 && isfinite(score.std))
        pb_text_append(out, "%.2f %% &plusmn; %.2f", 100 * score.mean, 100 * score.std);
    else
        pb_text_append(out, "%.2f %%", 100 * score.mean);
}

static void add_number(pb_text *out, int digits, double number, const char *unit)
{
    if (isfinite(number))
        pb_text_append(out, "%.*f%s", digits, number, unit);
    else
        pb_text_append(out, "&ndash;");
}

/* Bytes of the compressed network, mean over seeds, and how many times fewer these are. */
static void add_bytes(pb_text *out, const pb_record *run)
{
    const double bytes = pb_record_score(run, "weight_bytes").mean,
                 floats = 4 * pb_record_number(run, "parameters");
    add_number(out, 0, bytes, "");
    if (isfinite(floats / bytes)) pb_text_append(out, " (%.1f times fewer)", floats / bytes);
}

static bool is_compressed(const pb_record *run)
{
    return isfinite(pb_record_score(run, "weight_bytes").mean);
}

static const struct {
    const char *key, *heading, *unit;
    int digits;
} numbers[] = {
    {"parameters", "Parameters", "", 0},
    {"seconds_per_epoch", "Seconds per epoch", " s", 3},
    {"steps_per_second", "Steps per second", "", 1},
    {"setup_seconds", "Setup", " s", 2},
};
enum { NUMBERS = sizeof numbers / sizeof *numbers };

static void add_list(pb_text *out, const char *heading, const json_t *list, double factor,
                     int digits, const char *unit)
{
    if (!json_array_size(list)) return;
    pb_text_append(out, "<tr><th>%s</th><td>", heading);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        pb_text_append(out, "%s", i ? ", " : "");
        add_number(out, digits, json_is_number(item) ? factor * json_number_value(item) : NAN,
                   unit);
    }
    pb_text_append(out, "</td></tr>\n");
}

static void add_line(pb_text *out, const char *heading, const char *text)
{
    if (!*text) return;
    pb_text_append(out, "<tr><th>%s</th><td>", heading);
    pb_html_escape(out, text);
    pb_text_append(out, "</td></tr>\n");
}

/* Closes the table of figures. */
static void explain_spread(pb_text *out, const char *repeats)
{
    pb_text_append(out,
                   "</table></div>\n<p class=\"soft\">&plusmn;: standard deviation over %s.</p>\n",
                   repeats);
}

static void add_figures_of_run(pb_text *out, const pb_record *run)
{
    const pb_score test = pb_record_score(run, "test_accuracy"),
                   val = pb_record_score(run, "val_accuracy");
    pb_text_append(
        out, "<h2>Key figures</h2>\n<div class=\"scroll\"><table>\n<tr><th>Test accuracy</th><td>");
    add_score(out, test);
    pb_text_append(out, "</td></tr>\n<tr><th>Validation accuracy</th><td>");
    add_score(out, val);
    pb_text_append(out, "</td></tr>\n");
    add_list(out, "Test accuracy of each seed", test.per_seed, 100, 2, " %");
    add_list(out, pb_record_folds(run) ? "Best epoch of each training" : "Best epoch of each seed",
             json_object_get(run->summary, "best_epoch"), 1, 0, "");
    for (int i = 0; i < NUMBERS; i++) {
        pb_text_append(out, "<tr><th>%s</th><td>", numbers[i].heading);
        add_number(out, numbers[i].digits, pb_record_number(run, numbers[i].key), numbers[i].unit);
        pb_text_append(out, "</td></tr>\n");
    }
    if (is_compressed(run)) {
        pb_text_append(out, "<tr><th>Bytes of the compressed network</th><td>");
        add_bytes(out, run);
        pb_text_append(out, "</td></tr>\n<tr><th>Test accuracy from it</th><td>");
        add_score(out, pb_record_score(run, "compressed_accuracy"));
        pb_text_append(out, "</td></tr>\n");
    }
    add_line(out, "Data set", pb_record_text(run, "data_set"));
    add_line(out, "Device", pb_record_text(run, "device"));
    explain_spread(out, pb_record_repeats(run));
}

static void add_environment(pb_text *out, const json_t *env)
{
    const char *key;
    json_t *value;
    if (!json_object_size(env)) return;
    pb_text_append(out, "<h2>Environment</h2>\n<div class=\"scroll\"><table>\n");
    json_object_foreach((json_t *)env, key, value)
    {
        char *text =
            json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        pb_text_append(out, "<tr><th>");
        pb_html_escape(out, key);
        pb_text_append(out, "</th><td>");
        pb_html_escape(out, text ? text : json_is_string(value) ? json_string_value(value) : "");
        pb_text_append(out, "</td></tr>\n");
        free(text);
    }
    pb_text_append(out, "</table></div>\n");
}

static void add_figures_of_runs(pb_text *out, int count, const pb_record runs[])
{
    pb_text_append(out, "<h2>Key figures</h2>\n<div "
                        "class=\"scroll\"><table>\n<tr><th>Run</th><th>Test accuracy</th>"
                        "<th>Validation accuracy</th>");
    for (int i = 0; i < NUMBERS; i++) pb_text_append(out, "<th>%s</th>", numbers[i].heading);
    bool compressed = false;
    for (int i = 0; i < count; i++) compressed = compressed || is_compressed(&runs[i]);
    if (compressed)
        pb_text_append(out,
                       "<th>Bytes of the compressed network</th><th>Test accuracy from it</th>");
    pb_text_append(out, "<th>Folder</th></tr>\n");
    for (int i = 0; i < count; i++) {
        pb_text_append(out, "<tr><td>");
        pb_html_escape(out, runs[i].name);
        pb_text_append(out, "</td><td>");
        add_score(out, pb_record_score(&runs[i], "test_accuracy"));
        pb_text_append(out, "</td><td>");
        add_score(out, pb_record_score(&runs[i], "val_accuracy"));
        for (int n = 0; n < NUMBERS; n++) {
            pb_text_append(out, "</td><td>");
            add_number(out, numbers[n].digits, pb_record_number(&runs[i], numbers[n].key),
                       numbers[n].unit);
        }
        if (compressed) {
            pb_text_append(out, "</td><td>");
            add_bytes(out, &runs[i]);
            pb_text_append(out, "</td><td>");
            add_score(out, pb_record_score(&runs[i], "compressed_accuracy"));
        }
        pb_text_append(out, "</td><td>");
        pb_html_escape(out, runs[i].folder);
        pb_text_append(out, "</td></tr>\n");
    }
    explain_spread(out, pb_records_repeats(count, runs));
}

/* ---- pages ---- */

pb_status pb_page_save(pb_context *ctx, const char *folder, pb_text *page)
{
    close_page(page);
    char *path = pb_path_join(folder, "index.html");
    const pb_status status = path && !page->failed
                                 ? pb_file_write(ctx, path, page->text, page->length)
                                 : pb_fail(ctx, PB_ERR_MEMORY, "out of memory writing the page");
    free(path);
    pb_text_free(page);
    return status;
}

pb_status pb_page_run(pb_context *ctx, const pb_record *run, const char *folder)
{
    pb_text page = {0}, line = {0};
    const int folds = pb_record_folds(run);
    const int seeds = folds > 0 ? run->seed_count / folds : run->seed_count;
    pb_text_append(&line, "%s%s%d seed%s", pb_record_text(run, "data_set"),
                   *pb_record_text(run, "data_set") ? ", " : "", seeds, seeds == 1 ? "" : "s");
    if (folds > 0) pb_text_append(&line, " on each of %d folds", folds);
    if (!json_object_size(run->summary)) pb_text_append(&line, ", not finished");
    pb_page_open(&page, run->name, line.failed ? "" : line.text);
    pb_text_free(&line);
    add_figures_of_run(&page, run);
    pb_page_ensemble(&page, run);
    pb_page_pictures(&page, folder);
    if (run->config) {
        pb_text_append(&page, "<h2>Configuration</h2>\n<pre>");
        pb_html_escape(&page, run->config);
        pb_text_append(&page, "</pre>\n");
    }
    add_environment(&page, run->env);
    return pb_page_save(ctx, folder, &page);
}

pb_status pb_page_compare(pb_context *ctx, int count, const pb_record runs[], const char *folder)
{
    pb_text page = {0}, line = {0};
    pb_text_append(&line, "%d runs", count);
    for (int i = 0; i < count; i++) pb_text_append(&line, "%s%s", i ? ", " : ": ", runs[i].name);
    pb_page_open(&page, "Comparison", line.failed ? "" : line.text);
    pb_text_free(&line);
    add_figures_of_runs(&page, count, runs);
    pb_page_pictures(&page, folder);
    return pb_page_save(ctx, folder, &page);
}
