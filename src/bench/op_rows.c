/* The table. Shapes of the products are those of our networks, forward and gradients, and squares;
 * elementwise ops and reductions read 64 MB, more than caches hold. */
#include "bench/op_rows.h"

/* clang-format off */
#define PRODUCT(m, n, k)    {"product " #m "x" #n "x" #k, &pb_kind_product, {1, m, n, k, 0, 0}}
#define PRODUCT_AT(m, n, k) {"product " #m "x" #n "x" #k " At", &pb_kind_product, {1, m, n, k, 1, 0}}
#define PRODUCT_BT(m, n, k) {"product " #m "x" #n "x" #k " Bt", &pb_kind_product, {1, m, n, k, 0, 1}}
#define BATCHED(b, m, n, k) {"product " #b " x " #m "x" #n "x" #k, &pb_kind_product, {b, m, n, k, 0, 0}}
#define CONV(kind, words, n, c, h, w, o, kh, kw) \
    {words " " #n "x" #c "x" #h "x" #w " to " #o ", " #kh "x" #kw, &kind, {n, c, h, w, o, kh, kw, 1}}
#define STRIDED(kind, words, n, c, h, w, o, kh, kw, stride) \
    {words " " #n "x" #c "x" #h "x" #w " to " #o ", " #kh "x" #kw " stride " #stride, &kind, \
     {n, c, h, w, o, kh, kw, stride}}
#define DCT(n, side, keep)  {"dct2 " #n "x" #side "x" #side " keep " #keep, &pb_kind_dct, {n, side, keep}}
#define WAVEDEC2(n, side, levels) \
    {"wavedec2 db2 " #n "x" #side "x" #side ", " #levels " levels", &pb_kind_wavedec2, {n, side, levels}}
#define MAP(word, count)    {#word " " #count, &pb_kind_##word, {count}}
#define FOLD(kind, words, rows, columns) {words " " #rows "x" #columns, &kind, {rows, columns}}

static const pb_bench_op rows[] = {
    PRODUCT(128, 256, 256),
    PRODUCT(128, 128, 2048),
    PRODUCT(128, 10, 256),
    PRODUCT(2048, 128, 128),
    PRODUCT(32, 48, 16384),
    PRODUCT(512, 512, 512),
    PRODUCT(1024, 1024, 1024),
    PRODUCT(2048, 2048, 2048),
    PRODUCT_BT(128, 128, 2048),
    PRODUCT_BT(128, 256, 256),
    PRODUCT_BT(128, 10, 128),
    PRODUCT(128, 2048, 128),
    PRODUCT_AT(128, 2048, 128),
    PRODUCT_AT(256, 256, 128),
    PRODUCT_AT(10, 256, 128),
    PRODUCT_AT(512, 512, 512),
    PRODUCT_BT(512, 512, 512),
    BATCHED(128, 28, 28, 28),

    CONV(pb_kind_conv, "conv", 128, 1, 1, 256, 16, 1, 3),
    CONV(pb_kind_conv, "conv", 128, 16, 1, 128, 32, 1, 3),
    CONV(pb_kind_conv_dx, "conv dx", 128, 16, 1, 128, 32, 1, 3),
    CONV(pb_kind_conv_dw, "conv dw", 128, 16, 1, 128, 32, 1, 3),
    CONV(pb_kind_conv, "conv", 64, 16, 28, 28, 32, 3, 3),
    CONV(pb_kind_conv_dx, "conv dx", 64, 16, 28, 28, 32, 3, 3),
    CONV(pb_kind_conv_dw, "conv dw", 64, 16, 28, 28, 32, 3, 3),
    STRIDED(pb_kind_conv, "conv", 128, 16, 32, 32, 32, 3, 3, 2),
    STRIDED(pb_kind_conv_dx, "conv dx", 128, 16, 32, 32, 32, 3, 3, 2),
    STRIDED(pb_kind_conv_dw, "conv dw", 128, 16, 32, 32, 32, 3, 3, 2),
    STRIDED(pb_kind_conv, "conv", 32, 3, 96, 96, 64, 7, 7, 2),

    DCT(10000, 28, 16),
    WAVEDEC2(60000, 28, 2),

    MAP(relu, 16777216),
    MAP(add, 16777216),
    MAP(exp, 16777216),
    FOLD(pb_kind_transpose, "transpose", 4096, 4096),
    FOLD(pb_kind_sum_rows, "sum of rows", 4096, 4096),
    FOLD(pb_kind_sum_columns, "sum of columns", 4096, 4096),
    FOLD(pb_kind_max_rows, "largest of rows", 65536, 256),
    FOLD(pb_kind_sum_all, "sum", 4096, 4096),
};
/* clang-format on */

const pb_bench_op *pb_bench_op_rows(int *count)
{
    *count = (int)(sizeof rows / sizeof *rows);
    return rows;
}

pb_status pb_bench_op_graph(pb_context *ctx, const pb_bench_op *op, pb_graph **g, pb_value leaves[],
                            pb_value *result)
{
    *g = pb_graph_create(ctx);
    if (!*g) return pb_fail(ctx, PB_ERR_MEMORY, "no memory for a graph");
    for (int i = 0; i < PB_BENCH_LEAVES; i++) leaves[i] = PB_NONE;
    const pb_value value = op->kind->build(*g, op->n, leaves);
    PB_TRY(pb_graph_status(*g));
    const pb_init zero = {.kind = PB_INIT_CONSTANT};
    const pb_shape shape = pb_value_shape(*g, value);
    *result = pb_leaf(*g, PB_ROLE_STATE, "result", PB_F32, shape, zero);
    const pb_value whole = pb_assign(*g, *result, value);
    return pb_program(*g, "op", 1, &whole);
}
