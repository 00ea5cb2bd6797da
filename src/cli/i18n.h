/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Translation: _("…") and N_("…") for sentences that people read. Only the
 * command translates; what the daemon and the hosts say is shown as they said it.
 * Quotation marks in sentences are plain ASCII, so that they survive LANG=C.
 */

#include <glib/gi18n.h>
