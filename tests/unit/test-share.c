/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who may take how much of which link. That a division is max-min fair is seen at each move by
 * itself: it has what it wants, or one of its links is full and nobody there has more for its
 * weight (Bertsekas and Gallager, Data Networks, 6.5.2).
 */
#include "config.h"

#include "plan/queue.h"

#include "tern-check.h"

#define N_HOSTS 6
#define MAX_SHARES 24
#define MIB (G_GUINT64_CONSTANT (1) << 20)

static const char *const names[N_HOSTS] = { "anna", "bert", "carl", "dora", "emil", "fred" };

typedef struct
{
  TernShare shares[MAX_SHARES];
  guint n;
  GHashTable *hosts;
} Scene;

static void
scene_init (Scene *self)
{
  memset (self, 0, sizeof *self);
  self->hosts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
}

static void
scene_clear (Scene *self)
{
  g_hash_table_unref (self->hosts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static void
add_host (Scene *self, const char *name, guint64 bandwidth_bps)
{
  TernQueueHost *host = g_new0 (TernQueueHost, 1);

  host->name = name;
  host->bandwidth_bps = bandwidth_bps;
  g_hash_table_insert (self->hosts, (gpointer) name, host);
}

static void
add_share (Scene *self, const char *source, const char *destination, guint weight,
           guint64 wanted_bps)
{
  self->shares[self->n++] = (TernShare){ .source = source,
                                         .destination = destination,
                                         .weight = weight,
                                         .wanted_bps = wanted_bps,
                                         .share_bps = 4711 };
}

static guint64
get_bandwidth (const Scene *self, const char *name)
{
  const TernQueueHost *host = g_hash_table_lookup (self->hosts, name);

  return host != NULL ? host->bandwidth_bps : 0;
}

static gboolean
goes_over (const TernShare *share, const char *name)
{
  return g_str_equal (share->source, name) || g_str_equal (share->destination, name);
}

static guint64
sum_over (const Scene *self, const char *name)
{
  guint64 sum = 0;

  for (guint i = 0; i < self->n; i++)
    sum += goes_over (&self->shares[i], name) ? self->shares[i].share_bps : 0;
  return sum;
}

/* But for the bytes that rounding leaves: less than one for each unit of weight and move. */
static gboolean
is_full (const Scene *self, const char *name)
{
  guint64 bandwidth = get_bandwidth (self, name);

  return bandwidth > 0 && bandwidth - sum_over (self, name) <= MAX_SHARES;
}

static gboolean
is_largest_on (const Scene *self, const TernShare *share, const char *name)
{
  for (guint i = 0; i < self->n; i++)
    {
      const TernShare *other = &self->shares[i];

      if (goes_over (other, name)
          && (double) other->share_bps / other->weight
                 > (double) share->share_bps / share->weight + MAX_SHARES)
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_stopped_by (const Scene *self, const TernShare *share, const char *name)
{
  return is_full (self, name) && is_largest_on (self, share, name);
}

static void
check_share (const Scene *self, const TernShare *share)
{
  gboolean limited = get_bandwidth (self, share->source) > 0
                     || get_bandwidth (self, share->destination) > 0 || share->wanted_bps > 0;

  ck_assert ((share->share_bps > 0) == limited);
  if (share->wanted_bps > 0)
    ck_assert_uint_le (share->share_bps, share->wanted_bps);
  if (!limited || share->share_bps == share->wanted_bps)
    return;
  ck_assert (is_stopped_by (self, share, share->source)
             || is_stopped_by (self, share, share->destination));
}

static void
random_scene (Scene *self, GRand *rand)
{
  static const guint weights[] = { 1, 2, 4 };
  guint n = g_rand_int_range (rand, 0, MAX_SHARES + 1);

  scene_init (self);
  for (guint i = 0; i < N_HOSTS; i++)
    if (g_rand_int_range (rand, 0, 3) > 0)
      add_host (self, names[i],
                g_rand_boolean (rand) ? (guint64) g_rand_int_range (rand, 1000, G_MAXINT) * 60 : 0);
  for (guint i = 0; i < n; i++)
    {
      guint source = g_rand_int_range (rand, 0, N_HOSTS);
      guint64 wanted = g_rand_boolean (rand) ? (guint64) g_rand_int (rand) * 4 + 1 : 0;

      add_share (self, names[source],
                 names[(source + g_rand_int_range (rand, 1, N_HOSTS)) % N_HOSTS],
                 weights[g_rand_int_range (rand, 0, 3)], wanted);
    }
}

START_TEST (no_link_carries_too_much_and_nobody_could_have_more_but_from_one_with_less)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (21);

  for (guint round = 0; round < 20000; round++)
    {
      g_auto (Scene) scene;

      random_scene (&scene, rand);
      tern_share_links (scene.shares, scene.n, scene.hosts);
      for (guint i = 0; i < N_HOSTS; i++)
        if (get_bandwidth (&scene, names[i]) > 0)
          ck_assert_uint_le (sum_over (&scene, names[i]), get_bandwidth (&scene, names[i]));
      for (guint i = 0; i < scene.n; i++)
        check_share (&scene, &scene.shares[i]);
    }
}
END_TEST

START_TEST (the_order_of_the_moves_does_not_matter)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (22);

  for (guint round = 0; round < 2000; round++)
    {
      g_auto (Scene) scene;
      TernShare turned[MAX_SHARES];

      random_scene (&scene, rand);
      for (guint i = 0; i < scene.n; i++)
        turned[i] = scene.shares[scene.n - 1 - i];
      tern_share_links (scene.shares, scene.n, scene.hosts);
      tern_share_links (turned, scene.n, scene.hosts);
      for (guint i = 0; i < scene.n; i++)
        ck_assert_uint_eq (turned[i].share_bps, scene.shares[scene.n - 1 - i].share_bps);
    }
}
END_TEST

START_TEST (without_limits_nobody_is_limited)
{
  g_auto (Scene) scene;

  scene_init (&scene);
  add_host (&scene, "anna", 0);
  add_share (&scene, "anna", "bert", 2, 0);
  add_share (&scene, "anna", "carl", 2, 50 * MIB);
  tern_share_links (scene.shares, scene.n, scene.hosts);
  ck_assert_uint_eq (scene.shares[0].share_bps, 0);
  ck_assert_uint_eq (scene.shares[1].share_bps, 50 * MIB);
}
END_TEST

START_TEST (weights_divide_and_what_one_does_not_want_others_get)
{
  g_auto (Scene) scene;

  scene_init (&scene);
  add_host (&scene, "anna", 700 * MIB);
  add_share (&scene, "anna", "bert", 1, 0);
  add_share (&scene, "anna", "carl", 2, 0);
  add_share (&scene, "dora", "anna", 4, 0);
  tern_share_links (scene.shares, scene.n, scene.hosts);
  ck_assert_uint_eq (scene.shares[0].share_bps, 100 * MIB);
  ck_assert_uint_eq (scene.shares[1].share_bps, 200 * MIB);
  ck_assert_uint_eq (scene.shares[2].share_bps, 400 * MIB);

  scene.shares[2].wanted_bps = 100 * MIB;
  tern_share_links (scene.shares, scene.n, scene.hosts);
  ck_assert_uint_eq (scene.shares[0].share_bps, 200 * MIB);
  ck_assert_uint_eq (scene.shares[1].share_bps, 400 * MIB);
  ck_assert_uint_eq (scene.shares[2].share_bps, 100 * MIB);
}
END_TEST

START_TEST (what_a_narrow_destination_leaves_the_others_take)
{
  g_auto (Scene) scene;

  scene_init (&scene);
  add_host (&scene, "anna", 1000 * MIB);
  add_host (&scene, "bert", 100 * MIB);
  add_share (&scene, "anna", "bert", 2, 0);
  add_share (&scene, "anna", "carl", 2, 0);
  add_share (&scene, "dora", "bert", 2, 0);
  tern_share_links (scene.shares, scene.n, scene.hosts);
  ck_assert_uint_eq (scene.shares[0].share_bps, 50 * MIB);
  ck_assert_uint_eq (scene.shares[1].share_bps, 950 * MIB);
  ck_assert_uint_eq (scene.shares[2].share_bps, 50 * MIB);
}
END_TEST

TERN_CHECK_MAIN (
    "share",
    tcase_add_test (tcase,
                    no_link_carries_too_much_and_nobody_could_have_more_but_from_one_with_less);
    tcase_add_test (tcase, the_order_of_the_moves_does_not_matter);
    tcase_add_test (tcase, without_limits_nobody_is_limited);
    tcase_add_test (tcase, weights_divide_and_what_one_does_not_want_others_get);
    tcase_add_test (tcase, what_a_narrow_destination_leaves_the_others_take);)
