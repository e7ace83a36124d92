/* Planning a lowered graph: storage of leaves and constants, the static part, then each program in
 * turn. */
#include <stdlib.h>
#include <string.h>

#include "plan/choice.h"

static const char prelude[] =
    "/* Written by passband's plan: one kernel a fused unit or solver. */\n"
    "#pragma OPENCL FP_CONTRACT OFF\n"
    "/* The turns of the next loop touch different elements: they may run side by side, and those "
    "of\n"
    " * a whole block that is streamed all at once, in registers. */\n"
    "#ifdef __clang__\n"
    "#define ELEMENTWISE%s\n"
    "#define ELEMENTWISE_BLOCK%s\n"
    "#else\n"
    "#define ELEMENTWISE\n"
    "#define ELEMENTWISE_BLOCK\n"
    "#endif\n"
    "/* Asks for what lies there to be fetched; the place may be outside of any buffer. */\n"
    "#define PREFETCH(place) %s\n"
    "/* The same of what will be written, to be taken from other cores. */\n"
    "#define PREFETCH_TO_WRITE(place) %s\n"
    "/* Stores 16 floats, aligned to 64 bytes, that nobody reads soon. */\n"
    "#if defined(__has_builtin)\n"
    "#if __has_builtin(__builtin_nontemporal_store)\n"
    "#define STREAM(value, place) \\\n"
    "    __builtin_nontemporal_store(value, (global float16 *)(place))\n"
    "#endif\n"
    "#endif\n"
    "#ifndef STREAM\n"
    "#define STREAM(value, place) vstore16(value, 0, place)\n"
    "#endif\n\n";

/* On a CPU the library's exp is a call for each element; this one becomes vectors with the loop
 * around it: e^x = 2^n e^r with 0 <= r <= ln 2, of few operations and without a branch, with a
 * relative error below 1.8e-7, and e^0 = 1. Since r is not negative, 2^n is a float wherever e^x is
 * a normal one; what is smaller is 0. The coefficients minimise the largest relative error
 * (Lawson's iteration) among those that give 2 for ln 2, which is where 0 leads. */
static const char cpu_prelude[] =
    "__attribute__((always_inline)) float exponential(float x)\n"
    "{\n"
    "    x = x > 89.0f ? 89.0f : x;   /* n = 128, infinite */\n"
    "    x = x < -87.8f ? -87.8f : x; /* n = -127, zero    */\n"
    "    const float rounder = 12583039.0f; /* 1.5 * 2^23, and the exponent's bias */\n"
    "    const float shifted = fma(x - 0.34658f, 1.44269504f, rounder), n = shifted - rounder;\n"
    "    const float r = fma(-n, -2.12194440e-4f, fma(-n, 0.693359375f, x));\n"
    "    float p = fma(0.0118076801f, r, 0.0388323329f);\n"
    "    p = fma(p, r, 0.167691186f);\n"
    "    p = fma(p, r, 0.499836743f);\n"
    "    p = fma(p, r, 1.00000918f);\n"
    "    p = fma(p, r, 0.99999994f);\n"
    "    return p * as_float(as_int(shifted) << 23);\n"
    "}\n"
    "#define EXP(x) exponential(x)\n\n";
static const char gpu_prelude[] = "#define EXP(x) exp(x)\n\n";

/* Numbers of a stream as base/rng.c has them. A block has four words, of which a uniform number
 * takes one: loops over neighbours still become vectors, as they would not if four of them shared
 * a block. For the same reason a normal number's logarithm and cosine are written here: the
 * library's are calls for each element, which took nine times as long. They are of x in [2^-32, 1],
 * by ln(1 + r) of |r| <= 0.42, and of 0 to 1 turns. The coefficients minimise the largest error
 * (Lawson's iteration): 3e-8 of the logarithm, and 4e-9 of a whole for the cosine, before rounding.
 */
