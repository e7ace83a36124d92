/* The section `study`: what is read, that its text reads back, and a sentence for each mistake. */
#include "../base/scratch.h"
#include "study/study_config.h"
#include "train/config.h"

static const char base[] = "data: {name: npy, path: data, validation: 0.2}\n"
                           "train: {epochs: 3, batch_size: 16}\n"
                           "stages:\n"
                           "  - load\n"
                           "  - dct2: {keep: 4}\n"
                           "  - reshape: {shape: [1, -1]}\n"
                           "  - linear: {features: 0}\n"
                           "  - cross_entropy\n"
                           "  - sgd: {lr: 0.1}\n";

static const char learner[] = "data: {name: npy, path: data}\n"
                              "train: {seeds: [7]}\n"
                              "stages:\n"
                              "  - load\n"
                              "  - dct2: {keep: 4}\n"
                              "  - band_mask: {bands: 3}\n"
                              "  - linear: {features: 0}\n"
                              "  - cross_entropy\n"
                              "  - sgd: {lr: 0.1}\n";

typedef struct desk {
    pb_context *ctx;
    scratch s;
    pb_study_config *config;
} desk;

static void setup(desk *d)
{
    *d = (desk){.ctx = pb_context_create()};
    scratch_open(&d->s);
    scratch_put(&d->s, "base.yaml", base, strlen(base));
    scratch_put(&d->s, "learner.yaml", learner, strlen(learner));
}

static void teardown(desk *d)
{
    pb_study_config_free(&d->config);
    scratch_close(&d->s);
    pb_context_free(&d->ctx);
}

static pb_status load(desk *d, const char *text, const char *override)
{
    scratch_put(&d->s, "made.yaml", text, strlen(text));
    pb_study_config_free(&d->config);
    return pb_study_config_load(d->ctx, scratch_path(&d->s, "made.yaml"), override != NULL,
                                &override, &d->config);
}

static void loads(desk *d, const char *text, const char *override)
{
    ck_assert_msg(load(d, text, override) == PB_OK, "%s", pb_error(d->ctx));
}

#define METHODS(methods) "study:\n  config: base.yaml\n  budgets: [8, 16]\n  methods:\n" methods
static const char two[] =
    METHODS("    zigzag: {stages: [{dct2: {select: zigzag}}, quantize], vary: stages.dct2.count}\n"
            "    small: {stages: [{downsample: {size: 4}}], set: {train.epochs: 7}}\n"
            "  compare: {zigzag: [small, raw]}\n");

START_TEST(methods_replace_the_transforms_of_the_network)
{
    desk d;
    setup(&d);
    loads(&d, two, NULL);
    ck_assert_str_eq(d.config->name, "made");
    ck_assert_int_eq(d.config->method_count, 3);
    const pb_method *raw = &d.config->methods[0], *zigzag = &d.config->methods[1];
    ck_assert_str_eq(raw->name, "raw");
    ck_assert_int_eq(raw->chain, 1);
    ck_assert_ptr_null(strstr(raw->base, "dct2"));
    ck_assert_str_eq(zigzag->name, "zigzag");
    ck_assert_int_eq(zigzag->chain, 3);
    ck_assert_str_eq(zigzag->vary, "stages.dct2.count");
    ck_assert_int_eq(zigzag->against_count, 2);
    ck_assert_str_eq(zigzag->against[0], "small");
    pb_config *config;
    ck_assert_int_eq(pb_method_config(d.ctx, zigzag, 5, 0, NULL, false, &config), PB_OK);
    const char *const names[] = {"load",   "dct2",          "quantize", "reshape",
                                 "linear", "cross_entropy", "sgd"};
    ck_assert_int_eq(config->stage_count, 7);
    for (int i = 0; i < 7; i++) ck_assert_str_eq(config->stages[i].stage->name, names[i]);
    ck_assert_int_eq(pb_option_int(config->stages[1].options, "count"), 5);
    pb_config_free(&config);
    ck_assert_int_eq(pb_method_config(d.ctx, zigzag, 5, 0, NULL, true, &config), PB_OK);
    ck_assert_int_eq(config->stage_count, 3);
    pb_config_free(&config);
    ck_assert_int_eq(pb_method_config(d.ctx, &d.config->methods[2], 1, 0, NULL, false, &config),
                     PB_OK);
    ck_assert_int_eq(pb_option_int(config->train, "epochs"), 7);
    pb_config_free(&config);
    teardown(&d);
}
END_TEST

