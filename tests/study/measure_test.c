/* The measures of compressed files, as they lie in a folder, against closed forms, plain loops and
 * what scikit-learn, SciPy and NumPy make of the same samples (fixtures/make_measures.py). */
#include <math.h>

#include "../stage/network.h"
#include "base/rng.h"
#include "base/scratch.h"
#include "data/npy.h"
#include "study/information.h"
#include "study/measure.h"
#include "study/measure_identity.h"
#include "study/measure_reconstruction.h"
#include "study/plane.h"
#include "study/ranks.h"

enum { TRAIN = 400, COUNT = 500, HEIGHT = 5, WIDTH = 7, VALUES = 35 };

/* The address sanitizer asks for this; drivers keep memory to the end of the process. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static scratch s;
static pb_context *ctx;
static pb_device *device;

static void open_all(void)
{
    ctx = pb_context_create();
    ck_assert_msg(pb_device_open(ctx, NULL, &device) == PB_OK, "%s", pb_error(ctx));
    scratch_open(&s);
}

static void close_all(void)
{
    scratch_close(&s);
    pb_device_close(&device);
    pb_context_free(&ctx);
}

/* ---- data sets ---- */

static double pixel(int sample, int i)
{
    const double weight = i / (double)VALUES, u = pseudo(7, (uint32_t)(sample * VALUES + i));
    return floor(256 * (u * (1 - weight) + weight * (sample % 3) / 3));
}

static void save(const char *folder, const char *file, pb_npy_dtype dtype, int axes,
                 const size_t dim[], const void *data)
{
    char name[64];
    snprintf(name, sizeof name, "%s/%s", folder, file);
    ck_assert_int_eq(pb_npy_save(ctx, scratch_path(&s, name), dtype, axes, dim, data), PB_OK);
}

/* `data` holds the training samples, then the test samples; labels are 0 1 2 0 1 2 ... */
static pb_dataset *make(const char *name, pb_npy_dtype dtype, int axes, const size_t sample[],
                        int train, int test, const void *data)
{
    size_t dim[4] = {0}, bytes = pb_npy_dtype_bytes(dtype);
    int32_t *labels = malloc((size_t)(train + test) * sizeof *labels);
    for (int i = 0; i < axes; i++) dim[i + 1] = sample[i], bytes *= sample[i];
    for (int i = 0; i < train + test; i++) labels[i] = i % 3;
    mkdir(scratch_path(&s, name), 0777);
    dim[0] = (size_t)test;
    save(name, "x_test.npy", dtype, axes + 1, dim, (const char *)data + (size_t)train * bytes);
    save(name, "y_test.npy", PB_NPY_I32, 1, dim, labels + train);
    dim[0] = (size_t)train;
    save(name, "x.npy", dtype, axes + 1, dim, data);
    save(name, "y.npy", PB_NPY_I32, 1, dim, labels);
    free(labels);
    pb_dataset *d = NULL;
    const pb_dataset_options options = {.name = "npy", .path = scratch_path(&s, name)};
    ck_assert_msg(pb_dataset_load(ctx, &options, &d) == PB_OK, "%s", pb_error(ctx));
    return d;
}

static pb_dataset *make_images(void)
{
    uint8_t data[COUNT * VALUES];
    for (int i = 0; i < COUNT * VALUES; i++) data[i] = (uint8_t)pixel(i / VALUES, i % VALUES);
    return make("images", PB_NPY_U8, 2, (size_t[]){HEIGHT, WIDTH}, TRAIN, COUNT - TRAIN, data);
}

/* Compresses a data set by a list of stages into a file of that name. */
static const char *compress(const char *of, const char *stages)
{
    char text[1024];
    static char path[512];
    pb_config *config = NULL;
    const int length = snprintf(text, sizeof text, "data: {name: npy, path: %s}\nstages: %s\n",
                                scratch_path(&s, of), stages);
    scratch_put(&s, "c.yaml", text, (size_t)length);
    ck_assert_msg(pb_config_load_compressing(ctx, scratch_path(&s, "c.yaml"), 0, NULL, &config) ==
                      PB_OK,
                  "%s", pb_error(ctx));
    snprintf(path, sizeof path, "%s", scratch_path(&s, "file.pbz"));
    ck_assert_msg(pb_run_compress(ctx, config, NULL, path) == PB_OK, "%s", pb_error(ctx));
    pb_config_free(&config);
    return path;
}

