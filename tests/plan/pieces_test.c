/* What depends on data alone, computed in pieces or window by window: the bits of all at once. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <passband/plan.h>

#include "plan/build.h"

enum { ROWS = 101, SIDE = 12, KEEP = 5, BATCH = 7, OUT = BATCH * KEEP * KEEP };

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

typedef struct job {
    pb_graph *g;
    pb_value samples, index, out;
} job;

#define OK(call) ck_assert_msg((call) == PB_OK, "%s: %s", #call, pb_error(ctx))

/* Cosine coefficients of a batch of images: those of all images are hoisted out of the program. */
static job make_job(pb_context *ctx, int rows)
{
    const pb_init none = {.kind = PB_INIT_CONSTANT};
    job j = {.g = pb_graph_create(ctx)};
    j.samples = pb_leaf(j.g, PB_ROLE_DATA, "samples", PB_U8, PB_SHAPE(rows, SIDE, SIDE), none);
    j.index = pb_leaf(j.g, PB_ROLE_INPUT, "index", PB_I32, PB_SHAPE(BATCH), none);
    j.out = pb_leaf(j.g, PB_ROLE_STATE, "out", PB_F32, PB_SHAPE(BATCH, KEEP, KEEP), none);
    const pb_value pixels = pb_cast(j.g, pb_gather(j.g, j.samples, j.index), PB_F32);
    const pb_value assign = pb_assign(j.g, j.out, pb_dct2(j.g, pixels, KEEP));
    OK(pb_program(j.g, "look", 1, &assign));
    OK(pb_graph_status(j.g));
    return j;
}

static void fill(uint8_t *pixels)
{
    for (int i = 0; i < ROWS * SIDE * SIDE; i++) pixels[i] = (uint8_t)(i * 7 + i / 11 * 13);
}

static void look(pb_context *ctx, pb_plan *plan, const job *j, int first, float out[OUT])
{
    int32_t index[BATCH];
    for (int i = 0; i < BATCH; i++) index[i] = first + i;
    OK(pb_plan_write(plan, j->index, index, sizeof index));
    OK(pb_plan_run(plan, "look", 1));
    OK(pb_plan_read(plan, j->out, out, OUT * sizeof *out));
}

START_TEST(pieces_give_the_same_bits)
{
    static uint8_t pixels[ROWS * SIDE * SIDE];
    float expected[OUT], out[OUT];
    pb_context *ctx = pb_context_create();
    pb_device *device;
    pb_plan *whole, *plan;
    OK(pb_device_open(ctx, NULL, &device));
    fill(pixels);
    job all = make_job(ctx, ROWS);
    OK(pb_plan_create(device, all.g, &whole));
    OK(pb_plan_write(whole, all.samples, pixels, sizeof pixels));
    ck_assert_uint_gt(pb_plan_setup_bytes(whole), 0);
    static const int pieces[] = {1, 30}; /* the last 30 overlap the ones before */
    for (int k = 0; k < 2; k++) {
        job piece = make_job(ctx, pieces[k]);
        OK(pb_plan_create(device, all.g, &plan));
        OK(pb_plan_write_part(plan, all.samples, 0, pixels, 1000));
        OK(pb_plan_write_part(plan, all.samples, 1000, pixels + 1000, sizeof pixels - 1000));
        OK(pb_plan_set_up_by(plan, piece.g));
        for (int first = 0; first + BATCH <= ROWS; first += 47) {
            look(ctx, whole, &all, first, expected);
            look(ctx, plan, &all, first, out);
            ck_assert_mem_eq(out, expected, sizeof out);
        }
        look(ctx, whole, &all, ROWS - BATCH, expected);
        look(ctx, plan, &all, ROWS - BATCH, out);
        ck_assert_mem_eq(out, expected, sizeof out);
        pb_plan_free(&plan);
        pb_graph_free(&piece.g);
    }
    pb_plan_free(&whole);
    pb_graph_free(&all.g);
    pb_device_close(&device);
    pb_context_free(&ctx);
}
END_TEST

START_TEST(windows_give_the_same_bits)
{
    enum { WINDOW = 40 };
    static uint8_t pixels[ROWS * SIDE * SIDE];
    const size_t row = SIDE * SIDE;
    float expected[OUT], out[OUT];
    pb_context *ctx = pb_context_create();
    pb_device *device;
    pb_plan *whole, *plan;
    OK(pb_device_open(ctx, NULL, &device));
    fill(pixels);
    job all = make_job(ctx, ROWS), some = make_job(ctx, WINDOW);
    OK(pb_plan_create(device, all.g, &whole));
    OK(pb_plan_write(whole, all.samples, pixels, sizeof pixels));
    OK(pb_plan_create_windowed(device, some.g, NULL, &plan));
    size_t bytes, largest;
    OK(pb_plan_measure(device, some.g, NULL, true, &bytes, &largest));
    ck_assert_uint_eq(bytes, pb_plan_memory_bytes(plan));
    ck_assert_uint_ge(largest, WINDOW * row);
    OK(pb_plan_send(plan, some.samples, pixels, WINDOW * row));
    for (int first = 0; first + WINDOW <= ROWS; first += 20) {
        OK(pb_plan_land(plan));
        look(ctx, whole, &all, first + 11, expected);
        look(ctx, plan, &some, 11, out);
        ck_assert_mem_eq(out, expected, sizeof out);
        if (first + 20 + WINDOW > ROWS) break;
        /* on its way while the window before is still read */
        OK(pb_plan_send(plan, some.samples, pixels + (size_t)(first + 20) * row, WINDOW * row));
        look(ctx, plan, &some, 11, out);
        ck_assert_mem_eq(out, expected, sizeof out);
    }
    OK(pb_plan_sent(plan));
    ck_assert_int_eq(pb_plan_send(whole, all.samples, pixels, 1), PB_ERR_USAGE);
    pb_plan_free(&plan);
    pb_plan_free(&whole);
    pb_graph_free(&some.g);
    pb_graph_free(&all.g);
    pb_device_close(&device);
    pb_context_free(&ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data in pieces");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, pieces_give_the_same_bits);
    tcase_add_test(tests, windows_give_the_same_bits);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
