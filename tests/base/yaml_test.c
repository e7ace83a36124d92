/* YAML becomes a tree that knows its lines; what a configuration does not need is refused with its
 * line. */
#include "base/scratch.h"
#include "base/yaml.h"

static pb_context *ctx;

static void setup(void)
{
    ctx = pb_context_create();
}

static void teardown(void)
{
    pb_context_free(&ctx);
}

static pb_yaml *parse(const char *text)
{
    pb_yaml *yaml;
    const pb_status status = pb_yaml_parse(ctx, "a.yaml", text, strlen(text), &yaml);
    ck_assert_msg(status == PB_OK, "%s", pb_error(ctx));
    return yaml;
}

START_TEST(the_tree_has_kinds_keys_and_lines)
{
    pb_yaml *yaml = parse("name: x # why\n"
                          "train:\n"
                          "  epochs: 30\n"
                          "  note: \"30\"\n"
                          "stages:\n"
                          "  - load\n"
                          "  - dct2: {keep: 16}\n"
                          "empty:\n"
                          "words: 'it''s'\n"
                          "folded: >\n"
                          "  one\n"
                          "  two\n");
    const pb_node *root = pb_yaml_root(yaml);
    ck_assert_int_eq(root->kind, PB_NODE_MAP);
    ck_assert_int_eq(root->count, 6);
    ck_assert_ptr_null(root->key);
    ck_assert_str_eq(root->file, "a.yaml");

    const pb_node *train = pb_node_find(root, "train");
    ck_assert_int_eq(train->kind, PB_NODE_MAP);
    ck_assert_int_eq(train->line, 2);
    const pb_node *epochs = pb_node_find(train, "epochs");
    ck_assert_str_eq(epochs->text, "30");
    ck_assert_str_eq(epochs->key, "epochs");
    ck_assert_int_eq(epochs->line, 3);
    ck_assert(!epochs->quoted);
    ck_assert(epochs->next->quoted);

    const pb_node *stages = pb_node_find(root, "stages");
    ck_assert_int_eq(stages->kind, PB_NODE_LIST);
    ck_assert_int_eq(stages->count, 2);
    ck_assert_str_eq(pb_node_at(stages, 0)->text, "load");
    ck_assert_int_eq(pb_node_at(stages, 1)->line, 7);
    ck_assert_str_eq(pb_node_find(pb_node_at(stages, 1)->first, "keep")->text, "16");
    ck_assert_ptr_null(pb_node_at(stages, 2));
    ck_assert_ptr_null(pb_node_at(stages, -1));

    ck_assert(pb_node_is_null(pb_node_find(root, "empty")));
    ck_assert_int_eq(pb_node_find(root, "empty")->line, 8);
    ck_assert_str_eq(pb_node_find(root, "words")->text, "it's");
    ck_assert_str_eq(pb_node_find(root, "folded")->text, "one two\n");
    ck_assert_ptr_null(pb_node_find(root, "none"));
    ck_assert_ptr_null(pb_node_find(stages, "load"));
    ck_assert_ptr_null(pb_node_find(NULL, "load"));
    pb_yaml_free(&yaml);
    ck_assert_ptr_null(yaml);
    pb_yaml_free(&yaml);
}
END_TEST

START_TEST(nothing_is_a_null_scalar)
{
    const char *texts[] = {"", "# only a comment\n", "---\n", "null", "~", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        pb_yaml *yaml = parse(texts[i]);
        ck_assert(pb_node_is_null(pb_yaml_root(yaml)));
        pb_yaml_free(&yaml);
    }
    pb_yaml *yaml = parse("'null'");
    ck_assert(!pb_node_is_null(pb_yaml_root(yaml)));
    pb_yaml_free(&yaml);
}
END_TEST

