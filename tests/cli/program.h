/* Runs the program as a user would, in a scratch folder, and keeps what it said. */
#ifndef TESTS_CLI_PROGRAM_H
#define TESTS_CLI_PROGRAM_H

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "../base/scratch.h"

enum { WORDS_MAX = 32, OUTPUT_BYTES = 1 << 16 };

typedef struct spoken {
    int exit_code; /* 128 + signal when one ended it */
    char out[OUTPUT_BYTES], err[OUTPUT_BYTES];
} spoken;

/* How to run it; zero is the usual way. */
typedef struct setting {
    const char *environment[4]; /* NAME=value, or NAME to unset */
    const char *stdout_to;      /* file instead of being kept   */
    long file_limit_bytes;      /* as if the disk were so small */
    int interrupt_after_ms;     /* sends a signal, 0: never     */
    int signal;                 /* 0: SIGINT                    */
} setting;

static inline void program_read(const char *path, char text[OUTPUT_BYTES])
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, OUTPUT_BYTES - 1, file)] = '\0';
    fclose(file);
}

/* In the child; `arguments` is cut at spaces, without quotes. */
static inline void program_become(scratch *s, char *arguments, const setting *how, const char *out,
                                  const char *err)
{
    char *words[WORDS_MAX] = {PROGRAM}, *rest = NULL;
    int count = 1;
    for (char *word = strtok_r(arguments, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (count < WORDS_MAX - 1) words[count++] = word;
    if (chdir(s->folder)) _exit(126);
    setenv("HOME", s->folder, 1);
    unsetenv("PASSBAND_DATA");
    unsetenv("PASSBAND_DEVICE");
    for (int i = 0; i < 4 && how->environment[i]; i++)
        if (strchr(how->environment[i], '='))
            putenv((char *)how->environment[i]);
        else
            unsetenv(how->environment[i]);
    const int nothing = open("/dev/null", O_RDONLY);
    const int out_file =
        open(how->stdout_to ? how->stdout_to : out, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    const int err_file = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    dup2(nothing, 0);
    dup2(out_file, 1);
    dup2(err_file, 2);
    if (how->file_limit_bytes) {
        const struct rlimit limit = {(rlim_t)how->file_limit_bytes, (rlim_t)how->file_limit_bytes};
        signal(SIGXFSZ, SIG_IGN); /* a write beyond the limit fails then, as on a full disk */
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    execv(PROGRAM, words);
    _exit(127);
}

/* Beside whatever runs; to be waited for. What it says is not kept. */
static inline pid_t program_begin(scratch *s, const char *arguments)
{
    static const setting usual = {0};
    char copy[1024];
    snprintf(copy, sizeof copy, "%s", arguments);
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) program_become(s, copy, &usual, "/dev/null", "/dev/null");
    return child;
}

static inline void program_run(scratch *s, const char *arguments, const setting *how, spoken *said)
{
    static const setting usual = {0};
    char copy[1024], out[80], err[80];
    snprintf(copy, sizeof copy, "%s", arguments);
    snprintf(out, sizeof out, "%s.out", s->folder);
    snprintf(err, sizeof err, "%s.err", s->folder);
    if (!how) how = &usual;
    const pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) program_become(s, copy, how, out, err);
    if (how->interrupt_after_ms) {
        const struct timespec pause = {how->interrupt_after_ms / 1000,
                                       how->interrupt_after_ms % 1000 * 1000000L};
        nanosleep(&pause, NULL);
        kill(child, how->signal ? how->signal : SIGINT);
    }
    int ended = 0;
    ck_assert_int_eq(waitpid(child, &ended, 0), child);
    said->exit_code = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
    said->out[0] = '\0';
    if (!how->stdout_to) program_read(out, said->out);
    program_read(err, said->err);
    unlink(out);
    unlink(err);
}

/* Runs a suite whose programs find the kernels of other tests, which are not optimised. */
static inline int run_case_warm(const char *name, TCase *tcase)
{
    keep_kernels();
    setenv("POCL_EXTRA_BUILD_FLAGS", "-cl-opt-disable", 1);
    return run_case(name, tcase);
}

#endif
