/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Reasons for and against a host, in the reader's language. The daemon's own sentences are English;
 * where its code has a translated text (cli/reason-table.c) that fits, that one is returned,
 * otherwise the daemon's own.
 */

/**
 * tern_reason_words_sentence:
 * @reason: a{sv} as CheckVm() has it: Code, Severity, Sentence, Remedy, Parameters
 * @vm: (nullable): its name, as it is shown
 * @host: (nullable): that was judged
 *
 * Returns: (transfer full): why
 */
char *tern_reason_words_sentence (GVariant *reason, const char *vm, const char *host);

/** tern_reason_words_remedy: Returns: (transfer full): what would remove it; "" if nothing is
 * known. As tern_reason_words_sentence() */
char *tern_reason_words_remedy (GVariant *reason, const char *vm, const char *host);

G_END_DECLS
