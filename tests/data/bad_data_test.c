/* Every way a data set can be wrong: one sentence that names the place, and the code that becomes
 * the exit code. Each row builds its files in a folder of its own and loads them. */
#include <limits.h>
#include <math.h>

#include <zlib.h>

#include "data/data_fixture.h"
#include "data/npy.h"
#include "data/png_make.h"

#define TRAIN_IMAGES "train-images-idx3-ubyte"
#define TRAIN_LABELS "train-labels-idx1-ubyte"
#define TEST_IMAGES  "t10k-images-idx3-ubyte"
#define TEST_LABELS  "t10k-labels-idx1-ubyte"

/* ---- IDX ---- */

static size_t idx_head(unsigned char *out, int type, int axes, const uint32_t dim[])
{
    size_t n = 0;
    out[n++] = 0, out[n++] = 0;
    out[n++] = (unsigned char)type, out[n++] = (unsigned char)axes;
    for (int i = 0; i < axes; i++)
        for (int shift = 24; shift >= 0; shift -= 8) out[n++] = (unsigned char)(dim[i] >> shift);
    return n;
}

/* A file whose header says `dim` and that holds `bytes` of `value`. */
static void put_idx(const char *name, int axes, const uint32_t dim[], size_t bytes, int value)
{
    unsigned char data[4096];
    const size_t n = idx_head(data, 8, axes, dim);
    memset(data + n, value, bytes);
    scratch_put(&s, name, data, n + bytes);
}

static void put_images(const char *name, uint32_t count, uint32_t height, uint32_t width,
                       size_t bytes)
{
    put_idx(name, 3, (uint32_t[]){count, height, width}, bytes, 7);
}

static void put_labels(const char *name, const char *labels, size_t count)
{
    unsigned char data[256];
    const uint32_t dim[] = {(uint32_t)count};
    const size_t n = idx_head(data, 8, 1, dim);
    memcpy(data + n, labels, count);
    scratch_put(&s, name, data, n + count);
}

/* Four images of 2 x 3 with two classes, and one for testing. */
static void good_idx(void)
{
    put_images(TRAIN_IMAGES, 4, 2, 3, 24);
    put_labels(TRAIN_LABELS, "\0\1\0\1", 4);
    put_images(TEST_IMAGES, 1, 2, 3, 6);
    put_labels(TEST_LABELS, "\1", 1);
}

static void idx_missing(void)
{
    good_idx();
    unlink(scratch_path(&s, TRAIN_IMAGES));
}
static void idx_no_labels(void)
{
    good_idx();
    unlink(scratch_path(&s, TRAIN_LABELS));
}
static void idx_test_without_labels(void)
{
    good_idx();
    unlink(scratch_path(&s, TEST_LABELS));
}
static void idx_test_without_images(void)
{
    good_idx();
    unlink(scratch_path(&s, TEST_IMAGES));
}
static void idx_empty_file(void)
{
    good_idx();
    scratch_put(&s, TRAIN_IMAGES, "", 0);
}
static void idx_half_head(void)
{
    good_idx();
    scratch_put(&s, TRAIN_IMAGES, "\0\0\10\3\0\0\0\4\0\0", 10);
}
static void idx_truncated(void)
{
    good_idx();
    put_images(TRAIN_IMAGES, 4, 2, 3, 23);
}
static void idx_trailing(void)
{
    good_idx();
    put_images(TRAIN_IMAGES, 4, 2, 3, 25);
}
static void idx_magic(void)
{
    good_idx();
    scratch_put(&s, TRAIN_IMAGES, "P5 2 3 255 and some more", 24);
}
static void idx_floats(void)
{
    unsigned char data[64] = {0};
    good_idx();
    idx_head(data, 0x0d, 3, (uint32_t[]){1, 2, 3});
    scratch_put(&s, TRAIN_IMAGES, data, 16 + 24);
}
static void idx_swapped_files(void)
{
    good_idx();
    put_labels(TRAIN_IMAGES, "\0\1\0\1", 4);
}
static void idx_no_samples(void)
{
    good_idx();
    put_images(TRAIN_IMAGES, 0, 2, 3, 0);
    put_labels(TRAIN_LABELS, "", 0);
}
static void idx_no_pixels(void)
{
    good_idx();
    put_images(TRAIN_IMAGES, 4, 0, 3, 0);
}
static void idx_absurd_side(void)
{
    good_idx();
    put_images(TRAIN_IMAGES, 1, 0xffffffff, 0xffffffff, 24);
}
static void idx_absurd_count(void)
{
    good_idx();
    put_images(TRAIN_IMAGES, 0xffffffff, 28, 28, 24);
}
static void idx_promises_much(void)
{
    good_idx();
    put_images(TRAIN_IMAGES, 60, 8192, 8192, 24); /* 3.75 GiB */
}
static void idx_fewer_labels(void)
{
    good_idx();
    put_labels(TRAIN_LABELS, "\0\1\0", 3);
}
static void idx_more_labels(void)
{
    good_idx();
    put_labels(TRAIN_LABELS, "\0\1\0\1\0", 5);
}
static void idx_truncated_labels(void)
{
    good_idx();
    put_idx(TRAIN_LABELS, 1, (uint32_t[]){4}, 2, 1);
}
static void idx_trailing_labels(void)
{
    good_idx();
    put_idx(TRAIN_LABELS, 1, (uint32_t[]){4}, 9, 1);
}
static void idx_one_class(void)
{
    good_idx();
    put_labels(TRAIN_LABELS, "\0\0\0\0", 4);
}
static void idx_new_test_class(void)
{
    good_idx();
    put_labels(TEST_LABELS, "\2", 1);
}
static void idx_other_test_size(void)
{
    good_idx();
    put_images(TEST_IMAGES, 1, 3, 2, 6);
}
static void idx_unreadable(void)
{
    good_idx();
    unlink(scratch_path(&s, TRAIN_IMAGES));
    ck_assert_int_eq(mkdir(s.path, 0700), 0);
}
static void idx_pipe(void)
{
    good_idx();
    unlink(scratch_path(&s, TRAIN_IMAGES));
    ck_assert_int_eq(mkfifo(s.path, 0600), 0);
}
static void mnist_label_11(void)
{
    good_idx();
    put_labels(TRAIN_LABELS, "\0\1\13\1", 4);
}

