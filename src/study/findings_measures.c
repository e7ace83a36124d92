/* What the files of a study keep and give away, in plain sentences. What was counted over all
 * samples is a fact; what was estimated is claimed where its 95 % interval excludes zero or chance,
 * and else stands among what is open. */
#include <math.h>
#include <string.h>

#include "study/findings_internal.h"

enum { SETS = 3 }; /* numbers of samples that data sets are told apart by: 1, 10, 100 */

/* An estimate and its 95 % interval. */
typedef struct estimate {
    double at, low, high;
} estimate;

static const estimate nothing = {NAN, NAN, NAN};

static const char *name_of(const json_t *point)
{
    return pb_findings_text(point, "point");
}

static double bytes_of(const json_t *point)
{
    return pb_findings_number(point, "bytes_per_sample");
}

static const json_t *points_of(const pb_findings *f)
{
    return json_object_get(f->study, "points");
}

static bool is_known(estimate e)
{
    return isfinite(e.at) && isfinite(e.low) && isfinite(e.high);
}

/* a - b. Source: Newcombe, "Interval estimation for the difference between independent
 * proportions", Statistics in Medicine 17 (1998), method 10: from the intervals of both. */
static estimate difference_of(estimate a, estimate b)
{
    const double d = a.at - b.at;
    return (estimate){d, d - hypot(a.at - a.low, b.high - b.at),
                      d + hypot(a.high - a.at, b.at - b.low)};
}

/* As so many digits after the point show it: what is printed as zero is not told from zero. */
static double as_shown(double number, int digits)
{
    const double scale = pow(10, digits);
    return round(number * scale) / scale;
}

static bool excludes_zero(estimate e, double factor, int digits)
{
    return as_shown(factor * e.low, digits) > 0 || as_shown(factor * e.high, digits) < 0;
}

/* ---- what is estimated of a point ---- */

static estimate share_of(const json_t *share)
{
    return (estimate){pb_findings_number(share, "share"), pb_findings_number(share, "low"),
                      pb_findings_number(share, "high")};
}

/* The row of looking for originals, with the key and noise or without, or without the key. */
static const json_t *look_of(const json_t *point, const char *key, bool noise)
{
    size_t i;
    json_t *row;
    const json_t *rows = json_object_get(json_object_get(point, "identity"), "reidentification");
    json_array_foreach(rows, i, row)
    {
        if (strcmp(pb_findings_text(row, "key"), key) == 0 &&
            (pb_findings_number(row, "noise") > 0) == noise)
            return row;
    }
    return NULL;
}

static estimate found_with_noise(const json_t *point)
{
    return share_of(json_object_get(look_of(point, "known", true), "rank_1"));
}

/* Over samples, by the normal distribution. */
static estimate similarity_of(const json_t *point)
{
    const json_t *reconstruction = json_object_get(point, "reconstruction");
    const json_t *ssim = json_object_get(reconstruction, "ssim");
    const double mean = pb_findings_number(ssim, "mean");
    const double half = 1.959963985 * pb_findings_number(ssim, "deviation") /
                        sqrt(pb_findings_number(reconstruction, "samples"));
    return (estimate){mean, mean - half, mean + half};
}

static const json_t *bound_json(const json_t *point)
{
    return json_object_get(json_object_get(point, "information"), "label_bound");
}

/* Over seeds. */
static estimate bound_of(const json_t *point)
{
    const json_t *bound = bound_json(point), *ends = json_object_get(bound, "interval");
    const json_t *low = json_array_get(ends, 0), *high = json_array_get(ends, 1);
    if (!json_is_number(low) || !json_is_number(high)) return nothing;
    return (estimate){pb_findings_number(bound, "mean"), json_number_value(low),
                      json_number_value(high)};
}

static estimate told_of(const json_t *point, int which)
{
    const json_t *sets = json_object_get(json_object_get(point, "identity"), "data_sets");
    const json_t *trial = json_array_get(json_object_get(sets, "trials"), (size_t)which);
    return share_of(json_object_get(trial, "accuracy"));
}

/* ---- information ---- */

