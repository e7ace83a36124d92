/* mnist1d is what the published generator gives: against the published arrays where they are at
 * hand, against fixtures by NumPy and SciPy always (mnist1d_fixtures.py, which agrees with the
 * published generator). */
#include <math.h>
#include <time.h>

#include "base/file.h"
#include "base/options.h"
#include "base/scratch.h"
#include "base/yaml.h"
#include "data/mnist1d.h"
#include "data/mt19937.h"
#include "data/npy.h"

#define FIXTURES TESTS_FOLDER "/data/fixtures/mnist1d"

static const pb_mnist1d_options published = PB_MNIST1D_DEFAULTS;
static scratch s;
static pb_context *ctx;

static void setup(void)
{
    scratch_open(&s);
    ctx = pb_context_create();
}

static void teardown(void)
{
    pb_context_free(&ctx);
    scratch_close(&s);
}

static pb_npy read_npy(const char *folder, const char *file)
{
    char path[512];
    pb_npy array;
    snprintf(path, sizeof path, "%s/%s.npy", folder, file);
    ck_assert_msg(pb_npy_load(ctx, path, &array) == PB_OK, "%s", pb_error(ctx));
    return array;
}

static pb_mnist1d generate(const pb_mnist1d_options *o)
{
    pb_mnist1d a;
    ck_assert_msg(pb_mnist1d_generate(ctx, o, &a) == PB_OK, "%s", pb_error(ctx));
    return a;
}

/* ---- the random stream ---- */

/* The standard fixes the 10000th number of std::mt19937, which is seeded with 5489. */
START_TEST(draws_the_words_of_the_twister)
{
    pb_mt19937 r;
    pb_mt19937_seed(&r, 5489);
    for (int i = 1; i < 10000; i++) pb_mt19937_u32(&r);
    ck_assert_uint_eq(pb_mt19937_u32(&r), 4123659995u);
}
END_TEST

START_TEST(draws_what_numpy_draws)
{
    static const uint32_t choices[] = {48, 1, 3};
    uint32_t order[100];
    pb_mt19937 r;
    pb_npy want = read_npy(FIXTURES, "stream");
    const double *w = want.data;
    pb_mt19937_seed(&r, 42);
    for (int i = 0; i < 1000; i++) ck_assert_double_eq(pb_mt19937_uniform(&r), *w++);
    for (int i = 0; i < 401; i++) ck_assert_double_eq_tol(pb_mt19937_normal(&r), *w++, 1e-14);
    for (int i = 0; i < 300; i++)
        ck_assert_double_eq(pb_mt19937_choice(&r, choices[i / 100]), *w++);
    pb_mt19937_permutation(&r, 100, order);
    for (int i = 0; i < 100; i++) ck_assert_double_eq(order[i], *w++);
    ck_assert_double_eq(pb_mt19937_uniform(&r), *w++);
    ck_assert_ptr_eq(w, (double *)want.data + want.count);
    pb_npy_clear(&want);
}
END_TEST

/* ---- the arrays ---- */

/* `folder` holds as many rows of the part from its beginning as it holds. */
static void assert_part(const pb_mnist1d *a, int first, int count, const char *folder,
                        const char *x_file, const char *y_file)
{
    pb_npy x = read_npy(folder, x_file), y = read_npy(folder, y_file);
    ck_assert_int_eq(x.dtype, PB_NPY_F64);
    ck_assert_int_eq(x.axes, 2);
    ck_assert_uint_eq(x.dim[1], a->length);
    ck_assert_uint_le(x.dim[0], count);
    ck_assert_uint_eq(y.count, x.dim[0]);
    const double *got = a->x + (size_t)first * (size_t)a->length, *want = x.data;
    for (size_t i = 0; i < x.count; i++)
        ck_assert_msg(fabs(got[i] - want[i]) <= 1e-12, "%s/%s: number %zu is %.17g, not %.17g",
                      folder, x_file, i, got[i], want[i]);
    for (size_t i = 0; i < y.count; i++)
        ck_assert_int_eq(a->y[first + (int)i], ((int64_t *)y.data)[i]);
    pb_npy_clear(&x);
    pb_npy_clear(&y);
}