static pb_stored open_stored(const pb_dataset *d, const char *of, const char *stages)
{
    pb_stored stored;
    const char *path = compress(of, stages);
    ck_assert_msg(pb_stored_open(ctx, device, path, d, &stored) == PB_OK, "%s", pb_error(ctx));
    return stored;
}

static double get(const json_t *json, const char *path)
{
    char part[64];
    while (*path && json) {
        const size_t length = strcspn(path, ".");
        snprintf(part, sizeof part, "%.*s", (int)length, path);
        json = json_is_array(json) ? json_array_get(json, (size_t)atoi(part))
                                   : json_object_get(json, part);
        path += length + (path[length] != '\0');
    }
    ck_assert_msg(json_is_number(json) || json_is_boolean(json), "no number at %s", part);
    return json_is_boolean(json) ? json_is_true(json) : json_number_value(json);
}

/* ---- information ---- */

static void check_array(const char *file, const fixture *f, const char *name, const char *key)
{
    pb_npy array;
    int count;
    double *wanted = fixture_numbers(f, name, key, &count);
    ck_assert_int_eq(pb_npy_load(ctx, scratch_path(&s, file), &array), PB_OK);
    ck_assert_int_eq(array.axes, 2);
    ck_assert_uint_eq(array.dim[0], HEIGHT);
    ck_assert_uint_eq(array.dim[1], WIDTH);
    for (int i = 0; i < count; i++)
        ck_assert_msg(fabs(((float *)array.data)[i] - wanted[i]) < 2e-6,
                      "%s: %s of value %d is %.9g, not %.9g", name, key, i,
                      (double)((float *)array.data)[i], wanted[i]);
    free(wanted);
    pb_npy_clear(&array);
}

static void check_information(const pb_dataset *d, const fixture *f, const char *name,
                              const char *stages, double bits)
{
    json_t *result;
    int count;
    double *entropy = fixture_numbers(f, name, "entropy", &count), sum = 0;
    pb_stored stored = open_stored(d, "images", stages);
    ck_assert_msg(pb_measure_information(&stored, NULL, s.folder, &result) == PB_OK, "%s",
                  pb_error(ctx));
    check_array("entropy.npy", f, name, "entropy");
    check_array("mutual_information.npy", f, name, "mutual");
    for (int i = 0; i < count; i++) sum += entropy[i];
    ck_assert_double_eq_tol(get(result, "bits_entropy"), sum, 1e-4);
    ck_assert_double_eq(get(result, "bits_stored"), bits);
    ck_assert_double_eq_tol(get(result, "label_bits"), -0.34 * log2(0.34) - 0.66 * log2(0.33),
                            1e-9);
    ck_assert_double_eq(get(result, "samples"), COUNT);
    free(entropy);
    json_decref(result);
    pb_stored_close(&stored);
}

START_TEST(entropy_and_mutual_information_of_files)
{
    fixture *f = fixture_load("../../study/fixtures/measures.txt");
    pb_dataset *d = make_images();
    check_information(d, f, "bytes", "[load]", 8 * VALUES);
    check_information(d, f, "floats", "[load, identity]", 32 * VALUES);
    check_information(d, f, "halves", "[load, {quantize: {bits: 16}}]", 16 * VALUES);
    check_information(d, f, "bits",
                      "[{load: {scale: none}}, {binarize: {method: fixed, threshold: 100}}]",
                      40); /* five bytes */
    pb_dataset_free(&d);
    fixture_free(f);
}
END_TEST

/* Where JPEG's zigzag goes, lowest first; blocks of 3 x 3 cover 5 x 7 points by 2 x 3, and the mean
 * over them stands at the frequency they share. */
