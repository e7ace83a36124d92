/* layouts: how much could be won by storing the operands of products in other layouts.
 *
 *   build/bench-layouts [--rounds N] [BATCHxINxOUT ...]
 *
 * A linear layer has three products: y = x W^T, dx = dy W and dW = dy^T x, with x [batch, in],
 * W [out, in] and dy [batch, out] as they are stored. Each is timed with each operand stored that
 * way and the other way, by what a plan takes without wisdom and by CLBlast, in turn.
 *
 * CLBlast reads an operand where it lies when the index that is summed is its outer one, and copies
 * it otherwise. Each of the three matrices is summed over its rows in one product and over its
 * columns in another; so whatever layouts are chosen, three of the six operands are copied. The
 * program tries all eight choices, and tells what having every matrix in both layouts would win
 * before the second one is paid for. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <passband/plan.h>
#include <passband/wisdom.h>

#include "base/clock.h"
#include "bench/bench.h"
#include "bench/plan_facts.h"

#define LAYOUTS 4 /* bit 0: A is stored transposed, bit 1: B is */

static const char *const solvers[] = {"by rule", "clblast"};
enum { SOLVERS = 2, PRODUCTS = 3, ALL = PRODUCTS * SOLVERS * LAYOUTS, MOST_ROUNDS = 1000 };
static const double block_seconds = 0.005;

typedef struct way {
    pb_graph *g;
    pb_plan *plan;
    int times; /* runs of a block */
    double seconds[MOST_ROUNDS];
    pb_timing timing;
} way;

typedef struct product {
    const char *name;
    int m, n, k, stored; /* its layout as the three matrices are stored */
    way ways[SOLVERS][LAYOUTS];
} product;

static way *way_of(product products[PRODUCTS], int i)
{
    return &products[i / (SOLVERS * LAYOUTS)].ways[i / LAYOUTS % SOLVERS][i % LAYOUTS];
}

/* CLBlast was asked for; a choice that cannot be followed is passed over. */
static pb_status check_solver(pb_context *ctx, const pb_plan *plan, const char *solver)
{
    pb_plan_facts facts;
    pb_status status = pb_plan_facts_read(ctx, plan, "product", &facts);
    if (!status && strcmp(solver, solvers[0]) != 0 && strcmp(facts.solvers, solver) != 0)
        status =
            pb_fail(ctx, PB_ERR_RUN, "%s was asked for, the plan takes %s", solver, facts.solvers);
    pb_plan_facts_clear(&facts);
    return status;
}

static pb_status open_way(pb_context *ctx, pb_device *device, const product *p, int layout,
                          const char *solver, way *w)
{
    const bool at = layout & 1, bt = layout & 2;
    w->g = pb_graph_create(ctx);
    if (!w->g) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    pb_choices *choices = pb_choices_create();
    if (!choices) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    const pb_init some = {.kind = PB_INIT_CONSTANT, .a = 0.5f};
    const pb_shape a = at ? PB_SHAPE(p->k, p->m) : PB_SHAPE(p->m, p->k),
                   b = bt ? PB_SHAPE(p->n, p->k) : PB_SHAPE(p->k, p->n);
    const pb_value x = pb_leaf(w->g, PB_ROLE_STATE, "a", PB_F32, a, some),
                   y = pb_leaf(w->g, PB_ROLE_STATE, "b", PB_F32, b, some),
                   c = pb_leaf(w->g, PB_ROLE_STATE, "c", PB_F32, PB_SHAPE(p->m, p->n), some);
    const pb_value made = pb_assign(w->g, c, pb_matmul_t(w->g, x, y, at, bt));
    char key[100];
    snprintf(key, sizeof key, "product 1x%dx%dx%d%s%s", p->m, p->n, p->k, at ? " At" : "",
             bt ? " Bt" : "");
    pb_status status = pb_program(w->g, "product", 1, &made);
    if (strcmp(solver, solvers[0]) != 0 && !pb_choices_set(choices, key, solver, PB_ESTIMATE, 0))
        status = pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    if (!status) status = pb_plan_create_with(device, w->g, choices, &w->plan);
    pb_choices_free(&choices);
    if (!status) status = pb_plan_init(w->plan, 0);
    if (!status) status = check_solver(ctx, w->plan, solver);
    return status;
}

static pb_status time_block(way *w, double *seconds)
{
    const double start = pb_seconds();
    PB_TRY(pb_plan_run(w->plan, "product", w->times));
    PB_TRY(pb_plan_finish(w->plan));
    *seconds = (pb_seconds() - start) / w->times;
    return PB_OK;
}

static pb_status find_length(way *w)
{
    double seconds;
    w->times = 1;
    PB_TRY(time_block(w, &seconds)); /* compiles */
    PB_TRY(time_block(w, &seconds));
    w->times = seconds < block_seconds ? (int)(block_seconds / seconds) + 1 : 1;
    return time_block(w, &seconds);
}

static double fastest(const way ways[LAYOUTS])
{
    double best = ways[0].timing.median;
    for (int i = 1; i < LAYOUTS; i++)
        if (ways[i].timing.median < best) best = ways[i].timing.median;
    return best;
}

