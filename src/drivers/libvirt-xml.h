/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/cpu.h"
#include "model/vm.h"

#include <glib.h>

G_BEGIN_DECLS

/*
 * Readers of libvirt's XML. All of it is foreign text: at most TERN_LIBVIRT_XML_MAX bytes, no
 * network, no entities of its own, bounded counts. What is missing stays %NULL or 0; only
 * what makes the answer useless is an error (%TERN_ERROR_FAILED).
 */
#define TERN_LIBVIRT_XML_MAX (4 * 1024 * 1024)

/**
 * tern_libvirt_parse_domain:
 * @xml: of virDomainGetXMLDesc()
 * @host: name of the host it was seen on
 *
 * State, reason and persistence are not in the XML: they stay unknown.
 *
 * Returns: (transfer full): not yet shared
 */
TernVm *tern_libvirt_parse_domain (const char *xml, const char *host, GError **error);

/**
 * TernLibvirtCaps:
 * @uuid: (nullable): the host's, lower case
 * @arch: (nullable): the host's
 * @virt_type: "kvm" if it runs guests of its own arch with it, else "qemu"
 *
 * What we take from virConnectGetCapabilities().
 */
typedef struct
{
  char *uuid;
  char *arch;
  char *virt_type;
} TernLibvirtCaps;

/** tern_libvirt_parse_caps: Returns: (transfer full) */
TernLibvirtCaps *tern_libvirt_parse_caps (const char *xml, GError **error);
void tern_libvirt_caps_free (TernLibvirtCaps *self);

/**
 * tern_libvirt_domcaps_to_cpu_xml:
 * @xml: of virConnectGetDomainCapabilities()
 *
 * Returns: (transfer full) (nullable): its host-model as a cpu element for
 *   virConnectBaselineHypervisorCPU(); %NULL without error if it offers none
 */
char *tern_libvirt_domcaps_to_cpu_xml (const char *xml, GError **error);

/**
 * tern_libvirt_parse_cpu:
 * @xml: a document whose root is a cpu element
 * @mode: (nullable): instead of what the element says
 *
 * Returns: (transfer full)
 */
TernCpu *tern_libvirt_parse_cpu (const char *xml, const char *mode, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernLibvirtCaps, tern_libvirt_caps_free)

G_END_DECLS
