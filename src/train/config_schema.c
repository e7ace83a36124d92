/* The keys of a configuration outside its stages: one table a section. */
#include <stdio.h>
#include <string.h>

#include "data/mnist1d.h"
#include "train/config_internal.h"

// clang-format off
const pb_option pb_config_top[] = {
    {.name = "name", .type = PB_OPTION_STRING, .fallback = "",
     .help = "what the run and its folder are called; the file's name where it is not given"},
    {.name = "plan", .type = PB_OPTION_CHOICE, .fallback = "estimate",
     .choices = "estimate|measure|exhaustive",
     .help = "how kernels are chosen: by rule; by measuring what is not known yet; by trying all"},
    {.name = "plan_seconds", .type = PB_OPTION_FLOAT, .fallback = "10", .min = 0, .max = 86400,
     .help = "time that plan=measure may take; what it does not reach is chosen by rule"},
    {.name = "save_dir", .type = PB_OPTION_STRING, .fallback = "",
     .help = "where runs go, a folder for each wavelet, level, threshold and batch size; \"\": under runs/"},
    {0},
};

const pb_option pb_config_device[] = {
    {.name = "name", .type = PB_OPTION_STRING, .fallback = "",
     .help = "part of the name of an OpenCL device, or its number; \"\": the best one"},
    {.name = "memory_limit", .type = PB_OPTION_BYTES, .fallback = "0", .min = 0, .max = 9e18,
     .help = "use no more of its memory (64M, 1.5G); data that does not fit is streamed; 0: all it has"},
    {0},
};

const pb_option pb_config_data[] = {
    {.name = "name", .type = PB_OPTION_STRING, .fallback = "fashion-mnist",
     .help = "data set: `passband data list` names them; or png, idx, npy, compressed with a path"},
    {.name = "path", .type = PB_OPTION_STRING, .fallback = "",
     .help = "folder of a data set of your own, or a file.pbz, which is compressed whatever the name"},
    {.name = "validation", .type = PB_OPTION_FLOAT, .fallback = "0.2", .min = 0, .max = 0.9,
     .help = "share of the training samples held out to choose the best epoch; 0: none"},
    {.name = "test_fraction", .type = PB_OPTION_FLOAT, .fallback = "0.2", .min = 0.001, .max = 0.9,
     .help = "share held out for testing where the data set has no test part of its own"},
    {.name = "split_seed", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 4294967295.0,
     .help = "seed of these splits"},
    {.name = "limit", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 1 << 30,
     .help = "use only so many training samples; 0: all"},
    {.name = "skip_damaged", .type = PB_OPTION_BOOL, .fallback = "false",
     .help = "leave damaged chunks of a compressed data set out, with a warning"},
    {0},
};

const pb_option pb_config_transfer[] = {
    {.name = "from", .type = PB_OPTION_STRING,
     .help = "safetensors file, also of PyTorch, or folder of a run: what the network starts from"},
    {.name = "map", .type = PB_OPTION_NAMES, .fallback = "{}",
     .help = "names of the file and of the network, {\"fc1.*\": \"linear_1.*\"}; others stand for themselves"},
    {.name = "fresh", .type = PB_OPTION_TEXTS, .fallback = "[]",
     .help = "glob patterns of parameters that keep their random start, such as those of a new head"},
    {0},
};

const pb_option pb_config_ensemble[] = {
    {.name = "kind", .type = PB_OPTION_CHOICE, .choices = "bagging|snapshots|samme",
     .help = "members trained on bootstrap samples; one training's networks at the end of each cosine; boosting"},
    {.name = "members", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 1000,
     .help = "of bagging and samme, which number as many seeds on from the first; 0: one for each seed; of snapshots, by each seed"},
    {0},
};

const pb_option pb_config_train[] = {
    {.name = "epochs", .type = PB_OPTION_INT, .fallback = "30", .min = 1, .max = 1000000,
     .help = "passes through the training samples"},
    {.name = "batch_size", .type = PB_OPTION_INT, .fallback = "128", .min = 1, .max = 65536,
     .help = "samples of one training step"},
    {.name = "eval_batch_size", .type = PB_OPTION_INT, .fallback = "1000", .min = 1, .max = 65536,
     .help = "samples of one step of validation and test"},
    {.name = "seeds", .type = PB_OPTION_INTS, .fallback = "[0]", .min = 0, .max = 4294967295.0,
     .help = "one training each; they differ in initial weights and order of samples"},
    {.name = "folds", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 1000,
     .help = "cross-validation: train on all folds but one, in turn, and validate on that; 0: none"},
    {.name = "fold_kind", .type = PB_OPTION_CHOICE, .fallback = "stratified",
     .choices = "stratified|plain",
     .help = "folds with equal shares of every class, or any samples"},
    {.name = "fold_repeats", .type = PB_OPTION_INT, .fallback = "1", .min = 1, .max = 100,
     .help = "do so again with other folds; they are counted on"},
    {.name = "fold", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 100000,
     .help = "only this fold, counted from 1; 0: all of them"},
    {.name = "monitor", .type = PB_OPTION_CHOICE, .fallback = "accuracy", .choices = "accuracy|loss",
     .help = "what of the validation part tells how good an epoch is"},
    {.name = "patience", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 1000000,
     .help = "epochs without a better one, by monitor, before a seed stops; 0: never"},
    {.name = "min_delta", .type = PB_OPTION_FLOAT, .fallback = "0.0", .min = 0, .max = 1,
     .help = "gain in what is monitored that counts as better"},
    {.name = "keep", .type = PB_OPTION_CHOICE, .fallback = "best", .choices = "best|last",
     .help = "which epoch's network is tested: the best by monitor, or the last"},
    {.name = "log_every", .type = PB_OPTION_INT, .fallback = "0", .min = 0, .max = 1000000,
     .help = "steps between recorded points of the curves; 0: chosen from the length of the run"},
    {0},
};
// clang-format on

