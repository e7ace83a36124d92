/* The command line at work: what it prints, where, and what it leaves. */
#define _GNU_SOURCE /* posix_openpt */
#include <ctype.h>

#include <jansson.h>

#include "tiny_set.h"
#include "user.h"

static void set_up(void)
{
    scratch_open(&s);
    tiny_data(&s);
    tiny_write_config(&s, NULL, NULL);
}

static void tear_down(void)
{
    scratch_close(&s);
}

/* ---- what is printed from tables ---- */

START_TEST(help_knows_every_command)
{
    static const char *const names[] = {
        "run",     "sweep",          "study",    "resume", "eval",    "report", "compress",
        "inspect", "explain",        "schedule", "bench",  "devices", "stages", "data",
        "help",    "compress-model", "look",     "export", "ensemble"};
    const size_t count = sizeof names / sizeof *names;
    size_t listed = 0;
    char command[64], by_help[OUTPUT_BYTES];
    run("help", 0);
    ck_assert_str_eq(said.err, "");
    for (size_t i = 0; i < count; i++) {
        snprintf(command, sizeof command, "\n  %s ", names[i]);
        assert_says(said.out, command);
    }
    for (const char *at = said.out; (at = strstr(at, "\n  ")); at++) listed += isalpha(at[3]) != 0;
    ck_assert_uint_eq(listed, count); /* and no other */
    size_t widest = 0;
    for (const char *at = said.out, *end; (end = strchr(at, '\n')); at = end + 1)
        if ((size_t)(end - at) > widest) widest = (size_t)(end - at);
    ck_assert_uint_le(widest, 100); /* fits a window */
    run("--help", 0);
    assert_says(said.out, "usage: passband COMMAND");
    for (size_t i = 0; i < count; i++) {
        snprintf(command, sizeof command, "help %s", names[i]);
        run(command, 0);
        strcpy(by_help, said.out);
        snprintf(command, sizeof command, "%s --help", names[i]);
        run(command, 0);
        ck_assert_str_eq(said.out, by_help);
        snprintf(command, sizeof command, "usage: passband %s ", names[i]);
        ck_assert(strncmp(said.out, command, strlen(command)) == 0);
        assert_says(said.out, "-h, --help");
    }
    run("help run", 0);
    assert_says(said.out, "batch_size"); /* the schema of configurations */
    run("--version", 0);
    ck_assert(strncmp(said.out, "passband 0.", 11) == 0);
}
END_TEST

START_TEST(stages_and_data_come_from_their_tables)
{
    run("stages", 0);
    assert_says(said.out, "\nband_mask ");
    assert_says(said.out, "\nadamw ");
    run("stages band_mask", 0);
    assert_says(said.out, "bands");
    assert_says(said.out, "uniform");
    run("stages relu", 0);
    assert_says(said.out, "no options");
    run("stages dwt", 0);
    assert_says(said.out, "\ndwt2: ");
    assert_says(said.out, "antireflect");
    assert_says(said.out, "  db2         4   2  asymmetric     orthogonal    Daubechies\n");
    assert_says(said.out, "  bior1.3     6   1  symmetric      biorthogonal  Biorthogonal\n");
    assert_says(said.out, "  dmey       62   -  symmetric ");
    assert_says(
        said.out,
        "  morl      -8 to 8   symmetric      not orthogonal  real     0.8125  Morlet wavelet\n");
    assert_says(
        said.out,
        "  cgau1     -5 to 5   anti-symmetric not orthogonal  complex  0.3000  Complex Gau");
    run("stages cwt", 0);
    assert_says(said.out, "sampling_period");
    assert_says(said.out,
                "  shan     -20 to 20  asymmetric     not orthogonal  complex  0.7750  Shannon");
    run("stages dwt1", 0);
    assert_says(said.out, "  sym20 ");
    run("data list", 0);
    assert_says(said.out, "fashion-mnist");
    assert_says(said.out, "passband data fetch mnist");
    assert_says(said.out, "passband data export mnist1d DIR");
    run("devices", 0);
    assert_says(said.out, "* ");
    assert_says(said.out, "OpenCL");
    assert_says(said.out, "global memory");
    assert_says(said.out, "work-group");
}
END_TEST

