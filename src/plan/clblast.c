/* CLBlast's own parameters. They hold for a device and all its products, so they are chosen once
 * for each of its kernels, under the keys "clblast Xgemm", "clblast XgemmDirect" and "clblast
 * GemmRoutine". */
#include "plan/clblast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "clblast "

static const char *const keys[PB_GEMM_KERNELS] = {PREFIX "Xgemm", PREFIX "XgemmDirect",
                                                  PREFIX "GemmRoutine"};

const char *pb_clblast_key(int kernel)
{
    return keys[kernel];
}

void pb_clblast_apply(pb_build *b)
{
    for (int i = 0; i < PB_GEMM_KERNELS; ++i) {
        const char *words = b->choices ? pb_choices_get(b->choices, keys[i]) : NULL;
        if (!words) continue;
        if (pb_gemm_parameters(b->device, keys[i] + strlen(PREFIX), words) == PB_OK)
            b->clblast[i] = pb_arena_strdup(b->arena, words);
        else
            pb_log(b->ctx, PB_LOG_DEBUG, "%s: %s", keys[i], pb_error(b->ctx));
    }
}

/* ---- the search ---- */

/* What the search tries of each kernel: one parameter, or several that go together, after the
 * other. Values of one row are set at once. */
typedef struct move {
    const char *names[2]; /* the second may be NULL */
    int values[8];        /* ended by -1            */
} move;

static const move xgemm_moves[] = {
    {{"MWG", NULL}, {16, 32, 64, 128, -1}},
    {{"NWG", NULL}, {16, 32, 64, 128, -1}},
    {{"MDIMC", "MDIMA"}, {1, 8, 16, 32, -1}},
    {{"NDIMC", "NDIMB"}, {1, 8, 16, 32, -1}},
    {{"VWM", NULL}, {1, 2, 4, 8, 16, -1}},
    {{"VWN", NULL}, {1, 2, 4, 8, 16, -1}},
    {{"KWG", NULL}, {1, 16, 32, -1}},
    {{"KWI", NULL}, {1, 2, 8, -1}},
    {{"SA", "SB"}, {0, 1, -1}},
    {{"STRM", "STRN"}, {0, 1, -1}},
    {{NULL, NULL}, {-1}},
};
static const move direct_moves[] = {
    {{"WGD", NULL}, {8, 16, 32, 64, -1}},    {{"MDIMCD", "MDIMAD"}, {8, 16, 32, -1}},
    {{"NDIMCD", "NDIMBD"}, {8, 16, 32, -1}}, {{"VWMD", NULL}, {1, 2, 4, 8, -1}},
    {{"VWND", NULL}, {1, 2, 4, 8, -1}},      {{"KWID", NULL}, {2, 8, 16, -1}},
    {{"PADA", "PADB"}, {0, 1, -1}},          {{NULL, NULL}, {-1}},
};
static const move routine_moves[] = {
    {{"XGEMM_MIN_INDIRECT_SIZE", NULL}, {16, 32, 64, 128, 256, 512, 1024, -1}},
    {{NULL, NULL}, {-1}},
};

static const struct {
    const move *moves;
    const char *cpu, *gpu; /* where the search begins */
} searches[PB_GEMM_KERNELS] = {
    {xgemm_moves, pb_gemm_cpu_tiles,
     "clblast GEMMK=0 KREG=1 KWG=32 KWI=2 MDIMA=16 MDIMC=16 MWG=64 NDIMB=16 NDIMC=16 NWG=64 SA=1 "
     "SB=1 STRM=0 STRN=0 VWM=4 VWN=4"},
    {direct_moves,
     "clblast KWID=2 MDIMAD=8 MDIMCD=8 NDIMBD=8 NDIMCD=8 PADA=1 PADB=1 VWMD=1 VWND=1 WGD=8",
     "clblast KWID=2 MDIMAD=8 MDIMCD=8 NDIMBD=8 NDIMCD=8 PADA=1 PADB=1 VWMD=2 VWND=2 WGD=32"},
    {routine_moves, pb_gemm_cpu_routine, "clblast XGEMM_MIN_INDIRECT_SIZE=384"},
};

/* Multiplications that a work-item's loop is unrolled to: compilers take minutes over more. */
#define UNROLLED_MOST 1024

static long number(const char *words, const char *name)
{
    long value = 1;
    pb_choice_number(words, name, &value);
    return value;
}

/* What the kernels demand, and do not see to themselves. That vectors divide the other side's tile
 * too keeps the parts of the workspace aligned. */
