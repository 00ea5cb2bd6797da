/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The snapshot file, from the first byte to a TernSnapshot. Entries are read by the tables; what
 * they say of one another (names twice, hosts that are not there) is looked at when all of them
 * are there, so that their order does not matter.
 */
#include "config.h"

#include "model/snapshot-tables.h"

#include "base/error.h"
#include "base/json-text.h"
#include "base/text.h"

/* Document, list, entry, list, item, list, bytes. */
#define MAX_DEPTH 8

/* A VM or fault, and where it stands. */
typedef struct
{
  gpointer item;
  guint line;
  guint64 dirty_bps;
  gint64 shutdown_us;
  gboolean derived_uuid;
} Pending;

typedef struct
{
  TernJsonText text;
  const TernCluster *existing;
  TernSnapshot *snapshot;
  guint64 version;
  gint64 taken_us;
  GStrv shared_paths;

  GPtrArray *hosts;       /* TernHost */
  GPtrArray *sim_hosts;   /* TernSnapshotHost, in the file's order */
  GHashTable *host_names; /* name -> place in @hosts + 1 */
  GArray *vms;            /* Pending of TernVm */
  GArray *reservations;   /* Pending of TernReservation */
  GArray *faults;         /* Pending of TernSnapshotFault */
  GHashTable *taken;      /* set of "HOST/name/NAME" and "HOST/uuid/UUID" */
  GHashTable *by_uuid;    /* UUID -> Pending + 1 in @vms */
} Loader;

/* The document: fields, and lists whose entries go to the loader. */
typedef struct
{
  guint64 version;
  gint64 taken_us;
  GStrv shared_paths;
  TernSettings settings;
  Loader *reservations;
  Loader *hosts;
  Loader *vms;
  Loader *faults;
} Document;

/* --- hosts --- */

/* The same name gives the same UUID, on every run and machine (version 5 in form). */
static char *
derive_uuid (const char *kind, const char *name)
{
  g_autofree char *text = g_strdup_printf ("virtern-sim/%s/%s", kind, name);
  g_autofree char *hex = g_compute_checksum_for_string (G_CHECKSUM_SHA1, text, -1);

  return g_strdup_printf ("%.8s-%.4s-5%.3s-8%.3s-%.12s", hex, hex + 8, hex + 13, hex + 17,
                          hex + 20);
}

static char *
take_uuid (const Loader *self, const char *given, const char *kind, const char *name,
           GError **error)
{
  if (given == NULL)
    return derive_uuid (kind, name);
  if (tern_uuid_is_valid (given))
    return g_ascii_strdown (given, -1);
  tern_json_refuse (&self->text, error, "“uuid” is no UUID: %s", given);
  return NULL;
}

static guint64
mbps_to_bps (double mbps)
{
  return (guint64) (mbps * 1e6 / 8);
}

static TernCpu *
make_cpu (const TernCpuEntry *entry, const char *mode)
{
  TernCpu *cpu;

  if (!entry->known)
    return NULL;
  cpu = tern_cpu_new (mode, entry->model, entry->vendor, (const char *const *) entry->features,
                      (const char *const *) entry->disabled);
  cpu->expanded = entry->expanded;
  return cpu;
}

static void
clear_cpu_entry (TernCpuEntry *entry)
{
  g_free (entry->mode);
  g_free (entry->model);
  g_free (entry->vendor);
  g_strfreev (entry->features);
  g_strfreev (entry->disabled);
}

static void
host_entry_clear (TernHostEntry *entry)
{
  g_free (entry->name);
  g_free (entry->uuid);
  g_free (entry->error);
  g_free (entry->cluster);
  clear_cpu_entry (&entry->cpu);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TernHostEntry, host_entry_clear)

/* “maintenance” is how a file said it before there were other duties. */
static TernDuty
find_duty (const TernHostEntry *entry)
{
  if (entry->duty != TERN_WORD_UNSET)
    return (TernDuty) entry->duty;
  return entry->maintenance ? TERN_DUTY_MAINTENANCE : TERN_DUTY_ACTIVE;
}

