/* Every kind of PNG becomes 8-bit gray or RGB, and folders of them become a data set. */
#include <passband/dataset.h>

#include "base/file.h"
#include "base/scratch.h"
#include "data/png_make.h"
#include "data/png_read.h"

enum { WIDTH = 13, HEIGHT = 9, AREA = WIDTH * HEIGHT };

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

static const png_kind kinds[] = {
    {"gray 1", PNG_COLOR_TYPE_GRAY, 1, 0, 0},
    {"gray 1 interlaced", PNG_COLOR_TYPE_GRAY, 1, 1, 0},
    {"gray 2", PNG_COLOR_TYPE_GRAY, 2, 0, 0},
    {"gray 4", PNG_COLOR_TYPE_GRAY, 4, 0, 0},
    {"gray 4 interlaced", PNG_COLOR_TYPE_GRAY, 4, 1, 0},
    {"gray 8", PNG_COLOR_TYPE_GRAY, 8, 0, 0},
    {"gray 8 interlaced", PNG_COLOR_TYPE_GRAY, 8, 1, 0},
    {"gray 8 transparent", PNG_COLOR_TYPE_GRAY, 8, 0, 1},
    {"gray 16", PNG_COLOR_TYPE_GRAY, 16, 0, 0},
    {"gray 16 interlaced", PNG_COLOR_TYPE_GRAY, 16, 1, 0},
    {"gray alpha 8", PNG_COLOR_TYPE_GRAY_ALPHA, 8, 0, 0},
    {"gray alpha 16", PNG_COLOR_TYPE_GRAY_ALPHA, 16, 1, 0},
    {"rgb 8", PNG_COLOR_TYPE_RGB, 8, 0, 0},
    {"rgb 8 interlaced", PNG_COLOR_TYPE_RGB, 8, 1, 0},
    {"rgb 8 transparent", PNG_COLOR_TYPE_RGB, 8, 0, 1},
    {"rgb 16", PNG_COLOR_TYPE_RGB, 16, 0, 0},
    {"rgba 8", PNG_COLOR_TYPE_RGB_ALPHA, 8, 0, 0},
    {"rgba 16 interlaced", PNG_COLOR_TYPE_RGB_ALPHA, 16, 1, 0},
    {"palette 1", PNG_COLOR_TYPE_PALETTE, 1, 0, 0},
    {"palette 2", PNG_COLOR_TYPE_PALETTE, 2, 0, 0},
    {"palette 4", PNG_COLOR_TYPE_PALETTE, 4, 1, 0},
    {"palette 8", PNG_COLOR_TYPE_PALETTE, 8, 0, 0},
    {"palette 8 transparent", PNG_COLOR_TYPE_PALETTE, 8, 1, 1},
    {"palette 2 transparent", PNG_COLOR_TYPE_PALETTE, 2, 0, 1},
};

/* What 8 bits of a sample must be: v / (2^depth - 1) * 255, rounded. */
static int eight_bits(int v, int depth)
{
    const int top = (1 << depth) - 1;
    return (v * 255 + top / 2) / top;
}

static void fill(uint16_t *samples, int count, int depth)
{
    for (int i = 0; i < count; i++) samples[i] = (uint16_t)(i * 2654435761u >> (32 - depth));
}

START_TEST(decodes_every_kind)
{
    const png_kind kind = kinds[_i];
    const bool is_palette = kind.type == PNG_COLOR_TYPE_PALETTE;
    const bool is_gray = !(kind.type & PNG_COLOR_MASK_COLOR);
    const int per_pixel = png_samples(kind.type);
    uint16_t samples[AREA * 4];
    fill(samples, AREA * per_pixel, kind.depth);
    png_color palette[256];
    for (int i = 0; i < 256; i++)
        palette[i] = (png_color){(png_byte)(i * 7), (png_byte)(255 - i), (png_byte)(i * 31 + 5)};
    const char *path = scratch_path(&s, "a.png");
    png_make(path, kind, WIDTH, HEIGHT, samples, is_palette ? palette : NULL, 1 << kind.depth % 16);

    pb_png_info info;
    ck_assert_msg(pb_png_probe(ctx, path, &info) == PB_OK, "%s: %s", kind.name, pb_error(ctx));
    ck_assert_int_eq(info.width, WIDTH);
    ck_assert_int_eq(info.height, HEIGHT);
    ck_assert_msg(info.is_gray == is_gray, "%s", kind.name);

    uint8_t pixels[3 * AREA];
    ck_assert_msg(pb_png_decode(ctx, path, info, 3, pixels) == PB_OK, "%s: %s", kind.name,
                  pb_error(ctx));
    for (int i = 0; i < AREA; i++) {
        for (int c = 0; c < 3; c++) {
            const uint16_t v = samples[i * per_pixel + (is_gray || is_palette ? 0 : c)];
            int want = eight_bits(v, kind.depth);
            if (is_palette)
                want = c == 0 ? palette[v].red : c == 1 ? palette[v].green : palette[v].blue;
            ck_assert_msg(pixels[c * AREA + i] == want, "%s: pixel %d channel %d is %d, not %d",
                          kind.name, i, c, pixels[c * AREA + i], want);
        }
    }
    if (!is_gray) return;
    uint8_t plane[AREA];
    ck_assert_int_eq(pb_png_decode(ctx, path, info, 1, plane), PB_OK);
    ck_assert_mem_eq(plane, pixels, AREA);
}
END_TEST

