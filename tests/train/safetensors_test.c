/* safetensors: what is written reads back, NumPy agrees both ways, and every damage is one
 * sentence. */
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>

#include "../base/scratch.h"
#include "train/safetensors.h"

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

static void fill(pb_tensors *t)
{
    const float weight[] = {-1, -0.75f, -0.5f, -0.25f, 0, 0.25f}, scalar = 0.1f;
    const int32_t steps[] = {-1, INT32_MAX};
    const uint8_t pixels[] = {0, 127, 255};
    const size_t dim[] = {2, 3};
    ck_assert_int_eq(pb_tensors_add(ctx, t, "weight", PB_F32, 2, dim, weight), PB_OK);
    ck_assert_int_eq(pb_tensors_add(ctx, t, "scalar", PB_F32, 0, NULL, &scalar), PB_OK);
    ck_assert_int_eq(pb_tensors_add(ctx, t, "steps", PB_I32, 1, dim, steps), PB_OK);
    ck_assert_int_eq(pb_tensors_add(ctx, t, "pixels", PB_U8, 1, dim + 1, pixels), PB_OK);
    ck_assert_int_eq(pb_tensors_note(ctx, t, "epoch", "3"), PB_OK);
    ck_assert_int_eq(pb_tensors_note(ctx, t, "quote", "a \"b\"\n"), PB_OK);
}