/* ---- gzip ---- */

/* Packs a header and `zeros` of zeros, however many. */
static void put_gz(const char *name, const uint32_t dim[3], size_t zeros)
{
    static unsigned char chunk[1 << 16];
    unsigned char head[16];
    const size_t n = idx_head(head, 8, 3, dim);
    gzFile file = gzopen(scratch_path(&s, name), "wb9");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, head, (unsigned)n), (int)n);
    for (size_t left = zeros; left > 0;) {
        const unsigned some = (unsigned)(left < sizeof chunk ? left : sizeof chunk);
        ck_assert_int_eq(gzwrite(file, chunk, some), (int)some);
        left -= some;
    }
    ck_assert_int_eq(gzclose(file), Z_OK);
}

static void only_packed(const uint32_t dim[3], size_t zeros)
{
    good_idx();
    unlink(scratch_path(&s, TRAIN_IMAGES));
    put_gz(TRAIN_IMAGES ".gz", dim, zeros);
}

/* Cuts bytes off the packed file, or changes one counted from its end. */
static void damage_gz(long cut, long flip)
{
    FILE *file = fopen(scratch_path(&s, TRAIN_IMAGES ".gz"), "r+b");
    ck_assert_ptr_nonnull(file);
    fseek(file, 0, SEEK_END);
    const long end = ftell(file);
    if (flip) {
        fseek(file, end - flip, SEEK_SET);
        const int byte = fgetc(file);
        fseek(file, end - flip, SEEK_SET);
        fputc(byte ^ 0x55, file);
    }
    fclose(file);
    if (cut) ck_assert_int_eq(truncate(s.path, end - cut), 0);
}

static void gz_bomb(void)
{
    only_packed((uint32_t[]){4, 2, 3}, (size_t)100 << 20);
}
static void gz_too_short(void)
{
    only_packed((uint32_t[]){4, 2, 3}, 20);
}
static void gz_cut_stream(void)
{
    only_packed((uint32_t[]){400, 20, 30}, 240000);
    damage_gz(40, 0);
}
static void gz_cut_check_sum(void)
{
    only_packed((uint32_t[]){4, 2, 3}, 24);
    damage_gz(5, 0);
}
static void gz_wrong_check_sum(void)
{
    only_packed((uint32_t[]){4, 2, 3}, 24);
    damage_gz(0, 6);
}
static void gz_broken_stream(void)
{
    only_packed((uint32_t[]){400, 20, 30}, 240000);
    damage_gz(0, 262); /* where the code lengths stand; zeros hide most other changes */
}
static void gz_promises_much(void)
{
    only_packed((uint32_t[]){60, 8192, 8192}, 1000);
}

