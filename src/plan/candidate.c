#include "plan/candidate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/median.h"
#include "base/rng.h"

/* Multiplications of a product up to which each element is compared with the reference. */
#define REFERENCE_MULTIPLICATIONS 2e7
/* Of the largest magnitude: what float32 sums of thousands of terms may be off. */
#define TOLERANCE 1e-5

static pb_status no_memory(const pb_problem *q)
{
    return pb_fail(pb_device_context(q->device), PB_ERR_MEMORY, "no memory to measure %s", q->key);
}

/* ---- the problem ---- */

/* An operand as the solver sees it: a leaf, or a leaf repeated for the whole batch. */
static pb_value add_operand(pb_problem *q, const pb_build *b, pb_value v, int input)
{
    const pb_shape whole = pb_build_record(b, pb_build_record(b, v)->in[input])->shape;
    const pb_shape stored = pb_build_record(b, pb_library_operand(b, v, input))->shape;
    const char *name = input == 0 ? "a" : "b";
    if (pb_shape_count(stored) == pb_shape_count(whole))
        return q->operands[input] = pb_input(q->g, name, whole);
    pb_shape one = whole;
    for (int i = 0; i < one.axes - 2; ++i) one.dim[i] = 1;
    q->operands[input] = pb_input(q->g, name, one);
    return pb_broadcast(q->g, q->operands[input], whole);
}

/* The program "run" computes the value and lets a leaf have one element of it, so that little more
 * than the value is timed. */
static pb_status build_graph(pb_problem *q, const pb_build *b, pb_value v, pb_value *result)
{
    const pb_record *r = pb_build_record(b, v);
    q->g = pb_graph_create(b->ctx);
    if (!q->g) return no_memory(q);
    const pb_value in[2] = {add_operand(q, b, v, 0), add_operand(q, b, v, 1)};
    *result = pb_append(q->g, r->op, 2, in, &r->attrs);
    const int begin[PB_MAX_AXES] = {0};
    pb_shape one = {.axes = r->shape.axes};
    for (int i = 0; i < one.axes; ++i) one.dim[i] = 1;
    const pb_value target =
        pb_leaf(q->g, PB_ROLE_STATE, "c", PB_F32, one, (pb_init){.kind = PB_INIT_CONSTANT});
    const pb_value assign = pb_assign(q->g, target, pb_slice(q->g, *result, begin, one));
    PB_TRY(pb_graph_status(q->g));
    return pb_program(q->g, "run", 1, &assign);
}

static size_t operand_count(const pb_problem *q, int i)
{
    return pb_shape_count(pb_value_shape(q->g, q->operands[i]));
}

static pb_status fill_operands(pb_problem *q)
{
    for (int i = 0; i < 2; ++i) {
        const size_t count = operand_count(q, i);
        const pb_stream stream = pb_stream_make(0, i == 0 ? "a" : "b", 0);
        q->data[i] = malloc(count * sizeof(float));
        if (!q->data[i]) return no_memory(q);
        for (size_t k = 0; k < count; ++k)
            q->data[i][k] = 2.0f * pb_stream_uniform(stream, k) - 1.0f;
    }
    return PB_OK;
}

static pb_status reference(pb_problem *q, pb_value result)
{
    double *in[2] = {NULL, NULL};
    pb_status status = PB_OK;
    for (int i = 0; i < 2; ++i) {
        const size_t count = operand_count(q, i);
        in[i] = malloc(count * sizeof(double));
        if (!in[i]) status = no_memory(q);
        for (size_t k = 0; in[i] && k < count; ++k) in[i][k] = (double)q->data[i][k];
    }
    if (status == PB_OK)
        status =
            pb_reference(q->g, 2, q->operands, (const double *const *)in, 1, &result, &q->want);
    for (int i = 0; i < 2; ++i) free(in[i]);
    return status;
}

/* A float64 product of every element would take longer than all candidates. Freivalds' check takes
 * no longer than reading the operands: C s = A (B s) for random signs s, where a wrong element of C
 * shows in its row. */
