/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fake-notifier.h"

#include "base/error.h"

typedef struct
{
  TernNotice *notice;
  FakeAnswer answer;
  GCancellable *cancellable;
  gulong handler;
} Call;

static void notifier_iface_init (TernNotifierInterface *iface);

G_DEFINE_TYPE_WITH_CODE (FakeNotifier, fake_notifier, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (TERN_TYPE_NOTIFIER, notifier_iface_init))

static void
call_free (gpointer data)
{
  Call *call = data;

  tern_notice_free (call->notice);
  g_clear_object (&call->cancellable);
  g_free (call);
}

static gboolean
on_answer (gpointer data)
{
  GTask *task = data;
  FakeNotifier *self = g_task_get_source_object (task);
  Call *call = g_task_get_task_data (task);

  self->n_busy--;
  if (call->handler != 0)
    g_signal_handler_disconnect (call->cancellable, call->handler);
  if (call->answer.ok)
    {
      g_ptr_array_add (self->accepted, tern_notice_copy (call->notice));
      g_task_return_boolean (task, TRUE);
    }
  else
    g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_FAILED, "The endpoint said no");
  return G_SOURCE_REMOVE;
}

static void
answer_soon (GTask *task)
{
  g_idle_add_full (G_PRIORITY_DEFAULT, on_answer, task, g_object_unref);
}

static void
on_cancelled (GCancellable *cancellable, GTask *task)
{
  FakeNotifier *self = g_task_get_source_object (task);

  (void) cancellable;
  if (g_ptr_array_remove (self->hanging, task))
    answer_soon (task);
}

static gboolean
notifier_check (TernNotifier *notifier, const TernWebhook *webhook, GError **error)
{
  (void) webhook;
  if (!FAKE_NOTIFIER (notifier)->bad_files)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "The secret file is no good");
  return FALSE;
}

static void
notifier_send_async (TernNotifier *notifier, const TernWebhook *webhook, const TernNotice *notice,
                     gint64 now_us, GCancellable *cancellable, GAsyncReadyCallback cb,
                     gpointer data)
{
  FakeNotifier *self = FAKE_NOTIFIER (notifier);
  GTask *task = g_task_new (self, NULL, cb, data);
  Call *call = g_new0 (Call, 1);

  (void) webhook;
  (void) now_us;
  call->notice = tern_notice_copy (notice);
  call->answer = self->answer != NULL ? self->answer (notice, self->sent->len, self->answer_data)
                                      : (FakeAnswer){ .ok = TRUE };
  g_ptr_array_add (self->sent, tern_notice_copy (notice));
  self->n_busy++;
  self->max_busy = MAX (self->max_busy, self->n_busy);
  g_task_set_task_data (task, call, call_free);
  if (!call->answer.hangs)
    {
      answer_soon (task);
      return;
    }
  g_ptr_array_add (self->hanging, task);
  if (cancellable != NULL)
    {
      call->cancellable = g_object_ref (cancellable);
      call->handler = g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), task);
    }
}

static gboolean
notifier_send_finish (TernNotifier *notifier, GAsyncResult *result, gboolean *out_hopeless,
                      gint64 *out_wait_us, GError **error)
{
  const Call *call = g_task_get_task_data (G_TASK (result));

  (void) notifier;
  if (out_hopeless != NULL)
    *out_hopeless = call->answer.hopeless;
  if (out_wait_us != NULL)
    *out_wait_us = call->answer.wait_us;
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
notifier_iface_init (TernNotifierInterface *iface)
{
  iface->check = notifier_check;
  iface->send_async = notifier_send_async;
  iface->send_finish = notifier_send_finish;
}

static void
fake_notifier_init (FakeNotifier *self)
{
  self->sent = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_notice_free);
  self->accepted = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_notice_free);
  self->hanging = g_ptr_array_new ();
}

static void
fake_notifier_finalize (GObject *object)
{
  FakeNotifier *self = FAKE_NOTIFIER (object);

  g_ptr_array_unref (self->sent);
  g_ptr_array_unref (self->accepted);
  g_ptr_array_unref (self->hanging);
  G_OBJECT_CLASS (fake_notifier_parent_class)->finalize (object);
}

static void
fake_notifier_class_init (FakeNotifierClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_notifier_finalize;
}

FakeNotifier *
fake_notifier_new (void)
{
  return g_object_new (FAKE_TYPE_NOTIFIER, NULL);
}

void
fake_notifier_let_go (FakeNotifier *self)
{
  while (self->hanging->len > 0)
    answer_soon (g_ptr_array_steal_index (self->hanging, 0));
}
