/* Files of compressed networks: they score as training did, damage and forgery are told, and
 * nothing is written of a network that is no network. */
#include <zstd.h>

#include <passband/model.h>

#include "base/file.h"
#include "tiny_fixture.h"
#include "train/model_file.h"
#include "train/safetensors.h"

/* One seed of a network with coefficients, with weights that have none, and with biases. */
static const char network[] =
    "train.seeds=[3]|train.epochs=3|stages.band_mask.weights=uniform|stages.adam.params=conv1d*|"
    "stages.conv1d.weight_transform={wavelet: none, rule: relative, threshold: 0.05}|"
    "stages.linear.weight_transform={wavelet: db2, level: 2, rule: quantile, threshold: 0.5}";
/* The same, trained with the bits that its file has. */
static const char with_bits[] =
    "train.seeds=[3]|train.epochs=3|stages.band_mask.weights=uniform|stages.adam.params=conv1d*|"
    "weight_transform={wavelet: haar, rule: quantile, threshold: 0.5, bits: 5}";

enum { HEAD = 20, SUM = 8, MUTATIONS = 240 };

/* Trains it; the path of its file. */
static const char *model_of(const char *overrides, const char *folder)
{
    char file[64];
    train(overrides, folder);
    snprintf(file, sizeof file, "%s/seed-3/model.pbw", folder);
    return tiny_folder(&s, file);
}

static json_t *scores_of(const char *path)
{
    char *text = NULL;
    const pb_status status = pb_model_eval(ctx, path, NULL, &text);
    ck_assert_msg(status == PB_OK, "%s: %s", path, pb_error(ctx));
    json_t *scores = json_loads(text, 0, NULL);
    free(text);
    return scores;
}

static double first_of(const json_t *summary, const char *key)
{
    return json_number_value(
        json_array_get(json_object_get(json_object_get(summary, key), "per_seed"), 0));
}

/* ---- accuracy and bytes ---- */

START_TEST(a_file_scores_as_in_training)
{
    const char *path = model_of(network, "run");
    json_t *summary = run_json(tiny_folder(&s, "run"), "summary.json"), *scores = scores_of(path);
    ck_assert_double_eq(run_number(scores, "test_accuracy", NULL),
                        first_of(summary, "compressed_accuracy"));
    ck_assert_double_eq(run_number(scores, "weight_bytes", NULL),
                        first_of(summary, "weight_bytes"));
    json_decref(scores);
    json_decref(summary);

    pb_model_facts facts;
    const pb_model_options options = {.seed = -1, .loss = PB_MODEL_LOSS};
    const char *again = tiny_folder(&s, "again.pbw");
    const pb_status status =
        pb_model_compress(ctx, tiny_folder(&s, "run"), &options, again, &facts);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    size_t bytes, bytes_again;
    char *data = run_file(path, "", &bytes), *data_again = run_file(again, "", &bytes_again);
    ck_assert_ptr_null(data); /* a file is no folder */
    pb_status read = pb_file_read(ctx, path, 1 << 20, &data, &bytes);
    ck_assert_int_eq(read, PB_OK);
    read = pb_file_read(ctx, again, 1 << 20, &data_again, &bytes_again);
    ck_assert_int_eq(read, PB_OK);
    ck_assert_uint_eq(bytes, bytes_again);
    ck_assert_mem_eq(data, data_again, bytes);
    free(data);
    free(data_again);
}
END_TEST

/* With as many bits in training as in the file, quantising changes no test image's class. */
START_TEST(trained_bits_keep_every_test_image)
{
    const char *path = model_of(with_bits, "run");
    const char *folder = tiny_folder(&s, "run");
    json_t *summary = run_json(folder, "summary.json"), *scores = scores_of(path);
    ck_assert_double_eq(run_number(scores, "test_accuracy", NULL),
                        first_of(summary, "test_accuracy"));
    ck_assert_double_eq(first_of(summary, "compressed_accuracy"),
                        first_of(summary, "test_accuracy"));
    ck_assert_double_eq(run_number(scores, "test_loss", NULL), first_of(summary, "test_loss"));
    ck_assert_int_eq(run_number(scores, "bits", NULL), 5);
    json_decref(scores);
    json_decref(summary);
}
END_TEST

/* ---- damage ---- */

static uint32_t state = 99;

static size_t random_below(size_t count)
{
    state = state * 1664525u + 1013904223u;
    return (size_t)(((uint64_t)state * count) >> 32);
}