static const struct {
    const char *text, *sentence; /* the sentence begins so */
} refused[] = {
    {"a: 1\nb: 2\na: 3\n", "a.yaml:3: a: given twice, first on line 1"},
    {"x:\n  b: 1\n  c: 2\n  b: 1\n", "a.yaml:4: b: given twice, first on line 2"},
    {"a: 1\nb: &x 2\n", "a.yaml:2: anchors (&x) are not allowed"},
    {"a: &x [1]\n", "a.yaml:1: anchors (&x) are not allowed"},
    {"a: 1\nb: *x\n", "a.yaml:2: aliases (*x) are not allowed"},
    {"*x : 1\n", "a.yaml:1: aliases (*x) are not allowed"},
    {"a: !!str 1\n", "a.yaml:1: tags (tag:yaml.org,2002:str) are not allowed"},
    {"a: !thing {b: 1}\n", "a.yaml:1: tags (!thing) are not allowed"},
    {"a: 1\n---\nb: 2\n", "a.yaml:2: a second YAML document is not allowed"},
    {"[a]: 1\n", "a.yaml:1: a list or a map as a key is not allowed"},
    {"{a: 1}: 1\n", "a.yaml:1: a list or a map as a key is not allowed"},
    {"a:\n\tb: 1\n", "a.yaml:2: a tab where YAML allows only spaces"},
    {"a: 1\nb: \xff\n", "a.yaml:2: not UTF-8 text: "},
    {"a: 1\n\n\x01\n", "a.yaml:3: not UTF-8 text: control characters are not allowed"},
    {"\x89PNG\r\n\x1a\n", "a.yaml:1: not UTF-8 text: "},
    {"a: [1, 2\nb: 3\n", "a.yaml:2: not valid YAML: did not find expected ',' or ']'"},
    {"a: \"open\n", "a.yaml:2: not valid YAML: found unexpected end of stream"},
    {"a: 1\n b: 2\n", "a.yaml:2: not valid YAML: "},
    {"a: \"x\\0y\"\n", "a.yaml:1: a NUL character in a string is not allowed"},
    {"%YAML 9.9\n---\na: 1\n", "a.yaml:1: not valid YAML: "},
};

START_TEST(what_is_not_needed_is_refused_with_its_line)
{
    pb_yaml *yaml = NULL;
    const char *text = refused[_i].text, *sentence = refused[_i].sentence;
    ck_assert_int_eq(pb_yaml_parse(ctx, "a.yaml", text, strlen(text), &yaml), PB_ERR_CONFIG);
    ck_assert_ptr_null(yaml);
    ck_assert_msg(strncmp(pb_error(ctx), sentence, strlen(sentence)) == 0, "got '%s'\nnot '%s'",
                  pb_error(ctx), sentence);
    ck_assert_ptr_null(strchr(pb_error(ctx), '\n'));
}
END_TEST

START_TEST(levels_are_counted)
{
    pb_yaml *yaml;
    char text[70];
    memset(text, '[', 35);
    memset(text + 35, ']', 35);
    ck_assert_int_eq(pb_yaml_parse(ctx, "a.yaml", text + 3, 64, &yaml), PB_OK);
    pb_yaml_free(&yaml);
    ck_assert_int_eq(pb_yaml_parse(ctx, "a.yaml", text + 2, 66, &yaml), PB_ERR_CONFIG);
    ck_assert_str_eq(pb_error(ctx), "a.yaml:1: more than 32 levels are not allowed");
}
END_TEST

START_TEST(large_texts_are_refused_and_full_ones_are_quick)
{
    enum { LIMIT = 1 << 20 };
    char *text = malloc(LIMIT + 2);
    pb_yaml *yaml;
    memset(text, '[', LIMIT + 1);
    ck_assert_int_eq(pb_yaml_parse(ctx, "a.yaml", text, LIMIT + 1, &yaml), PB_ERR_CONFIG);
    ck_assert_str_eq(pb_error(ctx), "a.yaml: is larger than the 1048576 bytes allowed");
    ck_assert_int_eq(pb_yaml_parse(ctx, "a.yaml", text, LIMIT, &yaml), PB_ERR_CONFIG);

    /* as many keys as fit, the last one double */
    size_t used = 0;
    int keys = 0;
    while (used < LIMIT - 40) used += (size_t)sprintf(text + used, "k%d:\n", keys++);
    used += (size_t)sprintf(text + used, "k7:\n");
    ck_assert_int_eq(pb_yaml_parse(ctx, "a.yaml", text, used, &yaml), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "k7: given twice, first on line 8"));
    free(text);
}
END_TEST

