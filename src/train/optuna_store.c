#include "train/optuna_store.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "train/optuna_sql.h"

enum { WAIT_MS = 60000 };

/* ---- the file ---- */

static pb_status open_file(pb_store *store)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_PRIVATECACHE;
    if (sqlite3_open_v2(store->path, &store->db, flags, NULL) != SQLITE_OK)
        return store->db ? pb_sql_fail(store)
                         : pb_fail(store->ctx, PB_ERR_MEMORY, "out of memory for a study");
    sqlite3_busy_timeout(store->db, WAIT_MS);
    PB_TRY(pb_store_begin(store));
    const pb_status status = pb_schema_prepare(store);
    if (status == PB_OK) return pb_store_commit(store);
    pb_store_rollback(store);
    return status;
}

pb_status pb_store_open(pb_context *ctx, const char *path, pb_store **store)
{
    *store = NULL;
    pb_store *s = calloc(1, sizeof *s);
    if (s) s->path = strdup(path);
    if (!s || !s->path) {
        free(s);
        return pb_fail(ctx, PB_ERR_MEMORY, "out of memory for a study");
    }
    s->ctx = ctx;
    const pb_status status = open_file(s);
    if (status != PB_OK) {
        pb_store_close(&s);
        return status;
    }
    *store = s;
    return PB_OK;
}

void pb_store_close(pb_store **store)
{
    if (!store || !*store) return;
    pb_store_rollback(*store);
    sqlite3_close((*store)->db);
    free((*store)->path);
    free(*store);
    *store = NULL;
}

/* ---- transactions ---- */

pb_status pb_store_begin(pb_store *store)
{
    return pb_sql_run(store, "BEGIN IMMEDIATE", "");
}

pb_status pb_store_commit(pb_store *store)
{
    const pb_status status = pb_sql_run(store, "COMMIT", "");
    if (status != PB_OK) pb_store_rollback(store);
    return status;
}

