/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernReasonPart: what of a reason
 * @TERN_REASON_SENTENCE: why
 * @TERN_REASON_REMEDY: what would remove it
 */
typedef enum
{
  TERN_REASON_SENTENCE,
  TERN_REASON_REMEDY,
} TernReasonPart;

/**
 * TernReasonText: a text to be translated
 * @code: of docs/reasons.md
 * @part: sentence or remedy
 * @condition: (nullable): "blocks", "warns", "PARAMETER=VALUE", "^BEGIN" or "$END" of the daemon's
 *   own text
 * @text: with "{VM}", "{HOST}", "{command}", "{command2}" and the reason's parameters
 */
typedef struct
{
  const char *code;
  TernReasonPart part;
  const char *condition;
  const char *text;
} TernReasonText;

/** TernReasonWord: @value of a parameter, and the @text people read */
typedef struct
{
  const char *value;
  const char *text;
} TernReasonWord;

/** tern_reason_table_get: Returns: (array length=out_n): in the order in which they are tried */
const TernReasonText *tern_reason_table_get (guint *out_n);

/** tern_reason_table_find_word: Returns: (nullable): the word for a value, translated */
const char *tern_reason_table_find_word (const char *value);

G_END_DECLS
