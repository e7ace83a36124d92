/* A network of stages in float64: built from a YAML list, evaluated and stepped by the reference of
 * the graph. */
#ifndef NETWORK_H
#define NETWORK_H

#include <math.h>
#include <stdbool.h>

#include "base/options.h"
#include "fixture.h"
#include "graph/op.h"
#include "stage/stages.h"

enum { INPUT_SEED = 1, PARAM_SEED = 100 };

/* As make_fixtures.py: in [0, 1). */
static inline double pseudo(uint32_t seed, uint32_t i)
{
    uint32_t h = i * 2654435761u + seed * 40503u + 12345u;
    h ^= h >> 16;
    h *= 0x85EBCA6Bu;
    h ^= h >> 13;
    h *= 0xC2B2AE35u;
    h ^= h >> 16;
    return h / 4294967296.0;
}

typedef struct network {
    pb_context *ctx;
    pb_graph *g;
    pb_builder b;
    pb_value samples, labels;
    pb_options *options[64];
    int option_count;
    pb_fitted fitted;
    double *content[4096]; /* of leaves, by value id; made when first needed */
} network;

static inline void network_start(network *n, pb_dtype dtype, pb_shape shape, int classes,
                                 bool training)
{
    *n = (network){.ctx = pb_context_create()};
    n->g = pb_graph_create(n->ctx);
    const pb_init zero = {.kind = PB_INIT_CONSTANT};
    n->samples = pb_leaf(n->g, PB_ROLE_DATA, "samples", dtype, shape, zero);
    n->labels = pb_leaf(n->g, PB_ROLE_DATA, "labels", PB_I32, PB_SHAPE(shape.dim[0]), zero);
    pb_builder_init(&n->b, n->ctx, n->g, training, classes, n->samples, n->labels);
    n->b.fitted = &n->fitted;
}

static inline void network_free(network *n)
{
    for (int v = 0; v < 4096; v++) free(n->content[v]);
    for (int i = 0; i < n->option_count; i++) pb_options_free(&n->options[i]);
    pb_fitted_clear(&n->fitted);
    pb_graph_free(&n->g);
    pb_context_free(&n->ctx);
}

static inline void network_evaluate(network *n, int count, const pb_value wanted[], double *out[]);

/* What a stage wants to know of all samples at once, and what it makes of that. */
static inline pb_status network_learn(network *n, const pb_stage *stage, int ordinal,
                                      const pb_options *options)
{
    pb_value wanted[PB_BUILDER_MAX];
    double *found[PB_BUILDER_MAX];
    PB_TRY(pb_stage_observe(&n->b, stage, ordinal, options));
    pb_fitting f = {.ctx = n->ctx,
                    .scope = n->b.scope,
                    .sample = pb_shape_sample(pb_value_shape(n->g, n->b.x)),
                    .rows = n->b.batch,
                    .count = n->b.observation_count,
                    .fitted = &n->fitted};
    if (f.count == 0) return PB_OK;
    for (int i = 0; i < f.count; i++) wanted[i] = n->b.observations[i].value;
    network_evaluate(n, f.count, wanted, found);
    for (int i = 0; i < f.count; i++) {
        f.observed[i].name = n->b.observations[i].name;
        f.observed[i].count = pb_shape_count(pb_value_shape(n->g, wanted[i]));
        f.observed[i].numbers = found[i];
    }
    const pb_status status = stage->fit(&f, options);
    for (int i = 0; i < f.count; i++) free(found[i]);
    n->b.observation_count = 0;
    return status;
}

/* Builds the stages of a YAML list of names and maps; PB_ERR_CONFIG and the like as they come. */
static inline pb_status network_build(network *n, const char *list)
{
    static const pb_option no_options[] = {{0}};
    pb_yaml *yaml;
    PB_TRY(pb_yaml_parse(n->ctx, "test", list, strlen(list), &yaml));
    pb_status status = PB_OK;
    for (const pb_node *entry = pb_yaml_root(yaml)->first; entry != NULL && status == PB_OK;
         entry = entry->next) {
        const bool plain = entry->kind == PB_NODE_SCALAR;
        const pb_stage *stage = pb_stage_find(plain ? entry->text : entry->first->key);
        ck_assert_msg(stage != NULL, "no stage in %s", list);
        int ordinal = 1;
        for (const pb_node *e = pb_yaml_root(yaml)->first; e != entry; e = e->next) {
            ordinal +=
                strcmp(e->kind == PB_NODE_SCALAR ? e->text : e->first->key, stage->name) == 0;
        }
        pb_options **options = &n->options[n->option_count];
        status = pb_options_parse(n->ctx, stage->options != NULL ? stage->options : no_options,
                                  plain ? NULL : entry->first, stage->name, options);
        if (status != PB_OK) break;
        n->option_count++;
        if (stage->observe) status = network_learn(n, stage, ordinal, *options);
        if (status == PB_OK) status = pb_stage_build(&n->b, stage, ordinal, *options);
    }
    pb_yaml_free(&yaml);
    return status;
}

/* How make_fixtures.py fills each leaf. A parameter that starts as zeros is spread over [-1, 1)
 * there. */
