#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Steering real migrations by the libvirt driver, without an engine: that each call does what it is
# for, is refused where it must be, and what libvirt shows of a post-copy that broke.

set -eu -o pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/functions.sh"

requires_lab
requires_command ss
use_lab "steer$$"
PROBE=${TOP_BUILDDIR:-$LAB_TESTS/../..}/tests/lab/probe-hypervisor
[[ -x $PROBE ]] || skip_all 'probe-hypervisor is not built'
SCRATCH=$(mktemp -d)
trap 'lab down || true; rm -rf "$SCRATCH"' EXIT

probe() { # NODE COMMAND…
  local node=$1
  shift
  lab exec hub timeout 90 "$PROBE" "$(lab uri "$node")" "$@"
}

uuid_of() { lab virsh "$2" -q domuuid "$1"; } # VM NODE

slow() { # RATE
  lab link node1 migr rate "$1"
  lab link node2 migr rate "$1"
}

# A move in the background. Its options come after the speed.
begin_move() { # UUID FROM TO [BYTES-PER-SECOND OPTION…]
  local uuid=$1 from=$2 to=$3
  shift 3
  probe "$from" migrate "$uuid" "$(lab uri "$to")" "$to-migr" persistent "${@:-0}" >"$SCRATCH/move" 2>&1 &
  echo $! >"$SCRATCH/pid"
  wait_until 10 job_shows "$uuid" "$from" active 1
  wait_until 10 job_is_over "$uuid" "$from" total 0
}

move_has_ended() { ! kill -0 "$(<"$SCRATCH/pid")" 2>/dev/null; }

move_says() { # SECONDS TEXT
  wait_until "$1" move_has_ended
  contains "$(<"$SCRATCH/move")" "$2"
}

job_field() { # UUID NODE FIELD
  local job
  job=$(probe "$2" job "$1")
  sed -n "s/.* $3=\([0-9.]*\).*/\1/p" <<<"$job "
}

job_shows() { [[ $(job_field "$1" "$2" "$3") == "$4" ]]; }  # UUID NODE FIELD VALUE
job_is_over() { (($(job_field "$1" "$2" "$3") > $4)); }     # UUID NODE FIELD VALUE
job_is_under() { (($(job_field "$1" "$2" "$3") < $4)); }    # UUID NODE FIELD VALUE

is_seen() { # UUID NODE TEXT
  local seen
  seen=$(probe "$2" inspect "$1")
  [[ $seen == "inspect: $3 "* ]] || fail "seen on $2: $seen; should be: $3"
}

stands_still() { # VM
  local before
  before=$(lab vm ticks "$1")
  sleep 1.5
  is_equal "$(lab vm ticks "$1")" "$before" "the ticks of $1, which should stand still,"
}

# Without a migration

