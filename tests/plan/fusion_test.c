/* Random graphs, and their gradients, equal the float64 reference however the plan fuses them.
 *
 * fusion_test [FIRST [COUNT]]: the groups of graphs to take; a failure names a graph by its seed.
 * Hundreds of them run under Oclgrind, where compiling takes no time. */
#include "device_check.h"
#include "random_graph.h"

#define GROUP 8 /* graphs of one plan */

static int first_group = 0, group_count = 3;

static void add_random(joined *j, unsigned seed, int batch)
{
    random_graph r;
    char what[64];
    random_graph_build(j->ctx, seed, batch, &r);
    OK(j->ctx, pb_graph_status(r.b.g));
    pb_value wanted[4 + OP_CASE_LEAVES], gradients[OP_CASE_LEAVES];
    int count = 0;
    for (int i = 0; i < 3; ++i)
        wanted[count++] = r.values[i == 0 ? r.count - 1 : (int)random_below(&r, (unsigned)r.count)];
    /* a weighted sum of two outputs: their gradients meet in what they share */
    const pb_value loss =
        pb_add(r.b.g, weighted(&r.b, wanted[0]), pb_mean_all(r.b.g, pb_square(r.b.g, wanted[1])));
    gradients_of(&r.b, loss, gradients);
    for (int k = 0; k < r.b.count; ++k)
        if (gradients[k] != PB_NONE) wanted[count++] = gradients[k];
    snprintf(what, sizeof what, "random graph %u, output", seed);
    joined_add(j, &r.b, count, wanted, what);
    op_case_free(&r.b);
}

/* Every third group has batches of samples, which can be cut for four compute units. */
static void check_group(int group, bool on_cpu)
{
    const int batch = group % 3 == 1 ? 16 + group / 3 % 5 : 0;
    pb_context *ctx;
    pb_device *device;
    open_device(&ctx, &device);
    pretend_units(device, batch ? 4 : 0);
    joined *j = joined_create(ctx);
    for (int i = 0; i < GROUP; ++i) {
        add_random(j, (unsigned)(group * GROUP + i), batch);
        if (i == GROUP / 2) joined_program(j, "one");
    }
    joined_program(j, "two");
    pb_plan *plan = joined_check(j, device, on_cpu);
    pb_plan_free(&plan);
    joined_free(&j);
    close_device(&ctx, &device);
}

/* Every fourth group with the kernels of a GPU. */
START_TEST(random_graphs)
{
    check_group(first_group + _i, (first_group + _i) % 4 != 3);
}
END_TEST

int main(int argument_count, char **arguments)
{
    if (argument_count > 1) first_group = atoi(arguments[1]);
    if (argument_count > 2) group_count = atoi(arguments[2]);
    if (!may_run()) return 77;
    Suite *suite = suite_create("fusion");
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, random_graphs, 0, group_count);
    suite_add_tcase(suite, tests);
    return runs(srunner_create(suite));
}