/* Behind the file alone: what compresses makes no difference, nor does how it is tested. */
START_TEST(networks_of_methods_are_told_apart)
{
    static const struct {
        const char *name;
        bool layers, training;
        int epochs;
    } wanted[] = {{"same", false, false, 3},
                  {"longer", false, true, 7},
                  {"other", false, true, 3},
                  {"evaluation", false, false, 3},
                  {"masked", true, true, 1}};
    desk d;
    setup(&d);
    loads(&d,
          METHODS("    same: {stages: [{dct2: {select: zigzag}}, quantize]}\n"
                  "    longer: {stages: [{downsample: {size: 4}}], set: {train.epochs: 7}}\n"
                  "    other: {stages: [{downsample: {size: 4}}], set: {stages.sgd.lr: 0.2}}\n"
                  "    evaluation: {stages: [], set: {train.eval_batch_size: 50}}\n"
                  "    masked: {config: learner.yaml, set: {train.epochs: 1}}\n"),
          NULL);
    for (int i = 0; i < 5; i++) {
        pb_network_difference got;
        const pb_method *m = &d.config->methods[i + 1];
        ck_assert_str_eq(m->name, wanted[i].name);
        ck_assert_int_eq(pb_method_compare_networks(d.ctx, m, &d.config->methods[0], &got), PB_OK);
        ck_assert_msg(got.layers == wanted[i].layers, "layers of %s", m->name);
        ck_assert_msg(got.training == wanted[i].training, "training of %s", m->name);
        ck_assert_int_eq(got.epochs, wanted[i].epochs);
        ck_assert_int_eq(got.other_epochs, 3);
    }
    teardown(&d);
}
END_TEST

START_TEST(the_study_holds_for_every_network)
{
    desk d;
    setup(&d);
    loads(&d,
          "name: own\ndata: {name: mnist}\nstudy:\n  config: base.yaml\n  methods:\n"
          "    small: {stages: [{downsample: {size: 4}}]}\n",
          "train.epochs=9");
    ck_assert_str_eq(d.config->name, "own");
    for (int i = 0; i < 2; i++) {
        pb_config *config;
        ck_assert_int_eq(pb_method_config(d.ctx, &d.config->methods[i], 1, 0, NULL, false, &config),
                         PB_OK);
        ck_assert_str_eq(pb_option_string(config->data, "name"), "mnist");
        ck_assert_int_eq(pb_option_int(config->train, "epochs"), 9);
        pb_config_free(&config);
    }
    teardown(&d);
}
END_TEST

/* Methods left out are compared with nothing. */
START_TEST(some_of_the_methods_alone)
{
    desk d;
    setup(&d);
    loads(&d, two, "study.only=zigzag");
    ck_assert_int_eq(d.config->method_count, 2);
    ck_assert_str_eq(d.config->methods[1].name, "zigzag");
    ck_assert_int_eq(d.config->methods[1].against_count, 1);
    ck_assert_str_eq(d.config->methods[1].against[0], "raw");
    loads(&d, two, "study.only=small");
    ck_assert_int_eq(d.config->method_count, 2);
    ck_assert_str_eq(d.config->methods[1].name, "small");
    loads(&d, two, "study.only='small, zigzag'");
    ck_assert_int_eq(d.config->method_count, 3);
    teardown(&d);
}
END_TEST

