/* products_openblas: times matrix products in OpenBLAS and prints JSON.
 *
 *   build/bench-openblas [--rounds N] [--threads N] [SHAPE ...]
 *
 * A SHAPE is MxNxK with At, Bt or both behind it, as in 128x256x256Bt: C [M, N] = A [M, K] B [K, N]
 * in float32 by rows, At: A lies as [K, M], Bt: B lies as [N, K]. Each is timed with 1 thread and
 * with as many as the library takes by itself, a block of each in turn, and the faster is told.
 * Leave OPENBLAS_* unset, so that the library picks its kernels. It is opened when the program runs
 * and needs no headers: libopenblas0-pthread is enough. */
#include <dlfcn.h>
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS_BY_ROWS = 101, AS_IT_LIES = 111, TRANSPOSED = 112 }; /* of CBLAS */

#define BLOCK_SECONDS 0.02 /* a block repeats a product about so long */
#define CHECKED       200  /* elements compared with sums in float64  */

/* What is used of OpenBLAS. */
typedef struct openblas {
    void (*sgemm)(int order, int a_way, int b_way, int m, int n, int k, float alpha, const float *a,
                  int a_stride, const float *b, int b_stride, float beta, float *c, int c_stride);
    char *(*describe)(void);
    char *(*kernels)(void);
    int (*threads)(void);
    void (*use_threads)(int);
} openblas;

typedef struct product {
    const char *name; /* as on the command line */
    int m, n, k, a_transposed, b_transposed;
    float *a, *b, *c;
    int threads;          /* of the faster setting */
    double *microseconds; /* [rounds], ascending   */
} product;

static const char *const usual[] = {
    /* the networks of configs/: forward, gradient of the input, gradient of the weights */
    "128x256x40Bt", "128x256x256", "128x256x256Bt", "256x256x128At", "256x40x128At", "128x10x256",
    "128x10x256Bt", "128x256x10", "10x256x128At", "128x128x2048", "128x128x2048Bt", "128x2048x128",
    "128x2048x128At", "2048x128x128", "2048x128x128At", "32x48x16384", "32x48x16384Bt",
    "32x16384x48", "48x16384x32At",
    /* squares */
    "512x512x512", "512x512x512At", "512x512x512Bt", "1024x1024x1024", "1024x1024x1024At",
    "1024x1024x1024Bt", "2048x2048x2048", "2048x2048x2048At", "2048x2048x2048Bt"};

static int complain(const char *sentence, const char *about)
{
    fprintf(stderr, "bench-openblas: %s: %s\n", about, sentence);
    return 1;
}

/* ISO C has no conversion from a data pointer to a function's; POSIX promises the same bits. */
static int find(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);
    memcpy(function, &address, sizeof address);
    return !address && complain("is not in this OpenBLAS", name);
}

static int open_library(openblas *o)
{
    void *library = dlopen("libopenblas.so.0", RTLD_NOW);
    if (!library) return complain("apt-get install libopenblas0-pthread brings it", dlerror());
    return find(library, "cblas_sgemm", &o->sgemm) ||
           find(library, "openblas_get_config", &o->describe) ||
           find(library, "openblas_get_corename", &o->kernels) ||
           find(library, "openblas_get_num_threads", &o->threads) ||
           find(library, "openblas_set_num_threads", &o->use_threads);
}

/* ---- one product ---- */

static int parse(const char *shape, product *p)
{
    int length = 0;
    p->name = shape;
    if (sscanf(shape, "%dx%dx%d%n", &p->m, &p->n, &p->k, &length) != 3 || p->m < 1 || p->n < 1 ||
        p->k < 1)
        return complain("is no shape; one is 128x256x64 or 128x256x64AtBt", shape);
    const char *rest = shape + length;
    p->a_transposed = strncmp(rest, "At", 2) == 0;
    if (p->a_transposed) rest += 2;
    p->b_transposed = strncmp(rest, "Bt", 2) == 0;
    if (p->b_transposed) rest += 2;
    return *rest && complain("ends in something other than At, Bt or AtBt", shape);
}

static float *random_matrix(size_t rows, size_t columns, unsigned *state)
{
    float *x = malloc(rows * columns * sizeof *x);
    for (size_t i = 0; x && i < rows * columns; i++) {
        *state = *state * 1664525U + 1013904223U;
        x[i] = (float)(*state >> 8) / (float)(1U << 23) - 1;
    }
    return x;
}

static int fill(product *p)
{
    unsigned state = 1;
    p->a = random_matrix((size_t)p->m, (size_t)p->k, &state);
    p->b = random_matrix((size_t)p->k, (size_t)p->n, &state);
    p->c = random_matrix((size_t)p->m, (size_t)p->n, &state);
    return !(p->a && p->b && p->c) && complain("out of memory", p->name);
}

static void release(product *p)
{
    free(p->a);
    free(p->b);
    free(p->c);
    free(p->microseconds);
}

static void multiply(const openblas *o, const product *p)
{
    o->sgemm(ROWS_BY_ROWS, p->a_transposed ? TRANSPOSED : AS_IT_LIES,
             p->b_transposed ? TRANSPOSED : AS_IT_LIES, p->m, p->n, p->k, 1, p->a,
             p->a_transposed ? p->m : p->k, p->b, p->b_transposed ? p->k : p->n, 0, p->c, p->n);
}

