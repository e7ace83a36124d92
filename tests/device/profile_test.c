/* Profiles: calls, work and time summed by label. */
#include "device/cl_device.h"
#include "every_device.h"

static const char source[] = "kernel void k_spin(global float *x, int rounds)\n"
                             "{\n"
                             "    float a = x[get_global_id(0)];\n"
                             "    for (int i = 0; i < rounds; i++) a = a * 0.999f + 1.0f;\n"
                             "    x[get_global_id(0)] = a;\n"
                             "}\n";

static pb_launch *spin(pb_context *ctx, pb_device *device, pb_module *module, pb_buffer *x,
                       const char *label, int rounds)
{
    const pb_arg args[] = {PB_ARG_BUF(x), PB_ARG_INT(rounds)};
    const pb_launch_spec spec = {.label = label,
                                 .module = module,
                                 .kernel = "k_spin",
                                 .arg_count = 2,
                                 .args = args,
                                 .global = {256},
                                 .local = {16},
                                 .flops = 1000,
                                 .bytes = 8};
    pb_launch *launch;
    OK(ctx, pb_launch_create(device, &spec, &launch));
    return launch;
}

/* What the sink hears: launches one after another, within the time that the host saw pass. */
typedef struct heard {
    double from, end, seconds, flops;
    int count;
} heard;

static void hear(void *user, const pb_launch_time *launch)
{
    heard *h = user;
    const double slack = 1e-3; /* the two clocks are compared to that */
    ck_assert_ptr_nonnull(launch->label);
    ck_assert_msg(launch->begin >= h->from - slack, "began %g s early", h->from - launch->begin);
    ck_assert_double_ge(launch->begin, h->end - 1e-7);
    ck_assert_double_ge(launch->seconds, 0);
    h->end = launch->begin + launch->seconds;
    ck_assert_msg(h->end <= pb_seconds() + slack, "ended %g s in the future",
                  h->end - pb_seconds());
    h->seconds += launch->seconds;
    h->flops += launch->flops;
    h->count++;
}