/* The points where zstd takes least and most over the entropy. */
static void tell_entropy(pb_findings *f)
{
    size_t i;
    json_t *p;
    const json_t *least = NULL, *most = NULL;
    double low = INFINITY, high = -INFINITY;
    json_array_foreach(points_of(f), i, p)
    {
        const double ratio =
            pb_findings_number(json_object_get(p, "information"), "zstd_over_entropy");
        if (!isfinite(ratio)) continue;
        if (ratio < low) least = p;
        if (ratio > high) most = p;
        low = fmin(low, ratio);
        high = fmax(high, ratio);
    }
    if (!least) return;
    const json_t *information = json_object_get(least, "information");
    pb_findings_say(f->facts,
                    "Against the entropy of its values as if they were independent, zstd does best "
                    "on %s, %.2f times as many bits (%.0f of %.0f a sample), and worst on %s, %.2f "
                    "times; below 1 it finds what values have in common.",
                    name_of(least), low, pb_findings_number(information, "bits_zstd"),
                    pb_findings_number(information, "bits_entropy"), name_of(most), high);
}

/* The smallest file whose bound is shown to be at least this share of all there is. */
static const json_t *smallest_telling(const pb_findings *f, double share)
{
    size_t i;
    json_t *p;
    const json_t *best = NULL;
    json_array_foreach(points_of(f), i, p)
    {
        const double all = pb_findings_number(json_object_get(p, "information"), "label_bits");
        const estimate bound = bound_of(p);
        if (as_shown(bound.low, 2) > 0 && bound.low >= share * all &&
            (!best || bytes_of(p) < bytes_of(best)))
            best = p;
    }
    return best;
}

static void tell_bound(pb_findings *f, const json_t *point)
{
    const estimate bound = bound_of(point);
    pb_findings_say(f->claims,
                    "%s, of %.1f bytes a sample, tells at least %.2f of the %.2f bits of the label "
                    "(95 %% interval over seeds %.2f to %.2f): what its network proves.",
                    name_of(point), bytes_of(point), bound.at,
                    pb_findings_number(json_object_get(point, "information"), "label_bits"),
                    bound.low, bound.high);
}

/* The smallest file of all that tells anything, and the smallest that tells nine tenths. */
static void tell_bounds(pb_findings *f)
{
    size_t i;
    json_t *p;
    const json_t *any = smallest_telling(f, 0), *most = smallest_telling(f, 0.9);
    if (any) tell_bound(f, any);
    if (most && most != any) tell_bound(f, most);
    json_array_foreach(points_of(f), i, p)
    {
        const estimate bound = bound_of(p);
        if (is_known(bound) && !(as_shown(bound.low, 2) > 0))
            pb_findings_say(f->open,
                            "That %s tells anything of the label is not shown: at least %.2f bits, "
                            "%.2f to %.2f.",
                            name_of(p), bound.at, bound.low, bound.high);
    }
}

/* ---- the first of each budget ---- */

/* What puts the files of a budget into an order. */
typedef struct contest {
    estimate (*of)(const json_t *point);
    double factor; /* of numbers in sentences */
    int digits;
    bool largest; /* comes first */
    const char *does, *what, *unit;
} contest;

/* Of `count` files of that budget. */
static void tell_first(pb_findings *f, const contest *c, json_int_t budget, int count,
                       const json_t *first, const json_t *second)
{
    const estimate a = c->of(first), b = c->of(second);
    const estimate d = c->largest ? difference_of(a, b) : difference_of(b, a);
    const double k = c->factor;
    f->comparisons++;
    if (as_shown(k * d.low, c->digits) > 0)
        pb_findings_say(f->claims,
                        "Of the %d files made for %" JSON_INTEGER_FORMAT
                        " bytes, %s %s: %s %.*f%s against %.*f%s of %s, which comes next, a "
                        "difference of %.*f (95 %% interval %.*f to %.*f).",
                        count, budget, name_of(first), c->does, c->what, c->digits, k * a.at,
                        c->unit, c->digits, k * b.at, c->unit, name_of(second), c->digits, k * d.at,
                        c->digits, k * d.low, c->digits, k * d.high);
    else
        pb_findings_say(f->open,
                        "Of the %d files made for %" JSON_INTEGER_FORMAT
                        " bytes, which %s was not told: %s %.*f%s of %s against %.*f%s of %s, a "
                        "difference of %.*f (%.*f to %.*f).",
                        count, budget, c->does, c->what, c->digits, k * a.at, c->unit,
                        name_of(first), c->digits, k * b.at, c->unit, name_of(second), c->digits,
                        k * d.at, c->digits, k * d.low, c->digits, k * d.high);
}

