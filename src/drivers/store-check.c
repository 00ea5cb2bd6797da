/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Is there a store that can be used? Looks before SQLite opens anything for writing,
 * since opening alone may create, recover or convert files of somebody else's.
 *
 *   closed in order (no -wal): opened immutable, SQLite touches nothing at all
 *   after a crash (a -wal):    the file alone may be half a checkpoint, so the log must be
 *                              read with it; neither is written, as nothing is checkpointed
 */
#include "config.h"

#include "drivers/store-check.h"

#include "base/error.h"
#include "base/text.h"
#include "drivers/store-rows.h"
#include "drivers/store-schema.h"
#include "drivers/store-sql.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_SIZE 100
#define HEADER_MAGIC "SQLite format 3"
#define HEADER_APPLICATION_ID 68

static gboolean G_GNUC_PRINTF (3, 4)
    refuse (const char *path, GError **error, const char *format, ...)
{
  g_autofree char *shown = tern_text_visible (path, 0);
  g_autofree char *why = NULL;
  va_list args;

  va_start (args, format);
  why = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, TERN_ERROR, TERN_ERROR_STORE, "The store “%s” %s", shown, why);
  return FALSE;
}

static gboolean
refuse_damaged (const char *path, const char *why, GError **error)
{
  return refuse (path, error,
                 "is damaged (%s) and was left as it is: restore it from a backup, or move it "
                 "away to start with an empty one and add the hosts again",
                 why);
}

static gboolean
can_write (const char *path)
{
  return faccessat (AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

static gboolean
check_directory (const char *path, const char *directory, GError **error)
{
  g_autofree char *shown = tern_text_visible (directory, 0);
  struct stat info;

  if (mkdir (directory, 0700) != 0 && errno == ENOENT)
    return refuse (path, error,
                   "cannot be made: the directory “%s” is missing, and so is the one above it; "
                   "make it first",
                   shown);
  if (stat (directory, &info) != 0)
    return refuse (path, error, "cannot be made: the directory “%s” cannot be used: %s", shown,
                   g_strerror (errno));
  if (!S_ISDIR (info.st_mode))
    return refuse (path, error, "cannot be made: “%s” is no directory", shown);
  if (!can_write (directory))
    return refuse (path, error,
                   "cannot be written: no files can be made in “%s”: %s; give the daemon's user "
                   "the directory, or mount it for writing",
                   shown, g_strerror (errno));
  return TRUE;
}

static gboolean
check_part (const char *path, const char *suffix, GError **error)
{
  g_autofree char *part = g_strconcat (path, suffix, NULL);
  struct stat info;

  if (stat (part, &info) != 0)
    return errno == ENOENT || refuse (path, error, "cannot be looked at: %s", g_strerror (errno));
  if (!S_ISREG (info.st_mode))
    return refuse (path, error, "cannot be used: “%s%s” is not a regular file", path, suffix);
  if (!can_write (part))
    return refuse (path, error,
                   "cannot be written (its file “%s%s”: %s); give the daemon's user that file",
                   path, suffix, g_strerror (errno));
  return TRUE;
}

gboolean
tern_store_check_place (const char *path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (path);

  return check_directory (path, directory, error) && check_part (path, "", error)
         && check_part (path, "-wal", error) && check_part (path, "-shm", error);
}

/* The header, by hand: of a file that is not ours, SQLite shall not even recover a journal. */
static gboolean
check_header (const char *path, gboolean *out_exists, GError **error)
{
  guchar header[HEADER_SIZE] = { 0 };
  guint32 application_id;
  ssize_t length;
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  *out_exists = fd >= 0;
  if (fd < 0)
    return errno == ENOENT || refuse (path, error, "cannot be read: %s", g_strerror (errno));

  length = read (fd, header, sizeof header);
  close (fd);
  if (length == 0)
    {
      *out_exists = FALSE;
      return TRUE;
    }
  if (length < HEADER_SIZE || memcmp (header, HEADER_MAGIC, sizeof HEADER_MAGIC) != 0)
    return refuse_damaged (path, "it is not an SQLite database", error);

  memcpy (&application_id, header + HEADER_APPLICATION_ID, sizeof application_id);
  if (GUINT32_FROM_BE (application_id) != TERN_STORE_APPLICATION_ID)
    return refuse (path, error,
                   "belongs to another program (application id %#x) and was left as it is; name "
                   "another file",
                   GUINT32_FROM_BE (application_id));
  return TRUE;
}

static gboolean
read_pragma (sqlite3 *db, const char *sql, char **out_value)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) != SQLITE_OK
      || sqlite3_step (stmt) != SQLITE_ROW)
    return FALSE;
  *out_value = g_strdup ((const char *) sqlite3_column_text (stmt, 0));
  return TRUE;
}

static gboolean
check_content (sqlite3 *db, const char *path, GError **error)
{
  g_autofree char *version = NULL;
  g_autofree char *verdict = NULL;
  gint64 number;

  if (!read_pragma (db, "PRAGMA user_version", &version))
    return refuse_damaged (path, sqlite3_errmsg (db), error);
  number = g_ascii_strtoll (version, NULL, 10);
  if (number > TERN_STORE_SCHEMA_VERSION)
    return refuse (path, error,
                   "was written by a newer version of virternd (its tables have version %s, this "
                   "one knows %d) and was left as it is; install that version again",
                   version, TERN_STORE_SCHEMA_VERSION);
  if (number < 1)
    return refuse_damaged (path, "its tables have no version", error);

  if (!read_pragma (db, "PRAGMA quick_check(1)", &verdict))
    return refuse_damaged (path, sqlite3_errmsg (db), error);
  if (g_strcmp0 (verdict, "ok") != 0)
    return refuse_damaged (path, verdict, error);
  return tern_rows_check (db, (int) number, error);
}

static gboolean
open_and_check (const char *path, gboolean has_log, GError **error)
{
  g_autofree char *escaped = g_uri_escape_string (path, "/", FALSE);
  g_autofree char *uri = g_strconcat ("file:", escaped, has_log ? "" : "?immutable=1", NULL);
  int flags = SQLITE_OPEN_URI | (has_log ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
  sqlite3 *db = NULL;
  gboolean good;

  if (sqlite3_open_v2 (uri, &db, flags, NULL) != SQLITE_OK)
    good = refuse (path, error, "cannot be opened: %s", sqlite3_errmsg (db));
  else
    {
      sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
      good = check_content (db, path, error);
    }
  sqlite3_close (db);
  return good;
}

gboolean
tern_store_check_file (const char *path, gboolean *out_exists, GError **error)
{
  g_autofree char *log = g_strconcat (path, "-wal", NULL);
  g_autofree char *shm = g_strconcat (path, "-shm", NULL);
  gboolean had_shm = g_access (shm, F_OK) == 0;
  GStatBuf info;
  gboolean good;

  if (!check_header (path, out_exists, error))
    return FALSE;
  if (!*out_exists)
    return TRUE;

  good = open_and_check (path, g_stat (log, &info) == 0 && info.st_size > 0, error);
  /* An index of the log, of no worth by itself. */
  if (!had_shm)
    (void) g_unlink (shm);
  return good;
}
