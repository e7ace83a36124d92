/* Statements of SQLite with their errors as sentences; what the files of the store share. */
#ifndef PB_TRAIN_OPTUNA_SQL_H
#define PB_TRAIN_OPTUNA_SQL_H

#include <sqlite3.h>

#include "train/optuna_store.h"

struct pb_store {
    pb_context *ctx;
    sqlite3 *db;
    char *path;
};

/** Tells the last error of SQLite; PB_ERR_IO or PB_ERR_MEMORY. */
pb_status pb_sql_fail(pb_store *store);

/** A statement at work. Arguments go in by `types`, a letter each: i int64_t, d double (NaN: NULL),
 * t const char * (NULL: NULL). */
pb_status pb_sql_open(pb_store *store, sqlite3_stmt **statement, const char *sql, const char *types,
                      ...);
/** Goes to the next row; `*row` false: there was none. */
pb_status pb_sql_next(pb_store *store, sqlite3_stmt *statement, bool *row);
/** Runs a statement that gives no rows. */
pb_status pb_sql_run(pb_store *store, const char *sql, const char *types, ...);
/** The first column of the first row; `fallback` when there is no row. */
pb_status pb_sql_number(pb_store *store, int64_t fallback, int64_t *number, const char *sql,
                        const char *types, ...);
/** Text of a column, "" for NULL; valid until the next row. */
const char *pb_sql_text(sqlite3_stmt *statement, int column);

/** Makes the tables of an empty file, or checks those that it has. */
pb_status pb_schema_prepare(pb_store *store);

#endif
