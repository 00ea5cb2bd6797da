/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** TestRandom: numbers that are the same on every machine (SplitMix64) */
typedef struct
{
  guint64 state;
} TestRandom;

static inline guint64
test_random_next (TestRandom *self)
{
  guint64 z = self->state += G_GUINT64_CONSTANT (0x9E3779B97F4A7C15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94D049BB133111EB);
  return z ^ (z >> 31);
}

/** test_random_below: Returns: 0 to @bound - 1 */
static inline guint
test_random_below (TestRandom *self, guint bound)
{
  return (guint) (test_random_next (self) % bound);
}

/** test_random_chance: Returns: %TRUE so many times in a hundred */
static inline gboolean
test_random_chance (TestRandom *self, guint percent)
{
  return test_random_below (self, 100) < percent;
}

G_END_DECLS
