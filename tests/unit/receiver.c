/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "receiver.h"

#include <glib/gstdio.h>

#include <stdlib.h>
#include <unistd.h>

static char *certificates;
static pid_t owner;

static void
remove_folder (const char *path)
{
  const char *const argv[] = { "rm", "-rf", "--", path, NULL };

  (void) g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                       NULL, NULL); /* it is in /tmp */
}

/* Check's children end by exit(), too. */
static void
remove_certificates (void)
{
  if (getpid () == owner)
    remove_folder (certificates);
}

void
receiver_make_certificates (void)
{
  g_autofree char *script = g_build_filename (TERN_SRC_DIR, "tests/unit/make-certificates", NULL);
  const char *argv[] = { "sh", script, NULL, NULL };
  int status = -1;

  certificates = g_dir_make_tmp ("tern-certificates-XXXXXX", NULL);
  owner = getpid ();
  atexit (remove_certificates);
  argv[2] = certificates;
  if (!g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                     &status, NULL)
      || status != 0)
    g_error ("No certificates could be made: is openssl there?");
}

char *
receiver_certificate (const char *file)
{
  return g_build_filename (certificates, file, NULL);
}

char *
receiver_pin (void)
{
  g_autofree char *path = receiver_certificate ("good.pin");
  g_autofree char *pin = NULL;

  if (!g_file_get_contents (path, &pin, NULL, NULL))
    g_error ("There is no pin");
  return g_strconcat ("sha256//", pin, NULL);
}

static void
read_port (Receiver *self)
{
  GInputStream *out = g_subprocess_get_stdout_pipe (self->process);
  char line[32] = { 0 };

  for (guint i = 0; i < sizeof line - 1; i++)
    if (g_input_stream_read (out, line + i, 1, NULL, NULL) != 1 || line[i] == '\n')
      break;
  self->port = (guint) g_ascii_strtoull (line, NULL, 10);
  if (self->port == 0)
    g_error ("The receiver did not start");
}

void
receiver_init (Receiver *self, const char *certificate, const char *secret)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;

  self->dir = g_dir_make_tmp ("tern-receiver-XXXXXX", NULL);
  self->log = g_build_filename (self->dir, "log", NULL);
  self->is_tls = certificate != NULL;
  g_ptr_array_add (argv, g_strdup ("python3"));
  g_ptr_array_add (argv, g_build_filename (TERN_SRC_DIR, "tests/unit/receiver.py", NULL));
  g_ptr_array_add (argv, g_strdup ("--log"));
  g_ptr_array_add (argv, g_strdup (self->log));
  if (certificate != NULL)
    {
      g_autofree char *cert = g_strconcat (certificate, ".pem", NULL);
      g_autofree char *key = g_strconcat (certificate, ".key", NULL);

      g_ptr_array_add (argv, g_strdup ("--cert"));
      g_ptr_array_add (argv, receiver_certificate (cert));
      g_ptr_array_add (argv, g_strdup ("--key"));
      g_ptr_array_add (argv, receiver_certificate (key));
    }
  if (secret != NULL)
    {
      g_ptr_array_add (argv, g_strdup ("--secret"));
      g_ptr_array_add (argv, g_strdup (secret));
    }
  g_ptr_array_add (argv, NULL);
  self->process =
      g_subprocess_newv ((const char *const *) argv->pdata,
                         G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
  if (self->process == NULL)
    g_error ("%s", error->message);
  read_port (self);
}

void
receiver_clear (Receiver *self)
{
  (void) g_output_stream_close (g_subprocess_get_stdin_pipe (self->process), NULL, NULL);
  g_subprocess_force_exit (self->process);
  (void) g_subprocess_wait (self->process, NULL, NULL); /* it was killed */
  g_clear_object (&self->process);
  remove_folder (self->dir);
  g_free (self->dir);
  g_free (self->log);
}

char *
receiver_url (const Receiver *self, const char *path)
{
  return g_strdup_printf ("%s://127.0.0.1:%u%s", self->is_tls ? "https" : "http", self->port, path);
}

GStrv
receiver_read_log (const Receiver *self)
{
  g_autofree char *text = NULL;

  if (!g_file_get_contents (self->log, &text, NULL, NULL))
    return g_new0 (char *, 1);
  return g_strsplit (g_strchomp (text), "\n", 0);
}
