/* A run that is stopped, killed or out of disk goes on to the same bits, from what stands on disk
 * or not at all. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "tiny_fixture.h"

/* ---- stopping and going on ---- */

typedef struct stopper {
    int after, heard;
    volatile int stop;
} stopper;

static void stop_after(void *user, const pb_progress *progress)
{
    stopper *stopper_ = user;
    ck_assert_str_eq(progress->run, "tiny");
    ck_assert_int_eq(progress->epochs, 4);
    if (++stopper_->heard == stopper_->after) stopper_->stop = 1;
}

/* Stops `state->after` epochs from now. */
static pb_run_options stopping(const char *folder, stopper *state)
{
    return (pb_run_options){
        .folder = folder, .progress = stop_after, .user = state, .stop = &state->stop};
}

/* Trains into a folder of that name and stops after some of its 8 epochs (two seeds of 4); the
 * folder's path. */
static const char *stopped_run(const char *overrides, const char *name, int after)
{
    stopper state = {.after = after};
    const pb_run_options options = stopping(tiny_folder(&s, name), &state);
    const pb_status status = tiny_try(ctx, &s, overrides, &options);
    ck_assert_msg(status == PB_INTERRUPTED, "%s: %s", pb_status_name(status), pb_error(ctx));
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "passband resume"));
    return options.folder;
}

/* Goes on with a run to its end. */
static void resume(const char *folder)
{
    const pb_status status = pb_run_resume(ctx, folder, NULL);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
}

START_TEST(test_resumes_to_the_same_bits)
{
    const char *whole = train(NULL, "whole");
    for (int after = 1; after <= 7; after += 2) {
        char name[32];
        snprintf(name, sizeof name, "stopped-%d", after);
        const char *folder = stopped_run(NULL, name, after);
        resume(folder);
        same_run(whole, folder);
    }
}
END_TEST

START_TEST(test_resumes_after_every_epoch)
{
    const char *whole = train(NULL, "whole"), *folder = stopped_run(NULL, "stopped", 1);
    pb_status status = PB_INTERRUPTED;
    int resumed = 0;
    for (; status == PB_INTERRUPTED; resumed++) {
        stopper state = {.after = 1};
        const pb_run_options options = stopping(folder, &state);
        status = pb_run_resume(ctx, folder, &options);
    }
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_ge(resumed, 7);
    same_run(whole, folder);
}
END_TEST

/* How many epochs of the first seed have another rate than the epoch before. */
static int rate_changes(const char *folder)
{
    json_t *metrics = run_metrics(folder);
    double before = NAN;
    int changes = 0;
    for (size_t i = 0; i < 4; i++) {
        const json_t *rates = json_object_get(json_array_get(metrics, i), "rate");
        const double rate = json_real_value(json_object_get(rates, "sgd_1"));
        changes += i > 0 && rate != before;
        before = rate;
    }
    json_decref(metrics);
    return changes;
}

/* What lowers the rate are losses of epochs before the stop. A loss that must fall to a tenth never
 * does. */
START_TEST(test_resumes_on_a_plateau)
{
    static const char plateau[] = "stages.sgd.schedule=plateau|stages.sgd.patience=0|"
                                  "stages.sgd.threshold=0.9|stages.sgd.gamma=0.3|"
                                  "stages.adam.schedule=one_cycle|stages.adam.warmup=0.5";
    const char *whole = train(plateau, "whole");
    ck_assert_int_eq(rate_changes(whole), 2); /* the first loss is lower than none */
    const char *folder = stopped_run(plateau, "stopped", 3);
    resume(folder);
    same_run(whole, folder);
}
END_TEST

/* Thresholds that rise follow from the epoch and the coefficients, so a stopped run has the same;
 * and so are the files of its networks. */
START_TEST(test_resumes_while_thresholds_rise)
{
    static const char ramp[] =
        "weight_transform={wavelet: haar, rule: quantile, threshold: 0.8, kind: soft, "
        "schedule: ramp, begin: 1, full: 3, bits: 6}";
    const char *whole = train(ramp, "whole"), *folder = stopped_run(ramp, "stopped", 2);
    resume(folder);
    same_run(whole, folder);
    same_file(whole, folder, "seed-3/model.pbw");
    same_file(whole, folder, "seed-5/model.pbw");
    same_file(whole, folder, "weights/layers.json");
    same_file(whole, folder, "weights/linear_1.npy");
    json_t *metrics = run_metrics(whole);
    double before = -1;
    for (size_t epoch = 0; epoch < 4; epoch++) {
        const json_t *sparsity = json_object_get(json_array_get(metrics, epoch), "sparsity");
        const double share = json_number_value(json_object_get(sparsity, "linear_1.level_1"));
        if (epoch == 1 || epoch == 2) ck_assert_double_gt(share, before);
        before = share;
    }
    json_decref(metrics);
}
END_TEST

