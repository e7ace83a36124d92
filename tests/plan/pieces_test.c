/* What depends on data alone, computed in pieces or window by window: the bits of all at once. */
#include "device_fixture.h"

enum { ROWS = 101, SIDE = 12, KEEP = 5, BATCH = 7, OUT = BATCH * KEEP * KEEP };

typedef struct job {
    pb_graph *g;
    pb_value samples, index, out;
} job;

/* Cosine coefficients of a batch of images: those of all images are hoisted out of the program. */
static job make_job(int rows)
{
    job j = {.g = pb_graph_create(ctx)};
    j.samples =
        pb_leaf(j.g, PB_ROLE_DATA, "samples", PB_U8, PB_SHAPE(rows, SIDE, SIDE), (pb_init){0});
    j.index = pb_leaf(j.g, PB_ROLE_INPUT, "index", PB_I32, PB_SHAPE(BATCH), (pb_init){0});
    j.out = state(j.g, "out", PB_SHAPE(BATCH, KEEP, KEEP));
    const pb_value pixels = pb_cast(j.g, pb_gather(j.g, j.samples, j.index), PB_F32);
    const pb_value assign = pb_assign(j.g, j.out, pb_dct2(j.g, pixels, KEEP));
    OK(ctx, pb_program(j.g, "look", 1, &assign));
    OK(ctx, pb_graph_status(j.g));
    return j;
}

static void fill(uint8_t *pixels)
{
    for (int i = 0; i < ROWS * SIDE * SIDE; i++) pixels[i] = (uint8_t)(i * 7 + i / 11 * 13);
}

static void look(pb_plan *plan, const job *j, int first, float out[OUT])
{
    int32_t index[BATCH];
    for (int i = 0; i < BATCH; i++) index[i] = first + i;
    OK(ctx, pb_plan_write(plan, j->index, index, sizeof index));
    OK(ctx, pb_plan_run(plan, "look", 1));
    OK(ctx, pb_plan_read(plan, j->out, out, OUT * sizeof *out));
}

/* Two plans give the same bits for a batch that begins at these rows of theirs. */
static void same_batch(pb_plan *a, const job *a_job, int a_first, pb_plan *b, const job *b_job,
                       int b_first)
{
    float x[OUT], y[OUT];
    look(a, a_job, a_first, x);
    look(b, b_job, b_first, y);
    ck_assert_mem_eq(x, y, sizeof x);
}

START_TEST(pieces_give_the_same_bits)
{
    static uint8_t pixels[ROWS * SIDE * SIDE];
    pb_plan *whole, *plan;
    fill(pixels);
    job all = make_job(ROWS);
    OK(ctx, pb_plan_create(device, all.g, &whole));
    OK(ctx, pb_plan_write(whole, all.samples, pixels, sizeof pixels));
    static const int pieces[] = {1, 30}; /* the last 30 overlap the ones before */
    for (int k = 0; k < 2; k++) {
        job piece = make_job(pieces[k]);
        OK(ctx, pb_plan_draft(device, all.g, NULL, &plan));
        ck_assert_uint_gt(pb_plan_setup_bytes(plan), 0);
        OK(ctx, pb_plan_set_up_by(plan, piece.g));
        OK(ctx, pb_plan_realise(plan));
        OK(ctx, pb_plan_write_part(plan, all.samples, 0, pixels, 1000));
        OK(ctx, pb_plan_write_part(plan, all.samples, 1000, pixels + 1000, sizeof pixels - 1000));
        OK(ctx, pb_plan_set_up(plan));
        for (int first = 0; first + BATCH <= ROWS; first += 47) /* 0, 47, and the last rows */
            same_batch(plan, &all, first, whole, &all, first);
        ck_assert_int_eq(pb_plan_set_up_by(plan, piece.g), PB_ERR_INTERNAL); /* too late */
        for (int i = 0; i < ROWS * SIDE * SIDE; i++) pixels[i] ^= 0x55;      /* other data */
        OK(ctx, pb_plan_write(plan, all.samples, pixels, sizeof pixels));
        OK(ctx, pb_plan_write(whole, all.samples, pixels, sizeof pixels));
        same_batch(plan, &all, 40, whole, &all, 40);
        pb_plan_free(&plan);
        pb_graph_free(&piece.g);
    }
    pb_plan_free(&whole);
    pb_graph_free(&all.g);
}
END_TEST

