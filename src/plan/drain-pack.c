/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Places for those that leave, by plan/pack: hosts become boxes, verdicts are asked only where the
 * packing wants to know. Then what a box does not show (huge pages, names and addresses of VMs that
 * arrive together) is gone over move by move, and where it does not hold the packing is made again
 * without that pair.
 */
#include "config.h"

#include "plan/drain-private.h"
#include "plan/schedule.h"

/* How often a packing is made again. */
#define MAX_ROUNDS 5
/* However many VMs are left, so many hosts are judged for each of them, and so many in all. */
#define MIN_HOSTS_TOLD 8
#define MAX_VERDICTS 4096
/* With more VMs than that a packing is made once more only to be faster. */
#define MANY_VMS 5000
/* A move's call, check and switch. */
#define OVERHEAD_US (2 * G_USEC_PER_SEC)

typedef struct
{
  TernDrainWork *work;
  TernPackHost *hosts;
  GArray *vms;        /* of TernPackVm */
  GPtrArray *known;   /* of TernVm, for each of @vms */
  TernJudge **judges; /* for each of @vms, when it is first asked */
  GHashTable *forbidden;
  TernLedger *ledger;
} Packing;

static void
packing_clear (Packing *self)
{
  for (guint i = 0; self->judges != NULL && i < self->vms->len; i++)
    tern_judge_free (self->judges[i]);
  g_free (self->judges);
  g_free (self->hosts);
  g_clear_pointer (&self->vms, g_array_unref);
  g_clear_pointer (&self->known, g_ptr_array_unref);
  g_clear_pointer (&self->forbidden, g_hash_table_unref);
  tern_ledger_free (self->ledger);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Packing, packing_clear)

gboolean
tern_drain_is_candidate (const TernDrainQuestion *question, const TernHost *host)
{
  gboolean returning = tern_drain_is_return (question);

  if (host->state != TERN_HOST_UP || tern_duty_is_closed (host->config->duty)
      || (!returning && tern_drain_has_host (question->drain, host->config->name)))
    return FALSE;
  for (guint i = 0; question->drain->hosts[i] != NULL; i++)
    {
      const TernHost *other = tern_cluster_find_host (question->cluster, question->drain->hosts[i]);

      if (other != NULL && g_str_equal (other->config->cluster, host->config->cluster))
        return TRUE;
    }
  return FALSE;
}

TernJudge *
tern_drain_judge (const TernDrainWork *work, const TernVm *vm, TernAct act)
{
  const TernDrainQuestion *question = work->question;
  TernQuestion judged = {
    .cluster = question->cluster,
    .ledger = question->ledger,
    .settings = &work->settings,
    .vm = vm,
    .act = act,
    .without_room = TRUE,
    .will_be_off = act == TERN_ACT_START,
    .now_us = question->now_us,
  };

  return tern_judge_new_shared (&judged, work->classes);
}

/* What may be promised when it is empty, so that what is free now stays what it is: the host's own
 * figure of free memory may be the narrower one. */
static void
fill_host (const TernDrainWork *work, guint index, TernPackHost *box)
{
  const TernDrainQuestion *question = work->question;
  const TernHost *host = question->cluster->hosts->pdata[index];
  TernRoom room = tern_room_of_host (question->cluster, question->ledger, &work->settings, host,
                                     (int) index, NULL);
  guint64 used;

  box->drained =
      !tern_drain_is_return (question) && tern_drain_has_host (question->drain, host->config->name);
  box->closed = box->drained || !tern_drain_is_candidate (question, host);
  if (!room.known
      || __builtin_add_overflow (tern_cluster_get_memory_used (question->cluster, index),
                                 room.reserved, &used))
    {
      box->closed = TRUE;
      return;
    }
  box->used = used;
  if (room.free == 0 || (used < room.capacity && room.free == room.capacity - used))
    box->capacity = room.capacity;
  else if (__builtin_add_overflow (used, room.free, &box->capacity))
    box->capacity = G_MAXUINT64;
}

