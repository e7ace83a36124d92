/* Configurations: what the shipped ones hold, overrides, resolved YAML that reloads to the same,
 * and one clear sentence for everything that is wrong. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "train/config.h"
#include "train/run_folder.h"

static pb_context *ctx;

static void setup(void)
{
    ctx = pb_context_create();
    ck_assert_ptr_nonnull(ctx);
}

static void teardown(void)
{
    pb_context_free(&ctx);
}

/* Loads YAML text by way of a file. `overrides` are separated by '|'; NULL for none. */
static pb_status load(const char *yaml, const char *overrides, pb_config **config)
{
    char path[] = "/tmp/config_test_XXXXXX";
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, yaml, strlen(yaml)), (ssize_t)strlen(yaml));
    close(fd);
    const char *list[16];
    int count = 0;
    char *copy = overrides != NULL ? strdup(overrides) : NULL;
    for (char *part = copy != NULL ? strtok(copy, "|") : NULL; part != NULL;
         part = strtok(NULL, "|")) {
        list[count++] = part;
    }
    const pb_status status = pb_config_load(ctx, path, count, list, config);
    free(copy);
    unlink(path);
    return status;
}

static const char good[] = "name: a\n"
                           "stages:\n"
                           "  - load\n"
                           "  - dct2: {keep: 4}\n"
                           "  - conv1d: {channels: 2}\n"
                           "  - relu\n"
                           "  - conv1d:\n"
                           "      channels: 3\n"
                           "      kernel: 5\n"
                           "  - linear: {features: 10}\n"
                           "  - cross_entropy\n"
                           "  - sgd\n";

/* ---- what is right ---- */

START_TEST(test_defaults)
{
    pb_config *c;
    ck_assert_msg(load(good, NULL, &c) == PB_OK, "%s", pb_error(ctx));
    ck_assert_str_eq(pb_config_name(c), "a");
    ck_assert_ptr_null(c->device);
    ck_assert_str_eq(pb_option_string(c->data, "name"), "fashion-mnist");
    ck_assert_double_eq(pb_option_float(c->data, "validation"), 0.2);
    ck_assert_int_eq(pb_option_int(c->train, "epochs"), 30);
    ck_assert_int_eq(pb_option_int(c->train, "batch_size"), 128);
    int count;
    ck_assert_int_eq(pb_option_ints(c->train, "seeds", &count)[0], 0);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(c->stage_count, 8);
    ck_assert_str_eq(c->stages[4].stage->name, "conv1d");
    ck_assert_int_eq(c->stages[2].ordinal, 1);
    ck_assert_int_eq(c->stages[4].ordinal, 2);
    ck_assert_int_eq(pb_option_int(c->stages[4].options, "kernel"), 5);
    ck_assert_int_eq(pb_option_int(c->stages[2].options, "kernel"), 3);
    ck_assert_ptr_nonnull(strstr(c->stages[4].where, ":7: stages.conv1d.1"));
    pb_config_free(&c);
    ck_assert_ptr_null(c);
}
END_TEST

START_TEST(test_overrides)
{
    pb_config *c;
    ck_assert_msg(
        load(
            good,
            "train.epochs=10|data.name=mnist|stages.dct2.keep=8|stages.conv1d.1.channels=64|"
            "stages.conv1d.0={channels: 7, bias: false}|train.seeds=[3, 1]|stages.sgd.momentum=0.5|"
            "name=\"b.1\"|train.epochs=11|device=pocl",
            &c) == PB_OK,
        "%s", pb_error(ctx));
    ck_assert_str_eq(pb_config_name(c), "b.1");
    ck_assert_str_eq(c->device, "pocl");
    ck_assert_str_eq(pb_option_string(c->data, "name"), "mnist");
    ck_assert_int_eq(pb_option_int(c->train, "epochs"), 11); /* the later one wins */
    int count;
    const int64_t *seeds = pb_option_ints(c->train, "seeds", &count);
    ck_assert_int_eq(count, 2);
    ck_assert_int_eq(seeds[0], 3);
    ck_assert_int_eq(seeds[1], 1);
    ck_assert_int_eq(pb_option_int(c->stages[1].options, "keep"), 8);
    ck_assert_int_eq(pb_option_int(c->stages[2].options, "channels"), 7);
    ck_assert(!pb_option_bool(c->stages[2].options, "bias"));
    ck_assert_int_eq(pb_option_int(c->stages[4].options, "channels"), 64);
    ck_assert_int_eq(pb_option_int(c->stages[4].options, "kernel"), 5);
    ck_assert_double_eq(pb_option_float(c->stages[7].options, "momentum"), 0.5);
    pb_config_free(&c);
}
END_TEST

