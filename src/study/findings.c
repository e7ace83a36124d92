#include "study/findings_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *pb_findings_text(const json_t *json, const char *key)
{
    const char *found = json_string_value(json_object_get(json, key));
    return found ? found : "";
}

double pb_findings_number(const json_t *json, const char *key)
{
    const json_t *found = json_object_get(json, key);
    return json_is_number(found) ? json_number_value(found) : (double)NAN;
}

void pb_findings_say(json_t *list, const char *format, ...)
{
    pb_text words = {0};
    va_list args;
    va_start(args, format);
    pb_text_append_va(&words, format, args);
    va_end(args);
    if (!words.failed) json_array_append_new(list, json_string(words.text));
    pb_text_free(&words);
}

/* ---- numbers of a study ---- */

static const json_t *find_point(const json_t *study, const char *name)
{
    size_t i;
    json_t *p;
    json_array_foreach(json_object_get(study, "points"), i, p)
    {
        if (strcmp(pb_findings_text(p, "point"), name) == 0) return p;
    }
    return NULL;
}

/* A difference in points of a hundred. */
typedef struct difference {
    double mean, low, high;
} difference;

static difference difference_of(const json_t *of)
{
    const json_t *d = json_object_get(of, "difference"), *interval = json_object_get(d, "interval");
    const json_t *low = json_array_get(interval, 0), *high = json_array_get(interval, 1);
    return (difference){
        .mean = 100 * pb_findings_number(d, "mean"),
        .low = json_is_number(low) ? 100 * json_number_value(low) : (double)NAN,
        .high = json_is_number(high) ? 100 * json_number_value(high) : (double)NAN,
    };
}

/* As its two digits show it. */
static bool excludes_zero(difference d)
{
    return d.low >= 0.005 || d.high <= -0.005;
}

static bool has_interval(difference d)
{
    return !isnan(d.low) && !isnan(d.high);
}

static double accuracy_of(const json_t *point)
{
    return 100 * pb_findings_number(json_object_get(point, "accuracy"), "mean");
}

static double bytes_of(const json_t *point)
{
    return pb_findings_number(point, "bytes_per_sample");
}

/* ---- facts ---- */

static void tell_what_was_done(pb_findings *f)
{
    const size_t points = json_array_size(json_object_get(f->study, "points"));
    const size_t seeds = json_array_size(json_object_get(f->study, "seeds"));
    const json_t *raw = find_point(f->study, pb_findings_text(f->study, "reference"));
    pb_findings_say(f->facts, "%s: %zu file%s, each trained on with %zu seed%s.",
                    pb_findings_text(f->study, "data_set"), points, points == 1 ? "" : "s", seeds,
                    seeds == 1 ? "" : "s");
    if (raw)
        pb_findings_say(f->facts,
                        "As they are, samples take %.1f bytes each and %.2f %% are told right.",
                        bytes_of(raw), accuracy_of(raw));
    if (seeds < 2)
        pb_findings_say(f->facts,
                        "One seed says nothing about noise, so no difference is claimed.");
}

/* Names between commas, "and" before the last. */
static void append_name(pb_text *out, size_t index, size_t count, const char *name)
{
    pb_text_append(out, "%s%s", index == 0 ? "" : index + 1 == count ? " and " : ", ", name);
}

static bool has_own_size(const pb_findings *f, const json_t *point)
{
    return !json_is_integer(json_object_get(point, "budget")) &&
           strcmp(pb_findings_text(point, "point"), pb_findings_text(f->study, "reference")) != 0;
}

/* What is not among the files of a budget, where there are budgets. */
static void tell_without_budget(pb_findings *f)
{
    size_t i, alone = 0, budgets = 0, named = 0;
    json_t *p;
    pb_text names = {0}, name = {0};
    json_array_foreach(json_object_get(f->study, "points"), i, p)
    {
        alone += has_own_size(f, p);
        budgets += json_is_integer(json_object_get(p, "budget"));
    }
    json_array_foreach(json_object_get(f->study, "points"), i, p)
    {
        if (!has_own_size(f, p)) continue;
        pb_text_append(&name, "%s (%.1f bytes a sample)", pb_findings_text(p, "point"),
                       bytes_of(p));
        append_name(&names, named++, alone, name.failed ? "" : name.text);
        pb_text_free(&name);
    }
    if (alone && budgets && !names.failed)
        pb_findings_say(f->facts,
                        "Files made for the same budget are compared with each other; %s %s made "
                        "for none and %s not among them.",
                        names.text, alone > 1 ? "were" : "was", alone > 1 ? "are" : "is");
    pb_text_free(&names);
}

