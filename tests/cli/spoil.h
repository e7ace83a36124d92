/* Ways to spoil the tiny data set, its configuration and the folders beside it. */
#ifndef TESTS_CLI_SPOIL_H
#define TESTS_CLI_SPOIL_H

#include <png.h>
#include <zlib.h>

#include "tiny_set.h"

/* ---- spoiling the data ---- */

static inline void shorten(scratch *s, const char *name, long by)
{
    struct stat file;
    ck_assert_int_eq(stat(scratch_path(s, name), &file), 0);
    ck_assert_int_eq(truncate(s->path, file.st_size - by), 0);
}

static inline void truncated_images(scratch *s)
{
    shorten(s, "data/train-images-idx3-ubyte", 100);
}

static inline void truncated_header(scratch *s)
{
    shorten(s, "data/train-images-idx3-ubyte", TRAIN * SIDE * SIDE + 5);
}

static inline void oversized_images(scratch *s)
{
    tiny_images(s, "data/train-images-idx3-ubyte", TRAIN - 1, TRAIN);
}

static inline void absurd_images(scratch *s)
{
    tiny_images(s, "data/train-images-idx3-ubyte", 0xffffffff, TRAIN);
}

static inline void wrong_magic(scratch *s)
{
    tiny_labels(s, "data/train-images-idx3-ubyte", TRAIN, TRAIN, -1);
}

static inline void no_images(scratch *s)
{
    tiny_images(s, "data/train-images-idx3-ubyte", 0, 0);
    tiny_labels(s, "data/train-labels-idx1-ubyte", 0, 0, -1);
}

static inline void empty_file(scratch *s)
{
    scratch_put(s, "data/train-labels-idx1-ubyte", "", 0);
}

static inline void fewer_labels(scratch *s)
{
    tiny_labels(s, "data/train-labels-idx1-ubyte", TRAIN - 1, TRAIN - 1, -1);
}

static inline void unknown_test_label(scratch *s)
{
    tiny_labels(s, "data/t10k-labels-idx1-ubyte", TEST, TEST, 7);
}

static inline void labels_missing(scratch *s)
{
    unlink(scratch_path(s, "data/train-labels-idx1-ubyte"));
}

static inline void images_are_a_folder(scratch *s)
{
    unlink(scratch_path(s, "data/train-images-idx3-ubyte"));
    mkdir(s->path, 0777);
}

/* 200 MB of zeros in 200 kB, behind a header of 60 images. */
static inline void gz_bomb(scratch *s)
{
    static uint8_t zeros[1 << 20];
    uint8_t head[16];
    unlink(scratch_path(s, "data/train-images-idx3-ubyte"));
    gzFile file = gzopen(scratch_path(s, "data/train-images-idx3-ubyte.gz"), "wb9");
    put_big_endian(head, 0x803);
    put_big_endian(head + 4, TRAIN);
    put_big_endian(head + 8, SIDE);
    put_big_endian(head + 12, SIDE);
    gzwrite(file, head, sizeof head);
    for (int i = 0; i < 200; i++) gzwrite(file, zeros, sizeof zeros);
    gzclose(file);
}

static inline void truncated_gz(scratch *s)
{
    char image[16 + TRAIN * SIDE * SIDE];
    FILE *plain = fopen(scratch_path(s, "data/train-images-idx3-ubyte"), "rb");
    ck_assert_uint_eq(fread(image, 1, sizeof image, plain), sizeof image);
    fclose(plain);
    unlink(s->path);
    gzFile file = gzopen(scratch_path(s, "data/train-images-idx3-ubyte.gz"), "wb");
    gzwrite(file, image, sizeof image);
    gzclose(file);
    shorten(s, "data/train-images-idx3-ubyte.gz", 20);
}

static inline void damaged_gz(scratch *s)
{
    unlink(scratch_path(s, "data/train-images-idx3-ubyte"));
    scratch_put(s, "data/train-images-idx3-ubyte.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3nonsense", 18);
}

