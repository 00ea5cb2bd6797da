/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The file of the store: locked, made if there is none, opened, and brought up to this version.
 * Whether what is there can be used is in store-check, what is in it in store-schema.
 */
#include "config.h"

#include "drivers/store-file.h"

#include "base/error.h"
#include "base/text.h"
#include "drivers/store-check.h"
#include "drivers/store-schema.h"
#include "drivers/store-sql.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 5000

/* A file of its own: SQLite drops and takes locks on the database as it goes, and closing any
 * descriptor of a file drops its POSIX locks. */
static int
take_lock (const char *path, GError **error)
{
  g_autofree char *lock = g_strconcat (path, ".lock", NULL);
  g_autofree char *shown = tern_text_visible (path, 0);
  int fd = g_open (lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_STORE,
                   "The store “%s” cannot be locked (its file “%s.lock”: %s)", shown, shown,
                   g_strerror (errno));
      return -1;
    }
  if (flock (fd, LOCK_EX | LOCK_NB) == 0)
    return fd;

  close (fd);
  g_set_error (error, TERN_ERROR, TERN_ERROR_STORE,
               "The store “%s” is used by another virternd; end that one first, or name another "
               "file",
               shown);
  return -1;
}

static sqlite3 *
open_database (const char *path, GError **error)
{
  sqlite3 *db = NULL;

  if (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK
      && sqlite3_busy_timeout (db, BUSY_TIMEOUT_MS) == SQLITE_OK)
    return db;
  tern_sql_fail (db, "cannot be opened", error);
  sqlite3_close (db);
  return NULL;
}

static gboolean
sync_directory (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  int fd = g_open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  gboolean good = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);
  return good;
}

/* Made under another name, so that a crash in between leaves no half store. */
static gboolean
create_file (const char *path, GError **error)
{
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);
  g_autofree char *journal = g_strconcat (fresh, "-journal", NULL);
  sqlite3 *db;
  gboolean good;
  int fd;

  (void) g_unlink (fresh);
  (void) g_unlink (journal);
  fd = g_open (fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0)
    close (fd);
  db = fd >= 0 ? open_database (fresh, error) : NULL;
  good = db != NULL && tern_schema_create (db, error);
  sqlite3_close (db);
  if (good && g_rename (fresh, path) == 0 && sync_directory (path))
    return TRUE;

  if (error != NULL && *error == NULL)
    g_set_error (error, TERN_ERROR, TERN_ERROR_STORE, "The store “%s” cannot be made: %s", path,
                 g_strerror (errno));
  (void) g_unlink (fresh);
  return FALSE;
}

static gboolean
use_write_ahead_log (sqlite3 *db, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  if (sqlite3_prepare_v2 (db, "PRAGMA journal_mode = WAL", -1, &stmt, NULL) == SQLITE_OK
      && sqlite3_step (stmt) == SQLITE_ROW
      && g_strcmp0 ((const char *) sqlite3_column_text (stmt, 0), "wal") == 0)
    return TRUE;
  return tern_sql_fail (db, "cannot have a write-ahead log on this file system", error);
}

static sqlite3 *
open_locked (const char *path, GError **error)
{
  sqlite3 *db;
  gboolean exists;

  if (!tern_store_check_file (path, &exists, error) || (!exists && !create_file (path, error)))
    return NULL;
  db = open_database (path, error);
  if (db != NULL && use_write_ahead_log (db, error)
      && tern_sql_exec (db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", error)
      && tern_schema_upgrade (db, error))
    return db;
  sqlite3_close (db);
  return NULL;
}

sqlite3 *
tern_store_file_open (const char *path, int *out_lock_fd, GError **error)
{
  sqlite3 *db;
  int fd;

  if (!tern_store_check_place (path, error))
    return NULL;
  fd = take_lock (path, error);
  if (fd < 0)
    return NULL;
  db = open_locked (path, error);
  if (db != NULL)
    *out_lock_fd = fd;
  else
    close (fd);
  return db;
}