a_guest_that_writes_is_measured_and_an_idle_one_is_not() {
  local busy idle
  busy=$(probe node1 measure "$BUSY")
  idle=$(probe node1 measure "$IDLE")
  ((${busy#measure: } > 16 << 20 && ${busy#measure: } < 1 << 30)) || fail "busy: $busy"
  ((${idle#measure: } < 8 << 20)) || fail "idle: $idle"
}

what_steers_a_migration_does_nothing_without_one() {
  local before act
  before=$(lab virsh node1 -q migrate-getspeed busy)
  for act in "downtime $BUSY 900" "speed $BUSY 1048576" "speed $BUSY 1048576 postcopy" \
    "postcopy $BUSY" "pause $BUSY" "abort $BUSY"; do
    # shellcheck disable=SC2086
    contains "$(fails probe node1 $act)" 'error NotFound'
  done
  is_equal "$(lab virsh node1 -q migrate-getspeed busy)" "$before" 'the speed of its next migration'
  is_on busy node1
  ticks_go_on busy
}

# Before post-copy

a_speed_holds_and_is_raised_in_mid_copy_and_a_downtime_ends_the_move() {
  slow 80mbit
  begin_move "$BUSY" node1 node2 2097152
  wait_until 10 job_is_over "$BUSY" node1 bps 1000000
  job_is_under "$BUSY" node1 bps 3500000
  probe node1 speed "$BUSY" 0
  wait_until 10 job_is_over "$BUSY" node1 bps 6000000
  lab link node1 migr rate 200mbit
  lab link node2 migr rate 200mbit
  wait_until 30 job_is_over "$BUSY" node1 iteration 2
  probe node1 downtime "$BUSY" 30000
  move_says 40 'migrate: done'
  is_only_on busy node2
  ticks_go_on busy
}

a_pause_in_mid_copy_ends_the_move_and_the_guest_goes_on() {
  slow 80mbit
  begin_move "$BUSY" node2 node1
  is_equal "$(probe node2 pause "$BUSY")" 'pause: done' 'the answer'
  is_seen "$BUSY" node2 'paused (migration)'
  stands_still busy
  contains "$(fails probe node2 let-run "$BUSY")" 'error Refused'
  contains "$(fails probe node2 resume "$BUSY")" 'error Refused'
  slow 200mbit
  move_says 40 'migrate: done'
  is_only_on busy node1
  ticks_go_on busy
}

an_abort_after_a_pause_leaves_the_guest_running_where_it_was() {
  slow 80mbit
  begin_move "$BUSY" node1 node2
  probe node1 pause "$BUSY"
  probe node1 abort "$BUSY"
  move_says 30 'migrate: error'
  is_only_on busy node1
  ticks_go_on busy
}

a_guest_is_slowed_down_and_its_pages_are_compressed() {
  slow 200mbit
  begin_move "$BUSY" node1 node2 0 auto-converge compression=xbzrle
  contains "$(lab virsh node1 -q domjobinfo busy)" 'Compression cache'
  wait_until 40 job_is_over "$BUSY" node1 throttle 9
  probe node1 downtime "$BUSY" 30000
  move_says 40 'migrate: done'
  is_only_on busy node2
  ticks_go_on busy
}

connections_to() { # NODE ADDRESS
  lab exec "$1" ss -tnH state established dst "$2" | grep -c ':491[5-9][0-9]'
}

a_move_over_two_connections_has_two() {
  slow 80mbit
  begin_move "$IDLE" node1 node2 0 parallel=2
  # One for what is not memory.
  is_equal "$(connections_to node1 198.51.100.12)" 3 'the number of connections'
  slow 400mbit
  move_says 40 'migrate: done'
  is_only_on idle node2
  ticks_go_on idle
}

# Post-copy

begin_postcopy() { # UUID FROM TO
  slow 400mbit
  begin_move "$1" "$2" "$3" 0 postcopy
  wait_until 30 job_is_over "$1" "$2" iteration 1
  slow 80mbit
  probe "$2" postcopy "$1"
  # The answer comes before the guest has gone over.
  wait_until 10 is_seen "$1" "$2" 'paused (postcopy)'
  wait_until 10 is_seen "$1" "$3" 'running (postcopy)'
}

post_copy_lets_the_guest_run_on_the_destination() {
  local before
  before=$(lab vm ticks busy)
  begin_postcopy "$BUSY" node2 node1
  contains "$(fails probe node2 abort "$BUSY")" 'error Refused'
  contains "$(fails probe node2 pause "$BUSY")" 'error Refused'
  contains "$(fails probe node2 let-run "$BUSY")" 'error Refused'
  contains "$(fails probe node2 discard "$BUSY")" 'error Refused'
  is_equal "$(probe node2 postcopy "$BUSY")" 'postcopy: done' 'the answer to a second order'
  probe node2 speed "$BUSY" 4194304 postcopy
  is_equal "$(lab virsh node2 -q migrate-getspeed busy --postcopy)" 4 'the speed of post-copy'
  job_is_over "$BUSY" node2 page-requests 0
  probe node2 speed "$BUSY" 0 postcopy
  slow 400mbit
  move_says 40 'migrate: done'
  is_only_on busy node1
  (($(lab vm ticks busy) >= before))
  ticks_go_on busy
}

post_copy_needs_a_move_that_was_begun_for_it() {
  slow 80mbit
  begin_move "$BUSY" node1 node2
  contains "$(fails probe node1 postcopy "$BUSY")" 'error Refused'
  is_seen "$BUSY" node1 'running'
  probe node1 abort "$BUSY"
  move_says 30 'migrate: error'
  ticks_go_on busy
}

a_link_that_is_cut_for_a_while_breaks_no_post_copy() {
  begin_postcopy "$BUSY" node1 node2
  lab link node1 migr down
  stands_still busy
  is_seen "$BUSY" node1 'paused (postcopy)'
  is_seen "$BUSY" node2 'running (postcopy)'
  lab link node1 migr up
  slow 400mbit
  move_says 60 'migrate: done'
  is_only_on busy node2
  ticks_go_on busy
}

# With an idle guest that has run on for a while: then the pages it uses are there. Otherwise its CPU
# may wait for a page and keep QEMU's lock meanwhile, as emulated CPUs do (QEMU 7.2): then QEMU
# answers nobody, and whoever takes the migration up waits for ever.
begin_quiet_postcopy() { # UUID VM FROM TO
  slow 80mbit
  # So little that it lasts, beside the pages that the guest asks for.
  begin_move "$1" "$3" "$4" 0 postcopy postcopy-speed=1048576
  probe "$3" postcopy "$1"
  wait_until 10 is_seen "$1" "$4" 'running (postcopy)'
  lab vm wait "$2" 2
  is_seen "$1" "$3" 'paused (postcopy)'
}

# As QEMU does by itself when TCP has given up, or a person. Only the source can be told: libvirt would
# make the destination wait for its own end.
break_postcopy() { lab virsh "$2" -q domjobabort "$1" --postcopy; } # VM SOURCE

# The destination learns of the end only over the link that is cut. Until then the call does not end,
# and no other may take the migration up.
a_post_copy_that_broke_is_taken_up_again() {
  local again=(migrate "$IDLE" "$(lab uri node1)" node1-migr persistent 0 postcopy resume
    postcopy-speed=104857600)
  begin_quiet_postcopy "$IDLE" idle node2 node1
  lab link node2 migr down
  break_postcopy idle node2
  wait_until 10 is_seen "$IDLE" node2 'paused (postcopy-failed)'
  is_seen "$IDLE" node1 'running (postcopy)'
  contains "$(fails probe node2 "${again[@]}")" 'libvirt error 55'
  ! move_has_ended || fail 'the call ended'

  lab link node2 migr up
  move_says 60 'error Failed'
  is_seen "$IDLE" node2 'paused (postcopy-failed)'
  is_seen "$IDLE" node1 'running (postcopy-failed)'
  contains "$(fails probe node2 let-run "$IDLE")" 'error Refused'
  contains "$(fails probe node2 discard "$IDLE")" 'error Refused'
  contains "$(fails probe node2 abort "$IDLE")" 'error Refused'

  slow 400mbit
  contains "$(probe node2 "${again[@]}")" 'migrate: done'
  is_only_on idle node1
  is_seen "$IDLE" node1 'running (migrated)'
  ticks_go_on idle
  is_equal "$(lab vm boots idle)" 1 'the number of boots'
}

# Two copies

a_leftover_runs_or_goes_as_a_person_decides() {
  local uuid
  lab vm xml twin >"$SCRATCH/twin.xml"
  lab virsh node3 -q create --paused "$SCRATCH/twin.xml"
  uuid=$(uuid_of twin node3)
  contains "$(fails probe node3 resume "$uuid")" 'error Refused'
  contains "$(fails probe node3 discard "$uuid")" 'error Refused'
  is_equal "$(probe node3 let-run "$uuid")" 'let-run: done' 'the answer'
  is_on twin node3
  is_equal "$(probe node3 let-run "$uuid")" 'let-run: done' 'the answer of one that runs'
  lab virsh node3 -q define "$SCRATCH/twin.xml"
  is_equal "$(probe node3 remove-copy "$uuid")" 'remove-copy: done' 'the answer'
  is_in_state twin node3 'shut off'
  contains "$(fails probe node3 let-run "$uuid")" 'error Refused'
  is_equal "$(probe node3 remove-copy "$uuid" definition)" 'remove-copy: done' 'the answer'
  is_equal "$(lab vm where twin)" '' 'where twin is'
  is_equal "$(probe node3 remove-copy "$uuid" definition)" 'remove-copy: done' 'the answer of none'
}

# libvirt waits without an end for a QEMU that is stopped.
a_guest_that_hangs_keeps_nobody_from_the_others() {
  local line QUIET
  lab vm start quiet --on node2
  QUIET=$(uuid_of quiet node2)
  coproc { probe node2 shell; }
  local pid=$COPROC_PID in=${COPROC[0]} out=${COPROC[1]}
  echo connect >&"$out"
  read -r -t 10 line <&"$in"
  slow 80mbit
  begin_move "$BUSY" node2 node1
  lab fault node2 qemu busy stop
  echo "job $BUSY" >&"$out"
  until [[ $line == *'job: error TimedOut'* ]]; do read -r -t 20 line <&"$in"; done
  echo "job $QUIET" >&"$out"
  until [[ $line == *'job: active=0'* ]]; do read -r -t 8 line <&"$in"; done
  lab fault node2 qemu busy cont
  # Given up with the thread that hung, what it brought back is not told.
  echo "job $BUSY" >&"$out"
  until [[ $line == *'job: active=1'* ]]; do read -r -t 20 line <&"$in"; done
  probe node2 abort "$BUSY"
  move_says 30 'migrate: error'
  is_only_on busy node2
  ticks_go_on busy
  echo quit >&"$out"
  # It tells of the call that failed.
  wait "$pid" || true
}

lab up
lab vm start busy --on node1 --dirty 64
lab vm start idle --on node1
lab vm wait busy
lab vm wait idle
BUSY=$(uuid_of busy node1)
IDLE=$(uuid_of idle node1)
run_tests a_guest_that_writes_is_measured_and_an_idle_one_is_not \
  what_steers_a_migration_does_nothing_without_one \
  a_speed_holds_and_is_raised_in_mid_copy_and_a_downtime_ends_the_move \
  a_pause_in_mid_copy_ends_the_move_and_the_guest_goes_on \
  an_abort_after_a_pause_leaves_the_guest_running_where_it_was \
  a_guest_is_slowed_down_and_its_pages_are_compressed \
  a_move_over_two_connections_has_two \
  post_copy_lets_the_guest_run_on_the_destination \
  post_copy_needs_a_move_that_was_begun_for_it \
  a_link_that_is_cut_for_a_while_breaks_no_post_copy \
  a_post_copy_that_broke_is_taken_up_again \
  a_leftover_runs_or_goes_as_a_person_decides \
  a_guest_that_hangs_keeps_nobody_from_the_others