/* ---- PNG ---- */

static void make_folder(const char *name)
{
    ck_assert_int_eq(mkdir(scratch_path(&s, name), 0700), 0);
}
static void good_png(void)
{
    make_folder("a");
    make_folder("b");
    for (int i = 0; i < 6; i++) {
        char name[16];
        snprintf(name, sizeof name, "%c/%d.png", 'a' + i % 2, i);
        png_make_gray(scratch_path(&s, name), 4, 3, i);
    }
}
static void png_nothing(void)
{
}
static void png_one_class(void)
{
    make_folder("a");
    png_make_gray(scratch_path(&s, "a/1.png"), 4, 3, 0);
}
static void png_empty_class(void)
{
    good_png();
    make_folder("c");
}
static void png_mixed_sizes(void)
{
    good_png();
    png_make_gray(scratch_path(&s, "b/3.png"), 5, 3, 0);
}
static void png_corrupt(void)
{
    good_png();
    FILE *file = fopen(scratch_path(&s, "b/5.png"), "r+b");
    fseek(file, 45, SEEK_SET);
    fputc(0xee, file);
    fclose(file);
}
static void png_truncated(void)
{
    good_png();
    ck_assert_int_eq(truncate(scratch_path(&s, "b/5.png"), 50), 0);
}
static void png_other_content(void)
{
    good_png();
    scratch_put(&s, "b/5.png", "\xff\xd8\xff\xe0 a JPEG", 11);
}
static void png_other_name(void)
{
    good_png();
    scratch_put(&s, "b/notes.txt", "x", 1);
}
static void png_nested(void)
{
    good_png();
    make_folder("b/c.png");
}
static void png_stray_file(void)
{
    good_png();
    png_make_gray(scratch_path(&s, "7.png"), 4, 3, 0);
}
static void png_third_part(void)
{
    make_folder("train");
    make_folder("test");
    make_folder("validation");
}
static void png_new_test_class(void)
{
    static const char *const folders[] = {"train", "test", "train/a", "train/b", "test/c"};
    for (int i = 0; i < 5; i++) make_folder(folders[i]);
    png_make_gray(scratch_path(&s, "train/a/1.png"), 4, 3, 0);
    png_make_gray(scratch_path(&s, "train/b/1.png"), 4, 3, 0);
    png_make_gray(scratch_path(&s, "test/c/1.png"), 4, 3, 0);
}
static void png_empty_test(void)
{
    static const char *const folders[] = {"train", "test", "train/a", "train/b"};
    for (int i = 0; i < 4; i++) make_folder(folders[i]);
    png_make_gray(scratch_path(&s, "train/a/1.png"), 4, 3, 0);
    png_make_gray(scratch_path(&s, "train/b/1.png"), 4, 3, 0);
}
static void png_huge(void)
{
    good_png();
    png_make_gray(scratch_path(&s, "b/5.png"), 8193, 1, 0);
}

/* ---- NPY ---- */

