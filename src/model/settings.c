/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/settings.h"

const char *
tern_score_part_to_string (TernScorePart part)
{
  static const char *const names[TERN_SCORE_PARTS] = {
    [TERN_SCORE_MEMORY] = "memory",
    [TERN_SCORE_CPU] = "cpu",
    [TERN_SCORE_GENERATION] = "generation",
    [TERN_SCORE_SPREAD] = "spread",
  };

  g_return_val_if_fail ((guint) part < TERN_SCORE_PARTS, "");
  return names[part];
}
