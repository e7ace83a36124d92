/* Which share of the coefficients of each layer and level is 0 after each epoch: a panel a layer, a
 * line a level. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/panels.h"
#include "report/pictures.h"

enum { MOST_LEVEL = 64 }; /* above every level: the approximation */

/* "linear_1.level_2" without what follows the last '.'. */
static size_t layer_length(const char *key)
{
    const char *dot = strrchr(key, '.');
    return dot ? (size_t)(dot - key) : strlen(key);
}

static bool same_layer(const char *key, const char *other)
{
    return layer_length(key) == layer_length(other) && strncmp(key, other, layer_length(key)) == 0;
}

/* The first line that has any; NULL: none has. */
static json_t *first_sparsity(const pb_record *run)
{
    for (int i = 0; i < run->epoch_count; i++) {
        json_t *sparsity = json_object_get(run->epochs[i].json, "sparsity");
        if (json_object_size(sparsity) > 0) return sparsity;
    }
    return NULL;
}

static int last_epoch(const pb_record *run)
{
    int last = 0;
    for (int i = 0; i < run->epoch_count; i++)
        if (run->epochs[i].epoch > last) last = run->epochs[i].epoch;
    return last;
}

/* "epoch mean low high" in percent: of the seeds, mean -+ one standard error. Whether any epoch has
 * more than one. */
static bool add_block(pb_plot *plot, const pb_record *run, const char *key, double of_seeds[])
{
    bool has_band = false;
    for (int epoch = 1; epoch <= last_epoch(run); epoch++) {
        double mean, error;
        size_t count = 0;
        for (int i = 0; i < run->epoch_count; i++) {
            const json_t *share =
                json_object_get(json_object_get(run->epochs[i].json, "sparsity"), key);
            if (run->epochs[i].epoch == epoch && json_is_number(share))
                of_seeds[count++] = 100 * json_number_value(share);
        }
        if (pb_mean_and_error(of_seeds, count, &mean, &error) == 0) continue;
        has_band = has_band || count > 1;
        pb_text_append(&plot->data, "%d %.9g %.9g %.9g\n", epoch, mean, mean - error, mean + error);
    }
    pb_plot_end_block(plot);
    return has_band;
}

/* Where a line stands: the approximation, then levels down to the finest. */
static int level_of(const char *key)
{
    int level;
    return sscanf(key + layer_length(key), ".level_%d", &level) == 1 ? level : MOST_LEVEL;
}

static void put_line(pb_plot *plot, const char *key, int block, const char *colour, bool has_band,
                     bool alone, const char **comma)
{
    char words[64];
    if (alone)
        snprintf(words, sizeof words, "all");
    else if (level_of(key) < MOST_LEVEL)
        snprintf(words, sizeof words, "level %d%s", level_of(key),
                 level_of(key) == 1 ? " (finest)" : "");
    else
        snprintf(words, sizeof words, "%.40s", key + layer_length(key) + 1);
    pb_text *s = &plot->script;
    if (has_band)
        pb_text_append(s,
                       "%s'%s.dat' index %d using 1:3:4 with filledcurves fillcolor rgb '%s' "
                       "fillstyle transparent solid 0.25 noborder",
                       *comma, plot->name, block, colour);
    pb_text_append(s,
                   "%s'%s.dat' index %d using 1:2 with linespoints pointtype 7 pointsize 0.5 "
                   "linewidth 2 linecolor rgb '%s' title ",
                   has_band ? ", \\\n     " : *comma, plot->name, block, colour);
    pb_plot_quote(s, words);
    *comma = ", \\\n     ";
}

/* Lines of the layer that `first` is a key of, the finest level the lightest. */
static void plot_layer(pb_plot *plot, const pb_record *run, json_t *sparsity, const char *first,
                       double of_seeds[])
{
    const char *key, *comma = "plot ";
    json_t *share;
    int lines = 0, line = 0;
    json_object_foreach(sparsity, key, share) lines += same_layer(key, first);
    for (int level = MOST_LEVEL; level >= 0; level--) json_object_foreach(sparsity, key, share)
        {
            char colour[8];
            if (!same_layer(key, first) || level_of(key) != level) continue;
            pb_plot_band_colour(line++, lines, colour);
            const int block = plot->blocks;
            const bool band = add_block(plot, run, key, of_seeds);
            put_line(plot, key, block, colour, band, lines == 1, &comma);
        }
    pb_text_append(&plot->script, "\n");
}

static const char *key_of_next_layer(json_t *sparsity, const char *after)
{
    const char *key;
    json_t *share;
    bool passed = !after;
    json_object_foreach(sparsity, key, share)
    {
        if (passed && (!after || !same_layer(key, after))) return key;
        passed = passed || strcmp(key, after) == 0;
    }
    return NULL;
}

static pb_status draw(pb_context *ctx, const pb_record *run, json_t *sparsity, const char *folder,
                      double of_seeds[])
{
    int layers = 0;
    for (const char *k = NULL; (k = key_of_next_layer(sparsity, k));) layers++;
    const pb_panels panels = pb_panels_arrange(layers, 760, 420);
    const bool spread = run->seed_count > 1;
    const int last = last_epoch(run);
    pb_plot plot;
    pb_panels_begin(&plot, &panels, "weight_sparsity");
    pb_plot_title(&plot, "Sparsity of the weights of %s", run->name);
    pb_plot_subtitle(
        &plot, "%s; coefficients of each layer and level that the threshold makes 0%s%s%s",
        pb_record_data_set(run), spread ? "; line: mean over " : "",
        spread ? pb_record_repeats(run) : "", spread ? ", band: one standard error" : "");
    pb_text_append(&plot.script,
                   "set xrange [%g:%g]\nset yrange [0:100]\n"
                   "set xlabel 'epoch'\nset ylabel 'coefficients that are 0 (%%)'\n"
                   "set xtics 1 format '%%.0f'\nif (%d > 12) set xtics autofreq\n",
                   last > 1 ? 1 - 0.02 * last : 0.5, last > 1 ? 1.02 * last : 1.5, last);
    const char *key = NULL;
    for (int i = 0; i < layers; i++) {
        const pb_room room = {.left = 100, .right = 215, .top = 12, .bottom = 76};
        char name[64];
        key = key_of_next_layer(sparsity, key);
        snprintf(name, sizeof name, "%.*s", (int)layer_length(key), key);
        pb_panels_next(&plot, &panels, i, room, name);
        pb_text_append(&plot.script, "set key at ");
        pb_panels_place(&plot, &panels, i, panels.width - room.right + 14,
                        room.top + (layers > 1 ? 30 : 0));
        pb_text_append(&plot.script, " left top vertical Left reverse samplen 1.6 spacing 1.3\n");
        plot_layer(&plot, run, sparsity, key, of_seeds);
    }
    return pb_plot_draw(ctx, &plot, folder);
}

pb_status pb_draw_weight_sparsity(pb_context *ctx, int count, const pb_record runs[],
                                  const char *folder)
{
    json_t *sparsity = count == 1 ? first_sparsity(&runs[0]) : NULL;
    if (!sparsity) return pb_plot_discard(folder, "weight_sparsity");
    double *of_seeds = malloc(((size_t)runs[0].epoch_count + 1) * sizeof *of_seeds);
    if (!of_seeds) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory drawing the sparsity");
    const pb_status status = draw(ctx, &runs[0], sparsity, folder, of_seeds);
    free(of_seeds);
    return status;
}