/* What network a method has, from {method, layers, training, epochs, reference_epochs}. */
static void append_network(pb_text *out, const json_t *own)
{
    const double epochs = pb_findings_number(own, "epochs"),
                 reference = pb_findings_number(own, "reference_epochs");
    const bool layers = json_is_true(json_object_get(own, "layers"));
    pb_text_append(out, "%s has %s", pb_findings_text(own, "method"),
                   layers ? "one of its own" : "the same");
    if (epochs < reference || epochs > reference)
        pb_text_append(out, "%s trains %.0f epochs instead of %.0f", layers ? " and" : " but",
                       epochs, reference);
    else if (json_is_true(json_object_get(own, "training")))
        pb_text_append(out, "%s trains with other settings", layers ? " and" : " but");
}

static void tell_networks(pb_findings *f)
{
    size_t i;
    json_t *own;
    pb_text all = {0};
    json_array_foreach(json_object_get(f->study, "own_networks"), i, own)
    {
        pb_text_append(&all, "%s", i ? "; " : "");
        append_network(&all, own);
    }
    if (all.text && !all.failed)
        pb_findings_say(f->facts,
                        "Not every network is that of %s: %s. How accurate these are is not due to "
                        "their files alone.",
                        pb_findings_text(f->study, "reference"), all.text);
    pb_text_free(&all);
}

/* Files that leave their budget open, as there is nothing more to keep. */
static void tell_exhausted(pb_findings *f)
{
    size_t i, count = 0, named = 0;
    json_t *p;
    pb_text names = {0}, name = {0};
    json_array_foreach(json_object_get(f->study, "points"), i, p)
    {
        count += json_is_true(json_object_get(p, "exhausted"));
    }
    json_array_foreach(json_object_get(f->study, "points"), i, p)
    {
        if (!json_is_true(json_object_get(p, "exhausted"))) continue;
        pb_text_append(&name, "%s (%.1f bytes a sample)", pb_findings_text(p, "point"),
                       bytes_of(p));
        append_name(&names, named++, count, name.failed ? "" : name.text);
        pb_text_free(&name);
    }
    if (count && !names.failed)
        pb_findings_say(f->facts, "%s %s all that %s stages allow, which does not fill the budget.",
                        names.text, count > 1 ? "hold" : "holds", count > 1 ? "their" : "its");
    pb_text_free(&names);
}

static void tell_same_values(pb_findings *f)
{
    size_t i;
    json_t *pair;
    json_array_foreach(json_object_get(f->study, "same_values"), i, pair)
    {
        pb_findings_say(f->open,
                        "%s and %s hold the same values, at most in another order: between them "
                        "there is nothing to tell apart but that order.",
                        pb_findings_text(pair, "other"), pb_findings_text(pair, "point"));
    }
}

/* ---- how small is small enough ---- */

/* How much of an allowed loss is left, at least and at most. */
static difference margin_of(const json_t *point, double within)
{
    const difference d = difference_of(point);
    return (difference){within + d.mean, within + d.low, within + d.high};
}

