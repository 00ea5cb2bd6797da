/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The composition root: the one place that knows the engine, the drivers and the service.
 *
 *   store opened -> hosts, tasks and webhooks taken up -> objects exported -> bus name -> serving
 *
 * Nothing that was taken up acts before the main loop runs, so a daemon that does not get
 * the store's lock or the bus name has done nothing. The end goes the other way round, and
 * quickly: migrations go on inside the hosts and are followed again at the next start.
 */
#include "config.h"

#include "daemon/app.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "daemon/bus-name.h"
#include "daemon/identity.h"
#include "daemon/state-dir.h"
#include "drivers/libvirt-host.h"
#include "drivers/notify-webhook.h"
#include "drivers/sim.h"
#include "drivers/store-sqlite.h"
#include "service/service.h"

#include <glib-unix.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include <signal.h>
#include <unistd.h>

#define STORE_FILE "virtern.db"
/* A host that hangs, or a bus that does not read, must not hold up the end. */
#define STOP_BOUND_S 10

/* What the process ends with if stopping takes too long. */
static volatile sig_atomic_t stop_status = EXIT_FAILURE;

struct _TernApp
{
  char *state_dir;
  gboolean state_dir_temporary;

  TernClock *clock;
  TernSim *sim;
  TernStore *store;
  TernInventory *inventory;
  TernTaskList *tasks;
  TernAssessor *assessor;
  TernMigrator *migrator;
  TernDrainer *drainer;
  TernNotifier *notifier;
  TernHerald *herald;
  TernIdentity *identity;
  GDBusConnection *connection;
  TernService *service;

  GMainLoop *loop;
  guint sigterm_id;
  guint sigint_id;
  GError *end_error;
};

static void
notify_systemd (const char *state)
{
#ifdef HAVE_SYSTEMD
  (void) sd_notify (FALSE, state); /* nobody to be told is no error */
#else
  (void) state;
#endif
}

static gboolean
choose_state_dir (TernApp *self, const TernAppOptions *options, const TernConfig *config,
                  GError **error)
{
  gboolean simulate = options->simulate != NULL;
  const char *given =
      options->state_dir != NULL && !simulate ? options->state_dir : config->state_dir;
  g_autofree char *real = tern_state_dir_get_real (options->session, given);

  if (simulate)
    self->state_dir =
        tern_state_dir_for_simulation (options->state_dir, real, &self->state_dir_temporary, error);
  else
    self->state_dir = g_steal_pointer (&real);

  /* ~/.local/state is often not there yet. If it cannot be made, the store says so better. */
  if (options->session && self->state_dir != NULL && given == NULL)
    (void) g_mkdir_with_parents (self->state_dir, 0700);
  return self->state_dir != NULL && tern_state_dir_check (self->state_dir, error);
}

static gboolean
open_store (TernApp *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->state_dir, STORE_FILE, NULL);

  self->store = tern_store_sqlite_open (path, error);
  return self->store != NULL;
}

static gboolean
choose_driver (TernApp *self, const TernAppOptions *options, GError **error)
{
  if (options->simulate == NULL)
    {
      self->clock = tern_clock_new_system ();
      tern_libvirt_init ();
      return TRUE;
    }

  self->clock = tern_clock_new_scaled (options->speed);
  self->sim = tern_sim_new (self->clock);
  return tern_sim_load (self->sim, options->simulate, error);
}

/* What a snapshot file says of judging was true where it was taken; where it says nothing, or
 * what is the default anyway, the configuration counts. */
static TernSettings
choose_settings (const TernSettings *configured, const TernSettings *in_file)
{
  const TernSettings defaults = TERN_SETTINGS_INIT;
  TernSettings chosen = *configured;

  if (in_file->memory_ratio != defaults.memory_ratio)
    chosen.memory_ratio = in_file->memory_ratio;
  if (in_file->memory_reserve != defaults.memory_reserve)
    chosen.memory_reserve = in_file->memory_reserve;
  if (memcmp (in_file->weights, defaults.weights, sizeof defaults.weights) != 0)
    memcpy (chosen.weights, in_file->weights, sizeof chosen.weights);
  return chosen;
}

static TernAssessor *
build_assessor (TernApp *self, const TernConfig *config)
{
  TernSettings settings = config->settings;
  g_auto (GStrv) paths = g_strdupv (config->shared_paths);

  if (self->sim != NULL)
    {
      g_auto (GStrv) in_file = tern_sim_dup_shared_paths (self->sim);

      settings = choose_settings (&config->settings, tern_sim_get_settings (self->sim));
      if (in_file[0] != NULL)
        {
          g_strfreev (paths);
          paths = g_steal_pointer (&in_file);
        }
    }
  return tern_assessor_new (self->clock, self->inventory, self->tasks, &settings,
                            (const char *const *) paths);
}