/* Everything but the checkpoint can be made again: a process may die right after writing it. */
START_TEST(test_checkpoints_alone_are_enough)
{
    const char *whole = train(NULL, "whole");
    const char *folder = stopped_run(NULL, "stopped", 4); /* the last epoch of the first seed */
    unlink(scratch_path(&s, "stopped/seed-3/best.safetensors"));
    unlink(scratch_path(&s, "stopped/metrics.jsonl"));
    unlink(scratch_path(&s, "stopped/metrics.csv"));
    resume(folder);
    same_run(whole, folder);
}
END_TEST

/* In a child that nobody opened OpenCL for: its threads would not be there. */
static pid_t start_or_go_on(const char *folder, const char *overrides)
{
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child > 0) return child;
    pb_context *own = pb_context_create();
    pb_config *config = tiny_config(own, &s, overrides);
    const pb_run_options options = {.folder = folder};
    pb_status status = pb_run_resume(own, folder, NULL);
    if (status == PB_ERR_USAGE) status = pb_run_train(own, config, &options, NULL);
    _exit(status == PB_OK ? 0 : 1);
}

/* Changes with every checkpoint, each a new file; 0 before the first. */
static ino_t checkpoint_of(const char *folder)
{
    static const char *const seeds[] = {"seed-5", "seed-3"};
    char path[700];
    struct stat file;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s/checkpoint.safetensors", folder, seeds[i]);
        if (stat(path, &file) == 0) return file.st_ino;
    }
    return 0;
}

/* Lets it train until it has written another checkpoint and some microseconds more. */
static void kill_in_training(pid_t child, const char *folder, long after_us)
{
    const ino_t before = checkpoint_of(folder);
    const struct timespec moment = {0, 200000};
    int ended = 0;
    while (checkpoint_of(folder) == before) {
        ck_assert_msg(waitpid(child, &ended, WNOHANG) == 0, "it ended without a checkpoint");
        nanosleep(&moment, NULL);
    }
    nanosleep(&(struct timespec){0, 1000 * after_us}, NULL);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &ended, 0), child);
    ck_assert_msg(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL, "it had ended before");
    ck_assert_uint_ne(checkpoint_of(folder), 0);
}

/* tests/train/kill_test.sh does it at random moments, to the program. */
START_TEST(test_resumes_after_a_kill)
{
    static const char epochs[] = "train.epochs=40";
    char folder[600];
    snprintf(folder, sizeof folder, "%s", tiny_folder(&s, "killed"));
    for (int round = 0; round < 4; round++)
        kill_in_training(start_or_go_on(folder, epochs), folder, 700 * round);
    ck_assert_int_ne(access(scratch_path(&s, "killed/summary.json"), F_OK), 0);
    resume(folder);
    same_run(train(epochs, "whole"), folder);
}
END_TEST

static void keep_line(void *user, pb_log_level level, const char *line)
{
    (void)level;
    snprintf(user, 400, "%s", line);
}

START_TEST(test_a_finished_run_says_so)
{
    const char *folder = train("train.epochs=1", "run");
    char line[400] = "";
    pb_log_to(ctx, PB_LOG_INFO, keep_line, line);
    resume(folder);
    ck_assert_ptr_nonnull(strstr(line, "finished already"));
}
END_TEST

START_TEST(test_another_plan_is_a_warning)
{
    const char *folder = stopped_run(NULL, "run", 1);
    scratch_put(&s, "run/plan.json", "{}", 2);
    char line[400] = "";
    pb_log_to(ctx, PB_LOG_WARN, keep_line, line);
    resume(folder);
    ck_assert_ptr_nonnull(strstr(line, "plan.json"));
}
END_TEST

/* ---- choices of solvers ---- */

static const char measured[] = "plan=measure|plan_seconds=0";

/* Wisdom in which every product of the tiny network is computed by another solver than by rule. */
static void spoil_wisdom(void)
{
    train(measured, "first"); /* without time it leaves all to the rules, and notes them */
    json_t *wisdom = run_json(tiny_folder(&s, "cache/passband"), "wisdom.json"), *entry;
    const char *key;
    int changed = 0;
    json_object_foreach(
        json_object_get(json_array_get(json_object_get(wisdom, "machines"), 0), "choices"), key,
        entry)
    {
        if (strncmp(key, "product", 7) != 0) continue;
        json_object_set_new(entry, "choice", json_string("product_plain tile=8 work=2"));
        ++changed;
    }
    ck_assert_int_gt(changed, 1);
    ck_assert_int_eq(json_dump_file(wisdom, tiny_folder(&s, "cache/passband/wisdom.json"), 0), 0);
    json_decref(wisdom);
}

static int takes_plain(const char *folder)
{
    size_t bytes;
    char *plan = run_file(folder, "plan.json", &bytes);
    const int found = strstr(plan, "product_plain tile=8 work=2") != NULL;
    free(plan);
    return found;
}