static gboolean
check_host (const Loader *self, const TernHostEntry *entry, const TernHostFacts *facts,
            GError **error)
{
  g_autoptr (GError) name_error = NULL;

  if (!tern_host_name_check (entry->name, &name_error))
    return tern_json_refuse (&self->text, error, "%s", name_error->message);
  if (g_hash_table_contains (self->host_names, entry->name)
      || (self->existing != NULL && tern_cluster_find_host (self->existing, entry->name) != NULL))
    return tern_json_refuse (&self->text, error, "there is a host “%s” already", entry->name);
  if (entry->cluster == NULL || *entry->cluster == '\0')
    return tern_json_refuse (&self->text, error, "“cluster” is empty");
  if (entry->maintenance && find_duty (entry) != TERN_DUTY_MAINTENANCE)
    return tern_json_refuse (&self->text, error, "“maintenance” is true, but “duty” is “%s”",
                             tern_duty_to_string (find_duty (entry)));
  if (entry->seen && facts->memory_total == TERN_SIZE_UNSET)
    return tern_json_refuse (&self->text, error, "“memory-mib” is missing");
  if (entry->seen && facts->cpus == G_MAXUINT)
    return tern_json_refuse (&self->text, error, "“cpus” is missing");
  if (!entry->seen && (facts->memory_total != TERN_SIZE_UNSET || facts->cpus != G_MAXUINT))
    return tern_json_refuse (
        &self->text, error,
        "“seen” is false: then neither memory nor CPUs of the host can be known");
  return TRUE;
}

static TernHost *
make_host (const TernHostEntry *entry, const char *uuid, TernHostFacts *facts)
{
  static const TernHostState states[TERN_ENTRY_N_STATES] = {
    [TERN_ENTRY_UP] = TERN_HOST_UP,
    [TERN_ENTRY_DOWN] = TERN_HOST_UNREACHABLE,
    [TERN_ENTRY_CUT] = TERN_HOST_UNREACHABLE,
    [TERN_ENTRY_HANG] = TERN_HOST_UNREACHABLE,
    [TERN_ENTRY_CONNECTING] = TERN_HOST_CONNECTING,
    [TERN_ENTRY_UNREACHABLE] = TERN_HOST_UNREACHABLE,
  };
  g_autofree char *uri = g_strdup_printf ("sim://%s/", entry->name);
  g_autoptr (TernHostConfig) config = tern_host_config_new (entry->name, uri);

  config->uuid = g_strdup (uuid);
  g_free (config->cluster);
  config->cluster = g_strdup (entry->cluster);
  config->duty = find_duty (entry);
  config->memory_reserve = entry->memory_reserve;
  return tern_host_new (config, states[entry->state], entry->seen ? facts : NULL, entry->seen_us,
                        entry->error);
}

/* What the simulation makes of a host that somebody else saw. */
static TernSnapshotHost *
make_sim_host (const TernHostEntry *entry)
{
  TernSnapshotHost *host = g_new0 (TernSnapshotHost, 1);
  guint state = entry->state;

  if (state == TERN_ENTRY_CONNECTING)
    state = TERN_ENTRY_UP;
  else if (state == TERN_ENTRY_UNREACHABLE)
    state = TERN_ENTRY_CUT;
  host->link_bps = mbps_to_bps (entry->link_mbps);
  host->listed = entry->listed;
  host->state = tern_entry_state_to_string (state);
  return host;
}

static gboolean
read_host (TernJsonText *text, gpointer holder, GError **error)
{
  Loader *self = *(Loader **) holder;
  g_auto (TernHostEntry) entry = { 0 };
  g_autoptr (TernHostFacts) facts = tern_host_facts_new ();
  g_autofree char *uuid = NULL;
  TernHost *host;
  const TernSection sections[] = {
    { &tern_shape_host_entry, &entry },
    { &tern_shape_link, &entry },
    { &tern_shape_facts, facts },
    { &tern_shape_host_cpu, &entry },
  };

  for (guint i = 0; i < G_N_ELEMENTS (sections); i++)
    tern_fields_preset (sections[i].shape, sections[i].base);
  if (!tern_fields_read (text, sections, G_N_ELEMENTS (sections), error)
      || !check_host (self, &entry, facts, error))
    return FALSE;
  uuid = take_uuid (self, entry.uuid, "host", entry.name, error);
  if (uuid == NULL)
    return FALSE;

  entry.cpu.expanded = TRUE;
  facts->uuid = g_strdup (uuid);
  facts->cpu = make_cpu (&entry.cpu, "host-model");
  host = make_host (&entry, uuid, facts);
  g_ptr_array_add (self->hosts, host);
  g_ptr_array_add (self->sim_hosts, make_sim_host (&entry));
  g_hash_table_insert (self->host_names, host->config->name, GUINT_TO_POINTER (self->hosts->len));
  return TRUE;
}