/* What is on its way out is counted where it goes: its room comes free, unless the move fails. */
static void
take_off_departures (Packing *self)
{
  const TernDrainQuestion *question = self->work->question;
  GHashTableIter iter;
  gpointer uuid, value;

  if (question->open_tasks == NULL)
    return;
  g_hash_table_iter_init (&iter, question->open_tasks);
  while (g_hash_table_iter_next (&iter, &uuid, &value))
    {
      const TernTaskRecord *task = value;
      const TernVm *vm = tern_cluster_find_vm (question->cluster, uuid);
      int source =
          task->source != NULL ? tern_cluster_get_host_index (question->cluster, task->source) : -1;
      guint64 need;

      if (vm == NULL || source < 0 || task->phase == TERN_PHASE_ATTENTION
          || !g_str_equal (task->kind, "migrate") || g_strcmp0 (vm->host, task->source) != 0
          || tern_drain_is_off (vm))
        continue;
      need = tern_vm_get_memory_need (vm);
      self->hosts[source].used -= MIN (need, self->hosts[source].used);
    }
}

static int
find_preferred (const Packing *self, const char *uuid)
{
  const TernDrain *drain = self->work->question->drain;
  const char *host = tern_drain_find_word ((const char *const *) drain->preferred, uuid);

  return host != NULL ? tern_cluster_get_host_index (self->work->question->cluster, host) : -1;
}

static void
add_vm (Packing *self, const TernVm *vm, const TernPackVm *packed)
{
  g_array_append_vals (self->vms, packed, 1);
  g_ptr_array_add (self->known, (gpointer) vm);
}

static gboolean
was_room_move (const Packing *self, const char *uuid)
{
  const TernDrain *drain = self->work->question->drain;
  const TernDrainPast *past = self->work->past;

  return (drain->room_moves != NULL
          && g_strv_contains ((const char *const *) drain->room_moves, uuid))
         || (past != NULL && past->fixed != NULL && g_hash_table_contains (past->fixed, uuid));
}

static void
add_guests (Packing *self)
{
  const GArray *guests = self->work->guests;

  for (guint i = 0; i < guests->len; i++)
    {
      const TernDrainGuest *guest = &g_array_index (guests, TernDrainGuest, i);
      gboolean off = tern_drain_is_off (guest->vm);
      TernPackVm packed = {
        .size = guest->away ? 0 : guest->item->memory,
        .host = guest->host,
        .must_leave = TRUE,
        .home = guest->home,
        .preferred = find_preferred (self, guest->vm->uuid),
        .spare = guest->home >= 0 && !off && !was_room_move (self, guest->vm->uuid),
      };

      /* Shut off it takes nothing there, and nothing comes free when it leaves. */
      if (off)
        self->hosts[guest->host].used += packed.size;
      add_vm (self, guest->vm, &packed);
    }
}

/* Nobody is sent away from where others are brought back to: those would take turns for ever. */
static gboolean
may_make_room_on (const Packing *self, guint host)
{
  const TernDrainQuestion *question = self->work->question;
  const TernHost *known = question->cluster->hosts->pdata[host];

  return !self->hosts[host].closed
         && !(tern_drain_is_return (question)
              && tern_drain_has_host (question->drain, known->config->name));
}

/* Others of these clusters may be moved to make room, if a move is what was said for them. */
static void
add_spares (Packing *self)
{
  const TernDrainQuestion *question = self->work->question;
  const TernCluster *cluster = question->cluster;
  g_autoptr (GHashTable) taken = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->work->plan->items->len; i++)
    g_hash_table_add (taken, ((TernDrainItem *) self->work->plan->items->pdata[i])->vm_uuid);
  for (guint h = 0; h < cluster->hosts->len; h++)
    {
      const GPtrArray *vms = tern_cluster_get_vms_on (cluster, h);

      for (guint i = 0; may_make_room_on (self, h) && vms != NULL && i < vms->len; i++)
        {
          const TernVm *vm = vms->pdata[i];
          TernPackVm packed = { .host = h, .spare = TRUE, .home = -1, .preferred = -1 };

          if (vm->state != TERN_VM_RUNNING || g_hash_table_contains (taken, vm->uuid)
              || was_room_move (self, vm->uuid)
              || (question->spent != NULL && g_hash_table_contains (question->spent, vm->uuid))
              || (question->open_tasks != NULL
                  && g_hash_table_contains (question->open_tasks, vm->uuid))
              || tern_drain_action_of (question, vm) != TERN_DRAIN_MIGRATE)
            continue;
          packed.size = tern_vm_get_memory_need (vm);
          add_vm (self, vm, &packed);
        }
    }
}

static TernAct
act_of (const Packing *self, guint vm)
{
  return vm < self->work->guests->len ? g_array_index (self->work->guests, TernDrainGuest, vm).act
                                      : TERN_ACT_MOVE;
}

