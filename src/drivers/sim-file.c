/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The snapshot file. Strict: every object is read by a table of its fields, and what
 * the table has not, or has otherwise, is refused with the file and the field's path.
 * Everything is read before anything is added to the cluster.
 */
#include "config.h"

#include "drivers/sim-private.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>

#include <math.h>

#define MAX_FILE (64 * 1024 * 1024)
#define MAX_DEPTH 16
#define FORMAT_VERSION 1

#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define MAX_MIB (G_GUINT64_CONSTANT (1) << 40)
#define MAX_MBPS 1e9

typedef enum
{
  FIELD_STRING,
  FIELD_UINT,
  FIELD_NUMBER,
  FIELD_BOOL,
  FIELD_STRINGS,
  FIELD_ARRAY
} FieldKind;

typedef struct
{
  const char *name;
  FieldKind kind;
  gboolean required;
  gsize offset;
  double min;
  double max;
} Field;

typedef struct
{
  double version;
  JsonArray *hosts;
  JsonArray *vms;
  JsonArray *faults;
} TopEntry;

typedef struct
{
  const char *name, *uuid, *cpu_model, *cpu_vendor, *state;
  double memory_mib, cpus, cpu_mhz, link_mbps;
  GStrv cpu_features;
  gboolean listed;
} HostEntry;

typedef struct
{
  const char *name, *uuid, *host, *state, *reason, *machine, *cpu_mode, *cpu_model;
  double memory_mib, vcpus, dirty_mbps;
  gboolean persistent;
  GStrv cpu_features;
} VmEntry;

typedef struct
{
  const char *vm, *host, *phase, *fault;
  double times, seconds, at_seconds;
} FaultEntry;

#define AT(type, field) G_STRUCT_OFFSET (type, field)

/* clang-format off */
static const Field top_fields[] = {
  { "virtern-snapshot", FIELD_UINT,  TRUE,  AT (TopEntry, version), FORMAT_VERSION, FORMAT_VERSION },
  { "hosts",            FIELD_ARRAY, FALSE, AT (TopEntry, hosts) },
  { "vms",              FIELD_ARRAY, FALSE, AT (TopEntry, vms) },
  { "faults",           FIELD_ARRAY, FALSE, AT (TopEntry, faults) },
};

static const Field host_fields[] = {
  { "name",         FIELD_STRING,  TRUE,  AT (HostEntry, name) },
  { "uuid",         FIELD_STRING,  FALSE, AT (HostEntry, uuid) },
  { "state",        FIELD_STRING,  FALSE, AT (HostEntry, state) },
  { "listed",       FIELD_BOOL,    FALSE, AT (HostEntry, listed) },
  { "memory-mib",   FIELD_UINT,    TRUE,  AT (HostEntry, memory_mib), 1, MAX_MIB },
  { "cpus",         FIELD_UINT,    TRUE,  AT (HostEntry, cpus), 1, 65536 },
  { "cpu-mhz",      FIELD_UINT,    FALSE, AT (HostEntry, cpu_mhz), 0, 100000 },
  { "cpu-model",    FIELD_STRING,  FALSE, AT (HostEntry, cpu_model) },
  { "cpu-vendor",   FIELD_STRING,  FALSE, AT (HostEntry, cpu_vendor) },
  { "cpu-features", FIELD_STRINGS, FALSE, AT (HostEntry, cpu_features) },
  { "link-mbps",    FIELD_NUMBER,  TRUE,  AT (HostEntry, link_mbps), 1, MAX_MBPS },
};

