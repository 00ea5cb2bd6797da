/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rows of the store as another program, or a broken disk, may leave them: any type in any
 * column. What is read goes on to the bus, and the check at the start, which reads every row,
 * must find whatever the questions would find.
 *
 * A column is a byte that says what follows (two low bits: one of our words or nothing, a number,
 * text, bytes; the rest: how long, or which word), and that. The tables' columns follow one
 * another.
 */
#include "config.h"

#include "base/text.h"
#include "drivers/store-columns.h"
#include "drivers/store-notices.h"
#include "drivers/store-rows.h"
#include "drivers/store-schema.h"
#include "drivers/store-sql.h"
#include "fuzz-main.h"
#include "service/record-variant.h"

typedef struct
{
  const uint8_t *data;
  size_t size;
} Input;

static sqlite3 *
open_store (void)
{
  static sqlite3 *db;

  if (db == NULL)
    {
      g_assert_true (sqlite3_open (":memory:", &db) == SQLITE_OK);
      g_assert_true (tern_schema_create (db, NULL));
    }
  g_assert_true (tern_sql_exec (db,
                                "DELETE FROM host; DELETE FROM task; DELETE FROM limits; "
                                "DELETE FROM origin; DELETE FROM webhook; DELETE FROM outbox; "
                                "DELETE FROM text; DELETE FROM trace",
                                NULL));
  return db;
}

static const uint8_t *
take (Input *input, size_t length)
{
  const uint8_t *start = input->data;

  input->data += length;
  input->size -= length;
  return start;
}

/* Returns: NULL for nothing */
static const char *
choose_word (size_t number)
{
  static const char *const others[] = { "source",
                                        "destination",
                                        "task.ended",
                                        "draining",
                                        "{\"hosts\": [\"a\"], \"only\": []}",
                                        "{\"phases\":[[1,\"done\"]],\"steps\":[],"
                                        "\"step\":400000,\"samples\":[[1,2,3,4,5,6]]}" };

  if (number < TERN_N_PHASES)
    return tern_task_phase_to_string (number);
  number -= TERN_N_PHASES;
  if (number < TERN_N_POLICIES)
    return tern_policy_to_string (number);
  number -= TERN_N_POLICIES;
  if (number < TERN_N_PRIORITIES)
    return tern_priority_to_string (number);
  number -= TERN_N_PRIORITIES;
  if (number < TERN_N_COMPRESSIONS)
    return tern_compression_to_string (number);
  number -= TERN_N_COMPRESSIONS;
  return number < G_N_ELEMENTS (others) ? others[number] : NULL;
}

static void
bind_value (sqlite3_stmt *stmt, int place, Input *input)
{
  uint8_t kind = *take (input, 1);
  size_t length = (kind & 3) == 0 ? kind >> 2 : MIN (kind >> 2, input->size);
  gint64 number = 0;

  switch (kind & 3)
    {
    case 0:
      sqlite3_bind_text (stmt, place, choose_word (length), -1, SQLITE_STATIC);
      break;
    case 1:
      length = MIN (length, sizeof number);
      memcpy (&number, take (input, length), length);
      sqlite3_bind_int64 (stmt, place, number);
      break;
    case 2:
      sqlite3_bind_text (stmt, place, (const char *) take (input, length), (int) length,
                         SQLITE_TRANSIENT);
      break;
    default:
      sqlite3_bind_blob (stmt, place, take (input, length), (int) length, SQLITE_TRANSIENT);
    }
}

/* What the tables refuse is not there. */
static void
add_row (sqlite3 *db, const TernTable *table, Input *input)
{
  g_autofree char *places = tern_table_join_columns (table, TERN_STORE_SCHEMA_VERSION, TRUE);
  g_autofree char *names = tern_table_join_columns (table, TERN_STORE_SCHEMA_VERSION, FALSE);
  g_autofree char *sql = g_strdup_printf ("INSERT INTO %s (%s) VALUES (%s)",
                                          tern_table_get_name (table), names, places);
  g_autoptr (sqlite3_stmt) stmt = NULL;

  g_assert_true (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) == SQLITE_OK);
  for (int i = 1; i <= sqlite3_bind_parameter_count (stmt) && input->size > 0; i++)
    bind_value (stmt, i, input);
  (void) sqlite3_step (stmt);
}

static void
add_rows (sqlite3 *db, Input input)
{
  while (input.size > 0)
    {
      add_row (db, &tern_table_host, &input);
      add_row (db, &tern_table_task, &input);
      add_row (db, &tern_table_limits, &input);
      add_row (db, &tern_table_origin, &input);
      add_row (db, &tern_table_webhook, &input);
      add_row (db, &tern_table_notice, &input);
      add_row (db, &tern_table_text, &input);
      add_row (db, &tern_table_trace, &input);
    }
}

/* Written back and read again it says the same. */
static void
try_tasks (sqlite3 *db, GPtrArray *tasks, guint64 last_id)
{
  TernTaskFilter filter = { .limit = 1000 };
  g_autoptr (GPtrArray) again = NULL;

  for (guint i = 0; i < tasks->len; i++)
    g_assert_true (tern_rows_put_task (db, g_ptr_array_index (tasks, i), NULL));
  again = tern_rows_list_tasks (db, &filter, NULL);
  g_assert_nonnull (again);
  g_assert_cmpuint (again->len, ==, tasks->len);
  for (guint i = 0; i < tasks->len; i++)
    {
      g_autoptr (GVariant) one = g_variant_ref_sink (
          tern_record_to_variant (g_ptr_array_index (tasks, i), FALSE, TERN_RECORD_WHOLE));
      g_autoptr (GVariant) other = g_variant_ref_sink (
          tern_record_to_variant (g_ptr_array_index (again, i), FALSE, TERN_RECORD_WHOLE));

      g_assert_true (g_variant_equal (one, other));
      g_assert_cmpuint (((TernTaskRecord *) g_ptr_array_index (tasks, i))->id, <=, last_id);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  TernTaskFilter filter = { .limit = 1000, .traces = TRUE };
  sqlite3 *db = open_store ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) hosts = NULL;
  g_autoptr (GPtrArray) open = NULL;
  g_autoptr (GPtrArray) tasks = NULL;
  g_autoptr (GPtrArray) origins = NULL;
  g_autoptr (GPtrArray) webhooks = NULL;
  g_autoptr (GError) limits_error = NULL;
  TernLimits limits = { 0 };
  guint64 last_id = 0;

  add_rows (db, (Input){ data, size });
  hosts = tern_rows_load_hosts (db, NULL);
  open = tern_rows_load_open_tasks (db, &last_id, NULL);
  tasks = tern_rows_list_tasks (db, &filter, NULL);
  origins = tern_rows_load_origins (db, NULL);
  webhooks = tern_notices_load_webhooks (db, NULL);
  if (tern_rows_load_limits (db, &limits, &limits_error))
    g_assert_true (limits.out <= TERN_LIMIT_MAX && limits.in <= TERN_LIMIT_MAX);
  if (tern_rows_check (db, TERN_STORE_SCHEMA_VERSION, &error))
    {
      g_assert_true (hosts != NULL && open != NULL && tasks != NULL);
      g_assert_true (origins != NULL && webhooks != NULL);
      g_assert_no_error (limits_error);
      try_tasks (db, tasks, last_id);
    }
  else
    {
      g_autofree char *visible = tern_text_visible (error->message, 0);

      g_assert_cmpstr (error->message, ==, visible);
    }
  return 0;
}
