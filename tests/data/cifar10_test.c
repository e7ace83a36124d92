/* CIFAR-10's binary files: in a folder, in the one within that the archive unpacks to, and in the
 * archive as tar and gzip make it; and everything that can be wrong with them. */
#include <sys/stat.h>

#include "cifar10_make.h"
#include "data/data_fixture.h"
#include "data/registry.h"

static void shell(const char *format, ...)
{
    char command[3000];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    ck_assert_msg(system(command) == 0, "%s", command);
}

static pb_dataset *load(const char *path)
{
    pb_dataset *d;
    const pb_dataset_options o = {.name = "cifar10", .path = path};
    ck_assert_msg(pb_dataset_load(ctx, &o, &d) == PB_OK, "%s", pb_error(ctx));
    return d;
}

/* The images of file k, as rows `first` and following. */
static void assert_images(const pb_samples *samples, int first, int k, int images)
{
    for (int i = 0; i < images; i++) {
        const uint8_t *pixels = (const uint8_t *)samples->data + (size_t)(first + i) * 3072;
        ck_assert_int_eq(samples->labels[first + i], cifar10_label(k, i));
        int wrong = 0;
        for (int place = 0; place < 3072; place++)
            wrong += pixels[place] != cifar10_pixel(k, i, place);
        ck_assert_int_eq(wrong, 0);
    }
}

static void assert_all(const pb_dataset *d, int images, const char *third_class)
{
    ck_assert_str_eq(d->name, "cifar10");
    ck_assert_int_eq(d->dtype, PB_U8);
    ck_assert_int_eq(d->sample_shape.axes, 3);
    ck_assert_int_eq(d->sample_shape.dim[0], 3);
    ck_assert_int_eq(d->sample_shape.dim[1], 32);
    ck_assert_int_eq(d->sample_shape.dim[2], 32);
    ck_assert_int_eq(d->classes, 10);
    ck_assert_str_eq(d->class_names[2], third_class);
    ck_assert_int_eq(d->train.count, 5 * images);
    ck_assert_int_eq(d->test.count, images);
    for (int k = 0; k < 5; k++) assert_images(&d->train, k * images, k, images);
    assert_images(&d->test, 0, 5, images);
}

static const char other_names[] = "a\nb\nowl\nd\ne\nf\ng\nh\ni\nj\n\n";

START_TEST(loads_files)
{
    cifar10_put_all(&s, "", 4);
    pb_dataset *d = load(s.folder);
    assert_all(d, 4, "bird");
    ck_assert_str_eq(d->class_names[9], "truck");
    pb_dataset_free(&d);
    ck_assert_str_eq(pb_data_kind(s.folder), "cifar10");
    scratch_put(&s, "batches.meta.txt", other_names, strlen(other_names));
    d = load(s.folder);
    assert_all(d, 4, "owl");
    pb_dataset_free(&d);
}
END_TEST

/* In the folder of data sets: as files, then as the archive alone, packed in another order. */
START_TEST(finds_it_by_name)
{
    shell("mkdir -p '%s/sets/cifar10/cifar-10-batches-bin'", s.folder);
    cifar10_put_all(&s, "sets/cifar10/cifar-10-batches-bin/", 3);
    scratch_put(&s, "sets/cifar10/cifar-10-batches-bin/batches.meta.txt", other_names,
                strlen(other_names));
    setenv("PASSBAND_DATA", scratch_path(&s, "sets"), 1);
    pb_dataset *d = load(NULL);
    assert_all(d, 3, "owl");
    pb_dataset_free(&d);
    shell("cd '%s/sets/cifar10' && tar -czf cifar-10-binary.tar.gz "
          "cifar-10-batches-bin/test_batch.bin "
          "cifar-10-batches-bin/data_batch_[345].bin cifar-10-batches-bin/batches.meta.txt "
          "cifar-10-batches-bin/data_batch_[21].bin && rm -r cifar-10-batches-bin",
          s.folder);
    d = load(NULL);
    assert_all(d, 3, "owl");
    pb_dataset_free(&d);
}
END_TEST

START_TEST(takes_an_archive_of_a_folder)
{
    shell("mkdir '%s/cifar-10-batches-bin' '%s/in'", s.folder, s.folder);
    cifar10_put_all(&s, "cifar-10-batches-bin/", 2);
    scratch_put(&s, "cifar-10-batches-bin/readme.html", "<html>", 6);
    shell("cd '%s' && ln -s readme.html cifar-10-batches-bin/link && tar -czf "
          "in/cifar-10-binary.tar.gz cifar-10-batches-bin",
          s.folder);
    pb_dataset *d = load(scratch_path(&s, "in"));
    assert_all(d, 2, "bird");
    pb_dataset_free(&d);
}
END_TEST

/* ---- what is wrong ---- */

/* What is done to six good files of two images in a folder, and words of the sentence. `archive`
 * says that the files are packed before it, and only the archive is left. */