/* Keys of one data set are kept with it, and its resolved configuration loads again. */
START_TEST(test_mnist1d)
{
    pb_config *c, *again;
    ck_assert_msg(
        load(good, "data.name=mnist1d|data.num_samples=10000|data.iid_noise_scale=0", &c) == PB_OK,
        "%s", pb_error(ctx));
    ck_assert_int_eq(pb_option_int(c->mnist1d, "num_samples"), 10000);
    ck_assert_double_eq(pb_option_float(c->mnist1d, "iid_noise_scale"), 0);
    ck_assert_int_eq(pb_option_int(c->mnist1d, "seed"), 42);
    char *yaml = pb_config_yaml(c);
    ck_assert_msg(load(yaml, NULL, &again) == PB_OK, "%s in:\n%s", pb_error(ctx), yaml);
    char *yaml_again = pb_config_yaml(again);
    ck_assert_str_eq(yaml, yaml_again);
    ck_assert_ptr_nonnull(strstr(yaml, "num_samples: 10000\n"));
    free(yaml);
    free(yaml_again);
    pb_config_free(&c);
    pb_config_free(&again);
    ck_assert_int_eq(load(good, NULL, &c), PB_OK);
    ck_assert_ptr_null(c->mnist1d);
    pb_config_free(&c);
}
END_TEST

START_TEST(test_name_after_file)
{
    char folder[] = "/tmp/config_test_XXXXXX", path[128];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/my run.v2.yaml", folder);
    FILE *f = fopen(path, "w");
    fputs(strchr(good, '\n') + 1, f);
    fclose(f);
    pb_config *c;
    ck_assert_msg(pb_config_load(ctx, path, 0, NULL, &c) == PB_OK, "%s", pb_error(ctx));
    ck_assert_str_eq(pb_config_name(c), "my_run.v2");
    pb_config_free(&c);
    unlink(path);
    rmdir(folder);
}
END_TEST

static const char *const shipped[] = {"adaptive_bands", "static_bands", "no_bands"};

START_TEST(test_shipped_and_reloaded)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/configs/%s.yaml", SOURCE_FOLDER, shipped[_i]);
    pb_config *c, *again;
    const char *const overrides[] = {"stages.sgd.lr=0.012345678901234567",
                                     "device='a \"b\" \\ c: #'"};
    ck_assert_msg(pb_config_load(ctx, path, 2, overrides, &c) == PB_OK, "%s", pb_error(ctx));
    ck_assert_str_eq(pb_config_name(c), shipped[_i]);
    int count;
    pb_option_ints(c->train, "seeds", &count);
    ck_assert_int_eq(count, 3);

    char *yaml = pb_config_yaml(c);
    ck_assert_ptr_nonnull(yaml);
    ck_assert_msg(load(yaml, NULL, &again) == PB_OK, "%s in:\n%s", pb_error(ctx), yaml);
    char *yaml_again = pb_config_yaml(again);
    ck_assert_str_eq(yaml, yaml_again);
    ck_assert_str_eq(again->device, "a \"b\" \\ c: #");
    ck_assert_int_eq(again->stage_count, c->stage_count);
    const pb_config_stage *last = &again->stages[again->stage_count - 1];
    ck_assert_double_eq(pb_option_float(last->options, "lr"), 0.012345678901234567);
    for (int i = 0; i < c->stage_count; i++) {
        ck_assert_ptr_eq(c->stages[i].stage, again->stages[i].stage);
        ck_assert_int_eq(c->stages[i].ordinal, again->stages[i].ordinal);
    }
    free(yaml);
    free(yaml_again);
    pb_config_free(&c);
    pb_config_free(&again);
}
END_TEST

