/* Every transform and its way back, on the device that PASSBAND_DEVICE names, against SciPy,
 * PyTorch, PyWavelets, scikit-image and NumPy (tests/stage/fixtures/make_transforms.py). */
#include "../plan/device_check.h"
#include "../stage/network.h"

enum { CASES = 50 };

static bool on_cpu = true;

/* The numbers of the fixture in place of the reference's. */
static void want_fixture(joined_want *w, const fixture *f, const char *name, const char *key)
{
    int count;
    free(w->want);
    w->want = fixture_numbers(f, name, key, &count);
    ck_assert_msg((size_t)count == w->count, "%s: %s has %zu numbers, not %d", name, key, w->count,
                  count);
    snprintf(w->what, sizeof w->what, "%s: %s", name, key);
}

static void add_case(joined *j, const fixture *f, const char *name)
{
    static network n;
    const bool bytes = strcmp(fixture_text(f, name, "dtype"), "u8") == 0;
    network_start(&n, bytes ? PB_U8 : PB_F32, fixture_shape(f, name, "input_shape"), 2, false);
    ck_assert_msg(network_build(&n, fixture_text(f, name, "stages")) == PB_OK, "%s: %s", name,
                  pb_error(n.ctx));
    ck_assert_msg(
        pb_shape_equal(pb_value_shape(n.g, n.b.x), fixture_shape(f, name, "output_shape")),
        "%s gives %s", name, pb_shape_words(pb_value_shape(n.g, n.b.x)).text);
    const bool returns = strcmp(fixture_text(f, name, "way_back"), "yes") == 0;
    const pb_value back = pb_builder_reconstruct(&n.b, pb_builder_transformed(&n.b));
    ck_assert_msg((back != PB_NONE) == returns, "%s has %s way back: %s", name,
                  returns ? "no" : "a", pb_error(n.ctx));
    assert_value(&n, n.b.x, f, name, "output");
    op_built built = {.g = n.g,
                      .count = 2,
                      .leaves = {n.samples, n.labels},
                      .data = {leaf_content(&n, n.samples), leaf_content(&n, n.labels)}};
    joined_add(j, &built, 1 + returns, (pb_value[]){n.b.x, back}, name);
    want_fixture(&j->wants[j->want_count - 1 - returns], f, name, "output");
    if (returns) want_fixture(&j->wants[j->want_count - 1], f, name, "reconstruction");
    network_free(&n);
}

START_TEST(test_transforms_and_their_ways_back)
{
    pb_context *ctx;
    pb_device *device;
    open_device(&ctx, &device);
    fixture *f = fixture_load("transforms.txt");
    joined *j = joined_create(ctx);
    ck_assert_ptr_null(fixture_case(f, CASES));
    for (int i = 0; i < CASES; i++) add_case(j, f, fixture_case(f, i));
    joined_program(j, "transform");
    pb_plan *plan = joined_check(j, device, on_cpu);
    pb_plan_free(&plan);
    joined_free(&j);
    fixture_free(f);
    close_device(&ctx, &device);
}
END_TEST

/* Usage: transform_test [gpu]: with the kernels for a GPU, which compile faster where a compiler is
 * slow. */
int main(int argc, char **argv)
{
    on_cpu = argc < 2 || strcmp(argv[1], "gpu") != 0;
    if (!may_run()) return 77;
    Suite *suite = suite_create("transforms");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 300);
    tcase_add_test(all, test_transforms_and_their_ways_back);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
