/* The file of studies: the same tables as Optuna's, read back as written, by Optuna too; damage and
 * strangers told. */
#include <sqlite3.h>
#include <sys/wait.h>

#include "../base/scratch.h"
#include "sweep_fixture.h"
#include "train/optuna_store.h"

static const char *const acts[] = {"relu", "tanh", "1", "true"};
static pb_dimension dimensions[] = {
    {.key = "lr", .log = true, .low = 1e-4, .high = 1e-1},
    {.key = "units", .kind = PB_DIMENSION_INT, .low = 16, .high = 64, .step = 16},
    {.key = "act",
     .kind = PB_DIMENSION_CATEGORICAL,
     .choices = (const char **)acts,
     .choice_count = 4},
    {.key = "drop", .low = 0, .high = 1, .step = 0.25},
};
static const pb_space space = {dimensions, 4};

/* A context, a folder, and an open store with the study "arm". */
typedef struct bench {
    pb_context *ctx;
    scratch s;
    char path[512];
    pb_store *store;
    int64_t study;
} bench;

static void ok(const bench *b, pb_status status)
{
    ck_assert_msg(status == PB_OK, "%s", pb_error(b->ctx));
}

static void setup(bench *b)
{
    b->ctx = pb_context_create();
    scratch_open(&b->s);
    snprintf(b->path, sizeof b->path, "%s", scratch_path(&b->s, "study.db"));
    ok(b, pb_store_open(b->ctx, b->path, &b->store));
    ok(b, pb_store_study(b->store, "arm", true, &space, &b->study));
}

static void teardown(bench *b)
{
    pb_store_close(&b->store);
    scratch_close(&b->s);
    pb_context_free(&b->ctx);
}

static int64_t add(bench *b, double lr, double units, double act, double drop, int64_t grid)
{
    const double point[] = {lr, units, act, drop};
    const pb_new_trial trial = {point, grid, 7, "host-1-abc"};
    int64_t id;
    int number;
    ok(b, pb_store_add(b->store, b->study, &space, &trial, &id, &number));
    return id;
}

static void end(bench *b, int64_t id, pb_trial_state state, double value, const char *problem)
{
    const pb_trial_end e = {state, value, state == PB_TRIAL_COMPLETE ? 1.5 : NAN, problem};
    ok(b, pb_store_end(b->store, id, &e));
}

/* Six trials in every state, which optuna_reads.py knows too. */
static void write_trials(bench *b)
{
    const pb_trial_report reports[] = {{1, 0.5}, {2, 0.875}, {3, 0.75}},
                          bad[] = {{1, 0.25}, {2, NAN}};
    end(b, add(b, 0.001, 16, 0, 0, 0), PB_TRIAL_COMPLETE, 0.5, NULL);
    const int64_t best = add(b, 0.0123456789012345, 48, 1, 0.25, 1);
    ok(b, pb_store_report(b->store, best, 3, reports));
    ok(b, pb_store_rung(b->store, best, 0, 0.5));
    end(b, best, PB_TRIAL_COMPLETE, 0.875, NULL);
    const int64_t pruned = add(b, 0.1, 64, 2, 1, 2);
    ok(b, pb_store_report(b->store, pruned, 2, bad));
    end(b, pruned, PB_TRIAL_PRUNED, 0.25, "pruned");
    end(b, add(b, 0.0001, 32, 3, 0.5, 3), PB_TRIAL_FAIL, NAN, "the process that ran it is gone");
    add(b, 0.05, 32, 0, 0.75, -1);
    end(b, add(b, 0.002, 16, 3, 0, -1), PB_TRIAL_COMPLETE, -INFINITY, NULL);
}

/* ---- tables ---- */

