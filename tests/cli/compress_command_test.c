/* passband compress and inspect, and training on what they leave, as a user would. */
#include "cli/tiny_set.h"
#include "cli/user.h"

/* Few kernels: each run here compiles its own. */
static const char config[] = "name: small\n"
                             "data: {name: idx, path: data, validation: 0}\n"
                             "train: {epochs: 2, batch_size: 10, eval_batch_size: 10, seeds: [0]}\n"
                             "stages: [load, {dct2: {keep: 6}}, {quantize: {bits: 3}}, "
                             "{linear: {features: 3}}, cross_entropy, {sgd: {lr: 0.1}}]\n";

static void setup(void)
{
    scratch_open(&s);
    tiny_data(&s);
    scratch_put(&s, "c.yaml", config, strlen(config));
}

static void teardown(void)
{
    scratch_close(&s);
}

static double score(const char *summary, const char *what)
{
    json_t *json = read_json(summary);
    const double mean = json_number_value(json_object_get(json_object_get(json, what), "mean"));
    json_decref(json);
    return mean;
}

static const char network[] = "train: {epochs: 2, batch_size: 8, eval_batch_size: 12, seeds: [0]}\n"
                              "data: {name: png, path: shells, validation: 0}\n"
                              "stages: [load, {linear: {features: 3}}, cross_entropy, "
                              "{sgd: {lr: 0.01}}]\n";

/* A folder is all that a user has. The file trains as the folder does, to the last digit. */
START_TEST(a_folder_of_images)
{
    tiny_shells(&s);
    run("compress shells -o shells.pbz", 0);
    assert_says(said.out, "kind0 (20), kind1 (20), kind2 (20)");
    assert_says(said.out, "3 x 20 x 30 bytes of 8 bits");
    run("inspect shells.pbz --json", 0);
    json_t *json = json_loads(said.out, 0, NULL);
    struct stat info;
    ck_assert_int_eq(stat(scratch_path(&s, "shells.pbz"), &info), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "file_bytes")), info.st_size);
    ck_assert_double_eq_tol(json_number_value(json_object_get(json, "bytes_per_sample")),
                            (double)info.st_size / 60, 1e-6);
    json_decref(json);
    scratch_put(&s, "net.yaml", network, strlen(network));
    run("run net.yaml -q -o from_folder", 0);
    run("run net.yaml data.path=shells.pbz -q -o from_file", 0);
    ck_assert_double_eq(score("from_folder/summary.json", "test_loss"),
                        score("from_file/summary.json", "test_loss"));
    ck_assert_double_gt(score("from_file/summary.json", "test_accuracy"), 0.6);
    json = read_json("from_file/summary.json");
    ck_assert_double_eq_tol(json_number_value(json_object_get(json, "bytes_per_sample")),
                            (double)info.st_size / 60, 1e-6);
    json_decref(json);
    json = read_json("from_folder/summary.json");
    ck_assert_ptr_null(json_object_get(json, "bytes_per_sample"));
    json_decref(json);
}
END_TEST

/* Nothing but data: a network that takes any shape learns from the folder, and from a file as well,
 * whatever its stages left. */
START_TEST(data_alone_are_enough_to_run)
{
    tiny_shells(&s);
    run("compress shells -o shells.pbz -q", 0);
    run("run shells train.epochs=3 -q -o from_folder", 0);
    run("run shells.pbz train.epochs=3 -q -o from_file", 0);
    ck_assert_double_eq(score("from_folder/summary.json", "test_loss"),
                        score("from_file/summary.json", "test_loss"));
    ck_assert_double_gt(score("from_file/summary.json", "test_accuracy"), 0.6);
    run("run shells --print-config", 0);
    assert_says(said.out, "name: shells\n");
    assert_says(said.out, "features: 0");
    scratch_put(&s, "own.yaml", said.out, strlen(said.out));
    run("run own.yaml train.epochs=3 -q -o from_own", 0);
    ck_assert_double_eq(score("from_folder/summary.json", "test_loss"),
                        score("from_own/summary.json", "test_loss"));
    static const char few[] = "data: {name: png, path: shells}\n"
                              "stages: [load, ycbcr, {pca: {size: 5}}, {quantize: {bits: 4}}]\n";
    scratch_put(&s, "few.yaml", few, strlen(few));
    run("compress few.yaml -o few.pbz -q", 0);
    run("run few.pbz train.epochs=3 -q -o from_few", 0);
    ck_assert_double_gt(score("from_few/summary.json", "test_accuracy"), 0.6);
    fails("run nowhere", 2, "there is no configuration or folder nowhere");
    mkdir(scratch_path(&s, "empty"), 0777);
    fails("run empty", 4, "empty");
}
END_TEST

