/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables of the store, version by version. Each step is written down, not generated, and stays
 * as it is once released: a new store walks all of them, an old one those that it has not walked.
 */
#include "config.h"

#include "drivers/store-schema.h"

#include "base/error.h"
#include "drivers/store-sql.h"

/* steps[N] makes version N + 1 of version N. */
static const char *const steps[TERN_STORE_SCHEMA_VERSION] = {
  "CREATE TABLE host ("
  "  name TEXT PRIMARY KEY NOT NULL, uri TEXT NOT NULL, peer_uri TEXT,"
  "  migration_address TEXT, uuid TEXT) WITHOUT ROWID;"
  "CREATE TABLE task ("
  "  id INTEGER PRIMARY KEY NOT NULL, kind TEXT NOT NULL, vm_uuid TEXT NOT NULL,"
  "  vm_name TEXT, source TEXT, destination TEXT, phase TEXT NOT NULL,"
  "  cancel_requested INTEGER NOT NULL, attempt INTEGER NOT NULL, created_us INTEGER NOT NULL,"
  "  started_us INTEGER NOT NULL, finished_us INTEGER NOT NULL, started_by_uid INTEGER NOT NULL,"
  "  progress INTEGER NOT NULL, iteration INTEGER NOT NULL, memory_total INTEGER NOT NULL,"
  "  memory_processed INTEGER NOT NULL, downtime_us INTEGER NOT NULL, error_name TEXT,"
  "  error TEXT, verdict TEXT);"
  "CREATE INDEX task_by_vm ON task (vm_uuid, id);"
  "CREATE INDEX task_by_source ON task (source, id);"
  "CREATE INDEX task_by_destination ON task (destination, id);"
  "CREATE INDEX task_by_phase ON task (phase, id);",

  /* The defaults are what a host or a task of version 1 meant. A move begun by version 1 has no
   * memory written down: 0 stands for "not known". */
  "ALTER TABLE host ADD COLUMN cluster TEXT NOT NULL DEFAULT 'default';"
  "ALTER TABLE host ADD COLUMN memory_reserve INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE host ADD COLUMN maintenance INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN order_id INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN memory INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN vcpus INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN eject_media INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN ejected TEXT;",

  /* Until then every move was made in the one way that there was, which is the default one. */
  "ALTER TABLE host ADD COLUMN limit_out INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE host ADD COLUMN limit_in INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE host ADD COLUMN link_bps INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE host ADD COLUMN bandwidth_bps INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN policy TEXT NOT NULL DEFAULT 'default';"
  "ALTER TABLE task ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal';"
  "ALTER TABLE task ADD COLUMN bandwidth_bps INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN postcopy_bandwidth_bps INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN parallel INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN compression TEXT NOT NULL DEFAULT 'none';"
  "ALTER TABLE task ADD COLUMN tls INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN chosen INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN tried TEXT;"
  "ALTER TABLE task ADD COLUMN postcopy_ready INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN copy_began_us INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN step INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN step_us INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN steps TEXT;"
  "ALTER TABLE task ADD COLUMN abort_reason TEXT;"
  "ALTER TABLE task ADD COLUMN recoveries INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN resolution TEXT;"
  "ALTER TABLE task ADD COLUMN resolved_by_uid INTEGER NOT NULL DEFAULT -1;"
  "ALTER TABLE task ADD COLUMN note TEXT;"
  "ALTER TABLE task ADD COLUMN link_bps INTEGER NOT NULL DEFAULT 0;"
  "CREATE TABLE limits ("
  "  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1), limit_out INTEGER NOT NULL,"
  "  limit_in INTEGER NOT NULL, limit_cluster INTEGER NOT NULL);",
  /* Hosts that are drained, and those who are told. "maintenance" is not written any more, and
   * nobody is told of what an older version did: a task's "told" is the phase that was told. */
  "ALTER TABLE host ADD COLUMN duty TEXT NOT NULL DEFAULT 'active';"
  "ALTER TABLE host ADD COLUMN duty_task INTEGER NOT NULL DEFAULT 0;"
  "UPDATE host SET duty = 'maintenance' WHERE maintenance != 0;"
  "ALTER TABLE task ADD COLUMN parent INTEGER NOT NULL DEFAULT 0;"
  "ALTER TABLE task ADD COLUMN drain TEXT;"
  "ALTER TABLE task ADD COLUMN told TEXT NOT NULL DEFAULT '';"
  "UPDATE task SET told = phase;"
  /* What needs attention again is told again. */
  "CREATE TRIGGER task_goes_on AFTER UPDATE OF phase ON task"
  "  WHEN NEW.phase != OLD.phase AND OLD.told != ''"
  "  BEGIN UPDATE task SET told = '' WHERE id = NEW.id; END;"
  "CREATE INDEX task_by_parent ON task (parent, id) WHERE parent > 0;"
  "CREATE INDEX task_of_hosts ON task (id) WHERE kind IN ('drain', 'return');"
  "CREATE INDEX task_untold ON task (id) WHERE told != phase;"
  "CREATE TABLE origin ("
  "  vm_uuid TEXT PRIMARY KEY NOT NULL, vm_name TEXT, host TEXT NOT NULL,"
  "  drain_id INTEGER NOT NULL, since_us INTEGER NOT NULL, status TEXT,"
  "  tried_us INTEGER NOT NULL) WITHOUT ROWID;"
  "CREATE TABLE webhook ("
  "  name TEXT PRIMARY KEY NOT NULL, url TEXT NOT NULL, kinds TEXT, ca_file TEXT, pin TEXT,"
  "  secret_file TEXT, created_us INTEGER NOT NULL, dropped INTEGER NOT NULL DEFAULT 0,"
  "  error TEXT) WITHOUT ROWID;"
  "CREATE TABLE outbox ("
  "  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, webhook TEXT NOT NULL, uid TEXT NOT NULL,"
  "  kind TEXT NOT NULL, subject TEXT NOT NULL, time_us INTEGER NOT NULL, body TEXT NOT NULL,"
  "  attempts INTEGER NOT NULL, next_us INTEGER NOT NULL, error TEXT);"
  "CREATE INDEX outbox_by_webhook ON outbox (webhook, id);"
  "CREATE INDEX outbox_by_subject ON outbox (webhook, subject, id);"
  "CREATE TABLE text (key TEXT PRIMARY KEY NOT NULL, text TEXT NOT NULL) WITHOUT ROWID;",

  /* How tasks went. It may be longer than all the rest of a task, and is seldom asked for: lists of
   * tasks do not read it. What an older version did has none. */
  "CREATE TABLE trace (task INTEGER PRIMARY KEY NOT NULL, trace TEXT NOT NULL);",
};