START_TEST(takes_a_palette_of_grays_as_gray)
{
    uint16_t samples[AREA];
    fill(samples, AREA, 4);
    png_color palette[16];
    for (int i = 0; i < 16; i++)
        palette[i] = (png_color){(png_byte)(i * i), (png_byte)(i * i), (png_byte)(i * i)};
    const char *path = scratch_path(&s, "a.png");
    png_make(path, (png_kind){"", PNG_COLOR_TYPE_PALETTE, 4, 0, 0}, WIDTH, HEIGHT, samples, palette,
             16);
    pb_png_info info;
    ck_assert_int_eq(pb_png_probe(ctx, path, &info), PB_OK);
    ck_assert(info.is_gray);
    uint8_t plane[AREA];
    ck_assert_int_eq(pb_png_decode(ctx, path, info, 1, plane), PB_OK);
    for (int i = 0; i < AREA; i++) ck_assert_int_eq(plane[i], samples[i] * samples[i]);
}
END_TEST

/* ---- damage ---- */

static void put_truncated(const char *from, const char *to, size_t bytes)
{
    char *data, path[512];
    size_t whole;
    snprintf(path, sizeof path, "%s", scratch_path(&s, from));
    ck_assert_int_eq(pb_file_read(ctx, path, 1 << 20, &data, &whole), PB_OK);
    ck_assert_uint_lt(bytes, whole);
    scratch_put(&s, to, data, bytes);
    free(data);
}

START_TEST(refuses_every_truncation)
{
    png_make_rgb(scratch_path(&s, "a.png"), WIDTH, HEIGHT, 0);
    struct stat whole;
    ck_assert_int_eq(stat(s.path, &whole), 0);
    for (off_t n = 0; n < whole.st_size; n++) {
        put_truncated("a.png", "b.png", (size_t)n);
        const char *path = scratch_path(&s, "b.png");
        pb_png_info info = {0};
        uint8_t pixels[3 * AREA];
        pb_status status = pb_png_probe(ctx, path, &info);
        if (status == PB_OK) status = pb_png_decode(ctx, path, info, 3, pixels);
        ck_assert_int_eq(status, PB_ERR_DATA);
        ck_assert_ptr_nonnull(strstr(pb_error(ctx), "b.png"));
    }
}
END_TEST

/* A changed byte is refused or harmless (a chunk that says nothing about pixels), never a crash. */
START_TEST(survives_every_changed_byte)
{
    png_make_gray(scratch_path(&s, "a.png"), WIDTH, HEIGHT, 3);
    char *data;
    size_t bytes;
    ck_assert_int_eq(pb_file_read(ctx, s.path, 1 << 20, &data, &bytes), PB_OK);
    int refused = 0;
    for (size_t i = 0; i < bytes; i++) {
        data[i] ^= 0x41;
        scratch_put(&s, "b.png", data, bytes);
        data[i] ^= 0x41;
        pb_png_info info = {0};
        uint8_t pixels[3 * AREA] = {0};
        pb_status status = pb_png_probe(ctx, s.path, &info);
        if (status == PB_OK && info.width == WIDTH && info.height == HEIGHT)
            status = pb_png_decode(ctx, s.path, info, 3, pixels);
        refused += status == PB_ERR_DATA;
    }
    free(data);
    ck_assert_int_gt(refused, (int)bytes - 8);
}
END_TEST

/* ---- folders ---- */

static void make_folder(const char *name)
{
    ck_assert_int_eq(mkdir(scratch_path(&s, name), 0700), 0);
}

static pb_status load(pb_dataset **d, double test_fraction)
{
    const pb_dataset_options o = {
        .name = "png", .path = s.folder, .test_fraction = test_fraction, .split_seed = 4};
    return pb_dataset_load(ctx, &o, d);
}

