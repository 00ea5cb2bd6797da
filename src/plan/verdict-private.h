/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files of the verdict share. A rule looks at one #TernCase and tells it what it found;
 * the same rule serves both tern_judge_host(), which wants sentences, and tern_judge_allows(),
 * which only wants to know:
 *
 *   if (tern_case_found (c, TERN_SEVERITY_BLOCKS))
 *     tern_case_add (c, "vm.usb", sentence, remedy, "address", address, NULL);
 */

#include "plan/cpu-compat.h"
#include "plan/verdict.h"

G_BEGIN_DECLS

/**
 * TernCpuClasses: hosts of a cluster by their CPU
 * @of_host: (array): for each host its class; hosts of one class have equal CPUs
 * @facts: (array): for each class the facts of one of its hosts; %NULL for hosts without facts
 * @n_features: (array of guint): for each class how many features its CPU has
 * @n: how many classes
 *
 * Comparing a VM's CPU with a thousand hosts is comparing it with the few kinds they are of. Made
 * once for a cluster, and shared by the judges of a group.
 */
typedef struct
{
  guint *of_host;
  GPtrArray *facts;
  GArray *n_features;
  guint n;
} TernCpuClasses;

TernCpuClasses *tern_cpu_classes_new (const TernCluster *cluster);
void tern_cpu_classes_free (TernCpuClasses *self);

/** TernPlace: where a path lies on a host: @pool: (nullable): the deepest active pool over it */
typedef struct
{
  const char *path;
  const TernPool *pool;
  gboolean shared;
} TernPlace;

/** TernSameness: whether a path on one host is the same storage as that path on another */
typedef enum
{
  TERN_SAME,
  TERN_SAME_UNLIKELY, /* nothing speaks for it: block */
  TERN_SAME_LIKELY,   /* its name is unique in the world: warn */
  TERN_SAME_NOT,
} TernSameness;

/** TernStock: one path of the VM to be judged: a disk's source, or what lies below it */
typedef struct
{
  const TernDisk *disk;
  TernPlace place;
} TernStock;

/** TernConflict: another VM that has the same name or a MAC address: @mac: (nullable) */
typedef struct
{
  const TernVm *vm;
  int host_index;
  const char *mac;
} TernConflict;

struct _TernJudge
{
  TernQuestion question;
  TernSettings settings;
  const TernHost *source;
  int source_index;
  guint64 memory_need;
  char *shown;  /* the VM's name, for people */
  char *handle; /* the VM, for a command line */

  TernCpuClasses *classes; /* (nullable): made when they are first needed, unless shared */
  gboolean owns_classes;
  TernCpuFit *fits; /* one for each class, if @fitted */
  gboolean *fitted;
  guint n_needed; /* features the VM's CPU has */

  GArray *stock;           /* of TernStock */
  GArray *conflicts;       /* of TernConflict */
  const GPtrArray *copies; /* (nullable): of the VM */

  GPtrArray *own_reasons; /* (element-type TernReason): those that no host changes */
  gboolean own_blocked;
};

typedef struct
{
  TernJudge *judge;
  const TernHost *host;
  const TernHostFacts *facts; /* (nullable) */
  int index;
  gboolean elsewhere; /* the VM is not on this host */
  GPtrArray *reasons; /* (nullable): %NULL if nobody wants to read them */
  TernSeverity severity;
  gboolean blocked;
} TernCase;

/** tern_case_found: Returns: whether somebody wants a sentence; then tern_case_add() must follow */
gboolean tern_case_found (TernCase *self, TernSeverity severity);
/** tern_case_done: Returns: whether nothing else needs to be found out */
gboolean tern_case_done (const TernCase *self);
void tern_case_take (TernCase *self, TernReason *reason);
#define tern_case_add(self, ...) tern_case_take (self, tern_reason_new (__VA_ARGS__))

/** tern_show: Returns: (transfer full): foreign text for a sentence */
char *tern_show (const char *text);

/** tern_judge_new_shared: @classes: (transfer none) (nullable): outlives the judge */
TernJudge *tern_judge_new_shared (const TernQuestion *question, TernCpuClasses *classes);
/** tern_judge_set_ledger: what is promised from now on */
void tern_judge_set_ledger (TernJudge *self, const TernLedger *ledger);
/** tern_judge_still_allows: Returns: what tern_judge_allows() says of a host that it allowed before
 * the ledger grew */
gboolean tern_judge_still_allows (TernJudge *self, const TernHost *host, int index);
/** tern_judge_get_fit: Returns: (transfer none): how the VM's CPU relates to that host's; the host
 * has facts */
const TernCpuFit *tern_judge_get_fit (TernJudge *self, int host_index);

/** tern_judge_get_classes: Returns: (transfer none) */
const TernCpuClasses *tern_judge_get_classes (TernJudge *self);

/** tern_judge_get_room: how much memory the host can still promise to the VM */
TernRoom tern_judge_get_room (const TernJudge *self, const TernHost *host, int index);

/* Rules that look at the VM alone: their case is the host it is on, and may have no host; somebody
 * always wants the sentences. */
void tern_rules_of_vm (TernCase *c);
void tern_rules_of_moving_disks (TernCase *c);
void tern_rules_of_guest_cluster (TernCase *c);
/* What hangs on the VM's host: against every move, and against a start elsewhere. */
void tern_rules_of_baggage (TernCase *c);
void tern_rule_of_nvram (TernCase *c);
/** tern_rule_of_silence: @host: must be asked, and does not answer */
void tern_rule_of_silence (TernCase *c, const TernHost *host);
/* Rules that look at one host. */
void tern_rules_of_host (TernCase *c);
void tern_rules_of_devices (TernCase *c);
void tern_rules_of_neighbours (TernCase *c);
void tern_rules_of_cpu (TernCase *c);
void tern_rules_of_storage (TernCase *c);
void tern_rules_of_networks (TernCase *c);
/* Rules that look at the ledger. */
void tern_rules_of_memory (TernCase *c);
void tern_rules_of_arrivals (TernCase *c);

/* Storage. */
void tern_judge_collect_stock (TernJudge *self);
TernPlace tern_place_find (const TernCluster *cluster, const TernHostFacts *facts,
                           const char *path);
/** tern_place_compare: @a, @b: of one path on two hosts */
TernSameness tern_place_compare (const TernPlace *a, const TernPlace *b);
TernSameness tern_pool_compare (const TernPool *a, const TernPool *b);
/** tern_place_proves_file: Returns: whether what is the same by tern_place_compare() is known to be
 * so for this very file: of plain directories, only if both list it with one time. A live move
 * does without, since libvirt refuses file systems that are local; a start has no such guard */
gboolean tern_place_proves_file (const TernPlace *a, const TernPlace *b);
/** tern_pool_proves_file: likewise; @file: the name of a volume */
gboolean tern_pool_proves_file (const TernPool *a, const TernPool *b, const char *file);

G_END_DECLS
