/* Reading the trials of a study. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/optuna_sql.h"

typedef struct reading {
    pb_store *store;
    int64_t study;
    const pb_space *space;
    pb_trials *trials; /* in the order of their ids, which is that of their numbers */
} reading;

static pb_status no_memory(reading *r)
{
    return pb_fail(r->store->ctx, PB_ERR_MEMORY, "%s: out of memory for the trials",
                   r->store->path);
}

static int by_id(const void *key, const void *element)
{
    const int64_t id = *(const int64_t *)key, other = ((const pb_trial *)element)->id;
    return (id > other) - (id < other);
}

static pb_trial *find_trial(reading *r, int64_t id)
{
    if (r->trials->count == 0) return NULL;
    return bsearch(&id, r->trials->trial, (size_t)r->trials->count, sizeof(pb_trial), by_id);
}

/* ---- a row of each table ---- */

static pb_trial_state state_of(const char *name)
{
    for (int i = 0; i <= PB_TRIAL_WAITING; i++)
        if (strcmp(name, pb_trial_state_name((pb_trial_state)i)) == 0) return (pb_trial_state)i;
    return PB_TRIAL_FAIL;
}

static double value_of(sqlite3_stmt *row, int value, int type)
{
    const char *kind = pb_sql_text(row, type);
    if (strcmp(kind, "INF_POS") == 0) return INFINITY;
    if (strcmp(kind, "INF_NEG") == 0) return -INFINITY;
    if (sqlite3_column_type(row, value) == SQLITE_NULL) return NAN;
    return sqlite3_column_double(row, value);
}

static pb_status take_param(reading *r, pb_trial *t, sqlite3_stmt *row)
{
    const char *key = pb_sql_text(row, 1);
    for (int i = 0; i < r->space->count; i++) {
        const pb_dimension *d = &r->space->dimensions[i];
        if (strcmp(d->key, key) != 0) continue;
        if (!pb_dimension_is(d, pb_sql_text(row, 3))) break;
        t->point[i] = pb_dimension_snap(d, sqlite3_column_double(row, 2));
        return PB_OK;
    }
    return pb_fail(r->store->ctx, PB_ERR_CONFIG,
                   "%s: trial %d of the study is of another space (%.60s); give the search another "
                   "folder or name",
                   r->store->path, t->number, key);
}

static pb_status take_value(reading *r, pb_trial *t, sqlite3_stmt *row)
{
    (void)r;
    t->value = value_of(row, 1, 2);
    return PB_OK;
}

static pb_status take_report(reading *r, pb_trial *t, sqlite3_stmt *row)
{
    if ((t->report_count & (t->report_count - 1)) == 0) { /* room doubles at powers of two */
        const size_t room = t->report_count ? 2 * (size_t)t->report_count : 1;
        pb_trial_report *larger = pb_arena_alloc(r->trials->arena, room * sizeof *larger);
        if (!larger) return no_memory(r);
        if (t->report_count) memcpy(larger, t->reports, (size_t)t->report_count * sizeof *larger);
        t->reports = larger;
    }
    t->reports[t->report_count++] =
        (pb_trial_report){sqlite3_column_int(row, 1), value_of(row, 2, 3)};
    return PB_OK;
}

static pb_status keep_text(reading *r, const json_t *json, const char **text)
{
    if (!json_is_string(json)) return PB_OK;
    *text = pb_arena_strdup(r->trials->arena, json_string_value(json));
    return *text ? PB_OK : no_memory(r);
}

static pb_status take_note(reading *r, pb_trial *t, sqlite3_stmt *row)
{
    const char *key = pb_sql_text(row, 1);
    json_t *json = json_loads(pb_sql_text(row, 2), JSON_DECODE_ANY, NULL);
    pb_status status = PB_OK;
    if (strcmp(key, "worker") == 0) status = keep_text(r, json, &t->worker);
    if (strcmp(key, "problem") == 0) status = keep_text(r, json, &t->problem);
    if (strcmp(key, "seconds") == 0 && json_is_number(json)) t->seconds = json_number_value(json);
    json_decref(json);
    return status;
}

static pb_status take_system(reading *r, pb_trial *t, sqlite3_stmt *row)
{
    enum { MOST_RUNGS = 64 }; /* each takes twice the epochs of the one before, or more */
    static const char rung_key[] = "completed_rung_";
    const char *key = pb_sql_text(row, 1);
    json_t *json = json_loads(pb_sql_text(row, 2), JSON_DECODE_ANY, NULL);
    if (strcmp(key, "grid_id") == 0 && json_is_integer(json)) t->grid = json_integer_value(json);
    if (strncmp(key, rung_key, strlen(rung_key)) == 0 && json_is_number(json)) {
        const long rung = strtol(key + strlen(rung_key), NULL, 10);
        if (!t->rungs) t->rungs = pb_arena_alloc(r->trials->arena, MOST_RUNGS * sizeof *t->rungs);
        if (!t->rungs) {
            json_decref(json);
            return no_memory(r);
        }
        if (rung >= 0 && rung < MOST_RUNGS) {
            t->rungs[rung] = json_number_value(json);
            if (rung >= t->rung_count) t->rung_count = (int)rung + 1;
        }
    }
    json_decref(json);
    return PB_OK;
}