/* Each combination of wavelet, level, threshold and batch size has a folder of its own. */
START_TEST(test_folders_of_save_dir)
{
    static const struct {
        const char *config, *overrides[4], *folder;
    } cases[] = {
        {"dwt_weights", {"save_dir=S"}, "S/haar-level-1-threshold-0.9-batch-128"},
        {"dwt_weights",
         {"save_dir=S/T", "wavelet=bior1.3", "level=0"},
         "S/T/bior1.3-level-0-threshold-0.9-batch-128"},
        {"dwt_weights",
         {"save_dir=S", "threshold=0.95", "batch_size=32"},
         "S/haar-level-1-threshold-0.95-batch-32"},
        {"dwt_weights",
         {"save_dir=S", "threshold=1e-7"},
         "S/haar-level-1-threshold-1e-07-batch-128"},
        {"dwt_weights", {"save_dir=''"}, NULL},
        {"lenet",
         {"save_dir=S", "stages.linear.1.weight_transform={wavelet: none}"},
         "S/none-level-1-threshold-0-batch-128"},
        {"lenet", {"save_dir=S"}, "S/lenet-batch-128"},
        {"lenet", {NULL}, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pb_config *c;
        char *folder, path[1024];
        int count = 0;
        while (count < 4 && cases[i].overrides[count]) count++;
        snprintf(path, sizeof path, "%s/configs/%s.yaml", SOURCE_FOLDER, cases[i].config);
        const pb_status status = pb_config_load(ctx, path, count, cases[i].overrides, &c);
        ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
        ck_assert_int_eq(pb_run_folder_saved(ctx, c, &folder), PB_OK);
        if (cases[i].folder) ck_assert_str_eq(folder, cases[i].folder);
        if (!cases[i].folder) ck_assert_ptr_null(folder);
        free(folder);
        pb_config_free(&c);
    }
}
END_TEST

/* The name of a device may stand alone, and gives way when more is set beside it. */
START_TEST(test_device_is_a_name_or_a_map)
{
    static const struct {
        const char *yaml, *override, *name;
        int64_t limit;
    } cases[] = {
        {"device: \"it's 0\"\n", NULL, "it's 0", 0},
        {"device: \"it's 0\"\n", "device.memory_limit=3k", "it's 0", 3 * 1024},
        {"device: {name: gpu, memory_limit: 1.5M}\n", NULL, "gpu", 3 << 19},
        {"device: {memory_limit: 2G}\n", "device.name=gpu", "gpu", (int64_t)2 << 30},
        {"device: {memory_limit: 2G}\n", "device=gpu", "gpu", 0},
        {"", "device.memory_limit=123456789012345678", NULL, 123456789012345678},
        {"", "device=1", "1", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char yaml[256];
        snprintf(yaml, sizeof yaml,
                 "%sstages: [load, linear: {features: 10}, cross_entropy, sgd]\n", cases[i].yaml);
        pb_config *c;
        ck_assert_msg(load(yaml, cases[i].override, &c) == PB_OK, "%s", pb_error(ctx));
        if (cases[i].name)
            ck_assert_str_eq(c->device, cases[i].name);
        else
            ck_assert_ptr_null(c->device);
        ck_assert_int_eq(pb_option_int(c->machine, "memory_limit"), cases[i].limit);
        pb_config_free(&c);
    }
}
END_TEST

START_TEST(test_schema_names_every_key)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    pb_config_print_schema(out);
    fclose(out);
    static const char *const words[] = {"name",    "device",       "data:", "validation",
                                        "train:",  "batch_size",   "seeds", "patience",
                                        "stages:", "fashion-mnist"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        ck_assert_msg(strstr(text, words[i]) != NULL, "%s is not in\n%s", words[i], text);
    }
    free(text);
}
END_TEST

/* ---- what is wrong ---- */

#define TAIL "stages: [load, linear: {features: 10}, cross_entropy, sgd]\n"

typedef struct bad_case {
    const char *yaml, *overrides;
    const char *fragments[3]; /* what the sentence must hold */
} bad_case;

// clang-format off
static const bad_case bad_cases[] = {
    /* keys */
    {"nam: a\n" TAIL, NULL, {":1: nam: unknown key", "did you mean name?"}},
    {"seeds: 3\n" TAIL, NULL, {":1: seeds", "did you mean train.seeds?"}},
    {"epochs: 3\ntrain: {epochs: 4}\n" TAIL, NULL, {":1: epochs: is given a second time as train.epochs"}},
    {"weight_transform: {wavlet: haar}\n" TAIL, NULL, {":1: weight_transform.wavlet: ", "did you mean wavelet?"}},
    {"weight_transform: {rule: quantile, threshold: 1.5}\n" TAIL, NULL, {":1: weight_transform.threshold: 1.5 is no share, which rule quantile takes: allowed is 0 to 1"}},
    {TAIL, "weight_transform={rule: relative}|stages.linear.weight_transform={threshold: 2}", {"stages.linear.weight_transform.threshold: 2 is no share"}},
    {"weight_transform: {schedule: ramp, begin: 3, full: 3}\n" TAIL, NULL, {":1: weight_transform.full: is 3, but the threshold begins to rise after epoch 3 (begin); allowed is more than that, or 0"}},
    {TAIL, "weight_transform.level=-1", {"weight_transform.level", "out of range"}},
    {"lr: 3\n" TAIL, NULL, {"lr", "did you mean stages.sgd.lr?"}},
    {"trian: {}\n" TAIL, NULL, {"trian", "did you mean train?"}},
    {"dct2: {keep: 3}\n" TAIL, NULL, {"dct2", "belongs into the list `stages`"}},
    {"qwertyuiop: 1\n" TAIL, NULL, {"qwertyuiop: unknown key, allowed: name, plan, plan_seconds, save_dir, device, data, weight_transform, transfer, ensemble, train, stages"}},
    {"device: {memory_limt: 3}\n" TAIL, NULL, {":1: device.memory_limt: ", "did you mean device.memory_limit?"}},
    {"device: {memory_limit: 3X}\n" TAIL, NULL, {":1: device.memory_limit: '3X'", "a size in bytes such as 64M"}},
    {"device: {memory_limit: 1.5}\n" TAIL, NULL, {":1: device.memory_limit: '1.5'", "a size in bytes"}},
    {"device: {memory_limit: 99999999T}\n" TAIL, NULL, {":1: device.memory_limit: 99999999T is out of range"}},
    {"train: {epoch: 3}\n" TAIL, NULL, {":1: train.epoch: ", "did you mean train.epochs?"}},
    {"train:\n  validation: 0.1\n" TAIL, NULL, {":2: train.validation", "did you mean data.validation?"}},
    {"data: {qwertyuiop: 0.1}\n" TAIL, NULL, {"data.qwertyuiop", "allowed: name, path, validation"}},
    {"name: a\nname: b\n" TAIL, NULL, {":2: name: given twice"}},
    {"train: {epochs: 1, epochs: 2}\n" TAIL, NULL, {"epochs: given twice"}},
    /* types and ranges */
    {"train: {epochs: many}\n" TAIL, NULL, {"train.epochs", "'many'", "an integer"}},
    {"train: {epochs: 1.5}\n" TAIL, NULL, {"train.epochs", "1.5", "an integer"}},
    {"train: {epochs: 0}\n" TAIL, NULL, {"train.epochs", "0 is out of range", "1 to 1"}},
    {"train: {epochs: \"3\"}\n" TAIL, NULL, {"train.epochs", "quoted"}},
    {"train: {epochs: [3]}\n" TAIL, NULL, {"train.epochs", "is a list"}},
    {"train: {epochs: 99999999999999999999}\n" TAIL, NULL, {"train.epochs", "out of range"}},
    {"train: {batch_size: -5}\n" TAIL, NULL, {"train.batch_size", "out of range", "1 to 65536"}},
    {"train: {batch_size: 1000000}\n" TAIL, NULL, {"train.batch_size", "out of range"}},
    {"data: {validation: 1.2}\n" TAIL, NULL, {"data.validation", "1.2 is out of range", "0 to 0.9"}},
    {"data: {validation: nan}\n" TAIL, NULL, {"data.validation"}},
    {"data: {name: [mnist]}\n" TAIL, NULL, {"data.name", "is a list"}},
    {"train: 5\n" TAIL, NULL, {"train", "must be a map"}},
    {"data: [a]\n" TAIL, NULL, {"data", "must be a map"}},
    {"name: {a: b}\n" TAIL, NULL, {"name", "is a map"}},
    {"name: a/b\n" TAIL, NULL, {"name: 'a/b' cannot name a folder"}},
    {"name: ..\n" TAIL, NULL, {"name: '..' cannot name a folder"}},
    {"name: \"\"\n" TAIL, NULL, {"name: '' cannot name a folder"}},
    /* seeds and what belongs together */
    {"train: {seeds: []}\n" TAIL, NULL, {":1: train.seeds: has 0 seeds"}},
    {"train: {seeds: [1, 2, 1]}\n" TAIL, NULL, {"train.seeds: has 1 twice"}},
    {"train: {seeds: [1, -2]}\n" TAIL, NULL, {"train.seeds", "-2 is out of range"}},
    {"train: {seeds: [1, x]}\n" TAIL, NULL, {"train.seeds", "'x'"}},
    {"train: {patience: 3}\ndata: {validation: 0}\n" TAIL, NULL, {"train.patience", "data.validation is 0"}},
    /* what only mnist1d has */
    {"data: {seed: 3}\n" TAIL, NULL, {":1: data.seed: is for mnist1d alone, but data.name is fashion-mnist"}},
    {"data:\n  name: mnist\n  padding: [1, 2]\n" TAIL, NULL, {":3: data.padding: is for mnist1d alone, but data.name is mnist"}},
    {TAIL, "data.num_samples=50", {"command line: data.num_samples: is for mnist1d alone"}},
    {"data: {name: mnist1d, num_sample: 50}\n" TAIL, NULL, {":1: data.num_sample", "did you mean data.num_samples?"}},
    {"data: {name: mnist1d, num_samples: 5}\n" TAIL, NULL, {":1: data.num_samples: 5 is out of range", "10 to 10000000"}},
    {"data:\n  name: mnist1d\n  padding: [9, 8]\n" TAIL, NULL, {":3: data.padding: the least, 9, is above the most, 8"}},
    {"data: {name: mnist1d, padding: 3}\n" TAIL, NULL, {":1: data.padding: has 1 numbers, must have two"}},
    {"data: {name: mnist1d}\n" TAIL, "data.train_split=0", {"command line: data.train_split: 0 leaves 0 training"}},
    /* stages */
    {"name: a\n", NULL, {"stages: is missing"}},
    {"", NULL, {"stages: is missing"}},
    {"- a\n", NULL, {":1: is not a map"}},
    {"stages:\n", NULL, {":1: stages: is empty"}},
    {"stages: {load: {}}\n", NULL, {":1: stages: is a map, must be a list"}},
    {"stages: load\n", NULL, {"stages: is a single value"}},
    {"stages: []\n", NULL, {"stages: has 0 entries"}},
    {"stages: [relu, cross_entropy, sgd]\n", NULL, {"must begin with load, but begin with relu"}},
    {"stages: [load, load, cross_entropy, sgd]\n", NULL, {"stages.load.1: must be the first stage"}},
    {"stages: [load, linear: {features: 10}, sgd]\n", NULL, {"stages: have no loss", "cross_entropy"}},
    {"stages: [load, linear: {features: 10}, cross_entropy]\n", NULL, {"stages: have no optimiser"}},
    {"stages:\n- load\n- covn1d: {channels: 3}\n", NULL, {":3: stages: there is no stage 'covn1d'", "did you mean conv1d?"}},
    {"stages:\n- load\n- qwertyuiop\n", NULL, {":3: stages: there is no stage 'qwertyuiop'", "passband stages"}},
    {"stages:\n- load\n- dct2:\n  keep: 3\n", NULL, {":3: stages: an entry holds 2 keys (dct2, keep", "indented"}},
    {"stages:\n- load\n- [relu]\n", NULL, {":3: stages: an entry is a list"}},
    {"stages:\n- load\n-\n", NULL, {":3: stages: an entry is empty"}},
    {"stages:\n- load\n- relu: 5\n", NULL, {":3: stages.relu", "must be a map"}},
    {"stages:\n- load\n- relu: {slope: 5}\n", NULL, {":3: stages.relu.slope"}},
    {"stages:\n- load\n- dct2: {keeep: 3}\n", NULL, {":3: stages.dct2.keeep", "did you mean keep?"}},
    {"stages:\n- load\n- dct2: {keep: 0}\n", NULL, {"stages.dct2.keep", "0 is out of range"}},
    {"stages:\n- load\n- linear\n", NULL, {":3: stages.linear.features: is missing"}},
    {"stages:\n- load\n- linear:\n", NULL, {":3: stages.linear.features: is missing"}},
    {"stages:\n- load\n- conv1d: {channels: 2}\n- conv1d: {channels: 2, kernel: 0}\n", NULL, {":4: stages.conv1d.1.kernel", "out of range"}},
    {"stages:\n- load\n- band_mask: {weights: lerned}\n", NULL, {"stages.band_mask.weights: 'lerned' is not allowed", "did you mean learned?"}},
    {"stages:\n- load\n- sgd: {schedule: cosin}\n", NULL, {"stages.sgd.schedule", "did you mean cosine?"}},
    {"stages:\n- load\n- sgd: {nesterov: 3}\n", NULL, {"stages.sgd.nesterov", "true or false"}},
    /* YAML itself */
    {"a: &x [1, 2]\nb: *x\n", NULL, {":1:", "anchors"}},
    {"name: [a\n", NULL, {"not valid YAML"}},
    {"name: a\n\ttrain: 3\n", NULL, {":2:", "tab"}},
    {"name: a\n---\nname: b\n", NULL, {"second YAML document"}},
    {"name: !!python/object a\n" TAIL, NULL, {"tags"}},
    /* overrides */
    {TAIL, "train.epochs", {"'train.epochs' is not an override", "key=value"}},
    {TAIL, "=3", {"'=3' is not an override"}},
    {TAIL, "seeds=3", {"command line: seeds: unknown key", "did you mean train.seeds?"}},
    {TAIL, "train.epoch=3", {"command line: train.epoch: unknown key", "did you mean train.epochs?"}},
    {TAIL, "train.epochs=x", {"command line: train.epochs: 'x'", "an integer"}},
    {TAIL, "train.epochs=[", {"command line: epochs: not valid YAML"}},
    {TAIL, "train.epochs.x=1", {"command line: train.epochs.x: there is nothing below epochs"}},
    {TAIL, "tarin.epochs=3", {"command line: tarin.epochs: unknown key", "did you mean train?"}},
    {TAIL, "train..epochs=3", {"command line: train..epochs: a part between dots is empty"}},
    {TAIL, "a.b.c.d.e.f=3", {"command line: a.b.c.d.e.f: too many parts"}},
    {TAIL, "stages.linaer.features=3", {"stages.linaer.features: there is no stage linaer", "did you mean linear?"}},
    {TAIL, "stages.dct2.keep=3", {"stages.dct2.keep: there is no stage dct2 in the list"}},
    {TAIL, "stages.linear.1.features=3", {"stages.linear.1.features: there is 1 linear, counted from 0"}},
    {TAIL, "stages.linear.99999999999.features=3", {"there is 1 linear"}},
    {TAIL, "stages.linear.feature=3", {"command line: stages.linear.feature", "did you mean features?"}},
    {TAIL, "stages.linear.features.x=3", {"there is nothing below features"}},
    {TAIL, "stages=3", {"command line: stages: is a single value"}},
    {"train: 5\n" TAIL, "train.epochs=3", {"command line: train.epochs: train is not a map"}},
    {"name: a\n", "stages.relu.x=3", {"the file has no list of stages"}},
    {good, "stages.conv1d.kernel=3", {"there are 2 conv1d, say which: stages.conv1d.0 to stages.conv1d.1"}},
    {good, "stages.conv1d.1.kernel=0", {"command line: stages.conv1d.1.kernel: 0 is out of range"}},
};
// clang-format on

START_TEST(test_bad)
{
    const bad_case *bad = &bad_cases[_i];
    pb_config *c = (pb_config *)&ctx; /* must be cleared */
    const pb_status status = load(bad->yaml, bad->overrides, &c);
    ck_assert_ptr_null(c);
    ck_assert_msg(pb_status_exit_code(status) == 2, "%s %s gave %s", bad->yaml,
                  bad->overrides != NULL ? bad->overrides : "", pb_status_name(status));
    for (int i = 0; i < 3 && bad->fragments[i] != NULL; i++) {
        ck_assert_msg(strstr(pb_error(ctx), bad->fragments[i]) != NULL,
                      "for\n%s%s\nexpected '%s', got\n%s", bad->yaml,
                      bad->overrides != NULL ? bad->overrides : "", bad->fragments[i],
                      pb_error(ctx));
    }
    ck_assert_msg(strchr(pb_error(ctx), '\n') == NULL, "more than a line: %s", pb_error(ctx));
}
END_TEST

START_TEST(test_absent_file)
{
    pb_config *c;
    ck_assert_int_eq(pb_config_load(ctx, "/nowhere/a.yaml", 0, NULL, &c), PB_ERR_CONFIG);
    ck_assert_ptr_null(c);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "/nowhere/a.yaml"));
    pb_config_free(NULL);
}
END_TEST