static void hold_contest(pb_findings *f, const contest *c, const json_t *budget)
{
    size_t i;
    json_t *p;
    int count = 0;
    const json_t *first = NULL, *second = NULL;
    json_array_foreach(points_of(f), i, p)
    {
        const estimate e = c->of(p);
        const double sign = c->largest ? 1 : -1;
        if (!json_equal(json_object_get(p, "budget"), budget) || !is_known(e)) continue;
        count++;
        if (!first || sign * e.at > sign * c->of(first).at) {
            second = first;
            first = p;
        } else if (!second || sign * e.at > sign * c->of(second).at) {
            second = p;
        }
    }
    if (second) tell_first(f, c, json_integer_value(budget), count, first, second);
}

/* Of each budget once, where its first point stands. */
static void hold_contests(pb_findings *f, const contest *c)
{
    size_t i, k;
    json_t *p;
    json_array_foreach(points_of(f), i, p)
    {
        const json_t *budget = json_object_get(p, "budget");
        for (k = 0; k < i; k++)
            if (json_equal(json_object_get(json_array_get(points_of(f), k), "budget"), budget))
                break;
        if (k == i && json_is_integer(budget)) hold_contest(f, c, budget);
    }
}

/* ---- reconstruction ---- */

static void tell_quality(pb_findings *f)
{
    size_t i;
    json_t *p;
    const json_t *least = NULL, *most = NULL;
    double low = INFINITY, high = -INFINITY;
    json_array_foreach(points_of(f), i, p)
    {
        const double psnr = pb_findings_number(json_object_get(p, "reconstruction"), "psnr");
        if (!isfinite(psnr)) continue;
        if (psnr < low) least = p;
        if (psnr > high) most = p;
        low = fmin(low, psnr);
        high = fmax(high, psnr);
    }
    if (least && most != least)
        pb_findings_say(f->facts,
                        "What comes back of test samples has a peak signal-to-noise ratio of %.1f "
                        "dB at worst (%s) and %.1f dB at best (%s).",
                        low, name_of(least), high, name_of(most));
}

/* ---- identity ---- */

static void tell_collisions(pb_findings *f)
{
    size_t i;
    json_t *p;
    const json_t *most = NULL, *before = NULL;
    double high = -1;
    json_array_foreach(points_of(f), i, p)
    {
        const json_t *c = json_object_get(json_object_get(p, "identity"), "collisions");
        const double samples = pb_findings_number(c, "samples");
        if (samples > high) {
            most = p;
            high = samples;
        }
        if (c) before = json_object_get(c, "of_originals");
    }
    if (!most) return;
    const double originals = pb_findings_number(before, "samples");
    const bool any = high > originals;
    pb_findings_say(f->facts,
                    "%.0f originals have an equal among the others; of what a file gives, at most "
                    "%.0f have one%s%s.",
                    originals, high, any ? ": " : "", any ? name_of(most) : "");
}

/* The file with the least of an estimate, the next, and both ends of all files. */
typedef struct ranking {
    const json_t *least, *next;
    double low, high;
    bool is_told; /* the least from the next */
    estimate apart;
} ranking;

typedef estimate estimate_of(const json_t *point, int which);

static ranking rank(pb_findings *f, estimate_of *of, int which)
{
    ranking r = {.low = INFINITY, .high = -INFINITY};
    size_t i;
    json_t *p;
    json_array_foreach(points_of(f), i, p)
    {
        const estimate e = of(p, which);
        if (!is_known(e)) continue;
        if (!r.least || e.at < r.low) {
            r.next = r.least;
            r.least = p;
        } else if (!r.next || e.at < of(r.next, which).at) {
            r.next = p;
        }
        r.low = fmin(r.low, e.at);
        r.high = fmax(r.high, e.at);
    }
    if (!r.next) return r;
    r.apart = difference_of(of(r.next, which), of(r.least, which));
    r.is_told = as_shown(100 * r.apart.low, 1) > 0;
    return r;
}

/* What goes before the least of shares that hold in every file. */
static const char *at_least(ranking r)
{
    return as_shown(100 * r.low, 1) < as_shown(100 * r.high, 1) ? "at least " : "";
}

enum { LOOKED_NOISY, LOOKED_NOISY_TEN, LOOKED_EXACT };

static estimate found_of(const json_t *point, int which)
{
    const json_t *look = look_of(point, "known", which != LOOKED_EXACT);
    return share_of(json_object_get(look, which == LOOKED_NOISY_TEN ? "rank_10" : "rank_1"));
}

/* How originals are found in the file that shows least where that is told from the next, else in
 * all files; and by how much more than by chance. */
