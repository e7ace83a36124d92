/* passband study as a user would: real files, real trainings, and what is left when it is stopped.
 * Most of the time goes into compiling kernels, so methods are few and without a quantiser, which
 * would be fitted for each file that is tried; budgets are such that few are. */
#include <math.h>

#include "cli/tiny_set.h"
#include "cli/user.h"

static const char config[] =
    "name: tiny\n"
    "study:\n"
    "  budgets: [43, 22]\n"
    "  seeds: [3, 4]\n"
    "  probes: 20\n"
    "  tell_from: ''\n"
    "  methods:\n"
    "    zigzag:\n"
    "      stages: [{dct2: {select: zigzag, count: 1}}]\n"
    "      vary: stages.dct2.count\n"
    "data: {name: idx, path: data, validation: 0}\n"
    "train: {epochs: 2, batch_size: 10, eval_batch_size: 10}\n"
    "stages: [load, {linear: {features: 0}}, cross_entropy, {sgd: {lr: 0.1}}]\n";

static void setup(void)
{
    scratch_open(&s);
    tiny_data(&s);
    scratch_put(&s, "study.yaml", config, strlen(config));
}

static void teardown(void)
{
    scratch_close(&s);
}

static double number(const json_t *json, const char *key)
{
    return json_number_value(json_object_get(json, key));
}

static const char *text(const json_t *json, const char *key)
{
    return json_string_value(json_object_get(json, key));
}

/* Bytes of a point's file over its samples, as the disk has it. */
static double file_bytes(const char *point, int samples)
{
    char name[128];
    struct stat info;
    snprintf(name, sizeof name, "out/sets/%s.pbz", point);
    ck_assert_int_eq(stat(scratch_path(&s, name), &info), 0);
    return (double)info.st_size / samples;
}

static void check_point(const json_t *p, int samples)
{
    const char *point = text(p, "point");
    const json_t *budget = json_object_get(p, "budget"), *accuracy = json_object_get(p, "accuracy");
    char name[128];
    ck_assert_double_eq_tol(number(p, "bytes_per_sample"), file_bytes(point, samples), 1e-6);
    if (json_is_integer(budget))
        ck_assert_double_le(number(p, "bytes_per_sample"), number(p, "budget"));
    snprintf(name, sizeof name, "out/runs/%s/summary.json", point);
    json_t *summary = read_json(name), *scored = json_object_get(summary, "test_accuracy");
    for (size_t k = 0; k < json_array_size(json_object_get(scored, "per_seed")); k++)
        ck_assert_double_eq_tol(
            json_number_value(json_array_get(json_object_get(accuracy, "per_seed"), k)),
            json_number_value(json_array_get(json_object_get(scored, "per_seed"), k)), 1e-8);
    ck_assert_double_eq_tol(number(summary, "bytes_per_sample"), number(p, "bytes_per_sample"),
                            1e-6);
    ck_assert_double_gt(number(p, "seconds"), 0);
    json_decref(summary);
}

/* A point's measures are those of its file, and merged with what its network proves. */
static void check_measures(const json_t *p, int samples, int classes)
{
    char name[128];
    const json_t *information = json_object_get(p, "information");
    const json_t *identity = json_object_get(p, "identity");
    const double bound = number(json_object_get(information, "label_bound"), "mean");
    const double loss = number(json_object_get(p, "test_loss"), "mean");
    ck_assert_double_eq(number(information, "samples"), samples);
    /* the test part holds every class equally often */
    ck_assert_double_eq_tol(bound, log2(classes) - loss / log(2), 1e-6);
    ck_assert_str_eq(text(identity, "fingerprint"), text(p, "fingerprint"));
    ck_assert_uint_ge(json_array_size(json_object_get(identity, "reidentification")), 2);
    ck_assert(json_is_object(json_object_get(p, "reconstruction")));
    snprintf(name, sizeof name, "out/measures/%s/measures.json", text(p, "point"));
    json_t *held = read_json(name);
    ck_assert(json_equal(json_object_get(held, "identity"), identity));
    json_decref(held);
}

