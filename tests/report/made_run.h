/* Makes run folders as src/README.md describes them, with numbers that look like training and are
 * known to the tests. */
#ifndef TESTS_REPORT_MADE_RUN_H
#define TESTS_REPORT_MADE_RUN_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Files are written here by hand rather than by the library: a test compares with what this code
 * did not compute. */

typedef struct made_run {
    const char *name;
    int seeds, epochs, steps_per_epoch, log_every, classes, bands;
    bool learned;    /* the band weights move      */
    bool early;      /* the last seed stops at 60% */
    bool unfinished; /* no summary, no arrays      */
    bool unheld;     /* no validation part         */
    int shown;       /* samples whose labels are told: 0, 1, ..., 0, 1, ... */
    double accuracy; /* of the test, mean          */
    const char *const *class_names;
} made_run;

static const char *const made_class_names[] = {"T-shirt/top", "Trouser",   "Pullover", "Dress",
                                               "Coat",        "Sandal",    "Shirt",    "Sneaker",
                                               "Bag",         "Ankle boot"};

static const made_run made_default = {.name = "adaptive_bands",
                                      .seeds = 3,
                                      .epochs = 30,
                                      .steps_per_epoch = 375,
                                      .log_every = 5,
                                      .classes = 10,
                                      .bands = 8,
                                      .learned = true,
                                      .accuracy = 0.9746,
                                      .class_names = made_class_names};

static inline double made_noise(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) / 16777216.0 - 0.5;
}

static inline FILE *made_open(const char *folder, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        exit(1);
    }
    return file;
}