static TernJudge *
judge_of (Packing *self, guint vm)
{
  if (self->judges[vm] == NULL)
    self->judges[vm] = tern_drain_judge (self->work, self->known->pdata[vm], act_of (self, vm));
  return self->judges[vm];
}

static gpointer
pair_of (const Packing *self, guint vm, guint host)
{
  return GSIZE_TO_POINTER ((gsize) vm * self->work->question->cluster->hosts->len + host + 1);
}

static gboolean
allows (guint vm, guint host, gpointer data)
{
  Packing *self = data;
  const TernHost *there = self->work->question->cluster->hosts->pdata[host];

  if (self->hosts[host].closed || g_hash_table_contains (self->forbidden, pair_of (self, vm, host)))
    return FALSE;
  if (vm < self->work->guests->len)
    {
      const TernDrainGuest *guest = &g_array_index (self->work->guests, TernDrainGuest, vm);

      if (guest->avoid != NULL && g_hash_table_contains (guest->avoid, there->config->name))
        return FALSE;
    }
  return tern_judge_allows (judge_of (self, vm), there);
}

/* Names, addresses and huge pages of those that go before. Returns: whether all of it holds */
static gboolean
go_over (Packing *self, const TernPackResult *result)
{
  const TernDrainQuestion *question = self->work->question;
  gboolean holds = TRUE;

  tern_ledger_free (self->ledger);
  self->ledger =
      question->ledger != NULL ? tern_ledger_copy (question->ledger) : tern_ledger_new ();
  for (guint i = 0; i < result->moves->len; i++)
    {
      const TernPackMove *move = &g_array_index (result->moves, TernPackMove, i);
      const TernVm *vm = self->known->pdata[move->vm];
      const TernHost *host = question->cluster->hosts->pdata[move->to];
      TernJudge *judge = judge_of (self, move->vm);
      TernReservation reservation = { .vm_uuid = vm->uuid,
                                      .source = vm->host,
                                      .destination = host->config->name,
                                      .vcpus = vm->vcpus };

      tern_judge_set_ledger (judge, self->ledger);
      if (!tern_judge_still_allows (judge, host, (int) move->to))
        {
          g_hash_table_add (self->forbidden, pair_of (self, move->vm, move->to));
          holds = FALSE;
        }
      else
        tern_ledger_add (self->ledger, &reservation);
      tern_judge_set_ledger (judge, question->ledger);
    }
  return holds;
}

static TernPackResult *
pack_into (Packing *self, const TernPackHost *hosts)
{
  TernPack problem = {
    .hosts = hosts,
    .n_hosts = self->work->question->cluster->hosts->len,
    .vms = (const TernPackVm *) self->vms->data,
    .n_vms = self->vms->len,
    .allows = allows,
    .data = self,
  };

  for (guint round = 1;; round++)
    {
      TernPackResult *result = tern_pack (&problem);

      if (go_over (self, result) || round == MAX_ROUNDS)
        return result;
      tern_pack_result_free (result);
    }
}

static TernScheduleHost *
make_links (const Packing *self)
{
  const TernDrainQuestion *question = self->work->question;
  TernScheduleHost *links = g_new0 (TernScheduleHost, question->cluster->hosts->len + 1);

  for (guint i = 0; i < question->cluster->hosts->len; i++)
    {
      const TernHost *host = question->cluster->hosts->pdata[i];
      const TernQueueHost *known =
          question->queue_hosts != NULL
              ? g_hash_table_lookup (question->queue_hosts, host->config->name)
              : NULL;

      links[i].link_bps = known != NULL ? known->link_bps : host->config->link_bps;
      if (known != NULL && known->bandwidth_bps > 0
          && (links[i].link_bps == 0 || known->bandwidth_bps < links[i].link_bps))
        links[i].link_bps = known->bandwidth_bps;
      links[i].limit_out = known != NULL ? known->limit_out : host->config->limit_out;
      links[i].limit_in = known != NULL ? known->limit_in : host->config->limit_in;
      if (links[i].limit_out == 0)
        links[i].limit_out = question->limits.out;
      if (links[i].limit_in == 0)
        links[i].limit_in = question->limits.in;
    }
  return links;
}

