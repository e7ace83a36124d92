/* Data sets by name and by path: what is found where, and what is in it. */
#include "base/file.h"
#include "data/data_fixture.h"
#include "data/npy.h"
#include "data/registry.h"

#define FIXTURES TESTS_FOLDER "/data/fixtures"

static pb_dataset *load(const pb_dataset_options *o)
{
    pb_dataset *d;
    ck_assert_msg(pb_dataset_load(ctx, o, &d) == PB_OK, "%s", pb_error(ctx));
    return d;
}

static void assert_counting(const pb_samples *samples, size_t bytes_each)
{
    const uint8_t *bytes = samples->data;
    for (size_t k = 0; k < (size_t)samples->count * bytes_each; k++)
        ck_assert_uint_eq(bytes[k], 7 * k % 251);
}

START_TEST(loads_idx_raw_and_packed)
{
    pb_dataset *d = load(&(pb_dataset_options){.name = "idx", .path = FIXTURES "/idx/"});
    ck_assert_str_eq(d->name, "idx");
    ck_assert_int_eq(d->dtype, PB_U8);
    ck_assert_int_eq(d->sample_shape.axes, 2);
    ck_assert_int_eq(d->sample_shape.dim[0], 4);
    ck_assert_int_eq(d->sample_shape.dim[1], 3);
    ck_assert_int_eq(d->classes, 3);
    ck_assert_str_eq(d->class_names[2], "2");
    ck_assert_int_eq(d->train.count, 6);
    ck_assert_int_eq(d->test.count, 3);
    assert_counting(&d->train, 12);
    assert_counting(&d->test, 12);
    static const int32_t train[] = {2, 0, 1, 1, 0, 2}, test[] = {1, 2, 0};
    ck_assert_mem_eq(d->train.labels, train, sizeof train);
    ck_assert_mem_eq(d->test.labels, test, sizeof test);
    pb_dataset_free(&d);
}
END_TEST

START_TEST(limits_the_training_part)
{
    pb_dataset_options o = {.name = "idx", .path = FIXTURES "/idx", .limit = 4};
    pb_dataset *d = load(&o);
    ck_assert_int_eq(d->train.count, 4);
    ck_assert_int_eq(d->test.count, 3);
    pb_dataset_free(&d);
    o.limit = 1000;
    d = load(&o);
    ck_assert_int_eq(d->train.count, 6);
    pb_dataset_free(&d);
}
END_TEST

static void save(const char *name, pb_npy_dtype dtype, int axes, const size_t dim[],
                 const void *data)
{
    ck_assert_msg(pb_npy_save(ctx, scratch_path(&s, name), dtype, axes, dim, data) == PB_OK, "%s",
                  pb_error(ctx));
}

START_TEST(loads_npy_pairs)
{
    double x[3 * 2 * 2 * 2];
    for (int i = 0; i < 24; i++) x[i] = 0.1 * i - 1;
    const int64_t y[] = {0, 3, 1};
    const float x_test[] = {1, 2, 3, 4, 5, 6, 7, 8};
    const uint8_t y_test[] = {2};
    save("x.npy", PB_NPY_F64, 4, (size_t[]){3, 2, 2, 2}, x);
    save("y.npy", PB_NPY_I64, 1, (size_t[]){3}, y);
    save("x_test.npy", PB_NPY_F32, 4, (size_t[]){1, 2, 2, 2}, x_test);
    save("y_test.npy", PB_NPY_U8, 1, (size_t[]){1}, y_test);
    pb_dataset *d = load(&(pb_dataset_options){.name = "npy", .path = s.folder});
    ck_assert_int_eq(d->dtype, PB_F32);
    ck_assert_int_eq(d->sample_shape.axes, 3);
    ck_assert_int_eq(d->classes, 4);
    ck_assert_int_eq(d->train.count, 3);
    for (int i = 0; i < 24; i++) ck_assert(((float *)d->train.data)[i] == (float)(0.1 * i - 1));
    ck_assert_int_eq(d->train.labels[1], 3);
    ck_assert_mem_eq(d->test.data, x_test, sizeof x_test);
    ck_assert_int_eq(d->test.labels[0], 2);
    pb_dataset_free(&d);
}
END_TEST

