/* The tables of a study file, word for word as Optuna 3.1.0 makes them: even the spaces at the ends
 * of lines, so that a dump of a file made here equals one made there. */
#include <string.h>

#include "train/optuna_sql.h"

static const int64_t schema_version = 12;
static const char library_version[] = "3.1.0", revision[] = "v3.0.0.d";

static const char *const tables[] = {
    "CREATE TABLE studies (\n"
    "\tstudy_id INTEGER NOT NULL, \n"
    "\tstudy_name VARCHAR(512) NOT NULL, \n"
    "\tPRIMARY KEY (study_id)\n"
    ")",
    "CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name)",
    "CREATE TABLE version_info (\n"
    "\tversion_info_id INTEGER NOT NULL, \n"
    "\tschema_version INTEGER, \n"
    "\tlibrary_version VARCHAR(256), \n"
    "\tPRIMARY KEY (version_info_id), \n"
    "\tCHECK (version_info_id=1)\n"
    ")",
    "CREATE TABLE study_directions (\n"
    "\tstudy_direction_id INTEGER NOT NULL, \n"
    "\tdirection VARCHAR(8) NOT NULL, \n"
    "\tstudy_id INTEGER NOT NULL, \n"
    "\tobjective INTEGER NOT NULL, \n"
    "\tPRIMARY KEY (study_direction_id), \n"
    "\tUNIQUE (study_id, objective), \n"
    "\tFOREIGN KEY(study_id) REFERENCES studies (study_id)\n"
    ")",
    "CREATE TABLE study_user_attributes (\n"
    "\tstudy_user_attribute_id INTEGER NOT NULL, \n"
    "\tstudy_id INTEGER, \n"
    "\t\"key\" VARCHAR(512), \n"
    "\tvalue_json TEXT, \n"
    "\tPRIMARY KEY (study_user_attribute_id), \n"
    "\tUNIQUE (study_id, \"key\"), \n"
    "\tFOREIGN KEY(study_id) REFERENCES studies (study_id)\n"
    ")",
    "CREATE TABLE study_system_attributes (\n"
    "\tstudy_system_attribute_id INTEGER NOT NULL, \n"
    "\tstudy_id INTEGER, \n"
    "\t\"key\" VARCHAR(512), \n"
    "\tvalue_json TEXT, \n"
    "\tPRIMARY KEY (study_system_attribute_id), \n"
    "\tUNIQUE (study_id, \"key\"), \n"
    "\tFOREIGN KEY(study_id) REFERENCES studies (study_id)\n"
    ")",
    "CREATE TABLE trials (\n"
    "\ttrial_id INTEGER NOT NULL, \n"
    "\tnumber INTEGER, \n"
    "\tstudy_id INTEGER, \n"
    "\tstate VARCHAR(8) NOT NULL, \n"
    "\tdatetime_start DATETIME, \n"
    "\tdatetime_complete DATETIME, \n"
    "\tPRIMARY KEY (trial_id), \n"
    "\tFOREIGN KEY(study_id) REFERENCES studies (study_id)\n"
    ")",
    "CREATE TABLE trial_user_attributes (\n"
    "\ttrial_user_attribute_id INTEGER NOT NULL, \n"
    "\ttrial_id INTEGER, \n"
    "\t\"key\" VARCHAR(512), \n"
    "\tvalue_json TEXT, \n"
    "\tPRIMARY KEY (trial_user_attribute_id), \n"
    "\tUNIQUE (trial_id, \"key\"), \n"
    "\tFOREIGN KEY(trial_id) REFERENCES trials (trial_id)\n"
    ")",
    "CREATE TABLE trial_system_attributes (\n"
    "\ttrial_system_attribute_id INTEGER NOT NULL, \n"
    "\ttrial_id INTEGER, \n"
    "\t\"key\" VARCHAR(512), \n"
    "\tvalue_json TEXT, \n"
    "\tPRIMARY KEY (trial_system_attribute_id), \n"
    "\tUNIQUE (trial_id, \"key\"), \n"
    "\tFOREIGN KEY(trial_id) REFERENCES trials (trial_id)\n"
    ")",
    "CREATE TABLE trial_params (\n"
    "\tparam_id INTEGER NOT NULL, \n"
    "\ttrial_id INTEGER, \n"
    "\tparam_name VARCHAR(512), \n"
    "\tparam_value FLOAT, \n"
    "\tdistribution_json TEXT, \n"
    "\tPRIMARY KEY (param_id), \n"
    "\tUNIQUE (trial_id, param_name), \n"
    "\tFOREIGN KEY(trial_id) REFERENCES trials (trial_id)\n"
    ")",
    "CREATE TABLE trial_values (\n"
    "\ttrial_value_id INTEGER NOT NULL, \n"
    "\ttrial_id INTEGER NOT NULL, \n"
    "\tobjective INTEGER NOT NULL, \n"
    "\tvalue FLOAT, \n"
    "\tvalue_type VARCHAR(7) NOT NULL, \n"
    "\tPRIMARY KEY (trial_value_id), \n"
    "\tUNIQUE (trial_id, objective), \n"
    "\tFOREIGN KEY(trial_id) REFERENCES trials (trial_id)\n"
    ")",
    "CREATE TABLE trial_intermediate_values (\n"
    "\ttrial_intermediate_value_id INTEGER NOT NULL, \n"
    "\ttrial_id INTEGER NOT NULL, \n"
    "\tstep INTEGER NOT NULL, \n"
    "\tintermediate_value FLOAT, \n"
    "\tintermediate_value_type VARCHAR(7) NOT NULL, \n"
    "\tPRIMARY KEY (trial_intermediate_value_id), \n"
    "\tUNIQUE (trial_id, step), \n"
    "\tFOREIGN KEY(trial_id) REFERENCES trials (trial_id)\n"
    ")",
    "CREATE TABLE trial_heartbeats (\n"
    "\ttrial_heartbeat_id INTEGER NOT NULL, \n"
    "\ttrial_id INTEGER NOT NULL, \n"
    "\theartbeat DATETIME NOT NULL, \n"
    "\tPRIMARY KEY (trial_heartbeat_id), \n"
    "\tUNIQUE (trial_id), \n"
    "\tFOREIGN KEY(trial_id) REFERENCES trials (trial_id)\n"
    ")",
    "CREATE TABLE alembic_version (\n"
    "\tversion_num VARCHAR(32) NOT NULL, \n"
    "\tCONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n"
    ")",
};