static void
build_engine (TernApp *self, const TernConfig *config)
{
  TernHypervisorFactory factory = self->sim != NULL ? tern_sim_factory : tern_libvirt_host_new;

  self->inventory = tern_inventory_new (self->clock, self->store, factory, self->sim);
  self->tasks = tern_task_list_new ();
  self->assessor = build_assessor (self, config);
  self->migrator =
      tern_migrator_new (self->clock, self->store, self->inventory, self->tasks, self->assessor);
  self->drainer = tern_drainer_new (self->clock, self->store, self->inventory, self->tasks,
                                    self->assessor, self->migrator);
  tern_drainer_set_seal (self->drainer, self->identity->cluster_id, self->identity->plan_key);
}

/* Simulated hosts are told of, too: that is how an endpoint is tried out. */
static gboolean
build_herald (TernApp *self, GError **error)
{
  g_autofree char *source = g_strconcat ("/virtern/", self->identity->cluster_id, NULL);

  self->notifier = tern_notify_webhook_new (error);
  if (self->notifier == NULL)
    return FALSE;
  self->herald = tern_herald_new (self->clock, TERN_OUTBOX (self->store), self->notifier,
                                  self->inventory, self->tasks, source);
  return TRUE;
}

static gboolean
has_host (const GPtrArray *hosts, const char *name)
{
  for (guint i = 0; i < hosts->len; i++)
    if (g_str_equal (((const TernHostConfig *) hosts->pdata[i])->name, name))
      return TRUE;
  return FALSE;
}

/* The hosts of the snapshot file are there from the start, like stored ones. */
static void
add_simulated_hosts (TernApp *self, GPtrArray *hosts)
{
  g_autoptr (GPtrArray) simulated = tern_sim_get_host_configs (self->sim);

  for (guint i = 0; i < simulated->len; i++)
    {
      TernHostConfig *config = simulated->pdata[i];

      if (!has_host (hosts, config->name))
        g_ptr_array_add (hosts, tern_host_config_ref (config));
    }
}

/* Limits that were set at run time count before those of the configuration. */
static gboolean
take_up_limits (TernApp *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  TernLimits limits;

  if (tern_store_load_limits (self->store, &limits, &local))
    tern_migrator_load_limits (self->migrator, &limits);
  else if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  return TRUE;
}

/* Drains and returns, which have no VM of their own, go to the drainer. */
static GPtrArray *
take_drains (GPtrArray *tasks)
{
  GPtrArray *drains = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_task_record_free);

  for (guint i = 0; i < tasks->len;)
    if (tern_task_record_is_drain (tasks->pdata[i]))
      g_ptr_array_add (drains, g_ptr_array_steal_index (tasks, i));
    else
      i++;
  return drains;
}

static gboolean
take_up_tasks (TernApp *self, GError **error)
{
  guint64 last_id = 0;
  g_autoptr (GPtrArray) tasks = tern_store_load_open_tasks (self->store, &last_id, error);
  g_autoptr (GPtrArray) origins = NULL;
  g_autoptr (GPtrArray) drains = NULL;

  if (tasks == NULL || (origins = tern_store_load_origins (self->store, error)) == NULL)
    return FALSE;
  drains = take_drains (tasks);
  tern_migrator_load (self->migrator, tasks, last_id);
  tern_drainer_load (self->drainer, drains, origins);
  return TRUE;
}

static gboolean
take_up_webhooks (TernApp *self, GError **error)
{
  g_autoptr (GPtrArray) webhooks = tern_outbox_load_webhooks (TERN_OUTBOX (self->store), error);
  g_autoptr (GPtrArray) untold = NULL;

  if (webhooks == NULL || (untold = tern_store_load_untold (self->store, error)) == NULL)
    return FALSE;
  tern_herald_load (self->herald, webhooks, untold);
  return TRUE;
}

static gboolean
take_up (TernApp *self, GError **error)
{
  g_autoptr (GPtrArray) hosts = tern_store_load_hosts (self->store, error);

  if (hosts == NULL || !take_up_limits (self, error))
    return FALSE;

  if (self->sim != NULL)
    add_simulated_hosts (self, hosts);
  tern_inventory_load (self->inventory, hosts);
  return take_up_tasks (self, error) && take_up_webhooks (self, error);
}

