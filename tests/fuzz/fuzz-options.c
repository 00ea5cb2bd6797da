/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The a{sv} at the end of methods, and its way into JSON. The corpus is GVariant text; bytes
 * that are none are taken for the dictionary as GVariant would send it.
 */
#include "config.h"

#include "service/options.h"

#include "base/json.h"
#include "base/text.h"
#include "fuzz-main.h"

static const TernOption known[] = {
  { "limit", "u" }, { "vm", "s" }, { "names", "as" }, { NULL, NULL }
};

static GVariant *
make_options (const char *data, size_t size)
{
  GVariant *value = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) raw = NULL;

  if (g_utf8_validate_len (data, size, NULL))
    value = g_variant_parse (G_VARIANT_TYPE_VARDICT, data, data + size, NULL, NULL);
  if (value != NULL)
    return g_variant_take_ref (value);

  /* The bus hands on nothing but the normal form. */
  bytes = g_bytes_new (data, size);
  raw = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_VARDICT, bytes, FALSE));
  return g_variant_get_normal_form (raw);
}

static void
assert_found (GVariant *options)
{
  for (const TernOption *o = known; o->key != NULL; o++)
    {
      g_autoptr (GVariant) any = g_variant_lookup_value (options, o->key, NULL);
      g_autoptr (GVariant) typed =
          g_variant_lookup_value (options, o->key, G_VARIANT_TYPE (o->type));

      g_assert_true ((any == NULL) == (typed == NULL));
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GVariant) options = make_options ((const char *) data, size);
  g_autoptr (JsonNode) node = tern_json_from_variant (options);
  g_autofree char *json = tern_json_to_string (node);
  g_autoptr (GError) error = NULL;

  g_assert_true (g_utf8_validate (json, -1, NULL));
  if (tern_options_check (options, known, &error))
    assert_found (options);
  else
    {
      g_autofree char *visible = tern_text_visible (error->message, 0);

      g_assert_cmpstr (error->message, ==, visible);
    }
  return 0;
}
