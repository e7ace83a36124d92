/* The statistics of an averaged network are those of its activations over the training samples, and
 * not of the networks that it is an average of. */
#include "../cli/program.h"
#include "tiny_fixture.h"
#include "train/safetensors.h"

enum { ROWS = 150, PIXELS = TINY_SIDE * TINY_SIDE, FEATURES = 4 };

static const pb_tensor *tensor_of(const pb_tensors *all, const char *name)
{
    for (int i = 0; i < all->count; i++)
        if (strcmp(all->tensor[i].name, name) == 0) return &all->tensor[i];
    ck_abort_msg("there is no %s", name);
    return NULL;
}

/* Mean and unbiased variance over the training samples of each feature of the network that is
 * tested. */
static void statistics(const pb_tensors *network, double mean[FEATURES], double variance[FEATURES])
{
    const float *weight = tensor_of(network, "linear_1.weight")->data,
                *bias = tensor_of(network, "linear_1.bias")->data;
    for (int f = 0; f < FEATURES; f++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < ROWS; i++) {
            uint8_t pixels[PIXELS];
            double y = (double)bias[f];
            tiny_image(i % TINY_CLASSES, (unsigned)i, pixels);
            for (int k = 0; k < PIXELS; k++)
                y += (double)weight[f * PIXELS + k] * (pixels[k] / 255.0 - 0.5);
            sum += y;
            squares += y * y;
        }
        mean[f] = sum / ROWS;
        variance[f] = (squares - sum * sum / ROWS) / (ROWS - 1);
    }
}

/* Largest difference of what a run kept from those. */
static void differences(int batch, bool update, double *of_means, double *of_variances)
{
    char overrides[512], path[700];
    snprintf(overrides, sizeof overrides,
             "data.validation=0|train.seeds=[1]|train.epochs=6|train.batch_size=%d|"
             "stages=[load, linear: {features: 4}, batch_norm1d, relu, linear: {features: 3}, "
             "cross_entropy, sgd: {lr: 0.3}, average: {kind: swa, start: 2, update_bn: %s}]",
             batch, update ? "true" : "false");
    const char *folder = train(overrides, update ? "updated" : "plain");
    snprintf(path, sizeof path, "%s/seed-1/best.safetensors", folder);
    pb_tensors network = {0};
    ck_assert_int_eq(pb_safetensors_load(ctx, path, &network), PB_OK);
    double mean[FEATURES], variance[FEATURES];
    statistics(&network, mean, variance);
    *of_means = *of_variances = 0;
    for (int f = 0; f < FEATURES; f++) {
        const float *means = tensor_of(&network, "batch_norm1d_1.running_mean")->data,
                    *variances = tensor_of(&network, "batch_norm1d_1.running_var")->data;
        *of_means = fmax(*of_means, fabs((double)means[f] - mean[f]));
        *of_variances = fmax(*of_variances, fabs((double)variances[f] - variance[f]));
    }
    pb_tensors_clear(&network);
}

/* Batches of 25 fill an epoch, so the mean over them is that over all samples. */
START_TEST(test_means_are_those_of_the_average)
{
    double means, variances, plain, ignored;
    differences(25, true, &means, &variances);
    differences(25, false, &plain, &ignored);
    ck_assert_double_le(means, 1e-5);
    ck_assert_double_ge(plain, 1e-3);
}
END_TEST

/* One batch of all samples has their variance. */
START_TEST(test_variances_are_those_of_the_average)
{
    double means, variances;
    differences(ROWS, true, &means, &variances);
    ck_assert_double_le(means, 1e-5);
    ck_assert_double_le(variances, 1e-4);
}
END_TEST

START_TEST(test_needs_statistics)
{
    const pb_run_options options = {.folder = tiny_folder(&s, "none")};
    ck_assert_int_eq(tiny_try(ctx, &s,
                              "stages=[load, linear: {features: 3}, cross_entropy, sgd, "
                              "average: {update_bn: true}]",
                              &options),
                     PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "update_bn: there are no running statistics"));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("statistics of averages");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, test_means_are_those_of_the_average);
    tcase_add_test(tests, test_variances_are_those_of_the_average);
    tcase_add_test(tests, test_needs_statistics);
    return run_case_warm("statistics of averages", tests);
}