static void save(const char *name, pb_npy_dtype dtype, int axes, const size_t dim[],
                 const void *data)
{
    ck_assert_int_eq(pb_npy_save(ctx, scratch_path(&s, name), dtype, axes, dim, data), PB_OK);
}
static void good_npy(void)
{
    const float x[12] = {0};
    save("x.npy", PB_NPY_F32, 2, (size_t[]){6, 2}, x);
    save("y.npy", PB_NPY_I32, 1, (size_t[]){6}, (int32_t[]){0, 1, 0, 1, 0, 1});
}
static void npy_no_samples_file(void)
{
    good_npy();
    unlink(scratch_path(&s, "x.npy"));
}
static void npy_no_labels_file(void)
{
    good_npy();
    unlink(scratch_path(&s, "y.npy"));
}
static void npy_half_a_test(void)
{
    good_npy();
    save("y_test.npy", PB_NPY_I32, 1, (size_t[]){1}, (int32_t[]){0});
}
static void npy_integer_samples(void)
{
    good_npy();
    save("x.npy", PB_NPY_I32, 2, (size_t[]){6, 1}, (int32_t[6]){0});
}
static void npy_one_axis(void)
{
    good_npy();
    save("x.npy", PB_NPY_F32, 1, (size_t[]){6}, (float[6]){0});
}
static void npy_five_axes(void)
{
    good_npy();
    save("x.npy", PB_NPY_F32, 5, (size_t[]){6, 1, 1, 1, 1}, (float[6]){0});
}
static void npy_no_rows(void)
{
    good_npy();
    save("x.npy", PB_NPY_F32, 2, (size_t[]){0, 4}, NULL);
    save("y.npy", PB_NPY_I32, 1, (size_t[]){0}, NULL);
}
static void npy_nan(void)
{
    good_npy();
    float x[12] = {0};
    x[7] = NAN;
    save("x.npy", PB_NPY_F32, 2, (size_t[]){6, 2}, x);
}
static void npy_beyond_float(void)
{
    good_npy();
    double x[12] = {0};
    x[4] = 1e300;
    save("x.npy", PB_NPY_F64, 2, (size_t[]){6, 2}, x);
}
static void npy_fewer_labels(void)
{
    good_npy();
    save("y.npy", PB_NPY_I32, 1, (size_t[]){5}, (int32_t[5]){0, 1});
}
static void npy_float_labels(void)
{
    good_npy();
    save("y.npy", PB_NPY_F32, 1, (size_t[]){6}, (float[6]){0, 1});
}
static void npy_one_hot_labels(void)
{
    good_npy();
    save("y.npy", PB_NPY_I32, 2, (size_t[]){6, 2}, (int32_t[12]){0, 1});
}
static void npy_negative_label(void)
{
    good_npy();
    save("y.npy", PB_NPY_I32, 1, (size_t[]){6}, (int32_t[6]){0, 1, -1});
}
static void npy_absurd_label(void)
{
    good_npy();
    save("y.npy", PB_NPY_U64, 1, (size_t[]){6}, (uint64_t[6]){0, 1, UINT64_MAX});
}
static void npy_other_test_shape(void)
{
    good_npy();
    save("x_test.npy", PB_NPY_F32, 2, (size_t[]){2, 3}, (float[6]){0});
    save("y_test.npy", PB_NPY_I32, 1, (size_t[]){2}, (int32_t[2]){0});
}
static void npy_other_test_dtype(void)
{
    good_npy();
    save("x_test.npy", PB_NPY_U8, 2, (size_t[]){2, 2}, (uint8_t[4]){0});
    save("y_test.npy", PB_NPY_I32, 1, (size_t[]){2}, (int32_t[2]){0});
}
static void npy_new_test_class(void)
{
    good_npy();
    save("x_test.npy", PB_NPY_F32, 2, (size_t[]){1, 2}, (float[2]){0});
    save("y_test.npy", PB_NPY_I32, 1, (size_t[]){1}, (int32_t[1]){2});
}
typedef struct bad_case {
    void (*make)(void);
    const char *kind;
    const char *file; /* named by the sentence */
    const char *words;
} bad_case;