void pb_store_rollback(pb_store *store)
{
    if (store->db && !sqlite3_get_autocommit(store->db))
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

/* Begins a transaction unless the caller has; `*own` goes to leave(). */
static pb_status enter(pb_store *store, bool *own)
{
    *own = sqlite3_get_autocommit(store->db) != 0;
    return *own ? pb_store_begin(store) : PB_OK;
}

static pb_status leave(pb_store *store, bool own, pb_status status)
{
    if (!own) return status;
    if (status == PB_OK) return pb_store_commit(store);
    pb_store_rollback(store);
    return status;
}

/* ---- studies ---- */

static pb_status make_study(pb_store *store, const char *name, bool maximise, int64_t *study)
{
    PB_TRY(pb_sql_run(store, "INSERT INTO studies (study_name) VALUES (?)", "t", name));
    *study = sqlite3_last_insert_rowid(store->db);
    return pb_sql_run(
        store, "INSERT INTO study_directions (direction, study_id, objective) VALUES (?, ?, 0)",
        "ti", maximise ? "MAXIMIZE" : "MINIMIZE", *study);
}

static pb_status check_study(pb_store *store, const char *name, bool maximise, int64_t study)
{
    int64_t all, same;
    PB_TRY(pb_sql_number(store, 0, &all, "SELECT COUNT(*) FROM study_directions WHERE study_id = ?",
                         "i", study));
    PB_TRY(
        pb_sql_number(store, 0, &same,
                      "SELECT COUNT(*) FROM study_directions WHERE study_id = ? AND direction = ?",
                      "it", study, maximise ? "MAXIMIZE" : "MINIMIZE"));
    if (all == 1 && same == 1) return PB_OK;
    return pb_fail(store->ctx, PB_ERR_CONFIG,
                   "%s: study %s does not %s one value; give the search another folder or name",
                   store->path, name, maximise ? "maximise" : "minimise");
}

static pb_status find_study(pb_store *store, const char *name, bool maximise, const pb_space *space,
                            int64_t *study)
{
    pb_trials trials;
    PB_TRY(pb_sql_number(store, -1, study, "SELECT study_id FROM studies WHERE study_name = ?", "t",
                         name));
    if (*study < 0) return make_study(store, name, maximise, study);
    PB_TRY(check_study(store, name, maximise, *study));
    PB_TRY(pb_store_load(store, *study, space, &trials));
    pb_trials_clear(&trials);
    return PB_OK;
}

pb_status pb_store_study(pb_store *store, const char *name, bool maximise, const pb_space *space,
                         int64_t *study)
{
    bool own;
    PB_TRY(enter(store, &own));
    return leave(store, own, find_study(store, name, maximise, space, study));
}

/* ---- trials ---- */

/* Now as SQLAlchemy writes it. */
static void print_time(char text[40])
{
    struct timeval now;
    struct tm local;
    char seconds[24];
    gettimeofday(&now, NULL);
    localtime_r(&now.tv_sec, &local);
    strftime(seconds, sizeof seconds, "%Y-%m-%d %H:%M:%S", &local);
    snprintf(text, 40, "%s.%06ld", seconds, (long)now.tv_usec);
}

/* Sets an attribute to a JSON value, which it takes over. */
static pb_status set_attribute(pb_store *store, const char *table, int64_t trial, const char *key,
                               json_t *value)
{
    pb_text sql = {0};
    pb_text_append(&sql,
                   "INSERT INTO %s (trial_id, \"key\", value_json) VALUES (?, ?, ?) "
                   "ON CONFLICT (trial_id, \"key\") DO UPDATE SET value_json = excluded.value_json",
                   table);
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    const pb_status status =
        text && !sql.failed ? pb_sql_run(store, sql.text, "itt", trial, key, text)
                            : pb_fail(store->ctx, PB_ERR_MEMORY, "%s: out of memory", store->path);
    free(text);
    pb_text_free(&sql);
    json_decref(value);
    return status;
}

static pb_status set_note(pb_store *store, int64_t trial, const char *key, json_t *value)
{
    return set_attribute(store, "trial_user_attributes", trial, key, value);
}

static pb_status set_system(pb_store *store, int64_t trial, const char *key, json_t *value)
{
    return set_attribute(store, "trial_system_attributes", trial, key, value);
}

static pb_status add_param(pb_store *store, int64_t trial, const pb_dimension *d, double value)
{
    pb_text json = {0};
    pb_dimension_json(d, &json);
    const pb_status status =
        json.failed ? pb_fail(store->ctx, PB_ERR_MEMORY, "%s: out of memory", store->path)
                    : pb_sql_run(store,
                                 "INSERT INTO trial_params (trial_id, param_name, param_value, "
                                 "distribution_json) VALUES (?, ?, ?, ?)",
                                 "itdt", trial, d->key, value, json.text);
    pb_text_free(&json);
    return status;
}

static pb_status add_trial(pb_store *store, int64_t study, const pb_space *space,
                           const pb_new_trial *trial, int64_t *id, int *number)
{
    char now[40];
    int64_t next;
    print_time(now);
    PB_TRY(pb_sql_number(store, 0, &next,
                         "SELECT COALESCE(MAX(number) + 1, 0) FROM trials WHERE study_id = ?", "i",
                         study));
    PB_TRY(pb_sql_run(store,
                      "INSERT INTO trials (number, study_id, state, datetime_start) "
                      "VALUES (?, ?, 'RUNNING', ?)",
                      "iit", next, study, now));
    *id = sqlite3_last_insert_rowid(store->db);
    *number = (int)next;
    for (int i = 0; i < space->count; i++)
        PB_TRY(add_param(store, *id, &space->dimensions[i], trial->point[i]));
    if (trial->grid >= 0) PB_TRY(set_system(store, *id, "grid_id", json_integer(trial->grid)));
    PB_TRY(set_note(store, *id, "seed", json_integer(trial->seed)));
    return set_note(store, *id, "worker", json_string(trial->worker));
}

pb_status pb_store_add(pb_store *store, int64_t study, const pb_space *space,
                       const pb_new_trial *trial, int64_t *id, int *number)
{
    bool own;
    PB_TRY(enter(store, &own));
    return leave(store, own, add_trial(store, study, space, trial, id, number));
}

/* How a column beside a value names what kind of number it is. */
static const char *value_type(double value)
{
    return isnan(value) ? "NAN" : !isinf(value) ? "FINITE" : value > 0 ? "INF_POS" : "INF_NEG";
}

static pb_status add_reports(pb_store *store, int64_t id, int count,
                             const pb_trial_report reports[])
{
    for (int i = 0; i < count; i++) {
        const double value = reports[i].value;
        PB_TRY(pb_sql_run(store,
                          "INSERT INTO trial_intermediate_values (trial_id, step, "
                          "intermediate_value, intermediate_value_type) VALUES (?, ?, ?, ?)",
                          "iidt", id, (int64_t)reports[i].epoch,
                          isfinite(value) ? value : (double)NAN, value_type(value)));
    }
    return PB_OK;
}

pb_status pb_store_report(pb_store *store, int64_t id, int count, const pb_trial_report reports[])
{
    bool own;
    PB_TRY(enter(store, &own));
    return leave(store, own, add_reports(store, id, count, reports));
}

pb_status pb_store_rung(pb_store *store, int64_t id, int rung, double value)
{
    char key[40];
    bool own;
    snprintf(key, sizeof key, "completed_rung_%d", rung);
    PB_TRY(enter(store, &own));
    return leave(store, own, set_system(store, id, key, json_real(value)));
}

static pb_status end_trial(pb_store *store, int64_t id, const pb_trial_end *end)
{
    char now[40];
    print_time(now);
    PB_TRY(pb_sql_run(store,
                      "UPDATE trials SET state = ?, datetime_complete = ? "
                      "WHERE trial_id = ? AND state = 'RUNNING'",
                      "tti", pb_trial_state_name(end->state), now, id));
    if (sqlite3_changes(store->db) == 0) return PB_OK;
    if (!isnan(end->value))
        PB_TRY(pb_sql_run(store,
                          "INSERT INTO trial_values (trial_id, objective, value, value_type) "
                          "VALUES (?, 0, ?, ?)",
                          "idt", id, isfinite(end->value) ? end->value : (double)NAN,
                          value_type(end->value)));
    if (!isnan(end->seconds)) PB_TRY(set_note(store, id, "seconds", json_real(end->seconds)));
    return end->problem ? set_note(store, id, "problem", json_string(end->problem)) : PB_OK;
}

pb_status pb_store_end(pb_store *store, int64_t id, const pb_trial_end *end)
{
    bool own;
    PB_TRY(enter(store, &own));
    return leave(store, own, end_trial(store, id, end));
}