static void tell_found(pb_findings *f)
{
    const ranking r = rank(f, found_of, LOOKED_NOISY), ten = rank(f, found_of, LOOKED_NOISY_TEN),
                  exact = rank(f, found_of, LOOKED_EXACT);
    if (!r.least) return;
    const json_t *noisy = look_of(r.least, "known", true);
    const estimate first = found_of(r.least, LOOKED_NOISY);
    const double among = pb_findings_number(noisy, "among"),
                 noise = pb_findings_number(noisy, "noise");
    f->comparisons += r.next != NULL;
    if (!(as_shown(100 * first.low, 1) > 100 / among))
        pb_findings_say(
            f->open,
            "That originals with noise are found in %s is not told from chance: %.1f %% "
            "(%.1f to %.1f).",
            name_of(r.least), 100 * first.at, 100 * first.low, 100 * first.high);
    else if (r.is_told)
        pb_findings_say(
            f->claims,
            "Even in %s, which gives its samples away least (%s, which comes next, by %.1f points "
            "more, 95 %% interval %.1f to %.1f), %.1f %% of originals with noise of %g of their "
            "range are nearest to their own of %.0f compressed samples (95 %% interval %.1f to "
            "%.1f) and %.1f %% are among the ten nearest; without noise %.1f %% are nearest. "
            "Chance finds %.4f %%.",
            name_of(r.least), name_of(r.next), 100 * r.apart.at, 100 * r.apart.low,
            100 * r.apart.high, 100 * first.at, noise, among, 100 * first.low, 100 * first.high,
            100 * found_of(r.least, LOOKED_NOISY_TEN).at, 100 * found_of(r.least, LOOKED_EXACT).at,
            100 / among);
    else
        pb_findings_say(
            f->claims,
            "In every file, %s%.1f %% of originals with noise of %g of their range are nearest to "
            "their own of %.0f compressed samples (95 %% interval %.1f to %.1f in %s) and %s%.1f "
            "%% are among the ten nearest; without noise %s%.1f %% are nearest. Chance finds %.4f "
            "%%.",
            at_least(r), 100 * r.low, noise, among, 100 * first.low, 100 * first.high,
            name_of(r.least), at_least(ten), 100 * ten.low, at_least(exact), 100 * exact.low,
            100 / among);
}

/* What the key of a random projection is worth, in each of its files. */
static void tell_keys(pb_findings *f)
{
    size_t i;
    json_t *p;
    json_array_foreach(points_of(f), i, p)
    {
        const json_t *without = look_of(p, "unknown", false);
        const estimate with = share_of(json_object_get(look_of(p, "known", false), "rank_1")),
                       lost = share_of(json_object_get(without, "rank_1")),
                       d = difference_of(with, lost);
        const double chance = 1 / pb_findings_number(without, "among");
        if (!is_known(d)) continue;
        f->comparisons++;
        json_t *list = excludes_zero(d, 100, 1) ? f->claims : f->open;
        pb_findings_say(
            list,
            "Without the seed of its projection, %s gives %.2f %% of originals away "
            "instead of %.2f %%: %.1f points fewer (95 %% interval %.1f to %.1f), %s.",
            name_of(p), 100 * lost.at, 100 * with.at, 100 * d.at, 100 * d.low, 100 * d.high,
            lost.low > chance ? "still more than by chance" : "which is not told from chance");
    }
}

/* ---- data sets ---- */

/* What ten samples and a hundred tell: of a file, or (NULL) of all. */
static void append_more(pb_findings *f, const json_t *point, pb_text *out)
{
    for (int k = 1; k < SETS; k++) {
        const ranking r = rank(f, told_of, k);
        const double share = point ? told_of(point, k).at : r.low;
        if (r.least && isfinite(share))
            pb_text_append(out, "; %s %s%.1f %%", k == 1 ? "ten" : "a hundred",
                           point ? "" : at_least(r), 100 * share);
    }
}