/* --- VMs --- */

static void
vm_entry_clear (TernVmEntry *entry)
{
  g_free (entry->name);
  g_free (entry->uuid);
  g_free (entry->host);
  clear_cpu_entry (&entry->cpu);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TernVmEntry, vm_entry_clear)

static void
normalize_vm (TernVm *vm)
{
  if (vm->memory_current == TERN_SIZE_UNSET)
    vm->memory_current = vm->memory;
  for (guint i = 0; i < vm->nics->len; i++)
    {
      TernNic *nic = vm->nics->pdata[i];

      for (char *at = nic->mac; at != NULL && *at != '\0'; at++)
        *at = g_ascii_tolower (*at);
    }
}

/* Takes over what @entry says. */
static gboolean
add_vm (Loader *self, TernVmEntry *entry, TernVm *vm, GError **error)
{
  Pending pending = { .line = self->text.line, .derived_uuid = entry->uuid == NULL };
  g_autofree char *uuid = NULL;

  if (*entry->name == '\0')
    return tern_json_refuse (&self->text, error, "“name” is empty");
  if (!vm->persistent && !tern_vm_state_is_active (vm->state) && vm->state != TERN_VM_UNKNOWN)
    return tern_json_refuse (&self->text, error, "a VM that is not persistent must be active");
  uuid = take_uuid (self, entry->uuid, "vm", entry->name, error);
  if (uuid == NULL)
    return FALSE;

  g_free (vm->uuid);
  g_free (vm->name);
  g_free (vm->host);
  vm->uuid = g_steal_pointer (&uuid);
  vm->name = g_steal_pointer (&entry->name);
  vm->host = g_steal_pointer (&entry->host);
  vm->cpu = make_cpu (&entry->cpu, entry->cpu.mode);
  normalize_vm (vm);
  pending.item = tern_vm_ref (vm);
  pending.dirty_bps = mbps_to_bps (entry->dirty_mbps);
  pending.shutdown_us = (gint64) (entry->shutdown_seconds * G_USEC_PER_SEC);
  g_array_append_val (self->vms, pending);
  return TRUE;
}

static gboolean
read_vm (TernJsonText *text, gpointer holder, GError **error)
{
  Loader *self = *(Loader **) holder;
  g_auto (TernVmEntry) entry = { 0 };
  g_autoptr (TernVm) vm = tern_vm_new ("", "", "");
  const TernSection sections[] = {
    { &tern_shape_vm_entry, &entry },
    { &tern_shape_simulated, &entry },
    { &tern_shape_vm, vm },
    { &tern_shape_vm_cpu, &entry },
  };

  for (guint i = 0; i < G_N_ELEMENTS (sections); i++)
    tern_fields_preset (sections[i].shape, sections[i].base);
  return tern_fields_read (text, sections, G_N_ELEMENTS (sections), error)
         && add_vm (self, &entry, vm, error);
}

static gboolean
has_host (const Loader *self, const char *name)
{
  return g_hash_table_contains (self->host_names, name)
         || (self->existing != NULL && tern_cluster_find_host (self->existing, name) != NULL);
}

static gboolean
is_on_host (const GPtrArray *copies, const char *host)
{
  for (guint i = 0; copies != NULL && i < copies->len; i++)
    if (g_str_equal (((const TernVm *) copies->pdata[i])->host, host))
      return TRUE;
  return FALSE;
}

/* Returns: whether it was free */
static gboolean
take (Loader *self, const char *host, const char *kind, const char *what)
{
  return g_hash_table_add (self->taken, g_strconcat (host, "/", kind, "/", what, NULL));
}

