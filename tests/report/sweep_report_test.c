/* The report of a search from its sweep.json alone: which pictures it draws, and what its page
 * says. */
#include <check.h>

#include <passband/report.h>

#include "../base/scratch.h"
#include "report/sweep_record.h"

static const char sweep_json[] =
    "{\"name\": \"duel\", \"metric\": \"%s\", \"sampler\": \"tpe\", \"pruner\": \"median\", "
    "\"final_seeds\": [1, 2],\n"
    " \"arms\": [{\"name\": \"a<b\", \"run\": \"a-trial-1\", \"complete\": 2, \"pruned\": 1, "
    "\"failed\": 1,\n"
    "   \"best\": {\"number\": 1, \"value\": 0.75, \"params\": {\"lr\": 0.0123456, \"act\": "
    "\"tanh\"}},\n"
    "   \"space\": [{\"key\": \"lr\", \"log\": true, \"low\": 0.001, \"high\": 0.1},\n"
    "              {\"key\": \"act\", \"log\": false, \"choices\": [\"relu\", \"tanh\"]}],\n"
    "   \"test_accuracy\": {\"mean\": 0.7, \"std\": 0.01, \"per_seed\": [0.69, 0.71]},\n"
    "   \"trials\": [\n"
    "     {\"number\": 0, \"state\": \"COMPLETE\", \"value\": 0.5, \"params\": {\"lr\": 0.002, "
    "\"act\": \"relu\"}},\n"
    "     {\"number\": 1, \"state\": \"COMPLETE\", \"value\": 0.75, \"params\": {\"lr\": "
    "0.0123456, \"act\": "
    "\"tanh\"}},\n"
    "     {\"number\": 2, \"state\": \"PRUNED\", \"value\": 1e30, \"params\": {\"lr\": 0.09, "
    "\"act\": \"relu\"}},\n"
    "     {\"number\": 3, \"state\": \"FAIL\", \"value\": null, \"params\": {\"lr\": 0.09, "
    "\"act\": \"relu\"}}]}],\n"
    " \"comparisons\": [{\"sentence\": \"c 70.00 %% against d: within noise\"}]}\n";

typedef struct shelf {
    pb_context *ctx;
    scratch s;
    json_t *sweep;
} shelf;

static void setup(shelf *h, const char *metric)
{
    char text[4096];
    *h = (shelf){.ctx = pb_context_create()};
    scratch_open(&h->s);
    mkdir(scratch_path(&h->s, "plots"), 0777);
    snprintf(text, sizeof text, sweep_json, metric);
    scratch_put(&h->s, "sweep.json", text, strlen(text));
    ck_assert_msg(pb_sweep_record_load(h->ctx, h->s.folder, &h->sweep) == PB_OK, "%s",
                  pb_error(h->ctx));
}

static void teardown(shelf *h)
{
    json_decref(h->sweep);
    scratch_close(&h->s);
    pb_context_free(&h->ctx);
}

