/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The a{sv} at the end of methods, its way into JSON, and what moves and hosts take from it. The
 * corpus is GVariant text; bytes
 * that are none are taken for the dictionary as GVariant would send it.
 */
#include "config.h"

#include "service/options.h"

#include "base/json.h"
#include "base/text.h"
#include "fuzz-main.h"
#include "plan/move-options.h"
#include "service/host-choice.h"
#include "service/move-choice.h"

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

static void
assert_visible (const GError *error)
{
  g_autofree char *visible = tern_text_visible (error->message, 0);

  g_assert_cmpstr (error->message, ==, visible);
}

/* What is taken is a move that can be. */
static void
try_move (GVariant *options)
{
  static const TernOption choices[] = { TERN_MOVE_CHOICES, { NULL, NULL } };
  TernMoveOptions move = TERN_MOVE_OPTIONS_INIT;
  g_autoptr (GError) error = NULL;

  if (!tern_options_check (options, choices, &error)
      || !tern_move_choice_parse (options, &move, &error))
    {
      assert_visible (error);
      return;
    }
  g_assert_true ((guint) move.policy < TERN_N_POLICIES);
  g_assert_true ((guint) move.priority < TERN_N_PRIORITIES);
  g_assert_true ((guint) move.compression < TERN_N_COMPRESSIONS);
  g_assert_true (tern_move_options_check (&move, NULL, NULL, NULL, NULL));
}

/* What is taken can be taken again, and changes nothing then. */
static void
try_host (GVariant *options)
{
  static const TernOption choices[] = { TERN_HOST_CHOICES,
                                        TERN_HOST_LIMIT_CHOICES,
                                        { NULL, NULL } };
  g_autoptr (TernHostConfig) config = tern_host_config_new ("node1", "sim://node1/");
  g_autoptr (GError) error = NULL;

  if (!tern_options_check (options, choices, &error)
      || !tern_host_choice_apply (options, config, &error))
    {
      assert_visible (error);
      return;
    }
  g_assert_true (config->limit_out <= TERN_LIMIT_MAX && config->limit_in <= TERN_LIMIT_MAX);
  g_assert_true (config->peer_uri == NULL || tern_host_uri_check (config->peer_uri, NULL));
  g_assert_true (tern_host_name_check (config->cluster, NULL));
  g_assert_true (tern_host_choice_apply (options, config, NULL));
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
    assert_visible (error);
  try_move (options);
  try_host (options);
  return 0;
}
