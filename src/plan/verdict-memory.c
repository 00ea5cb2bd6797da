/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Room for a VM. libvirt does not look at free memory: too much of it promised, and the host's
 * kernel later kills a guest to make room.
 */
#include "config.h"

#include "plan/verdict-private.h"

#define MIB (G_GUINT64_CONSTANT (1) << 20)
/* Pages up to this size are what memory is made of anyway. */
#define LARGEST_BASE_PAGE (64 * 1024)

static guint64
sub (guint64 a, guint64 b)
{
  return a > b ? a - b : 0;
}

static guint64
add (guint64 a, guint64 b)
{
  guint64 sum;

  return __builtin_add_overflow (a, b, &sum) ? G_MAXUINT64 : sum;
}

static guint64
mul (guint64 a, guint64 b)
{
  guint64 product;

  return __builtin_mul_overflow (a, b, &product) ? G_MAXUINT64 : product;
}

static guint64
scale (guint64 bytes, double ratio)
{
  double scaled = (double) bytes * ratio;

  /* Through a double, large numbers lose their last digits. */
  if (ratio == 1.0)
    return bytes;
  if (!(scaled > 0))
    return 0;
  return scaled >= 18446744073709551615.0 ? G_MAXUINT64 : (guint64) scaled;
}

static guint64
mib_rounded_up (guint64 bytes)
{
  return bytes / MIB + (bytes % MIB != 0);
}

static guint64
sum_hugepage_pools (const GPtrArray *pools)
{
  guint64 sum = 0;

  for (guint i = 0; pools != NULL && i < pools->len; i++)
    {
      const TernHugepages *pool = pools->pdata[i];

      if (pool->size > LARGEST_BASE_PAGE)
        sum = add (sum, mul (pool->size, pool->total));
    }
  return sum;
}

TernRoom
tern_room_of_host (const TernCluster *cluster, const TernLedger *ledger,
                   const TernSettings *settings, const TernHost *host, int index,
                   const char *except_uuid)
{
  const TernHostFacts *facts = host->facts;
  const char *name = host->config->name;
  TernRoom room = { .known = FALSE };
  guint64 really_free;

  room.reserve = host->config->memory_reserve;
  if (room.reserve == 0)
    room.reserve = settings->memory_reserve;
  room.reserved = tern_ledger_get_memory (ledger, cluster, name, except_uuid);
  if (facts == NULL)
    return room;

  /* What arrives fills slowly, and the host counts it as free until then. But one that shows there
   * already has some of it, nobody knows how much: taken off once more, it would keep out a VM
   * that was promised its place. The other sum, of what all were promised, has it whole. */
  really_free = sub (facts->memory_free, room.reserved);
  room.known = TRUE;
  room.capacity = room.free = really_free;
  if (facts->memory_total == 0)
    return room;

  room.capacity = sub (scale (facts->memory_total, settings->memory_ratio),
                       add (room.reserve, sum_hugepage_pools (facts->hugepages)));
  room.free =
      MIN (sub (room.capacity, add (tern_cluster_get_memory_used (cluster, index), room.reserved)),
           really_free);
  return room;
}

TernRoom
tern_judge_get_room (const TernJudge *self, const TernHost *host, int index)
{
  const TernQuestion *question = &self->question;

  return tern_room_of_host (question->cluster, question->ledger, &self->settings, host, index,
                            question->vm->uuid);
}

static void
judge_memory (TernCase *c)
{
  guint64 need = c->judge->memory_need;
  TernRoom room = tern_judge_get_room (c->judge, c->host, c->index);
  g_autofree char *need_mib = NULL, *free_mib = NULL, *short_mib = NULL;

  if (!room.known || need <= room.free || !tern_case_found (c, TERN_SEVERITY_BLOCKS))
    return;

  need_mib = g_strdup_printf ("%" G_GUINT64_FORMAT, mib_rounded_up (need));
  free_mib = g_strdup_printf ("%" G_GUINT64_FORMAT, room.free / MIB);
  short_mib = g_strdup_printf ("%" G_GUINT64_FORMAT, mib_rounded_up (need - room.free));
  tern_case_add (c, "memory.short",
                 g_strdup_printf ("%s needs %s MiB and %s has %s MiB free after moves under way: "
                                  "%s MiB short",
                                  c->judge->shown, need_mib, c->host->config->name, free_mib,
                                  short_mib),
                 g_strdup_printf ("free %s MiB on %s: move or stop a VM there", short_mib,
                                  c->host->config->name),
                 "need", need_mib, "free", free_mib, "short", short_mib, NULL);
}