START_TEST(selected_frequencies_stand_at_their_places)
{
    static const int places[][2] = {{0, 0}, {0, 1}, {1, 0}, {2, 0}, {1, 1}, {0, 2}};
    static const char *const chains[] = {
        "[load, {dct2: {select: zigzag, count: 6}}, {quantize: {bits: 4}}]",
        "[load, {dct2: {select: zigzag, count: 6, block: 3}}]"};
    pb_dataset *d = make_images();
    for (int i = 0; i < 2; i++) {
        float numbers[36], *plane;
        pb_shape shape;
        const int blocks = i == 0 ? 1 : 6;
        pb_stored stored = open_stored(d, "images", chains[i]);
        ck_assert_uint_eq(stored.values, 6 * blocks);
        for (int k = 0; k < 6 * blocks; k++) numbers[k] = (float)(k / blocks * 10 + k % blocks);
        ck_assert_int_eq(pb_plane_of(&stored, numbers, &shape, &plane), PB_OK);
        ck_assert(pb_shape_equal(shape, PB_SHAPE(1, 3, 3)));
        int found = 0;
        for (int k = 0; k < 9; k++) found += isfinite(plane[k]) != 0;
        ck_assert_int_eq(found, 6);
        for (int k = 0; k < 6; k++)
            ck_assert_double_eq_tol(plane[3 * places[k][0] + places[k][1]],
                                    10 * k + (blocks - 1) / 2.0, 1e-5);
        free(plane);
        pb_stored_close(&stored);
    }
    pb_dataset_free(&d);
}
END_TEST

/* A frequency of a sample's cosine transform in blocks of height x width, the mean over all blocks;
 * where a block reaches over the edge, the last pixel goes on. */
static double coefficient(int sample, int height, int width, int u, int v)
{
    const double pi = acos(-1);
    const int rows = (HEIGHT - 1) / height + 1, columns = (WIDTH - 1) / width + 1;
    double sum = 0;
    for (int y = 0; y < rows * height; y++)
        for (int x = 0; x < columns * width; x++) {
            const int inside = (y < HEIGHT ? y : HEIGHT - 1) * WIDTH + (x < WIDTH ? x : WIDTH - 1);
            sum += (pixel(sample, inside) / 255 - 0.5) *
                   cos(pi * u * (2 * (y % height) + 1) / (2.0 * height)) *
                   cos(pi * v * (2 * (x % width) + 1) / (2.0 * width));
        }
    return sum * sqrt((u ? 2.0 : 1.0) / height * (v ? 2.0 : 1.0) / width) / (rows * columns);
}

/* Whatever selects, the values of a sample laid out are its cosine transform where it was kept. */
START_TEST(every_selection_lays_out_the_transform_that_it_kept)
{
    static const struct {
        const char *options;
        int block, count, height, width; /* the plane; 0: not told by the options */
    } kept[] = {
        {"keep: 3", 0, 9, 3, 3},
        {"keep: 2, block: 3", 3, 4, 2, 2},
        {"select: zigzag, count: 11", 0, 11, 0, 0},
        {"select: radial, count: 11", 0, 11, 0, 0},
        {"select: radial, count: 7, block: 4", 4, 7, 0, 0},
        {"select: energy, count: 11", 0, 11, 0, 0},
        {"select: energy, count: 7, block: 4", 4, 7, 0, 0},
        {"select: bands, keep: 4, bands: 3, count: 16", 0, 16, 4, 4},
        {"select: bands, keep: 4, bands: 3, count: 9", 0, 9, 0, 0},
        {"select: bands, keep: 5, bands: 3, weights: 0.2 0.1 0.7, count: 8", 0, 8, 0, 0},
        {"select: bands, keep: 3, bands: 2, block: 4, count: 5", 4, 5, 0, 0},
    };
    enum { SAMPLE = 7 };
    pb_dataset *d = make_images();
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        char stages[160];
        float numbers[VALUES * 2], *plane;
        pb_shape shape;
        snprintf(stages, sizeof stages, "[load, {dct2: {%s}}]", kept[i].options);
        pb_stored stored = open_stored(d, "images", stages);
        pb_stored_values(&stored, pb_stored_row(&stored, SAMPLE), numbers);
        ck_assert_int_eq(pb_plane_of(&stored, numbers, &shape, &plane), PB_OK);
        const int height = shape.dim[shape.axes - 2], width = shape.dim[shape.axes - 1];
        const int block_height = kept[i].block ? kept[i].block : HEIGHT,
                  block_width = kept[i].block ? kept[i].block : WIDTH;
        int found = 0;
        for (int k = 0; k < height * width; k++) {
            if (!isfinite(plane[k])) continue;
            ck_assert_msg(fabs((double)plane[k] - coefficient(SAMPLE, block_height, block_width,
                                                              k / width, k % width)) < 1e-5,
                          "%s: not what it is at %d, %d", kept[i].options, k / width, k % width);
            found++;
        }
        ck_assert_msg(found == kept[i].count, "%s: %d are placed", kept[i].options, found);
        if (kept[i].height) {
            ck_assert_int_eq(height, kept[i].height);
            ck_assert_int_eq(width, kept[i].width);
        }
        free(plane);
        pb_stored_close(&stored);
    }
    pb_dataset_free(&d);
}
END_TEST

