/* Option tables: types, ranges, defaults, errors that name the place, and YAML that reads back the
 * same. */
#include <locale.h>
#include <math.h>

#include "base/options.h"
#include "base/scratch.h"

static const pb_option table[] = {
    {"epochs", PB_OPTION_INT, "30", 1, 1000, NULL, "times through the data"},
    {"lr", PB_OPTION_FLOAT, "0.001", 0, 10, NULL, "learning rate"},
    {"shuffle", PB_OPTION_BOOL, "true", 0, 0, NULL, "new order each epoch"},
    {"params", PB_OPTION_STRING, "*", 0, 0, NULL, "which parameters"},
    {"schedule", PB_OPTION_CHOICE, "constant", 0, 0, "constant|step|cosine", "of the rate"},
    {"seeds", PB_OPTION_INTS, "[0, 1]", 0, INFINITY, NULL, "one run each"},
    {"offset", PB_OPTION_INT, "0", 0, 0, NULL, "any integer"},
    {"scale", PB_OPTION_FLOAT, "1", 0, 0, NULL, "any number"},
    {"note", PB_OPTION_STRING, "", 0, 0, NULL, "a remark"},
    {NULL, 0, NULL, 0, 0, NULL, NULL},
};

static const pb_option needing[] = {
    {"channels", PB_OPTION_INT, NULL, 1, 4096, NULL, "output channels"},
    {NULL, 0, NULL, 0, 0, NULL, NULL},
};

static const pb_option lists[] = {
    {"scales", PB_OPTION_FLOATS, "[1, 2.5]", 0, 100, NULL, "of a wavelet"},
    {NULL, 0, NULL, 0, 0, NULL, NULL},
};

static const pb_option wordy[] = {
    {"fresh", PB_OPTION_TEXTS, "[\"a.*\"]", 0, 0, NULL, "what starts anew"},
    {"map", PB_OPTION_NAMES, "{}", 0, 0, NULL, "of names"},
    {NULL, 0, NULL, 0, 0, NULL, NULL},
};

static const pb_option nothing[] = {{NULL, 0, NULL, 0, 0, NULL, NULL}};

static pb_context *ctx;

static void setup(void)
{
    ctx = pb_context_create();
}

static void teardown(void)
{
    pb_context_free(&ctx);
}

static pb_status read_table(const pb_option rows[], const char *text, pb_options **values)
{
    pb_yaml *yaml;
    ck_assert_msg(pb_yaml_parse(ctx, "a.yaml", text, strlen(text), &yaml) == PB_OK, "%s",
                  pb_error(ctx));
    const pb_status status = pb_options_parse(ctx, rows, pb_yaml_root(yaml), "train", values);
    pb_yaml_free(&yaml); /* the values must not lean on the tree */
    return status;
}

static pb_options *parse(const char *text)
{
    pb_options *values;
    ck_assert_msg(read_table(table, text, &values) == PB_OK, "%s", pb_error(ctx));
    return values;
}

START_TEST(defaults_fill_in)
{
    pb_options *values;
    int count;
    ck_assert_int_eq(pb_options_parse(ctx, table, NULL, "train", &values), PB_OK);
    ck_assert_int_eq(pb_option_int(values, "epochs"), 30);
    ck_assert_double_eq(pb_option_float(values, "lr"), 0.001);
    ck_assert(pb_option_bool(values, "shuffle"));
    ck_assert_str_eq(pb_option_string(values, "params"), "*");
    ck_assert_str_eq(pb_option_string(values, "schedule"), "constant");
    ck_assert_str_eq(pb_option_string(values, "note"), "");
    ck_assert_int_eq(pb_option_ints(values, "seeds", &count)[1], 1);
    ck_assert_int_eq(count, 2);
    ck_assert(!pb_option_given(values, "epochs"));
    ck_assert_str_eq(pb_option_where(values, "epochs"), "train.epochs");
    pb_options_free(&values);
    ck_assert_ptr_null(values);
    pb_options_free(&values);
}
END_TEST

