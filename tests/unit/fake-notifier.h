/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ports/notifier.h"

/*
 * A notifier that answers as the test says, at once but never within the call.
 */
#define FAKE_TYPE_NOTIFIER (fake_notifier_get_type ())
G_DECLARE_FINAL_TYPE (FakeNotifier, fake_notifier, FAKE, NOTIFIER, GObject)

typedef struct
{
  gboolean ok;
  gboolean hangs; /* until it is cancelled, or fake_notifier_let_go() */
  gboolean hopeless;
  gint64 wait_us;
} FakeAnswer;

typedef FakeAnswer (*FakeAnswerFunc) (const TernNotice *notice, guint nth, gpointer data);

struct _FakeNotifier
{
  GObject parent;

  FakeAnswerFunc answer; /* NULL: it takes all */
  gpointer answer_data;
  gboolean bad_files;  /* of each webhook that is checked */
  GPtrArray *sent;     /* TernNotice, each attempt */
  GPtrArray *accepted; /* TernNotice */
  guint n_busy;
  guint max_busy;
  GPtrArray *hanging; /* GTask */
};

FakeNotifier *fake_notifier_new (void);
/** fake_notifier_let_go: what hangs fails */
void fake_notifier_let_go (FakeNotifier *self);