static const char random_prelude[] =
    "__attribute__((always_inline)) uint4 philox(uint4 c, uint k0, uint k1)\n"
    "{\n"
    "    uint x = c.x, y = c.y, z = c.z, w = c.w;\n"
    "    #pragma unroll\n"
    "    for (int round = 0; round < 10; ++round) {\n"
    "        const uint high = mul_hi(0xCD9E8D57u, z), low = 0xCD9E8D57u * z;\n"
    "        z = mul_hi(0xD2511F53u, x) ^ w ^ k1;\n"
    "        w = 0xD2511F53u * x;\n"
    "        x = high ^ y ^ k0;\n"
    "        y = low;\n"
    "        k0 += 0x9E3779B9u;\n"
    "        k1 += 0xBB67AE85u;\n"
    "    }\n"
    "    return (uint4)(x, y, z, w);\n"
    "}\n"
    "__attribute__((always_inline)) float philox_uniform(uint sample, uint place, uint epoch,\n"
    "                                                    uint key, uint count, uint purpose)\n"
    "{\n"
    "    const uint low = sample * count + place;\n"
    "    const uint high = mul_hi(sample, count) + (low < place ? 1u : 0u);\n"
    "    const uint4 c = (uint4)(low >> 2 | high << 30, high >> 2, epoch, 0u);\n"
    "    const uint4 r = philox(c, key, purpose);\n"
    "    const uint word = low & 2u ? (low & 1u ? r.w : r.z) : (low & 1u ? r.y : r.x);\n"
    "    return (float)(word >> 8) * 0x1p-24f;\n"
    "}\n"
    "__attribute__((always_inline)) float logarithm(float x)\n"
    "{\n"
    "    const int exponent = (as_int(x) - 0x3F3504F3) >> 23; /* the rest near 1 */\n"
    "    const float r = as_float(as_int(x) - (exponent << 23)) - 1.0f, n = (float)exponent;\n"
    "    float p = fma(0.0873404071f, r, -0.143073663f);\n"
    "    p = fma(p, r, 0.149181589f);\n"
    "    p = fma(p, r, -0.165705353f);\n"
    "    p = fma(p, r, 0.199620590f);\n"
    "    p = fma(p, r, -0.250017554f);\n"
    "    p = fma(p, r, 0.333339512f);\n"
    "    p = fma(p, r, -0.499999911f);\n"
    "    return fma(n, 0.693147181f, fma(p, r * r, r));\n"
    "}\n"
    "__attribute__((always_inline)) float cosine_of_turns(float turns)\n"
    "{\n"
    "    const float q = fabs(2.0f * turns - 1.0f) - 0.5f, z = q * q; /* sin pi q */\n"
    "    float p = fma(0.0776594058f, z, -0.598292172f);\n"
    "    p = fma(p, z, 2.55007768f);\n"
    "    p = fma(p, z, -5.16771030f);\n"
    "    return fma(p, z, 3.14159274f) * q;\n"
    "}\n"
    "__attribute__((always_inline)) float philox_normal(uint sample, uint place, uint epoch,\n"
    "                                                   uint key, uint count, uint purpose)\n"
    "{\n"
    "    const uint low = sample * count + place;\n"
    "    const uint high = mul_hi(sample, count) + (low < place ? 1u : 0u);\n"
    "    const uint4 r = philox((uint4)(low, high, epoch, 0u), key, purpose);\n"
    "    const float u = ((float)r.x + 1.0f) * 0x1p-32f, v = (float)r.y * 0x1p-32f;\n"
    "    return sqrt(-2.0f * logarithm(u)) * cosine_of_turns(v);\n"
    "}\n\n";

static pb_status persistent_region(pb_build *b, pb_dtype dtype, size_t count, int *region)
{
    PB_TRY(pb_build_region(b, dtype, count, region));
    b->regions[*region].persistent = true;
    return PB_OK;
}