static pb_status project(pb_problem *q, const pb_record *r, int m, int n, int k)
{
    const size_t batch = q->count / ((size_t)m * (size_t)n);
    const size_t a_step = operand_count(q, 0) > (size_t)m * (size_t)k ? (size_t)m * (size_t)k : 0;
    const size_t b_step = operand_count(q, 1) > (size_t)n * (size_t)k ? (size_t)n * (size_t)k : 0;
    const size_t a_row = r->attrs.transpose_a ? 1 : (size_t)k,
                 a_column = r->attrs.transpose_a ? (size_t)m : 1,
                 b_row = r->attrs.transpose_b ? 1 : (size_t)n,
                 b_column = r->attrs.transpose_b ? (size_t)k : 1;
    const pb_stream stream = pb_stream_make(0, "signs", 0);
    double *inner = malloc((size_t)k * sizeof *inner);
    q->signs = malloc((size_t)n * sizeof *q->signs);
    q->projection = calloc(batch * (size_t)m, sizeof *q->projection);
    if (!inner || !q->signs || !q->projection) {
        free(inner);
        return no_memory(q);
    }
    q->columns = n;
    for (int j = 0; j < n; ++j) q->signs[j] = pb_stream_u32(stream, (uint64_t)j) & 1u ? 1.0 : -1.0;
    for (size_t s = 0; s < batch; ++s) {
        const float *a = q->data[0] + s * a_step, *b = q->data[1] + s * b_step;
        memset(inner, 0, (size_t)k * sizeof *inner);
        for (int l = 0; l < k; ++l)
            for (int j = 0; j < n; ++j)
                inner[l] += (double)b[(size_t)l * b_row + (size_t)j * b_column] * q->signs[j];
        for (int i = 0; i < m; ++i)
            for (int l = 0; l < k; ++l)
                q->projection[s * (size_t)m + (size_t)i] +=
                    (double)a[(size_t)i * a_row + (size_t)l * a_column] * inner[l];
    }
    free(inner);
    return PB_OK;
}

static pb_status find_wanted(pb_problem *q, pb_value result)
{
    const pb_record *r = pb_record_of(q->g, result);
    const pb_shape a = pb_record_of(q->g, r->in[0])->shape;
    q->count = pb_shape_count(r->shape);
    const int k = a.dim[a.axes - (r->attrs.transpose_a ? 2 : 1)];
    if (r->op == PB_OP_MATMUL && (double)q->count * k > REFERENCE_MULTIPLICATIONS)
        PB_TRY(project(q, r, r->shape.dim[r->shape.axes - 2], r->shape.dim[r->shape.axes - 1], k));
    else
        PB_TRY(reference(q, result));
    const double *wanted = q->want ? q->want : q->projection;
    const size_t count = q->want ? q->count : q->count / (size_t)q->columns;
    q->largest = 1;
    for (size_t i = 0; i < count; ++i) q->largest = fmax(q->largest, fabs(wanted[i]));
    return PB_OK;
}

pb_status pb_problem_create(const pb_build *b, pb_value v, pb_problem *problem)
{
    *problem = (pb_problem){.device = b->device};
    pb_choice_key(b, v, problem->key);
    pb_value result = PB_NONE;
    PB_TRY(build_graph(problem, b, v, &result));
    PB_TRY(fill_operands(problem));
    return find_wanted(problem, result);
}

void pb_problem_clear(pb_problem *problem)
{
    pb_graph_free(&problem->g);
    for (int i = 0; i < 2; ++i) free(problem->data[i]);
    free(problem->want);
    free(problem->projection);
    free(problem->signs);
    *problem = (pb_problem){0};
}

/* ---- a candidate ---- */

static bool is_right(const pb_problem *q, const float *got)
{
    const double most = TOLERANCE * q->largest;
    for (size_t i = 0; q->want && i < q->count; ++i)
        if (!(fabs((double)got[i] - q->want[i]) <= most)) return false;
    for (size_t i = 0; q->projection && i < q->count / (size_t)q->columns; ++i) {
        double sum = 0;
        for (int j = 0; j < q->columns; ++j)
            sum += (double)got[i * (size_t)q->columns + (size_t)j] * q->signs[j];
        if (!(fabs(sum - q->projection[i]) <= most)) return false;
    }
    return true;
}