START_TEST(loads_a_tree_with_train_and_test)
{
    static const char *const folders[] = {"train", "train/b", "train/a",
                                          "test",  "test/b",  "test/a"};
    for (int i = 0; i < 6; i++) make_folder(folders[i]);
    png_make_gray(scratch_path(&s, "train/b/2.png"), 5, 4, 20);
    png_make_gray(scratch_path(&s, "train/b/10.PNG"), 5, 4, 10);
    png_make_gray(scratch_path(&s, "train/a/x.png"), 5, 4, 0);
    png_make_gray(scratch_path(&s, "test/b/1.png"), 5, 4, 30);
    png_make_gray(scratch_path(&s, "test/a/1.png"), 5, 4, 40);
    scratch_put(&s, "train/.hidden", "x", 1);
    scratch_put(&s, "train/b/.DS_Store", "x", 1);

    pb_dataset *d;
    ck_assert_msg(load(&d, 0) == PB_OK, "%s", pb_error(ctx));
    ck_assert_str_eq(d->name, strrchr(s.folder, '/') + 1);
    ck_assert_int_eq(d->dtype, PB_U8);
    ck_assert_int_eq(d->sample_shape.axes, 2);
    ck_assert_int_eq(d->sample_shape.dim[0], 4);
    ck_assert_int_eq(d->sample_shape.dim[1], 5);
    ck_assert_int_eq(d->classes, 2);
    ck_assert_str_eq(d->class_names[0], "a");
    ck_assert_str_eq(d->class_names[1], "b");
    ck_assert_int_eq(d->train.count, 3);
    ck_assert_int_eq(d->test.count, 2);
    static const int32_t train_labels[] = {0, 1, 1}, test_labels[] = {0, 1};
    ck_assert_mem_eq(d->train.labels, train_labels, sizeof train_labels);
    ck_assert_mem_eq(d->test.labels, test_labels, sizeof test_labels);
    static const int train_first[] = {0, 10, 20}, test_first[] = {40, 30};
    for (int k = 0; k < 20; k++) {
        for (int i = 0; i < 3; i++)
            ck_assert_int_eq(((uint8_t *)d->train.data)[20 * i + k], train_first[i] + k);
        for (int i = 0; i < 2; i++)
            ck_assert_int_eq(((uint8_t *)d->test.data)[20 * i + k], test_first[i] + k);
    }
    pb_dataset_free(&d);
    ck_assert_ptr_null(d);
}
END_TEST

START_TEST(loads_mixed_colours_as_rgb_and_holds_out_a_part)
{
    make_folder("cat");
    make_folder("dog");
    for (int i = 0; i < 10; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s/%d.png", i < 5 ? "cat" : "dog", i);
        (i == 7 ? png_make_rgb : png_make_gray)(scratch_path(&s, name), 3, 2, 16 * i);
    }
    pb_dataset *d;
    ck_assert_msg(load(&d, 0.4) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(d->sample_shape.axes, 3);
    ck_assert_int_eq(d->sample_shape.dim[0], 3);
    ck_assert_int_eq(d->train.count, 6);
    ck_assert_int_eq(d->test.count, 4);
    bool seen[10] = {false};
    const pb_samples *parts[] = {&d->train, &d->test};
    for (int part = 0; part < 2; part++) {
        int of_class[2] = {0};
        for (int i = 0; i < parts[part]->count; i++) {
            const uint8_t *image = (uint8_t *)parts[part]->data + 18 * i;
            const int which = image[0] / 16;
            ck_assert(!seen[which]);
            seen[which] = true;
            ck_assert_int_eq(parts[part]->labels[i], which >= 5);
            of_class[which >= 5]++;
            for (int k = 0; k < 18; k++)
                ck_assert_int_eq(image[k], 16 * which + k % 6 + (which == 7 ? 50 * (k / 6) : 0));
        }
        ck_assert_int_eq(of_class[0], part ? 2 : 3);
    }
    pb_dataset_free(&d);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("png");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, decodes_every_kind, 0, (int)(sizeof kinds / sizeof kinds[0]));
    tcase_add_test(t, takes_a_palette_of_grays_as_gray);
    tcase_add_test(t, refuses_every_truncation);
    tcase_add_test(t, survives_every_changed_byte);
    tcase_add_test(t, loads_a_tree_with_train_and_test);
    tcase_add_test(t, loads_mixed_colours_as_rgb_and_holds_out_a_part);
    return run_case("png", t);
}
