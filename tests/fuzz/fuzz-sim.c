/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A snapshot file: what was read can be written and read again, to the same text. What it
 * describes becomes a simulated cluster, which must also come down again. A refusal is one visible
 * line.
 */
#include "config.h"

#include "base/text.h"
#include "drivers/sim.h"
#include "fuzz-main.h"
#include "model/snapshot.h"

static char *
write_snapshot (const TernSnapshot *snapshot)
{
  return tern_snapshot_format (snapshot->cluster, &snapshot->settings, snapshot->reservations);
}

static void
assert_round_trip (const TernSnapshot *snapshot)
{
  g_autofree char *first = write_snapshot (snapshot);
  g_autoptr (GError) error = NULL;
  g_autoptr (TernSnapshot) again = tern_snapshot_parse (first, -1, "written", NULL, &error);
  g_autofree char *second = NULL;

  g_assert_no_error (error);
  second = write_snapshot (again);
  g_assert_cmpstr (first, ==, second);
  g_assert_cmpuint (again->cluster->vms->len, ==, snapshot->cluster->vms->len);
  for (guint i = 0; i < again->cluster->vms->len; i++)
    g_assert_true (tern_vm_equal (again->cluster->vms->pdata[i], snapshot->cluster->vms->pdata[i]));
}

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
  g_autoptr (TernSnapshot) snapshot =
      tern_snapshot_parse ((const char *) data, (gssize) size, "fuzzed", NULL, NULL);
  gboolean good = tern_sim_load_data (sim, (const char *) data, (gssize) size, "fuzzed", &error);

  g_assert_true (good == (error == NULL));
  g_assert_true (good == (snapshot != NULL));
  if (good)
    {
      assert_hosts (sim);
      assert_round_trip (snapshot);
    }
  else
    {
      g_autofree char *visible = tern_text_visible (error->message, 0);

      g_assert_cmpstr (error->message, ==, visible);
    }
  return 0;
}