/* The file that one sample tells least of, where that is told from the next; else all files. */
static void tell_data_sets(pb_findings *f)
{
    size_t i;
    json_t *name;
    const ranking r = rank(f, told_of, 0);
    if (!r.least) return;
    const json_t *sets = json_object_get(json_object_get(r.least, "identity"), "data_sets");
    const json_t *names = json_object_get(sets, "names");
    const estimate one = told_of(r.least, 0);
    const double chance = 1 / (double)json_array_size(names);
    pb_text listed = {0}, more = {0};
    json_array_foreach(names, i, name)
    {
        pb_text_append(&listed, "%s%s", i ? ", " : "", json_string_value(name));
    }
    const char *which = listed.failed ? "" : listed.text;
    append_more(f, r.is_told ? r.least : NULL, &more);
    const char *others = more.failed || !more.text ? "" : more.text;
    f->comparisons += r.next != NULL;
    if (!(as_shown(100 * one.low, 1) > as_shown(100 * chance, 1)))
        pb_findings_say(f->open,
                        "That one sample of %s tells which data set it is from (of %s) is not told "
                        "from chance: %.1f %% (%.1f to %.1f, by chance %.1f).",
                        name_of(r.least), which, 100 * one.at, 100 * one.low, 100 * one.high,
                        100 * chance);
    else if (r.is_told)
        pb_findings_say(
            f->claims,
            "One compressed sample tells which data set it is from (of %s) in %.1f %% of trials "
            "even in %s, where that is hardest (95 %% interval %.1f to %.1f, by chance %.1f; in "
            "%s, which comes next, %.1f points more, 95 %% interval %.1f to %.1f)%s.",
            which, 100 * one.at, name_of(r.least), 100 * one.low, 100 * one.high, 100 * chance,
            name_of(r.next), 100 * r.apart.at, 100 * r.apart.low, 100 * r.apart.high, others);
    else
        pb_findings_say(
            f->claims,
            "In every file, one compressed sample tells which data set it is from (of %s) in "
            "%s%.1f %% of trials (95 %% interval %.1f to %.1f in %s, by chance %.1f)%s.",
            which, at_least(r), 100 * r.low, 100 * one.low, 100 * one.high, name_of(r.least),
            100 * chance, others);
    pb_text_free(&listed);
    pb_text_free(&more);
}

/* ---- fingerprints ---- */

/* In how many points a change was made, and in how many the fingerprint stayed. */
static void count_change(const pb_findings *f, const char *change, int *made, int *same)
{
    size_t i, k;
    json_t *p, *row;
    *made = *same = 0;
    json_array_foreach(points_of(f), i, p)
    {
        const json_t *rows = json_object_get(json_object_get(p, "identity"), "fingerprint_changes");
        json_array_foreach(rows, k, row)
        {
            if (strcmp(pb_findings_text(row, "change"), change) != 0) continue;
            ++*made;
            *same += json_is_true(json_object_get(row, "same"));
        }
    }
}

static bool holds(const json_t *list, const char *word)
{
    size_t i;
    json_t *held;
    json_array_foreach(list, i, held)
    {
        if (strcmp(json_string_value(held), word) == 0) return true;
    }
    return false;
}

static void tell_list(pb_findings *f, const char *what, const json_t *list)
{
    size_t i;
    json_t *word;
    pb_text words = {0};
    json_array_foreach(list, i, word)
    {
        pb_text_append(&words, "%s%s", i ? ", " : "", json_string_value(word));
    }
    if (words.text && !words.failed)
        pb_findings_say(f->facts, "A fingerprint %s: %s.", what, words.text);
    pb_text_free(&words);
}

/* What did so in some files alone is in neither list. */
static void tell_fingerprints(pb_findings *f)
{
    size_t i, k;
    json_t *p, *row, *changed = json_array(), *kept = json_array();
    json_array_foreach(points_of(f), i, p)
    {
        const json_t *rows = json_object_get(json_object_get(p, "identity"), "fingerprint_changes");
        json_array_foreach(rows, k, row)
        {
            const char *change = pb_findings_text(row, "change");
            int made, same;
            count_change(f, change, &made, &same);
            json_t *list = same == 0 ? changed : kept;
            if (strcmp(change, "nothing") != 0 && (same == 0 || same == made) &&
                !holds(list, change))
                json_array_append_new(list, json_string(change));
        }
    }
    tell_list(f, "changes with", changed);
    tell_list(f, "stays the same with", kept);
    json_decref(changed);
    json_decref(kept);
}

/* ---- the whole ---- */

void pb_findings_measures(pb_findings *f)
{
    static const contest likeness = {similarity_of,
                                     1,
                                     3,
                                     true,
                                     "gives back what is most like the originals",
                                     "a structural similarity of",
                                     ""};
    static const contest hiding = {found_with_noise, 100, 1, false, "gives its samples away least",
                                   "with noise,",    " %"};
    tell_entropy(f);
    tell_quality(f);
    tell_collisions(f);
    tell_fingerprints(f);
    tell_bounds(f);
    hold_contests(f, &likeness);
    hold_contests(f, &hiding);
    tell_found(f);
    tell_keys(f);
    tell_data_sets(f);
}