/* Independent uniform bytes cannot be compressed, constant ones take next to nothing, and the truth
 * is in between where a value is one of four: 2 bits. */
START_TEST(zstd_against_entropy)
{
    enum { SAMPLES = 3000, SIDE = 4, NUMBERS = SIDE * SIDE };
    uint8_t *data = malloc(SAMPLES * NUMBERS);
    const double wanted[] = {8.0 * NUMBERS, 0, 2.0 * NUMBERS};
    for (int kind = 0; kind < 3; kind++) {
        json_t *result;
        for (int i = 0; i < SAMPLES * NUMBERS; i++) {
            const uint8_t byte = (uint8_t)(256 * pseudo(11, (uint32_t)i));
            data[i] = kind == 0 ? byte : kind == 1 ? 7 : byte & 0xc0;
        }
        pb_dataset *d = make(kind == 0   ? "fair"
                             : kind == 1 ? "constant"
                                         : "four",
                             PB_NPY_U8, 2, (size_t[]){SIDE, SIDE}, SAMPLES - 100, 100, data);
        pb_stored stored = open_stored(d,
                                       kind == 0   ? "fair"
                                       : kind == 1 ? "constant"
                                                   : "four",
                                       "[load]");
        ck_assert_int_eq(pb_measure_information(&stored, NULL, s.folder, &result), PB_OK);
        ck_assert_double_eq_tol(get(result, "bits_entropy"), wanted[kind], 0.02 * 8 * NUMBERS);
        ck_assert_double_eq_tol(get(result, "bits_zstd"), wanted[kind], 0.06 * 8 * NUMBERS);
        json_decref(result);
        pb_stored_close(&stored);
        pb_dataset_free(&d);
    }
    free(data);
}
END_TEST

/* ---- reconstruction ---- */

/* Orthonormal, the lowest `keep` frequencies: by Parseval the error is the energy of the others. */
static double dropped_energy(int sample, int keep)
{
    const double pi = acos(-1);
    double energy = 0;
    for (int u = 0; u < HEIGHT; u++)
        for (int v = 0; v < WIDTH; v++) {
            double sum = 0;
            if (u < keep && v < keep) continue;
            for (int y = 0; y < HEIGHT; y++)
                for (int x = 0; x < WIDTH; x++)
                    sum += (pixel(sample, y * WIDTH + x) / 255 - 0.5) *
                           cos(pi * u * (2 * y + 1) / (2.0 * HEIGHT)) *
                           cos(pi * v * (2 * x + 1) / (2.0 * WIDTH));
            energy += sum * sum * (u ? 2.0 : 1.0) / HEIGHT * (v ? 2.0 : 1.0) / WIDTH;
        }
    return energy;
}

START_TEST(error_of_a_truncated_transform)
{
    pb_dataset *d = make_images();
    json_t *result;
    double energy = 0;
    pb_npy sheet;
    pb_stored stored = open_stored(d, "images", "[load, {dct2: {keep: 3}}]");
    ck_assert_msg(pb_measure_reconstruction(&stored, 4, NULL, s.folder, &result) == PB_OK, "%s",
                  pb_error(ctx));
    for (int i = TRAIN; i < COUNT; i++) energy += dropped_energy(i, 3);
    const double mse = energy / VALUES / (COUNT - TRAIN);
    ck_assert_double_eq(get(result, "samples"), COUNT - TRAIN);
    ck_assert_double_eq_tol(get(result, "mse"), mse, 1e-6);
    ck_assert_double_eq_tol(get(result, "psnr"), -10 * log10(mse), 1e-4);
    ck_assert_double_eq(get(result, "ssim.window"), 5);
    ck_assert_double_eq(get(result, "exact"), 0);
    ck_assert_double_lt(get(result, "ssim.mean"), 0.95);
    /* one of each class, then the next of class 0 */
    ck_assert_int_eq(pb_npy_load(ctx, scratch_path(&s, "reconstructions.npy"), &sheet), PB_OK);
    ck_assert_int_eq(sheet.axes, 4);
    ck_assert_uint_eq(sheet.dim[0] * 100 + sheet.dim[1] * 10 + sheet.dim[2], 245);
    const int shown[] = {402, 400, 401, 405};
    for (int i = 0; i < 4 * VALUES; i++)
        ck_assert_double_eq_tol(((float *)sheet.data)[i],
                                pixel(shown[i / VALUES], i % VALUES) / 255 - 0.5, 1e-6);
    pb_npy_clear(&sheet);
    json_decref(result);
    pb_stored_close(&stored);
    pb_dataset_free(&d);
}
END_TEST

