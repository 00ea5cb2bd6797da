/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What tells a daemon's cluster from others: made once, kept, never guessed.
 */
#include "config.h"

#include "daemon/identity.h"

#include "base/error.h"
#include "fake-store.h"
#include "tern-check.h"

static FakeStore *
make_store (void)
{
  g_autoptr (TernClock) clock = tern_clock_new_fake (0);

  return fake_store_new (clock, NULL);
}

static TernIdentity *
load (FakeStore *store)
{
  g_autoptr (GError) error = NULL;
  TernIdentity *identity = tern_identity_load (TERN_STORE (store), &error);

  ck_assert_msg (identity != NULL, "%s", error != NULL ? error->message : "");
  return identity;
}

START_TEST (it_is_made_at_the_first_start_and_kept)
{
  g_autoptr (FakeStore) store = make_store ();
  g_autoptr (TernIdentity) first = load (store);
  g_autoptr (TernIdentity) again = load (store);

  ck_assert (g_uuid_string_is_valid (first->cluster_id));
  ck_assert_uint_eq (g_bytes_get_size (first->plan_key), 32);
  ck_assert_str_eq (first->cluster_id, again->cluster_id);
  ck_assert (g_bytes_equal (first->plan_key, again->plan_key));
}
END_TEST

START_TEST (two_daemons_have_two)
{
  g_autoptr (FakeStore) here = make_store ();
  g_autoptr (FakeStore) there = make_store ();
  g_autoptr (TernIdentity) one = load (here);
  g_autoptr (TernIdentity) other = load (there);

  ck_assert_str_ne (one->cluster_id, other->cluster_id);
  ck_assert (!g_bytes_equal (one->plan_key, other->plan_key));
}
END_TEST

START_TEST (one_that_is_damaged_is_refused_and_not_made_anew)
{
  static const char *const bad[][2] = {
    { "cluster-id", "" },
    { "cluster-id", "node1" },
    { "plan-key", "" },
    { "plan-key", "c2hvcnQ=" },
    { "plan-key", "not base64 at all, and of 44 characters: ###" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (FakeStore) store = make_store ();
      g_autoptr (GError) error = NULL;
      g_autofree char *kept = NULL;

      tern_identity_free (load (store));
      ck_assert (tern_store_save_text (TERN_STORE (store), bad[i][0], bad[i][1], NULL));
      ck_assert_ptr_null (tern_identity_load (TERN_STORE (store), &error));
      ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_STORE));
      kept = tern_store_load_text (TERN_STORE (store), bad[i][0], NULL);
      ck_assert_str_eq (kept, bad[i][1]);
    }
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("identity",
  tcase_add_test (tcase, it_is_made_at_the_first_start_and_kept);
  tcase_add_test (tcase, two_daemons_have_two);
  tcase_add_test (tcase, one_that_is_damaged_is_refused_and_not_made_anew);
)
/* clang-format on */