/* Two VMs of one host must differ in name and UUID; a UUID on two hosts must be meant. */
static gboolean
check_vm (Loader *self, const Pending *pending, GError **error)
{
  const TernVm *vm = pending->item;
  guint other_place = GPOINTER_TO_UINT (g_hash_table_lookup (self->by_uuid, vm->uuid));
  const Pending *other =
      other_place > 0 ? &g_array_index (self->vms, Pending, other_place - 1) : NULL;

  if (!has_host (self, vm->host))
    return tern_json_refuse (&self->text, error, "there is no host “%s”", vm->host);
  if ((self->existing != NULL
       && (is_on_host (tern_cluster_get_named (self->existing, vm->name), vm->host)
           || is_on_host (tern_cluster_get_copies (self->existing, vm->uuid), vm->host)))
      || !take (self, vm->host, "name", vm->name) || !take (self, vm->host, "uuid", vm->uuid))
    return tern_json_refuse (&self->text, error, "host “%s” has such a VM already", vm->host);
  if (other != NULL && (other->derived_uuid || pending->derived_uuid))
    return tern_json_refuse (&self->text, error,
                             "there is another VM “%s”, on host “%s”: give each its “uuid”",
                             vm->name, ((const TernVm *) other->item)->host);
  return TRUE;
}

/* --- reservations and faults --- */

static gboolean
read_reservation (TernJsonText *text, gpointer holder, GError **error)
{
  Loader *self = *(Loader **) holder;
  g_autoptr (TernReservation) reservation = g_new0 (TernReservation, 1);
  const TernSection section = { &tern_shape_reservation, reservation };
  Pending pending = { 0 };
  char *uuid;

  tern_fields_preset (section.shape, section.base);
  if (!tern_fields_read (text, &section, 1, error))
    return FALSE;
  if (!tern_uuid_is_valid (reservation->vm_uuid))
    return tern_json_refuse (text, error, "“vm” is no UUID: %s", reservation->vm_uuid);

  uuid = g_ascii_strdown (reservation->vm_uuid, -1);
  g_free (reservation->vm_uuid);
  reservation->vm_uuid = uuid;
  pending.line = text->line;
  pending.item = g_steal_pointer (&reservation);
  g_array_append_val (self->reservations, pending);
  return TRUE;
}

static gboolean
check_reservation (Loader *self, const Pending *pending, GError **error)
{
  const TernReservation *reservation = pending->item;

  if (!has_host (self, reservation->source))
    return tern_json_refuse (&self->text, error, "there is no host “%s”", reservation->source);
  if (!has_host (self, reservation->destination))
    return tern_json_refuse (&self->text, error, "there is no host “%s”", reservation->destination);
  return TRUE;
}

static void
snapshot_fault_free (TernSnapshotFault *fault)
{
  g_free (fault->vm);
  g_free (fault->host);
  g_free (fault->phase);
  g_free (fault->fault);
  g_free (fault);
}

static void
fault_entry_clear (TernFaultEntry *entry)
{
  g_free (entry->vm);
  g_free (entry->host);
  g_free (entry->phase);
  g_free (entry->fault);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TernFaultEntry, fault_entry_clear)

/* In which phases a fault can strike. */
typedef struct
{
  const char *fault;
  const char *phases[8];
} FaultWord;

#define OF_MOVE "prepare", "copy", "switch", "postcopy", "finish"

static const FaultWord fault_words[] = {
  { "error", { OF_MOVE, "start", "shutdown" } },
  { "hang", { OF_MOVE, "start" } },
  { "lose-connection", { OF_MOVE, "start", "shutdown" } },
  { "source-dies", { OF_MOVE } },
  { "destination-dies", { OF_MOVE } },
  { "both-run", { "finish" } },
  { "leftover-source", { "finish" } },
  { "leftover-paused-source", { "finish" } },
  { "refused", { "prepare" } },
  { "stuck", { OF_MOVE } },
  { "held-source", { "switch" } },
  { "ignored", { "shutdown" } },
};

