/* A user at work: a scratch folder, what the program said last, and what it should have. */
#ifndef TESTS_CLI_USER_H
#define TESTS_CLI_USER_H

#include <stdbool.h>

#include <jansson.h>

#include "program.h"

static scratch s;
static spoken said;

static inline void run_as(const setting *how, const char *arguments, int exit_code)
{
    program_run(&s, arguments, how, &said);
    ck_assert_msg(said.exit_code == exit_code, "%s: exit code %d: %s", arguments, said.exit_code,
                  said.err);
}

static inline void run(const char *arguments, int exit_code)
{
    run_as(NULL, arguments, exit_code);
}

static inline void assert_says(const char *text, const char *words)
{
    ck_assert_msg(strstr(text, words) != NULL, "\"%s\" is not in: %s", words, text);
}

/* The program ends with this code and a sentence that holds these words. */
static inline void fails(const char *arguments, int exit_code, const char *words)
{
    run(arguments, exit_code);
    assert_says(said.err, words);
}

static inline bool exists(const char *name)
{
    return access(scratch_path(&s, name), F_OK) == 0;
}

static inline json_t *read_json(const char *name)
{
    json_t *json = json_load_file(scratch_path(&s, name), 0, NULL);
    ck_assert_msg(json, "%s is no JSON", name);
    return json;
}

#endif