static const bad_case cases[] = {
    {idx_missing, "idx", TRAIN_IMAGES, "missing"},
    {idx_no_labels, "idx", TRAIN_LABELS, "missing"},
    {idx_test_without_labels, "idx", TEST_LABELS, "missing"},
    {idx_test_without_images, "idx", TEST_IMAGES, "missing"},
    {idx_empty_file, "idx", TRAIN_IMAGES, "truncated"},
    {idx_half_head, "idx", TRAIN_IMAGES, "truncated"},
    {idx_truncated, "idx", TRAIN_IMAGES, "truncated"},
    {idx_trailing, "idx", TRAIN_IMAGES, "too long"},
    {idx_magic, "idx", TRAIN_IMAGES, "not an IDX file"},
    {idx_floats, "idx", TRAIN_IMAGES, "type 0x0d"},
    {idx_swapped_files, "idx", TRAIN_IMAGES, "1 axes, 3 are needed"},
    {idx_no_samples, "idx", TRAIN_IMAGES, "no samples"},
    {idx_no_pixels, "idx", TRAIN_IMAGES, "0 x 3 pixels"},
    {idx_absurd_side, "idx", TRAIN_IMAGES, "4294967295 x 4294967295 pixels"},
    {idx_absurd_count, "idx", TRAIN_IMAGES, "too many"},
    {idx_promises_much, "idx", TRAIN_IMAGES, "truncated"},
    {idx_fewer_labels, "idx", TRAIN_LABELS, "3 labels for 4 images"},
    {idx_more_labels, "idx", TRAIN_LABELS, "5 labels for 4 images"},
    {idx_truncated_labels, "idx", TRAIN_LABELS, "truncated"},
    {idx_trailing_labels, "idx", TRAIN_LABELS, "too long"},
    {idx_one_class, "idx", TRAIN_LABELS, "two classes"},
    {idx_new_test_class, "idx", TEST_LABELS, "label 2 of sample 0 is out of range"},
    {idx_other_test_size, "idx", TEST_IMAGES, "3 x 2 pixels, those to train on have 2 x 3"},
    {idx_unreadable, "idx", TRAIN_IMAGES, "not a regular file"},
    {idx_pipe, "idx", TRAIN_IMAGES, "not a regular file"},
    {mnist_label_11, "mnist", TRAIN_LABELS, "label 11 of sample 2 is out of range, 0 to 9"},
    {gz_bomb, "idx", TRAIN_IMAGES ".gz", "too long"},
    {gz_too_short, "idx", TRAIN_IMAGES ".gz", "truncated"},
    {gz_cut_stream, "idx", TRAIN_IMAGES ".gz", "truncated"},
    {gz_cut_check_sum, "idx", TRAIN_IMAGES ".gz", "truncated"},
    {gz_wrong_check_sum, "idx", TRAIN_IMAGES ".gz", "damaged"},
    {gz_broken_stream, "idx", TRAIN_IMAGES ".gz", "damaged"},
    {gz_promises_much, "idx", TRAIN_IMAGES ".gz", "truncated"},
    {png_nothing, "png", "", "0 sub-folders"},
    {png_one_class, "png", "", "at least two classes"},
    {png_empty_class, "png", "/c", "holds no image"},
    {png_mixed_sizes, "png", "b/3.png", "5 x 3 pixels, the images before it 4 x 3"},
    {png_corrupt, "png", "b/5.png", "not a readable PNG"},
    {png_truncated, "png", "b/5.png", "not a readable PNG"},
    {png_other_content, "png", "b/5.png", "not a readable PNG"},
    {png_other_name, "png", "b/notes.txt", "not named .png"},
    {png_nested, "png", "b/c.png", "is a folder"},
    {png_stray_file, "png", "7.png", "is a file"},
    {png_third_part, "png", "validation", "beside train and test"},
    {png_new_test_class, "png", "test/c", "not among those to train on"},
    {png_empty_test, "png", "test", "no images"},
    {png_huge, "png", "b/5.png", "not a readable PNG"},
    {npy_no_samples_file, "npy", "x.npy", "No such file"},
    {npy_no_labels_file, "npy", "y.npy", "No such file"},
    {npy_half_a_test, "npy", "x_test.npy", "No such file"},
    {npy_integer_samples, "npy", "x.npy", "samples of int32"},
    {npy_one_axis, "npy", "x.npy", "1 axes"},
    {npy_five_axes, "npy", "x.npy", "5 axes"},
    {npy_no_rows, "npy", "x.npy", "no samples"},
    {npy_nan, "npy", "x.npy", "sample 3 holds a number that is not finite"},
    {npy_beyond_float, "npy", "x.npy", "sample 2 holds a number that is not finite"},
    {npy_fewer_labels, "npy", "y.npy", "5 labels for 6 samples"},
    {npy_float_labels, "npy", "y.npy", "labels of float32"},
    {npy_one_hot_labels, "npy", "y.npy", "2 axes"},
    {npy_negative_label, "npy", "y.npy", "label -1 of sample 2 is out of range"},
    {npy_absurd_label, "npy", "y.npy", "of sample 2 is out of range"},
    {npy_other_test_shape, "npy", "x_test.npy", "another shape"},
    {npy_other_test_dtype, "npy", "x_test.npy", "uint8"},
    {npy_new_test_class, "npy", "y_test.npy", "label 2 of sample 0"},
};

static void assert_one_sentence(pb_status got, pb_status want, const char *file, const char *words)
{
    const char *sentence = pb_error(ctx);
    ck_assert_msg(got == want, "status %s, wanted %s: %s", pb_status_name(got),
                  pb_status_name(want), sentence);
    ck_assert_msg(strstr(sentence, file) && strstr(sentence, words), "'%s' has no '%s', '%s'",
                  sentence, file, words);
    ck_assert_msg(!strchr(sentence, '\n'), "'%s' is not one line", sentence);
}