static gboolean
check_vm_fault (const Loader *self, const TernFaultEntry *entry, GError **error)
{
  static const char *const phases[] = { OF_MOVE, "start", "shutdown", NULL };
  const FaultWord *word = NULL;

  if (entry->phase == NULL || !g_strv_contains (phases, entry->phase))
    return tern_json_refuse (
        &self->text, error,
        "“phase” must be start, prepare, copy, switch, postcopy, finish or shutdown");
  for (guint i = 0; i < G_N_ELEMENTS (fault_words); i++)
    if (g_strcmp0 (fault_words[i].fault, entry->fault) == 0)
      word = &fault_words[i];
  if (word == NULL)
    return tern_json_refuse (&self->text, error, "“fault” is none of a VM: “%s”", entry->fault);
  if (g_strv_contains (word->phases, entry->phase))
    return TRUE;
  if (word->phases[1] == NULL)
    return tern_json_refuse (&self->text, error, "“%s” happens in the phase “%s” only",
                             entry->fault, word->phases[0]);
  return tern_json_refuse (&self->text, error, "“%s” cannot happen in the phase “%s”", entry->fault,
                           entry->phase);
}

static gboolean
check_host_fault (const Loader *self, const TernFaultEntry *entry, GError **error)
{
  for (guint i = 0; i <= TERN_ENTRY_HANG; i++)
    if (g_strcmp0 (entry->fault, tern_entry_state_to_string (i)) == 0)
      return TRUE;
  return tern_json_refuse (&self->text, error, "“fault” of a host must be up, down, cut or hang");
}

static gboolean
read_fault (TernJsonText *text, gpointer holder, GError **error)
{
  Loader *self = *(Loader **) holder;
  g_auto (TernFaultEntry) entry = { 0 };
  const TernSection section = { &tern_shape_fault, &entry };
  Pending pending = { 0 };
  TernSnapshotFault *fault;

  tern_fields_preset (section.shape, section.base);
  if (!tern_fields_read (text, &section, 1, error))
    return FALSE;
  if ((entry.vm == NULL) == (entry.host == NULL))
    return tern_json_refuse (text, error, "name either a “vm” or a “host”");
  if (!(entry.vm != NULL ? check_vm_fault (self, &entry, error)
                         : check_host_fault (self, &entry, error)))
    return FALSE;

  fault = g_new0 (TernSnapshotFault, 1);
  fault->vm = g_steal_pointer (&entry.vm);
  fault->host = g_steal_pointer (&entry.host);
  fault->phase = g_steal_pointer (&entry.phase);
  fault->fault = g_steal_pointer (&entry.fault);
  fault->times = entry.times;
  fault->length_us = (gint64) (entry.seconds * G_USEC_PER_SEC);
  fault->at_us = (gint64) (entry.at_seconds * G_USEC_PER_SEC);
  pending.line = text->line;
  pending.item = fault;
  g_array_append_val (self->faults, pending);
  return TRUE;
}

static gboolean
check_fault (Loader *self, const Pending *pending, GError **error)
{
  const TernSnapshotFault *fault = pending->item;

  if (fault->host != NULL && !has_host (self, fault->host))
    return tern_json_refuse (&self->text, error, "there is no host “%s”", fault->host);
  return TRUE;
}

/* --- the document --- */

#define AT(field) G_STRUCT_OFFSET (Document, field)

/* clang-format off */
static const TernField document_fields[] = {
  { "virtern-snapshot", TERN_FIELD_SIZE, AT (version), .required = TRUE, .unit = 1,
    .min = TERN_SNAPSHOT_VERSION, .max = TERN_SNAPSHOT_VERSION },
  { "taken",            TERN_FIELD_TIME, AT (taken_us) },
  { "shared-paths",     TERN_FIELD_TEXTS, AT (shared_paths) },
  { "settings",         TERN_FIELD_PART, AT (settings), .shape = &tern_shape_settings },
  { "reservations",     TERN_FIELD_LIST, AT (reservations), .item = read_reservation },
  { "hosts",            TERN_FIELD_LIST, AT (hosts), .item = read_host },
  { "vms",              TERN_FIELD_LIST, AT (vms), .item = read_vm },
  { "faults",           TERN_FIELD_LIST, AT (faults), .item = read_fault },
};
/* clang-format on */

static const TernShape document_shape = { document_fields, G_N_ELEMENTS (document_fields),
                                          sizeof (Document), NULL };

typedef gboolean (*CheckFunc) (Loader *self, const Pending *pending, GError **error);