static const struct {
    bool archive;
    const char *change, *words;
} bad[] = {
    {false, "rm test_batch.bin", "/in/test_batch.bin: is missing"},
    {false, "truncate -s 3073 data_batch_2.bin",
     "data_batch_2.bin: holds 1 images, but another batch 2; all to train on hold as many"},
    {false, "truncate -s 9219 data_batch_5.bin", "data_batch_5.bin: holds 3 images"},
    {false, "truncate -s 6145 data_batch_3.bin",
     "data_batch_3.bin: is 6145 bytes long, must be whole records of 3073 bytes"},
    {false, "truncate -s 6147 test_batch.bin", "test_batch.bin: is 6147 bytes long"},
    {false, "truncate -s 0 data_batch_1.bin", "data_batch_1.bin: is 0 bytes long"},
    {false, "printf '\\012' | dd of=data_batch_4.bin bs=1 seek=3073 conv=notrunc status=none",
     "data_batch_4.bin: label 10 of image 1 is out of range, 0 to 9 are allowed"},
    {false, "printf 'a\\nb\\n' > batches.meta.txt",
     "batches.meta.txt: holds 2 names of classes, there are 10"},
    {false, "seq 11 > batches.meta.txt", "batches.meta.txt: holds 11 names of classes"},
    {false, "yes | head -c 5000 > batches.meta.txt",
     "batches.meta.txt: is 5000 bytes long, at most 4096 are allowed"},
    {false, "rm data_batch_3.bin && mkdir data_batch_3.bin", "data_batch_3.bin: "},
    {false, "rm *", "/in/data_batch_1.bin: is missing"},
    {true, "gzip -dc cifar-10-binary.tar.gz | head -c 8000 > a && mv a cifar-10-binary.tar.gz",
     "cifar-10-binary.tar.gz: is truncated"},
    {true, "head -c 300 cifar-10-binary.tar.gz > a && mv a cifar-10-binary.tar.gz",
     "cifar-10-binary.tar.gz: is truncated"},
    {true, "head -c 4000 /dev/zero | tr '\\0' x > cifar-10-binary.tar.gz",
     "cifar-10-binary.tar.gz: is no tar archive, or damaged: there is no header at byte 0"},
    {true,
     "gzip -dc cifar-10-binary.tar.gz > a && printf x | dd of=a bs=1 seek=130 conv=notrunc "
     "status=none && mv a cifar-10-binary.tar.gz",
     "there is no header at byte 0"},
    {true, "tar -czf cifar-10-binary.tar.gz -T /dev/null",
     "cifar-10-binary.tar.gz: has no data_batch_1.bin in it"},
    {true,
     "tar -xzf cifar-10-binary.tar.gz && tar -cf a data_batch_1.bin && tar -rf a data_batch_1.bin "
     "&& gzip a && mv a.gz cifar-10-binary.tar.gz && rm *.bin",
     "cifar-10-binary.tar.gz: data_batch_1.bin is there a second time"},
    {true,
     "tar -xzf cifar-10-binary.tar.gz && truncate -s 100 test_batch.bin && tar -czf "
     "cifar-10-binary.tar.gz *.bin && rm *.bin",
     "cifar-10-binary.tar.gz: test_batch.bin: is 100 bytes long, must be whole records"},
};

START_TEST(says_what_is_wrong)
{
    pb_dataset *d;
    shell("mkdir '%s/in'", s.folder);
    cifar10_put_all(&s, "in/", 2);
    if (bad[_i].archive)
        shell("cd '%s/in' && tar -czf cifar-10-binary.tar.gz *.bin && rm *.bin", s.folder);
    shell("cd '%s/in' && %s", s.folder, bad[_i].change);
    const pb_dataset_options o = {.name = "cifar10", .path = scratch_path(&s, "in")};
    ck_assert_int_eq(pb_dataset_load(ctx, &o, &d), PB_ERR_DATA);
    ck_assert_msg(strstr(pb_error(ctx), bad[_i].words) != NULL, "%s, expected: %s", pb_error(ctx),
                  bad[_i].words);
    ck_assert_ptr_null(d);
}
END_TEST

/* A header that promises more than the archive could hold asks for no memory. */
START_TEST(promises_are_not_believed)
{
    unsigned char header[512] = "data_batch_1.bin";
    unsigned sum = 0;
    char path[600];
    pb_dataset *d;
    snprintf((char *)header + 124, 12, "%011llo", 3073ull * 200000);
    header[156] = '0';
    memset(header + 148, ' ', 8);
    for (int i = 0; i < 512; i++) sum += header[i];
    snprintf((char *)header + 148, 8, "%06o", sum);
    snprintf(path, sizeof path, "%s", s.folder);
    scratch_put(&s, "cifar-10-binary.tar.gz", header, sizeof header);
    const pb_dataset_options o = {.name = "cifar10", .path = path};
    ck_assert_int_eq(pb_dataset_load(ctx, &o, &d), PB_ERR_DATA);
    ck_assert_msg(strstr(pb_error(ctx), "is truncated, its header promises 614600000 bytes more"),
                  "%s", pb_error(ctx));
}
END_TEST

START_TEST(says_how_to_get_it)
{
    pb_dataset *d;
    const pb_dataset_options o = {.name = "cifar10"};
    ck_assert_int_eq(pb_dataset_load(ctx, &o, &d), PB_ERR_DATA);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "get it with: passband data fetch cifar10"));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("cifar10");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, loads_files);
    tcase_add_test(tcase, finds_it_by_name);
    tcase_add_test(tcase, takes_an_archive_of_a_folder);
    tcase_add_loop_test(tcase, says_what_is_wrong, 0, sizeof bad / sizeof *bad);
    tcase_add_test(tcase, promises_are_not_believed);
    tcase_add_test(tcase, says_how_to_get_it);
    return run_case("cifar10", tcase);
}
