/* Pruners decide as Optuna's, trial by trial and epoch by epoch. */
#include "../base/scratch.h"
#include "sweep_fixture.h"
#include "train/pruner.h"

typedef struct scene {
    char kind[16];
    int maximise, warmup, factor, others, epochs;
} scene;

/* One trial of a scene: it reports, is judged after each epoch, and joins the others. */
static void play_trial(FILE *file, const scene *s, hand *h, int *pruned)
{
    double values[HAND_EPOCHS];
    int last, rung = 0;
    pb_trial_report reports[HAND_EPOCHS];
    ck_assert_int_eq(fscanf(file, "%d", &last), 1);
    read_numbers(file, last, values);
    const int number = h->trials.count;
    double rungs[HAND_EPOCHS];
    for (int i = 0; i < last; i++) {
        int expected;
        ck_assert_int_eq(fscanf(file, "%d", &expected), 1);
        reports[i] = (pb_trial_report){i + 1, values[i]};
        const int before = rung;
        const bool got = strcmp(s->kind, "median") == 0
                             ? pb_prune_median(&h->trials, reports, i + 1, s->maximise, s->warmup)
                             : pb_prune_halving(&h->trials, number, i + 1, values[i], s->maximise,
                                                s->warmup, s->factor, &rung);
        for (int k = before; k < rung; k++) rungs[k] = values[i];
        ck_assert_msg(got == expected, "%s pruner, trial %d of %d, epoch %d: %d, Optuna says %d",
                      s->kind, number, s->others, i + 1, got, expected);
        *pruned += expected;
    }
    pb_trial *t = hand_add(h, PB_TRIAL_COMPLETE, values[last - 1]);
    memcpy(t->reports, reports, (size_t)last * sizeof *reports);
    memcpy(t->rungs, rungs, (size_t)rung * sizeof *rungs);
    t->report_count = last;
    t->rung_count = rung;
}

START_TEST(decisions_are_as_optunas)
{
    static hand h;
    FILE *file = open_fixture("sweep_pruners.txt");
    scene s;
    int scenes = 0, pruned = 0;
    while (fscanf(file, "%15s %d %d %d %d %d", s.kind, &s.maximise, &s.warmup, &s.factor, &s.others,
                  &s.epochs) == 6) {
        h.trials.count = 0;
        for (int i = 0; i <= s.others; i++) play_trial(file, &s, &h, &pruned);
        scenes++;
    }
    ck_assert(feof(file));
    ck_assert_int_eq(scenes, 80);
    ck_assert_int_gt(pruned, 100);
    fclose(file);
}
END_TEST

/* Five trials after each of which the epochs are known: the median of 1 2 3 4 5 is 3. */
START_TEST(the_median_is_that_of_complete_trials_at_the_same_epoch)
{
    static hand h;
    for (int i = 0; i < 5; i++) {
        pb_trial *t = hand_add(&h, PB_TRIAL_COMPLETE, 1 + i);
        t->reports[0] = (pb_trial_report){1, 1 + i};
        t->report_count = 1;
    }
    pb_trial *unfinished = hand_add(&h, PB_TRIAL_RUNNING, NAN);
    unfinished->reports[0] = (pb_trial_report){1, 100};
    unfinished->report_count = 1;
    const pb_trial_report low = {1, 2.9}, even = {1, 3}, late = {2, 0}, bad = {1, NAN};
    ck_assert(pb_prune_median(&h.trials, &low, 1, true, 0));
    ck_assert(!pb_prune_median(&h.trials, &even, 1, true, 0));
    ck_assert(!pb_prune_median(&h.trials, &low, 1, false, 0));
    ck_assert(!pb_prune_median(&h.trials, &low, 1, true, 1));  /* within the warm-up */
    ck_assert(!pb_prune_median(&h.trials, &late, 1, true, 0)); /* nobody came so far */
    ck_assert(pb_prune_median(&h.trials, &bad, 1, true, 0));
    h.trial[0].state = PB_TRIAL_PRUNED; /* four complete ones are too few */
    ck_assert(!pb_prune_median(&h.trials, &low, 1, true, 0));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("pruners");
    tcase_add_test(tcase, decisions_are_as_optunas);
    tcase_add_test(tcase, the_median_is_that_of_complete_trials_at_the_same_epoch);
    return run_case("sweep_pruner", tcase);
}