START_TEST(mnist1d_is_generated_and_exported)
{
    static const char config[] = "name: small\n"
                                 "data: {name: mnist1d, num_samples: 100, final_seq_length: 20}\n"
                                 "train: {epochs: 1, batch_size: 20}\n"
                                 "stages: [load, linear: {features: 10}, cross_entropy, sgd]\n";
    run("data export mnist1d new/folder num_samples=50 seed=7", 0);
    ck_assert_str_eq(said.out, "mnist1d is in new/folder\n");
    ck_assert(exists("new/folder/x.npy") && exists("new/folder/y.npy"));
    ck_assert(exists("new/folder/x_test.npy") && exists("new/folder/y_test.npy"));
    fails("data export -q mnist1d new/folder", 1, "new/folder/x.npy: is there already");
    fails("data fetch mnist1d", 4, "mnist1d: is not fetched, it is generated");
    run("help data", 0);
    assert_says(said.out, "\n  final_seq_length ");

    scratch_put(&s, "m.yaml", config, sizeof config - 1);
    run("run -q m.yaml -o out", 0);
    char text[OUTPUT_BYTES];
    program_read(scratch_path(&s, "out/summary.json"), text);
    assert_says(text, "\"data_set\": \"mnist1d\"");
    assert_says(text, "\"parameters\": 210"); /* 20 x 10 + 10 */
}
END_TEST

START_TEST(a_printed_configuration_prints_itself)
{
    char first[OUTPUT_BYTES];
    run("run c.yaml --print-config train.epochs=7 stages.dct2.keep=5", 0);
    assert_says(said.out, "epochs: 7");
    assert_says(said.out, "keep: 5");
    assert_says(said.out, "momentum:"); /* defaults are filled in */
    strcpy(first, said.out);
    scratch_put(&s, "d.yaml", first, strlen(first));
    run("run d.yaml --print-config", 0);
    ck_assert_str_eq(said.out, first);
    ck_assert(!exists("runs"));
}
END_TEST

START_TEST(schedule_prints_and_draws_rates)
{
    run("schedule c.yaml train.epochs=4 stages.sgd.lr=0.5 stages.sgd.schedule=exponential "
        "stages.sgd.gamma=0.5 -o pictures",
        0);
    assert_says(said.out, "epoch  sgd_1");
    assert_says(said.out, "\n    4  0.0625 ");
    assert_says(said.out, "pictures/schedule.png");
    ck_assert(exists("pictures/schedule.png") && exists("pictures/schedule.svg"));
    run("schedule c.yaml train.epochs=2 stages.sgd.lr=0.5 stages.sgd.warmup=2 "
        "stages.sgd.schedule=plateau",
        0);
    assert_says(said.out, "\n    1  0.05 to ");
    assert_says(said.out, "as if the loss fell");
    ck_assert(exists("schedule.png"));
    ck_assert(!exists("runs"));
    fails("schedule c.yaml d.yaml", 2, "d.yaml is not key=value");
}
END_TEST

START_TEST(explain_prints_plans_and_graphs)
{
    run("explain c.yaml", 0);
    assert_says(said.out, "conv");
    run("explain c.yaml train.batch_size=4 --dot", 0);
    ck_assert(strncmp(said.out, "digraph", 7) == 0);
    ck_assert(!exists("runs"));
}
END_TEST

/* ---- runs ---- */

START_TEST(a_run_ends_with_its_table_and_pictures)
{
    run("run c.yaml -o out --profile", 0);
    assert_says(said.err, "tiny: seed 0 (1 of 1), epoch 2 of 2, training loss ");
    assert_says(said.err, "validation accuracy ");
    ck_assert_ptr_null(strchr(said.err, '\033')); /* a file gets no colours */
    assert_says(said.out, "GFLOP/s");
    assert_says(said.out, "\nrun ");
    assert_says(said.out, "\ntiny ");
    assert_says(said.out, "\nout/index.html\n");
    ck_assert(exists("out/index.html") && exists("out/plots/loss.png") &&
              exists("out/profile.json"));

    run("eval out", 0);
    json_t *json = json_loads(said.out, 0, NULL);
    json_t *summary = json_load_file(scratch_path(&s, "out/summary.json"), 0, NULL);
    const json_t *scored = json_object_get(json_object_get(json, "test_accuracy"), "mean");
    const json_t *trained = json_object_get(json_object_get(summary, "test_accuracy"), "mean");
    ck_assert(json_is_number(scored));
    ck_assert_double_eq_tol(json_number_value(scored), json_number_value(trained), 1e-12);
    json_decref(json);
    json_decref(summary);

    ck_assert_int_eq(unlink(scratch_path(&s, "out/plots/loss.png")), 0);
    run("report out/", 0);
    ck_assert(exists("out/plots/loss.png"));
    run("resume out", 0);
    assert_says(said.err, "finished already");
}
END_TEST