static void assert_arrays(const pb_mnist1d *a, const char *folder)
{
    assert_part(a, 0, a->train_count, folder, "x", "y");
    assert_part(a, a->train_count, a->test_count, folder, "x_test", "y_test");
}

static const struct {
    const char *name;
    int train_count, test_count;
    pb_mnist1d_options o;
} cases[] = {
    {"published", 4000, 1000, PB_MNIST1D_DEFAULTS},
    {"small", 40, 10, {50, 0.8, 12, {36, 60}, 0.4, 48, 0.25, 0.02, 0.75, false, 40, 7}},
    {"large", 8000, 2000, {10000, 0.8, 12, {36, 60}, 0.4, 48, 0.25, 0.02, 0.75, false, 40, 42}},
    {"shuffled", 24, 6, {39, 0.8, 12, {36, 60}, 0.4, 48, 0.25, 0.02, 0.75, true, 40, 4294967295u}},
    {"strong", 33, 27, {60, 0.55, 20, {0, 7}, 1.5, 40, 0.5, 0.1, 2, false, 13, 0}},
    {"clean", 16, 4, {20, 0.8, 12, {36, 36}, 0, 1, 0, 0, 0, false, 72, 3}},
    {"tiny", 16, 4, {20, 0.8, 2, {0, 0}, 0.4, 3, 0.25, 0.02, 0.75, false, 1, 11}},
    {"aligned", 32, 8, {40, 0.8, 12, {4, 49}, 0.4, 48, 0.25, 0.02, 0.75, false, 31, 5}},
};

START_TEST(generates_what_the_published_generator_gives)
{
    pb_mnist1d a = generate(&cases[_i].o);
    char folder[512];
    ck_assert_int_eq(a.train_count, cases[_i].train_count);
    ck_assert_int_eq(a.test_count, cases[_i].test_count);
    ck_assert_int_eq(a.length, cases[_i].o.final_seq_length);
    snprintf(folder, sizeof folder, FIXTURES "/%s", cases[_i].name);
    assert_arrays(&a, folder);
    pb_mnist1d_clear(&a);
}
END_TEST

START_TEST(equals_the_published_arrays)
{
    const char *data = getenv("PASSBAND_DATA");
    char folder[512], path[600];
    snprintf(folder, sizeof folder, "%s/mnist1d", data ? data : "");
    snprintf(path, sizeof path, "%s/x.npy", folder);
    if (!data || !pb_file_exists(path)) {
        printf("mnist1d: the published arrays are not compared, $PASSBAND_DATA/mnist1d/x.npy is "
               "not there\n");
        return;
    }
    pb_npy x = read_npy(folder, "x");
    ck_assert_uint_eq(x.dim[0], 4000);
    pb_npy_clear(&x);
    pb_mnist1d a = generate(&published);
    assert_arrays(&a, folder);
    pb_mnist1d_clear(&a);
}
END_TEST

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

START_TEST(takes_less_than_a_second_for_10000_samples)
{
#if defined(__SANITIZE_ADDRESS__)
    const double limit = 10;
#else
    const double limit = 1;
#endif
    pb_mnist1d_options o = PB_MNIST1D_DEFAULTS;
    o.num_samples = 10000;
    const double before = seconds();
    pb_mnist1d a = generate(&o);
    const double took = seconds() - before;
    pb_mnist1d_clear(&a);
    ck_assert_msg(took < limit, "%g s", took);
}
END_TEST

/* ---- as a data set, as files ---- */

