/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "base/error.h"
#include "drivers/libvirt-caps-xml.h"
#include "drivers/libvirt-cpu-xml.h"
#include "drivers/libvirt-domain-xml.h"
#include "tern-check.h"

#include <string.h>

static char *
load (const char *name)
{
  g_autofree char *path =
      g_build_filename (TERN_SRC_DIR, "tests", "fixtures", "libvirt", name, NULL);
  char *text = NULL;

  ck_assert (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

static TernVm *
parse_fixture (const char *name)
{
  g_autofree char *xml = load (name);
  TernVm *vm = tern_libvirt_parse_domain (xml, "node1", NULL);

  ck_assert_ptr_nonnull (vm);
  return vm;
}

START_TEST (a_running_guest_is_read_whole)
{
  g_autoptr (TernVm) vm = parse_fixture ("domain-live.xml");

  ck_assert_str_eq (vm->uuid, "aa91760d-ba7b-4aa0-8e5e-5a3b2608a051");
  ck_assert_str_eq (vm->name, "disky");
  ck_assert_str_eq (vm->host, "node1");
  ck_assert_uint_eq (vm->memory, 128 << 20);
  ck_assert_uint_eq (vm->memory_current, 128 << 20);
  ck_assert_uint_eq (vm->vcpus, 1);
  ck_assert_str_eq (vm->arch, "x86_64");
  ck_assert_str_eq (vm->machine, "pc-i440fx-7.2");
  ck_assert_str_eq (vm->virt_type, "qemu");
  ck_assert_str_eq (vm->cpu->mode, "custom");
  ck_assert_str_eq (vm->cpu->model, "Haswell-noTSX");
  ck_assert_str_eq (vm->cpu->vendor, "Intel");
}
END_TEST

START_TEST (its_disks_say_where_they_live)
{
  g_autoptr (TernVm) vm = parse_fixture ("domain-live.xml");
  const TernDisk *disk = vm->disks->pdata[0];
  const TernDisk *cdrom = vm->disks->pdata[1];

  ck_assert_uint_eq (vm->disks->len, 2);
  ck_assert_str_eq (disk->target, "vda");
  ck_assert_str_eq (disk->device, "disk");
  ck_assert_str_eq (disk->type, "network");
  ck_assert_str_eq (disk->source, "nbd:disky");
  ck_assert_str_eq (disk->cache, "none");
  ck_assert (!disk->readonly);
  ck_assert_str_eq (cdrom->device, "cdrom");
  ck_assert_str_eq (cdrom->source, "/var/lib/libvirt/images/x.iso");
  ck_assert (cdrom->readonly);
}
END_TEST

START_TEST (a_running_guest_still_names_its_network_not_the_bridge_it_became)
{
  g_autoptr (TernVm) live = parse_fixture ("domain-live.xml");
  g_autoptr (TernVm) inactive = parse_fixture ("domain-inactive.xml");
  const TernNic *nic = live->nics->pdata[0];
  const TernNic *defined = inactive->nics->pdata[0];

  ck_assert_uint_eq (live->nics->len, 1);
  ck_assert_str_eq (nic->type, "network");
  ck_assert_str_eq (nic->source, "lab");
  ck_assert_str_eq (defined->type, nic->type);
  ck_assert_str_eq (defined->source, nic->source);
  ck_assert_str_eq (defined->mac, nic->mac);
}
END_TEST

START_TEST (the_test_driver_s_guest_is_read)
{
  g_autoptr (TernVm) vm = parse_fixture ("domain-test.xml");

  ck_assert_str_eq (vm->name, "test");
  ck_assert_uint_eq (vm->memory, G_GUINT64_CONSTANT (8) << 30);
  ck_assert_ptr_null (vm->cpu);
}
END_TEST

static gboolean
has (char **names, const char *name)
{
  return g_strv_contains ((const char *const *) names, name);
}

START_TEST (feature_policies_are_sorted_into_needed_and_switched_off)
{
  g_autoptr (TernCpu) cpu = tern_libvirt_parse_cpu (
      "<cpu mode='custom'><model>Nehalem</model><feature policy='require' name='aes'/>"
      "<feature policy='force' name='avx'/><feature name='plain'/>"
      "<feature policy='disable' name='vmx'/><feature policy='forbid' name='svm'/>"
      "<feature policy='optional' name='maybe'/><feature policy='require'/></cpu>",
      NULL, NULL);

  ck_assert_uint_eq (g_strv_length (cpu->features), 3);
  ck_assert (has (cpu->features, "aes") && has (cpu->features, "avx")
             && has (cpu->features, "plain"));
  ck_assert_uint_eq (g_strv_length (cpu->disabled), 2);
  ck_assert (has (cpu->disabled, "vmx") && has (cpu->disabled, "svm"));
}
END_TEST

START_TEST (memory_units_are_obeyed)
{
  static const struct
  {
    const char *memory;
    guint64 bytes;
  } cases[] = {
    { "<memory>1024</memory>", 1 << 20 },
    { "<memory unit='KiB'> 1024\n</memory>", 1 << 20 },
    { "<memory unit='GiB'>2</memory>", G_GUINT64_CONSTANT (2) << 30 },
    { "<memory unit='b'>4096</memory>", 4096 },
    { "<memory unit='GB'>1</memory>", 1000000000 },
    { "<memory unit='TiB'>99999999999</memory>", 0 },
    { "<memory>-1</memory>", 0 },
    { "<memory>many</memory>", 0 },
    { "", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *xml = g_strdup_printf (
          "<domain><name>a</name><uuid>AA91760D-ba7b-4aa0-8e5e-5a3b2608a051</uuid>%s</domain>",
          cases[i].memory);
      g_autoptr (TernVm) vm = tern_libvirt_parse_domain (xml, "h", NULL);

      ck_assert_ptr_nonnull (vm);
      ck_assert_uint_eq (vm->memory, cases[i].bytes);
      ck_assert_uint_eq (vm->memory_current, cases[i].bytes);
      ck_assert_str_eq (vm->uuid, "aa91760d-ba7b-4aa0-8e5e-5a3b2608a051");
    }
}
END_TEST

START_TEST (every_kind_of_disk_source_is_read)
{
  g_autoptr (TernVm) vm = tern_libvirt_parse_domain (
      "<domain><name>a</name><uuid>aa91760d-ba7b-4aa0-8e5e-5a3b2608a051</uuid><devices>"
      "<disk type='block' device='lun'><source dev='/dev/sdx'/><shareable/></disk>"
      "<disk type='volume'><source pool='p' volume='v'/></disk>"
      "<disk type='dir'><source dir='/d'/></disk>"
      "<disk type='network'><source protocol='rbd' name='pool/img'/></disk>"
      "<disk type='file' device='cdrom'/>"
      "<disk type='new-kind'><source thing='x'/></disk>"
      "<disk/></devices></domain>",
      "h", NULL);
  static const char *const sources[] = {
    "/dev/sdx", "p/v", "/d", "rbd:pool/img", NULL, NULL, NULL
  };

  ck_assert_uint_eq (vm->disks->len, G_N_ELEMENTS (sources));
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    ck_assert_pstr_eq (((TernDisk *) vm->disks->pdata[i])->source, sources[i]);
  ck_assert (((TernDisk *) vm->disks->pdata[0])->shareable);
}
END_TEST

START_TEST (a_cpu_inside_the_metadata_is_not_the_vm_s)
{
  g_autoptr (TernVm) vm = tern_libvirt_parse_domain (
      "<domain><metadata><cpu mode='maximum'/><name>b</name></metadata><name>a</name>"
      "<uuid>aa91760d-ba7b-4aa0-8e5e-5a3b2608a051</uuid></domain>",
      "h", NULL);

  ck_assert_str_eq (vm->name, "a");
  ck_assert_ptr_null (vm->cpu);
}
END_TEST

START_TEST (what_cannot_be_read_is_an_error)
{
  static const char *const broken[] = {
    "",
    "<",
    "<domain>",
    "<other/>",
    "<domain/>",
    "<domain><name>a</name></domain>",
    "<domain><uuid>aa91760d-ba7b-4aa0-8e5e-5a3b2608a051</uuid></domain>",
    "<domain><name>a</name><uuid>short</uuid></domain>",
    /* entities: none of them are expanded, whatever they hold */
    "<!DOCTYPE domain [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><domain><name>&e;</name>"
    "<uuid>aa91760d-ba7b-4aa0-8e5e-5a3b2608a051</uuid></domain>",
    "<!DOCTYPE domain [<!ENTITY e 'x'>]><domain><name>&e;</name>"
    "<uuid>aa91760d-ba7b-4aa0-8e5e-5a3b2608a051</uuid></domain>",
  };

  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autoptr (GError) error = NULL;

      ck_assert_ptr_null (tern_libvirt_parse_domain (broken[i], "h", &error));
      ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_FAILED));
    }
}
END_TEST

