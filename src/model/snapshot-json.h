/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * JSON as the snapshot file needs it: read front to back without a tree, so that a large file
 * costs what is in it, every number is exact, and every mistake has its line.
 */

/**
 * TernJsonText: foreign text, and how far it is read
 * @file: stands for it in errors
 * @place: what is being read, such as "hosts[3].pools[0]"; empty for the document
 */
typedef struct
{
  const char *at;
  const char *end;
  guint line;
  const char *file;
  GString *place;
} TernJsonText;

/**
 * TernJsonNumber:
 * @whole: it is written without fraction and exponent, and @magnitude holds it
 * @value: rounded
 */
typedef struct
{
  gboolean whole;
  gboolean negative;
  guint64 magnitude;
  double value;
} TernJsonNumber;

/** tern_json_refuse: sets @error to a sentence with file, line and place. Returns: %FALSE */
gboolean tern_json_refuse (const TernJsonText *self, GError **error, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/** tern_json_enter: puts @format behind the place. Returns: what tern_json_leave() wants */
gsize tern_json_enter (TernJsonText *self, const char *format, ...) G_GNUC_PRINTF (2, 3);
void tern_json_leave (TernJsonText *self, gsize before);

/* Each takes what comes next, if it is that, and space before it; otherwise it returns FALSE. */

gboolean tern_json_take (TernJsonText *self, char c);
gboolean tern_json_take_word (TernJsonText *self, const char *word);
/** tern_json_take_string: @out_text: (transfer full). Strings with a NUL are none */
gboolean tern_json_take_string (TernJsonText *self, char **out_text);
gboolean tern_json_take_number (TernJsonText *self, TernJsonNumber *out_number);

/** tern_json_append_string: writes @text, valid UTF-8, with quotes; nothing in it can upset a
 * terminal */
void tern_json_append_string (GString *out, const char *text);

G_END_DECLS
