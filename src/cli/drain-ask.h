/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/cmd.h"
#include "cli/drain-document.h"

G_BEGIN_DECLS

/** tern_drain_ask_is_possible: Returns: whether a person sits there who can answer */
gboolean tern_drain_ask_is_possible (TernCli *cli);

/**
 * tern_drain_ask:
 * @document: a plan
 * @answers: (element-type utf8 utf8): UUID of the VM and an action, to be added to
 * @error: Ctrl-D: nothing is to be done
 *
 * Asks about each VM whose action is "ask", on the terminal.
 */
gboolean tern_drain_ask (const TernDrainDocument *document, GHashTable *answers, GError **error);

G_END_DECLS
