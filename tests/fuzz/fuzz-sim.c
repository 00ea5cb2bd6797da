/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A snapshot file of the simulator; what it describes must also come down again. A refusal
 * is one visible line.
 */
#include "config.h"

#include "base/text.h"
#include "drivers/sim.h"
#include "fuzz-main.h"

static void
assert_hosts (TernSim *sim)
{
  g_autoptr (GPtrArray) configs = tern_sim_get_host_configs (sim);

  for (guint i = 0; i < configs->len; i++)
    {
      const TernHostConfig *config = g_ptr_array_index (configs, i);

      g_assert_true (tern_host_name_check (config->name, NULL));
      g_assert_true (tern_host_uri_check (config->uri, NULL));
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (TernClock) clock = tern_clock_new_fake (G_USEC_PER_SEC);
  g_autoptr (TernSim) sim = tern_sim_new (clock);
  g_autoptr (GError) error = NULL;
  gboolean good = tern_sim_load_data (sim, (const char *) data, (gssize) size, "fuzzed", &error);

  g_assert_true (good == (error == NULL));
  if (good)
    assert_hosts (sim);
  else
    {
      g_autofree char *visible = tern_text_visible (error->message, 0);

      g_assert_cmpstr (error->message, ==, visible);
    }
  return 0;
}