static char *fixture_text(void)
{
    static char text[8192];
    FILE *file = open_fixture("optuna_schema.sql");
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

START_TEST(tables_are_optunas_word_for_word)
{
    bench b;
    setup(&b);
    char made[8192] = "";
    sqlite3 *db;
    sqlite3_stmt *rows;
    ck_assert_int_eq(sqlite3_open(b.path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid", -1,
                       &rows, NULL);
    while (sqlite3_step(rows) == SQLITE_ROW) {
        strcat(made, (const char *)sqlite3_column_text(rows, 0));
        strcat(made, ";\n");
    }
    sqlite3_finalize(rows);
    sqlite3_prepare_v2(db, "SELECT version_info.*, version_num FROM version_info, alembic_version",
                       -1, &rows, NULL);
    ck_assert_int_eq(sqlite3_step(rows), SQLITE_ROW);
    sprintf(made + strlen(made), "-- %s %s %s %s\n", sqlite3_column_text(rows, 0),
            sqlite3_column_text(rows, 1), sqlite3_column_text(rows, 2),
            sqlite3_column_text(rows, 3));
    sqlite3_finalize(rows);
    sqlite3_close(db);
    ck_assert_str_eq(made, fixture_text());
    teardown(&b);
}
END_TEST

/* ---- round trips ---- */

START_TEST(trials_come_back_as_written)
{
    bench b;
    pb_trials t;
    setup(&b);
    write_trials(&b);
    pb_store_close(&b.store);
    ok(&b, pb_store_open(b.ctx, b.path, &b.store));
    ok(&b, pb_store_study(b.store, "arm", true, &space, &b.study));
    ok(&b, pb_store_load(b.store, b.study, &space, &t));
    static const pb_trial_state states[] = {PB_TRIAL_COMPLETE, PB_TRIAL_COMPLETE,
                                            PB_TRIAL_PRUNED,   PB_TRIAL_FAIL,
                                            PB_TRIAL_RUNNING,  PB_TRIAL_COMPLETE};
    ck_assert_int_eq(t.count, 6);
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(t.trial[i].number, i);
        ck_assert_int_eq(t.trial[i].state, states[i]);
        ck_assert_int_eq(t.trial[i].grid, i < 4 ? i : -1);
        ck_assert_str_eq(t.trial[i].worker, "host-1-abc");
    }
    const pb_trial *best = pb_trials_best(&t, true);
    ck_assert_int_eq(best->number, 1);
    ck_assert_double_eq(best->value, 0.875);
    ck_assert_double_eq(best->point[0], 0.0123456789012345);
    ck_assert_double_eq(best->point[1], 48);
    ck_assert_double_eq(best->point[2], 1);
    ck_assert_double_eq(best->point[3], 0.25);
    ck_assert_double_eq(best->seconds, 1.5);
    ck_assert_int_eq(best->report_count, 3);
    ck_assert_int_eq(best->reports[2].epoch, 3);
    ck_assert_double_eq(best->reports[2].value, 0.75);
    ck_assert_int_eq(best->rung_count, 1);
    ck_assert_double_eq(best->rungs[0], 0.5);
    ck_assert(isnan(t.trial[2].reports[1].value));
    ck_assert_str_eq(t.trial[3].problem, "the process that ran it is gone");
    ck_assert(isnan(t.trial[4].value));
    ck_assert_double_eq(t.trial[5].value, -INFINITY);
    ck_assert_ptr_eq(pb_trials_best(&t, false), &t.trial[5]);
    pb_trials_clear(&t);
    teardown(&b);
}
END_TEST

/* A trial that has ended stays as it ended: a process that was taken for dead must not change it.
 */
START_TEST(an_ended_trial_stays)
{
    bench b;
    pb_trials t;
    setup(&b);
    const int64_t id = add(&b, 0.01, 16, 0, 0, -1);
    end(&b, id, PB_TRIAL_COMPLETE, 0.5, NULL);
    end(&b, id, PB_TRIAL_FAIL, NAN, "late");
    ok(&b, pb_store_load(b.store, b.study, &space, &t));
    ck_assert_int_eq(t.trial[0].state, PB_TRIAL_COMPLETE);
    ck_assert_double_eq(t.trial[0].value, 0.5);
    ck_assert_ptr_null(t.trial[0].problem);
    pb_trials_clear(&t);
    teardown(&b);
}
END_TEST

START_TEST(a_rollback_takes_everything_back)
{
    bench b;
    pb_trials t;
    setup(&b);
    ok(&b, pb_store_begin(b.store));
    add(&b, 0.01, 16, 0, 0, -1);
    pb_store_rollback(b.store);
    ok(&b, pb_store_load(b.store, b.study, &space, &t));
    ck_assert_int_eq(t.count, 0);
    pb_trials_clear(&t);
    teardown(&b);
}
END_TEST

/* Eight processes open a new file at once and add trials: each number is given once. */
START_TEST(numbers_are_unique_among_processes)
{
    enum { PROCESSES = 8, TRIALS = 12 };
    bench b = {.ctx = pb_context_create()};
    scratch_open(&b.s);
    snprintf(b.path, sizeof b.path, "%s", scratch_path(&b.s, "study.db"));
    for (int i = 0; i < PROCESSES; i++) {
        const pid_t child = fork();
        if (child != 0) continue;
        ok(&b, pb_store_open(b.ctx, b.path, &b.store));
        ok(&b, pb_store_study(b.store, "arm", true, &space, &b.study));
        for (int k = 0; k < TRIALS; k++)
            end(&b, add(&b, 0.01, 16, 0, 0, -1), PB_TRIAL_COMPLETE, k, NULL);
        pb_store_close(&b.store);
        _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int how;
        ck_assert_int_gt(wait(&how), 0);
        ck_assert(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    }
    pb_trials t;
    ok(&b, pb_store_open(b.ctx, b.path, &b.store));
    ok(&b, pb_store_study(b.store, "arm", true, &space, &b.study));
    ok(&b, pb_store_load(b.store, b.study, &space, &t));
    ck_assert_int_eq(t.count, PROCESSES * TRIALS);
    for (int i = 0; i < t.count; i++) ck_assert_int_eq(t.trial[i].number, i);
    ck_assert_int_eq(pb_trials_count(&t, PB_TRIAL_COMPLETE), t.count);
    pb_trials_clear(&t);
    teardown(&b);
}
END_TEST

/* ---- what is refused ---- */

static void refused(bench *b, pb_status got, pb_status expected, const char *words)
{
    ck_assert_int_eq(got, expected);
    ck_assert_msg(strstr(pb_error(b->ctx), words) != NULL, "\"%s\" lacks \"%s\"", pb_error(b->ctx),
                  words);
    ck_assert_ptr_null(strchr(pb_error(b->ctx), '\n'));
}

START_TEST(a_study_of_another_space_is_refused)
{
    bench b;
    int64_t study;
    setup(&b);
    write_trials(&b);
    pb_dimension other[4];
    memcpy(other, dimensions, sizeof other);
    const pb_space changed = {other, 4}, fewer = {other, 3};
    other[0].high = 1;
    refused(&b, pb_store_study(b.store, "arm", true, &changed, &study), PB_ERR_CONFIG,
            "another space (lr)");
    other[0] = dimensions[0];
    refused(&b, pb_store_study(b.store, "arm", true, &fewer, &study), PB_ERR_CONFIG,
            "another space (drop)");
    pb_dimension more[5];
    memcpy(more, dimensions, sizeof dimensions);
    more[4] = (pb_dimension){.key = "extra", .low = 0, .high = 1};
    const pb_space wider = {more, 5};
    refused(&b, pb_store_study(b.store, "arm", true, &wider, &study), PB_ERR_CONFIG,
            "it has no extra");
    refused(&b, pb_store_study(b.store, "arm", false, &space, &study), PB_ERR_CONFIG,
            "does not minimise");
    ok(&b, pb_store_study(b.store, "arm", true, &space, &study));
    teardown(&b);
}
END_TEST

static void corrupt(bench *b, long at, const char *bytes)
{
    FILE *file = fopen(b->path, "r+b");
    ck_assert_ptr_nonnull(file);
    fseek(file, at, SEEK_SET);
    fputs(bytes, file);
    fclose(file);
}

START_TEST(a_damaged_file_is_told)
{
    bench b;
    setup(&b);
    write_trials(&b);
    pb_store_close(&b.store);
    corrupt(&b, 0, "not a data base");
    refused(&b, pb_store_open(b.ctx, b.path, &b.store), PB_ERR_IO, "is damaged");
    ck_assert_ptr_null(b.store);
    corrupt(&b, 0, "SQLite format 3");
    char zeros[3000];
    memset(zeros, 'x', sizeof zeros - 1);
    zeros[sizeof zeros - 1] = '\0';
    corrupt(&b, 4096, zeros); /* the first page of a table */
    refused(&b, pb_store_open(b.ctx, b.path, &b.store), PB_ERR_IO, "is damaged");
    teardown(&b);
}
END_TEST

static void execute(bench *b, const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(b->path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

START_TEST(another_file_is_told)
{
    bench b;
    setup(&b);
    pb_store_close(&b.store);
    execute(&b, "UPDATE alembic_version SET version_num = 'v9.9.9.a'");
    refused(&b, pb_store_open(b.ctx, b.path, &b.store), PB_ERR_IO, "of revision v9.9.9.a");
    execute(&b, "DROP TABLE trial_values");
    refused(&b, pb_store_open(b.ctx, b.path, &b.store), PB_ERR_IO, "holds no studies of Optuna");
    refused(&b, pb_store_open(b.ctx, "/nowhere/study.db", &b.store), PB_ERR_IO,
            "/nowhere/study.db");
    teardown(&b);
}
END_TEST

/* ---- Optuna itself ---- */

START_TEST(optuna_reads_and_goes_on)
{
    bench b;
    pb_trials t;
    char command[1200];
    setup(&b);
    write_trials(&b);
    snprintf(command, sizeof command, "/usr/bin/python3 %s/train/optuna_reads.py check %s",
             TESTS_FOLDER, b.path);
    fflush(stdout);
    const int how = system(command);
    ck_assert(WIFEXITED(how));
    if (WEXITSTATUS(how) == 77 || WEXITSTATUS(how) == 127) {
        printf("skipped: the study is not shown to Optuna, which is not installed\n");
    } else {
        ck_assert_int_eq(WEXITSTATUS(how), 0);
        ok(&b, pb_store_load(b.store, b.study, &space, &t)); /* with the trial that Optuna added */
        ck_assert_int_eq(t.count, 7);
        ck_assert_int_eq(t.trial[6].state, PB_TRIAL_COMPLETE);
        ck_assert_double_eq(t.trial[6].value, 0.625);
        ck_assert_int_eq(t.trial[6].report_count, 1);
        ck_assert_ptr_null(t.trial[6].worker);
        for (int i = 0; i < 4; i++) ck_assert(!isnan(t.trial[6].point[i]));
        pb_trials_clear(&t);
    }
    teardown(&b);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("optuna_store");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, tables_are_optunas_word_for_word);
    tcase_add_test(tcase, trials_come_back_as_written);
    tcase_add_test(tcase, an_ended_trial_stays);
    tcase_add_test(tcase, a_rollback_takes_everything_back);
    tcase_add_test(tcase, numbers_are_unique_among_processes);
    tcase_add_test(tcase, a_study_of_another_space_is_refused);
    tcase_add_test(tcase, a_damaged_file_is_told);
    tcase_add_test(tcase, another_file_is_told);
    tcase_add_test(tcase, optuna_reads_and_goes_on);
    return run_case("optuna_store", tcase);
}
