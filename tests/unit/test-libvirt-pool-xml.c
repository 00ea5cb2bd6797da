/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "drivers/libvirt-caps-xml.h"
#include "drivers/libvirt-pool-xml.h"
#include "model/list.h"
#include "tern-check.h"

static char *
load (const char *name)
{
  g_autofree char *path =
      g_build_filename (TERN_SRC_DIR, "tests", "fixtures", "libvirt", name, NULL);
  char *text = NULL;

  ck_assert (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

START_TEST (what_a_real_host_told_is_read)
{
  g_autofree char *dir_xml = load ("pool-dir.xml");
  g_autofree char *netfs_xml = load ("pool-netfs.xml");
  g_autofree char *volume_xml = load ("volume.xml");
  g_autofree char *network_xml = load ("network.xml");
  g_autoptr (TernPool) dir = tern_libvirt_parse_pool (dir_xml, NULL);
  g_autoptr (TernPool) netfs = tern_libvirt_parse_pool (netfs_xml, NULL);
  g_autofree char *volume = tern_libvirt_parse_volume (volume_xml, NULL);
  g_autoptr (TernNetwork) network = tern_libvirt_parse_network (network_xml, NULL);

  ck_assert_str_eq (dir->path, "/var/lib/libvirt/pool");
  ck_assert_ptr_null (dir->source);
  ck_assert_str_eq (netfs->source, "nfs://nas.example/export/vms");
  ck_assert (netfs->remote && !dir->remote);
  ck_assert_str_eq (volume, "disk.raw\t1795365483596392207");
  ck_assert_str_eq (network->name, "trunk");
  ck_assert_uint_eq (g_strv_length (network->portgroups), 2);
}
END_TEST

START_TEST (a_pool_says_what_it_stands_for)
{
  static const struct
  {
    const char *type;
    const char *source;
    const char *text;
    gboolean remote;
    gboolean directory;
  } cases[] = {
    { "dir", "", NULL, FALSE, TRUE },
    { "fs", "<device path='/dev/sdb1'/>", "device:///dev/sdb1", FALSE, TRUE },
    { "netfs", "<host name='NAS.lan'/><dir path='/export/'/><format type='auto'/>",
      "nfs://nas.lan/export", TRUE, TRUE },
    { "netfs", "<host name='nas'/><dir path='/'/><format type='nfs'/>", "nfs://nas/", TRUE, TRUE },
    { "netfs", "<host name='nas'/><dir path='share'/><format type='cifs'/>", "cifs://nas/share",
      TRUE, TRUE },
    { "netfs", "<dir path='/x'/>", NULL, FALSE, TRUE },
    { "logical", "<name>vg0</name><device path='/dev/sda'/>", "vg://vg0", FALSE, FALSE },
    { "netfs", "<host name='localhost'/><dir path='/e'/>", "nfs://localhost/e", FALSE, TRUE },
    { "netfs", "<host name='127.0.0.1'/><dir path='/e'/>", "nfs://127.0.0.1/e", FALSE, TRUE },
    { "netfs", "<host name='localhost'/><dir path='v'/><format type='glusterfs'/>",
      "glusterfs://localhost/v", TRUE, TRUE },
    { "iscsi", "<host name='::1'/><device path='iqn.x:1'/>", "iscsi://::1/iqn.x:1", FALSE, FALSE },
    { "iscsi", "<host name='p' port='3260'/><device path='iqn.x:1'/>", "iscsi://p/iqn.x:1", TRUE,
      FALSE },
    { "iscsi-direct", "<host name='p' port='3261'/><device path='iqn.x:1'/>",
      "iscsi://p:3261/iqn.x:1", TRUE, FALSE },
    { "rbd", "<name>vms</name><host name='mon2' port='6789'/><host name='mon1'/>",
      "rbd://mon1,mon2/vms", TRUE, FALSE },
    { "rbd", "<name>vms</name>", NULL, FALSE, FALSE },
    { "gluster", "<host name='g'/><name>vol</name><dir path='/sub/'/>", "gluster://g/vol/sub", TRUE,
      FALSE },
    { "gluster", "<host name='g'/><name>vol</name><dir path='/'/>", "gluster://g/vol", TRUE,
      FALSE },
    { "zfs", "<name>tank</name>", "zfs://tank", FALSE, FALSE },
    { "new-kind", "<name>x</name>", NULL, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *xml = g_strdup_printf (
          "<pool type='%s'><name>p</name><source>%s</source><target><path>/t</path>"
          "</target></pool>",
          cases[i].type, cases[i].source);
      g_autoptr (TernPool) pool = tern_libvirt_parse_pool (xml, NULL);

      ck_assert_str_eq (pool->type, cases[i].type);
      ck_assert_str_eq (pool->path, "/t");
      ck_assert_pstr_eq (pool->source, cases[i].text);
      ck_assert_msg (pool->remote == cases[i].remote, "%s", cases[i].source);
      ck_assert (tern_libvirt_pool_is_directory (pool) == cases[i].directory);
      ck_assert (!pool->active && pool->volumes == NULL);
    }
}
END_TEST

START_TEST (a_volume_is_known_by_its_name_and_the_time_of_its_inode)
{
  static const struct
  {
    const char *name;
    const char *ctime;
    const char *text;
  } cases[] = {
    { "a.raw", "1700000000.000000042", "a.raw\t1700000000000000042" },
    { "a.raw", "1700000000", "a.raw\t1700000000000000000" },
    { "a.raw", "1700000000.42", NULL },
    { "a.raw", "-1.000000000", NULL },
    { "a.raw", "", NULL },
    { "a\tb", "1700000000.000000042", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *xml = g_strdup_printf (
          "<volume type='file'><name>%s</name><target><path>/p</path><timestamps><atime>1</atime>"
          "<ctime>%s</ctime></timestamps></target></volume>",
          cases[i].name, cases[i].ctime);
      g_autofree char *text = tern_libvirt_parse_volume (xml, NULL);

      ck_assert_pstr_eq (text, cases[i].text);
    }
}
END_TEST

START_TEST (a_network_tells_its_portgroups_sorted)
{
  g_autoptr (TernNetwork) network = tern_libvirt_parse_network (
      "<network><name>n</name><portgroup name='b'/><portgroup name='a'/><portgroup/></network>",
      NULL);
  g_autofree char *groups = g_strjoinv (" ", network->portgroups);
  g_autoptr (GError) error = NULL;

  ck_assert_str_eq (network->name, "n");
  ck_assert_str_eq (groups, "a b");
  ck_assert_ptr_null (tern_libvirt_parse_network ("<network/>", &error));
  ck_assert_ptr_nonnull (error);
}
END_TEST

START_TEST (an_interface_is_read_of_a_node_device)
{
  g_autofree char *name = tern_libvirt_parse_net_device (
      "<device><name>net_br0</name><capability type='net'><interface>br0</interface></capability>"
      "</device>",
      NULL);

  ck_assert_str_eq (name, "br0");
  ck_assert_ptr_null (
      tern_libvirt_parse_net_device ("<device><capability type='pci'/></device>", NULL));
}
END_TEST

static TernLibvirtCaps *
parse_caps (const char *cpu, const char *topology)
{
  g_autofree char *xml = g_strdup_printf (
      "<capabilities><host><cpu><arch>x86_64</arch><model>M</model>%s</cpu><topology><cells>%s"
      "</cells></topology></host><guest><arch name='x86_64'><machine canonical='pc-7.2'>pc"
      "</machine><domain type='kvm'><machine>pc-9.0</machine></domain><domain type='qemu'/></arch>"
      "</guest><guest><arch name='arm'><machine>virt</machine></arch></guest></capabilities>",
      cpu, topology);

  return tern_libvirt_parse_caps (xml, NULL);
}

START_TEST (machine_types_are_those_of_the_host_s_own_arch_with_their_aliases)
{
  g_autoptr (TernLibvirtCaps) caps = parse_caps ("", "");
  g_autofree char *machines = g_strjoinv (" ", caps->machines);
  g_autofree char *types = g_strjoinv (" ", caps->virt_types);

  ck_assert_str_eq (machines, "pc pc-7.2 pc-9.0");
  ck_assert_str_eq (types, "kvm qemu");
  ck_assert_str_eq (caps->virt_type, "kvm");
}
END_TEST

START_TEST (the_tsc_and_huge_pages_of_all_cells_are_told)
{
  g_autoptr (TernLibvirtCaps) caps = parse_caps (
      "<counter name='tsc' frequency='2600000000' scaling='yes'/>",
      "<cell id='0'><pages unit='KiB' size='4'>9</pages><pages unit='KiB' size='1048576'>1</pages>"
      "<pages unit='KiB' size='2048'>3</pages></cell><cell id='1'><pages unit='KiB' size='2048'>4"
      "</pages></cell>");
  const TernHugepages *first = caps->hugepages->pdata[0];

  ck_assert_uint_eq (caps->tsc_hz, G_GUINT64_CONSTANT (2600000000));
  ck_assert (caps->tsc_scaling);
  ck_assert_uint_eq (caps->numa_nodes, 2);
  ck_assert_uint_eq (caps->hugepages->len, 2);
  ck_assert_uint_eq (first->size, 2 << 20);
  ck_assert_uint_eq (first->total, 7);
}
END_TEST

START_TEST (the_signature_changes_with_the_silicon_and_with_nothing_else)
{
  static const struct
  {
    const char *cpu;
    gboolean same;
  } cases[] = {
    { "<microcode version='1'/><feature name='a'/><feature name='b'/>", TRUE },
    { "<microcode version='1'/><feature name='b'/><feature name='a'/>", TRUE },
    { "<microcode version='1'/><feature name='a'/><feature name='b'/><topology sockets='2'/>",
      TRUE },
    { "<microcode version='2'/><feature name='a'/><feature name='b'/>", FALSE },
    { "<microcode version='1'/><feature name='a'/>", FALSE },
    { "<vendor>AMD</vendor><microcode version='1'/><feature name='a'/><feature name='b'/>", FALSE },
    { "<microcode version='1'/><signature family='6'/><feature name='a'/><feature name='b'/>",
      FALSE },
  };
  g_autoptr (TernLibvirtCaps) first = parse_caps (cases[0].cpu, "");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TernLibvirtCaps) caps = parse_caps (cases[i].cpu, "");

      ck_assert_msg (g_str_equal (caps->cpu_signature, first->cpu_signature) == cases[i].same, "%s",
                     cases[i].cpu);
    }
}
END_TEST

TERN_CHECK_MAIN ("libvirt-pool-xml", tcase_add_test (tcase, what_a_real_host_told_is_read);
                 tcase_add_test (tcase, a_pool_says_what_it_stands_for);
                 tcase_add_test (tcase, a_volume_is_known_by_its_name_and_the_time_of_its_inode);
                 tcase_add_test (tcase, a_network_tells_its_portgroups_sorted);
                 tcase_add_test (tcase, an_interface_is_read_of_a_node_device);
                 tcase_add_test (tcase,
                                 machine_types_are_those_of_the_host_s_own_arch_with_their_aliases);
                 tcase_add_test (tcase, the_tsc_and_huge_pages_of_all_cells_are_told);
                 tcase_add_test (tcase,
                                 the_signature_changes_with_the_silicon_and_with_nothing_else);)
