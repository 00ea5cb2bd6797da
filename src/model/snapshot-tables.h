/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The fields of the snapshot file, between snapshot-read.c and snapshot-write.c. Everything that
 * data/virtern-snapshot.schema.json has, in the same words.
 */

#include "model/snapshot-fields.h"
#include "model/snapshot.h"

G_BEGIN_DECLS

#define TERN_SNAPSHOT_VERSION 1
/** A size or time that stands for "not in the file". */
#define TERN_SIZE_UNSET G_MAXUINT64
#define TERN_TIME_UNSET G_MININT64
/** Likewise a word: it is none of the words. */
#define TERN_WORD_UNSET G_MAXUINT

typedef enum
{
  TERN_ENTRY_UP,
  TERN_ENTRY_DOWN,
  TERN_ENTRY_CUT,
  TERN_ENTRY_HANG,
  TERN_ENTRY_CONNECTING,
  TERN_ENTRY_UNREACHABLE,
  TERN_ENTRY_N_STATES
} TernEntryState;

const char *tern_entry_state_to_string (guint state);

typedef struct
{
  gboolean known;
  char *mode;
  char *model;
  char *vendor;
  GStrv features;
  GStrv disabled;
  gboolean expanded;
} TernCpuEntry;

/* What a host's entry has besides its facts. */
typedef struct
{
  char *name;
  char *uuid;
  guint state;
  char *error;
  gboolean listed;
  char *cluster;
  gboolean maintenance;
  guint duty;
  guint64 memory_reserve;
  double link_mbps;
  gboolean seen;
  gint64 seen_us;
  TernCpuEntry cpu;
} TernHostEntry;

/* What a VM's entry has that is not read into the TernVm at once. */
typedef struct
{
  char *name;
  char *uuid;
  char *host;
  double dirty_mbps;
  double shutdown_seconds;
  TernCpuEntry cpu;
} TernVmEntry;

typedef struct
{
  char *vm;
  char *host;
  char *phase;
  char *fault;
  guint times;
  double seconds;
  double at_seconds;
} TernFaultEntry;

extern const TernShape tern_shape_host_entry;
extern const TernShape tern_shape_host_cpu;  /* of TernHostEntry */
extern const TernShape tern_shape_facts;     /* of TernHostFacts */
extern const TernShape tern_shape_vm_entry;  /* TernVmEntry */
extern const TernShape tern_shape_vm_cpu;    /* of TernVmEntry */
extern const TernShape tern_shape_simulated; /* of TernVmEntry: the simulation only */
extern const TernShape tern_shape_link;      /* of TernHostEntry: likewise */
extern const TernShape tern_shape_vm;        /* of TernVm */
extern const TernShape tern_shape_settings;  /* TernSettings */
extern const TernShape tern_shape_reservation;
extern const TernShape tern_shape_fault;

G_END_DECLS