static const Field vm_fields[] = {
  { "name",         FIELD_STRING,  TRUE,  AT (VmEntry, name) },
  { "uuid",         FIELD_STRING,  FALSE, AT (VmEntry, uuid) },
  { "host",         FIELD_STRING,  TRUE,  AT (VmEntry, host) },
  { "state",        FIELD_STRING,  FALSE, AT (VmEntry, state) },
  { "reason",       FIELD_STRING,  FALSE, AT (VmEntry, reason) },
  { "memory-mib",   FIELD_UINT,    TRUE,  AT (VmEntry, memory_mib), 1, MAX_MIB },
  { "vcpus",        FIELD_UINT,    FALSE, AT (VmEntry, vcpus), 1, 4096 },
  { "persistent",   FIELD_BOOL,    FALSE, AT (VmEntry, persistent) },
  { "dirty-mbps",   FIELD_NUMBER,  FALSE, AT (VmEntry, dirty_mbps), 0, MAX_MBPS },
  { "machine",      FIELD_STRING,  FALSE, AT (VmEntry, machine) },
  { "cpu-mode",     FIELD_STRING,  FALSE, AT (VmEntry, cpu_mode) },
  { "cpu-model",    FIELD_STRING,  FALSE, AT (VmEntry, cpu_model) },
  { "cpu-features", FIELD_STRINGS, FALSE, AT (VmEntry, cpu_features) },
};

static const Field fault_fields[] = {
  { "vm",         FIELD_STRING, FALSE, AT (FaultEntry, vm) },
  { "phase",      FIELD_STRING, FALSE, AT (FaultEntry, phase) },
  { "fault",      FIELD_STRING, TRUE,  AT (FaultEntry, fault) },
  { "times",      FIELD_UINT,   FALSE, AT (FaultEntry, times), 1, 1000000 },
  { "seconds",    FIELD_NUMBER, FALSE, AT (FaultEntry, seconds), 0, 1e6 },
  { "host",       FIELD_STRING, FALSE, AT (FaultEntry, host) },
  { "at-seconds", FIELD_NUMBER, FALSE, AT (FaultEntry, at_seconds), 0, 1e9 },
};
/* clang-format on */

/* What was read and not added yet. */
typedef struct
{
  TernSim *sim;
  const char *file;
  GPtrArray *hosts; /* SimHost */
  GPtrArray *vms;   /* Placed */
  GPtrArray *faults;
  GArray *delays; /* gint64, of the faults */

  GHashTable *host_names; /* name -> SimHost, of @hosts */
  GHashTable *taken;      /* set of "HOST/NAME" and "HOST/UUID", of @vms */
  GHashTable *by_uuid;    /* UUID -> Placed */
} Loader;

typedef struct
{
  TernVm *vm;
  SimHost *host;
  guint64 dirty_bps;
  gboolean derived_uuid;
} Placed;

static gboolean G_GNUC_PRINTF (4, 5)
    refuse (const Loader *self, GError **error, const char *where, const char *format, ...)
{
  g_autofree char *raw = NULL;
  g_autofree char *why = NULL;
  va_list args;

  va_start (args, format);
  raw = g_strdup_vprintf (format, args);
  va_end (args);
  why = tern_text_visible (raw, 400);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s: %s: %s", self->file, where,
               why);
  return FALSE;
}

/* --- fields --- */

static gboolean
read_strings (JsonNode *node, GStrv *out_strings)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonArray *array;

  if (!JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *item = json_array_get_element (array, i);

      if (!JSON_NODE_HOLDS_VALUE (item) || json_node_get_value_type (item) != G_TYPE_STRING)
        return FALSE;
      g_strv_builder_add (builder, json_node_get_string (item));
    }
  g_strfreev (*out_strings);
  *out_strings = g_strv_builder_end (builder);
  return TRUE;
}

static gboolean
read_number (JsonNode *node, const Field *field, double *out_number)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
  double number;

  if (type != G_TYPE_INT64 && (type != G_TYPE_DOUBLE || field->kind == FIELD_UINT))
    return FALSE;
  number = json_node_get_double (node);
  if (!isfinite (number) || number < field->min || number > field->max)
    return FALSE;
  *out_number = number;
  return TRUE;
}

