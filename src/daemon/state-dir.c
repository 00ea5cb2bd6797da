/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which folder the store is in. A simulation never gets the one with the real hosts: its
 * engine would judge their open tasks by what the simulated hosts say.
 */
#include "config.h"

#include "daemon/state-dir.h"

#include "base/error.h"
#include "base/text.h"

#include <glib/gstdio.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

char *
tern_state_dir_get_real (gboolean session, const char *chosen)
{
  if (chosen != NULL)
    return g_canonicalize_filename (chosen, NULL);
  if (session)
    return g_build_filename (g_get_user_state_dir (), "virtern", NULL);
  return g_strdup (TERN_STATE_DIR);
}

static gboolean
is_same_folder (const char *a, const char *b)
{
  GStatBuf stat_a, stat_b;

  if (g_stat (a, &stat_a) == 0 && g_stat (b, &stat_b) == 0)
    return stat_a.st_dev == stat_b.st_dev && stat_a.st_ino == stat_b.st_ino;
  return g_str_equal (a, b);
}

char *
tern_state_dir_for_simulation (const char *given, const char *real, gboolean *out_temporary,
                               GError **error)
{
  g_autofree char *path = NULL;

  if (given == NULL)
    {
      *out_temporary = TRUE;
      return g_dir_make_tmp ("virternd-XXXXXX", error);
    }

  path = g_canonicalize_filename (given, NULL);
  if (is_same_folder (path, real) || is_same_folder (path, TERN_STATE_DIR))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "%s holds the real hosts; give a simulation another --state-dir, or none", path);
      return NULL;
    }
  *out_temporary = FALSE;
  return g_steal_pointer (&path);
}

gboolean
tern_state_dir_check (const char *path, GError **error)
{
  g_autofree char *shown = tern_text_visible (path, 0);
  struct stat info;

  if (stat (path, &info) != 0 || !S_ISDIR (info.st_mode))
    return TRUE;

  if ((info.st_mode & S_IWOTH) != 0)
    g_set_error (error, TERN_ERROR, TERN_ERROR_STORE,
                 "The folder “%s” can be written by everybody (mode %04o), so what is in it cannot "
                 "be trusted; take that away (chmod o-w), or name another state folder",
                 shown, info.st_mode & 07777);
  else if (info.st_uid != 0 && info.st_uid != geteuid ())
    g_set_error (error, TERN_ERROR, TERN_ERROR_STORE,
                 "The folder “%s” belongs to the user with the id %u, not to the one virternd runs "
                 "as (%u); change its owner, or run virternd as that user",
                 shown, (guint) info.st_uid, (guint) geteuid ());
  else
    return TRUE;
  return FALSE;
}

void
tern_state_dir_remove (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      (void) g_unlink (file); /* what cannot be removed stays in the temporary folder */
    }
  (void) g_rmdir (path);
}
