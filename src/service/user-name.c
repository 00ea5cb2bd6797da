/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a user is called.
 */
#include "config.h"

#include "service/user-name.h"

#include "base/text.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER_SIZE 65536
#define MAX_NAME 200
/* A wait of the real world, so it does not follow the (perhaps simulated) TernClock. */
#define TIMEOUT_S 5

typedef struct
{
  gint64 uid;
  GCancellable *cancellable;
  guint timeout_id;
} Question;

static void
question_free (gpointer data)
{
  Question *question = data;

  g_clear_handle_id (&question->timeout_id, g_source_remove);
  g_object_unref (question->cancellable);
  g_free (question);
}

static void
ask_system (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  gint64 uid = *(const gint64 *) data;
  g_autofree char *buffer = g_malloc (BUFFER_SIZE);
  struct passwd entry;
  struct passwd *found = NULL;

  (void) source;
  (void) cancellable;
  if (getpwuid_r ((uid_t) uid, &entry, buffer, BUFFER_SIZE, &found) != 0 || found == NULL
      || found->pw_name == NULL || *found->pw_name == '\0')
    g_task_return_pointer (task, NULL, NULL);
  else
    g_task_return_pointer (task, tern_text_visible (found->pw_name, MAX_NAME), g_free);
}

static gboolean
on_timeout (gpointer data)
{
  Question *question = data;

  question->timeout_id = 0;
  g_cancellable_cancel (question->cancellable);
  return G_SOURCE_REMOVE;
}

void
tern_user_name_fetch_async (gint64 uid, GAsyncReadyCallback cb, gpointer data)
{
  Question *question = g_new0 (Question, 1);
  g_autoptr (GTask) task = NULL;

  question->uid = uid;
  question->cancellable = g_cancellable_new ();
  question->timeout_id = g_timeout_add_seconds (TIMEOUT_S, on_timeout, question);
  task = g_task_new (NULL, question->cancellable, cb, data);
  g_task_set_task_data (task, question, question_free);
  g_task_set_return_on_cancel (task, TRUE);
  g_task_run_in_thread (task, ask_system);
}

char *
tern_user_name_fetch_finish (GAsyncResult *result)
{
  Question *question = g_task_get_task_data (G_TASK (result));
  char *name = g_task_propagate_pointer (G_TASK (result), NULL);

  /* Here, as the thread may be the last to let go of the question. */
  g_clear_handle_id (&question->timeout_id, g_source_remove);
  return name != NULL ? name : g_strdup_printf ("uid %" G_GINT64_FORMAT, question->uid);
}
