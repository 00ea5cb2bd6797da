/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-xml.h"
#include "model/cpu.h"
#include "model/resource.h"

G_BEGIN_DECLS

/**
 * TernLibvirtCaps:
 * @uuid: (nullable): the host's, lower case
 * @arch: (nullable): the host's
 * @virt_type: "kvm" if it runs guests of its own arch with it, else "qemu"
 * @virt_types: (array zero-terminated=1): all it can run guests of its own arch with, sorted
 * @machines: (array zero-terminated=1): of its own arch, aliases too, sorted
 * @cpu_signature: (nullable): see TernHostFacts
 * @hugepages: (element-type TernHugepages): by size, none of them counted as free
 *
 * What we take from virConnectGetCapabilities().
 */
typedef struct
{
  char *uuid;
  char *arch;
  char *virt_type;
  GStrv virt_types;
  GStrv machines;
  char *cpu_signature;
  guint64 tsc_hz;
  gboolean tsc_scaling;
  guint numa_nodes;
  GPtrArray *hugepages;
} TernLibvirtCaps;

/** tern_libvirt_parse_caps: Returns: (transfer full) */
TernLibvirtCaps *tern_libvirt_parse_caps (const char *xml, GError **error);
void tern_libvirt_caps_free (TernLibvirtCaps *self);

/**
 * TernLibvirtDomcaps:
 * @cpu: (nullable): the host-model: a model and what differs; %NULL if it offers none
 * @max_vcpus: 0 if it does not say
 * @cpu_models: (nullable) (array zero-terminated=1): custom models it can give, sorted
 *
 * What we take from virConnectGetDomainCapabilities().
 */
typedef struct
{
  TernCpu *cpu;
  guint max_vcpus;
  GStrv cpu_models;
} TernLibvirtDomcaps;

/** tern_libvirt_parse_domcaps: Returns: (transfer full) */
TernLibvirtDomcaps *tern_libvirt_parse_domcaps (const char *xml, GError **error);
void tern_libvirt_domcaps_free (TernLibvirtDomcaps *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernLibvirtCaps, tern_libvirt_caps_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernLibvirtDomcaps, tern_libvirt_domcaps_free)

G_END_DECLS