static void
fill_times (const Packing *self, const TernPackResult *result, TernScheduleMove *timed)
{
  GHashTable *dirty = self->work->question->dirty;

  for (guint i = 0; i < result->moves->len; i++)
    {
      const TernPackMove *packed = &g_array_index (result->moves, TernPackMove, i);
      const TernVm *vm = self->known->pdata[packed->vm];
      const guint64 *rate = dirty != NULL ? g_hash_table_lookup (dirty, vm->uuid) : NULL;

      timed[i].from = packed->from;
      timed[i].to = packed->to;
      if (act_of (self, packed->vm) == TERN_ACT_START)
        continue;
      timed[i].bytes = vm->memory_current > 0 ? vm->memory_current : vm->memory;
      timed[i].dirty_bps = rate != NULL ? *rate : 0;
    }
}

/* Returns: microseconds that its moves take at least; 0 if a link's rate is not known */
static gint64
find_bound (const Packing *self, const TernSchedule *schedule, const TernPackResult *result)
{
  g_autofree TernScheduleMove *timed = g_new0 (TernScheduleMove, result->moves->len + 1);

  fill_times (self, result, timed);
  return tern_schedule_bound (schedule, timed, result->moves->len);
}

/* Returns: microseconds in which those that leave can be gone at best, wherever they go */
static gint64
find_best (const Packing *self, const TernScheduleHost *links)
{
  guint n = self->work->question->cluster->hosts->len;
  g_autofree guint64 *out = g_new0 (guint64, n + 1);
  double all = 0, in = 0, longest = 0;

  for (guint i = 0; i < self->work->guests->len; i++)
    {
      const TernPackVm *vm = &g_array_index (self->vms, TernPackVm, i);

      if (act_of (self, i) == TERN_ACT_START)
        continue;
      out[vm->host] += vm->size;
      all += (double) vm->size;
    }
  for (guint i = 0; i < n; i++)
    {
      if (!self->hosts[i].closed)
        in += (double) links[i].link_bps;
      if (out[i] > 0 && links[i].link_bps > 0)
        longest = MAX (longest, (double) out[i] / (double) links[i].link_bps);
    }
  if (in > 0)
    longest = MAX (longest, all / in);
  return (gint64) (longest * G_USEC_PER_SEC);
}

/* Returns: (transfer full): no host takes more than its link carries in that time */
static TernPackHost *
narrow (const Packing *self, const TernScheduleHost *links, gint64 span_us)
{
  guint n = self->work->question->cluster->hosts->len;
  TernPackHost *hosts = g_new0 (TernPackHost, n + 1);

  for (guint i = 0; i < n; i++)
    {
      double carried = (double) links[i].link_bps * (double) span_us / G_USEC_PER_SEC;

      hosts[i] = self->hosts[i];
      if (!hosts[i].closed && hosts[i].used < hosts[i].capacity
          && carried < (double) (hosts[i].capacity - hosts[i].used))
        hosts[i].capacity = hosts[i].used + (guint64) carried;
    }
  return hosts;
}

/* Time comes before evenness: as long as it can be had, slow links get less, or nothing. */
static TernPackResult *
pack (Packing *self)
{
  static const double spans[] = { 1.05, 1.5, 2.5, 5 };
  const TernDrainQuestion *question = self->work->question;
  guint n_tries = self->vms->len > MANY_VMS ? 1 : G_N_ELEMENTS (spans);
  g_autofree TernScheduleHost *links = make_links (self);
  TernSchedule schedule = { .hosts = links,
                            .n_hosts = question->cluster->hosts->len,
                            .limit_cluster = question->limits.cluster,
                            .overhead_us = OVERHEAD_US };
  TernPackResult *result = pack_into (self, self->hosts);
  gint64 bound = find_bound (self, &schedule, result), best = find_best (self, links);

  if (tern_drain_is_return (question) || question->drain->preferred != NULL)
    return result;
  for (guint i = 0; i < n_tries && (double) (bound - OVERHEAD_US) > (double) best * spans[i]; i++)
    {
      gint64 span = (gint64) ((double) best * spans[i]);
      g_autofree TernPackHost *hosts = narrow (self, links, span);
      TernPackResult *other = pack_into (self, hosts);

      if (other->stranded->len <= result->stranded->len && other->moves->len <= result->moves->len
          && find_bound (self, &schedule, other) < bound)
        {
          tern_pack_result_free (result);
          return other;
        }
      tern_pack_result_free (other);
    }
  return result;
}