START_TEST(a_long_name_ends_between_two_characters)
{
    static const float x[4] = {1, 2, 3, 4};
    static const uint8_t y[4] = {0, 1, 0, 1};
    char name[2 + 2 * 40] = "x", path[300], file[340];
    for (int i = 0; i < 40; i++) strcat(name, "\u00fc");
    snprintf(path, sizeof path, "%s/%s", s.folder, name);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    snprintf(file, sizeof file, "%s/x.npy", name);
    save(file, PB_NPY_F32, 2, (size_t[]){4, 1}, x);
    snprintf(file, sizeof file, "%s/y.npy", name);
    save(file, PB_NPY_U8, 1, (size_t[]){4}, y);
    for (int odd = 0; odd < 2; odd++) {
        pb_dataset *d = load(&(pb_dataset_options){.name = "npy", .path = path});
        ck_assert_uint_eq(strlen(d->name), odd ? 62 : 63);
        ck_assert_mem_eq(d->name, strrchr(path, '/') + 1, strlen(d->name));
        pb_dataset_free(&d);
        snprintf(file, sizeof file, "%s/%s", s.folder, name + 1);
        ck_assert_int_eq(rename(path, file), 0);
        strcpy(path, file);
    }
}
END_TEST

/* Labels of every integer dtype, as NumPy wrote them; sample i is the signal {i, i}. */
START_TEST(takes_labels_of_every_integer_dtype)
{
    static const char *const dtypes[] = {"u1", "u2", "u4", "u8"};
    float x[48];
    for (int i = 0; i < 48; i++) x[i] = (float)(i / 2);
    save("x.npy", PB_NPY_F32, 2, (size_t[]){24, 2}, x);
    for (int k = 0; k < 4; k++) {
        char path[512], *data;
        size_t bytes;
        snprintf(path, sizeof path, FIXTURES "/npy/%s.npy", dtypes[k]);
        ck_assert_int_eq(pb_file_read(ctx, path, 1 << 20, &data, &bytes), PB_OK);
        scratch_put(&s, "y.npy", data, bytes);
        free(data);
        pb_dataset *d = load(&(pb_dataset_options){.name = "npy", .path = s.folder});
        ck_assert_int_eq(d->classes, 7 * 23 + 1);
        ck_assert_int_eq(d->train.count + d->test.count, 24);
        ck_assert_int_eq(d->test.count, 5);
        const pb_samples *parts[] = {&d->train, &d->test};
        for (int part = 0; part < 2; part++)
            for (int i = 0; i < parts[part]->count; i++)
                ck_assert_int_eq(parts[part]->labels[i],
                                 7 * (int)((float *)parts[part]->data)[2 * i]);
        pb_dataset_free(&d);
    }
    for (int signed_kind = 0; signed_kind < 4; signed_kind++) {
        static const pb_npy_dtype kinds[] = {PB_NPY_I8, PB_NPY_I16, PB_NPY_I32, PB_NPY_I64};
        const int8_t y8[] = {0, 1, 2, 1};
        const int16_t y16[] = {0, 1, 2, 1};
        const int32_t y32[] = {0, 1, 2, 1};
        const int64_t y64[] = {0, 1, 2, 1};
        const void *const y[] = {y8, y16, y32, y64};
        save("x.npy", PB_NPY_F32, 2, (size_t[]){4, 2}, x);
        save("y.npy", kinds[signed_kind], 1, (size_t[]){4}, y[signed_kind]);
        pb_dataset *d = load(&(pb_dataset_options){.name = "npy", .path = s.folder});
        ck_assert_int_eq(d->classes, 3);
        pb_dataset_free(&d);
    }
}
END_TEST

/* ---- places ---- */

static void copy_fixture(const char *to)
{
    char command[512];
    snprintf(command, sizeof command, "mkdir -p '%s' && cp " FIXTURES "/idx/* '%s'", to, to);
    ck_assert_int_eq(system(command), 0);
}

static void assert_folder(const char *expected)
{
    const pb_data_row *row;
    char *folder;
    ck_assert_int_eq(pb_data_find(ctx, "mnist", &row), PB_OK);
    ck_assert_msg(pb_data_folder(ctx, row, &folder) == PB_OK, "%s", pb_error(ctx));
    ck_assert_str_eq(folder, expected);
    free(folder);
}

START_TEST(searches_the_places_in_order)
{
    char own[512], home[512];
    snprintf(own, sizeof own, "%s/own", s.folder);
    snprintf(home, sizeof home, "%s/.local/share/passband/mnist", s.folder);
    copy_fixture(home);
    assert_folder(home);
    setenv("PASSBAND_DATA", own, 1);
    assert_folder(home);
    strcat(own, "/mnist");
    ck_assert_int_eq(pb_folder_make(ctx, own), PB_OK);
    assert_folder(home); /* an empty folder hides nothing */
    copy_fixture(own);
    assert_folder(own);
    pb_dataset *d = load(&(pb_dataset_options){.name = "mnist"});
    ck_assert_str_eq(d->name, "mnist");
    ck_assert_int_eq(d->classes, 10);
    ck_assert_str_eq(d->class_names[9], "9");
    pb_dataset_free(&d);
}
END_TEST