/* Elements here and there, against sums in float64. Sums in float32 are off by far less than 1e-5
 * of what they add up, in whatever order they add it. */
static int check(const openblas *o, const product *p)
{
    multiply(o, p);
    unsigned state = 2;
    for (int e = 0; e < CHECKED; e++) {
        state = state * 1664525U + 1013904223U;
        const size_t i = (state >> 8) % (unsigned)p->m;
        state = state * 1664525U + 1013904223U;
        const size_t j = (state >> 8) % (unsigned)p->n;
        double sum = 0, size = 0;
        for (size_t l = 0; l < (size_t)p->k; l++) {
            const double a = p->a[p->a_transposed ? l * (size_t)p->m + i : i * (size_t)p->k + l];
            const double b = p->b[p->b_transposed ? j * (size_t)p->k + l : l * (size_t)p->n + j];
            sum += a * b;
            size += fabs(a * b);
        }
        if (!(fabs(p->c[i * (size_t)p->n + j] - sum) <= 1e-5 * size)) /* nor is NaN */
            return complain("is not the product of its factors: nothing to time", p->name);
    }
    return 0;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds_of(const openblas *o, const product *p, int times)
{
    const double start = now();
    for (int i = 0; i < times; i++) multiply(o, p);
    return now() - start;
}

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double sorted[], int count)
{
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

/* Leaves in p the faster of the settings. */
static int time_settings(const openblas *o, product *p, const int threads[2], int rounds)
{
    double *blocks[2] = {calloc((size_t)rounds, sizeof(double)),
                         calloc((size_t)rounds, sizeof(double))};
    int times[2] = {1, 1}, best = 0;
    if (!blocks[0] || !blocks[1]) {
        free(blocks[0]);
        free(blocks[1]);
        return complain("out of memory", p->name);
    }
    for (int s = 0; s < 2; s++) {
        o->use_threads(threads[s]);
        while (times[s] < 1 << 20 && seconds_of(o, p, times[s]) < BLOCK_SECONDS) times[s] *= 2;
    }
    for (int r = 0; r < rounds; r++)
        for (int s = 0; s < 2; s++) {
            o->use_threads(threads[s]);
            multiply(o, p); /* wakes the threads */
            blocks[s][r] = 1e6 * seconds_of(o, p, times[s]) / times[s];
        }
    for (int s = 0; s < 2; s++) qsort(blocks[s], (size_t)rounds, sizeof(double), compare_numbers);
    if (median(blocks[1], rounds) < median(blocks[0], rounds)) best = 1;
    p->threads = threads[best];
    p->microseconds = blocks[best];
    free(blocks[!best]);
    return 0;
}

/* ---- all of them ---- */

static json_t *json_of(const product *p, int rounds)
{
    const double middle = median(p->microseconds, rounds);
    return json_pack("{s:s, s:i, s:i, s:i, s:b, s:b, s:i, s:f, s:f, s:f}", "shape", p->name, "m",
                     p->m, "n", p->n, "k", p->k, "a_transposed", p->a_transposed, "b_transposed",
                     p->b_transposed, "threads", p->threads, "microseconds", middle,
                     "least_microseconds", p->microseconds[0], "gflops",
                     2e-3 * p->m * p->n * p->k / middle);
}

static int run(const openblas *o, int count, const char *const shapes[], const int threads[2],
               int rounds)
{
    json_t *rows = json_array();
    int failed = 0;
    for (int i = 0; i < count && !failed; i++) {
        product p = {0};
        failed = parse(shapes[i], &p) || fill(&p) || check(o, &p) ||
                 time_settings(o, &p, threads, rounds) ||
                 json_array_append_new(rows, json_of(&p, rounds));
        release(&p);
    }
    json_t *all = json_pack("{s:s, s:s, s:i, s:o}", "library", o->describe(), "kernels",
                            o->kernels(), "rounds", rounds, "products", rows);
    if (!failed && all) json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6)), puts("");
    json_decref(all);
    return failed || !all;
}

int main(int count, char **arguments)
{
    static const struct option known[] = {
        {"rounds", required_argument, NULL, 'r'}, {"threads", required_argument, NULL, 't'}, {0}};
    int rounds = 9, threads = 0;
    for (int option; (option = getopt_long(count, arguments, "", known, NULL)) != -1;) {
        if (option == 'r') rounds = atoi(optarg);
        if (option == 't') threads = atoi(optarg);
        if (option == '?' || rounds < 1 || threads < 0) {
            fputs("usage: bench-openblas [--rounds N] [--threads N] [MxNxK[At][Bt] ...]\n"
                  "  --rounds N   blocks timed of each product and number of threads (default 9)\n"
                  "  --threads N  beside 1 (default: as many as OpenBLAS takes by itself)\n",
                  stderr);
            return 2;
        }
    }
    openblas o = {0};
    if (open_library(&o)) return 1;
    const int tried[2] = {1, threads ? threads : o.threads()};
    if (optind < count)
        return run(&o, count - optind, (const char *const *)arguments + optind, tried, rounds);
    return run(&o, (int)(sizeof usual / sizeof *usual), usual, tried, rounds);
}
