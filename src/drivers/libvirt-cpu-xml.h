/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-xml.h"
#include "model/cpu.h"

G_BEGIN_DECLS

/**
 * tern_libvirt_parse_cpu:
 * @xml: a document whose root is a cpu element
 * @mode: (nullable): instead of what the element says
 *
 * Returns: (transfer full)
 */
TernCpu *tern_libvirt_parse_cpu (const char *xml, const char *mode, GError **error);

/** tern_libvirt_cpu_from_node: likewise, of an element that holds model, vendor and features */
TernCpu *tern_libvirt_cpu_from_node (const xmlNode *node, const char *mode);

/**
 * tern_libvirt_model_to_xml:
 *
 * Returns: (transfer full): a cpu of that model alone, for virConnectBaselineCPU()
 */
char *tern_libvirt_model_to_xml (const char *arch, const char *model);

/**
 * tern_libvirt_parse_model: @xml: what virConnectBaselineCPU() spelled out of the model alone
 *
 * Returns: (transfer full) (array zero-terminated=1): sorted: all features of the model. Those that
 *   newer versions of it lost are in it: libvirt goes on to compare with them.
 */
GStrv tern_libvirt_parse_model (const char *xml, GError **error);

/**
 * tern_libvirt_cpu_expand:
 * @model_features: (array zero-terminated=1): of @cpu's model
 *
 * Returns: (transfer full): @cpu with all features spelled out: those of the model and those it
 *   requires, without those it switches off
 */
TernCpu *tern_libvirt_cpu_expand (const TernCpu *cpu, const char *const *model_features);

/** tern_libvirt_cpu_to_xml: Returns: (transfer full): a guest's custom cpu element, for
 * virConnectBaselineHypervisorCPU() */
char *tern_libvirt_cpu_to_xml (const TernCpu *cpu);

G_END_DECLS
