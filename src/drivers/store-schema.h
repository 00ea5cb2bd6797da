/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/* What is written at the start of the file: "Tern", and the version of the tables. */
#define TERN_STORE_APPLICATION_ID 0x5465726e
#define TERN_STORE_SCHEMA_VERSION 5

/*
 * The tables of the store, and how those of an older version become those of this one.
 */

/** tern_schema_create: makes the tables in an empty file, in one transaction */
gboolean tern_schema_create (sqlite3 *db, GError **error);

/** tern_schema_upgrade: brings the tables of an older version up to this one, in one transaction:
 * when it fails they are as they were. Does nothing to those of this version. */
gboolean tern_schema_upgrade (sqlite3 *db, GError **error);

G_END_DECLS