START_TEST(loads_by_its_name)
{
    pb_mnist1d_options small = cases[1].o;
    pb_dataset *d;
    pb_dataset_options o = {.name = "mnist1d", .mnist1d = &small, .limit = 30};
    ck_assert_msg(pb_dataset_load(ctx, &o, &d) == PB_OK, "%s", pb_error(ctx));
    ck_assert_str_eq(d->name, "mnist1d");
    ck_assert_int_eq(d->dtype, PB_F32);
    ck_assert_int_eq(d->sample_shape.axes, 1);
    ck_assert_int_eq(d->sample_shape.dim[0], 40);
    ck_assert_int_eq(d->classes, 10);
    ck_assert_str_eq(d->class_names[9], "9");
    ck_assert_int_eq(d->train.count, 30);
    ck_assert_int_eq(d->test.count, 10);
    pb_npy x = read_npy(FIXTURES "/small", "x_test"), y = read_npy(FIXTURES "/small", "y_test");
    for (size_t i = 0; i < x.count; i++)
        ck_assert_float_eq_tol(((float *)d->test.data)[i], ((double *)x.data)[i], 4e-7);
    for (int i = 0; i < 10; i++) ck_assert_int_eq(d->test.labels[i], ((int64_t *)y.data)[i]);
    pb_npy_clear(&x);
    pb_npy_clear(&y);
    pb_dataset_free(&d);
    ck_assert_int_eq(pb_dataset_load(ctx, &(pb_dataset_options){.name = "mnist1d"}, &d), PB_OK);
    ck_assert_int_eq(d->train.count, 4000);
    ck_assert_int_eq(d->test.count, 1000);
    pb_dataset_free(&d);
}
END_TEST

static void assert_same_numbers(const char *folder, const char *file)
{
    pb_npy got = read_npy(folder, file), want = read_npy(FIXTURES "/small", file);
    ck_assert_int_eq(got.dtype, want.dtype);
    ck_assert_int_eq(got.axes, want.axes);
    ck_assert_mem_eq(got.dim, want.dim, (size_t)want.axes * sizeof *want.dim);
    for (size_t i = 0; i < want.count; i++) {
        if (want.dtype == PB_NPY_F64)
            ck_assert_double_eq_tol(((double *)got.data)[i], ((double *)want.data)[i], 1e-12);
        else
            ck_assert_int_eq(((int64_t *)got.data)[i], ((int64_t *)want.data)[i]);
    }
    pb_npy_clear(&got);
    pb_npy_clear(&want);
}

START_TEST(exports_files_and_replaces_none)
{
    static const char *const files[] = {"x", "y", "x_test", "y_test"};
    char folder[600];
    snprintf(folder, sizeof folder, "%s/a/b", s.folder);
    ck_assert_msg(pb_mnist1d_export(ctx, &cases[1].o, folder) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(scratch_count(folder), 4);
    for (int i = 0; i < 4; i++) assert_same_numbers(folder, files[i]);

    ck_assert_int_eq(pb_mnist1d_export(ctx, NULL, folder), PB_ERR_IO);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "x.npy: is there already"));
    assert_same_numbers(folder, "x");
    scratch_put(&s, "file", "", 0);
    ck_assert_int_eq(pb_mnist1d_export(ctx, NULL, scratch_path(&s, "file")), PB_ERR_IO);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "/file"));
}
END_TEST

/* A full disk, or a folder in the way of a file: what was written before does not look whole. */
START_TEST(half_an_export_has_no_samples)
{
    char folder[600], path[700];
    snprintf(folder, sizeof folder, "%s/a", s.folder);
    snprintf(path, sizeof path, "%s/y.npy", folder);
    ck_assert_int_eq(pb_folder_make(ctx, path), PB_OK);
    ck_assert_int_eq(pb_mnist1d_export(ctx, &cases[1].o, folder), PB_ERR_IO);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "y.npy"));
    snprintf(path, sizeof path, "%s/x.npy", folder);
    ck_assert(!pb_file_exists(path));
}
END_TEST

/* ---- what is wrong ---- */