/* The unit that computes the problem's result. */
static const pb_unit *find_unit(const pb_build *b, const pb_program_build **program)
{
    *program = &b->programs[b->program_count - 1];
    for (int i = 0; i < (*program)->unit_count; ++i)
        if ((*program)->units[i].kind == PB_UNIT_LIBRARY) return &(*program)->units[i];
    return NULL;
}

static pb_status check(const pb_problem *q, pb_plan *plan, bool *right)
{
    const pb_build *b = pb_plan_build_of(plan);
    const pb_program_build *p;
    const pb_place place = pb_build_place(b, p, find_unit(b, &p)->value);
    float *got = malloc(q->count * sizeof *got);
    if (!got) return no_memory(q);
    const pb_status status =
        pb_buffer_read(q->device, b->regions[place.region].buffer,
                       (size_t)place.offset * sizeof *got, got, q->count * sizeof *got);
    *right = status == PB_OK && is_right(q, got);
    free(got);
    return status;
}

static pb_status run(pb_plan *plan, int times, double *seconds)
{
    const double start = pb_seconds();
    PB_TRY(pb_plan_run(plan, "run", times));
    PB_TRY(pb_plan_finish(plan));
    *seconds = (pb_seconds() - start) / times;
    return PB_OK;
}

/* The median of several blocks, each long beside a wait for the device. */
static pb_status take_time(pb_plan *plan, double best, double *seconds)
{
    enum { BLOCKS = 7 };
    const double block_seconds = 4e-3;
    double once, blocks[BLOCKS];
    PB_TRY(run(plan, 1, &once));
    if (once > 3 * best && once > 1e-3) return PB_OK;
    PB_TRY(run(plan, once > block_seconds ? 1 : 4, &once));
    const int times = once < block_seconds ? (int)fmin(1000, ceil(block_seconds / once)) : 1;
    const int count = once > 10 * block_seconds ? 3 : BLOCKS;
    for (int i = 0; i < count; ++i) PB_TRY(run(plan, times, &blocks[i]));
    *seconds = pb_median(blocks, (size_t)count);
    return PB_OK;
}

static pb_status use(const pb_problem *q, pb_plan *plan, const char *words, double best,
                     double *seconds, char **choice)
{
    const pb_program_build *p;
    const pb_unit *u = find_unit(pb_plan_build_of(plan), &p);
    const size_t length = strcspn(words, " ");
    if (!u || strlen(u->solver) != length || strncmp(u->solver, words, length) != 0) return PB_OK;
    *choice = strdup(u->choice);
    if (!*choice) return no_memory(q);
    for (int i = 0; i < 2; ++i)
        PB_TRY(
            pb_plan_write(plan, q->operands[i], q->data[i], operand_count(q, i) * sizeof(float)));
    double compiled;
    bool right = false;
    PB_TRY(run(plan, 1, &compiled));
    PB_TRY(check(q, plan, &right));
    return right ? take_time(plan, best, seconds) : PB_OK;
}

pb_status pb_candidate_time(const pb_problem *problem, const char *words, const char *other_key,
                            const char *other_words, double best, double *seconds, char **choice)
{
    pb_plan *plan = NULL;
    *seconds = (double)INFINITY;
    *choice = NULL;
    pb_choices *choices = pb_choices_create();
    if (!choices || !pb_choices_set(choices, problem->key, words, PB_ESTIMATE, 0) ||
        (other_key && !pb_choices_set(choices, other_key, other_words, PB_ESTIMATE, 0))) {
        pb_choices_free(&choices);
        return no_memory(problem);
    }
    pb_status status = pb_plan_create_with(problem->device, problem->g, choices, &plan);
    pb_choices_free(&choices);
    if (status == PB_OK) status = use(problem, plan, words, best, seconds, choice);
    pb_plan_free(&plan);
    return status;
}