/* Changes a copy of a file in one of six ways; its new size. */
static size_t mutate(const char *from, size_t size, char *to)
{
    const size_t at = random_below(size), run = 1 + random_below(40);
    memcpy(to, from, size);
    switch (random_below(6)) {
    case 0: to[at] = (char)(to[at] ^ 1 << random_below(8)); return size;
    case 1: to[at] = (char)(to[at] + 1 + (int)random_below(255)); return size;
    case 2: return at; /* cut off */
    case 3: memset(to + size, (int)random_below(256), run); return size + run;
    case 4: /* bytes are lost */
        if (at + run >= size) return at;
        memmove(to + at, to + at + run, size - at - run);
        return size - run;
    default: /* and bytes come in between */
        memmove(to + at + run, to + at, size - at);
        return size + run;
    }
}

static pb_status put_and_score(const char *data, size_t size)
{
    char *text = NULL;
    scratch_put(&s, "changed.pbw", data, size);
    const pb_status status = pb_model_eval(ctx, scratch_path(&s, "changed.pbw"), NULL, &text);
    free(text);
    return status;
}

START_TEST(damage_is_told)
{
    char *data;
    size_t size;
    ck_assert_int_eq(pb_file_read(ctx, model_of(network, "run"), 1 << 20, &data, &size), PB_OK);
    char *changed = malloc(size + 64);
    for (int i = 0; i < MUTATIONS; i++) {
        const size_t now = mutate(data, size, changed);
        if (now == size && memcmp(data, changed, size) == 0) continue;
        ck_assert_int_eq(put_and_score(changed, now), PB_ERR_DATA);
        ck_assert_ptr_nonnull(strstr(pb_error(ctx), "changed.pbw:"));
    }
    free(changed);
    free(data);
}
END_TEST

/* ---- forgery: the sum is right ---- */

typedef struct forged {
    char *data;
    size_t size, room;
    size_t steps, codes; /* where they begin */
} forged;

static void sum_up(forged *f)
{
    char hex[65];
    pb_sha256_hex(f->data, f->size - SUM, hex);
    for (int i = 0; i < SUM; i++) {
        unsigned byte;
        sscanf(hex + 2 * i, "%2x", &byte);
        f->data[f->size - SUM + (size_t)i] = (char)byte;
    }
}

static uint32_t number_at(const char *data)
{
    const unsigned char *d = (const unsigned char *)data;
    return d[0] | (uint32_t)d[1] << 8 | (uint32_t)d[2] << 16 | (uint32_t)d[3] << 24;
}

static void put_number(char *data, uint32_t number)
{
    for (int i = 0; i < 4; i++) data[i] = (char)(number >> (8 * i));
}

/* The file with `from` in the text of its notes replaced by `to` where that is not NULL. */
static forged forge(const char *path, const char *from, const char *to)
{
    pb_model_data file;
    pb_model_head head;
    ck_assert_int_eq(pb_model_open(ctx, path, &file, &head), PB_OK);
    char *text = json_dumps(head.notes, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (from) {
        const char *at = strstr(text, from);
        ck_assert_msg(at != NULL, "\"%s\" is not in %s", from, text);
        char *other = malloc(strlen(text) + strlen(to) + 1);
        sprintf(other, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
        free(text);
        text = other;
    }
    const size_t behind = HEAD + number_at(file.data + 8), room = ZSTD_compressBound(strlen(text));
    forged f = {.room = HEAD + room + file.size + 64};
    f.data = calloc(1, f.room);
    memcpy(f.data, file.data, HEAD);
    const size_t packed = ZSTD_compress(f.data + HEAD, room, text, strlen(text), 3);
    ck_assert(!ZSTD_isError(packed));
    put_number(f.data + 8, (uint32_t)packed);
    put_number(f.data + 12, (uint32_t)strlen(text));
    memcpy(f.data + HEAD + packed, file.data + behind, file.size - behind);
    f.size = HEAD + packed + file.size - behind;
    f.steps = HEAD + packed;
    f.codes = f.steps + (size_t)(file.codes - (const unsigned char *)file.data) - behind;
    sum_up(&f);
    free(text);
    pb_model_head_clear(&head);
    pb_model_close(&file);
    return f;
}

static void refuses(forged *f, const char *words)
{
    sum_up(f);
    const pb_status status = put_and_score(f->data, f->size);
    ck_assert_msg(status == PB_ERR_DATA, "%s: %s %s", words, pb_status_name(status), pb_error(ctx));
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "changed.pbw:"));
    ck_assert_msg(strstr(pb_error(ctx), words) != NULL, "\"%s\" is not in: %s", words,
                  pb_error(ctx));
}

START_TEST(steps_must_be_numbers)
{
    static const uint32_t bad[] = {0x7FC00000u, 0x7F800000u, 0xFF800000u, 0xBF800000u};
    const char *path = model_of(network, "run");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        forged f = forge(path, NULL, NULL);
        put_number(f.data + f.steps + 4, bad[i]);
        refuses(&f, "its steps are damaged");
        free(f.data);
    }
}
END_TEST

