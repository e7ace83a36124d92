/* The shipped configurations of colour images train on what their users would give them: the files
 * of CIFAR-10, and a folder of PNGs of each class. */
#include <passband/run.h>

#include "../cli/program.h"
#include "../data/cifar10_make.h"
#include "../data/png_make.h"
#include "tiny_run.h"

static pb_context *ctx;
static scratch s;

static void setup(void)
{
    ctx = pb_context_create();
    scratch_open(&s);
}

static void teardown(void)
{
    scratch_close(&s);
    pb_context_free(&ctx);
}

/* The folder of a run of an epoch of a shipped configuration. */
static const char *train_shipped(const char *name, const char *data)
{
    char config_path[1000], path[700];
    pb_config *config;
    snprintf(config_path, sizeof config_path, "%s/configs/%s.yaml", SOURCE_FOLDER, name);
    snprintf(path, sizeof path, "data.path=%s", data);
    const char *const overrides[] = {path,
                                     "stages.adamw.lr=1e-4",
                                     "train.epochs=1",
                                     "train.seeds=0",
                                     "train.batch_size=3",
                                     "train.eval_batch_size=2"};
    const pb_run_options options = {.folder = tiny_folder(&s, "run")};
    ck_assert_msg(pb_config_load(ctx, config_path, 6, overrides, &config) == PB_OK, "%s",
                  pb_error(ctx));
    ck_assert_msg(pb_run_train(ctx, config, &options, NULL) == PB_OK, "%s", pb_error(ctx));
    pb_config_free(&config);
    return options.folder;
}

/* Its classes, and how many samples each part had; the first layer takes three colours. */
static void check_run(const char *folder, const char *first_class, int train, int validation,
                      int test)
{
    json_t *summary = run_json(folder, "summary.json"), *metrics = run_metrics(folder);
    const json_t *names = json_object_get(summary, "class_names");
    ck_assert_str_eq(json_string_value(json_array_get(names, 0)), first_class);
    ck_assert_uint_eq(json_array_size(names), 10);
    ck_assert_double_eq(run_number(summary, "train_samples", NULL), train);
    ck_assert_double_eq(run_number(summary, "val_samples", NULL), validation);
    ck_assert_double_eq(run_number(summary, "test_samples", NULL), test);
    /* weights of three convolutions, scales and shifts of their channels, and the last layer */
    ck_assert_double_eq(run_number(summary, "parameters", NULL),
                        9 * (3 * 32 + 32 * 64 + 64 * 128) + 2 * (32 + 64 + 128) + 10 * (2048 + 1));
    /* of a network that has hardly learned: ln 10 = 2.3 and more */
    const double loss = run_number(json_array_get(metrics, 0), "train_loss", NULL);
    ck_assert(loss > 1 && loss < 4);
    json_decref(summary);
    json_decref(metrics);
}

START_TEST(test_cifar10)
{
    cifar10_put_all(&s, "", 2);
    check_run(train_shipped("conv2d_cifar10", s.folder), "airplane", 9, 1, 2);
}
END_TEST

static void put_images(const char *part, int number, int classes)
{
    const png_kind kind = {"rgb 8", PNG_COLOR_TYPE_RGB, 8, 0, 0};
    uint16_t *pixels = malloc(32 * 32 * 3 * sizeof *pixels);
    char name[64];
    ck_assert_int_eq(mkdir(scratch_path(&s, part), 0777), 0);
    for (int label = 0; label < classes; label++) {
        snprintf(name, sizeof name, "%s/class-%d", part, label);
        ck_assert_int_eq(mkdir(scratch_path(&s, name), 0777), 0);
        for (int place = 0; place < 32 * 32 * 3; place++)
            pixels[place] = cifar10_pixel(label, number, place % 3 * 1024 + place / 3);
        snprintf(name, sizeof name, "%s/class-%d/%d.png", part, label, number);
        png_make(scratch_path(&s, name), kind, 32, 32, pixels, NULL, 0);
    }
    free(pixels);
}

/* As many as above, so that it is the same kernels. */
START_TEST(test_a_folder_of_images)
{
    ck_assert_int_eq(mkdir(scratch_path(&s, "images"), 0777), 0);
    put_images("images/train", 0, 10);
    put_images("images/test", 1, 2);
    check_run(train_shipped("conv2d_folder", tiny_folder(&s, "images")), "class-0", 9, 1, 2);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("colour");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, test_cifar10);
    tcase_add_test(tcase, test_a_folder_of_images);
    return run_case_warm("runs on colour images", tcase);
}
