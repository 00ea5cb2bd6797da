#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Daemons die in the middle of a move, ours and libvirt's: the guest runs exactly once
# afterwards, and the task says what really happened.
set -eu -o pipefail
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/virtern.sh"
requires_virtern
use_virtern_lab restart

# A move of web01 that takes long enough to be disturbed: some 12 s on this link.
begin_slow_move() { # FROM TO
  lab link "$1" migr rate 150mbit
  virtern migrate web01 --to "$2" --no-wait
  id=$(newest_task)
  wait_until 30 task_is "$id" phase copying
}

end_slow_link() { lab link "$1" migr clear; }

the_move_is_over_on() { # NODE
  # Straight from libvirt: no job on either side.
  [[ $(lab virsh "$1" domjobinfo web01 2>/dev/null | awk '/Job type/ { print $3 }') == None ]]
}

a_move_goes_on_without_us_and_is_adopted() {
  begin_slow_move node1 node2
  kill_virternd
  is_in_state web01 node1 running
  start_virternd
  wait_until 20 task_is "$id" phase copying
  end_slow_link node1
  wait_until 60 task_has_ended "$id"
  is_equal "$(task_field "$id" state)" 'done' 'the state of the task'
  is_equal "$(task_field "$id" progress)" 100 'the progress of the task'
  is_only_on web01 node2
  ticks_go_on web01
  is_equal "$(virtern --json task list | jq length)" 1 'the number of tasks'
}

a_move_that_ended_while_we_were_away_is_told_as_it_ended() {
  begin_slow_move node2 node1
  kill_virternd
  end_slow_link node2
  wait_until 60 is_only_on web01 node1
  start_virternd
  wait_until 60 task_has_ended "$id"
  is_equal "$(task_field "$id" state)" 'done' 'the state of the task'
  ticks_go_on web01
}

a_move_that_was_aborted_while_we_were_away_is_told_as_failed() {
  begin_slow_move node1 node2
  kill_virternd
  lab virsh node1 domjobabort web01
  wait_until 30 the_move_is_over_on node1
  start_virternd
  wait_until 60 task_has_ended "$id"
  end_slow_link node1
  is_equal "$(task_field "$id" state)" failed 'the state of the task'
  contains "$(task_field "$id" verdict)" 'web01 runs on node1, where it was'
  is_only_on web01 node1
  ticks_go_on web01
}

a_cancel_that_was_asked_for_before_we_died_is_carried_out_after() {
  begin_slow_move node1 node2
  virtern task cancel "$id" --no-wait
  kill_virternd
  start_virternd
  wait_until 60 task_has_ended "$id"
  end_slow_link node1
  is_equal "$(task_field "$id" state)" cancelled 'the state of the task'
  is_only_on web01 node1
  ticks_go_on web01
}

the_source_libvirtd_dies_and_the_guest_stays() {
  begin_slow_move node1 node2
  lab fault node1 libvirtd kill
  lab fault node1 libvirtd start
  wait_until 90 task_has_ended "$id"
  end_slow_link node1
  is_equal "$(task_field "$id" state)" failed 'the state of the task'
  wait_until 30 is_only_on web01 node1
  ticks_go_on web01
}

the_destination_libvirtd_dies_and_the_guest_stays() {
  begin_slow_move node1 node2
  lab fault node2 libvirtd kill
  lab fault node2 libvirtd start
  wait_until 120 task_has_ended "$id"
  end_slow_link node1
  is_equal "$(task_field "$id" state)" failed 'the state of the task'
  wait_until 30 is_only_on web01 node1
  ticks_go_on web01
}

the_next_move_works() {
  wait_until 60 host_is node1 up
  wait_until 60 host_is node2 up
  virtern migrate web01 --to node2
  is_only_on web01 node2
  ticks_go_on web01
  is_equal "$(lab vm boots web01)" 1 'the number of boots of web01'
}

no_sanitizer_has_anything_to_say() { stop_virternd; }

lab up --nodes 2
start_bus
start_virternd
add_nodes >/dev/null
lab vm start web01 --on node1 --memory 192
lab vm wait web01
wait_until 10 vm_is_known_on web01 node1
run_tests a_move_goes_on_without_us_and_is_adopted \
  a_move_that_ended_while_we_were_away_is_told_as_it_ended \
  a_move_that_was_aborted_while_we_were_away_is_told_as_failed \
  a_cancel_that_was_asked_for_before_we_died_is_carried_out_after \
  the_source_libvirtd_dies_and_the_guest_stays \
  the_destination_libvirtd_dies_and_the_guest_stays \
  the_next_move_works \
  no_sanitizer_has_anything_to_say