/* A version 1 header of numpy.lib.format. */
static inline void made_npy_header(FILE *file, const char *descr, int axes, const int dim[])
{
    char shape[128] = "", header[256];
    for (int i = 0; i < axes; i++)
        snprintf(shape + strlen(shape), sizeof shape - strlen(shape), "%d, ", dim[i]);
    int length = snprintf(header, sizeof header,
                          "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape);
    while ((10 + length + 1) % 64) header[length++] = ' ';
    header[length++] = '\n';
    fwrite("\x93NUMPY\x01\x00", 1, 8, file);
    fputc(length & 255, file);
    fputc(length >> 8, file);
    fwrite(header, 1, (size_t)length, file);
}

static inline void made_f32(FILE *file, double number)
{
    const float f = (float)number;
    fwrite(&f, sizeof f, 1, file);
}

static inline int made_epochs_of(const made_run *r, int seed)
{
    return r->early && seed == r->seeds - 1 ? r->epochs * 3 / 5 : r->epochs;
}

static inline double made_loss(const made_run *r, double progress)
{
    return 1.8 * (1 - r->accuracy) + 0.02 + 1.6 * exp(-30 * progress) + 0.35 * exp(-3 * progress);
}

static inline void made_metrics(const char *folder, const made_run *r)
{
    FILE *file = made_open(folder, "metrics.jsonl");
    uint32_t state = 7;
    for (int s = 0; s < r->seeds; s++)
        for (int e = 1; e <= made_epochs_of(r, s); e++) {
            const double at = (double)e / r->epochs;
            fprintf(file,
                    "{\"seed\": %d, \"epoch\": %d, \"step\": %d, \"train_loss\": %.9g, "
                    "\"train_accuracy\": %.9g, ",
                    s, e, e * r->steps_per_epoch, made_loss(r, at) + 0.01 * made_noise(&state),
                    1 - 0.2 * made_loss(r, at));
            if (!r->unheld)
                fprintf(file, "\"val_loss\": %.9g, \"val_accuracy\": %.9g, ",
                        made_loss(r, at) + 0.03 + 0.02 * at + 0.02 * made_noise(&state),
                        0.98 - 0.2 * made_loss(r, at));
            fprintf(file,
                    "\"rate\": {\"adam_1\": 0.001, \"sgd_1\": %.9g}, "
                    "\"losses\": {\"cross_entropy\": %.9g, \"reconstruction\": 0.25}, \"seconds\": "
                    "0.5}\n",
                    0.005 * (1 + cos(at * 3.14159265)), made_loss(r, at) - 0.02);
        }
    fclose(file);
}

static inline void made_arrays(const char *folder, const made_run *r)
{
    const int points = r->epochs * r->steps_per_epoch / r->log_every;
    uint32_t state = 11;
    FILE *file = made_open(folder, "train_loss.npy");
    made_npy_header(file, "<f4", 2, (int[]){r->seeds, points});
    for (int s = 0; s < r->seeds; s++)
        for (int p = 0; p < points; p++) {
            const double at = (p + 1.0) / points;
            const bool stopped = p >= made_epochs_of(r, s) * points / r->epochs;
            const double loss = made_loss(r, at) * (1 + 0.5 * made_noise(&state) + 0.02 * s);
            made_f32(file, stopped ? NAN : loss);
        }
    fclose(file);

    file = made_open(folder, "class_accuracies.npy");
    made_npy_header(file, "<f8", 2, (int[]){r->seeds, r->classes});
    for (int s = 0; s < r->seeds; s++)
        for (int c = 0; c < r->classes; c++) {
            const double accuracy = r->accuracy - 0.03 * (c % 5) + 0.02 * made_noise(&state);
            fwrite(&accuracy, sizeof accuracy, 1, file);
        }
    fclose(file);
    if (!r->bands) return;

    double weights[64] = {0}; /* at the end, of the first seed */
    file = made_open(folder, "band_weights.npy");
    made_npy_header(file, "<f4", 3, (int[]){r->seeds, points, r->bands});
    for (int s = 0; s < r->seeds; s++)
        for (int p = 0; p < points; p++) {
            double logits[64], sum = 0;
            for (int k = 0; k < r->bands; k++) {
                const double goal = 1.3 * cos(0.35 * k) + 0.15 * s * sin(k + s);
                logits[k] = r->learned ? exp(goal * (1 - exp(-3.0 * p / points))) : 1;
                sum += logits[k];
            }
            for (int k = 0; k < r->bands; k++) {
                made_f32(file, logits[k] / sum);
                if (s == 0) weights[k] = logits[k] / sum;
            }
        }
    fclose(file);

    file = made_open(folder, "mask.npy");
    made_npy_header(file, "<f4", 3, (int[]){r->seeds, 16, 16});
    for (int s = 0; s < r->seeds; s++)
        for (int i = 0; i < 16; i++)
            for (int j = 0; j < 16; j++) {
                const int band = (int)(r->bands * sqrt(i * i + j * j) / sqrt(450));
                made_f32(file, weights[band < r->bands ? band : r->bands - 1]);
            }
    fclose(file);

    file = made_open(folder, "reconstructions.npy");
    made_npy_header(file, "<f4", 4, (int[]){2, 16, 28, 28});
    for (int half = 0; half < 2; half++)
        for (int n = 0; n < 16; n++)
            for (int y = 0; y < 28; y++)
                for (int x = 0; x < 28; x++) {
                    const double r2 = (x - 13.5) * (x - 13.5) + (y - 13.5) * (y - 13.5);
                    const double ring = fabs(sqrt(r2) - 3 - n % 8) < 2 ? 0.5 : -0.5;
                    made_f32(file, half ? ring / 8 * (1 - r2 / 800) : ring);
                }
    fclose(file);
}

static inline void made_summary(const char *folder, const made_run *r)
{
    FILE *file = made_open(folder, "summary.json");
    fprintf(file, "{\n  \"name\": \"%s\", \"data_set\": \"fashion-mnist\",\n", r->name);
    for (int val = 0; val < 2 - r->unheld; val++) {
        const double mean = r->accuracy - 0.004 * val;
        fprintf(file, "  \"%s\": {\"mean\": %.9g, \"std\": %.9g, \"per_seed\": [",
                val ? "val_accuracy" : "test_accuracy", mean, r->seeds > 1 ? 0.001 : 0.0);
        for (int s = 0; s < r->seeds; s++)
            fprintf(file, "%s%.9g", s ? ", " : "", mean + 0.001 * (s - (r->seeds - 1) / 2.0));
        fprintf(file, "]},\n");
    }
    fprintf(
        file,
        "  \"seconds_per_epoch\": 0.4567, \"setup_seconds\": 1.25, \"steps_per_second\": 812.5,\n"
        "  \"device\": \"pthread-Intel(R) Xeon(R)\", \"parameters\": 268026, "
        "\"peak_host_bytes\": 312345678, \"steps_per_epoch\": "
        "%d,\n"
        "  \"log_every\": %d, \"class_names\": [",
        r->steps_per_epoch, r->log_every);
    for (int c = 0; c < r->classes; c++)
        if (r->class_names) fprintf(file, "%s\"%s\"", c ? ", " : "", r->class_names[c]);
    fprintf(file, "], \"best_epoch\": [");
    for (int s = 0; s < r->seeds; s++) fprintf(file, "%s%d", s ? ", " : "", r->epochs - s);
    fprintf(file, "], \"shown_labels\": [");
    for (int i = 0; i < r->shown; i++) fprintf(file, "%s%d", i ? ", " : "", i % r->classes);
    fprintf(file, "]\n}\n");
    fclose(file);
}

static inline void make_run(const char *folder, const made_run *r)
{
    mkdir(folder, 0777);
    FILE *file = made_open(folder, "config.yaml");
    fprintf(file,
            "name: \"%s\"\ndata: {name: fashion-mnist}\nstages:\n  - load  # <first> & \"only\"\n",
            r->name);
    fclose(file);
    file = made_open(folder, "env.json");
    fprintf(file, "{\"passband\": \"0.1.0\", \"command\": [\"passband\", \"run\", \"<a&b>.yaml\"], "
                  "\"date\": \"2025-01-01\"}\n");
    fclose(file);
    made_metrics(folder, r);
    if (r->unfinished) return;
    made_summary(folder, r);
    made_arrays(folder, r);
}

#endif
