/* NPY arrays are read as NumPy wrote them (fixtures.py) and written byte for byte as NumPy would.
 */
#include "base/file.h"
#include "base/scratch.h"
#include "data/npy.h"

#define FIXTURES TESTS_FOLDER "/data/fixtures/npy/"

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

typedef struct fixture {
    const char *name;
    pb_npy_dtype dtype;
    int axes;
    size_t dim[PB_NPY_AXES_MAX];
    bool is_written_back; /* the file is what pb_npy_save must write */
} fixture;

static const fixture fixtures[] = {
    {"f4", PB_NPY_F32, 3, {2, 3, 4}, true},
    {"f8", PB_NPY_F64, 3, {2, 3, 4}, true},
    {"u1", PB_NPY_U8, 1, {24}, true},
    {"i4", PB_NPY_I32, 2, {4, 6}, true},
    {"i8", PB_NPY_I64, 1, {24}, true},
    {"bool", PB_NPY_BOOL, 2, {4, 6}, true},
    {"i1", PB_NPY_I8, 1, {24}, true},
    {"i2", PB_NPY_I16, 1, {24}, true},
    {"u2", PB_NPY_U16, 1, {24}, true},
    {"u4", PB_NPY_U32, 1, {24}, true},
    {"u8", PB_NPY_U64, 1, {24}, true},
    {"scalar", PB_NPY_F64, 0, {0}, true},
    {"empty", PB_NPY_F32, 2, {0, 3}, true},
    {"axes8", PB_NPY_F32, 8, {1, 2, 1, 3, 1, 2, 1, 2}, true},
    {"f4_big", PB_NPY_F32, 3, {2, 3, 4}, false},
    {"f8_big", PB_NPY_F64, 3, {2, 3, 4}, false},
    {"i2_big", PB_NPY_I16, 1, {24}, false},
    {"i8_fortran", PB_NPY_I64, 3, {2, 3, 4}, false},
    {"f4_fortran_big", PB_NPY_F32, 2, {4, 6}, false},
    {"version2", PB_NPY_F32, 3, {2, 3, 4}, false},
    {"version3", PB_NPY_F32, 3, {2, 3, 4}, false},
};
#define FIXTURE_COUNT ((int)(sizeof fixtures / sizeof fixtures[0]))

/* Element k of any fixture, by the formula of fixtures.py. */
static double expected(pb_npy_dtype dtype, size_t k)
{
    switch (dtype) {
    case PB_NPY_F32:
    case PB_NPY_F64: return 1.5 * (double)k - 3;
    case PB_NPY_BOOL: return k % 3 == 0;
    case PB_NPY_U8:
    case PB_NPY_U16:
    case PB_NPY_U32:
    case PB_NPY_U64: return (double)(7 * k % 251);
    default: return 3 * (double)k - 5;
    }
}

static double element(const pb_npy *a, size_t k)
{
    switch (a->dtype) {
    case PB_NPY_F32: return ((float *)a->data)[k];
    case PB_NPY_F64: return ((double *)a->data)[k];
    case PB_NPY_BOOL:
    case PB_NPY_U8: return ((uint8_t *)a->data)[k];
    case PB_NPY_U16: return ((uint16_t *)a->data)[k];
    case PB_NPY_U32: return ((uint32_t *)a->data)[k];
    case PB_NPY_U64: return (double)((uint64_t *)a->data)[k];
    case PB_NPY_I8: return ((int8_t *)a->data)[k];
    case PB_NPY_I16: return ((int16_t *)a->data)[k];
    case PB_NPY_I32: return ((int32_t *)a->data)[k];
    default: return (double)((int64_t *)a->data)[k];
    }
}

