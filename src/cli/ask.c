/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Questions about places for VMs, put to the daemon or to a file.
 */
#include "config.h"

#include "cli/ask.h"

#include "cli/move-words.h"
#include "cli/offline.h"

void
tern_ask_init (TernAsk *self, const TernArgs *args)
{
  *self = (TernAsk){
    .vms = (const char *const *) args->operands,
    .act = tern_args_has (args, TERN_OPTION_START) ? "start" : NULL,
    .destination = tern_args_get (args, TERN_OPTION_TO),
    .eject_media = tern_args_has (args, TERN_OPTION_EJECT_LOCAL_MEDIA),
    .move = args,
    .file = tern_args_get (args, TERN_OPTION_SNAPSHOT),
  };
}

/* What is not asked for is not sent. @move: (nullable). Returns: floating */
static GVariant *
make_options (const TernAsk *ask, const TernArgs *move)
{
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (move != NULL)
    tern_move_words_add (&options, move);
  if (ask->act != NULL)
    g_variant_builder_add (&options, "{sv}", "act", g_variant_new_string (ask->act));
  if (ask->destination != NULL)
    g_variant_builder_add (&options, "{sv}", "destination",
                           g_variant_new_string (ask->destination));
  if (ask->eject_media)
    g_variant_builder_add (&options, "{sv}", "eject-local-media", g_variant_new_boolean (TRUE));
  return g_variant_builder_end (&options);
}

GVariant *
tern_ask_check (TernCli *cli, const TernAsk *ask, GError **error)
{
  g_autoptr (GVariant) reply = NULL;

  if (ask->file != NULL)
    return tern_offline_check (ask, error);

  /* A host that has to be asked itself may take its time. */
  reply = tern_client_call_manager (
      cli->client, TERN_CALL_READ, "CheckVm",
      g_variant_new ("(s@a{sv})", ask->vms[0], make_options (ask, NULL)), error);
  return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}

GVariant *
tern_ask_plan (TernCli *cli, const TernAsk *ask, GError **error)
{
  if (ask->file != NULL)
    return tern_offline_plan (ask, error);
  return tern_client_call_manager (
      cli->client, TERN_CALL_READ, "Plan",
      g_variant_new ("(^as@a{sv})", ask->vms, make_options (ask, ask->move)), error);
}