static gboolean
read_value (JsonNode *node, const Field *field, gpointer entry)
{
  gpointer place = G_STRUCT_MEMBER_P (entry, field->offset);
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  switch (field->kind)
    {
    case FIELD_STRING:
      if (type == G_TYPE_STRING)
        *(const char **) place = json_node_get_string (node);
      return type == G_TYPE_STRING;
    case FIELD_BOOL:
      if (type == G_TYPE_BOOLEAN)
        *(gboolean *) place = json_node_get_boolean (node);
      return type == G_TYPE_BOOLEAN;
    case FIELD_UINT:
    case FIELD_NUMBER:
      return read_number (node, field, place);
    case FIELD_STRINGS:
      return read_strings (node, place);
    case FIELD_ARRAY:
    default:
      if (JSON_NODE_HOLDS_ARRAY (node))
        *(JsonArray **) place = json_node_get_array (node);
      return JSON_NODE_HOLDS_ARRAY (node);
    }
}

static const char *
describe_kind (FieldKind kind)
{
  static const char *const words[] = {
    [FIELD_STRING] = "a string",
    [FIELD_UINT] = "a whole number",
    [FIELD_NUMBER] = "a number",
    [FIELD_BOOL] = "true or false",
    [FIELD_STRINGS] = "an array of strings",
    [FIELD_ARRAY] = "an array",
  };

  return words[kind];
}

static gboolean
refuse_value (const Loader *self, const char *where, const Field *field, GError **error)
{
  if (field->kind == FIELD_UINT || field->kind == FIELD_NUMBER)
    return refuse (self, error, where, "“%s” must be %s from %.0f to %.0f", field->name,
                   describe_kind (field->kind), field->min, field->max);
  return refuse (self, error, where, "“%s” must be %s", field->name, describe_kind (field->kind));
}

static const Field *
find_field (const Field *fields, guint n_fields, const char *name)
{
  for (guint i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].name, name))
      return &fields[i];
  return NULL;
}

static gboolean
read_object (const Loader *self, JsonNode *node, const char *where, const Field *fields,
             guint n_fields, gpointer entry, GError **error)
{
  JsonObject *object;
  JsonObjectIter iter;
  const char *name;
  JsonNode *value;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return refuse (self, error, where, "must be an object");

  object = json_node_get_object (node);
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &value))
    {
      const Field *field = find_field (fields, n_fields, name);

      if (field == NULL)
        return refuse (self, error, where, "unknown field “%s”", name);
      if (!read_value (value, field, entry))
        return refuse_value (self, where, field, error);
    }
  for (guint i = 0; i < n_fields; i++)
    if (fields[i].required && !json_object_has_member (object, fields[i].name))
      return refuse (self, error, where, "“%s” is missing", fields[i].name);
  return TRUE;
}

/* --- entries --- */

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
take_uuid (const Loader *self, const char *where, const char *given, const char *kind,
           const char *name, GError **error)
{
  if (given == NULL)
    return derive_uuid (kind, name);
  if (tern_uuid_is_valid (given))
    return g_ascii_strdown (given, -1);
  refuse (self, error, where, "“uuid” is no UUID: %s", given);
  return NULL;
}

static guint64
mbps_to_bps (double mbps)
{
  return (guint64) (mbps * 1e6 / 8);
}

static SimHost *
find_host (const Loader *self, const char *name)
{
  SimHost *host = g_hash_table_lookup (self->host_names, name);

  return host != NULL ? host : tern_sim_find_host (self->sim, name);
}

static gboolean
add_host (Loader *self, const char *where, HostEntry *entry, GError **error)
{
  g_autoptr (GError) name_error = NULL;
  TernSimHostState state = TERN_SIM_HOST_UP;
  char *uuid;
  SimHost *host;

  if (!tern_host_name_check (entry->name, &name_error))
    return refuse (self, error, where, "%s", name_error->message);
  if (find_host (self, entry->name) != NULL)
    return refuse (self, error, where, "there is a host “%s” already", entry->name);
  if (entry->state != NULL && !tern_sim_host_state_from_string (entry->state, &state))
    return refuse (self, error, where, "“state” must be up, down, cut or hang, not “%s”",
                   entry->state);
  uuid = take_uuid (self, where, entry->uuid, "host", entry->name, error);
  if (uuid == NULL)
    return FALSE;

  host = tern_sim_host_new (entry->name);
  host->uuid = uuid;
  host->memory = (guint64) entry->memory_mib * MIB;
  host->cpus = (guint) entry->cpus;
  host->cpu_mhz = (guint) entry->cpu_mhz;
  host->link_bps = mbps_to_bps (entry->link_mbps);
  host->listed = entry->listed;
  host->state = state;
  host->cpu = tern_cpu_new ("host-model", entry->cpu_model, entry->cpu_vendor,
                            (const char *const *) entry->cpu_features, NULL);
  g_ptr_array_add (self->hosts, host);
  g_hash_table_insert (self->host_names, host->name, host);
  return TRUE;
}