static char *file_of(shelf *h, const char *name)
{
    static char text[1 << 16];
    FILE *file = fopen(scratch_path(&h->s, name), "rb");
    ck_assert_msg(file != NULL, "%s is missing", name);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void drawn(shelf *h, const char *name)
{
    ck_assert_int_eq(memcmp(file_of(h, name), "\211PNG", 4), 0);
}

START_TEST(trials_are_drawn_in_order_and_by_coordinate)
{
    shelf h;
    char plots[128];
    setup(&h, "val_accuracy");
    strcpy(plots, scratch_path(&h.s, "plots"));
    ck_assert_msg(pb_draw_sweep_history(h.ctx, h.sweep, plots) == PB_OK, "%s", pb_error(h.ctx));
    ck_assert_msg(pb_draw_sweep_slices(h.ctx, h.sweep, plots) == PB_OK, "%s", pb_error(h.ctx));
    drawn(&h, "plots/sweep_history.png");
    drawn(&h, "plots/sweep_slices.png");
    /* Complete trials, the pruned one, then the best so far. */
    ck_assert_str_eq(file_of(&h, "plots/sweep_history.dat"), "0 50\n1 75\n\n\n"
                                                             "2 1e+32\n\n\n"
                                                             "0 50\n1 75\n2 75\n3 75\n\n\n");
    /* A panel for lr, one for act, whose choices lie at 0 and 1; then the winner again, ringed. */
    ck_assert_str_eq(file_of(&h, "plots/sweep_slices.dat"),
                     "0.002 50\n0.0123456 75\n\n\n0.09 1e+32\n\n\n0.0123456 75\n\n\n"
                     "0 50\n1 75\n\n\n0 1e+32\n\n\n1 75\n\n\n");
    ck_assert_ptr_nonnull(strstr(file_of(&h, "plots/sweep_history.gp"), "cross: ended early"));

    /* no cross is explained where there is none */
    json_t *trials = json_object_get(json_array_get(pb_sweep_arms(h.sweep), 0), "trials");
    ck_assert_int_eq(json_array_remove(trials, 2), 0);
    ck_assert_int_eq(pb_draw_sweep_history(h.ctx, h.sweep, plots), PB_OK);
    ck_assert_int_eq(pb_draw_sweep_slices(h.ctx, h.sweep, plots), PB_OK);
    ck_assert_ptr_null(strstr(file_of(&h, "plots/sweep_history.gp"), "cross"));
    ck_assert_ptr_null(strstr(file_of(&h, "plots/sweep_slices.gp"), "cross"));
    teardown(&h);
}
END_TEST

/* The loss of the pruned trial is 1e30: the axis ends at 50 times the least one. */
START_TEST(a_loss_that_diverged_does_not_hide_the_others)
{
    shelf h;
    double low, high;
    char plots[128];
    setup(&h, "val_loss");
    ck_assert(pb_sweep_range(h.sweep, &low, &high));
    ck_assert_double_eq(low, 0.5);
    ck_assert_double_eq(high, 25);
    strcpy(plots, scratch_path(&h.s, "plots"));
    ck_assert_int_eq(pb_draw_sweep_history(h.ctx, h.sweep, plots), PB_OK);
    ck_assert_str_eq(file_of(&h, "plots/sweep_history.dat"), "0 0.5\n1 0.75\n\n\n"
                                                             "2 25\n\n\n"
                                                             "0 0.5\n1 0.5\n2 0.5\n3 0.5\n\n\n");
    teardown(&h);
}
END_TEST

START_TEST(the_page_tells_winners_and_whether_they_differ)
{
    shelf h;
    setup(&h, "val_accuracy");
    ck_assert_int_eq(pb_page_sweep(h.ctx, h.sweep, h.s.folder), PB_OK);
    const char *page = file_of(&h, "index.html");
    static const char *const parts[] = {"<h1>duel</h1>", "a&lt;b</a>", "70.00 % &plusmn; 1.00",
                                        ("best of 4 trials (2 complete, 1 pruned, 1 failed): trial "
                                         "1, 75.00 % on validation, lr=0.01235 act=tanh"),
                                        "<p>c 70.00 % against d: within noise.</p>"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ck_assert_msg(strstr(page, parts[i]) != NULL, "the page lacks %s", parts[i]);
    teardown(&h);
}
END_TEST

START_TEST(a_folder_without_a_finished_search_is_refused)
{
    shelf h;
    setup(&h, "val_accuracy");
    json_t *none = NULL;
    static const char *const broken[] = {
        "{", "[]", "{\"arms\": []}", "{\"arms\": [{\"name\": \"a\"}]}",
        ("{\"arms\": [{\"name\": \"a\", \"run\": \"b\", \"trials\": [3], "
         "\"space\": []}]}")};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        scratch_put(&h.s, "sweep.json", broken[i], strlen(broken[i]));
        ck_assert_msg(pb_sweep_record_load(h.ctx, h.s.folder, &none) == PB_ERR_DATA, "%s",
                      broken[i]);
        ck_assert_ptr_null(none);
    }
    unlink(scratch_path(&h.s, "sweep.json"));
    ck_assert_int_eq(pb_report_sweep(h.ctx, h.s.folder), PB_ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(pb_error(h.ctx), "holds no finished search"));
    teardown(&h);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("sweep_report");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, trials_are_drawn_in_order_and_by_coordinate);
    tcase_add_test(tcase, a_loss_that_diverged_does_not_hide_the_others);
    tcase_add_test(tcase, the_page_tells_winners_and_whether_they_differ);
    tcase_add_test(tcase, a_folder_without_a_finished_search_is_refused);
    return run_case("sweep_report", tcase);
}