START_TEST(a_look_inside_draws_what_it_found)
{
    static const char *const pictures[] = {"saliency",       "saliency_spectra",
                                           "class_saliency", "class_spectra",
                                           "confusion",      "activations_conv1d_1_class_spectra"};
    run("run -q c.yaml -o out", 0);
    run("look out -n 2", 0);
    ck_assert_str_eq(said.out, "out/inside/index.html\n");
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
        char path[100];
        snprintf(path, sizeof path, "out/inside/plots/%s.png", pictures[i]);
        ck_assert_msg(exists(path), "%s is missing", path);
    }
    run("look out -q --pixels --prediction --baseline mean -n 1 -o other", 0);
    json_t *look = json_load_file(scratch_path(&s, "other/look.json"), 0, NULL);
    ck_assert_str_eq(json_string_value(json_object_get(look, "input")), "pixels");
    ck_assert_uint_eq(json_array_size(json_object_get(look, "samples")), 3);
    json_decref(look);
    fails("look out --seed 7", 2, "out: has no seed 7");
    fails("look out --baseline black", 2, "--baseline must be zero or mean, not black");
    fails("look out --noise loud", 2, "--noise must be a number from 0 to 10, not loud");
    fails("look data", 2, "data: holds no run");
}
END_TEST

START_TEST(profile_may_name_a_trace)
{
    run("run -q --profile trace.json c.yaml train.epochs=1 -o out", 0);
    json_t *trace = json_load_file(scratch_path(&s, "trace.json"), 0, NULL);
    ck_assert_uint_gt(json_array_size(json_object_get(trace, "traceEvents")), 40);
    json_decref(trace);
    ck_assert(exists("out/profile.json"));
    run("run -q --profile c.yaml train.epochs=1 -o bare", 0); /* a configuration is no trace */
    ck_assert(exists("bare/profile.json"));
    fails("run --profile=both.json c.yaml c.yaml", 2,
          "both.json traces one configuration, but 2 are given");
    fails("run -q --profile=no/folder.json c.yaml -o bad", 1, "no/folder.json: cannot be written");
    ck_assert(!exists("both.json") && !exists("bad"));
}
END_TEST

START_TEST(several_runs_end_in_a_comparison)
{
    char other[80];
    tiny_write_config(&s, "name: tiny", "name: other");
    snprintf(other, sizeof other, "%s/d.yaml", s.folder);
    ck_assert_int_eq(rename(scratch_path(&s, "c.yaml"), other), 0);
    tiny_write_config(&s, NULL, NULL);
    run("run -o both c.yaml d.yaml train.epochs=1 c.yaml", 0);
    ck_assert(exists("both/tiny/summary.json") && exists("both/other/summary.json") &&
              exists("both/tiny-2/summary.json"));
    ck_assert(exists("both/index.html") && exists("both/plots/test_accuracy.png"));
    assert_says(said.out, "\ntiny-2 ");
    assert_says(said.out, "both/index.html compares them");
    run("run -q c.yaml d.yaml train.epochs=1", 0);
    ck_assert_str_eq(said.out, "");
    ck_assert_int_eq(scratch_count(scratch_path(&s, "runs")), 3);
    run("report -o again both/tiny both/other", 0);
    ck_assert(exists("again/plots/loss.svg"));
}
END_TEST

/* Everything of /usr/bin but gnuplot: PoCL needs a linker. */
static void make_tools(void)
{
    char from[300], to[400];
    DIR *tools = opendir("/usr/bin");
    ck_assert_ptr_nonnull(tools);
    mkdir(scratch_path(&s, "bin"), 0777);
    for (struct dirent *tool; (tool = readdir(tools));) {
        if (strncmp(tool->d_name, "gnuplot", 7) == 0 || tool->d_name[0] == '.') continue;
        snprintf(from, sizeof from, "/usr/bin/%s", tool->d_name);
        snprintf(to, sizeof to, "%s/bin/%s", s.folder, tool->d_name);
        ck_assert_int_eq(symlink(from, to), 0);
    }
    closedir(tools);
}

START_TEST(without_gnuplot_a_run_does_not_fail)
{
    char path[100];
    make_tools();
    snprintf(path, sizeof path, "PATH=%s/bin", s.folder);
    const setting no_tools = {.environment = {path}};
    run_as(&no_tools, "run c.yaml -o out", 0);
    assert_says(said.err, "passband: warning: gnuplot is not installed");
    ck_assert(exists("out/summary.json") && exists("out/index.html") &&
              !exists("out/plots/loss.png"));
    run_as(&no_tools, "report out", 1);
    assert_says(said.err, "gnuplot is not installed");
}
END_TEST