static gboolean
read_host (Loader *self, JsonNode *node, const char *where, GError **error)
{
  HostEntry entry = { .listed = TRUE };
  gboolean good =
      read_object (self, node, where, host_fields, G_N_ELEMENTS (host_fields), &entry, error)
      && add_host (self, where, &entry, error);

  g_strfreev (entry.cpu_features);
  return good;
}

static void
placed_free (gpointer data)
{
  Placed *placed = data;

  tern_vm_unref (placed->vm);
  g_free (placed);
}

/* Returns: whether it was free */
static gboolean
take (Loader *self, const SimHost *host, const char *what)
{
  return g_hash_table_add (self->taken, g_strconcat (host->name, "/", what, NULL));
}

/* Two VMs of one host must differ in name and UUID; a UUID on two hosts must be meant. */
static gboolean
check_unique (Loader *self, const char *where, const Placed *placed, GError **error)
{
  const Placed *other = g_hash_table_lookup (self->by_uuid, placed->vm->uuid);

  if (tern_sim_host_find_domain_by_name (placed->host, placed->vm->name) != NULL
      || tern_sim_host_find_domain (placed->host, placed->vm->uuid) != NULL
      || !take (self, placed->host, placed->vm->name)
      || !take (self, placed->host, placed->vm->uuid))
    return refuse (self, error, where, "host “%s” has such a VM already", placed->host->name);
  if (other != NULL && (other->derived_uuid || placed->derived_uuid))
    return refuse (self, error, where,
                   "there is another VM “%s”, on host “%s”: give each its “uuid”", placed->vm->name,
                   other->host->name);
  return TRUE;
}

static TernVm *
make_vm (const VmEntry *entry, const char *uuid, TernVmState state, TernVmReason reason)
{
  TernVm *vm = tern_vm_new (uuid, entry->name, entry->host);

  vm->state = state;
  vm->reason = reason;
  vm->memory = (guint64) entry->memory_mib * MIB;
  vm->memory_current = vm->memory;
  vm->vcpus = (guint) entry->vcpus;
  vm->persistent = entry->persistent;
  vm->arch = g_strdup ("x86_64");
  vm->machine = g_strdup (entry->machine);
  vm->virt_type = g_strdup ("kvm");
  vm->cpu = tern_cpu_new (entry->cpu_mode, entry->cpu_model, NULL,
                          (const char *const *) entry->cpu_features, NULL);
  return vm;
}

static gboolean
add_vm (Loader *self, const char *where, VmEntry *entry, GError **error)
{
  SimHost *host = find_host (self, entry->host);
  TernVmState state = TERN_VM_RUNNING;
  TernVmReason reason = TERN_REASON_OTHER;
  g_autofree char *uuid = NULL;
  Placed *placed;

  if (*entry->name == '\0')
    return refuse (self, error, where, "“name” is empty");
  if (host == NULL)
    return refuse (self, error, where, "there is no host “%s”", entry->host);
  if (entry->state != NULL && !tern_vm_state_from_string (entry->state, &state))
    return refuse (self, error, where, "“state” is no state of a VM: “%s”", entry->state);
  if (entry->reason != NULL && !tern_vm_reason_from_string (entry->reason, &reason))
    return refuse (self, error, where, "“reason” is none: “%s”", entry->reason);
  if (!entry->persistent && !tern_vm_state_is_active (state))
    return refuse (self, error, where, "a VM that is not persistent must be active");
  uuid = take_uuid (self, where, entry->uuid, "vm", entry->name, error);
  if (uuid == NULL)
    return FALSE;

  placed = g_new0 (Placed, 1);
  placed->host = host;
  placed->dirty_bps = mbps_to_bps (entry->dirty_mbps);
  placed->derived_uuid = entry->uuid == NULL;
  placed->vm = make_vm (entry, uuid, state, reason);
  if (check_unique (self, where, placed, error))
    {
      g_ptr_array_add (self->vms, placed);
      g_hash_table_insert (self->by_uuid, placed->vm->uuid, placed);
      return TRUE;
    }
  placed_free (placed);
  return FALSE;
}