START_TEST(test_too_many_stages)
{
    char *text = malloc(300 * 8 + 100);
    strcpy(text, "stages: [load");
    for (int i = 0; i < 300; i++) strcat(text, ", relu");
    strcat(text, "]\n");
    pb_config *c;
    ck_assert_int_eq(load(text, NULL, &c), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "has 301 entries, allowed: 1 to 256"));
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("config");
    TCase *right = tcase_create("right"), *wrong = tcase_create("wrong");
    tcase_add_checked_fixture(right, setup, teardown);
    tcase_add_checked_fixture(wrong, setup, teardown);
    tcase_add_test(right, test_defaults);
    tcase_add_test(right, test_overrides);
    tcase_add_test(right, test_mnist1d);
    tcase_add_test(right, test_name_after_file);
    tcase_add_loop_test(right, test_shipped_and_reloaded, 0, 3);
    tcase_add_test(right, test_folders_of_save_dir);
    tcase_add_test(right, test_device_is_a_name_or_a_map);
    tcase_add_test(right, test_schema_names_every_key);
    tcase_add_loop_test(wrong, test_bad, 0, (int)(sizeof bad_cases / sizeof *bad_cases));
    tcase_add_test(wrong, test_absent_file);
    tcase_add_test(wrong, test_too_many_stages);
    suite_add_tcase(suite, right);
    suite_add_tcase(suite, wrong);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