static inline void empty_folder(scratch *s)
{
    scratch_remove(AT_FDCWD, scratch_path(s, "data"));
    mkdir(scratch_path(s, "data"), 0777);
}

static inline void no_folder(scratch *s)
{
    scratch_remove(AT_FDCWD, scratch_path(s, "data"));
}

/* A file of numpy.lib.format, version 1. */
static inline void put_npy(scratch *s, const char *name, const char *descr, const char *shape,
                           size_t bytes)
{
    static char file[1 << 16];
    memset(file, 0, sizeof file);
    const int length = snprintf(
        file + 10, 200, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape);
    memset(file + 10 + length, ' ', (size_t)(117 - length));
    memcpy(file, "\x93NUMPY\x01\x00", 8);
    file[8] = 118;
    file[127] = '\n';
    scratch_put(s, name, file, 128 + bytes);
}

static inline void npy_set(scratch *s, const char *x_descr, const char *x_shape, size_t x_bytes,
                           const char *y_descr, const char *y_shape, size_t y_bytes)
{
    empty_folder(s);
    put_npy(s, "data/x.npy", x_descr, x_shape, x_bytes);
    put_npy(s, "data/y.npy", y_descr, y_shape, y_bytes);
}

static inline void npy_of_complex(scratch *s)
{
    npy_set(s, "<c16", "(60, 8, 8)", 61440, "<i4", "(60,)", 240);
}

static inline void npy_of_objects(scratch *s)
{
    npy_set(s, "|O", "(60, 8, 8)", 30720, "<i4", "(60,)", 240);
}

static inline void npy_of_float_labels(scratch *s)
{
    npy_set(s, "|u1", "(60, 8, 8)", 3840, "<f4", "(60,)", 240);
}

static inline void npy_of_absurd_shape(scratch *s)
{
    npy_set(s, "|u1", "(4294967296, 4294967296, 4294967296)", 3840, "<i4", "(60,)", 240);
}

static inline void npy_of_negative_shape(scratch *s)
{
    npy_set(s, "|u1", "(-60, 8, 8)", 3840, "<i4", "(60,)", 240);
}

static inline void npy_truncated(scratch *s)
{
    npy_set(s, "|u1", "(60, 8, 8)", 3000, "<i4", "(60,)", 240);
}

static inline void npy_of_other_length(scratch *s)
{
    npy_set(s, "|u1", "(60, 8, 8)", 3840, "<i4", "(59,)", 236);
}

static inline void npy_of_five_axes(scratch *s)
{
    npy_set(s, "|u1", "(60, 8, 8, 1, 1)", 3840, "<i4", "(60,)", 240);
}

static inline void npy_of_one_class(scratch *s)
{
    npy_set(s, "|u1", "(60, 8, 8)", 3840, "<i4", "(60,)", 240);
}

/* Numbers whose squares overflow: the first loss is not finite. */
static inline void npy_of_huge_numbers(scratch *s)
{
    npy_set(s, "<f4", "(60, 8, 8)", 15360, "<i4", "(60,)", 240);
    FILE *x = fopen(scratch_path(s, "data/x.npy"), "r+b");
    fseek(x, 128, SEEK_SET);
    for (int i = 0; i < TRAIN * SIDE * SIDE; i++) fwrite(&(float){i % 2 ? 3e38f : -3e38f}, 4, 1, x);
    fclose(x);
    FILE *y = fopen(scratch_path(s, "data/y.npy"), "r+b");
    fseek(y, 128, SEEK_SET);
    for (int i = 0; i < TRAIN; i++) fwrite(&(int32_t){i % 3}, 4, 1, y);
    fclose(y);
}

static inline void npy_that_is_text(scratch *s)
{
    empty_folder(s);
    scratch_put(s, "data/x.npy", "not numpy at all", 16);
    put_npy(s, "data/y.npy", "<i4", "(60,)", 240);
}

