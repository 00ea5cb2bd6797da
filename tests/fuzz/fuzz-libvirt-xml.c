/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every reader of libvirt's XML gets the same text.
 */
#include "config.h"

#include "drivers/libvirt-xml.h"
#include "fuzz-main.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *xml = g_strndup ((const char *) data, size);
  g_autoptr (TernVm) vm = tern_libvirt_parse_domain (xml, "fuzzed", NULL);
  g_autoptr (TernLibvirtCaps) caps = tern_libvirt_parse_caps (xml, NULL);
  g_autofree char *cpu_xml = tern_libvirt_domcaps_to_cpu_xml (xml, NULL);
  g_autoptr (TernCpu) cpu = tern_libvirt_parse_cpu (cpu_xml != NULL ? cpu_xml : xml, NULL, NULL);

  if (vm != NULL)
    {
      g_autoptr (TernVm) copy = tern_vm_copy (vm);

      g_assert_true (tern_vm_equal (vm, copy));
    }
  return 0;
}
