#include "train/pretrained.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/options.h"
#include "train/run_folder.h"
#include "train/saved_network.h"

enum { LONGEST_NAME = 256, MOST_SUGGESTED = 256 };

/* The map of names at work. `uses[i]`: how many tensors entry i gave; `taken[i]`: whether tensor i
 * of the file is used. */
typedef struct transfer {
    pb_session *s;
    const char *path; /* of the file */
    pb_tensors file;
    const char *const *from, *const *to; /* [entries] */
    int entries;
    const char *const *fresh; /* [fresh_count] */
    int fresh_count;
    int *uses, *fresh_uses;
    bool *taken;
    pb_text anew; /* "linear_3.weight, linear_3.bias": what keeps its random start */
} transfer;

/* A number of the network that a file can give, under one of at most two names. */
typedef struct target {
    pb_value leaf, start; /* start: weights that coefficients are made of, else PB_NONE */
} target;

static pb_status fail(transfer *t, const char *key, const char *format, ...) PB_PRINTF(3, 4);
static pb_status fail(transfer *t, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    pb_fail_va(t->s->ctx, PB_ERR_CONFIG, format, args);
    va_end(args);
    pb_fail_prefix(t->s->ctx, PB_ERR_CONFIG, "%s", t->path);
    return pb_fail_prefix(t->s->ctx, PB_ERR_CONFIG, "%s",
                          pb_option_where(t->s->config->transfer, key));
}

static pb_status no_memory(pb_context *ctx)
{
    return pb_fail(ctx, PB_ERR_MEMORY, "no memory for the numbers to start from");
}

/* ---- the file ---- */

/* The network of a run's first seed. */
static pb_status load_run(pb_context *ctx, const char *run, char **path, pb_tensors *file)
{
    pb_run_folder folder;
    pb_config *config = NULL;
    int64_t seed = 0;
    PB_TRY(pb_run_folder_open(ctx, run, false, &folder));
    pb_status status = pb_run_folder_config_of_one(ctx, &folder, &config);
    if (status == PB_OK) status = pb_run_folder_seed(ctx, config, &folder, -1, &seed);
    if (status == PB_OK) status = pb_saved_network(ctx, &folder, seed, path, file);
    pb_config_free(&config);
    pb_run_folder_close(&folder);
    return status;
}

static bool is_run(const char *path)
{
    char *config = pb_path_join(path, "config.yaml");
    const bool found = config && pb_file_exists(config);
    free(config);
    return found;
}

static pb_status load_file(pb_session *s, char **path, pb_tensors *file)
{
    const char *from = pb_option_string(s->config->transfer, "from");
    const char *where = pb_option_where(s->config->transfer, "from");
    if (!pb_file_exists(from))
        return pb_fail(s->ctx, PB_ERR_CONFIG,
                       "%s: '%.200s' is neither a safetensors file nor the folder of a run", where,
                       from);
    const bool of_run = is_run(from);
    *path = of_run ? NULL : strdup(from);
    if (!of_run && !*path) return no_memory(s->ctx);
    const pb_status status = of_run ? load_run(s->ctx, from, path, file)
                                    : pb_safetensors_load_floats(s->ctx, from, file);
    if (status == PB_OK) return PB_OK;
    return pb_fail_prefix(s->ctx, status == PB_ERR_IO ? PB_ERR_DATA : status, "%s", where);
}

/* ---- names ---- */

/* "conv.*" with `star` in the star's place; false where that is too long for a name. */
static bool fill_in(const char *pattern, const char *star, size_t length, char name[LONGEST_NAME])
{
    const char *at = strchr(pattern, '*');
    return snprintf(name, LONGEST_NAME, "%.*s%.*s%s", (int)(at - pattern), pattern, (int)length,
                    star, at + 1) < LONGEST_NAME;
}

/* Whether `name` fits a pattern with one star, and what stands for it there. */
static bool fits(const char *pattern, const char *name, const char **star, size_t *length)
{
    const char *at = strchr(pattern, '*');
    const size_t before = (size_t)(at - pattern), after = strlen(at + 1), all = strlen(name);
    if (all < before + after || strncmp(pattern, name, before) != 0 ||
        strcmp(at + 1, name + all - after) != 0)
        return false;
    *star = name + before;
    *length = all - before - after;
    return true;
}

static int stars(const char *text)
{
    int count = 0;
    for (; *text; text++) count += *text == '*';
    return count;
}

static bool has_star(const char *text)
{
    return stars(text) > 0;
}