/* Leaves that are assigned as one lie in one region, one after another. */
static pb_status place_joined_leaves(pb_build *b, pb_value joined)
{
    const pb_record *r = pb_build_record(b, joined);
    if (r->op != PB_OP_CONCAT || b->place[joined].region >= 0) return PB_OK;
    int region;
    PB_TRY(persistent_region(b, r->dtype, pb_shape_count(r->shape), &region));
    b->place[joined] = pb_place_dense(r->shape, region, 0);
    int64_t offset = 0;
    for (int i = 0; i < r->arity; ++i) {
        const pb_value leaf = pb_build_strip(b, r->in[i]);
        const pb_shape shape = pb_build_record(b, leaf)->shape;
        if (b->place[leaf].region >= 0)
            return pb_fail(b->ctx, PB_ERR_SHAPE,
                           "leaf %s is assigned as a part of two joined values",
                           pb_build_record(b, leaf)->name);
        b->place[leaf] = pb_place_dense(shape, region, offset);
        offset += (int64_t)pb_shape_count(shape);
    }
    return PB_OK;
}

static pb_status place_leaves(pb_build *b)
{
    for (pb_value v = 0; v < b->count; ++v)
        if (pb_build_record(b, v)->op == PB_OP_ASSIGN)
            PB_TRY(place_joined_leaves(b, pb_build_record(b, v)->in[0]));
    for (pb_value v = 0; v < b->count; ++v) {
        const pb_record *r = pb_build_record(b, v);
        if (b->place[v].region >= 0 ||
            !(r->op == PB_OP_LEAF || (r->op == PB_OP_CONSTANT && r->attrs.data)))
            continue;
        int region;
        PB_TRY(persistent_region(b, r->dtype, pb_shape_count(r->shape), &region));
        if (r->op == PB_OP_CONSTANT) b->regions[region].initial = r->attrs.data;
        b->place[v] = pb_place_dense(r->shape, region, 0);
    }
    return PB_OK;
}

/* ---- the static part ---- */

/* Whether v takes more than elementwise work on stored data: then it is worth keeping. */
static bool is_worth_keeping(const pb_build *b, pb_value v, signed char known[])
{
    if (known[v] >= 0) return known[v];
    const pb_record *r = pb_build_record(b, v);
    bool worth = pb_ops[r->op].class == PB_REDUCTION || pb_ops[r->op].class == PB_CONTRACTION;
    for (int i = 0; i < r->arity && !worth; ++i) worth = is_worth_keeping(b, r->in[i], known);
    known[v] = worth;
    return worth;
}

/* Static values that the programs read, largest expressions first met from above. Views are
 * looked through: they cost nothing to repeat, and a broadcast would only take memory. */
static void find_kept(const pb_build *b, pb_value v, signed char known[], bool seen[], bool kept[])
{
    if (seen[v]) return;
    seen[v] = true;
    const pb_record *r = pb_build_record(b, v);
    if (b->place[v].region >= 0) return;
    const bool view = r->op == PB_OP_RESHAPE || r->op == PB_OP_BROADCAST || r->op == PB_OP_SLICE;
    if (b->is_static[v] && !view && is_worth_keeping(b, v, known)) {
        kept[v] = true;
        return;
    }
    for (int i = 0; i < r->arity; ++i) find_kept(b, r->in[i], known, seen, kept);
}

static pb_status add_program(pb_build *b, const char *name, int assign_count,
                             const pb_value *assigns, bool is_setup)
{
    pb_program_build *p = &b->programs[b->program_count];
    *p = (pb_program_build){.name = name,
                            .index = b->program_count,
                            .is_setup = is_setup,
                            .assign_count = assign_count,
                            .assigns = assigns};
    ++b->program_count;
    const size_t n = (size_t)b->count;
    p->place = pb_arena_alloc(b->arena, n * sizeof *p->place);
    p->needed = pb_arena_alloc(b->arena, n * sizeof *p->needed);
    p->stored = pb_arena_alloc(b->arena, n * sizeof *p->stored);
    p->dense = pb_arena_alloc(b->arena, n * sizeof *p->dense);
    p->root_of = pb_arena_alloc(b->arena, n * sizeof *p->root_of);
    if (!p->place || !p->needed || !p->stored || !p->dense || !p->root_of)
        return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to plan program %s", name);
    for (size_t v = 0; v < n; ++v) {
        p->place[v].region = -1;
        p->root_of[v] = -1;
    }
    return PB_OK;
}

