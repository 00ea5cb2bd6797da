/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every reader of libvirt's XML gets the same text.
 */
#include "config.h"

#include "drivers/libvirt-caps-xml.h"
#include "drivers/libvirt-cpu-xml.h"
#include "drivers/libvirt-domain-xml.h"
#include "drivers/libvirt-edit-xml.h"
#include "drivers/libvirt-pool-xml.h"
#include "fuzz-main.h"

static void
read_domain (const char *xml)
{
  g_autoptr (TernVm) vm = tern_libvirt_parse_domain (xml, "fuzzed", NULL);
  const char *const features[] = { "aes", "sse", NULL };
  g_autoptr (TernCpu) cpu = tern_cpu_new ("custom", "Nehalem", NULL, features, NULL);
  g_autofree char *mask = NULL;
  g_autofree char *changed = tern_libvirt_edit_cpu (xml, cpu, &mask, NULL);
  g_autofree char *device = NULL;

  (void) tern_libvirt_edit_eject (xml, "sda", "/x.iso", &device, NULL);
  if (vm != NULL)
    {
      g_autoptr (TernVm) copy = tern_vm_copy (vm);
      g_autoptr (TernVm) masked = tern_libvirt_parse_domain (changed, "fuzzed", NULL);

      g_assert_true (tern_vm_equal (vm, copy));
      g_assert_true (masked != NULL && masked->masked);
      g_assert_cmpstr (masked->cpu->model, ==, "Nehalem");
    }
}

static void
read_cpu (const char *xml)
{
  g_autoptr (TernCpu) cpu = tern_libvirt_parse_cpu (xml, NULL, NULL);
  g_auto (GStrv) features = tern_libvirt_parse_model (xml, NULL);

  if (cpu != NULL && features != NULL)
    {
      g_autoptr (TernCpu) expanded = tern_libvirt_cpu_expand (cpu, (const char *const *) features);
      g_autofree char *again = tern_libvirt_cpu_to_xml (cpu);

      g_assert_true (expanded->expanded);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *xml = g_strndup ((const char *) data, size);
  g_autoptr (TernLibvirtCaps) caps = tern_libvirt_parse_caps (xml, NULL);
  g_autoptr (TernLibvirtDomcaps) domcaps = tern_libvirt_parse_domcaps (xml, NULL);
  g_autoptr (TernPool) pool = tern_libvirt_parse_pool (xml, NULL);
  g_autoptr (TernNetwork) network = tern_libvirt_parse_network (xml, NULL);
  g_autofree char *volume = tern_libvirt_parse_volume (xml, NULL);
  g_autofree char *device = tern_libvirt_parse_net_device (xml, NULL);

  read_domain (xml);
  read_cpu (xml);
  return 0;
}
