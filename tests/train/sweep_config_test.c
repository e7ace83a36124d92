/* The section `sweep`: what is read, what is written for Optuna, and a sentence for each mistake.
 */
#include "../base/scratch.h"
#include "sweep_fixture.h"
#include "train/sweep_config.h"

static const char base[] = "name: base\n"
                           "data: {name: npy, path: data, validation: 0.2}\n"
                           "train: {epochs: 3, batch_size: 16, seeds: [0]}\n"
                           "stages:\n"
                           "  - load\n"
                           "  - linear: {features: 8}\n"
                           "  - relu\n"
                           "  - linear: {features: 3}\n"
                           "  - cross_entropy\n"
                           "  - sgd: {lr: 0.1}\n";

typedef struct desk {
    pb_context *ctx;
    scratch s;
    pb_sweep_config *config;
} desk;

static void setup(desk *d)
{
    *d = (desk){.ctx = pb_context_create()};
    scratch_open(&d->s);
    scratch_put(&d->s, "base.yaml", base, strlen(base));
}

static void teardown(desk *d)
{
    pb_sweep_config_free(&d->config);
    scratch_close(&d->s);
    pb_context_free(&d->ctx);
}

/* Reads a text as sweep.yaml; overrides are separated by '|', NULL: none. */
static pb_status load(desk *d, const char *text, const char *overrides)
{
    const char *list[8];
    int count = 0;
    char *copy = overrides ? strdup(overrides) : NULL;
    for (char *part = copy ? strtok(copy, "|") : NULL; part; part = strtok(NULL, "|"))
        list[count++] = part;
    scratch_put(&d->s, "sweep.yaml", text, strlen(text));
    pb_sweep_config_free(&d->config);
    const pb_status status =
        pb_sweep_config_load(d->ctx, scratch_path(&d->s, "sweep.yaml"), count, list, &d->config);
    free(copy);
    return status;
}

static void loads(desk *d, const char *text, const char *overrides)
{
    ck_assert_msg(load(d, text, overrides) == PB_OK, "%s", pb_error(d->ctx));
}

static const char two_arms[] = "name: duel\n"
                               "sweep:\n"
                               "  trials: 12\n"
                               "  final: {data.validation: 0, train.epochs: 5}\n"
                               "  space:\n"
                               "    stages.sgd.lr: {type: log, low: 0.001, high: 1}\n"
                               "  arms:\n"
                               "    plain: {config: base.yaml}\n"
                               "    wide:\n"
                               "      config: base.yaml\n"
                               "      set: {stages.linear.0.features: 64}\n"
                               "      space:\n"
                               "        train.batch_size: {type: categorical, choices: [8, 16]}\n"
                               "        stages.sgd.lr: {type: log, low: 0.01, high: 1}\n";

/* ---- what is read ---- */

START_TEST(arms_have_their_own_configurations_and_spaces)
{
    desk d;
    setup(&d);
    loads(&d, two_arms, "train.epochs=7|sweep.metric=val_loss");
    ck_assert_str_eq(d.config->name, "duel");
    ck_assert_int_eq(d.config->arm_count, 2);
    ck_assert(!d.config->maximise);
    const pb_arm *plain = &d.config->arms[0], *wide = &d.config->arms[1];
    ck_assert_int_eq(plain->planned, 12);
    ck_assert_int_eq(plain->space.count, 1);
    ck_assert_double_eq(plain->space.dimensions[0].low, 0.001);
    ck_assert_int_eq(wide->space.count, 2);
    ck_assert_str_eq(wide->space.dimensions[0].key, "stages.sgd.lr");
    ck_assert_double_eq(wide->space.dimensions[0].low, 0.01);
    ck_assert_int_eq(wide->space.dimensions[1].choice_count, 2);
    ck_assert_ptr_nonnull(strstr(plain->base, "name: plain\n"));
    ck_assert_ptr_nonnull(strstr(plain->base, "features: 8\n"));
    ck_assert_ptr_nonnull(strstr(wide->base, "features: 64\n"));
    ck_assert_ptr_nonnull(strstr(wide->base, "epochs: 7\n"));
    teardown(&d);
}
END_TEST