/* What the folder of a study keeps is the study again. */
START_TEST(a_study_comes_back_from_its_text)
{
    desk d;
    setup(&d);
    loads(&d, two, NULL);
    char *text = pb_study_config_yaml(d.config);
    mkdir(scratch_path(&d.s, "methods"), 0777);
    for (int i = 0; i < 3; i++) {
        char name[64];
        snprintf(name, sizeof name, "methods/%s.yaml", d.config->methods[i].name);
        scratch_put(&d.s, name, d.config->methods[i].base, strlen(d.config->methods[i].base));
    }
    scratch_put(&d.s, "study.yaml", text, strlen(text));
    pb_study_config *again = NULL;
    ck_assert_msg(pb_study_config_load(d.ctx, scratch_path(&d.s, "study.yaml"), 0, NULL, &again) ==
                      PB_OK,
                  "%s", pb_error(d.ctx));
    ck_assert_msg(pb_study_config_compare(d.ctx, "f", d.config, again) == PB_OK, "%s",
                  pb_error(d.ctx));
    ck_assert_int_eq(again->methods[1].chain, 3);
    ck_assert_int_eq(again->methods[1].against_count, 2);
    free(text);
    loads(&d, two, "study.seeds=[5]");
    ck_assert_int_eq(pb_study_config_compare(d.ctx, "f", d.config, again), PB_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(pb_error(d.ctx), "other seeds"));
    loads(&d, two, "stages.sgd.lr=0.2");
    ck_assert_int_eq(pb_study_config_compare(d.ctx, "f", d.config, again), PB_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(pb_error(d.ctx), "raw with another configuration"));
    pb_study_config_free(&again);
    teardown(&d);
}
END_TEST

/* What a method learns from belongs to the study, with its data and training. */
START_TEST(a_learner_comes_back_from_its_text)
{
    static const char text[] =
        METHODS("    a: {stages: [{dct2: {select: bands, keep: 4, bands: 3}}],\n"
                "        weights_of: learner.yaml}\n") "train: {epochs: 5}\n";
    desk d;
    setup(&d);
    loads(&d, text, "stages.sgd.lr=0.5");
    const pb_method *method = &d.config->methods[1];
    ck_assert_ptr_nonnull(strstr(method->learner, "epochs: 5"));
    ck_assert_ptr_nonnull(strstr(method->learner, "lr: 0.1"));
    char *study = pb_study_config_yaml(d.config);
    mkdir(scratch_path(&d.s, "methods"), 0777);
    mkdir(scratch_path(&d.s, "learners"), 0777);
    scratch_put(&d.s, "methods/raw.yaml", d.config->methods[0].base,
                strlen(d.config->methods[0].base));
    scratch_put(&d.s, "methods/a.yaml", method->base, strlen(method->base));
    scratch_put(&d.s, "learners/a.yaml", method->learner, strlen(method->learner));
    scratch_put(&d.s, "study.yaml", study, strlen(study));
    free(study);
    pb_study_config *again = NULL;
    ck_assert_msg(pb_study_config_load(d.ctx, scratch_path(&d.s, "study.yaml"), 0, NULL, &again) ==
                      PB_OK,
                  "%s", pb_error(d.ctx));
    ck_assert_msg(pb_study_config_compare(d.ctx, "f", d.config, again) == PB_OK, "%s",
                  pb_error(d.ctx));
    loads(&d, text, "train.batch_size=9");
    ck_assert_int_eq(pb_study_config_compare(d.ctx, "f", d.config, again), PB_ERR_USAGE);
    pb_study_config_free(&again);
    teardown(&d);
}
END_TEST