START_TEST(given_values_win)
{
    int count;
    pb_options *values = parse("epochs: 7\nlr: 1e-2\nshuffle: off\nparams: \"conv*\"\n"
                               "schedule: cosine\nseeds: [5, 0, 9000000000000000000]\noffset: -12\n"
                               "scale: -.5\nnote: 2024\n");
    ck_assert_int_eq(pb_option_int(values, "epochs"), 7);
    ck_assert_double_eq(pb_option_float(values, "lr"), 0.01);
    ck_assert(!pb_option_bool(values, "shuffle"));
    ck_assert_str_eq(pb_option_string(values, "params"), "conv*");
    ck_assert_str_eq(pb_option_string(values, "schedule"), "cosine");
    const int64_t *seeds = pb_option_ints(values, "seeds", &count);
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(seeds[2], INT64_C(9000000000000000000));
    ck_assert_int_eq(pb_option_int(values, "offset"), -12);
    ck_assert_double_eq(pb_option_float(values, "scale"), -0.5);
    ck_assert_str_eq(pb_option_string(values, "note"), "2024");
    ck_assert(pb_option_given(values, "epochs"));
    ck_assert_str_eq(pb_option_where(values, "lr"), "a.yaml:2: train.lr");
    pb_options_free(&values);

    values = parse("seeds: 4\nnote: ~\n");
    ck_assert_int_eq(pb_option_ints(values, "seeds", &count)[0], 4);
    ck_assert_int_eq(count, 1);
    ck_assert_str_eq(pb_option_string(values, "note"), "");
    ck_assert_str_eq(pb_option_where(values, "epochs"), "a.yaml:1: train.epochs");
    pb_options_free(&values);

    values = parse("seeds: []\n");
    pb_option_ints(values, "seeds", &count);
    ck_assert_int_eq(count, 0);
    pb_options_free(&values);
}
END_TEST

START_TEST(an_empty_map_may_be_written_in_many_ways)
{
    const char *texts[] = {"", "~", "null", "{}", "---\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        pb_options *values = parse(texts[i]);
        ck_assert_int_eq(pb_option_int(values, "epochs"), 30);
        pb_options_free(&values);
    }
}
END_TEST

START_TEST(all_words_for_true_and_false_are_known)
{
    const char *words[] = {"true", "yes", "on", "True", "ON", "false", "no", "off", "False", "NO"};
    for (int i = 0; i < 10; i++) {
        char text[32];
        snprintf(text, sizeof text, "shuffle: %s", words[i]);
        pb_options *values = parse(text);
        ck_assert_int_eq(pb_option_bool(values, "shuffle"), i < 5);
        pb_options_free(&values);
    }
}
END_TEST

