/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's configuration, read from a file in memory. A refusal is one visible line.
 */
#include "config.h"

#include "daemon/conf.h"

#include "base/text.h"
#include "fuzz-main.h"

#include <sys/mman.h>
#include <unistd.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  int fd = memfd_create ("fuzzed", MFD_CLOEXEC);
  g_autofree char *path = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autoptr (TernConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (write (fd, data, size) == (ssize_t) size);
  config = tern_config_load (path, TRUE, &error);
  close (fd);

  g_assert_true ((config != NULL) == (error == NULL));
  if (config != NULL)
    {
      g_assert_true (config->state_dir == NULL || g_path_is_absolute (config->state_dir));
      g_assert_true (config->settings.memory_ratio >= 0.1 && config->settings.memory_ratio <= 10);
      for (guint i = 0; config->shared_paths != NULL && config->shared_paths[i] != NULL; i++)
        g_assert_true (g_path_is_absolute (config->shared_paths[i]));
    }
  else
    {
      g_autofree char *visible = tern_text_visible (error->message, 0);

      g_assert_cmpstr (error->message, ==, visible);
    }
  return 0;
}
