/* Learning rates over epochs against PyTorch's schedulers (rate_schedule.py prints the figures) and
 * closed forms. */
#include <math.h>

#include "../base/scratch.h"
#include "train/rate_schedule.h"

/* torch.optim.lr_scheduler.CosineAnnealingLR(lr=0.01, T_max=7, eta_min=0.001), stepped once an
 * epoch */
static const double torch_cosine[] = {0.01,
                                      0.0095543599055608851,
                                      0.0083057041083643007,
                                      0.0065013442028034147,
                                      0.0044986557971965855,
                                      0.0026942958916356995,
                                      0.0014456400944391143};
/* torch.optim.lr_scheduler.StepLR(lr=0.3, step_size=3, gamma=0.2) */
static const double torch_step[] = {0.29999999999999999,
                                    0.29999999999999999,
                                    0.29999999999999999,
                                    0.059999999999999998,
                                    0.059999999999999998,
                                    0.059999999999999998,
                                    0.012};

START_TEST(test_cosine_is_that_of_pytorch)
{
    const pb_rate rate = {.base = 0.01, .schedule = "cosine", .floor = 0.001};
    for (int epoch = 0; epoch < 7; epoch++)
        ck_assert_double_eq_tol(pb_rate_at(&rate, epoch, 7), torch_cosine[epoch], 1e-15);
}
END_TEST

START_TEST(test_step_is_that_of_pytorch)
{
    const pb_rate rate = {.base = 0.3, .schedule = "step", .step_size = 3, .gamma = 0.2};
    for (int epoch = 0; epoch < 7; epoch++)
        ck_assert_double_eq_tol(pb_rate_at(&rate, epoch, 7), torch_step[epoch], 1e-15);
}
END_TEST

START_TEST(test_constant_stays)
{
    const pb_rate rate = {.base = 0.25, .schedule = "constant", .gamma = 0.1, .step_size = 1};
    for (int epoch = 0; epoch < 9; epoch++) ck_assert_double_eq(pb_rate_at(&rate, epoch, 9), 0.25);
}
END_TEST

/* Half-way the cosine is half-way, and it is symmetric about that point. */
START_TEST(test_cosine_closed_form)
{
    const pb_rate rate = {.base = 1, .schedule = "cosine"};
    ck_assert_double_eq_tol(pb_rate_at(&rate, 5, 10), 0.5, 1e-15);
    ck_assert_double_eq(pb_rate_at(&rate, 0, 10), 1);
    for (int epoch = 1; epoch < 10; epoch++)
        ck_assert_double_eq_tol(pb_rate_at(&rate, epoch, 10) + pb_rate_at(&rate, 10 - epoch, 10), 1,
                                1e-15);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("rate_schedule");
    tcase_add_test(tcase, test_cosine_is_that_of_pytorch);
    tcase_add_test(tcase, test_step_is_that_of_pytorch);
    tcase_add_test(tcase, test_constant_stays);
    tcase_add_test(tcase, test_cosine_closed_form);
    return run_case("rate_schedule", tcase);
}
