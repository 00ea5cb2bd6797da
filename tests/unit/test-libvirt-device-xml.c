/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "drivers/libvirt-domain-xml.h"
#include "tern-check.h"

#include <string.h>

static TernVm *
parse (const char *attributes, const char *inside)
{
  g_autofree char *xml = g_strdup_printf (
      "<domain type='kvm'%s><name>a</name><uuid>aa91760d-ba7b-4aa0-8e5e-5a3b2608a051</uuid>"
      "%s</domain>",
      attributes, inside);
  TernVm *vm = tern_libvirt_parse_domain (xml, "h", NULL);

  ck_assert_msg (vm != NULL, "cannot be read: %s", inside);
  return vm;
}

START_TEST (devices_of_the_host_are_told_with_their_address)
{
  static const struct
  {
    const char *xml;
    const char *type;
    const char *address;
  } cases[] = {
    { "<hostdev type='pci'><source><address domain='0x0000' bus='0x01' slot='0x1f' function='0x2'/>"
      "</source></hostdev>",
      "pci", "0000:01:1f.2" },
    { "<hostdev type='usb'><source><vendor id='0x046d'/><product id='0xc077'/></source></hostdev>",
      "usb", "046d:c077" },
    { "<hostdev type='usb'><source><address bus='3' device='12'/></source></hostdev>", "usb",
      "bus 3 device 12" },
    { "<hostdev type='scsi'><source><adapter name='scsi_host0'/><address bus='0' target='1' "
      "unit='2'/></source></hostdev>",
      "scsi", "scsi_host0:0:1:2" },
    { "<hostdev type='scsi'><source protocol='iscsi' name='iqn.x/1'/></hostdev>", "scsi",
      "iqn.x/1" },
    { "<hostdev type='scsi_host'><source wwpn='naa.5123456789abcde0'/></hostdev>", "scsi_host",
      "naa.5123456789abcde0" },
    { "<hostdev type='mdev'><source><address uuid='u-1'/></source></hostdev>", "mdev", "u-1" },
    { "<hostdev mode='capabilities' type='storage'><source><block>/dev/sdf1</block></source>"
      "</hostdev>",
      "storage", "/dev/sdf1" },
    { "<interface type='hostdev'><source><address type='pci' domain='0' bus='7' slot='0x10' "
      "function='0x1'/></source></interface>",
      "pci", "0000:07:10.1" },
    { "<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>", "vdpa",
      "/dev/vhost-vdpa-0" },
    { "<hostdev type='new-kind'/>", "new-kind", "" },
    { "<hostdev/>", "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *devices = g_strdup_printf ("<devices>%s</devices>", cases[i].xml);
      g_autoptr (TernVm) vm = parse ("", devices);
      const TernHostdev *device;

      ck_assert_msg (vm->hostdevs->len == 1, "%s", cases[i].xml);
      device = vm->hostdevs->pdata[0];
      ck_assert_str_eq (device->type, cases[i].type);
      ck_assert_str_eq (device->address, cases[i].address);
    }
}
END_TEST

START_TEST (a_disk_tells_all_that_another_host_must_have)
{
  g_autoptr (TernVm) vm = parse (
      "",
      "<devices><disk type='volume' device='cdrom'><source pool='p' volume='v' "
      "startupPolicy='optional'/><target dev='sda'/><transient/></disk>"
      "<disk type='file'><source file='/top'><encryption format='luks'><secret type='passphrase' "
      "usage='luks-1'/></encryption></source><backingStore type='file'><source file='/mid'/>"
      "<backingStore type='block'><source dev='/dev/x'/><backingStore type='network'><source "
      "protocol='nbd' name='n'/><backingStore/></backingStore></backingStore></backingStore>"
      "<mirror type='file' job='copy'/></disk>"
      "<disk type='network'><auth><secret type='ceph' uuid='AB-1'/></auth><source protocol='rbd' "
      "name='p/i'/></disk>"
      "<disk type='network'><source protocol='rbd' name='p/i'><auth username='u'><secret "
      "type='ceph' usage='client'/></auth></source></disk></devices>");
  const TernDisk *volume = vm->disks->pdata[0];
  const TernDisk *chain = vm->disks->pdata[1];

  ck_assert_str_eq (volume->pool, "p");
  ck_assert_str_eq (volume->volume, "v");
  ck_assert_str_eq (volume->source, "p/v");
  ck_assert_str_eq (volume->startup_policy, "optional");
  ck_assert (volume->transient && !volume->job);
  ck_assert_ptr_null (volume->backing);
  ck_assert_uint_eq (g_strv_length (chain->backing), 2);
  ck_assert_str_eq (chain->backing[0], "/mid");
  ck_assert_str_eq (chain->backing[1], "/dev/x");
  ck_assert_str_eq (chain->secret, "volume:luks-1");
  ck_assert (chain->job && !chain->transient);
  ck_assert_ptr_null (chain->pool);
  ck_assert_str_eq (((TernDisk *) vm->disks->pdata[2])->secret, "ab-1");
  ck_assert_str_eq (((TernDisk *) vm->disks->pdata[3])->secret, "ceph:client");
}
END_TEST

START_TEST (network_disks_without_a_name_are_told_apart_by_their_server)
{
  g_autoptr (TernVm) vm =
      parse ("", "<devices><disk type='network'><source protocol='nbd' name='a'>"
                 "<host name='s' port='1'/></source></disk>"
                 "<disk type='network'><source protocol='nbd'><host name='s' port='1'/></source>"
                 "</disk><disk type='network'><source protocol='nbd'>"
                 "<host transport='unix' socket='/run/x'/></source></disk>"
                 "<disk type='network'><source protocol='nbd'/></disk></devices>");
  static const char *const sources[] = { "nbd:a", "nbd://s:1", "nbd:///run/x", "nbd:" };

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    ck_assert_str_eq (((TernDisk *) vm->disks->pdata[i])->source, sources[i]);
}
END_TEST

START_TEST (a_network_card_tells_its_portgroup_and_its_mac_in_lower_case)
{
  g_autoptr (TernVm) vm =
      parse (" id='1'", "<devices><interface type='bridge'><mac address='52:54:00:AB:CD:EF'/>"
                        "<source network='n' portgroup='red' bridge='virbr0'/></interface>"
                        "<interface type='direct'><source dev='eth0'/></interface></devices>");
  const TernNic *nic = vm->nics->pdata[0];

  ck_assert_str_eq (nic->type, "network");
  ck_assert_str_eq (nic->source, "n");
  ck_assert_str_eq (nic->portgroup, "red");
  ck_assert_str_eq (nic->mac, "52:54:00:ab:cd:ef");
  ck_assert_str_eq (((TernNic *) vm->nics->pdata[1])->source, "eth0");
  ck_assert_ptr_null (((TernNic *) vm->nics->pdata[1])->mac);
}
END_TEST

START_TEST (folders_memory_tpm_and_firmware_are_told)
{
  g_autoptr (TernVm) vm = parse (
      "", "<os><nvram template='/t'>/var/nvram/a.fd</nvram></os><devices>"
          "<filesystem type='mount'><driver type='virtiofs'/><target dir='home'/></filesystem>"
          "<filesystem type='mount'><target dir='old'/></filesystem>"
          "<shmem name='one'/><shmem/><tpm model='tpm-crb'><backend type='emulator'/></tpm>"
          "</devices>");
  g_autofree char *folders = g_strjoinv (" ", vm->filesystems);
  g_autoptr (TernVm) bare = parse ("", "<os><nvram type='file'><source file='/n'/></nvram></os>");

  ck_assert_str_eq (folders, "9p:old virtiofs:home");
  ck_assert_uint_eq (g_strv_length (vm->shmems), 2);
  ck_assert_str_eq (vm->tpm, "emulator");
  ck_assert_str_eq (vm->nvram, "/var/nvram/a.fd");
  ck_assert_str_eq (bare->nvram, "/n");
  ck_assert (bare->filesystems == NULL && bare->shmems == NULL && bare->tpm == NULL);
}
END_TEST

START_TEST (what_it_is_tied_to_is_told_as_one_set)
{
  static const struct
  {
    const char *xml;
    const char *cpus;
    const char *nodes;
  } cases[] = {
    { "", NULL, NULL },
    { "<vcpu cpuset='0-3,8'>4</vcpu>", "0-3,8", NULL },
    { "<vcpu cpuset='0-7,^2, 9'>4</vcpu>", "0-1,3-7,9", NULL },
    { "<vcpu placement='auto' cpuset='0-3'>4</vcpu>", NULL, NULL },
    { "<cputune><vcpupin vcpu='0' cpuset='4'/><vcpupin vcpu='1' cpuset='5'/><emulatorpin "
      "cpuset='1'/><iothreadpin iothread='1' cpuset='6'/></cputune>",
      "1,4-6", NULL },
    { "<vcpu cpuset='x'>1</vcpu>", NULL, NULL },
    { "<vcpu cpuset='5-2,99999999999,-,^,16383-16384,7'>1</vcpu>", "7", NULL },
    { "<numatune><memory mode='strict' nodeset='0-1'/></numatune>", NULL, "0-1" },
    { "<numatune><memory nodeset='1'/></numatune>", NULL, "1" },
    { "<numatune><memory mode='preferred' nodeset='1'/></numatune>", NULL, NULL },
    { "<numatune><memory mode='strict' placement='auto' nodeset='1'/></numatune>", NULL, NULL },
    { "<numatune><memnode cellid='0' mode='strict' nodeset='3'/><memnode cellid='1' "
      "mode='interleave' nodeset='5'/></numatune>",
      NULL, "3" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TernVm) vm = parse ("", cases[i].xml);

      ck_assert_pstr_eq (vm->pinned_cpus, cases[i].cpus);
      ck_assert_pstr_eq (vm->numa_nodes, cases[i].nodes);
    }
}
END_TEST

START_TEST (huge_pages_and_the_tsc_are_told)
{
  static const struct
  {
    const char *xml;
    gboolean hugepages;
    guint64 size;
    guint64 tsc_hz;
  } cases[] = {
    { "", FALSE, 0, 0 },
    { "<memoryBacking><hugepages/></memoryBacking>", TRUE, 0, 0 },
    { "<memoryBacking><hugepages><page size='1' unit='G'/></hugepages></memoryBacking>", TRUE,
      1 << 30, 0 },
    { "<memoryBacking><hugepages><page size='2048'/></hugepages></memoryBacking>", TRUE, 2 << 20,
      0 },
    { "<memoryBacking><nosharepages/></memoryBacking>", FALSE, 0, 0 },
    { "<clock><timer name='rtc' frequency='7'/><timer name='tsc' frequency='2500000000'/></clock>",
      FALSE, 0, G_GUINT64_CONSTANT (2500000000) },
    { "<clock><timer name='tsc' frequency='much'/></clock>", FALSE, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TernVm) vm = parse ("", cases[i].xml);

      ck_assert (vm->hugepages == cases[i].hugepages);
      ck_assert_uint_eq (vm->hugepage_size, cases[i].size);
      ck_assert_uint_eq (vm->tsc_hz, cases[i].tsc_hz);
    }
}
END_TEST

START_TEST (a_definition_that_is_not_checked_requires_nothing_a_running_guest_does)
{
  static const char cpu[] = "<cpu mode='custom' match='exact' check='none'><model>Haswell</model>"
                            "<vendor>Intel</vendor><feature policy='require' name='aes'/></cpu>";
  g_autoptr (TernVm) defined = parse ("", cpu);
  g_autoptr (TernVm) running = parse (" id='3'", cpu);
  g_autoptr (TernVm) checked =
      parse ("", "<cpu mode='custom' check='partial'><model>Haswell</model></cpu>");

  ck_assert (defined->cpu->expanded);
  ck_assert_uint_eq (g_strv_length (defined->cpu->features), 0);
  ck_assert_str_eq (defined->cpu->model, "Haswell");
  ck_assert_ptr_null (defined->cpu->vendor);
  ck_assert (!running->cpu->expanded);
  ck_assert_uint_eq (g_strv_length (running->cpu->features), 1);
  ck_assert (!checked->cpu->expanded);
}
END_TEST

TERN_CHECK_MAIN (
    "libvirt-device-xml", tcase_add_test (tcase, devices_of_the_host_are_told_with_their_address);
    tcase_add_test (tcase, a_disk_tells_all_that_another_host_must_have);
    tcase_add_test (tcase, network_disks_without_a_name_are_told_apart_by_their_server);
    tcase_add_test (tcase, a_network_card_tells_its_portgroup_and_its_mac_in_lower_case);
    tcase_add_test (tcase, folders_memory_tpm_and_firmware_are_told);
    tcase_add_test (tcase, what_it_is_tied_to_is_told_as_one_set);
    tcase_add_test (tcase, huge_pages_and_the_tsc_are_told);
    tcase_add_test (tcase, a_definition_that_is_not_checked_requires_nothing_a_running_guest_does);)
