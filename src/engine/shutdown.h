/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/run.h"

G_BEGIN_DECLS

/**
 * TernShutdown:
 *
 * One guest that is asked, once, to shut down, and waited for. Never forced. See
 * plan/shutdown-fsm.h.
 */
#define TERN_TYPE_SHUTDOWN (tern_shutdown_get_type ())
G_DECLARE_FINAL_TYPE (TernShutdown, tern_shutdown, TERN, SHUTDOWN, TernRun)

G_END_DECLS