START_TEST(loads_what_numpy_wrote)
{
    const fixture *f = &fixtures[_i];
    char path[512];
    snprintf(path, sizeof path, FIXTURES "%s.npy", f->name);
    pb_npy a;
    ck_assert_msg(pb_npy_load(ctx, path, &a) == PB_OK, "%s", pb_error(ctx));
    ck_assert_int_eq(a.dtype, f->dtype);
    ck_assert_int_eq(a.axes, f->axes);
    size_t count = 1;
    for (int i = 0; i < f->axes; i++) {
        ck_assert_uint_eq(a.dim[i], f->dim[i]);
        count *= f->dim[i];
    }
    ck_assert_uint_eq(a.count, count);
    for (size_t k = 0; k < count; k++)
        ck_assert_msg(element(&a, k) == expected(a.dtype, k), "%s: element %zu is %g", f->name, k,
                      element(&a, k));
    pb_npy_clear(&a);
    ck_assert_ptr_null(a.data);
}
END_TEST

START_TEST(writes_the_bytes_that_numpy_writes)
{
    const fixture *f = &fixtures[_i];
    if (!f->is_written_back) return;
    char path[512];
    snprintf(path, sizeof path, FIXTURES "%s.npy", f->name);
    pb_npy a;
    ck_assert_int_eq(pb_npy_load(ctx, path, &a), PB_OK);
    const char *copy = scratch_path(&s, "copy.npy");
    ck_assert_msg(pb_npy_save(ctx, copy, a.dtype, a.axes, a.dim, a.data) == PB_OK, "%s",
                  pb_error(ctx));
    char *want, *got;
    size_t want_bytes, got_bytes;
    ck_assert_int_eq(pb_file_read(ctx, path, 1 << 20, &want, &want_bytes), PB_OK);
    ck_assert_int_eq(pb_file_read(ctx, copy, 1 << 20, &got, &got_bytes), PB_OK);
    ck_assert_uint_eq(got_bytes, want_bytes);
    ck_assert_mem_eq(got, want, want_bytes);
    free(want);
    free(got);
    pb_npy_clear(&a);
}
END_TEST

/* ---- faults ---- */

typedef struct header_fault {
    const char *header; /* the dictionary; 8 bytes of data follow */
    const char *words;
} header_fault;