static const struct {
    const char *text, *sentence;
} wrong[] = {
    {"a: 1\n", "a.yaml:1: train.a: unknown option, allowed: epochs, lr, shuffle, params, schedule, "
               "seeds, offset, scale, note"},
    {"lr: 1\nepoch: 3\n", "a.yaml:2: train.epoch: unknown option (did you mean epochs?)"},
    {"epohcs: 3\n", "a.yaml:1: train.epohcs: unknown option (did you mean epochs?)"},
    {"epochs: 0\n", "a.yaml:1: train.epochs: 0 is out of range, allowed: 1 to 1000"},
    {"epochs: 1001\n", "a.yaml:1: train.epochs: 1001 is out of range, allowed: 1 to 1000"},
    {"epochs: 99999999999999999999\n",
     "a.yaml:1: train.epochs: 99999999999999999999 is out of range, allowed: 1 to 1000"},
    {"offset: -99999999999999999999\n", "a.yaml:1: train.offset: -99999999999999999999 is out of "
                                        "range, allowed: what fits into 64 bits"},
    {"epochs: 3x\n", "a.yaml:1: train.epochs: '3x' is not allowed, must be an integer, 1 to 1000"},
    {"epochs: 3.0\n",
     "a.yaml:1: train.epochs: '3.0' is not allowed, must be an integer, 1 to 1000"},
    {"epochs: 0x10\n",
     "a.yaml:1: train.epochs: '0x10' is not allowed, must be an integer, 1 to 1000"},
    {"epochs: \"3\"\n", "a.yaml:1: train.epochs: the quoted text '3' is not allowed, must be an "
                        "integer, 1 to 1000"},
    {"epochs:\n", "a.yaml:1: train.epochs: has no value, must be an integer, 1 to 1000"},
    {"epochs: [3]\n", "a.yaml:1: train.epochs: is a list, must be an integer, 1 to 1000"},
    {"epochs: {a: 3}\n", "a.yaml:1: train.epochs: is a map, must be an integer, 1 to 1000"},
    {"lr: fast\n", "a.yaml:1: train.lr: 'fast' is not allowed, must be a number, 0 to 10"},
    {"lr: nan\n", "a.yaml:1: train.lr: 'nan' is not allowed, must be a number, 0 to 10"},
    {"lr: .inf\n", "a.yaml:1: train.lr: '.inf' is not allowed, must be a number, 0 to 10"},
    {"lr: 0x1p3\n", "a.yaml:1: train.lr: '0x1p3' is not allowed, must be a number, 0 to 10"},
    {"lr: 1e\n", "a.yaml:1: train.lr: '1e' is not allowed, must be a number, 0 to 10"},
    {"lr: .\n", "a.yaml:1: train.lr: '.' is not allowed, must be a number, 0 to 10"},
    {"lr: 1e999\n", "a.yaml:1: train.lr: 1e999 is out of range, allowed: 0 to 10"},
    {"lr: -0.1\n", "a.yaml:1: train.lr: -0.1 is out of range, allowed: 0 to 10"},
    {"shuffle: maybe\n", "a.yaml:1: train.shuffle: 'maybe' is not allowed, must be true or false"},
    {"shuffle: 1\n", "a.yaml:1: train.shuffle: '1' is not allowed, must be true or false"},
    {"params: [a]\n", "a.yaml:1: train.params: is a list, must be a text"},
    {"schedule: cosin\n", "a.yaml:1: train.schedule: 'cosin' is not allowed, allowed: constant, "
                          "step, cosine (did you mean cosine?)"},
    {"schedule: linear\n",
     "a.yaml:1: train.schedule: 'linear' is not allowed, allowed: constant, step, cosine"},
    {"schedule: [step]\n", "a.yaml:1: train.schedule: is a list, must be a word"},
    {"seeds: [1, x]\n",
     "a.yaml:1: train.seeds: item 1: 'x' is not allowed, must be an integer or a "
     "list of integers, at least 0"},
    {"seeds: [1, -1]\n", "a.yaml:1: train.seeds: item 1: -1 is out of range, allowed: at least 0"},
    {"seeds: {a: 1}\n", "a.yaml:1: train.seeds: is a map, must be a list of integers, at least 0"},
    {"[1]\n", "a.yaml:1: train: is a list, must be a map of options"},
    {"fast\n", "a.yaml:1: train: is a single value, must be a map of options"},
};

START_TEST(errors_name_the_place_and_what_is_allowed)
{
    pb_options *values;
    ck_assert_int_eq(read_table(table, wrong[_i].text, &values), PB_ERR_CONFIG);
    ck_assert_ptr_null(values);
    ck_assert_str_eq(pb_error(ctx), wrong[_i].sentence);
}
END_TEST

START_TEST(a_required_option_must_be_given)
{
    pb_options *values;
    ck_assert_int_eq(pb_options_parse(ctx, needing, NULL, "stages.3.conv1d", &values),
                     PB_ERR_CONFIG);
    ck_assert_str_eq(pb_error(ctx),
                     "stages.3.conv1d.channels: is missing, must be given as an integer");
    ck_assert_int_eq(read_table(needing, "{}", &values), PB_ERR_CONFIG);
    ck_assert_str_eq(pb_error(ctx),
                     "a.yaml:1: train.channels: is missing, must be given as an integer");
    ck_assert_int_eq(read_table(nothing, "a: 1", &values), PB_ERR_CONFIG);
    ck_assert_str_eq(pb_error(ctx), "a.yaml:1: train.a: unknown, no options are allowed");
    ck_assert_int_eq(read_table(nothing, "{}", &values), PB_OK);
    pb_options_free(&values);
}
END_TEST