static void profile(pb_context *ctx, pb_device *device)
{
    pb_module *module;
    pb_buffer *x, *c;
    OK(ctx, pb_module_build(device, source, NULL, &module));
    OK(ctx, pb_buffer_create(device, 1024, &x));
    OK(ctx, pb_buffer_create(device, 1024, &c));
    OK(ctx, pb_buffer_zero(device, x));
    pb_launch *fast = spin(ctx, device, module, x, "fast", 1);
    pb_launch *slow = spin(ctx, device, module, x, "slow", 200000);
    pb_launch *again = spin(ctx, device, module, x, "slow", 200000); /* shares the row */
    pb_launch *unused = spin(ctx, device, module, x, "unused", 1);
    const pb_gemm_spec spec = {
        .label = "gemm", .m = 4, .n = 6, .k = 8, .batch = 1, .a = x, .b = x, .c = c};
    pb_launch *gemm;
    OK(ctx, pb_launch_gemm(device, &spec, &gemm));

    pb_profile_row *rows;
    int count;
    OK(ctx, pb_launch_run(device, slow)); /* before profiling: not counted, but compiled */
    OK(ctx, pb_launch_run(device, fast));
    OK(ctx, pb_launch_run(device, gemm));
    OK(ctx, pb_device_profile_rows(device, &rows, &count));
    ck_assert_int_eq(count, 0);
    free(rows);

    OK(ctx, pb_device_profile(device, true));
    const double begin = pb_seconds();
    heard h = {.from = begin};
    OK(ctx, pb_device_trace(device, hear, &h));
    enum { FAST = 2500 }; /* more than events are held for */
    for (int i = 0; i < FAST; i++) OK(ctx, pb_launch_run(device, fast));
    for (int i = 0; i < 3; i++) OK(ctx, pb_launch_run(device, slow));
    OK(ctx, pb_launch_run(device, again));
    for (int i = 0; i < 5; i++) OK(ctx, pb_launch_run(device, gemm));
    ck_assert_int_le(device->profile.pending_count, PB_PENDING_MAX);
    OK(ctx, pb_device_profile_rows(device, &rows, &count));
    const double wall = pb_seconds() - begin;

    ck_assert_int_eq(count, 3);
    double sum = 0;
    int seen = 0;
    for (int i = 0; i < count; i++) {
        const pb_profile_row *r = &rows[i];
        sum += r->seconds;
        ck_assert(r->seconds > 0);
        if (i) ck_assert(r->seconds <= rows[i - 1].seconds);
        if (strcmp(r->label, "fast") == 0) {
            ck_assert_int_eq(r->calls, FAST);
            ck_assert_double_eq(r->flops, 1000.0 * FAST);
            ck_assert_double_eq(r->bytes, 8.0 * FAST);
            seen |= 1;
        } else if (strcmp(r->label, "slow") == 0) {
            ck_assert_int_eq(r->calls, 4);
            seen |= 2;
        } else if (strcmp(r->label, "gemm") == 0) {
            ck_assert_int_eq(r->calls, 5);
            ck_assert_double_eq(r->flops, 5 * 2.0 * 4 * 6 * 8);
            ck_assert_double_eq(r->bytes, 5 * 4.0 * (4 * 8 + 8 * 6 + 4 * 6));
            seen |= 4;
        }
    }
    ck_assert_int_eq(seen, 7);
    /* One after the other on the device: together no longer than by the wall clock, and not a world
     * apart from it. */
    ck_assert_msg(sum <= wall * 1.05 && sum >= wall * 0.02, "%g s of %g s on %s", sum, wall,
                  pb_device_describe(device)->name);
    double flops = 0;
    for (int i = 0; i < count; i++) flops += rows[i].flops;
    ck_assert_int_eq(h.count, FAST + 4 + 5);
    ck_assert_double_eq_tol(h.seconds, sum, 1e-9 * FAST);
    ck_assert_double_eq(h.flops, flops);
    double per_slow = 0, per_fast = 0;
    for (int i = 0; i < count; i++) {
        const double each = rows[i].seconds / (double)rows[i].calls;
        if (strcmp(rows[i].label, "slow") == 0) per_slow = each;
        if (strcmp(rows[i].label, "fast") == 0) per_fast = each;
    }
    ck_assert_msg(per_slow > 2 * per_fast, "slow %g s, fast %g s", per_slow, per_fast);
    free(rows);

    /* a sink hears of what ran before it was taken away, and of nothing after */
    OK(ctx, pb_launch_run(device, fast));
    OK(ctx, pb_device_trace(device, NULL, NULL));
    OK(ctx, pb_launch_run(device, fast));
    ck_assert_int_eq(h.count, FAST + 4 + 5 + 1);

    /* off keeps the sums and adds nothing, on starts from zero */
    OK(ctx, pb_device_profile(device, false));
    OK(ctx, pb_launch_run(device, fast));
    OK(ctx, pb_device_profile_rows(device, &rows, &count));
    ck_assert_int_eq(count, 3);
    free(rows);
    OK(ctx, pb_device_profile(device, true));
    OK(ctx, pb_launch_run(device, fast));
    OK(ctx, pb_device_profile_rows(device, &rows, &count));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(rows[0].calls, 1);
    free(rows);

    OK(ctx, pb_launch_run(device, fast)); /* left on its way when the device is closed */
    pb_launch_free(&fast);
    pb_launch_free(&slow);
    pb_launch_free(&again);
    pb_launch_free(&unused);
    pb_launch_free(&gemm);
    pb_buffer_free(&x);
    pb_buffer_free(&c);
    pb_module_free(&module);
}

START_TEST(launches_are_summed_by_label)
{
    every_device(profile);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {launches_are_summed_by_label};
    return RUN_TESTS("profiles", tests);
}