static const struct {
    const char *text, *override, *says;
} mistakes[] = {
    {"name: a\n", NULL, "study: is missing, must be a map"},
    {"study: {config: base.yaml}\n", NULL, "methods: must be a map of 1 to 63 named methods"},
    {METHODS("    a: {stages: [{dct2: {kep: 3}}]}\n"), NULL, "made.yaml:5: stages.dct2.kep"},
    {METHODS("    a: {stagse: []}\n"), NULL, "methods.a.stagse: unknown key"},
    {METHODS("    a: {stages: {}}\n"), NULL, "methods.a.stages: must be a list of transforms"},
    {METHODS("    a: {stages: [relu]}\n"), NULL, "relu does not compress"},
    {METHODS("    a-8: {stages: []}\n"), NULL, "'a-8' ends in a number"},
    {METHODS("    a: {stages: [], vary: stages.dct2.count}\n"), NULL,
     "made.yaml:5: study.methods.a.vary: must be an option of whole numbers: stages.dct2.count: "
     "there is no stage dct2"},
    {METHODS("    a: {stages: [dct2], vary: stages.dct2.select}\n"), NULL,
     "must be an option of whole numbers"},
    {METHODS("    raw: {stages: [dct2], vary: stages.dct2.count}\n"), NULL,
     "methods.raw.vary: the others are compared with raw"},
    {METHODS("    a: {stages: [dct2], vary: stages.dct2.size}\n"), NULL, "study.methods.a.vary"},
    {METHODS("    a: {stages: [dct2], vary: train.epochs}\n"), NULL,
     "must be an option of a stage"},
    {METHODS("    a: {stages: []}\n  compare: {b: [a]}\n"), NULL, "compare.b: is not a method"},
    {METHODS("    a: {stages: []}\n  compare: {a: [a]}\n"), NULL, "a is not another method"},
    {METHODS("    a: {stages: []}\n"), "study.budgets=[8, 8]", "has 8 twice"},
    {METHODS("    a: {stages: []}\n"), "study.budgets=[0]", "study.budgets"},
    {METHODS("    a: {stages: []}\n"), "study.tell_from=mnits", "mnits"},
    {METHODS("    a: {stages: []}\n"), "study.only=a b", "study.only: b is not a method"},
    {METHODS("    a: {stages: []}\n"), "study.seeds=[]", "has 0 numbers, allowed: 1 to 100"},
    {METHODS("    a: {stages: []}\n"), "study.methods=3", "are changed in the file"},
    {METHODS("    a: {stages: []}\n") "stages: [load]\n", NULL, "stages: cannot be given here"},
    {METHODS("    a: {config: none.yaml}\n"), NULL, "none.yaml"},
    {METHODS("    a: {stages: [dct2], weights_of: learner.yaml}\n"), NULL,
     "made.yaml:5: study.methods.a.weights_of"},
    {METHODS("    a: {stages: [{dct2: {select: bands, bands: 3}}], weights_of: base.yaml}\n"), NULL,
     "learns no weights of bands"},
    {METHODS("    a: {stages: [{dct2: {select: bands, bands: 3}}], weights_of: learner.yaml}\n"),
     NULL, "dct2.keep is 4, but stages.dct2.keep of the method is 16"},
    {METHODS("    a: {stages: [{dct2: {select: bands, keep: 4}}], weights_of: learner.yaml}\n"),
     NULL, "band_mask.bands is 3, but stages.dct2.bands of the method is 8"},
    {METHODS("    a: {stages: [{dct2: {select: bands}}], weights_of: none.yaml}\n"), NULL,
     "none.yaml"},
};

START_TEST(each_mistake_is_told_in_a_sentence)
{
    desk d;
    setup(&d);
    const pb_status status = load(&d, mistakes[_i].text, mistakes[_i].override);
    const char *said = pb_error(d.ctx);
    ck_assert_msg(pb_status_exit_code(status) == 2, "%s: status %s, \"%s\"", mistakes[_i].text,
                  pb_status_name(status), said);
    ck_assert_msg(strstr(said, mistakes[_i].says) != NULL, "\"%s\" lacks \"%s\"", said,
                  mistakes[_i].says);
    ck_assert_ptr_null(strchr(said, '\n'));
    teardown(&d);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("study_config");
    tcase_add_test(tcase, methods_replace_the_transforms_of_the_network);
    tcase_add_test(tcase, networks_of_methods_are_told_apart);
    tcase_add_test(tcase, the_study_holds_for_every_network);
    tcase_add_test(tcase, some_of_the_methods_alone);
    tcase_add_test(tcase, a_study_comes_back_from_its_text);
    tcase_add_test(tcase, a_learner_comes_back_from_its_text);
    tcase_add_loop_test(tcase, each_mistake_is_told_in_a_sentence, 0,
                        sizeof mistakes / sizeof *mistakes);
    return run_case("study_config", tcase);
}
