/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A plan that somebody hands in: nobody but us can seal one, and what it says of hosts and VMs is
 * compared without trusting it.
 */
#include "config.h"

#include "plan/drain-document.h"

#include "base/text.h"
#include "fuzz-main.h"

static void
assert_visible (const GError *error)
{
  g_autofree char *visible = tern_text_visible (error->message, 0);

  g_assert_cmpstr (error->message, ==, visible);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *json = g_strndup ((const char *) data, size);
  g_autoptr (GBytes) key = g_bytes_new ("key", 3);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (TernCluster) cluster = tern_cluster_new (none, none, NULL, 1, 1);
  g_autoptr (TernDrain) order = tern_drain_new ((const char *const[]){ "node1", NULL });
  TernDrainQuestion question = { .cluster = cluster, .drain = order, .now_us = 1 };
  g_autoptr (GError) error = NULL, changed = NULL;
  g_autoptr (TernDrain) drain = tern_drain_document_parse (json, "us", key, &error);

  g_assert_true ((drain == NULL) == (error != NULL));
  if (error != NULL)
    assert_visible (error);
  if (!tern_drain_document_holds (json, &question, &changed))
    g_assert_nonnull (changed);
  return 0;
}