static gboolean
check_all (Loader *self, const char *name, const GArray *items, CheckFunc check, GError **error)
{
  for (guint i = 0; i < items->len; i++)
    {
      const Pending *pending = &g_array_index (items, Pending, i);
      gsize before = tern_json_enter (&self->text, "%s[%u]", name, i);

      self->text.line = pending->line;
      if (!check (self, pending, error))
        return FALSE;
      tern_json_leave (&self->text, before);
      if (check == check_vm)
        g_hash_table_insert (self->by_uuid, ((TernVm *) pending->item)->uuid,
                             GUINT_TO_POINTER (i + 1));
    }
  return TRUE;
}

/* Total minus what its VMs take, for hosts of which the file does not say what is free. */
static void
fill_memory_free (Loader *self)
{
  g_autofree guint64 *used = g_new0 (guint64, self->hosts->len + 1);

  for (guint i = 0; i < self->vms->len; i++)
    {
      const TernVm *vm = g_array_index (self->vms, Pending, i).item;
      guint place = GPOINTER_TO_UINT (g_hash_table_lookup (self->host_names, vm->host));
      guint64 need = tern_vm_get_memory_need (vm);

      if (place > 0 && tern_vm_state_is_active (vm->state))
        used[place - 1] =
            need < G_MAXUINT64 - used[place - 1] ? used[place - 1] + need : G_MAXUINT64;
    }
  for (guint i = 0; i < self->hosts->len; i++)
    {
      TernHostFacts *facts = ((TernHost *) self->hosts->pdata[i])->facts;

      if (facts != NULL && facts->memory_free == TERN_SIZE_UNSET)
        facts->memory_free = facts->memory_total > used[i] ? facts->memory_total - used[i] : 0;
    }
}

/* Sorted by the cluster: what belongs to its hosts and VMs follows. */
static void
put_in_order (Loader *self, TernCluster *cluster)
{
  g_autoptr (GHashTable) told = g_hash_table_new (NULL, NULL);
  TernSnapshot *snapshot = self->snapshot;

  for (guint i = 0; i < self->vms->len; i++)
    {
      const Pending *pending = &g_array_index (self->vms, Pending, i);

      g_hash_table_insert (told, pending->item, (gpointer) pending);
    }
  snapshot->dirty_bps = g_new0 (guint64, cluster->vms->len + 1);
  snapshot->shutdown_us = g_new0 (gint64, cluster->vms->len + 1);
  for (guint i = 0; i < cluster->vms->len; i++)
    {
      const Pending *pending = g_hash_table_lookup (told, cluster->vms->pdata[i]);

      snapshot->dirty_bps[i] = pending->dirty_bps;
      snapshot->shutdown_us[i] = pending->shutdown_us;
    }
  for (guint i = 0; i < cluster->hosts->len; i++)
    {
      const TernHost *host = cluster->hosts->pdata[i];
      guint place = GPOINTER_TO_UINT (g_hash_table_lookup (self->host_names, host->config->name));

      g_ptr_array_add (snapshot->sim_hosts,
                       g_memdup2 (self->sim_hosts->pdata[place - 1], sizeof (TernSnapshotHost)));
    }
}

static void
take_pending (GArray *from, GPtrArray *to)
{
  for (guint i = 0; i < from->len; i++)
    g_ptr_array_add (to, g_steal_pointer (&g_array_index (from, Pending, i).item));
}

static void
build_snapshot (Loader *self, const Document *document)
{
  TernSnapshot *snapshot = self->snapshot;
  g_autoptr (GPtrArray) vms = g_ptr_array_new ();

  fill_memory_free (self);
  for (guint i = 0; i < self->hosts->len; i++)
    {
      TernHost *host = self->hosts->pdata[i];

      if (host->seen_us == TERN_TIME_UNSET)
        host->seen_us = document->taken_us;
    }
  for (guint i = 0; i < self->vms->len; i++)
    g_ptr_array_add (vms, g_array_index (self->vms, Pending, i).item);
  snapshot->cluster = tern_cluster_new (
      self->hosts, vms, (const char *const *) document->shared_paths, 0, document->taken_us);
  put_in_order (self, snapshot->cluster);
  take_pending (self->reservations, snapshot->reservations);
  take_pending (self->faults, snapshot->faults);
}