START_TEST(values_from_the_command_line_say_so)
{
    pb_yaml *yaml;
    pb_options *values;
    ck_assert_int_eq(pb_yaml_parse(ctx, "a.yaml", "lr: 1\n", 6, &yaml), PB_OK);
    ck_assert_int_eq(pb_node_set(ctx, yaml, pb_yaml_root(yaml), "epochs", "0"), PB_OK);
    ck_assert_int_eq(pb_options_parse(ctx, table, pb_yaml_root(yaml), "train", &values),
                     PB_ERR_CONFIG);
    ck_assert_str_eq(pb_error(ctx),
                     "command line: train.epochs: 0 is out of range, allowed: 1 to 1000");
    ck_assert_int_eq(pb_options_parse(ctx, table, pb_yaml_root(yaml), "", &values), PB_ERR_CONFIG);
    ck_assert_str_eq(pb_error(ctx), "command line: epochs: 0 is out of range, allowed: 1 to 1000");
    pb_yaml_free(&yaml);
}
END_TEST

START_TEST(lists_of_numbers)
{
    static const struct {
        const char *text, *yaml;
    } good[] = {{"", "scales: [1, 2.5]\n"},
                {"scales: 3e-1\n", "scales: [0.3]\n"},
                {"scales: []\n", "scales: []\n"},
                {"scales: [0.1, 7, 100]\n", "scales: [0.1, 7, 100]\n"}},
      bad[] = {{"scales: [1, x]\n", "a.yaml:1: train.scales: item 1: 'x' is not allowed, must be a "
                                    "number or a list of numbers, 0 to 100"},
               {"scales: [1, 101]\n",
                "a.yaml:1: train.scales: item 1: 101 is out of range, allowed: 0 to 100"},
               {"scales: {a: 1}\n",
                "a.yaml:1: train.scales: is a map, must be a list of numbers, 0 to 100"}};
    pb_options *values;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        pb_text out = {0};
        ck_assert_int_eq(read_table(lists, good[i].text, &values), PB_OK);
        pb_options_yaml(values, 0, &out);
        ck_assert_str_eq(out.text, good[i].yaml);
        pb_text_free(&out);
        pb_options_free(&values);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(read_table(lists, bad[i].text, &values), PB_ERR_CONFIG);
        ck_assert_str_eq(pb_error(ctx), bad[i].yaml);
    }
    int count;
    ck_assert_int_eq(read_table(lists, "scales: [0.5, 1.25]\n", &values), PB_OK);
    ck_assert_double_eq(pb_option_floats(values, "scales", &count)[1], 1.25);
    ck_assert_int_eq(count, 2);
    pb_options_free(&values);
}
END_TEST

/* What is written reads back, whatever is in the texts. */
START_TEST(lists_and_maps_of_texts)
{
    static const char written[] = "fresh: [\"b c\", \"\", \"1\"]\n"
                                  "map: {\"x.*\": \"y.*\", \"\\\"\": z_1.w}\n";
    pb_options *values;
    const char *const *from, *const *to;
    int count;
    ck_assert_int_eq(pb_options_parse(ctx, wordy, NULL, "train", &values), PB_OK);
    ck_assert_str_eq(pb_option_texts(values, "fresh", &count)[0], "a.*");
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(pb_option_names(values, "map", &from, &to), 0);
    pb_options_free(&values);

    ck_assert_int_eq(
        read_table(wordy, "fresh: [b c, \"\", 1]\nmap: {x.*: y.*, '\"': z_1.w}\n", &values), PB_OK);
    for (int round = 0; round < 2; round++) {
        pb_text out = {0};
        ck_assert_int_eq(pb_option_names(values, "map", &from, &to), 2);
        ck_assert_str_eq(from[0], "x.*");
        ck_assert_str_eq(to[0], "y.*");
        ck_assert_str_eq(from[1], "\"");
        ck_assert_str_eq(to[1], "z_1.w");
        ck_assert_str_eq(pb_option_texts(values, "fresh", &count)[2], "1");
        ck_assert_int_eq(count, 3);
        pb_options_yaml(values, 0, &out);
        ck_assert_str_eq(out.text, written);
        pb_options_free(&values);
        ck_assert_int_eq(read_table(wordy, out.text, &values), PB_OK);
        pb_text_free(&out);
    }
    pb_options_free(&values);
    ck_assert_int_eq(read_table(wordy, "fresh: one\n", &values), PB_OK);
    ck_assert_str_eq(pb_option_texts(values, "fresh", &count)[0], "one");
    pb_options_free(&values);
    ck_assert_int_eq(read_table(wordy, "fresh:\n", &values), PB_ERR_CONFIG);
    ck_assert_str_eq(pb_error(ctx), "a.yaml:1: train.fresh: item 0 is empty, must be a text");
    ck_assert_int_eq(read_table(wordy, "map: a\n", &values), PB_ERR_CONFIG);
    ck_assert_str_eq(pb_error(ctx),
                     "a.yaml:1: train.map: 'a' is not allowed, must be a map of names to names");
}
END_TEST

