/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Prints a snapshot of a random cluster: make-snapshot SEED. For tests of the file's form.
 */
#include "config.h"

#include "random-cluster.h"

#include <stdio.h>

int
main (int argc, char **argv)
{
  guint64 seed = argc > 1 ? g_ascii_strtoull (argv[1], NULL, 10) : 0;
  g_autoptr (TernCluster) cluster = test_random_cluster (seed, 6, 40);
  TernSettings settings = test_random_settings (seed);
  g_autoptr (GPtrArray) reservations = test_random_reservations (seed, cluster);
  g_autofree char *text = tern_snapshot_format (cluster, &settings, reservations);

  return fputs (text, stdout) < 0;
}