/* Bytes behind the codes are none of this format. (A file cut short may well mean other codes,
 * which the sum alone tells.) */
START_TEST(codes_end_with_the_file)
{
    const char *path = model_of(network, "run");
    for (int more = 0; more <= 5; more++) {
        forged f = forge(path, NULL, NULL);
        if (more > 0) memset(f.data + f.size - SUM, more, (size_t)more);
        f.size += (size_t)more;
        sum_up(&f);
        if (more) refuses(&f, "coded parameters are damaged");
        if (!more) ck_assert_int_eq(put_and_score(f.data, f.size), PB_OK);
        free(f.data);
    }
}
END_TEST

/* What a configuration gets wrong within a file is the file's fault. */
START_TEST(configurations_must_be_right)
{
    static const struct {
        const char *from, *to, *words;
    } cases[] = {
        {"wavelet: db2", "wavelet: db0", "is no wavelet"},
        {"linear", "liniar", "there is no stage 'liniar'"},
        {"features: 3", "features: 4", "4"},
        {"kernel: 3", "kernel: x", "kernel"},
        {"epochs", "epoch", "unknown key"},
        {"cross_entropy:\\n      smoothing: 0\\n", "relu\\n", "cross_entropy"},
        {"level: 2", "level: 1", ""},
        {"\"config\"", "\"conf\"", "no configuration"},
        {"stages:", "stages: [", ""},
    };
    const char *path = model_of(network, "run");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        forged f = forge(path, cases[i].from, cases[i].to);
        refuses(&f, cases[i].words);
        free(f.data);
    }
}
END_TEST

/* Any bytes at all behind the magic: what is read is refused as bad data, or means another network.
 */
START_TEST(forged_bytes_do_no_harm)
{
    const char *path = model_of(network, "run");
    int refused = 0, read = 0;
    for (int i = 0; i < 60; i++) {
        forged f = forge(path, NULL, NULL);
        const size_t first = i % 3 == 0 ? 8 : i % 3 == 1 ? f.steps : f.codes;
        const size_t at = first + random_below(f.size - SUM - first);
        f.data[at] = (char)(f.data[at] ^ (char)(1 + random_below(255)));
        sum_up(&f);
        const pb_status status = put_and_score(f.data, f.size);
        ck_assert_msg(status == PB_OK || status == PB_ERR_DATA || status == PB_ERR_MEMORY, "%s: %s",
                      pb_status_name(status), pb_error(ctx));
        refused += status != PB_OK;
        read += status == PB_OK;
        free(f.data);
    }
    ck_assert_int_gt(refused, 15);
    ck_assert_int_gt(read, 0);
}
END_TEST

/* ---- networks that are none ---- */

START_TEST(parameters_must_be_finite)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    static const char *const names[] = {"linear_1.coefficients", "linear_1.bias",
                                        "conv1d_1.coefficients"};
    model_of(network, "run");
    const char *folder = tiny_folder(&s, "run"),
               *best = tiny_folder(&s, "run/seed-3/best.safetensors"),
               *to = tiny_folder(&s, "new.pbw");
    for (size_t i = 0; i < 3; i++) {
        pb_tensors file = {0};
        pb_model_facts facts;
        const pb_model_options options = {.seed = -1, .bits = 8};
        ck_assert_int_eq(pb_safetensors_load(ctx, best, &file), PB_OK);
        const pb_tensor *t = pb_tensors_find(&file, names[i]);
        ck_assert_ptr_nonnull(t);
        float *number = (float *)t->data + 1, was = *number;
        *number = bad[i];
        ck_assert_int_eq(pb_safetensors_save(ctx, best, &file), PB_OK);
        ck_assert_int_eq(pb_model_compress(ctx, folder, &options, to, &facts), PB_ERR_DATA);
        ck_assert_ptr_nonnull(strstr(pb_error(ctx), names[i]));
        ck_assert_ptr_nonnull(strstr(pb_error(ctx), "not finite"));
        ck_assert_int_ne(access(to, F_OK), 0);
        *number = was;
        ck_assert_int_eq(pb_safetensors_save(ctx, best, &file), PB_OK);
        pb_tensors_clear(&file);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("models");
    tcase_set_timeout(tests, 240);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_file_scores_as_in_training);
    tcase_add_test(tests, trained_bits_keep_every_test_image);
    tcase_add_test(tests, damage_is_told);
    tcase_add_test(tests, steps_must_be_numbers);
    tcase_add_test(tests, codes_end_with_the_file);
    tcase_add_test(tests, configurations_must_be_right);
    tcase_add_test(tests, forged_bytes_do_no_harm);
    tcase_add_test(tests, parameters_must_be_finite);
    return run_case("model", tests);
}