static void assert_same(const pb_options *a, const pb_options *b)
{
    int a_count, b_count;
    ck_assert_int_eq(pb_option_int(a, "epochs"), pb_option_int(b, "epochs"));
    ck_assert_int_eq(pb_option_int(a, "offset"), pb_option_int(b, "offset"));
    ck_assert(pb_option_float(a, "lr") == pb_option_float(b, "lr"));
    ck_assert(pb_option_float(a, "scale") == pb_option_float(b, "scale"));
    ck_assert_int_eq(pb_option_bool(a, "shuffle"), pb_option_bool(b, "shuffle"));
    ck_assert_str_eq(pb_option_string(a, "params"), pb_option_string(b, "params"));
    ck_assert_str_eq(pb_option_string(a, "note"), pb_option_string(b, "note"));
    ck_assert_str_eq(pb_option_string(a, "schedule"), pb_option_string(b, "schedule"));
    const int64_t *x = pb_option_ints(a, "seeds", &a_count),
                  *y = pb_option_ints(b, "seeds", &b_count);
    ck_assert_int_eq(a_count, b_count);
    for (int i = 0; i < a_count; i++) ck_assert_int_eq(x[i], y[i]);
}

static const char *const texts[] = {
    "",
    "epochs: 12\nlr: 0.1\nscale: -1.7976931348623157e308\nseeds: []\nshuffle: no\n",
    "scale: 5e-324\nlr: 0.30000000000000004\noffset: -9223372036854775808\nseeds: 7\n",
    "scale: 123456789.123456789\nnote: plain_word.png\nparams: \"conv1d_*\"\n",
    "note: \"null\"\nparams: 'yes'\n",
    "note: \"007\"\nparams: ' blanks '\n",
    "note: 'a: b # c'\nparams: \"- x\"\n",
    "note: \"tab\\t new\\n line\\r \\\"quotes\\\" back\\\\slash\"\n",
    "note: \"\\x01 \\x85 \\u2028 \\u2029 \\x7f \\ufeff \\ufffe \\xa0\"\n",
    "note: \"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"\nparams: '%d %s %'\n",
    "note: |\n  two\n  lines\nparams: '{a, b}'\n",
    "note: '[x]'\nparams: '&a'\nschedule: \"step\"\n",
};

START_TEST(the_yaml_of_values_reads_back_the_same)
{
    pb_options *values = parse(texts[_i]);
    pb_text out = {0};
    pb_options_yaml(values, 0, &out);
    ck_assert_int_eq(out.failed, 0);
    pb_options *again = parse(out.text);
    assert_same(values, again);
    ck_assert(pb_option_given(again, "offset"));
    pb_text_free(&out);
    pb_options_free(&values);
    pb_options_free(&again);
}
END_TEST

START_TEST(the_yaml_is_readable)
{
    pb_options *values = parse("lr: 0.1\nseeds: [1, 2]\nnote: x\n");
    pb_text out = {0};
    pb_options_yaml(values, 2, &out);
    ck_assert_str_eq(out.text, "  epochs: 30\n  lr: 0.1\n  shuffle: true\n  params: \"*\"\n"
                               "  schedule: constant\n  seeds: [1, 2]\n  offset: 0\n  scale: 1\n"
                               "  note: x\n");
    pb_text_free(&out);
    pb_options_free(&values);
}
END_TEST