/* Of the size the VM asks for; of the host's default, which is the smallest on every host that was
 * not told otherwise at boot. */
static const TernHugepages *
find_pages (const GPtrArray *pools, guint64 size)
{
  const TernHugepages *found = NULL;

  for (guint i = 0; i < pools->len; i++)
    {
      const TernHugepages *pool = pools->pdata[i];

      if (size != 0 && pool->size == size)
        return pool;
      if (size == 0 && pool->size > LARGEST_BASE_PAGE
          && (found == NULL || pool->size < found->size))
        found = pool;
    }
  return found;
}

static guint64
round_up (guint64 bytes, guint64 page)
{
  guint64 rest = bytes % page;

  return rest != 0 ? add (bytes, page - rest) : bytes;
}

/* What others on their way there will take of these pages. */
static guint64
sum_page_arrivals (const TernCase *c, const TernHugepages *pages)
{
  const TernQuestion *question = &c->judge->question;
  const GPtrArray *arrivals = tern_ledger_get_arrivals (question->ledger, c->host->config->name);
  guint64 sum = 0;

  for (guint i = 0; arrivals != NULL && i < arrivals->len; i++)
    {
      const TernReservation *reservation = arrivals->pdata[i];
      const TernVm *vm = tern_cluster_find_vm (question->cluster, reservation->vm_uuid);

      if (vm != NULL && vm->hugepages && !g_str_equal (vm->uuid, question->vm->uuid)
          && find_pages (c->facts->hugepages, vm->hugepage_size) == pages)
        sum = add (sum, round_up (vm->memory, pages->size));
    }
  return sum;
}

static void
judge_hugepages (TernCase *c)
{
  const TernVm *vm = c->judge->question.vm;
  const TernHugepages *pages = NULL;
  guint64 need = vm->memory, have = 0, size = vm->hugepage_size;
  g_autofree char *size_kib = NULL, *need_mib = NULL, *free_mib = NULL;

  if (!vm->hugepages || c->facts->hugepages == NULL)
    return;
  pages = find_pages (c->facts->hugepages, vm->hugepage_size);
  if (pages != NULL && pages->size > 0)
    {
      size = pages->size;
      need = round_up (vm->memory, size);
      have = sub (mul (size, pages->free), sum_page_arrivals (c, pages));
    }
  if ((pages != NULL && need <= have) || !tern_case_found (c, TERN_SEVERITY_BLOCKS))
    return;

  size_kib = size > 0 ? g_strdup_printf ("%" G_GUINT64_FORMAT, size / 1024) : g_strdup ("default");
  need_mib = g_strdup_printf ("%" G_GUINT64_FORMAT, mib_rounded_up (need));
  free_mib = g_strdup_printf ("%" G_GUINT64_FORMAT, have / MIB);
  tern_case_add (
      c, "memory.hugepages",
      g_strdup_printf ("%s needs %s MiB in huge pages (%s KiB each) and %s has %s MiB of "
                       "them free after moves under way",
                       c->judge->shown, need_mib, size_kib, c->host->config->name, free_mib),
      g_strdup_printf ("“virsh allocpages” on %s, or vm.nr_hugepages there", c->host->config->name),
      "size", size_kib, "need", need_mib, "free", free_mib, NULL);
}

void
tern_rules_of_memory (TernCase *c)
{
  /* What a silent host last said of its memory is no help. */
  if (c->facts == NULL || c->host->state != TERN_HOST_UP
      || (!c->elsewhere && c->judge->question.act == TERN_ACT_MOVE))
    return;
  if (!c->judge->question.without_room)
    judge_memory (c);
  judge_hugepages (c);
}
