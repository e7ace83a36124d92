#include "train/optuna_sql.h"

#include <math.h>
#include <stdarg.h>

pb_status pb_sql_fail(pb_store *store)
{
    const char *said = sqlite3_errmsg(store->db);
    switch (sqlite3_errcode(store->db)) {
    case SQLITE_NOMEM: return pb_fail(store->ctx, PB_ERR_MEMORY, "%s: out of memory", store->path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return pb_fail(store->ctx, PB_ERR_IO,
                       "%s: the study is damaged (%s); move the file away to begin a new one",
                       store->path, said);
    case SQLITE_BUSY:
        return pb_fail(store->ctx, PB_ERR_IO,
                       "%s: another process has kept the study locked for a minute", store->path);
    default: return pb_fail(store->ctx, PB_ERR_IO, "%s: %s", store->path, said);
    }
}

static int bind(sqlite3_stmt *statement, const char *types, va_list args)
{
    int code = SQLITE_OK;
    for (int i = 1; *types && code == SQLITE_OK; types++, i++) {
        if (*types == 'i') {
            code = sqlite3_bind_int64(statement, i, va_arg(args, int64_t));
        } else if (*types == 'd') {
            const double number = va_arg(args, double);
            code = isnan(number) ? sqlite3_bind_null(statement, i)
                                 : sqlite3_bind_double(statement, i, number);
        } else {
            code =
                sqlite3_bind_text(statement, i, va_arg(args, const char *), -1, SQLITE_TRANSIENT);
        }
    }
    return code;
}

static pb_status open_with(pb_store *store, sqlite3_stmt **statement, const char *sql,
                           const char *types, va_list args)
{
    *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, statement, NULL) == SQLITE_OK &&
        bind(*statement, types, args) == SQLITE_OK)
        return PB_OK;
    const pb_status status = pb_sql_fail(store);
    sqlite3_finalize(*statement);
    *statement = NULL;
    return status;
}

pb_status pb_sql_open(pb_store *store, sqlite3_stmt **statement, const char *sql, const char *types,
                      ...)
{
    va_list args;
    va_start(args, types);
    const pb_status status = open_with(store, statement, sql, types, args);
    va_end(args);
    return status;
}

pb_status pb_sql_next(pb_store *store, sqlite3_stmt *statement, bool *row)
{
    const int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ? PB_OK : pb_sql_fail(store);
}

pb_status pb_sql_run(pb_store *store, const char *sql, const char *types, ...)
{
    sqlite3_stmt *statement;
    bool row;
    va_list args;
    va_start(args, types);
    pb_status status = open_with(store, &statement, sql, types, args);
    va_end(args);
    if (status == PB_OK) status = pb_sql_next(store, statement, &row);
    sqlite3_finalize(statement);
    return status;
}

pb_status pb_sql_number(pb_store *store, int64_t fallback, int64_t *number, const char *sql,
                        const char *types, ...)
{
    sqlite3_stmt *statement;
    bool row = false;
    va_list args;
    *number = fallback;
    va_start(args, types);
    pb_status status = open_with(store, &statement, sql, types, args);
    va_end(args);
    if (status == PB_OK) status = pb_sql_next(store, statement, &row);
    if (row) *number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

const char *pb_sql_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text ? (const char *)text : "";
}
