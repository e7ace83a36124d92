/* One training step of configs/ssc_mnist1d.yaml from given weights on a given batch: loss,
 * gradients and the parameters after it, computed on the device that PASSBAND_DEVICE names and in
 * float64, agree with PyTorch's float64 (tests/stage/fixtures/make_ssc.py). */
#include <passband/plan.h>
#include <passband/run.h>

#include "../stage/network.h"
#include "train/config.h"

#define OK(call)                                                                                   \
    do {                                                                                           \
        const pb_status got_ = (call);                                                             \
        ck_assert_msg(got_ == PB_OK, "%s: %s: %s", #call, pb_status_name(got_), pb_error(n->ctx)); \
    } while (0)

enum { BATCH = 128, POINTS = 40, CLASSES = 10, PARAMS = 6, WATCHED = 2 + PARAMS };

/* As configured, and with a weight of the term that gives it nearly all of the gradient rather than
 * a thousandth. */
static const struct {
    const char *name;
    int override_count;
    const char *overrides[1];
} cases[] = {{"step", 0, {NULL}}, {"heavy_step", 1, {"stages.ssc.weight=200"}}};

enum { CASES = sizeof cases / sizeof *cases };

/* What is compared: the loss, its part ssc, then the gradient of each parameter. */
typedef struct watched {
    char key[32];
    pb_value value, state; /* state takes the value when the step runs */
    double tolerance;
} watched;

typedef struct step {
    const char *name; /* of the case */
    network n;
    pb_config *config;
    watched watched[WATCHED];
} step;

static void build_step(step *s, int number)
{
    network *n = &s->n;
    s->name = cases[number].name;
    network_start(n, PB_F32, PB_SHAPE(BATCH, POINTS), CLASSES, true);
    OK(pb_config_load(n->ctx, SOURCE_FOLDER "/configs/ssc_mnist1d.yaml",
                      cases[number].override_count, cases[number].overrides, &s->config));
    for (int i = 0; i < s->config->stage_count; i++) {
        const pb_config_stage *entry = &s->config->stages[i];
        OK(pb_stage_build(&n->b, entry->stage, entry->ordinal, entry->options));
    }
    OK(pb_builder_finish(&n->b));
    ck_assert_int_eq(n->b.param_count, PARAMS);
    ck_assert_str_eq(n->b.losses[1].name, "ssc");
}

static void watch(step *s)
{
    network *n = &s->n;
    s->watched[0] = (watched){"loss", n->b.loss, PB_NONE, 1e-5};
    s->watched[1] = (watched){"ssc", n->b.losses[1].value, PB_NONE, 1e-5};
    for (int i = 0; i < PARAMS; i++) {
        s->watched[2 + i] = (watched){.value = n->b.gradients[i], .tolerance = 1e-4};
        snprintf(s->watched[2 + i].key, sizeof s->watched[2 + i].key, "gradient_%d", i);
    }
    for (int i = 0; i < WATCHED; i++) {
        char name[48];
        watched *w = &s->watched[i];
        snprintf(name, sizeof name, "watched.%s", w->key);
        w->state = pb_leaf(n->g, PB_ROLE_STATE, name, PB_F32, pb_value_shape(n->g, w->value),
                           (pb_init){.kind = PB_INIT_CONSTANT, .a = -777});
        pb_builder_assign(&n->b, w->state, w->value);
    }
    OK(pb_program(n->g, "step", n->b.assign_count, n->b.assigns));
    OK(pb_graph_status(n->g));
}

static void free_step(step *s)
{
    pb_config_free(&s->config);
    network_free(&s->n);
}

/* Sum, norm and every so many elements of `got`, as the fixture tells a large array, against it;
 * or the numbers themselves where there are as many. */
static void assert_told(const step *s, const double *got, int size, const char *key,
                        double tolerance)
{
    int count;
    fixture *f = fixture_load("ssc.txt");
    double *want = fixture_numbers(f, s->name, key, &count), *told = calloc(128, sizeof *told);
    double largest = 0;
    if (size == count) {
        ck_assert_int_le(size, 128);
        memcpy(told, got, (size_t)size * sizeof *told);
    } else {
        const int each = size / 50 > 1 ? size / 50 : 1;
        ck_assert_int_eq(count, 2 + (size + each - 1) / each);
        ck_assert_int_le(count, 128);
        for (int i = 0; i < size; i++) {
            told[0] += got[i];
            told[1] += got[i] * got[i];
            if (i % each == 0) told[2 + i / each] = got[i];
        }
        told[1] = sqrt(told[1]);
        ck_assert_msg(fabs(told[0] - want[0]) <= tolerance * want[1] * sqrt(size),
                      "%s: the sum is %.9g, not %.9g", key, told[0], want[0]);
        ck_assert_msg(fabs(told[1] - want[1]) <= tolerance * want[1],
                      "%s: the norm is %.9g, not %.9g", key, told[1], want[1]);
        for (int i = 2; i < count; i++) largest = fmax(largest, fabs(want[i]));
    }
    for (int i = size == count ? 0 : 2; i < count; i++) {
        if (size == count) largest = fabs(want[i]);
        ck_assert_msg(fabs(told[i] - want[i]) <= tolerance * largest,
                      "%s[%d] is %.9g, not %.9g (of at most %.9g)", key, i, told[i], want[i],
                      largest);
    }
    free(told);
    free(want);
    fixture_free(f);
}

START_TEST(test_in_float64)
{
    step s;
    build_step(&s, _i);
    network *n = &s.n;
    watch(&s);
    for (int i = 0; i < WATCHED; i++) {
        double *got;
        const watched *w = &s.watched[i];
        network_evaluate(n, 1, &w->value, &got);
        assert_told(&s, got, (int)pb_shape_count(pb_value_shape(n->g, w->value)), w->key, 1e-6);
        free(got);
    }
    free_step(&s);
}
END_TEST

/* ---- on the device ---- */

static void write_leaf(step *s, pb_plan *plan, pb_value leaf)
{
    network *n = &s->n;
    const size_t count = pb_shape_count(pb_value_shape(n->g, leaf));
    const double *content = leaf_content(n, leaf);
    float *numbers = malloc(count * sizeof *numbers);
    for (size_t i = 0; i < count; i++) numbers[i] = (float)content[i];
    if (leaf == n->labels)
        for (size_t i = 0; i < count; i++) ((int32_t *)(void *)numbers)[i] = (int32_t)content[i];
    OK(pb_plan_write(plan, leaf, numbers, count * sizeof *numbers));
    free(numbers);
}

static double *read_leaf(step *s, pb_plan *plan, pb_value leaf)
{
    network *n = &s->n;
    const size_t count = pb_shape_count(pb_value_shape(n->g, leaf));
    float *numbers = malloc(count * sizeof *numbers);
    double *wide = malloc(count * sizeof *wide);
    OK(pb_plan_read(plan, leaf, numbers, count * sizeof *numbers));
    for (size_t i = 0; i < count; i++) wide[i] = (double)numbers[i];
    free(numbers);
    return wide;
}

/* Every element, not only those that the fixture tells. */
static void assert_all(step *s, const double *got, const watched *w)
{
    network *n = &s->n;
    const size_t count = pb_shape_count(pb_value_shape(n->g, w->value));
    double *want, largest = 0;
    network_evaluate(n, 1, &w->value, &want);
    for (size_t i = 0; i < count; i++) largest = fmax(largest, fabs(want[i]));
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(fabs(got[i] - want[i]) <= w->tolerance * largest,
                      "%s[%zu] is %.9g, in float64 %.9g", w->key, i, got[i], want[i]);
    free(want);
}

START_TEST(test_on_the_device)
{
    step s;
    build_step(&s, _i);
    network *n = &s.n;
    watch(&s);
    pb_device *device;
    pb_plan *plan;
    OK(pb_device_open(n->ctx, NULL, &device));
    OK(pb_plan_create(device, n->g, &plan));
    OK(pb_plan_init(plan, 1));
    write_leaf(&s, plan, n->samples);
    write_leaf(&s, plan, n->labels);
    write_leaf(&s, plan, n->b.rates[0].leaf);
    for (int i = 0; i < PARAMS; i++) write_leaf(&s, plan, n->b.params[i]);
    OK(pb_plan_run(plan, "step", 1));
    for (int i = 0; i < WATCHED; i++) {
        const watched *w = &s.watched[i];
        double *got = read_leaf(&s, plan, w->state);
        assert_told(&s, got, (int)pb_shape_count(pb_value_shape(n->g, w->value)), w->key,
                    w->tolerance);
        assert_all(&s, got, w);
        free(got);
    }
    for (int i = 0; i < PARAMS; i++) {
        char key[32];
        double *got = read_leaf(&s, plan, n->b.params[i]);
        snprintf(key, sizeof key, "stepped_%d", i);
        assert_told(&s, got, (int)pb_shape_count(pb_value_shape(n->g, n->b.params[i])), key, 1e-4);
        free(got);
    }
    pb_plan_free(&plan);
    pb_device_close(&device);
    free_step(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ssc step");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, test_in_float64, 0, CASES);
    tcase_add_loop_test(tests, test_on_the_device, 0, CASES);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