static pb_status check_map(transfer *t)
{
    for (int i = 0; i < t->entries; i++) {
        const char *from = t->from[i], *to = t->to[i];
        if (stars(from) != stars(to) || stars(from) > 1)
            return fail(t, "map", "%.100s: %.100s: both names have one * or none", from, to);
        for (int k = 0; k < i; k++)
            if (!has_star(to) && strcmp(t->to[k], to) == 0)
                return fail(t, "map", "%.100s is given by both %.100s and %.100s", to, t->from[k],
                            from);
    }
    return PB_OK;
}

/* " (did you mean fc1.weight?)", or "". */
static const char *guess(const char *word, const char *const names[], int count, char text[200])
{
    const char *near = pb_nearest(word, names, count);
    text[0] = '\0';
    if (near) snprintf(text, 200, " (did you mean %.160s?)", near);
    return text;
}

static const char *guess_tensor(const transfer *t, const char *word, char text[200])
{
    const char *names[MOST_SUGGESTED];
    int count = 0;
    for (; count < t->file.count && count < MOST_SUGGESTED; count++)
        names[count] = t->file.tensor[count].name;
    return guess(word, names, count, text);
}

/* The tensor that the map gives for `name`, or NULL; `*source` becomes the name that was looked
 * for, NULL where the map has none, and `*entry` what gave it, -1: its own name. */
static const pb_tensor *look_up(transfer *t, const char *name, char source[LONGEST_NAME],
                                int *entry)
{
    const char *star;
    size_t length;
    bool is_given = false; /* its own name stands for something else */
    source[0] = '\0';
    for (*entry = 0; *entry < t->entries; ++*entry) {
        if (strcmp(t->from[*entry], name) == 0) is_given = true;
        if (has_star(t->to[*entry]) || strcmp(t->to[*entry], name) != 0) continue;
        snprintf(source, LONGEST_NAME, "%s", t->from[*entry]);
        return pb_tensors_find(&t->file, source);
    }
    for (*entry = 0; *entry < t->entries; ++*entry) {
        char filled[LONGEST_NAME];
        if (!has_star(t->to[*entry]) || !fits(t->to[*entry], name, &star, &length) ||
            !fill_in(t->from[*entry], star, length, filled))
            continue;
        if (!source[0]) snprintf(source, LONGEST_NAME, "%s", filled);
        const pb_tensor *found = pb_tensors_find(&t->file, filled);
        if (!found) continue;
        snprintf(source, LONGEST_NAME, "%s", filled);
        return found;
    }
    *entry = -1;
    if (is_given) return NULL;
    const pb_tensor *found = pb_tensors_find(&t->file, name);
    if (found || !source[0]) snprintf(source, LONGEST_NAME, "%s", name);
    return found;
}

/* ---- shapes ---- */

/* "[64, 3, 5]" */
static const char *shape_words(int axes, const size_t dim[], char text[200])
{
    size_t length = (size_t)snprintf(text, 200, "[");
    for (int a = 0; a < axes; a++)
        length += (size_t)snprintf(text + length, 200 - length, "%s%zu", a ? ", " : "", dim[a]);
    snprintf(text + length, 200 - length, "]");
    return text;
}

/* Weights of a linear layer over planes lie row by row, as if they were flattened. */
static bool has_shape(const pb_tensor *t, pb_shape shape, bool flattens)
{
    bool same = t->axes == shape.axes;
    for (int a = 0; same && a < shape.axes; a++) same = t->dim[a] == (size_t)shape.dim[a];
    return same ||
           (flattens && t->axes == 2 && shape.axes > 2 && t->dim[0] == (size_t)shape.dim[0] &&
            t->bytes == (size_t)pb_shape_count(shape) * sizeof(float));
}

static pb_status check_numbers(transfer *t, const pb_tensor *tensor, const char *name)
{
    const float *numbers = tensor->data;
    for (size_t i = 0; i < tensor->bytes / sizeof *numbers; i++)
        if (!isfinite(numbers[i]))
            return fail(t, "from", "tensor %s, for %s, has a number that is not finite",
                        tensor->name, name);
    return PB_OK;
}

static pb_status take(transfer *t, const pb_tensor *tensor, pb_value leaf, bool flattens)
{
    const pb_graph *g = t->s->graph.g;
    const char *name = pb_value_name(g, leaf);
    const pb_shape shape = pb_value_shape(g, leaf);
    size_t dim[PB_MAX_AXES];
    for (int a = 0; a < shape.axes; a++) dim[a] = (size_t)shape.dim[a];
    if (!has_shape(tensor, shape, flattens)) {
        char found[200], wanted[200];
        return fail(t, "from", "tensor %s is %s, but %s must be %s", tensor->name,
                    shape_words(tensor->axes, tensor->dim, found), name,
                    shape_words(shape.axes, dim, wanted));
    }
    PB_TRY(check_numbers(t, tensor, name));
    t->taken[tensor - t->file.tensor] = true;
    return pb_tensors_add(t->s->ctx, &t->s->start, name, PB_F32, shape.axes, dim, tensor->data);
}