START_TEST(test_reads_back_what_was_written)
{
    pb_tensors out = {0}, in = {0};
    fill(&out);
    ck_assert_int_eq(pb_safetensors_save(ctx, scratch_path(&s, "f"), &out), PB_OK);
    ck_assert_msg(pb_safetensors_load(ctx, s.path, &in) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(in.count, 4);
    for (int i = 0; i < in.count; i++) {
        const pb_tensor *a = &out.tensor[i], *b = pb_tensors_find(&in, a->name);
        ck_assert_ptr_nonnull(b);
        ck_assert_int_eq(a->dtype, b->dtype);
        ck_assert_int_eq(a->axes, b->axes);
        ck_assert_mem_eq(a->dim, b->dim, (size_t)a->axes * sizeof *a->dim);
        ck_assert_uint_eq(a->bytes, b->bytes);
        ck_assert_mem_eq(a->data, b->data, a->bytes);
    }
    ck_assert_str_eq(pb_tensors_noted(&in, "quote"), "a \"b\"\n");
    ck_assert_ptr_null(pb_tensors_noted(&in, "absent"));
    ck_assert_ptr_null(pb_tensors_find(&in, "absent"));
    pb_tensors_clear(&out);
    pb_tensors_clear(&in);
}
END_TEST

START_TEST(test_keeps_every_bit)
{
    uint32_t bits[] = {0x7fc12345, 0xff800000, 0x80000000, 1};
    const size_t dim[] = {4};
    pb_tensors out = {0}, in = {0};
    ck_assert_int_eq(pb_tensors_add(ctx, &out, "bits", PB_F32, 1, dim, bits), PB_OK);
    ck_assert_int_eq(pb_safetensors_save(ctx, scratch_path(&s, "f"), &out), PB_OK);
    ck_assert_int_eq(pb_safetensors_load(ctx, s.path, &in), PB_OK);
    ck_assert_mem_eq(in.tensor[0].data, bits, sizeof bits);
    pb_tensors_clear(&out);
    pb_tensors_clear(&in);
}
END_TEST

START_TEST(test_an_empty_file_of_tensors)
{
    pb_tensors none = {0}, in = {0};
    ck_assert_int_eq(pb_safetensors_save(ctx, scratch_path(&s, "f"), &none), PB_OK);
    ck_assert_int_eq(pb_safetensors_load(ctx, s.path, &in), PB_OK);
    ck_assert_int_eq(in.count, 0);
    pb_tensors_clear(&in);
}
END_TEST

static int python(const char *verb)
{
    char command[1200];
    snprintf(command, sizeof command, "/usr/bin/python3 '%s/train/read_safetensors.py' %s '%s'",
             TESTS_FOLDER, verb, s.path);
    return system(command);
}

START_TEST(test_numpy_reads_it_and_is_read)
{
    if (system("/usr/bin/python3 -c 'import numpy' 2> /dev/null") != 0) return; /* not installed */
    pb_tensors out = {0}, in = {0};
    fill(&out);
    ck_assert_int_eq(pb_safetensors_save(ctx, scratch_path(&s, "f"), &out), PB_OK);
    ck_assert_int_eq(python("check"), 0);
    pb_tensors_clear(&out);

    scratch_path(&s, "g");
    ck_assert_int_eq(python("write"), 0);
    ck_assert_msg(pb_safetensors_load(ctx, s.path, &in) == PB_OK, "%s", pb_error(ctx));
    const float b[] = {1.5f, -2.5f};
    const int32_t a[] = {7, 8, 9};
    ck_assert_mem_eq(pb_tensors_find(&in, "b")->data, b, sizeof b);
    ck_assert_int_eq(pb_tensors_find(&in, "b")->axes, 2);
    ck_assert_mem_eq(pb_tensors_find(&in, "a")->data, a, sizeof a);
    ck_assert_str_eq(pb_tensors_noted(&in, "by"), "numpy");
    pb_tensors_clear(&in);
}
END_TEST

/* Bits of a type, and the numbers that they are. */
static const struct {
    const char *dtype;
    int each; /* bytes of a number */
    unsigned char bits[16];
    float numbers[4];
    int count;
} foreign[] = {
    /* 1, 2^-24, the largest, -2^-14 */
    {"F16",
     2,
     {0x00, 0x3c, 0x01, 0x00, 0xff, 0x7b, 0x00, 0x84},
     {1, 0x1p-24f, 65504, -0x1p-14f},
     4},
    {"F16", 2, {0x00, 0xfc, 0x01, 0x80}, {-INFINITY, -0x1p-24f}, 2},
    {"BF16", 2, {0x80, 0x3f, 0x40, 0xc0, 0x01, 0x00}, {1, -3, 0x1p-133f}, 3},
    /* 1 + 2^-24 is as near to 1 as to the next float32: to even */
    {"F64", 8, {0, 0, 0, 0x10, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0x04, 0xc0}, {1, -2.5f}, 2},
    {"I64", 8, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1}, {-1, 0x1p32f}, 2},
    {"U64", 8, {0, 0, 0, 0, 0, 0, 0, 0x80}, {0x1p63f}, 1},
    {"I32", 4, {0xfe, 0xff, 0xff, 0xff}, {-2}, 1},
    {"U32", 4, {0, 0, 0, 0x80}, {0x1p31f}, 1},
    {"I16", 2, {0, 0x80}, {-32768}, 1},
    {"U16", 2, {0, 0x80}, {32768}, 1},
    {"I8", 1, {0x80, 3}, {-128, 3}, 2},
    {"U8", 1, {0x80}, {128}, 1},
    {"BOOL", 1, {0, 1}, {0, 1}, 2},
    {"F32", 4, {0, 0, 0x80, 0x3f}, {1}, 1},
};

