/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Foreign text on its way to the bus, and figures that change all the time.
 */
#include "config.h"

#include "service/bus-text.h"

#include "base/text.h"

/* A load that is not away from what is shown by so many thousandths is no news. */
#define LOAD_MATTERS 10

void
tern_bus_set_text (gpointer skeleton, const char *property, const char *text)
{
  g_autofree char *visible = tern_bus_text (text);

  g_object_set (skeleton, property, visible, NULL);
}

static GStrv
make_visible (char **texts)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (; texts != NULL && *texts != NULL; texts++)
    {
      g_autofree char *one = tern_bus_text (*texts);

      g_strv_builder_add (builder, one);
    }
  return g_strv_builder_end (builder);
}

void
tern_bus_set_texts (gpointer skeleton, const char *property, char **texts)
{
  g_auto (GStrv) visible = make_visible (texts);

  g_object_set (skeleton, property, visible, NULL);
}

void
tern_bus_set_load (gpointer skeleton, const char *property, int permille)
{
  int shown = -1;

  g_object_get (skeleton, property, &shown, NULL);
  if (shown != permille && (shown < 0 || permille < 0 || ABS (permille - shown) >= LOAD_MATTERS))
    g_object_set (skeleton, property, permille, NULL);
}

char *
tern_bus_text (const char *text)
{
  return tern_text_visible (text, 0);
}

GVariant *
tern_bus_new_text (const char *text)
{
  return g_variant_new_take_string (tern_bus_text (text));
}

GVariant *
tern_bus_new_texts (char **texts)
{
  g_auto (GStrv) visible = make_visible (texts);

  return g_variant_new_strv ((const char *const *) visible, -1);
}