static pb_status add_setup(pb_build *b)
{
    const pb_program_list *list = pb_graph_programs(b->g);
    const size_t n = (size_t)b->count;
    signed char *known = pb_arena_alloc(b->arena, n);
    bool *seen = pb_arena_alloc(b->arena, n * sizeof *seen),
         *kept = pb_arena_alloc(b->arena, n * sizeof *kept);
    pb_value *values = pb_arena_alloc(b->arena, n * sizeof *values);
    if (!known || !seen || !kept || !values)
        return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to plan %d values", b->count);
    memset(known, -1, n);
    for (int i = 0; i < list->count; ++i)
        for (int k = 0; k < list->program[i].assign_count; ++k)
            find_kept(b, pb_build_record(b, list->program[i].assigns[k])->in[1], known, seen, kept);
    int count = 0;
    for (pb_value v = 0; v < b->count; ++v)
        if (kept[v]) values[count++] = v;
    PB_TRY(add_program(b, "setup", count, values, true));
    for (int i = 0; i < count; ++i) {
        const pb_record *r = pb_build_record(b, values[i]);
        int region;
        PB_TRY(persistent_region(b, r->dtype, pb_shape_count(r->shape), &region));
        b->place[values[i]] = pb_place_dense(r->shape, region, 0);
    }
    return PB_OK;
}

static pb_status plan_program(pb_build *b, pb_program_build *p)
{
    PB_TRY(pb_plan_roots(b, p));
    PB_TRY(pb_plan_units(b, p));
    return pb_plan_tasks(b, p);
}

/* Compilers keep to half of a wide register where nobody asks for more. Of narrow ones two at a
 * time hide what an operation waits for: one at a time, exp takes twice as long, because its
 * constants are moved from register to register; four at a time, sums of rows do. Intel's compiler
 * of 2026.2 dies of the hint in its own vectoriser, on kernels of a few operations, and vectorises
 * without it.
 */
static const char *loop_hint(const pb_build *b, bool block)
{
    if (strstr(b->info->platform, "Intel(R) OpenCL")) return "";
    if (!b->on_cpu) return " _Pragma(\"clang loop vectorize(assume_safety)\")";
    if (pb_has_wide_registers(b->info))
        return " _Pragma(\"clang loop vectorize(assume_safety) vectorize_width(16)\")";
    return block ? " _Pragma(\"clang loop vectorize(assume_safety) interleave_count(4)\")"
                 : " _Pragma(\"clang loop vectorize(assume_safety) interleave_count(2)\")";
}

/* OpenCL's prefetch does nothing in PoCL, and others' compilers or interpreters know no other. */
static const char *prefetch(const pb_build *b)
{
    return pb_device_is_pocl(b->info) ? "__builtin_prefetch(place)" : "";
}

/* PoCL 3.1 stores a vector of 16 floats as 4, 4 and 8 of them, with two instructions more to take
 * them apart. Of a type that is aligned as its elements are, it is one. */
static const char pocl_prelude[] =
    "typedef float unaligned8 __attribute__((ext_vector_type(8), aligned(4)));\n"
    "typedef float unaligned16 __attribute__((ext_vector_type(16), aligned(4)));\n"
    "#define STORES(width, space) \\\n"
    "    __attribute__((overloadable, always_inline)) void store_##width( \\\n"
    "        float##width value, size_t i, space float *place) \\\n"
    "    { \\\n"
    "        *(space unaligned##width *)(place + width * i) = value; \\\n"
    "    }\n"
    "STORES(8, global)\nSTORES(8, local)\nSTORES(8, private)\n"
    "STORES(16, global)\nSTORES(16, local)\nSTORES(16, private)\n"
    "#define vstore8 store_8\n"
    "#define vstore16 store_16\n\n";