START_TEST(test_types_of_other_programs)
{
    char header[200];
    pb_tensors in = {0};
    const int bytes = foreign[_i].each * foreign[_i].count;
    snprintf(header, sizeof header,
             "{\"a\": {\"dtype\": \"%s\", \"shape\": [%d], \"data_offsets\": [0, %d]}}",
             foreign[_i].dtype, foreign[_i].count, bytes);
    unsigned char file[300] = {(unsigned char)strlen(header)};
    memcpy(file + 8, header, strlen(header));
    memcpy(file + 8 + strlen(header), foreign[_i].bits, (size_t)bytes);
    scratch_put(&s, "f", file, 8 + strlen(header) + (size_t)bytes);
    ck_assert_msg(pb_safetensors_load_floats(ctx, s.path, &in) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(in.tensor[0].dtype, PB_F32);
    ck_assert_uint_eq(in.tensor[0].bytes, (size_t)foreign[_i].count * sizeof(float));
    ck_assert_mem_eq(in.tensor[0].data, foreign[_i].numbers, in.tensor[0].bytes);
    pb_tensors_clear(&in);
}
END_TEST

/* ---- damage ---- */

/* A header, how many bytes of data follow it, and words of the sentence. */
static const struct {
    const char *header;
    int data_bytes;
    const char *words;
} damaged[] = {
    {"not json", 0, "not a JSON object"},
    {"[]", 0, "not a JSON object"},
    {"{\"a\": 1}", 0, "does not have a dtype, a shape and two data_offsets"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1]}}", 4, "does not have a dtype"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0]}}", 4, "does not have"},
    {"{\"a\": {\"dtype\": \"F16\", \"shape\": [2], \"data_offsets\": [0, 4]}}", 4, "has dtype F16"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [-1], \"data_offsets\": [0, 4]}}", 4,
     "not a list of sizes"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1.0], \"data_offsets\": [0, 4]}}", 4,
     "not a list of sizes"},
    {"{\"a\": {\"dtype\": \"U8\", \"shape\": [1,1,1,1,1,1,1,1,1], \"data_offsets\": [0, 1]}}", 1,
     "has 9 axes"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4, 0]}}", 4,
     "not an interval"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [-4, 0]}}", 4,
     "not an interval"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 4]}}", 4,
     "not what its shape needs"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [4611686018427387904, 4], \"data_offsets\": [0, 0]}}",
     0, "not what its shape needs"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 8]}}", 4, "truncated"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}", 5,
     "1 bytes belong to no tensor"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]},"
     " \"b\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [2, 6]}}",
     6, "b overlaps"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]},"
     " \"b\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}",
     4, "overlaps"},
    {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [4, 8]}}", 8,
     "hole before tensor a"},
    {"{\"a\": {\"dtype\": \"U8\", \"shape\": [1], \"data_offsets\": [0, 1]},"
     " \"a\": {\"dtype\": \"U8\", \"shape\": [1], \"data_offsets\": [1, 2]}}",
     2, "not a JSON object: duplicate object key"},
    {"{\"__metadata__\": {\"epoch\": 3}}", 0, "__metadata__.epoch is not a string"},
    {"{\"__metadata__\": []}", 0, "__metadata__ is not an object"},
};

static void put_file(uint64_t length, const char *header, int data_bytes)
{
    unsigned char file[2000] = {0};
    for (int i = 0; i < 8; i++) file[i] = (unsigned char)(length >> (8 * i));
    memcpy(file + 8, header, strlen(header));
    scratch_put(&s, "f", file, 8 + strlen(header) + (size_t)data_bytes);
}

static void expect_fault(const char *words)
{
    pb_tensors in = {0};
    ck_assert_int_eq(pb_safetensors_load(ctx, s.path, &in), PB_ERR_IO);
    ck_assert_msg(strstr(pb_error(ctx), words) != NULL, "%s, expected: %s", pb_error(ctx), words);
    ck_assert_msg(strncmp(pb_error(ctx), s.path, strlen(s.path)) == 0, "%s", pb_error(ctx));
    ck_assert_int_eq(in.count, 0);
}

START_TEST(test_damage_is_named)
{
    put_file(strlen(damaged[_i].header), damaged[_i].header, damaged[_i].data_bytes);
    expect_fault(damaged[_i].words);
}
END_TEST