START_TEST (a_document_without_end_is_refused_by_its_size)
{
  g_autofree char *xml = g_malloc (TERN_LIBVIRT_XML_MAX + 2);
  g_autoptr (GError) error = NULL;

  memset (xml, ' ', TERN_LIBVIRT_XML_MAX + 1);
  xml[TERN_LIBVIRT_XML_MAX + 1] = '\0';
  ck_assert_ptr_null (tern_libvirt_parse_domain (xml, "h", &error));
  ck_assert_ptr_nonnull (strstr (error->message, "too long"));
}
END_TEST

START_TEST (capabilities_name_the_host)
{
  g_autofree char *xml = load ("caps-node1.xml");
  g_autoptr (TernLibvirtCaps) caps = tern_libvirt_parse_caps (xml, NULL);

  ck_assert_str_eq (caps->uuid, "7e52a000-1ab0-4000-8000-000000000001");
  ck_assert_str_eq (caps->arch, "x86_64");
  ck_assert_str_eq (caps->virt_type, "qemu");
}
END_TEST

START_TEST (kvm_is_chosen_only_for_the_host_s_own_arch)
{
  g_autoptr (TernLibvirtCaps) own = tern_libvirt_parse_caps (
      "<capabilities><host><cpu><arch>x86_64</arch></cpu></host><guest><arch name='x86_64'>"
      "<domain type='qemu'/><domain type='kvm'/></arch></guest></capabilities>",
      NULL);
  g_autoptr (TernLibvirtCaps) other = tern_libvirt_parse_caps (
      "<capabilities><host><cpu><arch>x86_64</arch></cpu></host><guest><arch name='i686'>"
      "<domain type='kvm'/></arch></guest></capabilities>",
      NULL);

  ck_assert_str_eq (own->virt_type, "kvm");
  ck_assert_str_eq (other->virt_type, "qemu");
}
END_TEST