START_TEST(a_configuration_with_a_section_is_its_only_arm)
{
    desk d;
    char text[1024];
    setup(&d);
    snprintf(text, sizeof text,
             "%ssweep: {sampler: grid, space: {stages.sgd.lr: {type: log, low: 0.01, high: 1, "
             "points: 3}, train.batch_size: {type: int, low: 8, high: 32, step: 8}}}\n",
             base);
    loads(&d, text, NULL);
    ck_assert_int_eq(d.config->arm_count, 1);
    ck_assert_str_eq(d.config->arms[0].name, "base");
    ck_assert_int_eq(d.config->arms[0].planned, 12); /* the whole grid */
    loads(&d, text, "sweep.trials=5");
    ck_assert_int_eq(d.config->arms[0].planned, 5);
    loads(&d, text, "sweep.trials=500");
    ck_assert_int_eq(d.config->arms[0].planned, 12);
    loads(&d, text, "sweep.sampler=random|name=other");
    ck_assert_int_eq(d.config->arms[0].planned, 30);
    ck_assert_str_eq(d.config->arms[0].name, "other");
    teardown(&d);
}
END_TEST

/* What a search writes into its folder reads back as the same search. */
START_TEST(a_search_comes_back_from_its_text)
{
    desk d;
    setup(&d);
    loads(&d, two_arms, NULL);
    pb_sweep_config *first = d.config;
    d.config = NULL;
    char *text = pb_sweep_config_yaml(first);
    ck_assert_ptr_nonnull(text);
    mkdir(scratch_path(&d.s, "arms"), 0777);
    for (int i = 0; i < 2; i++) {
        char name[32];
        snprintf(name, sizeof name, "arms/%s.yaml", first->arms[i].name);
        scratch_put(&d.s, name, first->arms[i].base, strlen(first->arms[i].base));
    }
    loads(&d, text, NULL);
    ck_assert_int_eq(pb_sweep_config_compare(d.ctx, "f", first, d.config), PB_OK);
    char *again = pb_sweep_config_yaml(d.config);
    ck_assert_str_eq(text, again);
    free(again);
    loads(&d, text, "sweep.trials=99|sweep.sampler=random"); /* may differ between processes */
    ck_assert_int_eq(pb_sweep_config_compare(d.ctx, "f", first, d.config), PB_OK);
    loads(&d, text, "sweep.metric=val_loss");
    ck_assert_int_eq(pb_sweep_config_compare(d.ctx, "f", first, d.config), PB_ERR_USAGE);
    loads(&d, text, "train.epochs=4");
    ck_assert_int_eq(pb_sweep_config_compare(d.ctx, "f", first, d.config), PB_ERR_USAGE);
    free(text);
    pb_sweep_config_free(&first);
    teardown(&d);
}
END_TEST

START_TEST(a_point_becomes_a_configuration)
{
    desk d;
    pb_config *config;
    setup(&d);
    loads(&d, two_arms, "sweep.final_seeds=[4, 9]|sweep.trial_seed=6");
    const double point[] = {0.0123456789012345, 1};
    pb_text words = {0};
    pb_arm_point(&d.config->arms[1], point, true, &words);
    ck_assert_str_eq(words.text, "stages.sgd.lr=0.0123456789012345 train.batch_size=16");
    pb_text_free(&words);
    pb_arm_point(&d.config->arms[1], point, false, &words);
    ck_assert_str_eq(words.text, "stages.sgd.lr=0.01235 train.batch_size=16");
    pb_text_free(&words);
    ck_assert_int_eq(pb_arm_trial_config(d.ctx, d.config, &d.config->arms[1], point, &config),
                     PB_OK);
    char *yaml = pb_config_yaml(config);
    ck_assert_ptr_nonnull(strstr(yaml, "lr: 0.0123456789012345\n"));
    ck_assert_ptr_nonnull(strstr(yaml, "batch_size: 16\n"));
    ck_assert_ptr_nonnull(strstr(yaml, "seeds: [6]\n"));
    ck_assert_ptr_nonnull(strstr(yaml, "epochs: 3\n"));
    free(yaml);
    pb_config_free(&config);
    ck_assert_int_eq(pb_arm_final_config(d.ctx, d.config, &d.config->arms[1], point, &config),
                     PB_OK);
    yaml = pb_config_yaml(config);
    ck_assert_ptr_nonnull(strstr(yaml, "lr: 0.0123456789012345\n"));
    ck_assert_ptr_nonnull(strstr(yaml, "seeds: [4, 9]\n"));
    ck_assert_ptr_nonnull(strstr(yaml, "epochs: 5\n"));
    ck_assert_ptr_nonnull(strstr(yaml, "validation: 0\n"));
    free(yaml);
    pb_config_free(&config);
    teardown(&d);
}
END_TEST