/* ---- one number of the network after the other ---- */

static bool fits_fresh(transfer *t, const char *name)
{
    bool found = false;
    for (int i = 0; i < t->fresh_count; i++)
        if (fnmatch(t->fresh[i], name, 0) == 0) t->fresh_uses[i]++, found = true;
    return found;
}

/* Thresholds and steps of quantisers, which the trainer computes before each epoch. */
static bool is_settings(const pb_run_graph *r, pb_value leaf)
{
    for (int i = 0; i < r->layer_count; i++)
        if (r->layers[i].settings == leaf) return true;
    return false;
}

static pb_value start_of(const pb_run_graph *r, pb_value leaf)
{
    for (int i = 0; i < r->layer_count; i++)
        if (r->layers[i].coefficients == leaf) return r->layers[i].start;
    return PB_NONE;
}

/* A name with a star may give more than is wanted. */
static pb_status start_anew(transfer *t, const char *names[2])
{
    const char *star;
    size_t length;
    for (int i = 0; i < 2 && names[i]; i++)
        for (int k = 0; k < t->entries; k++)
            if (has_star(t->to[k]))
                t->uses[k] += fits(t->to[k], names[i], &star, &length);
            else if (strcmp(t->to[k], names[i]) == 0)
                return fail(t, "fresh", "%s is to start anew, but transfer.map gives it %.100s",
                            names[i], t->from[k]);
    pb_text_append(&t->anew, "%s%s", t->anew.text ? ", " : "", names[0]);
    return PB_OK;
}

static pb_status missing(transfer *t, const char *name, const char *source)
{
    char guessed[200];
    return fail(t, "from",
                "has no tensor %s%s%s to start from%s; transfer.map can name another, "
                "transfer.fresh leave it at its random start",
                source[0] ? source : name, source[0] && strcmp(source, name) != 0 ? " for " : "",
                source[0] && strcmp(source, name) != 0 ? name : "",
                guess_tensor(t, source[0] ? source : name, guessed));
}

static pb_status find(transfer *t, pb_value leaf)
{
    const pb_run_graph *r = &t->s->graph;
    if (is_settings(r, leaf)) return PB_OK;
    const pb_value leaves[2] = {leaf, start_of(r, leaf)};
    const char *names[2] = {pb_value_name(r->g, leaf)};
    if (leaves[1] != PB_NONE) names[1] = pb_value_name(r->g, leaves[1]);
    const bool first = fits_fresh(t, names[0]);
    if ((names[1] && fits_fresh(t, names[1])) || first) return start_anew(t, names);
    char source[LONGEST_NAME];
    for (int i = 0; i < 2 && names[i]; i++) {
        int entry;
        const pb_tensor *found = look_up(t, names[i], source, &entry);
        if (entry >= 0) t->uses[entry]++;
        if (found) return take(t, found, leaves[i], leaves[i] != leaf);
        if (entry >= 0) return missing(t, names[i], source);
    }
    return missing(t, names[names[1] ? 1 : 0], source);
}

/* ---- what was named and is not there ---- */

/* Whether the file has a tensor that entry i of the map begins from. */
static bool begins_somewhere(const transfer *t, int i)
{
    const char *star;
    size_t length;
    for (int k = 0; k < t->file.count; k++) {
        const char *name = t->file.tensor[k].name;
        if (has_star(t->from[i]) ? fits(t->from[i], name, &star, &length)
                                 : strcmp(t->from[i], name) == 0)
            return true;
    }
    return false;
}

static pb_status check_uses(transfer *t)
{
    const pb_run_graph *r = &t->s->graph;
    const char *names[MOST_SUGGESTED];
    char guessed[200];
    int count = 0;
    for (int i = 0; i < r->network_count && count < MOST_SUGGESTED; i++)
        names[count++] = pb_value_name(r->g, r->lasting[i]);
    for (int i = 0; i < t->entries; i++) {
        if (!begins_somewhere(t, i))
            return fail(t, "map", "%.100s fits no tensor of the file%s", t->from[i],
                        guess_tensor(t, t->from[i], guessed));
        if (t->uses[i] > 0) continue;
        if (has_star(t->to[i]))
            return fail(t, "map", "%.100s: %.100s fits no tensor that the network needs",
                        t->from[i], t->to[i]);
        return fail(t, "map", "%.100s: the network has no %.100s%s", t->from[i], t->to[i],
                    guess(t->to[i], names, count, guessed));
    }
    for (int i = 0; i < t->fresh_count; i++)
        if (t->fresh_uses[i] == 0)
            return fail(t, "fresh", "\"%.100s\" fits nothing of the network%s", t->fresh[i],
                        guess(t->fresh[i], names, count, guessed));
    return PB_OK;
}