static gboolean
read_vm (Loader *self, JsonNode *node, const char *where, GError **error)
{
  VmEntry entry = { .persistent = TRUE, .vcpus = 1, .machine = "pc-q35-7.2" };
  gboolean good =
      read_object (self, node, where, vm_fields, G_N_ELEMENTS (vm_fields), &entry, error)
      && add_vm (self, where, &entry, error);

  g_strfreev (entry.cpu_features);
  return good;
}

static gboolean
fault_fits_phase (TernSimFault fault, TernSimPhase phase)
{
  return phase == TERN_SIM_FINISH || fault < TERN_SIM_FAULT_BOTH_RUN;
}

static gboolean
fill_vm_fault (const Loader *self, const char *where, const FaultEntry *entry, SimFault *fault,
               GError **error)
{
  if (entry->phase == NULL || !tern_sim_phase_from_string (entry->phase, &fault->phase))
    return refuse (self, error, where, "“phase” must be prepare, copy, switch or finish");
  if (!tern_sim_fault_from_string (entry->fault, &fault->fault))
    return refuse (self, error, where, "“fault” is none of a VM: “%s”", entry->fault);
  if (!fault_fits_phase (fault->fault, fault->phase))
    return refuse (self, error, where, "“%s” happens in the phase “finish” only", entry->fault);
  fault->vm = g_strdup (entry->vm);
  fault->times = (guint) entry->times;
  fault->length_us = (gint64) (entry->seconds * G_USEC_PER_SEC);
  return TRUE;
}

static gboolean
fill_host_fault (const Loader *self, const char *where, const FaultEntry *entry, SimFault *fault,
                 GError **error)
{
  fault->host = find_host (self, entry->host);
  if (fault->host == NULL)
    return refuse (self, error, where, "there is no host “%s”", entry->host);
  if (!tern_sim_host_state_from_string (entry->fault, &fault->state))
    return refuse (self, error, where, "“fault” of a host must be up, down, cut or hang");
  return TRUE;
}

static gboolean
read_fault (Loader *self, JsonNode *node, const char *where, GError **error)
{
  FaultEntry entry = { .times = 1 };
  SimFault *fault;
  gint64 delay_us;
  gboolean good;

  if (!read_object (self, node, where, fault_fields, G_N_ELEMENTS (fault_fields), &entry, error))
    return FALSE;
  if ((entry.vm == NULL) == (entry.host == NULL))
    return refuse (self, error, where, "name either a “vm” or a “host”");

  fault = g_new0 (SimFault, 1);
  good = entry.vm != NULL ? fill_vm_fault (self, where, &entry, fault, error)
                          : fill_host_fault (self, where, &entry, fault, error);
  if (!good)
    {
      tern_sim_fault_free (fault);
      return FALSE;
    }
  delay_us = (gint64) (entry.at_seconds * G_USEC_PER_SEC);
  g_ptr_array_add (self->faults, fault);
  g_array_append_val (self->delays, delay_us);
  return TRUE;
}

static gboolean
read_list (Loader *self, JsonArray *array, const char *name,
           gboolean (*read) (Loader *self, JsonNode *node, const char *where, GError **error),
           GError **error)
{
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      g_autofree char *where = g_strdup_printf ("%s[%u]", name, i);

      if (!read (self, json_array_get_element (array, i), where, error))
        return FALSE;
    }
  return TRUE;
}