/* ---- tables ---- */

static pb_status start_trial(reading *r, sqlite3_stmt *row, pb_trial *t)
{
    const int dimensions = r->space->count;
    *t = (pb_trial){
        .id = sqlite3_column_int64(row, 0),
        .number = sqlite3_column_int(row, 1),
        .state = state_of(pb_sql_text(row, 2)),
        .point = pb_arena_alloc(r->trials->arena, (size_t)dimensions * sizeof(double) + 1),
        .value = NAN,
        .grid = -1,
        .seconds = NAN,
    };
    if (!t->point) return no_memory(r);
    for (int i = 0; i < dimensions; i++) t->point[i] = NAN;
    return PB_OK;
}

static pb_status read_trials(reading *r)
{
    int64_t count;
    PB_TRY(pb_sql_number(r->store, 0, &count, "SELECT COUNT(*) FROM trials WHERE study_id = ?", "i",
                         r->study));
    r->trials->trial =
        pb_arena_alloc(r->trials->arena, ((size_t)count + 1) * sizeof *r->trials->trial);
    if (!r->trials->trial) return no_memory(r);
    sqlite3_stmt *rows;
    bool row = false;
    PB_TRY(pb_sql_open(r->store, &rows,
                       "SELECT trial_id, number, state FROM trials WHERE study_id = ? "
                       "ORDER BY trial_id LIMIT ?",
                       "ii", r->study, count));
    pb_status status = pb_sql_next(r->store, rows, &row);
    while (status == PB_OK && row) {
        status = start_trial(r, rows, &r->trials->trial[r->trials->count]);
        if (status == PB_OK) r->trials->count++;
        if (status == PB_OK) status = pb_sql_next(r->store, rows, &row);
    }
    sqlite3_finalize(rows);
    return status;
}

/* Gives each row of a table to the trial that its first column names. */
static pb_status read_table(reading *r, const char *sql,
                            pb_status (*take)(reading *, pb_trial *, sqlite3_stmt *))
{
    sqlite3_stmt *rows;
    bool row = false;
    PB_TRY(pb_sql_open(r->store, &rows, sql, "i", r->study));
    pb_status status = pb_sql_next(r->store, rows, &row);
    while (status == PB_OK && row) {
        pb_trial *t = find_trial(r, sqlite3_column_int64(rows, 0));
        if (t) status = take(r, t, rows);
        if (status == PB_OK) status = pb_sql_next(r->store, rows, &row);
    }
    sqlite3_finalize(rows);
    return status;
}

static pb_status check_points(reading *r)
{
    for (int i = 0; i < r->trials->count; i++) {
        const pb_trial *t = &r->trials->trial[i];
        if (t->state != PB_TRIAL_COMPLETE && t->state != PB_TRIAL_PRUNED) continue;
        for (int k = 0; k < r->space->count; k++) {
            if (!isnan(t->point[k])) continue;
            return pb_fail(r->store->ctx, PB_ERR_CONFIG,
                           "%s: trial %d of the study is of another space (it has no %.60s); give "
                           "the search another folder or name",
                           r->store->path, t->number, r->space->dimensions[k].key);
        }
    }
    return PB_OK;
}

static pb_status read_all(reading *r)
{
    PB_TRY(read_trials(r));
    PB_TRY(read_table(r,
                      "SELECT trial_id, param_name, param_value, distribution_json FROM "
                      "trial_params JOIN trials USING (trial_id) WHERE study_id = ?",
                      take_param));
    PB_TRY(read_table(r,
                      "SELECT trial_id, value, value_type FROM trial_values JOIN trials USING "
                      "(trial_id) WHERE study_id = ? AND objective = 0",
                      take_value));
    PB_TRY(read_table(r,
                      "SELECT trial_id, step, intermediate_value, intermediate_value_type FROM "
                      "trial_intermediate_values JOIN trials USING (trial_id) WHERE study_id = ? "
                      "ORDER BY trial_id, step",
                      take_report));
    PB_TRY(read_table(r,
                      "SELECT trial_id, \"key\", value_json FROM trial_user_attributes JOIN trials "
                      "USING (trial_id) WHERE study_id = ?",
                      take_note));
    PB_TRY(read_table(r,
                      "SELECT trial_id, \"key\", value_json FROM trial_system_attributes JOIN "
                      "trials USING (trial_id) WHERE study_id = ?",
                      take_system));
    return check_points(r);
}

pb_status pb_store_load(pb_store *store, int64_t study, const pb_space *space, pb_trials *trials)
{
    *trials = (pb_trials){.arena = pb_arena_create()};
    reading r = {store, study, space, trials};
    pb_status status = trials->arena ? PB_OK : no_memory(&r);
    bool own = false;
    if (status == PB_OK) { /* one transaction: the tables must tell of one moment */
        own = sqlite3_get_autocommit(store->db) != 0;
        if (own) status = pb_sql_run(store, "BEGIN", "");
    }
    if (status == PB_OK) status = read_all(&r);
    if (own) pb_store_rollback(store);
    if (status != PB_OK) pb_trials_clear(trials);
    return status;
}