/* Says what was done, since a name may fit by accident. */
static void report(transfer *t)
{
    pb_text unused = {0};
    for (int i = 0; i < t->file.count; i++)
        if (!t->taken[i])
            pb_text_append(&unused, "%s%s", unused.text ? ", " : "", t->file.tensor[i].name);
    pb_log(t->s->ctx, PB_LOG_INFO, "%s: starts from %d tensors of %s%s%s%s%s",
           pb_config_name(t->s->config), t->s->start.count, t->path, t->anew.text ? "; anew: " : "",
           t->anew.text ? t->anew.text : "", unused.text ? "; not used: " : "",
           unused.text ? unused.text : "");
    pb_text_free(&unused);
}

static pb_status fit(transfer *t)
{
    const pb_run_graph *r = &t->s->graph;
    t->uses = calloc((size_t)t->entries + 1, sizeof *t->uses);
    t->fresh_uses = calloc((size_t)t->fresh_count + 1, sizeof *t->fresh_uses);
    t->taken = calloc((size_t)t->file.count + 1, sizeof *t->taken);
    if (!t->uses || !t->fresh_uses || !t->taken) return no_memory(t->s->ctx);
    PB_TRY(check_map(t));
    for (int i = 0; i < r->network_count; i++) PB_TRY(find(t, r->lasting[i]));
    PB_TRY(check_uses(t));
    report(t);
    return PB_OK;
}

pb_status pb_pretrained_read(pb_session *s)
{
    const pb_options *o = s->config->transfer;
    if (!o || s->graph.unlearned || s->start.count > 0) return PB_OK;
    char *path = NULL;
    transfer t = {.s = s};
    t.entries = pb_option_names(o, "map", &t.from, &t.to);
    t.fresh = pb_option_texts(o, "fresh", &t.fresh_count);
    pb_status status = load_file(s, &path, &t.file);
    t.path = path;
    if (status == PB_OK) status = fit(&t);
    if (status != PB_OK) pb_tensors_clear(&s->start);
    pb_tensors_clear(&t.file);
    pb_text_free(&t.anew);
    free(t.uses);
    free(t.fresh_uses);
    free(t.taken);
    free(path);
    return status;
}

/* ---- in the folder of a run ---- */

static const char file_name[] = "start.safetensors";

pb_status pb_pretrained_save(pb_session *s, const char *folder)
{
    if (!s->config->transfer) return PB_OK;
    char *path = pb_path_join(folder, file_name);
    const pb_status status =
        path ? pb_safetensors_save(s->ctx, path, &s->start) : no_memory(s->ctx);
    free(path);
    return status;
}

/* A file of the run's own, which nothing but damage changes. */
static pb_status check_start(pb_session *s, const char *path)
{
    const pb_run_graph *r = &s->graph;
    for (int i = 0; i < s->start.count; i++) {
        const pb_tensor *t = &s->start.tensor[i];
        bool known = false;
        for (int k = 0; !known && k < r->network_count; k++) {
            const pb_value leaves[2] = {r->lasting[k], start_of(r, r->lasting[k])};
            for (int n = 0; n < 2 && leaves[n] != PB_NONE; n++)
                known = known || (strcmp(pb_value_name(r->g, leaves[n]), t->name) == 0 &&
                                  t->dtype == PB_F32 &&
                                  has_shape(t, pb_value_shape(r->g, leaves[n]), false));
        }
        if (!known)
            return pb_fail(s->ctx, PB_ERR_IO, "%s: %s is nothing that this network can start from",
                           path, t->name);
    }
    return PB_OK;
}

pb_status pb_pretrained_load(pb_session *s, const char *folder)
{
    if (!s->config->transfer) return PB_OK;
    char *path = pb_path_join(folder, file_name);
    pb_status status = path ? PB_OK : no_memory(s->ctx);
    if (path && pb_file_exists(path)) {
        status = pb_safetensors_load(s->ctx, path, &s->start);
        if (status == PB_OK) status = check_start(s, path);
    } else if (path) {
        status = pb_pretrained_read(s);
    }
    free(path);
    return status;
}