START_TEST(what_is_kept_whole_comes_back_exactly)
{
    static const char *const chains[] = {"[load]", "[load, identity]"};
    pb_dataset *d = make_images();
    for (int i = 0; i < 2; i++) {
        json_t *result;
        pb_stored stored = open_stored(d, "images", chains[i]);
        ck_assert_int_eq(pb_measure_reconstruction(&stored, 4, NULL, s.folder, &result), PB_OK);
        ck_assert_double_eq(get(result, "exact"), 1);
        ck_assert_double_eq_tol(get(result, "ssim.mean"), 1, 1e-12);
        ck_assert(json_is_null(json_object_get(result, "psnr")));
        json_decref(result);
        pb_stored_close(&stored);
    }
    pb_dataset_free(&d);
}
END_TEST

/* ---- identity ---- */

static double bit(int sample, int i)
{
    return pixel(sample, i) > 100;
}

/* Every sample against every probe, in float64. Bits leave many ties, and some samples are equal.
 */
START_TEST(ranks_against_plain_loops)
{
    enum { LOOKED_FOR = 60 };
    static float probes[LOOKED_FOR * VALUES];
    int32_t own[LOOKED_FOR];
    pb_rank ranks[LOOKED_FOR];
    pb_dataset *d = make_images();
    pb_stored stored = open_stored(
        d, "images", "[{load: {scale: none}}, {binarize: {method: fixed, threshold: 100}}]");
    for (int p = 0; p < LOOKED_FOR; p++) {
        own[p] = (p * 83 + 5) % COUNT;
        for (int k = 0; k < VALUES; k++) {
            const bool turned = p % 2 && pseudo(21, (uint32_t)(p * VALUES + k)) < 0.3;
            probes[p * VALUES + k] = (float)(turned ? 1 - bit(own[p], k) : bit(own[p], k));
            if (p % 3 == 0) probes[p * VALUES + k] += (float)pseudo(22, (uint32_t)(p * 35 + k));
        }
    }
    ck_assert_msg(pb_nearest_rank(&stored, probes, own, LOOKED_FOR, NULL, ranks) == PB_OK, "%s",
                  pb_error(ctx));
    for (int p = 0; p < LOOKED_FOR; p++) {
        double distance[COUNT];
        int closer = 0, equal = -1;
        for (int i = 0; i < COUNT; i++) {
            distance[i] = 0;
            for (int k = 0; k < VALUES; k++)
                distance[i] += pow((double)probes[p * VALUES + k] - bit(i, k), 2);
        }
        for (int i = 0; i < COUNT; i++) {
            closer += distance[i] < distance[own[p]];
            equal += distance[i] == distance[own[p]];
        }
        ck_assert_int_eq(ranks[p].closer, closer);
        ck_assert_int_eq(ranks[p].equal, equal);
    }
    pb_stored_close(&stored);
    pb_dataset_free(&d);
}
END_TEST

/* Who knows the key finds everyone; who does not finds no more than chance gives him: 1 and 10 of
 * 500. */
START_TEST(the_key_of_a_random_projection)
{
    const pb_measure_options options = {.probes = COUNT, .noise = 0.02, .seed = 3};
    pb_dataset *d = make_images();
    json_t *result;
    pb_stored stored = open_stored(d, "images", "[load, {random_projection: {size: 20}}]");
    ck_assert_msg(pb_measure_reidentification(&stored, &options, &result) == PB_OK, "%s",
                  pb_error(ctx));
    ck_assert_uint_eq(json_array_size(result), 3);
    ck_assert_double_eq(get(result, "0.rank_1.share"), 1);
    ck_assert_double_gt(get(result, "1.rank_1.share"), 0.9);
    ck_assert_double_lt(get(result, "1.rank_1.share"), 1.001);
    ck_assert_str_eq(json_string_value(json_object_get(json_array_get(result, 2), "key")),
                     "unknown");
    ck_assert_double_lt(get(result, "2.rank_1.share"), 0.02);
    ck_assert_double_lt(get(result, "2.rank_10.share"), 0.05);
    json_decref(result);
    pb_stored_close(&stored);
    pb_dataset_free(&d);
}
END_TEST

