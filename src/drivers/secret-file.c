/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Secrets: read from a file when they are needed, and wiped afterwards.
 */
#include "config.h"

#include "drivers/secret-file.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_SIZE 4096
#define MIN_SIZE 16
#define ENCODED_PREFIX "whsec_"

void
tern_secret_free (TernSecret *self)
{
  if (self == NULL)
    return;

  explicit_bzero (self->bytes, MAX_SIZE + 2);
  g_free (self->bytes);
  g_free (self);
}

static gboolean
refuse (const char *path, const char *why, GError **error)
{
  g_autofree char *visible = tern_text_visible (path, 0);

  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "The secret file %s %s", visible,
               why);
  return FALSE;
}

static char *
find_path (const char *name, gboolean *out_is_credential, GError **error)
{
  const char *folder = g_getenv ("CREDENTIALS_DIRECTORY");

  *out_is_credential = !g_path_is_absolute (name);
  if (!*out_is_credential)
    return g_strdup (name);
  if (folder != NULL && strchr (name, '/') == NULL && name[0] != '.')
    return g_build_filename (folder, name, NULL);
  (void) refuse (name,
                 "is no absolute path, and the service has no credentials; give a path, or add "
                 "LoadCredential= to the unit",
                 error);
  return NULL;
}

/* What was opened is looked at, not what the name stands for: that may change in between. */
static gboolean
check_file (int fd, const char *path, gboolean is_credential, GError **error)
{
  mode_t forbidden = is_credential ? 0337 : 0177;
  struct stat st;

  if (fstat (fd, &st) != 0)
    return refuse (path, g_strerror (errno), error);
  if (!S_ISREG (st.st_mode))
    return refuse (path, "is no regular file", error);
  if (st.st_uid != 0 && st.st_uid != geteuid ())
    return refuse (path, "belongs to somebody else; “chown” it to the user that virternd runs as",
                   error);
  if ((st.st_mode & forbidden) != 0)
    return refuse (path, "can be read or changed by others; “chmod 600” it, and replace the secret",
                   error);
  if (st.st_size > MAX_SIZE)
    return refuse (path, "is longer than 4096 bytes", error);
  return TRUE;
}

static gboolean
read_all (int fd, TernSecret *self, const char *path, GError **error)
{
  while (self->size <= MAX_SIZE)
    {
      ssize_t n = read (fd, self->bytes + self->size, MAX_SIZE + 1 - self->size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return refuse (path, g_strerror (errno), error);
      if (n == 0)
        return TRUE;
      self->size += (gsize) n;
    }
  return refuse (path, "is longer than 4096 bytes", error);
}

static gboolean
decode (TernSecret *self, const char *path, GError **error)
{
  gsize prefix = strlen (ENCODED_PREFIX);

  while (self->size > 0
         && (self->bytes[self->size - 1] == '\n' || self->bytes[self->size - 1] == '\r'))
    self->size--;
  self->bytes[self->size] = '\0';
  if (self->size > prefix && memcmp (self->bytes, ENCODED_PREFIX, prefix) == 0)
    {
      memmove (self->bytes, self->bytes + prefix, self->size - prefix + 1);
      g_base64_decode_inplace ((char *) self->bytes, &self->size);
    }
  return self->size >= MIN_SIZE
         || refuse (path,
                    "holds less than 16 bytes: too short for a key; “openssl rand -base64 32” "
                    "makes one",
                    error);
}

TernSecret *
tern_secret_read (const char *name, GError **error)
{
  g_autoptr (TernSecret) self = g_new0 (TernSecret, 1);
  gboolean is_credential;
  g_autofree char *path = find_path (name, &is_credential, error);
  gboolean ok;
  int fd;

  self->bytes = g_malloc0 (MAX_SIZE + 2);
  if (path == NULL)
    return NULL;
  /* Not to be held up by a FIFO that nobody writes. */
  fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    {
      gboolean is_link = errno == ELOOP;
      g_autofree char *why = g_strdup_printf ("cannot be opened: %s", g_strerror (errno));

      (void) refuse (path, is_link ? "is a symbolic link; give the file it points to" : why, error);
      return NULL;
    }
  ok = check_file (fd, path, is_credential, error) && read_all (fd, self, path, error)
       && decode (self, path, error);
  (void) close (fd); /* only read */
  return ok ? g_steal_pointer (&self) : NULL;
}