static pb_status make_tables(pb_store *store)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        PB_TRY(pb_sql_run(store, tables[i], ""));
    PB_TRY(pb_sql_run(store, "INSERT INTO version_info VALUES (1, ?, ?)", "it", schema_version,
                      library_version));
    return pb_sql_run(store, "INSERT INTO alembic_version VALUES (?)", "t", revision);
}

static pb_status check_revision(pb_store *store)
{
    sqlite3_stmt *statement;
    bool row = false;
    PB_TRY(pb_sql_open(store, &statement, "SELECT version_num FROM alembic_version", ""));
    pb_status status = pb_sql_next(store, statement, &row);
    const char *found = row ? pb_sql_text(statement, 0) : "none";
    if (status == PB_OK && strcmp(found, revision) != 0)
        status = pb_fail(store->ctx, PB_ERR_IO,
                         "%s: the study's tables are of revision %.40s, allowed: %s, which Optuna "
                         "%s writes",
                         store->path, found, revision, library_version);
    sqlite3_finalize(statement);
    return status;
}

static pb_status check_tables(pb_store *store)
{
    int64_t ours;
    PB_TRY(pb_sql_number(store, 0, &ours,
                         "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name IN "
                         "('studies', 'study_directions', 'trials', 'trial_params', "
                         "'trial_values', 'trial_intermediate_values', 'trial_user_attributes', "
                         "'trial_system_attributes', 'alembic_version')",
                         ""));
    if (ours == 9) return check_revision(store);
    return pb_fail(store->ctx, PB_ERR_IO, "%s: is a data base, but holds no studies of Optuna",
                   store->path);
}

/* SQLite opens a file whose pages contradict each other and may notice much later. */
static pb_status check_pages(pb_store *store)
{
    sqlite3_stmt *statement;
    bool row = false;
    PB_TRY(pb_sql_open(store, &statement, "PRAGMA quick_check(1)", ""));
    pb_status status = pb_sql_next(store, statement, &row);
    const char *found = row ? pb_sql_text(statement, 0) : "ok";
    const char *line =
        strrchr(found, '\n'); /* the first says which data base, the last what is wrong */
    if (status == PB_OK && strcmp(found, "ok") != 0)
        status = pb_fail(store->ctx, PB_ERR_IO,
                         "%s: the study is damaged (%.100s); move the file away to begin a new one",
                         store->path, line ? line + 1 : found);
    sqlite3_finalize(statement);
    return status;
}

/* Within a transaction: of two processes that open a new file at once, one makes the tables. */
pb_status pb_schema_prepare(pb_store *store)
{
    int64_t any;
    PB_TRY(pb_sql_number(store, 0, &any, "SELECT COUNT(*) FROM sqlite_master", ""));
    if (any == 0) return make_tables(store);
    PB_TRY(check_pages(store));
    return check_tables(store);
}