static double phi(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

static pb_dataset *make_normal(const char *name, uint64_t seed, double mean)
{
    enum { SAMPLES = 5000, NUMBERS = 16 };
    float *data = malloc(SAMPLES * NUMBERS * sizeof *data);
    const pb_stream stream = pb_stream_make(seed, "test", 0);
    for (int i = 0; i < SAMPLES * NUMBERS; i++)
        data[i] = (float)(mean + pb_stream_normal(stream, (uint64_t)i));
    pb_dataset *d = make(name, PB_NPY_F32, 1, (size_t[]){NUMBERS}, 2000, SAMPLES - 2000, data);
    free(data);
    return d;
}

/* Two normal data sets of 16 numbers whose means are 0.64 apart: n samples are told apart in
 * Phi(0.64 sqrt(16 n) / 2) of all cases, and uniform noise, much wider than both, hardly ever is
 * mistaken. */
START_TEST(data_sets_are_told_apart_as_often_as_can_be)
{
    pb_dataset *a = make_normal("a", 1, 0), *b = make_normal("b", 2, 0.64), *other = make_images();
    const pb_dataset *others[] = {b, other};
    const pb_measure_options options = {.trials = 1000, .other_count = 2, .others = others};
    json_t *result;
    pb_stored stored = open_stored(a, "a", "[load, identity]");
    ck_assert_msg(pb_measure_data_sets(&stored, &options, &result) == PB_OK, "%s", pb_error(ctx));
    ck_assert_uint_eq(json_array_size(json_object_get(result, "names")), 3); /* no images */
    ck_assert_double_eq(get(result, "trials.0.trials"), 3000);
    ck_assert_double_eq_tol(get(result, "trials.0.accuracy.share"), (2 * phi(1.28) + 1) / 3, 0.02);
    ck_assert_double_eq(get(result, "trials.1.trials"), 900);
    ck_assert_double_eq_tol(get(result, "trials.1.accuracy.share"), 1, 0.005);
    ck_assert_double_eq(get(result, "trials.2.samples"), 100);
    ck_assert_double_eq(get(result, "trials.2.trials"), 90);
    ck_assert_double_eq(get(result, "trials.2.accuracy.share"), 1);
    json_decref(result);
    pb_stored_close(&stored);
    pb_dataset_free(&a);
    pb_dataset_free(&b);
    pb_dataset_free(&other);
}
END_TEST

/* What src/data/FORMAT.md promises: the content decides, not how it is divided and named. */
START_TEST(only_content_changes_the_fingerprint)
{
    static const struct {
        const char *change;
        bool same;
    } wanted[] = {{"nothing", true},
                  {"samples of a chunk", true},
                  {"zstd level", true},
                  {"name of the data set", true},
                  {"name of a class", false},
                  {"order of samples", false},
                  {"a label", false},
                  {"a sample", false},
                  {"made again", true},
                  {"seed", false},
                  {"seed", false}};
    enum { WANTED = sizeof wanted / sizeof wanted[0] };
    pb_dataset *d = make_images();
    json_t *result;
    pb_stored stored =
        open_stored(d, "images", "[load, {random_projection: {size: 9}}, {quantize: {bits: 3}}]");
    ck_assert_msg(pb_measure_fingerprint(&stored, s.folder, &result) == PB_OK, "%s", pb_error(ctx));
    ck_assert_uint_ge(json_array_size(result), WANTED);
    for (size_t i = 0; i < WANTED; i++) {
        const json_t *row = json_array_get(result, i);
        const char *change = json_string_value(json_object_get(row, "change"));
        ck_assert_str_eq(change, wanted[i].change);
        ck_assert_msg(json_is_true(json_object_get(row, "same")) == wanted[i].same, "%s", change);
        ck_assert_uint_eq(strlen(json_string_value(json_object_get(row, "fingerprint"))), 64);
    }
    ck_assert_int_ne(access(scratch_path(&s, "changed.pbz"), F_OK), 0);
    json_decref(result);
    pb_stored_close(&stored);
    pb_dataset_free(&d);
}
END_TEST

/* ---- all of it ---- */

static char *measure_text(const char *path, const pb_dataset *d)
{
    const pb_measure_options options = {.probes = 20, .trials = 5, .seed = 4};
    char folder[512];
    json_t *result;
    snprintf(folder, sizeof folder, "%s", scratch_path(&s, "some/where"));
    ck_assert_msg(pb_measure_file(ctx, device, path, d, &options, folder, &result) == PB_OK, "%s",
                  pb_error(ctx));
    char *text = json_dumps(result, JSON_INDENT(1));
    json_decref(result);
    return text;
}

START_TEST(colours_of_any_size_twice_the_same)
{
    enum { SAMPLES = 36, NUMBERS = 3 * 11 * 18 };
    static uint8_t data[SAMPLES * NUMBERS];
    for (int i = 0; i < SAMPLES * NUMBERS; i++)
        data[i] = (uint8_t)(60 * pseudo(31, (uint32_t)i) + i / NUMBERS % 3 * 60 + i / 18 % 11 * 6);
    pb_dataset *d = make("colours", PB_NPY_U8, 3, (size_t[]){3, 11, 18}, 24, 12, data);
    const char *path =
        compress("colours", "[load, ycbcr, {dct2: {keep: 6}}, {quantize: {bits: 4}}]");
    char *once = measure_text(path, d), *twice = measure_text(path, d);
    ck_assert_str_eq(once, twice);
    json_t *result = json_loads(once, 0, NULL);
    pb_npy array;
    ck_assert_double_eq(get(result, "information.values"), 3 * 6 * 6);
    ck_assert_double_eq(get(result, "identity.reidentification.0.rank_1.share"), 1);
    ck_assert_double_gt(get(result, "reconstruction.psnr"), 15);
    ck_assert_int_eq(pb_npy_load(ctx, scratch_path(&s, "some/where/reconstructions.npy"), &array),
                     PB_OK);
    ck_assert_int_eq(array.axes, 5);
    ck_assert_uint_eq(array.dim[2] * array.dim[3] * array.dim[4], NUMBERS);
    pb_npy_clear(&array);
    ck_assert_int_eq(
        pb_npy_load(ctx, scratch_path(&s, "some/where/mutual_information.npy"), &array), PB_OK);
    ck_assert_int_eq(array.axes, 3);
    pb_npy_clear(&array);
    json_decref(result);
    free(once);
    free(twice);
    pb_dataset_free(&d);
}
END_TEST

START_TEST(a_file_of_another_data_set_is_refused)
{
    static volatile int stop = 1;
    const pb_measure_options options = {.stop = &stop};
    pb_dataset *d = make_images();
    json_t *result;
    const char *path = compress("images", "[load]");
    ck_assert_int_eq(pb_measure_file(ctx, device, path, d, &options, s.folder, &result),
                     PB_INTERRUPTED);
    ((uint8_t *)d->test.data)[3] ^= 1;
    ck_assert_int_eq(pb_measure_file(ctx, device, path, d, NULL, s.folder, &result), PB_ERR_DATA);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "was made from another data set than images"));
    ck_assert_ptr_null(result);
    pb_dataset_free(&d);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("measures");
    tcase_add_checked_fixture(tcase, open_all, close_all);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, entropy_and_mutual_information_of_files);
    tcase_add_test(tcase, selected_frequencies_stand_at_their_places);
    tcase_add_test(tcase, every_selection_lays_out_the_transform_that_it_kept);
    tcase_add_test(tcase, zstd_against_entropy);
    tcase_add_test(tcase, error_of_a_truncated_transform);
    tcase_add_test(tcase, what_is_kept_whole_comes_back_exactly);
    tcase_add_test(tcase, ranks_against_plain_loops);
    tcase_add_test(tcase, the_key_of_a_random_projection);
    tcase_add_test(tcase, data_sets_are_told_apart_as_often_as_can_be);
    tcase_add_test(tcase, only_content_changes_the_fingerprint);
    tcase_add_test(tcase, colours_of_any_size_twice_the_same);
    tcase_add_test(tcase, a_file_of_another_data_set_is_refused);
    return run_case("measures", tcase);
}