START_TEST(the_help_has_one_line_a_row)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    pb_options_print_table(needing, 2, out);
    fclose(out);
    ck_assert_str_eq(text, "  channels  int  required  1 to 4096  output channels\n");
    free(text);

    out = open_memstream(&text, &bytes);
    pb_options_print_table(table, 0, out);
    fclose(out);
    int lines = 0;
    for (const char *c = text; *c; c++) lines += *c == '\n';
    ck_assert_int_eq(lines, 9);
    ck_assert_ptr_nonnull(strstr(text, "schedule  choice  constant  constant|step|cosine  of the"));
    ck_assert_ptr_nonnull(strstr(text, "at least 0"));
    free(text);
}
END_TEST

START_TEST(the_nearest_word_is_found_if_it_is_near)
{
    const char *names[] = {"conv1d", "conv2d", "max_pool1d", "relu", "lr", "cross_entropy"};
    ck_assert_str_eq(pb_nearest("convld", names, 6), "conv1d");
    ck_assert_str_eq(pb_nearest("RELU", names, 6), "relu");
    ck_assert_str_eq(pb_nearest("maxpool1d", names, 6), "max_pool1d");
    ck_assert_str_eq(pb_nearest("crossentropy", names, 6), "cross_entropy");
    ck_assert_str_eq(pb_nearest("rl", names, 6), "lr");
    ck_assert_ptr_null(pb_nearest("banana", names, 6));
    ck_assert_ptr_null(pb_nearest("", names, 6));
    ck_assert_ptr_null(pb_nearest("x", names, 0));
    char word[5000];
    memset(word, 'r', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    ck_assert_ptr_null(pb_nearest(word, names, 6));
}
END_TEST

/* Builds a German locale, if the C library's locale sources are installed, else looks for one. */
static bool enter_comma_locale(const scratch *s)
{
    char command[200];
    snprintf(command, sizeof command,
             "localedef --no-archive -c -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1",
             s->folder);
    if (system(command) == 0) setenv("LOCPATH", s->folder, 1);
    const bool found = setlocale(LC_ALL, "de_DE.UTF-8") || setlocale(LC_ALL, "fr_FR.UTF-8");
    return found && strcmp(localeconv()->decimal_point, ",") == 0;
}

START_TEST(a_decimal_comma_does_not_matter)
{
    scratch s;
    scratch_open(&s);
    if (!enter_comma_locale(&s)) printf("no locale with a decimal comma: not tested\n");
    pb_options *values = parse("lr: 0.25\n");
    pb_text out = {0};
    ck_assert_double_eq(pb_option_float(values, "lr"), 0.25);
    pb_options_yaml(values, 0, &out);
    ck_assert_ptr_nonnull(strstr(out.text, "lr: 0.25\n"));
    pb_text_free(&out);
    pb_options_free(&values);
    setlocale(LC_ALL, "C");
    scratch_close(&s);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("options");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, defaults_fill_in);
    tcase_add_test(t, given_values_win);
    tcase_add_test(t, lists_of_numbers);
    tcase_add_test(t, lists_and_maps_of_texts);
    tcase_add_test(t, an_empty_map_may_be_written_in_many_ways);
    tcase_add_test(t, all_words_for_true_and_false_are_known);
    tcase_add_loop_test(t, errors_name_the_place_and_what_is_allowed, 0,
                        sizeof wrong / sizeof *wrong);
    tcase_add_test(t, a_required_option_must_be_given);
    tcase_add_test(t, values_from_the_command_line_say_so);
    tcase_add_loop_test(t, the_yaml_of_values_reads_back_the_same, 0, sizeof texts / sizeof *texts);
    tcase_add_test(t, the_yaml_is_readable);
    tcase_add_test(t, the_help_has_one_line_a_row);
    tcase_add_test(t, the_nearest_word_is_found_if_it_is_near);
    tcase_add_test(t, a_decimal_comma_does_not_matter);
    return run_case("options", t);
}