START_TEST(says_how_to_get_a_missing_one)
{
    const pb_data_row *row;
    char *folder;
    ck_assert_int_eq(pb_data_find(ctx, "mnist", &row), PB_OK);
    ck_assert_int_eq(pb_data_folder(ctx, row, &folder), PB_ERR_DATA);
    ck_assert_ptr_null(folder);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "passband data fetch mnist"));
    unsetenv("HOME");
    ck_assert_int_eq(pb_data_folder(ctx, row, &folder), PB_ERR_DATA);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "passband data fetch mnist"));
    ck_assert_int_eq(pb_data_home(ctx, "mnist", &folder), PB_ERR_DATA);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "HOME"));
    pb_data_row absent = {.name = "none", .how = "apt install dataset-none"};
    absent.files[0].name = "x";
    ck_assert_int_eq(pb_data_folder(ctx, &absent, &folder), PB_ERR_DATA);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "apt install dataset-none"));
}
END_TEST

START_TEST(knows_its_rows)
{
    int count;
    const pb_data_row *rows = pb_data_rows(&count);
    ck_assert_int_eq(count, 8);
    for (int i = 0; i < count; i++) {
        const pb_data_row *found;
        ck_assert_int_eq(pb_data_find(ctx, rows[i].name, &found), PB_OK);
        ck_assert_ptr_eq(found, &rows[i]);
        ck_assert_ptr_nonnull(rows[i].summary);
        ck_assert_ptr_nonnull(rows[i].how);
        ck_assert_int_eq(!!rows[i].load + !!rows[i].generate + !!rows[i].read, 1);
        if (rows[i].needs_path || rows[i].generate) continue;
        ck_assert_ptr_nonnull(rows[i].files[0].name);
        for (int f = 0; f < PB_DATA_FILES_MAX && rows[i].files[f].name; f++)
            ck_assert_uint_eq(strlen(rows[i].files[f].sha256), 64);
    }
    const pb_data_row *found;
    ck_assert_int_eq(pb_data_find(ctx, "mnsit", &found), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "did you mean mnist?"));
}
END_TEST

/* ---- the real ones, where they are ---- */

static void assert_pinned(const pb_data_row *row, const pb_dataset *d)
{
    static const unsigned char head[] = {0, 0, 8, 3, 0, 0, 0xea, 0x60, 0, 0, 0, 28, 0, 0, 0, 28};
    const size_t bytes = (size_t)60000 * 28 * 28;
    char *file = malloc(sizeof head + bytes), hex[65];
    memcpy(file, head, sizeof head);
    memcpy(file + sizeof head, d->train.data, bytes);
    pb_sha256_hex(file, sizeof head + bytes, hex);
    ck_assert_str_eq(hex, row->files[0].sha256);
    free(file);
}

START_TEST(loads_the_real_ones)
{
    static const struct {
        const char *name, *class_0, *class_9;
        int first[5]; /* labels, as published */
    } real[] = {
        {"fashion-mnist", "T-shirt/top", "Ankle boot", {9, 0, 0, 3, 0}},
        {"mnist", "0", "9", {5, 0, 4, 1, 9}},
    };
    const char *given = getenv("TEST_DATA");
    if (given) setenv("PASSBAND_DATA", given, 1);
    const pb_data_row *row;
    char *folder;
    ck_assert_int_eq(pb_data_find(ctx, real[_i].name, &row), PB_OK);
    if (pb_data_folder(ctx, row, &folder) != PB_OK) {
        printf("skipped: %s\n", pb_error(ctx));
        return;
    }
    free(folder);
    pb_dataset *d = load(&(pb_dataset_options){.name = real[_i].name});
    ck_assert_int_eq(d->train.count, 60000);
    ck_assert_int_eq(d->test.count, 10000);
    ck_assert_int_eq(d->classes, 10);
    ck_assert_str_eq(d->class_names[0], real[_i].class_0);
    ck_assert_str_eq(d->class_names[9], real[_i].class_9);
    for (int i = 0; i < 5; i++) ck_assert_int_eq(d->train.labels[i], real[_i].first[i]);
    assert_pinned(row, d);
    pb_dataset_free(&d);
}
END_TEST

int main(void)
{
    /* setup() clears $PASSBAND_DATA for the tests of the search; the last test takes it back. */
    const char *given = getenv("PASSBAND_DATA");
    if (given) setenv("TEST_DATA", given, 1);
    TCase *t = tcase_create("dataset");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, loads_idx_raw_and_packed);
    tcase_add_test(t, limits_the_training_part);
    tcase_add_test(t, loads_npy_pairs);
    tcase_add_test(t, a_long_name_ends_between_two_characters);
    tcase_add_test(t, takes_labels_of_every_integer_dtype);
    tcase_add_test(t, searches_the_places_in_order);
    tcase_add_test(t, says_how_to_get_a_missing_one);
    tcase_add_test(t, knows_its_rows);
    tcase_add_loop_test(t, loads_the_real_ones, 0, 2);
    return run_case("dataset", t);
}