static gboolean
read_document (Loader *self, Document *document, GError **error)
{
  const TernSection section = { &document_shape, document };

  document->settings = self->snapshot->settings;
  document->reservations = document->hosts = document->vms = document->faults = self;
  if (!tern_fields_read (&self->text, &section, 1, error)
      || !check_all (self, "vms", self->vms, check_vm, error)
      || !check_all (self, "reservations", self->reservations, check_reservation, error)
      || !check_all (self, "faults", self->faults, check_fault, error))
    return FALSE;
  self->snapshot->settings = document->settings;
  build_snapshot (self, document);
  return TRUE;
}

static void
free_pending (GArray *items, GDestroyNotify free_item)
{
  for (guint i = 0; i < items->len; i++)
    if (g_array_index (items, Pending, i).item != NULL)
      free_item (g_array_index (items, Pending, i).item);
  g_array_unref (items);
}

static void
loader_clear (Loader *self)
{
  g_hash_table_unref (self->host_names);
  g_hash_table_unref (self->taken);
  g_hash_table_unref (self->by_uuid);
  g_ptr_array_unref (self->hosts);
  g_ptr_array_unref (self->sim_hosts);
  free_pending (self->vms, (GDestroyNotify) tern_vm_unref);
  free_pending (self->reservations, (GDestroyNotify) tern_reservation_free);
  free_pending (self->faults, (GDestroyNotify) snapshot_fault_free);
  g_string_free (self->text.place, TRUE);
  tern_snapshot_free (self->snapshot);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Loader, loader_clear)

static TernSnapshot *
snapshot_new (void)
{
  TernSnapshot *self = g_new0 (TernSnapshot, 1);

  self->settings = (TernSettings) TERN_SETTINGS_INIT;
  self->reservations = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_reservation_free);
  self->sim_hosts = g_ptr_array_new_with_free_func (g_free);
  self->faults = g_ptr_array_new_with_free_func ((GDestroyNotify) snapshot_fault_free);
  return self;
}

void
tern_snapshot_free (TernSnapshot *self)
{
  if (self == NULL)
    return;

  tern_cluster_unref (self->cluster);
  g_ptr_array_unref (self->reservations);
  g_ptr_array_unref (self->sim_hosts);
  g_ptr_array_unref (self->faults);
  g_free (self->dirty_bps);
  g_free (self->shutdown_us);
  g_free (self);
}

/* Strings, brackets and bytes: what the rest may rely on. */
static gboolean
check_text (const char *data, gsize size, const char *file, GError **error)
{
  g_autoptr (GError) why = NULL;
  const char *good = NULL;
  guint line = 1;

  if (size > TERN_SNAPSHOT_MAX)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "%s: the document: is larger than %d MiB", file, TERN_SNAPSHOT_MAX >> 20);
      return FALSE;
    }
  if (!tern_json_check_text (data, size, MAX_DEPTH, &why))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s: no JSON: %s", file,
                   why->message);
      return FALSE;
    }
  if (g_utf8_validate_len (data, size, &good))
    return TRUE;
  for (const char *at = data; at < good; at++)
    line += *at == '\n';
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "%s: no JSON: line %u: it is not UTF-8", file, line);
  return FALSE;
}

TernSnapshot *
tern_snapshot_parse (const char *data, gssize length, const char *name, const TernCluster *existing,
                     GError **error)
{
  gsize size = length >= 0 ? (gsize) length : strlen (data);
  g_autofree char *shown = tern_text_visible (name, 0);
  Document document = { 0 };
  gboolean good;
  g_auto (Loader) loader = {
    .text = { data, data + size, 1, shown, g_string_new (NULL) },
    .existing = existing,
    .snapshot = snapshot_new (),
    .hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref),
    .sim_hosts = g_ptr_array_new_with_free_func (g_free),
    .host_names = g_hash_table_new (g_str_hash, g_str_equal),
    .vms = g_array_new (FALSE, FALSE, sizeof (Pending)),
    .reservations = g_array_new (FALSE, FALSE, sizeof (Pending)),
    .faults = g_array_new (FALSE, FALSE, sizeof (Pending)),
    .taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .by_uuid = g_hash_table_new (g_str_hash, g_str_equal),
  };

  good = check_text (data, size, shown, error) && read_document (&loader, &document, error);
  g_strfreev (document.shared_paths);
  return good ? g_steal_pointer (&loader.snapshot) : NULL;
}