static TernDrainItem *
item_of (Packing *self, const TernPackMove *move, GHashTable *made)
{
  const TernVm *vm = self->known->pdata[move->vm];
  TernDrainItem *item;

  if (move->vm < self->work->guests->len)
    return g_array_index (self->work->guests, TernDrainGuest, move->vm).item;
  item = g_hash_table_lookup (made, vm);
  if (item != NULL)
    return item;
  item = tern_drain_item_new (vm->uuid, vm->name);
  item->host = g_strdup (vm->host);
  item->for_room = TRUE;
  item->memory = tern_vm_get_memory_need (vm);
  g_ptr_array_add (self->work->plan->items, item);
  g_hash_table_insert (made, (gpointer) vm, item);
  return item;
}

static void
add_after (GArray *after, guint number)
{
  for (guint i = 0; i < after->len; i++)
    if (g_array_index (after, guint, i) == number)
      return;
  g_array_append_val (after, number);
}

/*
 * A move waits for as many departures from its destination, in the order of the packing, as all
 * arrivals up to itself need: so whatever begins early, nobody's room is taken.
 */
static void
add_dependencies (const Packing *self, const GArray *moves, guint i, GArray *after)
{
  const TernPackMove *move = &g_array_index (moves, TernPackMove, i);
  const TernPackHost *box = &self->hosts[move->to];
  guint64 taken = box->used;

  for (guint j = 0; j <= i; j++)
    {
      const TernPackMove *other = &g_array_index (moves, TernPackMove, j);

      if (other->to == move->to)
        taken += g_array_index (self->vms, TernPackVm, other->vm).size;
      if (j < i && other->vm == move->vm)
        add_after (after, j);
    }
  for (guint j = 0; j < i && taken > box->capacity; j++)
    {
      const TernPackMove *other = &g_array_index (moves, TernPackMove, j);

      if (other->from != move->to)
        continue;
      taken -= MIN (taken, g_array_index (self->vms, TernPackVm, other->vm).size);
      add_after (after, j);
    }
}

static void
drain_move_free (TernDrainMove *move)
{
  g_free (move->from);
  g_free (move->to);
  g_array_unref (move->after);
  g_free (move);
}

static const char *
name_of (const Packing *self, guint host)
{
  return ((const TernHost *) self->work->question->cluster->hosts->pdata[host])->config->name;
}

/* Returns: (transfer full): the moves as the packing has them */
static GPtrArray *
make_moves (Packing *self, const TernPackResult *result)
{
  GPtrArray *moves = g_ptr_array_new ();
  g_autoptr (GHashTable) made = g_hash_table_new (g_direct_hash, g_direct_equal);

  for (guint i = 0; i < result->moves->len; i++)
    {
      const TernPackMove *packed = &g_array_index (result->moves, TernPackMove, i);
      TernDrainMove *move = g_new0 (TernDrainMove, 1);

      move->item = item_of (self, packed, made);
      move->vm = self->known->pdata[packed->vm];
      move->act = act_of (self, packed->vm);
      move->from = g_strdup (name_of (self, packed->from));
      move->to = g_strdup (name_of (self, packed->to));
      move->after = g_array_new (FALSE, FALSE, sizeof (guint));
      add_dependencies (self, result->moves, i, move->after);
      g_free (move->item->destination);
      move->item->destination = g_strdup (move->to);
      g_ptr_array_add (moves, move);
    }
  return moves;
}

static void
tell_times (GPtrArray *moves, const TernScheduleMove *timed)
{
  for (guint i = 0; i < moves->len; i++)
    {
      TernDrainItem *item = ((TernDrainMove *) moves->pdata[i])->item;
      gboolean first = item->end_us == 0;

      item->begin_us = first ? timed[i].begin_us : MIN (item->begin_us, timed[i].begin_us);
      item->end_us = MAX (item->end_us, timed[i].end_us);
    }
}

/* Puts the moves into the order they are begun in; what they wait for is renumbered. */
static void
put_in_order (TernDrainPlan *plan, GPtrArray *moves, const guint *order)
{
  g_autofree guint *place = g_new0 (guint, moves->len + 1);

  for (guint i = 0; i < moves->len; i++)
    place[order[i]] = i;
  for (guint i = 0; i < moves->len; i++)
    {
      TernDrainMove *move = moves->pdata[order[i]];

      for (guint j = 0; j < move->after->len; j++)
        g_array_index (move->after, guint, j) = place[g_array_index (move->after, guint, j)];
      g_ptr_array_add (plan->moves, move);
    }
}