/* The same configuration on the data and on the file of its first stages: the codes are the same,
 * so is the network, its pictures' numbers, and what eval says. */
START_TEST(stages_that_the_file_went_through_count_as_done)
{
    run("compress c.yaml -o tiny.pbz -q", 0);
    run("run c.yaml -q -o plain", 0);
    run("run c.yaml data.path=tiny.pbz -q -o packed", 0);
    run("explain c.yaml data.path=tiny.pbz", 0);
    ck_assert_str_eq(said.err, "");
    run("explain c.yaml data.path=tiny.pbz stages.dct2.keep=5", 0);
    assert_says(said.err, "tiny.pbz: dct2 was applied when the file was made");
    ck_assert_double_eq(score("plain/summary.json", "test_loss"),
                        score("packed/summary.json", "test_loss"));
    run("eval packed", 0);
    json_t *json = json_loads(said.out, 0, NULL);
    ck_assert_double_eq_tol(
        json_number_value(json_object_get(json_object_get(json, "test_loss"), "mean")),
        score("packed/summary.json", "test_loss"), 1e-6);
    json_decref(json);
    ck_assert(exists("packed/reconstructions.npy"));
    run("run c.yaml data.path=tiny.pbz device.memory_limit=200k -q -o streamed", 0);
    ck_assert_double_eq(score("plain/summary.json", "test_loss"),
                        score("streamed/summary.json", "test_loss"));
}
END_TEST

/* Another division of the same content: another file, the same fingerprint. */
START_TEST(compressing_a_file_again_divides_it_anew)
{
    static const char again[] = "data: {path: one.pbz}\nstages: [load]\n";
    run("compress data -o one.pbz", 0);
    char *first = strdup(strstr(said.out, "fingerprint"));
    scratch_put(&s, "again.yaml", again, strlen(again));
    run("compress again.yaml -o two.pbz --chunk 7 --level 1", 0);
    assert_says(said.out, first);
    assert_says(said.out, "14 of at most 7 samples");
    free(first);
}
END_TEST

static const char from_hurt[] = "data: {path: hurt.pbz}\nstages: [load]\n";

START_TEST(damage_is_named_and_the_rest_is_read)
{
    run("compress data -o whole.pbz --chunk 20 -q", 0);
    FILE *file = fopen(scratch_path(&s, "whole.pbz"), "r+b");
    static unsigned char bytes[1 << 16];
    const size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    bytes[count / 2] ^= 64; /* amid the chunks, which are most of it */
    scratch_put(&s, "hurt.pbz", bytes, count);
    fails("inspect hurt.pbz", 4,
          "is damaged: its checksum is wrong; --skip-damaged reads the rest");
    run("inspect hurt.pbz --skip-damaged", 0);
    assert_says(said.out, "damaged      hurt.pbz: chunk");
    fails("run c.yaml data.path=hurt.pbz -q -o hurt", 4, "is damaged");
    run("run c.yaml data.path=hurt.pbz --skip-damaged -o hurt", 0);
    assert_says(said.err, "it is left out");
    scratch_put(&s, "hurt.yaml", from_hurt, strlen(from_hurt));
    fails("compress hurt.yaml -q -o rest.pbz", 4, "is damaged");
    run("compress hurt.yaml --skip-damaged -o rest.pbz", 0);
    assert_says(said.out, "40 training");
    fails("inspect data/train-images-idx3-ubyte", 4, "is not a compressed data set");
    fails("inspect missing.pbz", 4, "cannot be opened");
}
END_TEST

START_TEST(what_cannot_be_compressed)
{
    fails("compress c.yaml", 2, "--output FILE.pbz says where it goes");
    fails("compress c.yaml -o tiny.zip", 2, "must end in .pbz");
    fails("compress nowhere -o tiny.pbz", 2, "no configuration or folder nowhere");
    fails("compress c.yaml -o tiny.pbz --level 20", 2, "whole number from 1 to 19, not 20");
    fails("compress c.yaml -o tiny.pbz --chunk 0", 2, "--chunk must be a whole number");
    fails("compress c.yaml c.yaml -o tiny.pbz", 2, "is not key=value");
    run("compress data -o one.pbz -q", 0);
    fails("compress c.yaml data.path=one.pbz -o two.pbz", 2, "is compressed already");
    fails("compress c.yaml -o no/such/folder.pbz", 1, "cannot be written");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("compress");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, a_folder_of_images);
    tcase_add_test(tcase, data_alone_are_enough_to_run);
    tcase_add_test(tcase, stages_that_the_file_went_through_count_as_done);
    tcase_add_test(tcase, compressing_a_file_again_divides_it_anew);
    tcase_add_test(tcase, damage_is_named_and_the_rest_is_read);
    tcase_add_test(tcase, what_cannot_be_compressed);
    return run_case_warm("compress", tcase);
}
