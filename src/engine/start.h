/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/run.h"

G_BEGIN_DECLS

/**
 * TernStart:
 *
 * One start of a VM that is shut off, on the host where it is defined or on another, which gets
 * its definition first. See plan/start-fsm.h.
 */
#define TERN_TYPE_START (tern_start_get_type ())
G_DECLARE_FINAL_TYPE (TernStart, tern_start, TERN, START, TernRun)

/**
 * TernRelocation:
 *
 * The definition of a VM that is shut off goes to another host, as before a start; nothing is
 * started. See plan/relocate-fsm.h.
 */
#define TERN_TYPE_RELOCATION (tern_relocation_get_type ())
G_DECLARE_FINAL_TYPE (TernRelocation, tern_relocation, TERN, RELOCATION, TernStart)

G_END_DECLS