/* The fewest bytes of which it is shown that they lose less than that. */
static void tell_smallest(pb_findings *f, double within)
{
    const json_t *raw = find_point(f->study, pb_findings_text(f->study, "reference")), *best = NULL;
    size_t i;
    json_t *p;
    json_array_foreach(json_object_get(f->study, "points"), i, p)
    {
        if (p != raw && margin_of(p, within).low >= 0.005 && bytes_of(p) < bytes_of(raw) &&
            (!best || bytes_of(p) < bytes_of(best)))
            best = p;
    }
    if (!raw) return;
    if (!best) {
        pb_findings_say(f->open, "No file smaller than raw is shown to lose less than %g point%s.",
                        within, within > 1 || within < 1 ? "s" : "");
        return;
    }
    const difference m = margin_of(best, within);
    pb_findings_say(
        f->claims,
        "%s loses less than %g point%s from %.1f bytes a sample, %.1f times fewer than raw: %.2f "
        "%% are told right, %.2f points above the least allowed (95 %% interval %.2f to %.2f).",
        pb_findings_text(best, "point"), within, within > 1 || within < 1 ? "s" : "",
        bytes_of(best), bytes_of(raw) / bytes_of(best), accuracy_of(best), m.mean, m.low, m.high);
}

/* ---- one against another ---- */

/* A sentence in the making: what two methods came to at several budgets, or one file against
 * several. */
typedef struct sentence {
    json_t *list;
    char head[192];
    pb_text items;
    int count;
} sentence;

static void end(sentence *s)
{
    if (s->count > 0)
        pb_findings_say(s->list, "%s %s.", s->head, s->items.failed ? "" : s->items.text);
    pb_text_free(&s->items);
    *s = (sentence){.list = s->list};
}

/* Where the next item of a sentence that begins so goes; another beginning ends the one before. */
PB_PRINTF(2, 3) static pb_text *go_on(sentence *s, const char *format, ...)
{
    char head[sizeof s->head];
    va_list args;
    va_start(args, format);
    vsnprintf(head, sizeof head, format, args);
    va_end(args);
    if (strcmp(s->head, head) != 0) end(s);
    snprintf(s->head, sizeof s->head, "%s", head);
    if (s->count++ > 0) pb_text_append(&s->items, ", ");
    return &s->items;
}

/* The sentences of what differs and of what was not told apart. */
typedef struct comparing {
    pb_findings *f;
    sentence claims, open;
} comparing;

static comparing begin_comparing(pb_findings *f)
{
    return (comparing){.f = f, .claims = {.list = f->claims}, .open = {.list = f->open}};
}

static void end_comparing(comparing *c)
{
    end(&c->claims);
    end(&c->open);
}

/* " by 1.20 points at 7.9 bytes (95 % interval 0.20 to 2.20)"; `first` of a sentence says all, the
 * others what is new. */
static void put_difference(pb_text *out, difference d, bool first, double bytes)
{
    const double low = d.mean > 0 ? d.low : -d.high, high = d.mean > 0 ? d.high : -d.low;
    pb_text_append(out, "by %.2f%s", fabs(d.mean), first ? " points" : "");
    if (!isnan(bytes)) pb_text_append(out, " at %.1f bytes", bytes);
    pb_text_append(out, " (%s%.2f to %.2f)", first ? "95 % interval " : "", low, high);
}

/* A method against another at one budget. */
static void compare(comparing *c, const json_t *point, const char *other, difference d)
{
    const char *method = pb_findings_text(point, "method");
    if (!has_interval(d)) return;
    c->f->comparisons++;
    if (excludes_zero(d)) {
        pb_text *items =
            go_on(&c->claims, "%s is %s than %s", method, d.mean > 0 ? "better" : "worse", other);
        put_difference(items, d, c->claims.count == 1, bytes_of(point));
    } else {
        pb_text_append(go_on(&c->open, "%s and %s: no difference told apart at", method, other),
                       "%.1f bytes (%+.2f points, %+.2f to %+.2f)", bytes_of(point), d.mean, d.low,
                       d.high);
    }
}

/* The best file of a budget against another of that budget. */
static void compare_leader(comparing *c, const json_t *point, const json_t *comparison)
{
    const difference d = difference_of(comparison);
    if (!has_interval(d)) return;
    if (!excludes_zero(d)) {
        compare(c, point, pb_findings_text(comparison, "against"), d);
        return;
    }
    c->f->comparisons++;
    pb_text *items = go_on(&c->claims, "%s is better than", pb_findings_text(point, "point"));
    pb_text_append(items, "%s ", pb_findings_text(comparison, "other"));
    put_difference(items, d, c->claims.count == 1, (double)NAN);
}