static void check_page(const char *name, const char *const words[], int count)
{
    static char page[1 << 18];
    FILE *file = fopen(scratch_path(&s, name), "r");
    ck_assert(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    for (int i = 0; i < count; i++)
        ck_assert_msg(strstr(page, words[i]), "%s lacks %s", name, words[i]);
}

START_TEST(a_study_from_files_to_findings)
{
    run("study study.yaml -o out", 0);
    assert_says(said.err, "raw (1 of 3): ");
    assert_says(said.out, "| zigzag-22 |");
    json_t *study = read_json("out/study.json"), *points = json_object_get(study, "points"), *p;
    size_t i;
    ck_assert_uint_eq(json_array_size(points), 3);
    json_array_foreach(points, i, p)
    {
        check_point(p, TRAIN + TEST);
        check_measures(p, TRAIN + TEST, 3);
    }
    ck_assert_str_eq(text(json_array_get(points, 1), "point"), "zigzag-22"); /* the smaller first */
    ck_assert_double_lt(number(json_array_get(points, 1), "value"),
                        number(json_array_get(points, 2), "value"));
    for (i = 1; i < 3; i++)
        ck_assert(json_is_false(json_object_get(json_array_get(points, i), "exhausted")));
    ck_assert_uint_eq(json_array_size(json_object_get(study, "same_values")), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(study, "own_networks")), 0);
    /* the largest that fits: one coefficient more takes too much */
    char more[160];
    snprintf(more, sizeof more,
             "compress out/methods/zigzag.yaml stages.dct2.count=%d -o out/sets/more.pbz -q",
             (int)number(json_array_get(points, 1), "value") + 1);
    if (number(json_array_get(points, 1), "bytes_per_sample") < 0.97 * 22) {
        run(more, 0);
        ck_assert_double_gt(file_bytes("more", TRAIN + TEST), 22);
    }
    json_decref(study);
    ck_assert(exists("out/study.csv") && exists("out/study.md") && exists("out/findings.md"));
    ck_assert(exists("out/index.html") && exists("out/study.db"));
    static const char *const pictures[] = {
        "plots/study_label_bits.png", "plots/study_information.png",
        "plots/study_reidentification.png", "plots/study_sheet_zigzag.png",
        "What changes a fingerprint"};
    static const char *const smallest[] = {"Smallest file whose mean is within 0.5 points of raw: ",
                                           "Smallest file whose mean is within 1 point of raw: "};
    run("report out -q", 0);
    check_page("out/index.html", pictures, 5);
    check_page("out/index.html", smallest, 2);
    check_page("out/study.md", smallest, 2);
}
END_TEST

static time_t changed(const char *name)
{
    struct stat info;
    ck_assert_int_eq(stat(scratch_path(&s, name), &info), 0);
    return info.st_mtime;
}

/* Stops the study until the samples as they are have been trained on. */
static void stop_again_and_again(int signal, const char *until)
{
    for (int wait_ms = 300; !exists(until); wait_ms += wait_ms / 2) {
        const setting stopped = {.interrupt_after_ms = wait_ms, .signal = signal};
        ck_assert_int_lt(wait_ms, 200000);
        program_run(&s, "study study.yaml -o out train.epochs=40", &stopped, &said);
        const bool was_stopped = said.exit_code == (signal == SIGINT ? 130 : 128 + signal);
        ck_assert_msg(was_stopped || said.exit_code == 0, "%s", said.err);
    }
}