START_TEST(bad_files_give_one_sentence)
{
    const bad_case *c = &cases[_i];
    c->make();
    const pb_dataset_options o = {.name = c->kind, .path = s.folder};
    pb_dataset *d;
    const pb_status status = pb_dataset_load(ctx, &o, &d);
    ck_assert_ptr_null(d);
    assert_one_sentence(status, PB_ERR_DATA, c->file, c->words);
}
END_TEST

/* The rows fail for their own reason only: what they start from loads. */
START_TEST(good_files_load)
{
    void (*const make[])(void) = {good_idx, good_png, good_npy};
    const char *const kinds[] = {"idx", "png", "npy"};
    make[_i]();
    const pb_dataset_options o = {.name = kinds[_i], .path = s.folder};
    pb_dataset *d;
    ck_assert_msg(pb_dataset_load(ctx, &o, &d) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(d->classes, 2);
    pb_dataset_free(&d);
}
END_TEST

START_TEST(bad_options_give_one_sentence)
{
    static const struct {
        pb_dataset_options o;
        pb_status status;
        const char *words;
    } options[] = {
        {{.name = NULL}, PB_ERR_CONFIG, "no name"},
        {{.name = "cifar"}, PB_ERR_CONFIG, "there are fashion-mnist, mnist"},
        {{.name = "png"}, PB_ERR_CONFIG, "path of a folder is needed"},
        {{.name = "png", .path = "/none/at/all"}, PB_ERR_DATA, "No such file"},
        {{.name = "png", .path = "/dev/null"}, PB_ERR_DATA, "is not a folder"},
        {{.name = "npy", .test_fraction = 1}, PB_ERR_CONFIG, "test fraction is 1"},
        {{.name = "npy", .test_fraction = -1}, PB_ERR_CONFIG, "test fraction is -1"},
        {{.name = "npy", .limit = -5}, PB_ERR_CONFIG, "-5"},
        {{.name = "mnist"}, PB_ERR_DATA, "passband data fetch mnist"},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        pb_dataset *d;
        const pb_status status = pb_dataset_load(ctx, &options[i].o, &d);
        ck_assert_ptr_null(d);
        assert_one_sentence(status, options[i].status, "", options[i].words);
    }
}
END_TEST

START_TEST(nothing_to_hold_out_gives_one_sentence)
{
    save("x.npy", PB_NPY_F32, 2, (size_t[]){1, 2}, (float[2]){0});
    save("y.npy", PB_NPY_I32, 1, (size_t[]){1}, (int32_t[1]){1});
    const pb_dataset_options o = {.name = "npy", .path = s.folder};
    pb_dataset *d;
    const pb_status status = pb_dataset_load(ctx, &o, &d);
    assert_one_sentence(status, PB_ERR_CONFIG, s.folder, "held-out part empty");
}
END_TEST

/* Found by its name, a damaged data set also says how to get it anew. */
START_TEST(a_damaged_one_says_how_to_get_it_anew)
{
    ck_assert_int_eq(mkdir(scratch_path(&s, "mnist"), 0700), 0);
    setenv("PASSBAND_DATA", s.folder, 1);
    put_images("mnist/" TRAIN_IMAGES, 4, 2, 3, 20);
    pb_dataset *d;
    const pb_status status = pb_dataset_load(ctx, &(pb_dataset_options){.name = "mnist"}, &d);
    assert_one_sentence(status, PB_ERR_DATA, TRAIN_IMAGES, "truncated");
    assert_one_sentence(status, PB_ERR_DATA, "", "passband data fetch mnist");
}
END_TEST

START_TEST(an_unreadable_folder_gives_one_sentence)
{
    if (geteuid() == 0) return; /* root may read everything */
    good_png();
    ck_assert_int_eq(chmod(s.folder, 0), 0);
    pb_dataset *d;
    const pb_dataset_options o = {.name = "png", .path = s.folder};
    const pb_status status = pb_dataset_load(ctx, &o, &d);
    ck_assert_int_eq(chmod(s.folder, 0700), 0);
    assert_one_sentence(status, PB_ERR_DATA, s.folder, "Permission denied");
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("bad_data");
    tcase_set_timeout(t, 30);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, bad_files_give_one_sentence, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_loop_test(t, good_files_load, 0, 3);
    tcase_add_test(t, bad_options_give_one_sentence);
    tcase_add_test(t, nothing_to_hold_out_gives_one_sentence);
    tcase_add_test(t, a_damaged_one_says_how_to_get_it_anew);
    tcase_add_test(t, an_unreadable_folder_gives_one_sentence);
    return run_case("bad_data", t);
}