/* The same two are not compared twice: what was asked comes first. */
static bool was_asked(const json_t *study, const json_t *comparison)
{
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(study, "comparisons"), i, c)
    {
        const bool same =
            strcmp(pb_findings_text(c, "point"), pb_findings_text(comparison, "point")) == 0 &&
            strcmp(pb_findings_text(c, "other"), pb_findings_text(comparison, "other")) == 0;
        const bool turned =
            strcmp(pb_findings_text(c, "point"), pb_findings_text(comparison, "other")) == 0 &&
            strcmp(pb_findings_text(c, "other"), pb_findings_text(comparison, "point")) == 0;
        if (same || turned) return true;
    }
    return false;
}

static void tell_comparisons(pb_findings *f)
{
    comparing all = begin_comparing(f);
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(f->study, "comparisons"), i, c)
    {
        const json_t *point = find_point(f->study, pb_findings_text(c, "point"));
        if (point) compare(&all, point, pb_findings_text(c, "against"), difference_of(c));
    }
    end_comparing(&all);
}

static void tell_leaders(pb_findings *f)
{
    comparing all = begin_comparing(f);
    size_t i;
    json_t *c;
    json_array_foreach(json_object_get(f->study, "leaders"), i, c)
    {
        const json_t *point = find_point(f->study, pb_findings_text(c, "point"));
        if (point && !was_asked(f->study, c)) compare_leader(&all, point, c);
    }
    end_comparing(&all);
}

static void tell_against_raw(pb_findings *f)
{
    const char *raw = pb_findings_text(f->study, "reference");
    comparing all = begin_comparing(f);
    size_t i;
    json_t *p;
    json_array_foreach(json_object_get(f->study, "points"), i, p)
    {
        if (json_object_get(p, "difference")) compare(&all, p, raw, difference_of(p));
    }
    end_comparing(&all);
}

json_t *pb_findings_make(const json_t *study)
{
    pb_findings f = {
        .study = study, .facts = json_array(), .claims = json_array(), .open = json_array()};
    tell_what_was_done(&f);
    tell_without_budget(&f);
    tell_networks(&f);
    tell_exhausted(&f);
    tell_same_values(&f);
    tell_smallest(&f, 0.5);
    tell_smallest(&f, 1);
    tell_comparisons(&f);
    tell_leaders(&f);
    tell_against_raw(&f);
    pb_findings_measures(&f);
    return json_pack("{s:o, s:o, s:o, s:i}", "facts", f.facts, "claims", f.claims, "open", f.open,
                     "comparisons", f.comparisons);
}

/* ---- as a page ---- */

static void print_list(pb_text *out, const char *heading, const json_t *list, const char *none)
{
    size_t i;
    json_t *item;
    pb_text_append(out, "\n## %s\n\n", heading);
    json_array_foreach(list, i, item)
    {
        pb_text_append(out, "- %s\n", json_string_value(item));
    }
    if (json_array_size(list) == 0) pb_text_append(out, "%s\n", none);
}

void pb_findings_print(const json_t *study, const json_t *found, pb_text *out)
{
    const json_t *claims = json_object_get(found, "claims"), *open = json_object_get(found, "open");
    pb_text_append(out, "# Findings of %s\n", pb_findings_text(study, "name"));
    print_list(out, "What was measured", json_object_get(found, "facts"), "Nothing.");
    print_list(out, "What differs", claims, "Nothing was told apart.");
    print_list(out, "What was not told apart", open, "Nothing: everything compared differs.");
    pb_text_append(
        out,
        "\nIntervals of accuracies and of what networks prove are over seeds, those of differences "
        "of accuracies paired and at least one test sample wide on either side: they tell how far "
        "another training would differ, not other samples. Intervals of likeness and of shares are "
        "over the samples that were looked at. Of %" JSON_INTEGER_FORMAT
        " comparisons of two files, about one in twenty would seem to differ where nothing does.\n",
        json_integer_value(json_object_get(found, "comparisons")));
}
