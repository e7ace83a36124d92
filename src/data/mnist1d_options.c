/* The options of mnist1d: their table, and what is allowed of them. */
#include <assert.h>
#include <string.h>

#include "data/mnist1d.h"

#define SCALE_MAX 1e6

// clang-format off
const pb_option pb_mnist1d_table[] = {
    {.name = "num_samples", .type = PB_OPTION_INT, .fallback = "5000", .min = 10, .max = 10000000,
     .help = "training and test samples, a tenth of each digit"},
    {.name = "train_split", .type = PB_OPTION_FLOAT, .fallback = "0.8", .min = 0, .max = 1,
     .help = "share of the training samples"},
    {.name = "template_len", .type = PB_OPTION_INT, .fallback = "12", .min = 2, .max = 100000,
     .help = "with the most padding, the points of a signal before it is subsampled"},
    {.name = "padding", .type = PB_OPTION_INTS, .fallback = "[36, 60]", .min = 0, .max = 100000,
     .help = "least and most zeros behind a digit: the more, the narrower it gets"},
    {.name = "scale_coeff", .type = PB_OPTION_FLOAT, .fallback = "0.4", .min = 0, .max = SCALE_MAX,
     .help = "the height varies by half of that, up and down"},
    {.name = "max_translation", .type = PB_OPTION_INT, .fallback = "48", .min = 1, .max = 100000,
     .help = "a digit moves by less than so many points"},
    {.name = "corr_noise_scale", .type = PB_OPTION_FLOAT, .fallback = "0.25", .min = 0,
     .max = SCALE_MAX, .help = "standard deviation of the noise that is smoothed, beside the digit"},
    {.name = "iid_noise_scale", .type = PB_OPTION_FLOAT, .fallback = "0.02", .min = 0,
     .max = SCALE_MAX, .help = "standard deviation of the noise at each point"},
    {.name = "shear_scale", .type = PB_OPTION_FLOAT, .fallback = "0.75", .min = 0, .max = SCALE_MAX,
     .help = "a signal is tilted by half of that at most"},
    {.name = "shuffle_seq", .type = PB_OPTION_BOOL, .fallback = "false",
     .help = "put the points in a random order, the same for all samples"},
    {.name = "final_seq_length", .type = PB_OPTION_INT, .fallback = "40", .min = 1, .max = 100000,
     .help = "points of a sample"},
    {.name = "seed", .type = PB_OPTION_INT, .fallback = "42", .min = 0, .max = 4294967295.0,
     .help = "seed of the generator"},
    {0},
};
// clang-format on

void pb_mnist1d_count(const pb_mnist1d_options *o, int *train_count, int *test_count)
{
    const int count = o->num_samples / PB_MNIST1D_CLASSES * PB_MNIST1D_CLASSES;
    *train_count = (int)(count * o->train_split);
    *test_count = count - *train_count;
}

static pb_status check_range(pb_context *ctx, const char *name, double number)
{
    const pb_option *row = pb_mnist1d_table;
    while (row->name && strcmp(row->name, name) != 0) row++;
    assert(row->name && "an option that is not in the table");
    if (number >= row->min && number <= row->max) return PB_OK;
    return pb_fail(ctx, PB_ERR_CONFIG, "%.10g is out of range, allowed: %.10g to %.10g", number,
                   row->min, row->max);
}

static pb_status check_ranges(pb_context *ctx, const pb_mnist1d_options *o, const char **key)
{
    const struct {
        const char *name;
        double number;
    } numbers[] = {
        {"num_samples", o->num_samples},
        {"train_split", o->train_split},
        {"template_len", o->template_len},
        {"padding", o->padding[0]},
        {"padding", o->padding[1]},
        {"scale_coeff", o->scale_coeff},
        {"max_translation", o->max_translation},
        {"corr_noise_scale", o->corr_noise_scale},
        {"iid_noise_scale", o->iid_noise_scale},
        {"shear_scale", o->shear_scale},
        {"final_seq_length", o->final_seq_length},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        *key = numbers[i].name;
        PB_TRY(check_range(ctx, *key, numbers[i].number));
    }
    return PB_OK;
}

pb_status pb_mnist1d_check(pb_context *ctx, const pb_mnist1d_options *o, const char **key)
{
    PB_TRY(check_ranges(ctx, o, key));
    *key = "padding";
    if (o->padding[0] > o->padding[1])
        return pb_fail(ctx, PB_ERR_CONFIG, "the least, %d, is above the most, %d", o->padding[0],
                       o->padding[1]);
    int train_count, test_count;
    pb_mnist1d_count(o, &train_count, &test_count);
    *key = "train_split";
    if (train_count == 0 || test_count == 0)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%.10g leaves %d training and %d test samples of %d, at least one of each "
                       "is needed",
                       o->train_split, train_count, test_count, train_count + test_count);
    *key = "num_samples";
    const uint64_t numbers = (uint64_t)(train_count + test_count) * (uint64_t)o->final_seq_length;
    if (numbers > PB_DATA_BYTES_MAX / sizeof(double))
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%d samples of %d points are too many, at most 4 GiB are generated",
                       train_count + test_count, o->final_seq_length);
    return PB_OK;
}

pb_status pb_mnist1d_read(pb_context *ctx, const pb_options *values, pb_mnist1d_options *o)
{
    int count;
    const int64_t *padding = pb_option_ints(values, "padding", &count);
    if (count != 2)
        return pb_fail(ctx, PB_ERR_CONFIG,
                       "%s: has %d numbers, must have two: the least and the most",
                       pb_option_where(values, "padding"), count);
    *o = (pb_mnist1d_options){
        .num_samples = (int)pb_option_int(values, "num_samples"),
        .train_split = pb_option_float(values, "train_split"),
        .template_len = (int)pb_option_int(values, "template_len"),
        .padding = {(int)padding[0], (int)padding[1]},
        .scale_coeff = pb_option_float(values, "scale_coeff"),
        .max_translation = (int)pb_option_int(values, "max_translation"),
        .corr_noise_scale = pb_option_float(values, "corr_noise_scale"),
        .iid_noise_scale = pb_option_float(values, "iid_noise_scale"),
        .shear_scale = pb_option_float(values, "shear_scale"),
        .shuffle_seq = pb_option_bool(values, "shuffle_seq"),
        .final_seq_length = (int)pb_option_int(values, "final_seq_length"),
        .seed = (uint32_t)pb_option_int(values, "seed"),
    };
    const char *key;
    const pb_status status = pb_mnist1d_check(ctx, o, &key);
    return status == PB_OK ? PB_OK
                           : pb_fail_prefix(ctx, status, "%s", pb_option_where(values, key));
}
