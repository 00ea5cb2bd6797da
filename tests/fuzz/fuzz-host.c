/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Names and URIs of hosts, as somebody typed them. What is let through can be shown as it is
 * and, with what is added for ssh, is still a URI.
 */
#include "config.h"

#include "base/text.h"
#include "drivers/libvirt-conn.h"
#include "fuzz-main.h"
#include "model/host.h"

static void
assert_refusal (const GError *error)
{
  g_autofree char *visible = tern_text_visible (error->message, 0);

  g_assert_cmpstr (error->message, ==, visible);
}

static void
check_name (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_strconcat ("sim://", text, "/", NULL);

  if (!tern_host_name_check (text, &error))
    assert_refusal (error);
  else
    g_assert_true (tern_host_uri_check (path, NULL));
}

static void
check_uri (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *visible = tern_text_visible (text, 0);
  g_autofree char *unattended = NULL;

  if (!tern_host_uri_check (text, &error))
    {
      assert_refusal (error);
      return;
    }
  g_assert_cmpstr (text, ==, visible);
  unattended = tern_libvirt_unattended_uri (text);
  g_assert_true (g_uri_is_valid (unattended, G_URI_FLAGS_NON_DNS | G_URI_FLAGS_ENCODED, NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);

  check_name (text);
  check_uri (text);
  return 0;
}