static bool is_valid(const pb_build *b, int kernel, const char *words)
{
    const long most = (long)b->info->max_work_group_size;
#define P(name) number(words, #name)
    if (kernel == 0) {
        const long group = P(MDIMC) * P(NDIMC);
        const long local = 4 * P(KWG) * (P(SA) * P(MWG) + P(SB) * P(NWG));
        const long unrolled = P(MWG) / P(MDIMC) * (P(NWG) / P(NDIMC)) * P(KWI);
        return unrolled <= UNROLLED_MOST && group <= most && P(KWG) % P(KWI) == 0 &&
               P(MWG) % (P(MDIMC) * P(VWM)) == 0 && P(NWG) % (P(NDIMC) * P(VWN)) == 0 &&
               P(MWG) % P(VWN) == 0 && P(NWG) % P(VWM) == 0 &&
               P(KWG) % ((group + P(MDIMA) - 1) / P(MDIMA)) == 0 &&
               P(KWG) % ((group + P(NDIMB) - 1) / P(NDIMB)) == 0 &&
               (uint64_t)local <= b->info->local_memory_bytes;
    }
    if (kernel == 1) {
        const long group = P(MDIMCD) * P(NDIMCD), side = P(WGD);
        return group <= most && side % P(KWID) == 0 && side % (P(MDIMCD) * P(VWMD)) == 0 &&
               side % (P(NDIMCD) * P(VWND)) == 0 && side % (group / P(MDIMAD)) == 0 &&
               side % (group / P(NDIMBD)) == 0 &&
               (uint64_t)(8 * side * (side + 1)) <= b->info->local_memory_bytes;
    }
#undef P
    return true;
}

/* Appends words with other values of the move's parameters. */
static void set_values(pb_text *out, const char *words, const move *m, int value)
{
    const size_t first = strcspn(words, " ");
    pb_text_append(out, "%.*s", (int)first, words);
    for (const char *at = strchr(words, ' '); at; at = strchr(at + 1, ' ')) {
        const size_t name = strcspn(at + 1, "="), whole = strcspn(at + 1, " ");
        bool moved = false;
        for (int i = 0; i < 2 && m->names[i]; ++i)
            moved |= strlen(m->names[i]) == name && strncmp(at + 1, m->names[i], name) == 0;
        if (moved)
            pb_text_append(out, " %.*s=%d", (int)name, at + 1, value);
        else
            pb_text_append(out, " %.*s", (int)whole, at + 1);
    }
}

typedef struct clblast_search {
    const pb_build *b;
    const pb_tuning *tuning;
    int kernel, problem_count;
    const pb_problem *problems;
    double seconds; /* of all problems with the best words */
    char *best;
} clblast_search;

static pb_status try_parameters(clblast_search *s, const char *words)
{
    pb_context *ctx = s->b->ctx;
    if (s->tuning->stop && *s->tuning->stop) return pb_fail(ctx, PB_INTERRUPTED, "interrupted");
    if (!is_valid(s->b, s->kernel, words)) return PB_OK;
    double sum = 0;
    for (int i = 0; i < s->problem_count && sum < s->seconds; ++i) {
        double seconds = (double)INFINITY;
        char *choice = NULL;
        const pb_status status = pb_candidate_time(&s->problems[i], PB_CLBLAST, keys[s->kernel],
                                                   words, s->seconds, &seconds, &choice);
        free(choice);
        if (status == PB_ERR_MEMORY || status == PB_INTERRUPTED) return status;
        sum += seconds;
    }
    pb_log(ctx, PB_LOG_DEBUG, "%s: %s: %.1f us", keys[s->kernel], words, 1e6 * sum);
    if (!(sum < PB_GAIN * s->seconds)) return PB_OK;
    free(s->best);
    s->seconds = sum;
    s->best = strdup(words);
    return s->best ? PB_OK : pb_fail(ctx, PB_ERR_MEMORY, "no memory for CLBlast's parameters");
}

static pb_status search_kernel(clblast_search *s)
{
    const char *from = s->b->on_cpu ? searches[s->kernel].cpu : searches[s->kernel].gpu;
    PB_TRY(try_parameters(s, from));
    for (const move *m = searches[s->kernel].moves; s->best && m->names[0]; ++m) {
        char *base = strdup(s->best);
        pb_status status = base ? PB_OK : pb_fail(s->b->ctx, PB_ERR_MEMORY, "no memory for words");
        for (int k = 0; status == PB_OK && m->values[k] >= 0; ++k) {
            pb_text words = {0};
            set_values(&words, base, m, m->values[k]);
            if (words.failed)
                status = pb_fail(s->b->ctx, PB_ERR_MEMORY, "no memory for words");
            else if (strcmp(words.text, base) != 0)
                status = try_parameters(s, words.text);
            pb_text_free(&words);
        }
        free(base);
        PB_TRY(status);
    }
    return PB_OK;
}

pb_status pb_clblast_search(const pb_build *b, const pb_tuning *tuning, int count,
                            const pb_problem problems[], pb_choices *choices)
{
    for (int i = 0; i < PB_GEMM_KERNELS && count > 0; ++i) {
        pb_effort effort;
        if (pb_choices_effort(choices, keys[i], &effort) && effort == PB_EXHAUSTIVE) continue;
        clblast_search s = {.b = b,
                            .tuning = tuning,
                            .kernel = i,
                            .problem_count = count,
                            .problems = problems,
                            .seconds = (double)INFINITY};
        pb_status status = search_kernel(&s);
        if (status == PB_OK && s.best &&
            !pb_choices_set(choices, keys[i], s.best, PB_EXHAUSTIVE, s.seconds))
            status = pb_fail(b->ctx, PB_ERR_MEMORY, "no memory for choices");
        if (status == PB_OK && s.best)
            status = pb_gemm_parameters(b->device, keys[i] + strlen(PREFIX), s.best);
        free(s.best);
        PB_TRY(status);
    }
    return PB_OK;
}