static void
schedule (Packing *self, const TernPackResult *result, GPtrArray *moves)
{
  const TernDrainQuestion *question = self->work->question;
  g_autofree TernScheduleHost *links = make_links (self);
  g_autofree TernScheduleMove *timed = g_new0 (TernScheduleMove, moves->len + 1);
  g_autofree guint *order = g_new0 (guint, moves->len + 1);
  TernSchedule schedule = { .hosts = links,
                            .n_hosts = question->cluster->hosts->len,
                            .limit_cluster = question->limits.cluster,
                            .overhead_us = OVERHEAD_US };

  fill_times (self, result, timed);
  for (guint i = 0; i < moves->len; i++)
    timed[i].after = ((TernDrainMove *) moves->pdata[i])->after;
  self->work->plan->makespan_us = tern_schedule (&schedule, timed, moves->len, order);
  if (self->work->plan->makespan_us > 0)
    tell_times (moves, timed);
  put_in_order (self->work->plan, moves, order);
}

/* Returns: (transfer full): for each host what is left on it after the plan */
static guint64 *
find_free (Packing *self, const TernPackResult *result)
{
  guint n = self->work->question->cluster->hosts->len;
  guint64 *free = g_new0 (guint64, n + 1), highest = 0;

  for (guint i = 0; i < result->moves->len; i++)
    {
      const TernPackMove *move = &g_array_index (result->moves, TernPackMove, i);
      guint64 size = g_array_index (self->vms, TernPackVm, move->vm).size;

      self->hosts[move->to].used += size;
      self->hosts[move->from].used -= MIN (size, self->hosts[move->from].used);
    }
  for (guint i = 0; i < n; i++)
    {
      const TernPackHost *box = &self->hosts[i];

      free[i] = box->capacity > box->used ? box->capacity - box->used : 0;
      if (!box->closed && box->capacity > 0)
        highest = MAX (highest, (guint64) ((double) box->used * 1000 / (double) box->capacity));
    }
  self->work->plan->highest_permille = (guint) MIN (highest, G_MAXUINT);
  return free;
}

static void
leave (Packing *self, const TernPackResult *result)
{
  g_autofree guint64 *free = find_free (self, result);
  guint n = result->stranded->len;

  for (guint i = 0; i < n; i++)
    {
      guint vm = g_array_index (result->stranded, guint, i);
      const TernDrainGuest *guest = &g_array_index (self->work->guests, TernDrainGuest, vm);

      guest->item->state = TERN_ITEM_LEFT;
      tern_drain_explain (self->work, guest, free, MAX (MIN_HOSTS_TOLD, MAX_VERDICTS / n));
    }
}

/* By how much the others together are too small for those that leave. */
static guint64
find_shortage (const Packing *self)
{
  guint64 need = 0, have = 0;

  for (guint i = 0; i < self->work->guests->len; i++)
    need += g_array_index (self->vms, TernPackVm, i).size;
  for (guint i = 0; i < self->work->question->cluster->hosts->len; i++)
    {
      const TernPackHost *box = &self->hosts[i];

      if (!box->closed && box->capacity > box->used)
        have += box->capacity - box->used;
    }
  return need > have && !tern_drain_is_return (self->work->question) ? need - have : 0;
}

void
tern_drain_place (TernDrainWork *work)
{
  guint n = work->question->cluster->hosts->len;
  g_auto (Packing) self = { .work = work };
  g_autoptr (TernPackResult) result = NULL;
  g_autoptr (GPtrArray) moves = NULL;

  self.hosts = g_new0 (TernPackHost, n + 1);
  self.vms = g_array_new (FALSE, FALSE, sizeof (TernPackVm));
  self.known = g_ptr_array_new ();
  self.forbidden = g_hash_table_new (g_direct_hash, g_direct_equal);
  for (guint i = 0; i < n; i++)
    fill_host (work, i, &self.hosts[i]);
  take_off_departures (&self);
  add_guests (&self);
  add_spares (&self);
  self.judges = g_new0 (TernJudge *, self.vms->len + 1);
  work->plan->short_memory = find_shortage (&self);

  result = pack (&self);
  moves = make_moves (&self, result);
  schedule (&self, result, moves);
  leave (&self, result);
}

void
tern_drain_plan_free (TernDrainPlan *self)
{
  if (self == NULL)
    return;

  g_ptr_array_foreach (self->moves, (GFunc) (void (*) (void)) drain_move_free, NULL);
  g_ptr_array_unref (self->moves);
  g_ptr_array_unref (self->items);
  tern_cluster_unref (self->cluster);
  g_free (self);
}
