/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernSeverity:
 * @TERN_SEVERITY_WARNS: it can be done; somebody should know this
 * @TERN_SEVERITY_BLOCKS: it cannot
 */
typedef enum
{
  TERN_SEVERITY_WARNS,
  TERN_SEVERITY_BLOCKS,
} TernSeverity;

const char *tern_severity_to_string (TernSeverity severity);

/**
 * TernReasonInfo:
 * @code: stable, such as "cpu.feature-missing"
 * @severity: what it does, unless a reason says otherwise
 * @error: which error a caller gets when a reason of this kind stands first
 * @parameters: (array zero-terminated=1): names of its parameters, in order
 * @meaning: one line for docs
 *
 * One line of the table of reasons. docs/reasons.md shows the table; a test compares them.
 */
typedef struct
{
  const char *code;
  TernSeverity severity;
  TernError error;
  const char *const *parameters;
  const char *meaning;
} TernReasonInfo;

/** tern_reason_info_get_all: Returns: (array length=out_n): the table, in the order in which
 * reasons are shown: what a person must settle first comes first */
const TernReasonInfo *tern_reason_info_get_all (guint *out_n);
/** tern_reason_info_find: Returns: (nullable) */
const TernReasonInfo *tern_reason_info_find (const char *code);

/**
 * TernReason:
 * @info: its line of the table
 * @severity: what it does here
 * @sentence: for people; names the VM and the host
 * @remedy: (nullable): for people; what would remove it, with the command to run if there is one
 * @parameters: (array zero-terminated=1): names and values in turn, as in @info; lists are
 * separated by commas, sizes are MiB in digits
 * @detail: (nullable): what libvirt says of the same; filled in by who asked it
 *
 * One reason why a VM may not, or not without a warning, run on a host.
 */
typedef struct
{
  const TernReasonInfo *info;
  TernSeverity severity;
  char *sentence;
  char *remedy;
  GStrv parameters;
  char *detail;
} TernReason;

/**
 * tern_reason_new:
 * @code: of the table; any other is a programming error
 * @sentence: (transfer full)
 * @remedy: (transfer full) (nullable)
 * @...: pairs of name and value, in the table's order, then %NULL
 */
TernReason *tern_reason_new (const char *code, char *sentence, char *remedy,
                             ...) G_GNUC_NULL_TERMINATED;
TernReason *tern_reason_copy (const TernReason *self);
void tern_reason_free (TernReason *self);

/** tern_reason_get_parameter: Returns: (transfer none) (nullable) */
const char *tern_reason_get_parameter (const TernReason *self, const char *name);

/** tern_reasons_block: @reasons: (element-type TernReason). Returns: whether one of them blocks */
gboolean tern_reasons_block (const GPtrArray *reasons);

/**
 * tern_reasons_to_error:
 * @reasons: (element-type TernReason): at least one blocks
 *
 * Returns: (transfer full): one error that holds every sentence that blocks, each with its remedy;
 *   its code is that of the first of them
 */
GError *tern_reasons_to_error (const GPtrArray *reasons);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernReason, tern_reason_free)

G_END_DECLS