static gboolean
walk (sqlite3 *db, int version, GError **error)
{
  g_autoptr (GString) sql = g_string_new ("BEGIN IMMEDIATE;");
  g_autoptr (GError) local = NULL;

  if (version == 0)
    g_string_append_printf (sql, "PRAGMA application_id = %d;", TERN_STORE_APPLICATION_ID);
  for (; version < TERN_STORE_SCHEMA_VERSION; version++)
    g_string_append (sql, steps[version]);
  g_string_append_printf (sql, "PRAGMA user_version = %d; COMMIT;", TERN_STORE_SCHEMA_VERSION);

  if (tern_sql_exec (db, sql->str, &local))
    return TRUE;
  if (!sqlite3_get_autocommit (db))
    sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
tern_schema_create (sqlite3 *db, GError **error)
{
  return walk (db, 0, error);
}

static gboolean
read_version (sqlite3 *db, int *out_version, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  if (sqlite3_prepare_v2 (db, "PRAGMA user_version", -1, &stmt, NULL) != SQLITE_OK
      || sqlite3_step (stmt) != SQLITE_ROW)
    return tern_sql_fail (db, "cannot be read", error);
  *out_version = sqlite3_column_int (stmt, 0);
  return TRUE;
}

gboolean
tern_schema_upgrade (sqlite3 *db, GError **error)
{
  int version = 0;

  if (!read_version (db, &version, error))
    return FALSE;
  if (version >= TERN_STORE_SCHEMA_VERSION || walk (db, version, error))
    return TRUE;

  g_prefix_error (error,
                  "The store has the tables of an older version (%d), could not be brought up to "
                  "this one, and stays as it was: ",
                  version);
  return FALSE;
}
