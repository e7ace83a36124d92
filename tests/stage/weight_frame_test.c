/* Weights as sums of atoms of continuous wavelets: where they begin, where their parts lie, and
 * that the gradient of a coefficient is what its atom has to do with the gradient of the weights.
 */
#include "network.h"
#include "stage/weight_domain.h"

typedef struct domain {
    network n;
    pb_options *options;
    pb_weights w;
    pb_weight_domain d;
    pb_value weights, coefficients; /* [shape], and [lines, count] of them */
} domain;

static pb_status open_domain(domain *d, const char *options, pb_shape shape)
{
    pb_yaml *yaml;
    network_start(&d->n, PB_F32, shape, 2, true);
    d->weights = d->n.samples;
    ck_assert_int_eq(pb_yaml_parse(d->n.ctx, "test", options, strlen(options), &yaml), PB_OK);
    ck_assert_msg(pb_options_parse(d->n.ctx, pb_weight_options, pb_yaml_root(yaml),
                                   "weight_transform", &d->options) == PB_OK,
                  "%s", pb_error(d->n.ctx));
    pb_yaml_free(&yaml);
    d->w = (pb_weights){.options = d->options};
    const pb_status status = pb_weight_domain_measure(&d->n.b, shape, &d->w, &d->d);
    if (status != PB_OK) return status;
    d->coefficients = pb_weight_analysis(&d->n.b, &d->d, d->weights);
    return pb_graph_status(d->n.g);
}

static void close_domain(domain *d)
{
    pb_options_free(&d->options);
    network_free(&d->n);
}

static const struct {
    const char *options;
    int dims[5], parts, levels[16];
} cases[] = {
    {"{wavelet: morl, level: 2}", {5, 30}, 3, {0, 2, 1}},
    {"{wavelet: cgau1, level: 0, mode: zero}", {4, 9}, 4, {0, 3, 2, 1}},
    {"{wavelet: shan, layout: flat, mode: symmetric}", {3, 7}, 2, {0, 1}},
    {"{wavelet: gaus1, layout: matrix, level: 2}", {6, 20}, 9, {0, 2, 1, 2, 2, 1, 1, 1, 1}},
    {"{wavelet: fbsp1-1.5-1.0, layout: planes, level: 0, mode: reflect}",
     {2, 3, 5, 4},
     9,
     {0, 2, 1, 2, 2, 1, 1, 1, 1}},
    {"{wavelet: mexh, layout: rows}", {2, 3, 5, 5}, 2, {0, 1}},
    {"{wavelet: cmor, layout: planes}", {3, 1, 2, 2}, 4, {0, 1, 1, 1}},
    {"{wavelet: mexh}", {7, 1}, 1, {1}}, /* single numbers have no frame */
};
enum { CASES = sizeof cases / sizeof *cases };

static pb_shape shape_of(int i)
{
    pb_shape shape = {0};
    while (cases[i].dims[shape.axes] > 0)
        shape.dim[shape.axes] = cases[i].dims[shape.axes], shape.axes++;
    return shape;
}

START_TEST(weights_come_back_from_their_coefficients)
{
    domain d;
    ck_assert_msg(open_domain(&d, cases[_i].options, shape_of(_i)) == PB_OK, "%s: %s",
                  cases[_i].options, pb_error(d.n.ctx));
    const int count = (int)pb_shape_count(shape_of(_i));
    ck_assert(
        pb_shape_equal(pb_value_shape(d.n.g, d.coefficients), PB_SHAPE(d.w.lines, d.w.count)));
    ck_assert_int_eq(d.w.part_count, cases[_i].parts);
    int offset = 0;
    for (int p = 0; p < d.w.part_count; p++) {
        ck_assert_int_eq(d.w.part[p].level, cases[_i].levels[p]);
        ck_assert_int_eq(d.w.part[p].offset, offset);
        ck_assert_int_eq(d.w.part[p].count % d.w.part[p].width, 0);
        offset += d.w.part[p].count;
    }
    ck_assert_int_eq(offset, d.w.count);
    const pb_value back = pb_weight_synthesis(&d.n.b, &d.d, d.coefficients);
    ck_assert(pb_shape_equal(pb_value_shape(d.n.g, back), shape_of(_i)));
    double *got;
    network_evaluate(&d.n, 1, &back, &got);
    const double *want = leaf_content(&d.n, d.weights);
    for (int i = 0; i < count; i++)
        ck_assert_msg(fabs(got[i] - want[i]) < 1e-5, "%s: weight %d is %g, was %g",
                      cases[_i].options, i, got[i], want[i]);
    free(got);
    close_domain(&d);
}
END_TEST