static gboolean
build_service (TernApp *self, gboolean session, GError **error)
{
  g_autoptr (TernAuthority) authority =
      session ? tern_authority_new_session () : tern_authority_new_polkit ();
  g_autoptr (TernParts) parts = tern_parts_new (&(TernParts){
      .clock = self->clock,
      .store = self->store,
      .inventory = self->inventory,
      .tasks = self->tasks,
      .assessor = self->assessor,
      .migrator = self->migrator,
      .drainer = self->drainer,
      .herald = self->herald,
      .authority = authority,
      .simulated = self->sim != NULL,
  });

  self->service = tern_service_new (self->connection, parts, error);
  return self->service != NULL;
}

static void
end (TernApp *self)
{
  if (self->loop != NULL)
    g_main_loop_quit (self->loop);
}

static gboolean
on_signal (gpointer data)
{
  end (data);
  return G_SOURCE_CONTINUE;
}

static void
on_bus_lost (const GError *error, gpointer data)
{
  TernApp *self = data;

  if (self->end_error == NULL)
    self->end_error = g_error_copy (error);
  end (self);
}

TernApp *
tern_app_start (const TernAppOptions *options, const TernConfig *config, GError **error)
{
  g_autoptr (TernApp) self = g_new0 (TernApp, 1);

  self->loop = g_main_loop_new (NULL, FALSE);
  self->sigterm_id = g_unix_signal_add (SIGTERM, on_signal, self);
  self->sigint_id = g_unix_signal_add (SIGINT, on_signal, self);

  self->connection = tern_bus_name_connect (options->session, error);
  if (self->connection == NULL || !choose_driver (self, options, error)
      || !choose_state_dir (self, options, config, error) || !open_store (self, error))
    return NULL;

  self->identity = tern_identity_load (self->store, error);
  if (self->identity == NULL)
    return NULL;
  build_engine (self, config);
  tern_bus_name_watch (self->connection, on_bus_lost, self);
  if (!build_herald (self, error) || !take_up (self, error)
      || !build_service (self, options->session, error)
      || !tern_bus_name_own (self->connection, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
tern_app_run (TernApp *self, GError **error)
{
  tern_log (G_LOG_LEVEL_MESSAGE, TERN_MSG_DAEMON_READY, NULL, "Ready: %s %s, store in %s",
            PACKAGE_STRING, self->sim != NULL ? "with simulated hosts" : "on libvirt",
            self->state_dir);
  notify_systemd ("READY=1");
  g_main_loop_run (self->loop);
  notify_systemd ("STOPPING=1");

  if (self->end_error == NULL)
    {
      stop_status = EXIT_SUCCESS;
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&self->end_error));
  return FALSE;
}

static void
on_stop_bound (int signal_number)
{
  (void) signal_number;
  _exit (stop_status);
}

/* Answers of calls that were just carried out shall go out; but nobody waits for a bus. */
static void
leave_bus (TernApp *self)
{
  if (self->service != NULL)
    tern_service_stop (self->service);
  g_clear_object (&self->service);
  if (self->connection == NULL)
    return;

  g_signal_handlers_disconnect_matched (self->connection, G_SIGNAL_MATCH_ID,
                                        g_signal_lookup ("closed", G_TYPE_DBUS_CONNECTION), 0, NULL,
                                        NULL, NULL);
  (void) g_dbus_connection_close_sync (self->connection, NULL, NULL);
  g_clear_object (&self->connection);
}

/* What is still under way keeps references and is dropped with the process; it is not run any
 * more, so that nothing is begun that would not be finished. */
static void
drop_engine (TernApp *self)
{
  if (self->drainer != NULL)
    g_object_run_dispose (G_OBJECT (self->drainer));
  if (self->herald != NULL)
    g_object_run_dispose (G_OBJECT (self->herald));
  if (self->migrator != NULL)
    g_object_run_dispose (G_OBJECT (self->migrator));
  if (self->inventory != NULL)
    g_object_run_dispose (G_OBJECT (self->inventory));
  if (self->store != NULL)
    tern_store_sqlite_close (TERN_STORE_SQLITE (self->store));
  g_clear_object (&self->herald);
  g_clear_object (&self->notifier);
  g_clear_object (&self->drainer);
  g_clear_object (&self->migrator);
  g_clear_object (&self->assessor);
  g_clear_object (&self->tasks);
  g_clear_object (&self->inventory);
  g_clear_object (&self->store);
  g_clear_object (&self->sim);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->identity, tern_identity_free);
}

void
tern_app_free (TernApp *self)
{
  if (self == NULL)
    return;

  signal (SIGALRM, on_stop_bound);
  alarm (STOP_BOUND_S);
  g_clear_handle_id (&self->sigterm_id, g_source_remove);
  g_clear_handle_id (&self->sigint_id, g_source_remove);
  leave_bus (self);
  drop_engine (self);
  if (self->state_dir_temporary)
    tern_state_dir_remove (self->state_dir);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_error (&self->end_error);
  g_free (self->state_dir);
  g_free (self);
}