/* Processors with wide registers have an instruction for it. Of older ones some have none, and what
 * compilers take for it makes an update take longer. */
bool pb_build_can_own(const pb_build *b)
{
    return b->on_cpu && pb_device_is_pocl(b->info) && pb_has_wide_registers(b->info);
}

void pb_build_prelude(const pb_build *b, pb_text *source)
{
    pb_text_append(source, prelude, loop_hint(b, false), loop_hint(b, true), prefetch(b),
                   pb_build_can_own(b) ? "__builtin_prefetch(place, 1)" : "");
    if (b->on_cpu && pb_device_is_pocl(b->info)) pb_text_append(source, "%s", pocl_prelude);
    pb_text_append(source, "%s", b->on_cpu ? cpu_prelude : gpu_prelude);
    pb_text_append(source, "%s", random_prelude);
}

void pb_build_append(pb_text *source, const pb_kernel *kernel)
{
    pb_text_append(source, "#define NAME %s\n%s\n#undef NAME\n#line 1 \"plan\"\n\n", kernel->name,
                   kernel->text);
}

pb_status pb_build_kernel(pb_build *b, const char *text, const char **name)
{
    for (const pb_kernel *k = b->kernels; k; k = k->before)
        if (strcmp(k->text, text) == 0) {
            *name = k->name;
            return PB_OK;
        }
    pb_kernel *made = pb_arena_alloc(b->arena, sizeof *made);
    if (made) {
        /* no name begins another: Oclgrind adds up local memory by beginnings of names */
        made->name = pb_arena_printf(b->arena, "k_%03d", b->kernel_count++);
        made->text = pb_arena_strdup(b->arena, text);
        made->before = b->kernels;
    }
    if (!made || !made->name || !made->text)
        return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to write a kernel");
    b->kernels = made;
    pb_build_append(&b->source, made);
    *name = made->name;
    return PB_OK;
}

pb_status pb_build_plan(pb_build *b)
{
    const size_t n = (size_t)b->count;
    b->place = pb_arena_alloc(b->arena, (n + 1) * sizeof *b->place);
    b->is_static = pb_arena_alloc(b->arena, (n + 1) * sizeof *b->is_static);
    if (!b->place || !b->is_static)
        return pb_fail(b->ctx, PB_ERR_MEMORY, "no memory to plan %d values", b->count);
    for (size_t v = 0; v < n; ++v) b->place[v].region = -1;
    pb_graph_static(b->g, b->is_static);
    PB_TRY(place_leaves(b));
    pb_build_prelude(b, &b->source);
    PB_TRY(add_setup(b));
    const pb_program_list *list = pb_graph_programs(b->g);
    for (int i = 0; i < list->count && !b->setup_only; ++i)
        PB_TRY(add_program(b, list->program[i].name, list->program[i].assign_count,
                           list->program[i].assigns, false));
    for (int i = 0; i < b->program_count; ++i) PB_TRY(plan_program(b, &b->programs[i]));
    return PB_OK;
}

void pb_build_clear(pb_build *b)
{
    for (int i = 0; i < b->region_count; ++i) pb_buffer_free(&b->regions[i].buffer);
    for (int i = 0; i < b->program_count; ++i) {
        free(b->programs[i].roots);
        free(b->programs[i].units);
        free(b->programs[i].sequence);
        free(b->programs[i].dispatches);
    }
    free(b->regions);
    pb_text_free(&b->source);
    pb_text_free(&b->macros);
    pb_arena_free(&b->arena);
}