/* Two processes at once end what is left. */
static void end_together(void)
{
    const pid_t other = program_begin(&s, "study out -q");
    int ended;
    run("study out -q", 0);
    ck_assert_int_eq(waitpid(other, &ended, 0), other);
    ck_assert(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
}

/* All but times, which are measured. */
static void drop_times(json_t *study)
{
    size_t i;
    json_t *p;
    json_array_foreach(json_object_get(study, "points"), i, p)
    {
        json_object_del(p, "seconds");
        json_object_del(p, "seconds_per_epoch");
    }
}

/* What was finished before stays as it is; a study that is finished does nothing more; and neither
 * signals nor company change what comes out. */
START_TEST(a_study_goes_on_where_it_was_stopped)
{
    stop_again_and_again(SIGINT, "out/runs/raw/summary.json");
    const time_t before = changed("out/runs/raw/summary.json");
    fails("study study.yaml -o out", 2, "holds a study of raw with another configuration");
    fails("study out -o other", 2, "it stays in its folder");
    stop_again_and_again(SIGKILL, "out/runs/zigzag-22/summary.json");
    end_together();
    ck_assert(changed("out/runs/raw/summary.json") == before);
    json_t *study = read_json("out/study.json");
    ck_assert_uint_eq(json_array_size(json_object_get(study, "points")), 3);
    const time_t last = changed("out/runs/zigzag-43/summary.json"),
                 measured = changed("out/measures/zigzag-43/measures.json");
    run("study out -q", 0);
    json_t *again = read_json("out/study.json");
    ck_assert(json_equal(study, again));
    ck_assert(changed("out/runs/zigzag-43/summary.json") == last);
    ck_assert(changed("out/measures/zigzag-43/measures.json") == measured);
    run("study study.yaml -o calm train.epochs=40 -q", 0);
    json_t *calm = read_json("calm/study.json");
    drop_times(study);
    drop_times(calm);
    ck_assert(json_equal(study, calm));
    tiny_labels(&s, "data/t10k-labels-idx1-ubyte", TEST, TEST, 2);
    fails("study out -q", 4, "was made of other samples than data set");
    json_decref(calm);
    json_decref(again);
    json_decref(study);
}
END_TEST

static const char bands[] =
    "study:\n"
    "  budgets: [500]\n"
    "  seeds: [3, 4]\n"
    "  measures: false\n"
    "  methods:\n"
    "    learned:\n"
    "      stages: [{dct2: {select: bands, keep: 6, bands: 3, count: 9}}, {quantize: {bits: 4}}]\n"
    "      vary: stages.dct2.count\n"
    "      weights_of: tiny.yaml\n"
    "    uniform:\n"
    "      stages: [{dct2: {select: bands, keep: 6, bands: 3, count: 9}}, {quantize: {bits: 4}}]\n"
    "      vary: stages.dct2.count\n"
    "      set: {train.epochs: 3}\n"
    "  compare: {learned: [uniform]}\n"
    "data: {name: idx, path: data, validation: 0}\n"
    "train: {epochs: 2, batch_size: 20, eval_batch_size: 30}\n"
    "stages: [load, {linear: {features: 0}}, cross_entropy, {sgd: {lr: 0.1}}]\n";

/* A network with a band mask is trained first, once, and how it weighs its bands is in the study's
 * result and in the files of the method: these need the network no more. */
START_TEST(a_study_learns_which_bands_matter)
{
    char learned[600];
    scratch_put(&s, "tiny.yaml", tiny_config, strlen(tiny_config));
    scratch_put(&s, "bands.yaml", bands, strlen(bands));
    run("study bands.yaml -o out", 0);
    json_t *study = read_json("out/study.json"),
           *learner = read_json("out/learned/learned/summary.json");
    const json_t *compared = json_array_get(json_object_get(study, "comparisons"), 0);
    const json_t *weights = json_object_get(json_object_get(study, "band_weights"), "learned");
    const json_t *means = json_object_get(json_object_get(learner, "band_weights"), "mean");
    ck_assert_uint_eq(json_array_size(weights), 3);
    for (size_t i = 0; i < 3; i++)
        ck_assert_double_eq_tol(json_number_value(json_array_get(weights, i)),
                                json_number_value(json_array_get(means, i)), 1e-9);
    ck_assert_uint_eq(json_array_size(json_object_get(learner, "seeds")), 2);
    ck_assert_str_eq(text(compared, "point"), "learned-500");
    ck_assert_str_eq(text(compared, "other"), "uniform-500");
    /* all 36 coefficients of either, which are the same */
    const json_t *same = json_object_get(study, "same_values"),
                 *points = json_object_get(study, "points"),
                 *networks = json_object_get(study, "own_networks");
    ck_assert_uint_eq(json_array_size(same), 1);
    ck_assert_str_eq(text(json_array_get(same, 0), "point"), "uniform-500");
    ck_assert_str_eq(text(json_array_get(same, 0), "other"), "learned-500");
    ck_assert_double_eq(number(json_array_get(points, 1), "value"), 36);
    for (size_t i = 1; i < 3; i++)
        ck_assert(json_is_true(json_object_get(json_array_get(points, i), "exhausted")));
    ck_assert_uint_eq(json_array_size(networks), 1);
    ck_assert_str_eq(text(json_array_get(networks, 0), "method"), "uniform");
    ck_assert(json_is_false(json_object_get(json_array_get(networks, 0), "layers")));
    ck_assert_double_eq(number(json_array_get(networks, 0), "epochs"), 3);
    const time_t before = changed("out/learned/learned/summary.json");
    run("study out -q", 0);
    json_t *again = read_json("out/study.json");
    ck_assert(json_equal(study, again));
    ck_assert(changed("out/learned/learned/summary.json") == before);

    run("compress out/methods/learned.yaml "
        "stages.dct2.weights=out/learned/learned -q -o nine.pbz",
        0);
    fails("compress out/methods/learned.yaml stages.dct2.weights=out/runs/raw -q -o ten.pbz", 2,
          "is a run without a band mask");
    snprintf(learned, sizeof learned, "%s/out/learned", s.folder);
    ck_assert_int_eq(rename(learned, scratch_path(&s, "gone")), 0);
    run("eval out/runs/learned-500", 0);
    run("run out/methods/learned.yaml stages.dct2.weights=out/learned/learned "
        "data.path=nine.pbz -o nine -q",
        0);
    fails("compress out/methods/learned.yaml stages.dct2.weights=out/learned/learned -q -o ten.pbz",
          2, "is neither a list of numbers nor the folder of a finished run");
    json_decref(again);
    json_decref(learner);
    json_decref(study);
}
END_TEST

/* A folder is all that a user has. One budget, epoch and method of those shipped; the second file
 * that is tried has 103.9 bytes a sample. */
START_TEST(a_folder_of_images)
{
    tiny_shells(&s);
    run("study shells -o out -q study.budgets=104 study.seeds=0 study.only=dct train.epochs=1 "
        "study.probes=20 study.tell_from=",
        0);
    json_t *study = read_json("out/study.json"), *points = json_object_get(study, "points"), *p;
    size_t i;
    ck_assert_uint_eq(json_array_size(points), 2);
    json_array_foreach(points, i, p) check_point(p, SHELLS);
    ck_assert_str_eq(text(study, "data_set"), "shells");
    json_decref(study);
}
END_TEST

static const char nine_bits[] =
    "study: {budgets: [20], methods: {nine: {stages: [{quantize: {bits: 9}}]}}}\n"
    "data: {name: idx, path: data, validation: 0}\n"
    "stages: [load, {linear: {features: 0}}, cross_entropy, {sgd: {lr: 0.1}}]\n";

START_TEST(what_cannot_be_studied)
{
    fails("study nowhere.yaml", 2, "nowhere.yaml");
    fails("study train.epochs=2", 2, "no configuration is given, only overrides");
    fails("study study.yaml study.yaml -o out", 2, "is the folder of one study, but 2 are given");
    fails("study study.yaml data.path=nothing -o out", 4, "nothing");
    scratch_put(&s, "some.pbz", "", 0);
    fails("study some.pbz", 2, "is compressed already; study what it was made from");
    scratch_put(&s, "nine.yaml", nine_bits, strlen(nine_bits));
    fails("study nine.yaml -o out", 2,
          "study.methods.nine: stages.quantize: quantize_1: bits is 9");
    ck_assert(!exists("out"));
    mkdir(scratch_path(&s, "run"), 0777);
    scratch_put(&s, "run/config.yaml", "", 0);
    fails("study study.yaml -o run", 2, "holds a run; give the study another folder");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("study");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, a_study_from_files_to_findings);
    tcase_add_test(tcase, a_study_goes_on_where_it_was_stopped);
    tcase_add_test(tcase, a_study_learns_which_bands_matter);
    tcase_add_test(tcase, a_folder_of_images);
    tcase_add_test(tcase, what_cannot_be_studied);
    return run_case_warm("study", tcase);
}
