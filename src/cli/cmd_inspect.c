/* passband inspect: what a compressed data set holds. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <passband/compressed.h>

#include "cli/compressed_facts.h"

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text ? text : "";
}

static long long number_of(const json_t *json, const char *key)
{
    return (long long)json_integer_value(json_object_get(json, key));
}

/* "3 x 20 x 30" */
static void print_shape(const json_t *shape)
{
    for (size_t a = 0; a < json_array_size(shape); a++)
        printf("%s%lld", a ? " x " : "", (long long)json_integer_value(json_array_get(shape, a)));
}

static void print_classes(const json_t *classes)
{
    printf("classes      ");
    for (size_t i = 0; i < json_array_size(classes); i++) {
        const json_t *one = json_array_get(classes, i);
        printf("%s%s (%lld)", i ? ", " : "", text_of(one, "name"),
               number_of(one, "train_samples") + number_of(one, "test_samples"));
    }
    printf("\n");
}

/* The list of stages, each line behind the first under the first. */
static void print_chain(const char *chain)
{
    printf("stages       ");
    if (!*chain) printf("none, the samples are those of the source");
    for (; *chain; chain++) {
        if (*chain == '\n' && !chain[1]) break;
        printf("%c%s", *chain, *chain == '\n' ? "             " : "");
    }
    printf("\n");
}

static void print_arrays(const json_t *arrays)
{
    for (size_t i = 0; i < json_array_size(arrays); i++) {
        printf("%s%s (", i ? ", " : "learned      ", text_of(json_array_get(arrays, i), "name"));
        print_shape(json_object_get(json_array_get(arrays, i), "shape"));
        printf(")%s", i + 1 == json_array_size(arrays) ? "\n" : "");
    }
}

static void print_damaged(const json_t *damaged)
{
    for (size_t i = 0; i < json_array_size(damaged); i++)
        printf("%s%s\n", i ? "             " : "damaged      ",
               json_string_value(json_array_get(damaged, i)));
}

static void print_facts(const char *path, const json_t *json)
{
    const json_t *source = json_object_get(json, "source");
    printf("file         %s, %lld bytes\n", path, number_of(json, "file_bytes"));
    printf("data set     %s: %lld training and %lld test samples\n", text_of(json, "name"),
           number_of(json, "train_samples"), number_of(json, "test_samples"));
    printf("a sample     %.2f bytes in the file, %lld bytes unpacked to memory\n",
           json_number_value(json_object_get(json, "bytes_per_sample")),
           number_of(json, "packed_bytes"));
    printf("values       ");
    print_shape(json_object_get(json, "shape"));
    printf(" %s of %lld bits\n", text_of(json, "values"), number_of(json, "bits"));
    print_classes(json_object_get(json, "classes"));
    print_chain(text_of(json, "chain"));
    print_arrays(json_object_get(json, "arrays"));
    printf("chunks       %lld of at most %lld samples\n", number_of(json, "chunks"),
           number_of(json, "chunk_samples"));
    print_damaged(json_object_get(json, "damaged"));
    printf("source       %s, ", text_of(source, "name"));
    print_shape(json_object_get(source, "shape"));
    printf(" %s, sha256 %s\n", text_of(source, "dtype"), text_of(source, "sha256"));
    printf("fingerprint  %s\n", text_of(json, "fingerprint"));
}

pb_status pb_cli_print_compressed(pb_cli *cli, const char *path, bool skip_damaged)
{
    char *text;
    PB_TRY(pb_compressed_inspect(cli->ctx, path, skip_damaged, &text));
    json_t *json = json_loads(text, 0, NULL);
    free(text);
    if (!json) return pb_fail(cli->ctx, PB_ERR_MEMORY, "out of memory");
    print_facts(path, json);
    json_decref(json);
    return PB_OK;
}

pb_status pb_cli_inspect(pb_cli *cli)
{
    const bool skip_damaged = pb_cli_value(cli, "skip-damaged") != NULL;
    char *text;
    if (!pb_cli_value(cli, "json"))
        return pb_cli_print_compressed(cli, cli->words[0], skip_damaged);
    PB_TRY(pb_compressed_inspect(cli->ctx, cli->words[0], skip_damaged, &text));
    printf("%s\n", text);
    free(text);
    return PB_OK;
}