void pb_config_print_schema(FILE *out)
{
    pb_options_print_table(pb_config_top, 0, out);
    fprintf(out, "device:  (or only its name)\n");
    pb_options_print_table(pb_config_device, 2, out);
    fprintf(out, "data:\n");
    pb_options_print_table(pb_config_data, 2, out);
    fprintf(out, "  for mnist1d only:\n");
    pb_options_print_table(pb_mnist1d_table, 2, out);
    fprintf(out, PB_CONFIG_WEIGHTS
            ":  of every linear and conv layer, or within a layer's own options\n");
    pb_options_print_table(pb_weight_options, 2, out);
    fprintf(out, "transfer:  start from the parameters of a file\n");
    pb_options_print_table(pb_config_transfer, 2, out);
    fprintf(out, "ensemble:  train several networks and judge them together\n");
    pb_options_print_table(pb_config_ensemble, 2, out);
    fprintf(out, "train:\n");
    pb_options_print_table(pb_config_train, 2, out);
    fprintf(out, "stages:\n"
                 "  a list; each entry is a stage's name, or a name with a map of its options;\n"
                 "  `passband stages` names them, `passband stages NAME` their options\n");
}

/* ---- did you mean ---- */

/* The nearest name of a table, or NULL. */
static const char *nearest_in(const pb_option table[], const char *key)
{
    const char *names[64];
    int count = 0;
    for (; table != NULL && table[count].name != NULL && count < 64; count++)
        names[count] = table[count].name;
    return pb_nearest(key, names, count);
}

/* Every section as overrides write it: "" for the top level, "train", "stages.sgd". */
enum { OWN_SECTIONS = 8 };
static const pb_option *section_at(int index, char name[64])
{
    static const char *const own[OWN_SECTIONS] = {
        "", "device", "data", "data", PB_CONFIG_WEIGHTS, "transfer", "ensemble", "train"};
    static const pb_option *const tables[OWN_SECTIONS] = {
        pb_config_top,     pb_config_device,   pb_config_data,     pb_mnist1d_table,
        pb_weight_options, pb_config_transfer, pb_config_ensemble, pb_config_train};
    if (index < OWN_SECTIONS) {
        snprintf(name, 64, "%s", own[index]);
        return tables[index];
    }
    int count;
    const pb_stage *stage = pb_stages(&count)[index - OWN_SECTIONS];
    snprintf(name, 64, "stages.%s", stage->name);
    return stage->options;
}

/* Writes the nearest key of the schema in full ("train.epochs"). The section's own keys come first,
 * then exact names of other sections, then similar ones. */
static bool suggest(const char *section, const char *key, char *full, size_t size)
{
    int stage_count;
    pb_stages(&stage_count);
    char name[64];
    for (int pass = 0; pass < 3; pass++) {
        for (int i = 0; i < OWN_SECTIONS + stage_count; i++) {
            const pb_option *table = section_at(i, name);
            const char *near = nearest_in(table, key);
            if (near == NULL) continue;
            if (pass == 0 && strcmp(name, section) != 0) continue;
            if (pass == 1 && strcmp(near, key) != 0) continue;
            snprintf(full, size, "%s%s%s", name, name[0] != '\0' ? "." : "", near);
            return true;
        }
    }
    return false;
}

/* "epochs, batch_size, ...": what a section allows. */
static void allowed(const char *section, char *text, size_t size)
{
    size_t length = 0;
    char name[64];
    for (int i = 0; i < OWN_SECTIONS; i++) {
        const pb_option *table = section_at(i, name);
        if (strcmp(name, section) != 0) continue;
        for (; table->name != NULL && length < size; table++) {
            length += (size_t)snprintf(text + length, size - length, "%s%s", length > 0 ? ", " : "",
                                       table->name);
        }
    }
    if (section[0] == '\0' && length < size)
        snprintf(text + length, size - length,
                 ", device, data, " PB_CONFIG_WEIGHTS ", transfer, ensemble, train, stages");
}

pb_status pb_config_fail_unknown(pb_context *ctx, const char *section, const char *key,
                                 const char *where)
{
    char words[300];
    const char *near =
        section[0] == '\0' ? pb_nearest(key, pb_config_sections, PB_CONFIG_SECTIONS) : NULL;
    if (near != NULL) snprintf(words, sizeof words, "%s", near);
    if (pb_stage_find(key) != NULL) {
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: unknown key; a stage belongs into the list `stages`", where);
    }
    if (near != NULL || suggest(section, key, words, sizeof words)) {
        return pb_fail(ctx, PB_ERR_CONFIG, "%s: unknown key (did you mean %s?)", where, words);
    }
    allowed(section, words, sizeof words);
    return pb_fail(ctx, PB_ERR_CONFIG, "%s: unknown key, allowed: %s", where, words);
}
