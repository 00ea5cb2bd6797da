/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which options of a move go together: a table, so that what libvirt or QEMU would refuse late, or
 * take and end badly, is said before anything is begun.
 */
#include "config.h"

#include "plan/move-options.h"

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"

#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define VERSION_OF(major, minor) ((major) *1000000 + (minor) *1000)
/* The first libvirt that compresses on several connections. */
#define LIBVIRT_COMPRESSION VERSION_OF (9, 4)
/* The first QEMU in which a VM survives post-copy with several connections. */
#define QEMU_PARALLEL_POSTCOPY VERSION_OF (10, 1)
#define MAX_NAME 64

/* What is judged. */
typedef struct
{
  const TernMoveOptions *options;
  const TernVm *vm;
  const TernHostFacts *source;
  const TernHostFacts *destination;
} Asked;

/* One combination that cannot be. */
typedef struct
{
  TernError code;
  gboolean (*applies) (const Asked *asked);
  const char *sentence;
} Rule;

static gboolean
is_multi_compression (const TernMoveOptions *options)
{
  return options->compression == TERN_COMPRESSION_ZLIB
         || options->compression == TERN_COMPRESSION_ZSTD;
}

/* A host that did not tell its version is not known to be new enough. */
static gboolean
is_older (const TernHostFacts *facts, gboolean qemu, guint64 version)
{
  return facts != NULL && (qemu ? facts->qemu_version : facts->libvirt_version) < version;
}

static gboolean
one_is_older (const Asked *asked, gboolean qemu, guint64 version)
{
  return is_older (asked->source, qemu, version) || is_older (asked->destination, qemu, version);
}

static gboolean
is_too_parallel (const Asked *asked)
{
  return asked->options->parallel > TERN_MOVE_MAX_PARALLEL;
}

static gboolean
is_parallel_xbzrle (const Asked *asked)
{
  return asked->options->parallel > 0 && asked->options->compression == TERN_COMPRESSION_XBZRLE;
}

static gboolean
is_compression_alone (const Asked *asked)
{
  return asked->options->parallel == 0 && is_multi_compression (asked->options);
}

static gboolean
is_low (guint64 bandwidth_bps)
{
  return bandwidth_bps > 0 && bandwidth_bps < MIB;
}

static gboolean
is_bandwidth_low (const Asked *asked)
{
  return is_low (asked->options->bandwidth_bps);
}

static gboolean
is_postcopy_bandwidth_low (const Asked *asked)
{
  return is_low (asked->options->postcopy_bandwidth_bps);
}

static gboolean
is_bandwidth_high (const Asked *asked)
{
  return asked->options->bandwidth_bps > G_MAXINT64
         || asked->options->postcopy_bandwidth_bps > G_MAXINT64;
}

static gboolean
is_compression_too_new (const Asked *asked)
{
  return is_multi_compression (asked->options) && one_is_older (asked, FALSE, LIBVIRT_COMPRESSION);
}

static gboolean
is_parallel_postcopy (const Asked *asked)
{
  return asked->options->parallel > 0 && asked->options->policy == TERN_POLICY_POSTCOPY
         && one_is_older (asked, TRUE, QEMU_PARALLEL_POSTCOPY);
}

static gboolean
is_paused_postcopy (const Asked *asked)
{
  return asked->options->policy == TERN_POLICY_POSTCOPY && asked->vm != NULL
         && asked->vm->state == TERN_VM_PAUSED;
}

static const Rule rules[] = {
  { TERN_ERROR_INVALID_ARGUMENT, is_too_parallel,
    "a move has at most 32 connections; ask for fewer" },
  { TERN_ERROR_INVALID_ARGUMENT, is_parallel_xbzrle,
    "xbzrle does not go with several connections; leave out one of both, or compress by zstd" },
  { TERN_ERROR_INVALID_ARGUMENT, is_compression_alone,
    "zlib and zstd need several connections; ask for some (parallel), or leave the compression "
    "out" },
  { TERN_ERROR_INVALID_ARGUMENT, is_bandwidth_low,
    "the bandwidth is less than 1 MiB/s, which libvirt would take for no limit at all; ask for "
    "more, or leave it out" },
  { TERN_ERROR_INVALID_ARGUMENT, is_postcopy_bandwidth_low,
    "the post-copy bandwidth is less than 1 MiB/s, which libvirt would take for no limit at all; "
    "ask for more, or leave it out" },
  { TERN_ERROR_INVALID_ARGUMENT, is_bandwidth_high,
    "the bandwidth is more than libvirt can count; leave it out for no limit" },
  { TERN_ERROR_REFUSED, is_compression_too_new,
    "zlib and zstd need libvirt 9.4 on both hosts; leave the compression out, or use xbzrle "
    "without several connections" },
  { TERN_ERROR_REFUSED, is_parallel_postcopy,
    "the policy postcopy with several connections needs QEMU 10.1 on both hosts: with an older one "
    "the VM can end shut off; leave out the connections (parallel), or use another policy" },
  { TERN_ERROR_REFUSED, is_paused_postcopy,
    "the policy postcopy is for a VM that runs, and this one is paused; it writes nothing, so use "
    "the policy careful" },
};

static char *
describe_versions (const Asked *asked)
{
  GString *text = g_string_new (NULL);
  const TernHostFacts *const both[] = { asked->source, asked->destination };
  static const char *const roles[] = { "source", "destination" };

  for (guint i = 0; i < G_N_ELEMENTS (both); i++)
    if (both[i] != NULL)
      {
        g_autofree char *libvirt = tern_units_format_version (both[i]->libvirt_version);
        g_autofree char *qemu = tern_units_format_version (both[i]->qemu_version);

        g_string_append_printf (text, "%s%s: libvirt %s, QEMU %s", text->len > 0 ? "; " : "",
                                roles[i], libvirt, qemu);
      }
  return g_string_free (text, FALSE);
}

static void
set_error (GError **error, const Rule *rule, const Asked *asked)
{
  gboolean about_versions =
      rule->applies == is_compression_too_new || rule->applies == is_parallel_postcopy;
  g_autofree char *versions = describe_versions (asked);
  g_autofree char *name =
      asked->vm != NULL ? tern_text_visible (asked->vm->name, MAX_NAME) : g_strdup ("");

  g_set_error (error, TERN_ERROR, rule->code, "%s%s%s%s%s%s", name, asked->vm != NULL ? ": " : "",
               rule->sentence, about_versions ? " (" : "", about_versions ? versions : "",
               about_versions ? ")" : "");
}

gboolean
tern_move_options_check (const TernMoveOptions *options, const TernVm *vm,
                         const TernHostFacts *source, const TernHostFacts *destination,
                         GError **error)
{
  Asked asked = { options, vm, source, destination };

  for (guint i = 0; i < G_N_ELEMENTS (rules); i++)
    if (rules[i].applies (&asked))
      {
        set_error (error, &rules[i], &asked);
        return FALSE;
      }
  return TRUE;
}