START_TEST(windows_give_the_same_bits)
{
    enum { WINDOW = 40 };
    static uint8_t pixels[ROWS * SIDE * SIDE];
    const size_t row = SIDE * SIDE;
    pb_plan *whole, *plan;
    fill(pixels);
    job all = make_job(ROWS), some = make_job(WINDOW);
    OK(ctx, pb_plan_create(device, all.g, &whole));
    OK(ctx, pb_plan_write(whole, all.samples, pixels, sizeof pixels));
    OK(ctx, pb_plan_create_windowed(device, some.g, NULL, &plan));
    size_t bytes, largest;
    OK(ctx, pb_plan_measure(device, some.g, NULL, true, &bytes, &largest));
    ck_assert_uint_eq(bytes, pb_plan_memory_bytes(plan));
    ck_assert_uint_ge(largest, WINDOW * row);
    OK(ctx, pb_plan_send(plan, some.samples, pixels, WINDOW * row));
    for (int first = 0; first + WINDOW <= ROWS; first += 20) {
        OK(ctx, pb_plan_land(plan));
        same_batch(plan, &some, 11, whole, &all, first + 11);
        if (first + 20 + WINDOW > ROWS) break;
        /* on its way while the window before is still read */
        OK(ctx,
           pb_plan_send(plan, some.samples, pixels + (size_t)(first + 20) * row, WINDOW * row));
        same_batch(plan, &some, 11, whole, &all, first + 11);
    }
    OK(ctx, pb_plan_sent(plan));
    ck_assert_int_eq(pb_plan_send(whole, all.samples, pixels, 1), PB_ERR_USAGE);
    pb_plan_free(&plan);
    pb_plan_free(&whole);
    pb_graph_free(&some.g);
    pb_graph_free(&all.g);
}
END_TEST

/* A twin on a part of the device has a copy of the data and of what was computed of it, and nothing
 * else of the plan. */
START_TEST(twins_give_the_same_bits)
{
    static uint8_t pixels[ROWS * SIDE * SIDE];
    pb_context *own = pb_context_create();
    pb_device *part;
    pb_plan *plan, *twin;
    fill(pixels);
    job j = make_job(ROWS);
    OK(ctx, pb_plan_create(device, j.g, &plan));
    if (pb_device_split(device, 1, &own, &part) == PB_OK) { /* PoCL's devices can be split */
        float before[OUT], after[OUT];
        OK(ctx, pb_plan_write(plan, j.samples, pixels, sizeof pixels));
        ck_assert_int_eq(pb_plan_twin(plan, part, &twin), PB_ERR_INTERNAL); /* it has not run */
        ck_assert_ptr_null(twin);
        look(plan, &j, 3, before);
        OK(own, pb_plan_twin(plan, part, &twin));
        same_batch(twin, &j, 40, plan, &j, 40);
        look(twin, &j, 3, after);
        ck_assert_mem_eq(before, after, sizeof before);
        memset(pixels, 200, sizeof pixels);
        OK(ctx, pb_plan_write(plan, j.samples, pixels, sizeof pixels));
        look(plan, &j, 3, after);
        ck_assert_mem_ne(before, after, sizeof before);
        look(twin, &j, 3, after);
        ck_assert_mem_eq(before, after, sizeof before);
        pb_plan_free(&twin);
        pb_device_close(&part);
    }
    pb_context *many[100];
    pb_device *parts[100];
    for (int i = 0; i < 100; i++) many[i] = own;
    if (pb_device_describe(device)->compute_units < 100)
        ck_assert_int_eq(pb_device_split(device, 100, many, parts), PB_ERR_DEVICE);
    pb_plan_free(&plan);
    pb_graph_free(&j.g);
    pb_context_free(&own);
}
END_TEST

int main(void)
{
    if (!may_run()) return 77;
    Suite *suite = suite_create("data in pieces");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, pieces_give_the_same_bits);
    tcase_add_test(tests, windows_give_the_same_bits);
    tcase_add_test(tests, twins_give_the_same_bits);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
