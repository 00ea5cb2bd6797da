/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/args.h"
#include "cli/client.h"
#include "cli/command.h"

G_BEGIN_DECLS

/**
 * TernCli:
 * @args: what the user typed
 * @client: (nullable): the daemon; %NULL for commands that work without it
 *
 * What a command gets. Each returns %FALSE with an error that main() prints and turns into the
 * exit status.
 */
struct _TernCli
{
  TernArgs *args;
  TernClient *client;
};

gboolean tern_cmd_status (TernCli *cli, GError **error);
gboolean tern_cmd_host_add (TernCli *cli, GError **error);
gboolean tern_cmd_host_set (TernCli *cli, GError **error);
gboolean tern_cmd_host_remove (TernCli *cli, GError **error);
gboolean tern_cmd_host_list (TernCli *cli, GError **error);
gboolean tern_cmd_host_show (TernCli *cli, GError **error);
gboolean tern_cmd_vm_list (TernCli *cli, GError **error);
gboolean tern_cmd_vm_show (TernCli *cli, GError **error);
gboolean tern_cmd_vm_start (TernCli *cli, GError **error);
gboolean tern_cmd_vm_lock (TernCli *cli, GError **error);
gboolean tern_cmd_vm_unlock (TernCli *cli, GError **error);
gboolean tern_cmd_vm_mask (TernCli *cli, GError **error);
gboolean tern_cmd_check (TernCli *cli, GError **error);
gboolean tern_cmd_migrate (TernCli *cli, GError **error);
gboolean tern_cmd_vm_set (TernCli *cli, GError **error);
gboolean tern_cmd_drain (TernCli *cli, GError **error);
gboolean tern_cmd_apply (TernCli *cli, GError **error);
gboolean tern_cmd_activate (TernCli *cli, GError **error);
gboolean tern_cmd_plan_drain (TernCli *cli, GError **error);
gboolean tern_cmd_plan_place (TernCli *cli, GError **error);
gboolean tern_cmd_baseline_show (TernCli *cli, GError **error);
gboolean tern_cmd_snapshot (TernCli *cli, GError **error);
gboolean tern_cmd_task_list (TernCli *cli, GError **error);
gboolean tern_cmd_task_show (TernCli *cli, GError **error);
gboolean tern_cmd_task_watch (TernCli *cli, GError **error);
gboolean tern_cmd_task_cancel (TernCli *cli, GError **error);
gboolean tern_cmd_task_resume (TernCli *cli, GError **error);
gboolean tern_cmd_task_undo (TernCli *cli, GError **error);
gboolean tern_cmd_task_switch (TernCli *cli, GError **error);
gboolean tern_cmd_task_resolve (TernCli *cli, GError **error);
gboolean tern_cmd_limits (TernCli *cli, GError **error);
gboolean tern_cmd_limits_set (TernCli *cli, GError **error);
gboolean tern_cmd_limits_reset (TernCli *cli, GError **error);
gboolean tern_cmd_webhook_add (TernCli *cli, GError **error);
gboolean tern_cmd_webhook_list (TernCli *cli, GError **error);
gboolean tern_cmd_webhook_test (TernCli *cli, GError **error);
gboolean tern_cmd_webhook_remove (TernCli *cli, GError **error);
gboolean tern_cmd_help (TernCli *cli, GError **error);
gboolean tern_cmd_complete (TernCli *cli, GError **error);

G_END_DECLS
