/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernDrainDocument: a plan of a drain or a return, as far as it is shown
 * @text: all of it, as the daemon gave it
 * @returning: it is of a return
 * @hosts: (array zero-terminated=1): that would be emptied, or filled again
 * @deadline_us: wall time; 0 for none
 * @items: aa{sv}, as Items of a Task has them
 * @makespan_us: until the last is over; 0 if that is not known
 * @highest_permille: use of the fullest open host afterwards
 */
typedef struct
{
  char *text;
  gboolean returning;
  GStrv hosts;
  gint64 deadline_us;
  GVariant *items;
  gint64 makespan_us;
  guint highest_permille;
} TernDrainDocument;

/** tern_drain_document_read: @text: docs/api.md has its form. Returns: (transfer full) (nullable)
 */
TernDrainDocument *tern_drain_document_read (const char *text, GError **error);
void tern_drain_document_free (TernDrainDocument *self);

/** tern_drain_document_print: the plan for people */
void tern_drain_document_print (const TernDrainDocument *self);
/** tern_drain_document_print_json: the document itself, on stdout */
void tern_drain_document_print_json (const TernDrainDocument *self);

/** tern_drain_document_save: keeps it in @file, which only its owner can read, whole or not at all
 */
gboolean tern_drain_document_save (const TernDrainDocument *self, const char *file, GError **error);

/** tern_drain_document_load: what was kept in @file, unread. Returns: (transfer full) (nullable) */
char *tern_drain_document_load (const char *file, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernDrainDocument, tern_drain_document_free)

G_END_DECLS
