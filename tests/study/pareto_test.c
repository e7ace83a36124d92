/* The Pareto front and the smallest file within a loss, against numbers worked out by hand. */
#include <math.h>

#include "../base/scratch.h"
#include "study/pareto.h"

/* bytes, accuracy, and whether it is on the front */
static const pb_outcome outcomes[] = {
    {784, 0.985}, /* raw, beaten by the next: fewer bytes for the same */
    {128, 0.985}, /* front */
    {64, 0.981},  /* front */
    {64, 0.979},  /* beaten at equal bytes */
    {32, 0.975},  /* front */
    {16, 0.975},  /* front, and beats the one above it: so that one is not */
    {8, NAN},     /* no outcome */
    {20, 0.900},  /* beaten by 16 bytes */
    {16, 0.975},  /* as good as its equal */
};
static const bool expected[] = {false, true, true, false, false, true, false, false, true};
enum { COUNT = sizeof outcomes / sizeof *outcomes };

START_TEST(the_front_is_what_nothing_beats)
{
    bool front[COUNT];
    pb_pareto_front(outcomes, COUNT, front);
    for (int i = 0; i < COUNT; i++)
        ck_assert_msg(front[i] == expected[i], "outcome %d: %s the front", i,
                      front[i] ? "on" : "not on");
}
END_TEST

START_TEST(one_outcome_is_the_front)
{
    bool front[1];
    pb_pareto_front(outcomes, 1, front);
    ck_assert(front[0]);
}
END_TEST

START_TEST(the_smallest_within_a_loss)
{
    ck_assert_int_eq(pb_smallest_within(outcomes, COUNT, 0.985, 0.01), 5); /* 97.5 is 1 point off */
    ck_assert_int_eq(pb_smallest_within(outcomes, COUNT, 0.985, 0.005), 2); /* 98.1, not 97.9 */
    ck_assert_int_eq(pb_smallest_within(outcomes, COUNT, 0.985, 0), 1);
    ck_assert_int_eq(pb_smallest_within(outcomes, COUNT, 0.985, 0.1), 5); /* not the 20 bytes */
    ck_assert_int_eq(pb_smallest_within(outcomes, COUNT, 1, 0), -1);
    ck_assert_int_eq(pb_smallest_within(&outcomes[2], 2, 0.98, 0.01),
                     0); /* of equal bytes, better */
    const pb_outcome edge = {1, 0.98};
    ck_assert_int_eq(pb_smallest_within(&edge, 1, 0.985, 0.005),
                     0); /* though 0.985 - 0.005 is more */
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("pareto");
    tcase_add_test(tcase, the_front_is_what_nothing_beats);
    tcase_add_test(tcase, one_outcome_is_the_front);
    tcase_add_test(tcase, the_smallest_within_a_loss);
    return run_case("pareto", tcase);
}