START_TEST(ctrl_c_leaves_a_run_that_resumes)
{
    const setting interrupted = {.interrupt_after_ms = 4000};
    run_as(&interrupted, "run c.yaml -o out train.epochs=100000", 130);
    assert_says(said.err, "passband resume out");
    ck_assert(exists("out/config.yaml") && !exists("out/summary.json"));
    run_as(&interrupted, "resume -q out", 130);
    run("report out", 0); /* of what is there so far */
    ck_assert(exists("out/plots/loss.png"));
}
END_TEST

/* ---- streams ---- */

START_TEST(output_that_cannot_be_written_is_a_failure)
{
    const setting full = {.stdout_to = "/dev/full"};
    run_as(&full, "data list", 1);
    assert_says(said.err, "standard output cannot be written");

    int ends[2];
    char copy[] = "stages", err[80];
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    snprintf(err, sizeof err, "%s.err", s.folder);
    static const setting usual = {0};
    const pid_t child = fork();
    if (child == 0) {
        char target[32];
        snprintf(target, sizeof target, "/proc/self/fd/%d", ends[1]);
        setting broken = usual;
        broken.stdout_to = target;
        program_become(&s, copy, &broken, "/dev/null", err);
    }
    close(ends[1]);
    int ended;
    ck_assert_int_eq(waitpid(child, &ended, 0), child);
    ck_assert(WIFEXITED(ended));
    ck_assert_int_eq(WEXITSTATUS(ended), 1);
    unlink(err);
}
END_TEST

/* Runs the program on a pseudo-terminal and keeps what it wrote there. */
static void run_on_terminal(const char *arguments, const char *environment, char text[OUTPUT_BYTES])
{
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert_int_ge(terminal, 0);
    ck_assert(grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    char name[64], copy[256];
    snprintf(name, sizeof name, "%s", ptsname(terminal));
    snprintf(copy, sizeof copy, "%s", arguments);
    const setting how = {.environment = {"TERM=xterm", environment}};
    const pid_t child = fork();
    if (child == 0) program_become(&s, copy, &how, "/dev/null", name);
    size_t length = 0;
    for (;;) {
        struct timespec pause = {0, 20000000};
        const ssize_t got = read(terminal, text + length, OUTPUT_BYTES - 1 - length);
        if (got > 0) length += (size_t)got;
        if (got <= 0 && waitpid(child, NULL, WNOHANG) == child) break;
        if (got <= 0) nanosleep(&pause, NULL); /* nobody has opened the other end yet */
    }
    text[length] = '\0';
    close(terminal);
}

START_TEST(a_terminal_gets_a_bar)
{
    static char text[OUTPUT_BYTES];
    run_on_terminal("run c.yaml -o out train.epochs=3", NULL, text);
    assert_says(text, "\rtiny");
    assert_says(text, "seed 1/1  epoch 3/3  loss ");
    assert_says(text, "0:00 left");
    assert_says(text, "[#");
    assert_says(text, "\033[36m");
    run_on_terminal("run c.yaml -o out2", "NO_COLOR=1", text);
    assert_says(text, "epoch 2/2");
    ck_assert_ptr_null(strstr(text, "\033[36m"));
    run_on_terminal("run -q c.yaml -o out3", NULL, text);
    ck_assert_ptr_null(strstr(text, "epoch"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("cli");
    tcase_set_timeout(tests, 240);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, help_knows_every_command);
    tcase_add_test(tests, stages_and_data_come_from_their_tables);
    tcase_add_test(tests, mnist1d_is_generated_and_exported);
    tcase_add_test(tests, a_printed_configuration_prints_itself);
    tcase_add_test(tests, schedule_prints_and_draws_rates);
    tcase_add_test(tests, explain_prints_plans_and_graphs);
    tcase_add_test(tests, a_run_ends_with_its_table_and_pictures);
    tcase_add_test(tests, a_look_inside_draws_what_it_found);
    tcase_add_test(tests, profile_may_name_a_trace);
    tcase_add_test(tests, several_runs_end_in_a_comparison);
    tcase_add_test(tests, without_gnuplot_a_run_does_not_fail);
    tcase_add_test(tests, ctrl_c_leaves_a_run_that_resumes);
    tcase_add_test(tests, output_that_cannot_be_written_is_a_failure);
    tcase_add_test(tests, a_terminal_gets_a_bar);
    return run_case_warm("cli", tests);
}