/* One coefficient of 1 makes its atom; which one it is follows from the parts. */
START_TEST(a_coefficient_is_an_atom_of_its_part)
{
    domain d;
    ck_assert_int_eq(
        open_domain(&d, "{wavelet: gaus1, layout: matrix, level: 2, mode: zero}", PB_SHAPE(6, 20)),
        PB_OK);
    const pb_frame *down = &d.d.frame[0], *right = &d.d.frame[1];
    double *rows = malloc((size_t)(6 * down->count) * sizeof *rows),
           *columns = malloc((size_t)(20 * right->count) * sizeof *columns);
    pb_frame_matrix(down, rows);
    pb_frame_matrix(right, columns);
    const pb_weight_part *part = &d.w.part[5]; /* of level 2 down, of level 1 to the right */
    const int i = 1, k = 7, at = part->offset + i * part->width + k;
    ck_assert_int_eq(part->width, 20);
    float *one = calloc((size_t)d.w.count, sizeof *one);
    one[at] = 1;
    const pb_value c = pb_constant_data(d.n.g, one, PB_SHAPE(1, d.w.count)),
                   w = pb_weight_synthesis(&d.n.b, &d.d, c);
    double *got;
    network_evaluate(&d.n, 1, &w, &got);
    for (int y = 0; y < 6; y++)
        for (int x = 0; x < 20; x++)
            ck_assert_double_eq_tol(got[y * 20 + x],
                                    rows[y * down->count + down->offset[1] + i] *
                                        columns[x * right->count + right->offset[2] + k],
                                    1e-6);
    free(got);
    free(one);
    free(rows);
    free(columns);
    close_domain(&d);
}
END_TEST

/* y = sum of squares of the weights / 2: dy / dc = A^T A c, and what it is by differences. */
START_TEST(gradients_are_differences)
{
    domain d;
    ck_assert_int_eq(open_domain(&d, cases[_i].options, shape_of(_i)), PB_OK);
    pb_graph *g = d.n.g;
    const pb_shape shape = PB_SHAPE(d.w.lines, d.w.count);
    const pb_value c = pb_param(g, "c", shape, 1);
    d.n.b.params[d.n.b.param_count++] = c;
    const pb_value w = pb_weight_synthesis(&d.n.b, &d.d, c),
                   y = pb_scale(g, pb_sum_all(g, pb_mul(g, w, pb_square(g, w))), 0.5f);
    pb_value first, second;
    ck_assert_int_eq(pb_gradient(g, y, 1, &c, &first), PB_OK);
    const pb_value squares = pb_sum_all(g, pb_square(g, first));
    ck_assert_int_eq(pb_gradient(g, squares, 1, &c, &second), PB_OK);
    double *content = leaf_content(&d.n, c), *slope[2];
    const pb_value wanted[] = {first, second}, scalars[] = {y, squares};
    network_evaluate(&d.n, 2, wanted, slope);
    const int count = (int)pb_shape_count(shape);
    for (int i = 0; i < count; i += count / 11 + 1) {
        const double before = content[i], step = 1e-6;
        double *above[2], *below[2];
        content[i] = before + step;
        network_evaluate(&d.n, 2, scalars, above);
        content[i] = before - step;
        network_evaluate(&d.n, 2, scalars, below);
        content[i] = before;
        for (int k = 0; k < 2; k++) {
            const double want = (above[k][0] - below[k][0]) / (2 * step);
            ck_assert_msg(fabs(slope[k][i] - want) <= 1e-5 + 1e-3 * fabs(want),
                          "%s: derivative %d by coefficient %d is %g, differences give %g",
                          cases[_i].options, k + 1, i, slope[k][i], want);
            free(above[k]);
            free(below[k]);
        }
    }
    free(slope[0]);
    free(slope[1]);
    close_domain(&d);
}
END_TEST

START_TEST(errors_tell_what_is_allowed)
{
    domain d;
    ck_assert_int_eq(open_domain(&d, "{wavelet: mexa}", PB_SHAPE(2, 9)), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(d.n.ctx),
                                 "weight_transform.wavelet: \"mexa\" is no wavelet (did you mean "
                                 "mexh?); there are haar, db1, "));
    ck_assert_ptr_nonnull(strstr(pb_error(d.n.ctx), "dmey, cgau1, "));
    close_domain(&d);
    ck_assert_int_eq(open_domain(&d, "{wavelet: morl, layout: flat}", PB_SHAPE(300, 9)),
                     PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(d.n.ctx), "weight_transform.layout: a frame of morl for "
                                                    "lines of 2700 points; at most 2048 are"));
    close_domain(&d);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("weight_frame");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, weights_come_back_from_their_coefficients, 0, CASES);
    tcase_add_test(all, a_coefficient_is_an_atom_of_its_part);
    tcase_add_loop_test(all, gradients_are_differences, 0, CASES);
    tcase_add_test(all, errors_tell_what_is_allowed);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