/* ---- what Optuna is told ---- */

START_TEST(distributions_are_written_as_optuna_writes_them)
{
    desk d;
    char words[256], json[256], text[600];
    int lines = 0;
    setup(&d);
    FILE *file = open_fixture("sweep_distributions.txt");
    for (; fgets(words, sizeof words, file) && fgets(json, sizeof json, file); lines++) {
        pb_yaml *yaml;
        pb_space space = {0};
        pb_text got = {0};
        pb_arena *arena = pb_arena_create();
        json[strcspn(json, "\n")] = '\0';
        snprintf(text, sizeof text, "x: %s", words);
        ck_assert_int_eq(pb_yaml_parse(d.ctx, "t", text, strlen(text), &yaml), PB_OK);
        ck_assert_msg(pb_space_read(d.ctx, arena, pb_yaml_root(yaml), "space", &space) == PB_OK,
                      "%s", pb_error(d.ctx));
        pb_dimension_json(&space.dimensions[0], &got);
        ck_assert_str_eq(got.text, json);
        ck_assert(pb_dimension_is(&space.dimensions[0], json));
        ck_assert(!pb_dimension_is(&space.dimensions[0], "{\"name\": \"FloatDistribution\"}"));
        ck_assert(!pb_dimension_is(&space.dimensions[0], "{broken"));
        pb_text_free(&got);
        pb_yaml_free(&yaml);
        pb_arena_free(&arena);
    }
    ck_assert_int_eq(lines, 8);
    fclose(file);
    teardown(&d);
}
END_TEST

/* ---- mistakes ---- */

#define SPACE(text) "name: s\nsweep: {space: {" text "}, arms: {a: {config: base.yaml}}}\n"
#define ARMS(text)                                                                                 \
    "name: s\nsweep: {space: {stages.sgd.lr: {type: log, low: 0.1, high: 1}}, arms: {" text "}}\n"
#define LR "stages.sgd.lr: {type: log, low: 0.1, high: 1}"