START_TEST(a_value_is_set_from_the_command_line)
{
    pb_yaml *yaml = parse("a: 1\nb: 2\nc: 3\nnone:\nlist: [1]\n");
    pb_node *root = pb_yaml_root(yaml);
    ck_assert_int_eq(pb_node_set(ctx, yaml, root, "b", "[4, 5]"), PB_OK);
    ck_assert_int_eq(pb_node_set(ctx, yaml, root, "d", "0.5"), PB_OK);
    ck_assert_int_eq(root->count, 6);
    ck_assert_str_eq(root->first->next->key, "b"); /* in its place */
    ck_assert_str_eq(root->first->next->next->text, "3");
    ck_assert_int_eq(pb_node_find(root, "b")->count, 2);
    ck_assert_int_eq(pb_node_find(root, "b")->line, 0);
    ck_assert_int_eq(pb_node_find(root, "b")->first->line, 0);
    ck_assert_str_eq(pb_node_find(root, "b")->file, "command line");
    ck_assert_str_eq(pb_node_find(root, "d")->text, "0.5");

    ck_assert_int_eq(pb_node_set(ctx, yaml, root, "m", "{x: 1, y: z}"), PB_OK);
    ck_assert_int_eq(pb_node_find(pb_node_find(root, "m"), "x")->line, 0);
    ck_assert_int_eq(pb_node_set(ctx, yaml, pb_node_find(root, "none"), "x", ""), PB_OK);
    ck_assert(pb_node_is_null(pb_node_find(root, "none")->first));

    ck_assert_int_eq(pb_node_set(ctx, yaml, root, "e", "[1"), PB_ERR_CONFIG);
    const char *start = "command line: e: not valid YAML: ";
    ck_assert_int_eq(strncmp(pb_error(ctx), start, strlen(start)), 0);
    ck_assert_int_eq(pb_node_set(ctx, yaml, root, "e", "{x: 1, x: 2}"), PB_ERR_CONFIG);
    ck_assert_str_eq(pb_error(ctx), "command line: e: x: given twice");
    ck_assert_ptr_null(pb_node_find(root, "e"));
    ck_assert_int_eq(pb_node_set(ctx, yaml, pb_node_find(root, "list"), "x", "1"), PB_ERR_CONFIG);
    pb_yaml_free(&yaml);
}
END_TEST

START_TEST(files_are_loaded)
{
    scratch s;
    pb_yaml *yaml;
    scratch_open(&s);
    scratch_put(&s, "c.yaml", "a: 1\na: 2\n", 10);
    ck_assert_int_eq(pb_yaml_load(ctx, s.path, &yaml), PB_ERR_CONFIG);
    char expected[600];
    snprintf(expected, sizeof expected, "%s:2: a: given twice, first on line 1", s.path);
    ck_assert_str_eq(pb_error(ctx), expected);
    scratch_put(&s, "c.yaml", "a: 1\n", 5);
    ck_assert_int_eq(pb_yaml_load(ctx, s.path, &yaml), PB_OK);
    ck_assert_str_eq(pb_node_find(pb_yaml_root(yaml), "a")->file, s.path);
    pb_yaml_free(&yaml);
    ck_assert_int_eq(pb_yaml_load(ctx, scratch_path(&s, "none.yaml"), &yaml), PB_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(pb_error(ctx), "No such file"));
    ck_assert_int_eq(pb_yaml_load(ctx, "/dev/zero", &yaml), PB_ERR_CONFIG);
    scratch_close(&s);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("yaml");
    tcase_set_timeout(t, 30);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, the_tree_has_kinds_keys_and_lines);
    tcase_add_test(t, nothing_is_a_null_scalar);
    tcase_add_loop_test(t, what_is_not_needed_is_refused_with_its_line, 0,
                        sizeof refused / sizeof *refused);
    tcase_add_test(t, levels_are_counted);
    tcase_add_test(t, large_texts_are_refused_and_full_ones_are_quick);
    tcase_add_test(t, a_value_is_set_from_the_command_line);
    tcase_add_test(t, files_are_loaded);
    return run_case("yaml", t);
}