static inline void fill(const network *n, pb_value leaf, double *out)
{
    const pb_record *r = pb_record_of(n->g, leaf);
    const size_t count = pb_shape_count(r->shape);
    int param = 0;
    while (param < n->b.param_count && n->b.params[param] != leaf) param++;
    for (size_t i = 0; i < count; i++) {
        if (leaf == n->samples) {
            const double u = pseudo(INPUT_SEED, (uint32_t)i);
            out[i] = r->dtype == PB_U8 ? floor(256 * u) : 2 * u - 1;
        } else if (leaf == n->labels) {
            out[i] = (int)i * 7 % n->b.classes;
        } else if (param < n->b.param_count) {
            const double bound = r->attrs.init.b > 0 ? r->attrs.init.b : 1;
            out[i] = bound * (2 * pseudo(PARAM_SEED + (uint32_t)param, (uint32_t)i) - 1);
        } else {
            out[i] = r->attrs.init.a;
        }
    }
    for (int i = 0; i < n->b.rate_count; i++) {
        if (n->b.rates[i].leaf == leaf) out[0] = n->b.rates[i].base;
    }
}

static inline double *leaf_content(network *n, pb_value leaf)
{
    ck_assert_int_lt(leaf, 4096);
    if (n->content[leaf] == NULL) {
        n->content[leaf] = calloc(pb_shape_count(pb_value_shape(n->g, leaf)), sizeof(double));
        fill(n, leaf, n->content[leaf]);
    }
    return n->content[leaf];
}

/* out[i]: elements of wanted[i], free() each. */
static inline void network_evaluate(network *n, int count, const pb_value wanted[], double *out[])
{
    pb_value leaves[1024];
    const double *data[1024];
    int leaf_count = 0;
    for (pb_value v = 0; v < pb_graph_count(n->g); v++) {
        if (pb_record_of(n->g, v)->op != PB_OP_LEAF) continue;
        leaves[leaf_count] = v;
        data[leaf_count++] = leaf_content(n, v);
    }
    const pb_status status = pb_reference(n->g, leaf_count, leaves, data, count, wanted, out);
    ck_assert_msg(status == PB_OK, "%s", pb_error(n->ctx));
}

/* Writes a value into a leaf, or one after another into leaves that were flattened together. */
static inline const double *write_target(network *n, pb_value target, const double *from)
{
    const pb_record *r = pb_record_of(n->g, target);
    if (r->op == PB_OP_LEAF) {
        const size_t count = pb_shape_count(r->shape);
        memcpy(leaf_content(n, target), from, count * sizeof *from);
        return from + count;
    }
    ck_assert(r->op == PB_OP_RESHAPE || r->op == PB_OP_CONCAT);
    for (int i = 0; i < r->arity; i++) from = write_target(n, r->in[i], from);
    return from;
}

/* Carries out the assignments of the program once. */
static inline void network_step(network *n)
{
    pb_value values[PB_BUILDER_MAX];
    double *out[PB_BUILDER_MAX];
    for (int i = 0; i < n->b.assign_count; i++)
        values[i] = pb_record_of(n->g, n->b.assigns[i])->in[1];
    network_evaluate(n, n->b.assign_count, values, out);
    for (int i = 0; i < n->b.assign_count; i++) {
        write_target(n, pb_record_of(n->g, n->b.assigns[i])->in[0], out[i]);
        free(out[i]);
    }
}

/* Float32 constants of the graph (0.9f, sqrt(1/n)) keep float64 results from agreeing to more than
 * seven digits. */
static inline void assert_near(const double *got, const double *expected, int count,
                               const char *what)
{
    double scale = 0;
    for (int i = 0; i < count; i++) scale = fmax(scale, fabs(expected[i]));
    for (int i = 0; i < count; i++) {
        ck_assert_msg(fabs(got[i] - expected[i]) <= 1e-6 * scale + 1e-12,
                      "%s[%d] is %.12g, not %.12g", what, i, got[i], expected[i]);
    }
}

/* Compares a value of the graph with numbers of a case. */
static inline void assert_value(network *n, pb_value v, const fixture *f, const char *name,
                                const char *key)
{
    int count;
    double *expected = fixture_numbers(f, name, key, &count), *got;
    char what[128];
    snprintf(what, sizeof what, "%s: %s", name, key);
    ck_assert_msg(v != PB_NONE, "%s was not built", what);
    ck_assert_int_eq(pb_shape_count(pb_value_shape(n->g, v)), count);
    network_evaluate(n, 1, &v, &got);
    assert_near(got, expected, count, what);
    free(expected);
    free(got);
}

/* After fifty steps, against PyTorch's: float32 constants of the graph (0.999f) differ from its by
 * 1e-8, and a run adds that up. */
static inline void assert_fixture(const double *got, const fixture *f, const char *name,
                                  const char *key, int count)
{
    int there;
    double *expected = fixture_numbers(f, name, key, &there);
    ck_assert_int_eq(there, count);
    for (int i = 0; i < count; i++)
        ck_assert_msg(fabs(got[i] - expected[i]) <= 1e-5 * fmax(1, fabs(expected[i])),
                      "%s: %s[%d] is %.12g, not %.12g", name, key, i, got[i], expected[i]);
    free(expected);
}

static inline pb_shape fixture_shape(const fixture *f, const char *name, const char *key)
{
    pb_shape shape = {0};
    double *dims = fixture_numbers(f, name, key, &shape.axes);
    for (int i = 0; i < shape.axes; i++) shape.dim[i] = (int)dims[i];
    free(dims);
    return shape;
}

static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

#endif