static inline void put_png(scratch *s, const char *name, int side)
{
    static uint8_t pixels[64 * 64];
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)side,
                       .height = (png_uint_32)side,
                       .format = PNG_FORMAT_GRAY};
    for (int i = 0; i < side * side; i++) pixels[i] = (uint8_t)(i * 7);
    ck_assert(png_image_write_to_file(&image, scratch_path(s, name), 0, pixels, 0, NULL));
}

static inline void png_set(scratch *s)
{
    char name[64];
    empty_folder(s);
    for (int c = 0; c < 3; c++) {
        snprintf(name, sizeof name, "data/class%d", c);
        mkdir(scratch_path(s, name), 0777);
        for (int n = 0; n < 8; n++) {
            snprintf(name, sizeof name, "data/class%d/%d.png", c, n);
            put_png(s, name, SIDE);
        }
    }
}

static inline void png_of_mixed_sizes(scratch *s)
{
    png_set(s);
    put_png(s, "data/class1/3.png", SIDE + 1);
}

static inline void png_corrupt(scratch *s)
{
    png_set(s);
    FILE *file = fopen(scratch_path(s, "data/class2/5.png"), "r+b");
    fseek(file, 45, SEEK_SET);
    fwrite("garbage", 1, 7, file);
    fclose(file);
}

static inline void png_truncated(scratch *s)
{
    png_set(s);
    shorten(s, "data/class0/0.png", 30);
}

static inline void png_that_is_text(scratch *s)
{
    png_set(s);
    scratch_put(s, "data/class0/4.png", "hello", 5);
}

static inline void png_of_an_empty_class(scratch *s)
{
    png_set(s);
    mkdir(scratch_path(s, "data/class3"), 0777);
}

/* ---- spoiling the configuration as a whole ---- */

static inline void huge_config(scratch *s)
{
    FILE *file = fopen(scratch_path(s, "c.yaml"), "ab");
    for (int i = 0; i < 200000; i++) fputs("# padding\n", file);
    fclose(file);
}

static inline void deep_config(scratch *s)
{
    FILE *file = fopen(scratch_path(s, "c.yaml"), "ab");
    fputs("deep: ", file);
    for (int i = 0; i < 5000; i++) fputs("[", file);
    for (int i = 0; i < 5000; i++) fputs("]", file);
    fclose(file);
}

static inline void binary_config(scratch *s)
{
    scratch_put(s, "c.yaml",
                "\x7f"
                "ELF\0\1\2\3\377\376",
                10);
}

static inline void empty_config(scratch *s)
{
    scratch_put(s, "c.yaml", "", 0);
}

static inline void folder_as_config(scratch *s)
{
    unlink(scratch_path(s, "c.yaml"));
    mkdir(s->path, 0777);
}

static inline void a_file_named_out(scratch *s)
{
    scratch_put(s, "out", "precious", 8);
}

static inline void a_run_in_out(scratch *s)
{
    mkdir(scratch_path(s, "out"), 0777);
    scratch_put(s, "out/config.yaml", "name: precious\n", 15);
}

static inline void a_damaged_run_in_out(scratch *s)
{
    a_run_in_out(s);
    scratch_put(s, "out/metrics.jsonl", "{]\n", 3);
}

/* ---- runs and what draws them ---- */

/* A finished run with its pictures. */
static inline void a_drawn_run_in_out(scratch *s)
{
    static spoken said;
    program_run(s, "run -q c.yaml -o out", NULL, &said);
    ck_assert_msg(said.exit_code == 0, "%s", said.err);
}

/* Found before the real one by who looks in the folder first. */
static inline void a_gnuplot_that_fails(scratch *s)
{
    static const char script[] = "#!/bin/sh\necho no room for pictures >&2\nexit 1\n";
    a_drawn_run_in_out(s);
    scratch_put(s, "gnuplot", script, sizeof script - 1);
    chmod(s->path, 0755);
}

#endif