/* Seconds of a layer's products with some of its matrices stored the other way. */
static double with_flipped(const product products[PRODUCTS], int solver, int x, int w, int dy)
{
    const int flipped[PRODUCTS] = {x | w << 1, dy | w << 1, dy | x << 1};
    double sum = 0;
    for (int i = 0; i < PRODUCTS; i++)
        sum += products[i].ways[solver][products[i].stored ^ flipped[i]].timing.median;
    return sum;
}

static void print_layer(const product products[PRODUCTS], const char *layer)
{
    for (int s = 0; s < SOLVERS; s++) {
        for (int i = 0; i < PRODUCTS; i++) {
            const product *p = &products[i];
            printf("%-14s  %-12s  %-2s", i == 0 && s == 0 ? layer : "", i == 0 ? solvers[s] : "",
                   p->name);
            for (int k = 0; k < LAYOUTS; k++)
                printf("  %9.1f%c", 1e6 * p->ways[s][k].timing.median, k == p->stored ? '*' : ' ');
            printf("\n");
        }
        const double stored = with_flipped(products, s, 0, 0, 0);
        double all = 0;
        int best = 0;
        for (int i = 0; i < PRODUCTS; i++) all += fastest(products[i].ways[s]);
        for (int i = 1; i < 8; i++)
            if (with_flipped(products, s, i & 1, i >> 1 & 1, i >> 2) <
                with_flipped(products, s, best & 1, best >> 1 & 1, best >> 2))
                best = i;
        printf(
            "%-14s  together %.1f us; the best layout of each matrix (%s%s%s%s) takes %.3f of it,\n"
            "%-14s  every matrix in both layouts, without what makes the second, %.3f\n",
            "", 1e6 * stored, best ? "other for" : "as they are", best & 1 ? " x" : "",
            best & 2 ? " W" : "", best & 4 ? " dy" : "",
            with_flipped(products, s, best & 1, best >> 1 & 1, best >> 2) / stored, "",
            all / stored);
    }
}

static pb_status measure_layer(pb_context *ctx, pb_device *device, const char *layer, int rounds,
                               product products[PRODUCTS])
{
    int batch, in, out, end = 0;
    if (sscanf(layer, "%dx%dx%d%n", &batch, &in, &out, &end) != 3 || layer[end] || batch < 1 ||
        in < 1 || out < 1)
        return pb_fail(ctx, PB_ERR_USAGE, "%s is no layer: wanted is BATCHxINxOUT", layer);
    const product wanted[PRODUCTS] = {{"y", batch, out, in, 2, {{{0}}}},
                                      {"dx", batch, in, out, 0, {{{0}}}},
                                      {"dW", out, in, batch, 1, {{{0}}}}};
    memcpy(products, wanted, sizeof wanted);
    for (int i = 0; i < ALL; i++) {
        way *w = way_of(products, i);
        PB_TRY(open_way(ctx, device, &products[i / (SOLVERS * LAYOUTS)], i % LAYOUTS,
                        solvers[i / LAYOUTS % SOLVERS], w));
        PB_TRY(find_length(w));
    }
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < ALL; i++) {
            way *w = way_of(products, i);
            PB_TRY(time_block(w, &w->seconds[round]));
        }
    for (int i = 0; i < ALL; i++) {
        way *w = way_of(products, i);
        w->timing = pb_timing_of(w->seconds, rounds);
    }
    print_layer(products, layer);
    return PB_OK;
}

static pb_status run(pb_context *ctx, int count, char *const layers[], int rounds)
{
    static char *const usual[] = {"128x2048x128", "128x1024x128", "128x128x10", "128x40x100",
                                  "512x1024x1024"};
    if (count == 0) {
        layers = usual;
        count = sizeof usual / sizeof *usual;
    }
    pb_device *device = NULL;
    product *products = calloc(PRODUCTS, sizeof *products);
    if (!products) return pb_fail(ctx, PB_ERR_MEMORY, "out of memory");
    pb_status status = pb_device_open(ctx, NULL, &device);
    if (!status)
        printf("microseconds on %s, medians of %d blocks in turn; * as stored today\n\n"
               "%-14s  %-12s  %-2s  %9s   %9s   %9s   %9s\n",
               pb_device_describe(device)->name, rounds, "layer", "solver", "", "A B", "At B",
               "A Bt", "At Bt");
    for (int i = 0; i < count && !status; i++) {
        status = measure_layer(ctx, device, layers[i], rounds, products);
        for (int k = 0; k < ALL; k++) {
            pb_plan_free(&way_of(products, k)->plan);
            pb_graph_free(&way_of(products, k)->g);
        }
    }
    if (device) pb_device_close(&device);
    free(products);
    return status;
}

int main(int count, char **arguments)
{
    static const struct option known[] = {{"rounds", required_argument, NULL, 'r'}, {0}};
    int rounds = 21;
    for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;)
        rounds = option == 'r' ? atoi(optarg) : 0;
    if (rounds < 1 || rounds > MOST_ROUNDS) {
        fprintf(stderr,
                "usage: bench-layouts [--rounds N] [BATCHxINxOUT ...], with N from 1 to %d\n",
                MOST_ROUNDS);
        return 2;
    }
    pb_context *ctx = pb_context_create();
    if (!ctx) return 1;
    const pb_status status = run(ctx, count - optind, arguments + optind, rounds);
    if (status) fprintf(stderr, "bench-layouts: %s\n", pb_error(ctx));
    const int code = pb_status_exit_code(status);
    pb_context_free(&ctx);
    return code;
}