static const header_fault header_faults[] = {
    {"", "not a dictionary"},
    {"[1, 2]", "not a dictionary"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", "comma"},
    {"{'descr': '<f4', 'fortran_order': False}", "missing"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}", "other than"},
    {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "twice"},
    {"{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", "fortran_order"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': 2}", "tuple"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", "tuple"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", "whole number"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}", "tuple"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2)}", "8 axes"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,)}", "absurd"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "absurd"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387905,)}", "absurd"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "truncated"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,)}", "truncated"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "too long"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} rubbish", "follows"},
    {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,", "whole number"},
    {"{'descr': '<f4, 'fortran_order': False, 'shape': (2,)}", "not understood"},
    {"{'descr': '<f4x', 'fortran_order': False, 'shape': (2,)}", "not understood"},
    {"{'descr': '', 'fortran_order': False, 'shape': (2,)}", "dtype"},
    {"{'descr': '<f99999', 'fortran_order': False, 'shape': (2,)}", "not understood"},
    {"{'descr': '<f3', 'fortran_order': False, 'shape': (2,)}", "dtype f3"},
    {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "objects"},
    {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", "structured"},
    {"{'descr: 2", "no end"},
    {"{descr: 2}", "quoted"},
};

static size_t compose(char *out, int version, const char *header, size_t data_bytes)
{
    const size_t length = strlen(header);
    memcpy(out, "\x93NUMPY", 6);
    out[6] = (char)version;
    out[7] = 0;
    out[8] = (char)(length & 255);
    out[9] = (char)(length >> 8);
    size_t at = 10;
    if (version > 1) out[at++] = 0, out[at++] = 0;
    memcpy(out + at, header, length);
    memset(out + at + length, 0, data_bytes);
    return at + length + data_bytes;
}

static void assert_refused(const char *path, const char *words)
{
    pb_npy a;
    const pb_status status = pb_npy_load(ctx, path, &a);
    ck_assert_msg(status == PB_ERR_DATA, "status %d for '%s'", status, words);
    ck_assert_msg(strstr(pb_error(ctx), path) && strstr(pb_error(ctx), words), "'%s' has no '%s'",
                  pb_error(ctx), words);
    ck_assert_ptr_null(a.data);
}

START_TEST(refuses_wrong_headers)
{
    char bytes[512];
    const size_t n = compose(bytes, 1 + _i % 3, header_faults[_i].header, 8);
    scratch_put(&s, "a.npy", bytes, n);
    assert_refused(scratch_path(&s, "a.npy"), header_faults[_i].words);
}
END_TEST

START_TEST(takes_headers_that_others_write)
{
    static const char *const headers[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2L,), }   \n",
        "{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"<f4\"}",
        "  {'shape': (1, 2), 'descr': 'f4', 'fortran_order': True}\n",
    };
    for (int i = 0; i < 3; i++) {
        char bytes[512];
        const size_t n = compose(bytes, 1, headers[i], 8);
        scratch_put(&s, "a.npy", bytes, n);
        pb_npy a;
        ck_assert_msg(pb_npy_load(ctx, scratch_path(&s, "a.npy"), &a) == PB_OK, "%s",
                      pb_error(ctx));
        ck_assert_uint_eq(a.count, 2);
        pb_npy_clear(&a);
    }
}
END_TEST

START_TEST(refuses_every_truncation)
{
    char *whole;
    size_t bytes;
    ck_assert_int_eq(pb_file_read(ctx, FIXTURES "f4.npy", 1 << 20, &whole, &bytes), PB_OK);
    for (size_t n = 0; n < bytes; n++) {
        scratch_put(&s, "a.npy", whole, n);
        assert_refused(scratch_path(&s, "a.npy"), n < 8 ? "not an NPY file" : "truncated");
    }
    free(whole);
}
END_TEST

START_TEST(refuses_other_files)
{
    static const char *const names[] = {"object", "structured", "complex", "half", "text"};
    static const char *const words[] = {"objects", "structured", "dtype c8", "dtype f2",
                                        "dtype U2"};
    for (int i = 0; i < 5; i++) {
        char path[512];
        snprintf(path, sizeof path, FIXTURES "refused_%s.npy", names[i]);
        assert_refused(path, words[i]);
    }
    scratch_put(&s, "a.npy", "\x93NUMPY\x04\x00 and more", 18);
    assert_refused(scratch_path(&s, "a.npy"), "version 4.0");
    scratch_put(&s, "a.npy", "\x93NUMPY\x02\x00\xff\xff\xff\x7f", 12);
    assert_refused(scratch_path(&s, "a.npy"), "header of");
    assert_refused(scratch_path(&s, "none.npy"), "No such file");
    assert_refused(s.folder, "regular file");
    ck_assert_int_eq(mkfifo(scratch_path(&s, "pipe.npy"), 0600), 0);
    assert_refused(scratch_path(&s, "pipe.npy"), "regular file");
}
END_TEST

START_TEST(leaves_no_file_that_cannot_be_written)
{
    const float x = 1;
    const size_t one[] = {1};
    const char *path = scratch_path(&s, "none/a.npy");
    ck_assert_int_eq(pb_npy_save(ctx, path, PB_NPY_F32, 1, one, &x), PB_ERR_IO);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "a.npy"));
    ck_assert_int_eq(scratch_count(s.folder), 0);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("npy");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, loads_what_numpy_wrote, 0, FIXTURE_COUNT);
    tcase_add_loop_test(t, writes_the_bytes_that_numpy_writes, 0, FIXTURE_COUNT);
    tcase_add_loop_test(t, refuses_wrong_headers, 0,
                        (int)(sizeof header_faults / sizeof header_faults[0]));
    tcase_add_test(t, takes_headers_that_others_write);
    tcase_add_test(t, refuses_every_truncation);
    tcase_add_test(t, refuses_other_files);
    tcase_add_test(t, leaves_no_file_that_cannot_be_written);
    return run_case("npy", t);
}