/* --- the document --- */

static void
loader_clear (Loader *self)
{
  g_hash_table_unref (self->host_names);
  g_hash_table_unref (self->taken);
  g_hash_table_unref (self->by_uuid);
  g_ptr_array_unref (self->hosts);
  g_ptr_array_unref (self->vms);
  g_ptr_array_unref (self->faults);
  g_array_unref (self->delays);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Loader, loader_clear)

static void
add_all (Loader *self)
{
  g_ptr_array_set_free_func (self->hosts, NULL);
  g_ptr_array_set_free_func (self->faults, NULL);
  for (guint i = 0; i < self->hosts->len; i++)
    tern_sim_adopt_host (self->sim, self->hosts->pdata[i]);
  for (guint i = 0; i < self->vms->len; i++)
    {
      Placed *placed = self->vms->pdata[i];

      tern_sim_host_put_domain (placed->host, placed->vm, placed->dirty_bps);
      tern_sim_host_emit_vm (placed->host, placed->vm->uuid);
    }
  for (guint i = 0; i < self->faults->len; i++)
    tern_sim_adopt_fault (self->sim, self->faults->pdata[i],
                          g_array_index (self->delays, gint64, i));
}

static gboolean
read_document (Loader *self, JsonNode *root, GError **error)
{
  TopEntry top = { 0 };

  if (root == NULL)
    return refuse (self, error, "the document", "is empty");
  if (!read_object (self, root, "the document", top_fields, G_N_ELEMENTS (top_fields), &top, error)
      || !read_list (self, top.hosts, "hosts", read_host, error)
      || !read_list (self, top.vms, "vms", read_vm, error)
      || !read_list (self, top.faults, "faults", read_fault, error))
    return FALSE;
  add_all (self);
  return TRUE;
}

gboolean
tern_sim_load_data (TernSim *self, const char *data, gssize length, const char *name,
                    GError **error)
{
  g_autofree char *shown = tern_text_visible (name, 0);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) parse_error = NULL;
  gsize size = length >= 0 ? (gsize) length : strlen (data);
  g_auto (Loader) loader = {
    .sim = self,
    .file = shown,
    .hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_sim_host_free),
    .vms = g_ptr_array_new_with_free_func (placed_free),
    .faults = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_sim_fault_free),
    .delays = g_array_new (FALSE, FALSE, sizeof (gint64)),
    .host_names = g_hash_table_new (g_str_hash, g_str_equal),
    .taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .by_uuid = g_hash_table_new (g_str_hash, g_str_equal),
  };

  g_return_val_if_fail (TERN_IS_SIM (self), FALSE);

  if (size > MAX_FILE)
    return refuse (&loader, error, "the document", "is larger than %d MiB", MAX_FILE >> 20);
  if (!tern_json_check_text (data, size, MAX_DEPTH, &parse_error)
      || !json_parser_load_from_data (parser, data, (gssize) size, &parse_error))
    return refuse (&loader, error, "no JSON", "%s", parse_error->message);
  return read_document (&loader, json_parser_get_root (parser), error);
}

gboolean
tern_sim_load (TernSim *self, const char *path, GError **error)
{
  g_autofree char *shown = tern_text_visible (path, 0);
  g_autofree char *data = NULL;
  g_autoptr (GError) read_error = NULL;
  gsize length;
  GStatBuf info;
  gboolean found = g_stat (path, &info) == 0;

  /* What is no file, such as /dev/zero or a pipe, may never end. */
  if (found && !S_ISREG (info.st_mode))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s is not a regular file",
                   shown);
      return FALSE;
    }
  if (found && info.st_size > MAX_FILE)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "%s: the document: is larger than %d MiB", shown, MAX_FILE >> 20);
      return FALSE;
    }
  if (!g_file_get_contents (path, &data, &length, &read_error))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s", read_error->message);
      return FALSE;
    }
  return tern_sim_load_data (self, data, (gssize) length, path, error);
}