START_TEST(bad_options_give_one_sentence)
{
    /* samples, split, length, {padding}, scale, translation, noise, noise, shear, shuffle, points,
     * seed */
    // clang-format off
    static const struct {
        pb_mnist1d_options o;
        const char *words;
    } bad[] = {
        {{0}, "num_samples: 0 is out of range, allowed: 10 to 10000000"},
        {{9, 0.8, 12, {36, 60}, 0, 48, 0, 0, 0, 0, 40, 0}, "num_samples: 9 is"},
        {{-50, 0.8, 12, {36, 60}, 0, 48, 0, 0, 0, 0, 40, 0}, "num_samples: -50 is"},
        {{10000000, 0.8, 12, {36, 60}, 0, 48, 0, 0, 0, 0, 100000, 0}, "num_samples: 10000000 samples of 100000 points"},
        {{50, 1.5, 12, {36, 60}, 0, 48, 0, 0, 0, 0, 40, 0}, "train_split: 1.5 is out of range, allowed: 0 to 1"},
        {{50, NAN, 12, {36, 60}, 0, 48, 0, 0, 0, 0, 40, 0}, "train_split: nan is"},
        {{50, 0.01, 12, {36, 60}, 0, 48, 0, 0, 0, 0, 40, 0}, "train_split: 0.01 leaves 0 training and 50 test"},
        {{50, 1, 12, {36, 60}, 0, 48, 0, 0, 0, 0, 40, 0}, "train_split: 1 leaves 50 training and 0 test"},
        {{50, 0.8, 1, {36, 60}, 0, 48, 0, 0, 0, 0, 40, 0}, "template_len: 1 is"},
        {{50, 0.8, 12, {-1, 60}, 0, 48, 0, 0, 0, 0, 40, 0}, "padding: -1 is"},
        {{50, 0.8, 12, {0, 2000000000}, 0, 48, 0, 0, 0, 0, 40, 0}, "padding: 2000000000 is"},
        {{50, 0.8, 12, {6, 5}, 0, 48, 0, 0, 0, 0, 40, 0}, "padding: the least, 6, is above the most, 5"},
        {{50, 0.8, 12, {36, 60}, -0.1, 48, 0, 0, 0, 0, 40, 0}, "scale_coeff: -0.1 is"},
        {{50, 0.8, 12, {36, 60}, INFINITY, 48, 0, 0, 0, 0, 40, 0}, "scale_coeff: inf is"},
        {{50, 0.8, 12, {36, 60}, 0, 0, 0, 0, 0, 0, 40, 0}, "max_translation: 0 is"},
        {{50, 0.8, 12, {36, 60}, 0, 48, -1, 0, 0, 0, 40, 0}, "corr_noise_scale: -1 is"},
        {{50, 0.8, 12, {36, 60}, 0, 48, 0, 1e7, 0, 0, 40, 0}, "iid_noise_scale: 10000000 is"},
        {{50, 0.8, 12, {36, 60}, 0, 48, 0, 0, -3, 0, 40, 0}, "shear_scale: -3 is"},
        {{50, 0.8, 12, {36, 60}, 0, 48, 0, 0, 0, 0, 0, 0}, "final_seq_length: 0 is"},
        {{50, 0.8, 12, {36, 60}, 0, 1, 0, 0, 0, 0, 1, 0}, "every number is the same"},
    };
    // clang-format on
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        pb_mnist1d a;
        ck_assert_int_eq(pb_mnist1d_generate(ctx, &bad[i].o, &a), PB_ERR_CONFIG);
        ck_assert_ptr_null(a.x);
        ck_assert_int_eq(strncmp(pb_error(ctx), "mnist1d: ", 9), 0);
        ck_assert_msg(strstr(pb_error(ctx), bad[i].words) != NULL, "'%s' has no '%s'",
                      pb_error(ctx), bad[i].words);
    }
}
END_TEST

START_TEST(options_belong_to_mnist1d)
{
    pb_dataset *d;
    pb_dataset_options o = {.name = "mnist", .mnist1d = &published};
    ck_assert_int_eq(pb_dataset_load(ctx, &o, &d), PB_ERR_CONFIG);
    ck_assert_str_eq(pb_error(ctx), "mnist: has no options of mnist1d");
    o = (pb_dataset_options){.name = "mnist1d", .path = "/tmp"};
    ck_assert_int_eq(pb_dataset_load(ctx, &o, &d), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "is generated and has no path"));
}
END_TEST

