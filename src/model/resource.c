/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a host offers to VMs besides CPUs and memory.
 */
#include "config.h"

#include "model/resource.h"

#include "model/list.h"

TernNetwork *
tern_network_new (const char *name, gboolean active)
{
  TernNetwork *self = g_new0 (TernNetwork, 1);

  self->name = g_strdup (name);
  self->active = active;
  return self;
}

void
tern_network_free (TernNetwork *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_strfreev (self->portgroups);
  g_free (self);
}

gboolean
tern_network_equal (const TernNetwork *a, const TernNetwork *b)
{
  return g_strcmp0 (a->name, b->name) == 0 && a->active == b->active
         && tern_strv_equal0 (a->portgroups, b->portgroups);
}

TernPool *
tern_pool_new (const char *name, const char *type)
{
  TernPool *self = g_new0 (TernPool, 1);

  self->name = g_strdup (name);
  self->type = g_strdup (type);
  return self;
}

void
tern_pool_free (TernPool *self)
{
  if (self == NULL)
    return;

  g_free (self->name);
  g_free (self->type);
  g_free (self->path);
  g_free (self->source);
  g_strfreev (self->volumes);
  g_free (self);
}

gboolean
tern_pool_equal (const TernPool *a, const TernPool *b)
{
  return g_strcmp0 (a->name, b->name) == 0 && g_strcmp0 (a->type, b->type) == 0
         && a->active == b->active && g_strcmp0 (a->path, b->path) == 0
         && g_strcmp0 (a->source, b->source) == 0 && a->remote == b->remote
         && tern_strv_equal0 (a->volumes, b->volumes);
}
