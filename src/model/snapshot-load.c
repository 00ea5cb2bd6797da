/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bytes of a snapshot file, without ever reading what is too large or has no end.
 */
#include "config.h"

#include "model/snapshot.h"

#include "base/error.h"
#include "base/text.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads to the end, but never much more than is allowed. */
static gboolean
read_all (int fd, GByteArray *out)
{
  guint8 part[65536];

  while (out->len <= TERN_SNAPSHOT_MAX)
    {
      gssize got = read (fd, part, sizeof part);

      if (got == 0)
        return TRUE;
      if (got < 0 && errno != EINTR)
        return FALSE;
      if (got > 0)
        g_byte_array_append (out, part, (guint) got);
    }
  return TRUE;
}

/* What is no file, such as /dev/zero or a pipe, may never end, or never begin. */
static gboolean
read_file (int fd, const char *shown, GByteArray *out, GError **error)
{
  struct stat info;

  if (fd < 0 || fstat (fd, &info) != 0)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "Cannot read %s: %s", shown,
                   g_strerror (errno));
      return FALSE;
    }
  if (!S_ISREG (info.st_mode))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s is not a regular file",
                   shown);
      return FALSE;
    }
  if (info.st_size > TERN_SNAPSHOT_MAX)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "%s: the document: is larger than %d MiB", shown, TERN_SNAPSHOT_MAX >> 20);
      return FALSE;
    }
  if (read_all (fd, out))
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "Cannot read %s: %s", shown,
               g_strerror (errno));
  return FALSE;
}

TernSnapshot *
tern_snapshot_load (const char *path, GError **error)
{
  g_autofree char *shown = tern_text_visible (path, 0);
  g_autoptr (GByteArray) data = g_byte_array_new ();
  int fd = g_open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
  gboolean good = read_file (fd, shown, data, error);

  if (fd >= 0)
    (void) close (fd);
  if (!good)
    return NULL;
  return tern_snapshot_parse (data->len > 0 ? (const char *) data->data : "", data->len, path, NULL,
                              error);
}