static const struct {
    const char *text, *overrides;
    pb_status status;
    const char *says;
} mistakes[] = {
    /* keys of the space */
    {SPACE("train.epochz: {type: int, low: 1, high: 3}"), NULL, PB_ERR_CONFIG,
     "sweep.space.train.epochz: train.epochz"},
    {SPACE("train.epochz: {type: int, low: 1, high: 3}"), NULL, PB_ERR_CONFIG,
     "did you mean train.epochs?"},
    {SPACE("stages.sdg.lr: {type: log, low: 0.1, high: 1}"), NULL, PB_ERR_CONFIG,
     "did you mean sgd?"},
    {SPACE("stages.sgd.rate: {type: log, low: 0.1, high: 1}"), NULL, PB_ERR_CONFIG,
     "unknown option"},
    {SPACE("stages.linear.features: {type: int, low: 1, high: 9}"), NULL, PB_ERR_CONFIG,
     "there are 2 linear"},
    {SPACE("stages.linear.5.features: {type: int, low: 1, high: 9}"), NULL, PB_ERR_CONFIG,
     "there are 2 linear"},
    {SPACE("train.seeds: {type: int, low: 1, high: 9}"), NULL, PB_ERR_CONFIG,
     "cannot be searched over"},
    {SPACE("data.validation: {type: linear, low: 0.1, high: 0.5}"), NULL, PB_ERR_CONFIG,
     "cannot be searched over"},
    {SPACE("data.split_seed: {type: int, low: 1, high: 9}"), NULL, PB_ERR_CONFIG,
     "cannot be searched over"},
    {SPACE("train.batch_size: {type: int, low: 0, high: 9}"), NULL, PB_ERR_CONFIG,
     "train.batch_size: 0 is out of range"},
    {SPACE("train.batch_size: {type: linear, low: 1.5, high: 9}"), NULL, PB_ERR_CONFIG,
     "train.batch_size"},
    {SPACE("stages.sgd.schedule: {type: categorical, choices: [cosine, round]}"), NULL,
     PB_ERR_CONFIG, "round"},
    {SPACE(LR), "stages.sgd.lr=3", PB_ERR_USAGE, "is searched over"},
    {"sweep: {space: {" LR "}, final: {stages.sgd.lr: 1}, arms: {a: {config: base.yaml}}}", NULL,
     PB_ERR_CONFIG, "final.stages.sgd.lr: is searched over"},
    {"sweep: {space: {" LR "}, final: {train.epochs: 0}, arms: {a: {config: base.yaml}}}", NULL,
     PB_ERR_CONFIG, "train.epochs: 0 is out of range"},
    {"sweep: {space: {" LR "}, final: 3, arms: {a: {config: base.yaml}}}", NULL, PB_ERR_CONFIG,
     "final: must be a map"},
    {SPACE(LR), "sweep.final={}", PB_ERR_USAGE, "changed in the file"},
    {SPACE(""), NULL, PB_ERR_CONFIG, "nothing to search over"},
    /* ranges */
    {SPACE("x: 3"), NULL, PB_ERR_CONFIG, "must be a map such as"},
    {SPACE("stages.sgd.lr: {low: 0.1, high: 1}"), NULL, PB_ERR_CONFIG, "must be a map such as"},
    {SPACE("stages.sgd.lr: {type: lag, low: 0.1, high: 1}"), NULL, PB_ERR_CONFIG, "log"},
    {SPACE("stages.sgd.lr: {type: log, high: 1}"), NULL, PB_ERR_CONFIG, "low: is missing"},
    {SPACE("stages.sgd.lr: {type: log, low: 0.1}"), NULL, PB_ERR_CONFIG, "high: is missing"},
    {SPACE("stages.sgd.lr: {type: log, low: 1, high: 1}"), NULL, PB_ERR_CONFIG,
     "low must be below high"},
    {SPACE("stages.sgd.lr: {type: linear, low: 2, high: 1}"), NULL, PB_ERR_CONFIG,
     "low is 2 and high is 1"},
    {SPACE("stages.sgd.lr: {type: log, low: 0, high: 1}"), NULL, PB_ERR_CONFIG, "must be above 0"},
    {SPACE("stages.sgd.lr: {type: log, low: -1, high: 1}"), NULL, PB_ERR_CONFIG, "must be above 0"},
    {SPACE("train.batch_size: {type: int, low: 0, high: 4, log: true}"), NULL, PB_ERR_CONFIG,
     "must be above 0"},
    {SPACE("train.batch_size: {type: int, low: 1.5, high: 4}"), NULL, PB_ERR_CONFIG,
     "whole numbers"},
    {SPACE("train.batch_size: {type: int, low: 1, high: 4, step: 2}"), NULL, PB_ERR_CONFIG,
     "1.5 steps above low"},
    {SPACE("stages.sgd.lr: {type: log, low: 0.1, high: 1, step: 0.1}"), NULL, PB_ERR_CONFIG,
     "has no step"},
    {SPACE("stages.sgd.lr: {type: linear, low: 0.1, high: 1, log: true}"), NULL, PB_ERR_CONFIG,
     "write type: log"},
    {SPACE("stages.sgd.lr: {type: log, low: 0.1, high: 1, points: 1}"), NULL, PB_ERR_CONFIG,
     "at least 2"},
    {SPACE("stages.sgd.lr: {type: log, lo: 0.1, high: 1}"), NULL, PB_ERR_CONFIG,
     "did you mean low?"},
    {SPACE("stages.sgd.lr: {type: categorical}"), NULL, PB_ERR_CONFIG, "needs `choices`"},
    {SPACE("stages.sgd.lr: {type: categorical, choices: []}"), NULL, PB_ERR_CONFIG,
     "at least one value"},
    {SPACE("stages.sgd.lr: {type: categorical, choices: [0.1, [2]]}"), NULL, PB_ERR_CONFIG,
     "choice 2 is not"},
    {SPACE("stages.sgd.lr: {type: categorical, choices: [0.1, 0.1]}"), NULL, PB_ERR_CONFIG,
     "twice"},
    {SPACE("stages.sgd.lr: {type: categorical, choices: [0.1], low: 2}"), NULL, PB_ERR_CONFIG,
     "unknown option"},
    {SPACE(LR), "sweep.sampler=grid", PB_ERR_CONFIG, "a grid needs `points`"},
    {SPACE("train.batch_size: {type: int, low: 1, high: 65536}, stages.sgd.lr: {type: log, low: "
           "0.1, high: 1, "
           "points: 90000}"),
     "sweep.sampler=grid", PB_ERR_CONFIG, "more than 100000 points"},
    /* options */
    {SPACE(LR), "sweep.sampler=bayes", PB_ERR_CONFIG, "grid"},
    {SPACE(LR), "sweep.trials=-1", PB_ERR_CONFIG, "trials"},
    {SPACE(LR), "sweep.trails=3", PB_ERR_CONFIG, "did you mean trials?"},
    {SPACE(LR), "sweep.final_seeds=[1, 1]", PB_ERR_CONFIG, "has 1 twice"},
    {SPACE(LR), "sweep.final_seeds=[]", PB_ERR_CONFIG, "final_seeds"},
    {SPACE(LR), "sweep.space.x=3", PB_ERR_USAGE, "changed in the file"},
    {SPACE(LR), "sweep.arms=3", PB_ERR_USAGE, "changed in the file"},
    {SPACE(LR), "sweep.trials", PB_ERR_USAGE, "is not an override"},
    {SPACE(LR), "data.validation=0", PB_ERR_CONFIG, "chooses by validation samples"},
    {SPACE(LR), "name=../up", PB_ERR_CONFIG, "cannot name a folder"},
    /* arms */
    {"name: s\n", NULL, PB_ERR_CONFIG, "sweep: is missing"},
    {"name: s\nsweep: 3\n", NULL, PB_ERR_CONFIG, "sweep: is missing"},
    {"[1]", NULL, PB_ERR_CONFIG, "sweep: is missing"},
    {ARMS(""), NULL, PB_ERR_CONFIG, "1 to 16 named arms"},
    {ARMS("a: 3"), NULL, PB_ERR_CONFIG, "must be a map of config"},
    {ARMS("a: {konfig: base.yaml}"), NULL, PB_ERR_CONFIG, "allowed: config, set, space"},
    {ARMS("a: {config: [base.yaml]}"), NULL, PB_ERR_CONFIG, "must be a file of a configuration"},
    {ARMS("a: {config: base.yaml, set: [1]}"), NULL, PB_ERR_CONFIG, "must be a map of overrides"},
    {ARMS("a: {config: base.yaml, set: {train.epochs: 0}}"), NULL, PB_ERR_CONFIG, "epochs"},
    {ARMS("a: {config: base.yaml, set: {train.seeds: [1]}}"), NULL, PB_ERR_CONFIG, "single value"},
    {ARMS("a: {config: missing.yaml}"), NULL, PB_ERR_CONFIG, "missing.yaml"},
    {ARMS("a/b: {config: base.yaml}"), NULL, PB_ERR_CONFIG, "cannot name a folder"},
    {ARMS("a: {}"), NULL, PB_ERR_CONFIG, "stages: is missing"},
};

START_TEST(each_mistake_is_told_in_a_sentence)
{
    desk d;
    setup(&d);
    const pb_status status = load(&d, mistakes[_i].text, mistakes[_i].overrides);
    const char *said = pb_error(d.ctx);
    ck_assert_msg(status == mistakes[_i].status, "%s: status %s, \"%s\"", mistakes[_i].text,
                  pb_status_name(status), said);
    ck_assert_msg(strstr(said, mistakes[_i].says) != NULL, "\"%s\" lacks \"%s\"", said,
                  mistakes[_i].says);
    ck_assert_ptr_null(strchr(said, '\n'));
    teardown(&d);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("sweep_config");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, arms_have_their_own_configurations_and_spaces);
    tcase_add_test(tcase, a_configuration_with_a_section_is_its_only_arm);
    tcase_add_test(tcase, a_search_comes_back_from_its_text);
    tcase_add_test(tcase, a_point_becomes_a_configuration);
    tcase_add_test(tcase, distributions_are_written_as_optuna_writes_them);
    tcase_add_loop_test(tcase, each_mistake_is_told_in_a_sentence, 0,
                        sizeof mistakes / sizeof *mistakes);
    return run_case("sweep_config", tcase);
}