START_TEST(test_a_type_that_nobody_reads)
{
    static const char header[] =
        "{\"a\": {\"dtype\": \"F8_E4M3\", \"shape\": [4], \"data_offsets\": [0, 4]}}";
    pb_tensors in = {0};
    put_file(strlen(header), header, 4);
    ck_assert_int_eq(pb_safetensors_load_floats(ctx, s.path, &in), PB_ERR_IO);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "tensor a has dtype F8_E4M3; F64, F32, F16"));
}
END_TEST

START_TEST(test_impossible_headers)
{
    scratch_put(&s, "f", "1234567", 7);
    expect_fault("truncated: 7 bytes");
    put_file(3, "{}", 0);
    expect_fault("truncated: a header of 3 bytes");
    put_file(100000001, "{}", 0);
    expect_fault("at most 100000000 are allowed");
    put_file(UINT64_MAX, "{}", 0);
    expect_fault("at most 100000000 are allowed");
    scratch_path(&s, "absent");
    expect_fault("cannot be read");
}
END_TEST

/* Cut anywhere, a file is never taken for a whole one. */
START_TEST(test_every_truncation_is_noticed)
{
    pb_tensors out = {0};
    fill(&out);
    ck_assert_int_eq(pb_safetensors_save(ctx, scratch_path(&s, "f"), &out), PB_OK);
    FILE *file = fopen(s.path, "rb");
    char bytes[2000];
    const size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t cut = 0; cut < count; cut++) {
        pb_tensors in = {0};
        scratch_put(&s, "cut", bytes, cut);
        ck_assert_int_eq(pb_safetensors_load(ctx, s.path, &in), PB_ERR_IO);
    }
    pb_tensors_clear(&out);
}
END_TEST

/* A limit on the size of files stands for a full disk. No assertion while it holds: Check writes
 * each into a file of its own. */
START_TEST(test_a_full_disk_leaves_the_old_file)
{
    pb_tensors out = {0}, in = {0};
    fill(&out);
    ck_assert_int_eq(pb_safetensors_save(ctx, scratch_path(&s, "f"), &out), PB_OK);
    ck_assert_int_eq(pb_tensors_note(ctx, &out, "epoch", "4"), PB_OK);
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = {100, RLIM_INFINITY}, none = {RLIM_INFINITY, RLIM_INFINITY};
    const int limited = setrlimit(RLIMIT_FSIZE, &limit);
    const pb_status failed = pb_safetensors_save(ctx, s.path, &out);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    ck_assert_int_eq(limited, 0);
    ck_assert_int_eq(failed, PB_ERR_IO);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "/f: cannot be written: File too large"));
    ck_assert_int_eq(scratch_count(s.folder), 1);
    ck_assert_int_eq(pb_safetensors_load(ctx, s.path, &in), PB_OK);
    ck_assert_str_eq(pb_tensors_noted(&in, "epoch"), "3");
    pb_tensors_clear(&out);
    pb_tensors_clear(&in);
}
END_TEST

START_TEST(test_a_folder_that_is_not_there)
{
    pb_tensors none = {0};
    ck_assert_int_eq(pb_safetensors_save(ctx, "/nowhere/f", &none), PB_ERR_IO);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "/nowhere/f: cannot be written"));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("safetensors");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_reads_back_what_was_written);
    tcase_add_test(tcase, test_keeps_every_bit);
    tcase_add_test(tcase, test_an_empty_file_of_tensors);
    tcase_add_test(tcase, test_numpy_reads_it_and_is_read);
    tcase_add_loop_test(tcase, test_damage_is_named, 0, sizeof damaged / sizeof *damaged);
    tcase_add_test(tcase, test_impossible_headers);
    tcase_add_loop_test(tcase, test_types_of_other_programs, 0, sizeof foreign / sizeof *foreign);
    tcase_add_test(tcase, test_a_type_that_nobody_reads);
    tcase_add_test(tcase, test_every_truncation_is_noticed);
    tcase_add_test(tcase, test_a_full_disk_leaves_the_old_file);
    tcase_add_test(tcase, test_a_folder_that_is_not_there);
    return run_case("safetensors", tcase);
}