START_TEST(test_wisdom_changes_under_a_run)
{
    char line[400] = "";
    keep_kernels(); /* only wisdom is the test's own */
    setenv("XDG_CACHE_HOME", tiny_folder(&s, "cache"), 1);
    spoil_wisdom();
    const char *whole = train(measured, "whole");
    ck_assert(takes_plain(whole));
    const char *folder = stopped_run(measured, "stopped", 3);
    ck_assert_int_eq(unlink(tiny_folder(&s, "cache/passband/wisdom.json")), 0);
    pb_log_to(ctx, PB_LOG_WARN, keep_line, line);
    resume(folder);
    ck_assert_str_eq(line, "");
    same_run(whole, folder);
}
END_TEST

/* ---- what stands on disk ---- */

/* A stopped run cannot go on when `change` was done to a file of it. */
static void check_refusal(const char *name, void (*change)(char *text, size_t *bytes),
                          pb_status code, const char *words)
{
    const char *folder = stopped_run(NULL, "run", 1);
    char path[64];
    size_t bytes = 0;
    char *text = run_file(folder, name, &bytes);
    ck_assert_ptr_nonnull(text);
    change(text, &bytes);
    snprintf(path, sizeof path, "run/%s", name);
    scratch_put(&s, path, text, bytes);
    free(text);
    ck_assert_int_eq(pb_run_resume(ctx, folder, NULL), code);
    ck_assert_msg(strstr(pb_error(ctx), words) != NULL, "%s", pb_error(ctx));
}

static void ask_for_more_epochs(char *text, size_t *bytes)
{
    (void)bytes;
    char *at = strstr(text, "epochs: 4");
    ck_assert_ptr_nonnull(at);
    memcpy(at, "epochs: 5", 9);
}

static void cut_off(char *text, size_t *bytes)
{
    (void)text;
    *bytes -= 5;
}

START_TEST(test_a_changed_configuration_cannot_resume)
{
    check_refusal("config.yaml", ask_for_more_epochs, PB_ERR_CONFIG, "another configuration");
}
END_TEST

START_TEST(test_a_damaged_checkpoint_cannot_resume)
{
    check_refusal("seed-3/checkpoint.safetensors", cut_off, PB_ERR_IO, "truncated");
}
END_TEST

START_TEST(test_half_written_files_are_swept)
{
    const char *folder = stopped_run(NULL, "run", 1);
    scratch_put(&s, "run/metrics.csv.77-0.tmp", "x", 1);
    scratch_put(&s, "run/seed-3/checkpoint.safetensors.77-0.tmp", "x", 1);
    resume(folder);
    ck_assert(access(scratch_path(&s, "run/metrics.csv.77-0.tmp"), F_OK) != 0);
    ck_assert(access(scratch_path(&s, "run/seed-3/checkpoint.safetensors.77-0.tmp"), F_OK) != 0);
}
END_TEST

/* No assertion while the limit holds: Check writes each into a file of its own. */
static void fill_the_disk(void *user, const pb_progress *progress)
{
    if (progress->epoch != 2) return;
    const struct rlimit limit = {1000, RLIM_INFINITY};
    *(int *)user = setrlimit(RLIMIT_FSIZE, &limit);
}

/* A limit on the size of files stands for a full disk: the epochs before it are not lost. */
START_TEST(test_a_full_disk_keeps_the_last_checkpoint)
{
    const char *whole = train(NULL, "whole");
    signal(SIGXFSZ, SIG_IGN);
    int limited = -1;
    const pb_run_options options = {
        .folder = tiny_folder(&s, "full"), .progress = fill_the_disk, .user = &limited};
    const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    const pb_status failed = tiny_try(ctx, &s, NULL, &options);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    ck_assert_int_eq(limited, 0);
    ck_assert_int_eq(failed, PB_ERR_IO);
    ck_assert_ptr_nonnull(
        strstr(pb_error(ctx), "seed-3/checkpoint.safetensors: cannot be written: File too large"));
    json_t *metrics = run_metrics(options.folder);
    ck_assert_uint_eq(json_array_size(metrics), 2);
    json_decref(metrics);
    resume(options.folder);
    same_run(whole, options.folder);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("resume");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, test_resumes_to_the_same_bits);
    tcase_add_test(tcase, test_resumes_after_every_epoch);
    tcase_add_test(tcase, test_resumes_on_a_plateau);
    tcase_add_test(tcase, test_resumes_while_thresholds_rise);
    tcase_add_test(tcase, test_wisdom_changes_under_a_run);
    tcase_add_test(tcase, test_checkpoints_alone_are_enough);
    tcase_add_test(tcase, test_resumes_after_a_kill);
    tcase_add_test(tcase, test_a_finished_run_says_so);
    tcase_add_test(tcase, test_another_plan_is_a_warning);
    tcase_add_test(tcase, test_a_changed_configuration_cannot_resume);
    tcase_add_test(tcase, test_a_damaged_checkpoint_cannot_resume);
    tcase_add_test(tcase, test_half_written_files_are_swept);
    tcase_add_test(tcase, test_a_full_disk_keeps_the_last_checkpoint);
    return run_case("resume", tcase);
}
