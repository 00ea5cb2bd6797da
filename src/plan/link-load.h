/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** A move needs about so long until its memory goes over; one more begins so long before a link
 * would be idle. */
#define TERN_LINK_LEAD_US (2 * G_USEC_PER_SEC)
/** So long a copy runs before its rate says what it will take. */
#define TERN_LINK_SETTLED_US (5 * G_USEC_PER_SEC)
/** Where no link says more, the next move away from a host begins so long after the one before, or
 * when that copies. */
#define TERN_LINK_APART_US (2 * G_USEC_PER_SEC)
/** A guest of which it is not known yet is taken to write so much. */
#define TERN_LINK_DIRTY_BPS 10000000.0
/** A guest that writes more than this part of what goes over is slowed down. */
#define TERN_LINK_DIRTY_MOST 0.75
/** At most so many moves over a link, however little they take: each holds a call to the hypervisor
 * open. */
#define TERN_LINK_MOVES_MAX 16
/** So many where nothing is known of a link. */
#define TERN_LINK_MOVES_UNKNOWN 2
/** One move takes about so much at most, if nothing else was seen: QEMU sends by one thread. */
#define TERN_LINK_STREAM_BPS 1250000000.0
/** One that sent so many times its memory is late: it does not keep a second one waiting. */
#define TERN_LINK_LATE 2

/**
 * TernLinkUse: what one move under way takes of a link
 * @copying: its memory goes over; otherwise it is about to begin
 * @ending: its memory is over: what it took others will take, but do not show yet
 * @settled: it has copied for %TERN_LINK_SETTLED_US
 * @late: it takes longer than it should, and nobody knows how long
 * @rate: bytes per second it takes now
 * @expected: that it may take when nothing else is in its way
 * @left: bytes that it has still to send, with what is written meanwhile
 */
typedef struct
{
  gboolean copying;
  gboolean ending;
  gboolean settled;
  gboolean late;
  double rate;
  double expected;
  double left;
} TernLinkUse;

/** TernLinkLoad: all of them together; begin with zeros */
typedef struct
{
  guint n;
  guint on_time;
  double rate;
  double soon;
  double soon_at_most;
  double left;
  guint n_sending;
  double at_most;      /* bytes per second that these may take */
  double longest;      /* seconds that one of them takes at least */
  double longest_rate; /* that one is expected to take */
} TernLinkLoad;

/**
 * TernLink: one way of one host's link
 * @capacity: bytes per second it carries; 0 if not known
 * @seen: @capacity is only what moves showed: it may carry more
 * @waiting: bytes of all moves that wait for it
 * @wish: bytes per second that the next of them would take
 */
typedef struct
{
  double capacity;
  gboolean seen;
  double waiting;
  double wish;
} TernLink;

/** tern_link_load_add: @use: (nullable): %NULL for one that sends nothing */
void tern_link_load_add (TernLinkLoad *self, const TernLinkUse *use);

/**
 * tern_link_load_has_room:
 *
 * Whether one more move over this link shortens the time until all are over: looks as far ahead as
 * a move takes to prepare. There is room if those that will still copy then leave more than a tenth
 * of the link unused, or if all that is left to send is sent by then. None is made at the cost of
 * one that will be the last to end anyway, and would only end later.
 */
gboolean tern_link_load_has_room (const TernLinkLoad *self, const TernLink *link);

G_END_DECLS