static pb_status parse(const char *text, pb_mnist1d_options *o)
{
    pb_yaml *yaml;
    pb_options *values = NULL;
    ck_assert_int_eq(pb_yaml_parse(ctx, "a.yaml", text, strlen(text), &yaml), PB_OK);
    pb_status status = pb_options_parse(ctx, pb_mnist1d_table, pb_yaml_root(yaml), "data", &values);
    if (status == PB_OK) status = pb_mnist1d_read(ctx, values, o);
    pb_options_free(&values);
    pb_yaml_free(&yaml);
    return status;
}

/* The table's defaults are the published ones; every option arrives; a wrong one is found by its
 * line. */
START_TEST(reads_options_by_their_published_names)
{
    pb_mnist1d_options o;
    ck_assert_msg(parse("{}", &o) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(o.num_samples, 5000);
    ck_assert_double_eq(o.train_split, published.train_split);
    ck_assert_int_eq(o.template_len, 12);
    ck_assert_int_eq(o.padding[0], 36);
    ck_assert_int_eq(o.padding[1], 60);
    ck_assert_double_eq(o.scale_coeff, published.scale_coeff);
    ck_assert_int_eq(o.max_translation, 48);
    ck_assert_double_eq(o.corr_noise_scale, published.corr_noise_scale);
    ck_assert_double_eq(o.iid_noise_scale, published.iid_noise_scale);
    ck_assert_double_eq(o.shear_scale, published.shear_scale);
    ck_assert(!o.shuffle_seq);
    ck_assert_int_eq(o.final_seq_length, 40);
    ck_assert_uint_eq(o.seed, 42);

    ck_assert_msg(
        parse("{num_samples: 60, train_split: 0.55, template_len: 20, padding: [0, 7], "
              "scale_coeff: 1.5, "
              "max_translation: 40, corr_noise_scale: 0, iid_noise_scale: 0.1, shear_scale: 2, "
              "shuffle_seq: true, final_seq_length: 13, seed: 0}",
              &o) == PB_OK,
        "%s", pb_error(ctx));
    ck_assert(o.num_samples == 60 && o.train_split == 0.55 && o.template_len == 20 &&
              o.padding[0] == 0 && o.padding[1] == 7 && o.scale_coeff == 1.5 &&
              o.max_translation == 40 && o.corr_noise_scale == 0 && o.iid_noise_scale == 0.1 &&
              o.shear_scale == 2 && o.shuffle_seq && o.final_seq_length == 13 && o.seed == 0);

    static const char *const bad[][2] = {
        {"padding: 3", "a.yaml:1: data.padding: has 1 numbers, must have two"},
        {"seed: 1\npadding: [9, 8]", "a.yaml:2: data.padding: the least, 9, is above the most, 8"},
        {"num_samples: 10\ntrain_split: 0.05",
         "a.yaml:2: data.train_split: 0.05 leaves 0 training"},
        {"seed: -1", "a.yaml:1: data.seed: -1 is out of range"},
        {"seed: 4294967296", "a.yaml:1: data.seed: 4294967296 is out of range"},
        {"num_sample: 10", "did you mean num_samples?"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(parse(bad[i][0], &o), PB_ERR_CONFIG);
        ck_assert_msg(strstr(pb_error(ctx), bad[i][1]) != NULL, "'%s' has no '%s'", pb_error(ctx),
                      bad[i][1]);
    }
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("mnist1d");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, draws_the_words_of_the_twister);
    tcase_add_test(t, draws_what_numpy_draws);
    tcase_add_loop_test(t, generates_what_the_published_generator_gives, 0,
                        (int)(sizeof cases / sizeof *cases));
    tcase_add_test(t, equals_the_published_arrays);
    tcase_add_test(t, takes_less_than_a_second_for_10000_samples);
    tcase_add_test(t, loads_by_its_name);
    tcase_add_test(t, exports_files_and_replaces_none);
    tcase_add_test(t, half_an_export_has_no_samples);
    tcase_add_test(t, bad_options_give_one_sentence);
    tcase_add_test(t, options_belong_to_mnist1d);
    tcase_add_test(t, reads_options_by_their_published_names);
    return run_case("mnist1d", t);
}