START_TEST (capabilities_without_a_uuid_are_no_error)
{
  g_autofree char *xml = load ("caps-test.xml");
  g_autoptr (TernLibvirtCaps) caps = tern_libvirt_parse_caps (xml, NULL);

  ck_assert_ptr_nonnull (caps);
  ck_assert_ptr_null (caps->uuid);
}
END_TEST

START_TEST (domain_capabilities_tell_the_host_model_the_models_and_the_most_vcpus)
{
  g_autofree char *xml = load ("domcaps-node3.xml");
  g_autoptr (TernLibvirtDomcaps) caps = tern_libvirt_parse_domcaps (xml, NULL);

  ck_assert_ptr_nonnull (caps->cpu);
  ck_assert_str_eq (caps->cpu->mode, "host-model");
  ck_assert_str_eq (caps->cpu->model, "Haswell-noTSX");
  ck_assert_str_eq (caps->cpu->vendor, "Intel");
  ck_assert (has (caps->cpu->features, "vaes"));
  ck_assert (!caps->cpu->expanded);
  ck_assert_uint_eq (caps->max_vcpus, 255);
  ck_assert (has (caps->cpu_models, "Westmere"));
  ck_assert (!has (caps->cpu_models, "Westmere-IBRS"));
}
END_TEST

START_TEST (a_host_without_a_host_model_is_no_error)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernLibvirtDomcaps) caps = tern_libvirt_parse_domcaps (
      "<domainCapabilities><cpu><mode name='host-model' supported='no'><model>x</model></mode>"
      "</cpu></domainCapabilities>",
      &error);

  ck_assert_ptr_nonnull (caps);
  ck_assert_ptr_null (caps->cpu);
  ck_assert_ptr_null (caps->cpu_models);
  ck_assert_uint_eq (caps->max_vcpus, 0);
  ck_assert_ptr_null (tern_libvirt_parse_domcaps ("<capabilities/>", &error));
  ck_assert_ptr_nonnull (error);
}
END_TEST

TERN_CHECK_MAIN (
    "libvirt-xml", tcase_add_test (tcase, a_running_guest_is_read_whole);
    tcase_add_test (tcase, its_disks_say_where_they_live);
    tcase_add_test (tcase, a_running_guest_still_names_its_network_not_the_bridge_it_became);
    tcase_add_test (tcase, the_test_driver_s_guest_is_read);
    tcase_add_test (tcase, feature_policies_are_sorted_into_needed_and_switched_off);
    tcase_add_test (tcase, memory_units_are_obeyed);
    tcase_add_test (tcase, every_kind_of_disk_source_is_read);
    tcase_add_test (tcase, a_cpu_inside_the_metadata_is_not_the_vm_s);
    tcase_add_test (tcase, what_cannot_be_read_is_an_error);
    tcase_add_test (tcase, a_document_without_end_is_refused_by_its_size);
    tcase_add_test (tcase, capabilities_name_the_host);
    tcase_add_test (tcase, kvm_is_chosen_only_for_the_host_s_own_arch);
    tcase_add_test (tcase, capabilities_without_a_uuid_are_no_error);
    tcase_add_test (tcase, domain_capabilities_tell_the_host_model_the_models_and_the_most_vcpus);
    tcase_add_test (tcase, a_host_without_a_host_model_is_no_error);)
