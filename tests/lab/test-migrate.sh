#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Live migration through virternd, on real hosts: that it works, what is told of it, and
# what is refused.
set -eu -o pipefail
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/virtern.sh"
requires_virtern
use_virtern_lab migrate

hosts_are_added_and_come_up() {
  add_nodes
  is_equal "$(virtern --json host list | jq -r '[.[].state] | unique | join(",")')" up 'the state of all hosts'
}

a_host_tells_its_memory_cpus_versions_and_features() {
  local host
  host=$(virtern --json host show node3)
  jq -e '."memory-total" > 1e9 and .cpus >= 1 and ."libvirt-version" >= 9000000
         and ."qemu-version" >= 7000000 and (."cpu-features" | length) > 20' <<<"$host" >/dev/null ||
    fail "$host"
}

an_older_host_lacks_features_that_a_newer_one_has() {
  is_equal "$(virtern --json host show node1 | jq '."cpu-features" | index("aes") == null')" true 'node1 without aes'
  is_equal "$(virtern --json host show node3 | jq '."cpu-features" | index("aes") != null')" true 'node3 with aes'
}

a_guest_that_is_started_beside_us_is_seen() {
  lab vm start web01 --on node1
  lab vm wait web01
  wait_until 10 vm_is_known_on web01 node1
  is_equal "$(virtern --json vm show web01 | jq -r .state)" running 'the state of web01'
}

a_guest_moves_live_and_counts_on() {
  local before id
  before=$(lab vm ticks web01)
  virtern migrate web01 --to node2
  is_only_on web01 node2
  ticks_go_on web01
  (($(lab vm ticks web01) > before))
  is_equal "$(lab vm boots web01)" 1 'the number of boots'
  # The inventory knew before the task was told to be done.
  is_equal "$(virtern --json vm show web01 | jq -r .host)" node2 'the host of web01'
  id=$(newest_task)
  is_equal "$(task_field "$id" state)" 'done' 'the state of the task'
  is_equal "$(task_field "$id" progress)" 100 'the progress of the task'
  (($(task_field "$id" downtime) > 0))
  contains "$(task_field "$id" verdict)" 'seen on node1: not there; on node2: running (migrated)'
}

a_guest_moves_from_an_older_to_a_newer_host_and_back() {
  virtern migrate web01 --to node3
  is_only_on web01 node3
  virtern migrate web01 --to node1
  is_only_on web01 node1
  ticks_go_on web01
}

a_transient_guest_moves_and_leaves_nothing() {
  lab vm start brief --on node1 --transient
  lab vm wait brief
  wait_until 10 vm_is_known_on brief node1
  virtern migrate brief --to node2
  is_only_on brief node2
  ticks_go_on brief
  lab vm remove brief
}

a_guest_with_a_shared_disk_moves_and_its_disk_works_on() {
  lab vm start disky --on node1 --disk nbd
  lab vm wait disky
  wait_until 10 vm_is_known_on disky node1
  is_equal "$(virtern --json vm show disky | jq -r '.disks[0].type')" network 'the type of its disk'
  virtern migrate disky --to node2
  is_only_on disky node2
  ticks_go_on disky
  ! grep disk-error "$(lab_dir)/serial/disky.log" || fail 'its disk refused a write'
  lab vm remove disky
}

a_newer_guest_is_refused_by_an_older_host_and_stays() {
  lab vm start modern --on node3
  lab vm wait modern
  wait_until 10 vm_is_known_on modern node3
  says 4 aes virtern migrate modern --to node1
  is_only_on modern node3
  ticks_go_on modern
  lab vm remove modern
}

what_is_not_there_is_named() {
  says 10 'no VM called “nosuch”' virtern migrate nosuch --to node2
  says 10 'no host called “nosuch”' virtern migrate web01 --to nosuch
  says 10 999999 virtern task show 999999
}

the_host_it_is_on_is_refused() {
  says 4 'web01 is on node1 already' virtern migrate web01 --to node1
}

a_guest_that_is_shut_off_is_refused() {
  lab vm define cold --on node1
  wait_until 10 vm_is_known_on cold node1
  says 4 'cold is shut off on node1' virtern migrate cold --to node2
  lab vm remove cold
}

an_odd_name_is_shown_safely_and_moves() {
  local name=$'sp ace"<&>\'\u202e\u2603;$(x)' shown uuid
  uuid=6f0b8d1c-6d5e-4f7a-9b53-000000000001
  lab vm xml odd --memory 128 >"$(daemon_dir)/odd.xml"
  NAME=$name perl -CSA -pi -e 'BEGIN { $n = $ENV{NAME}; utf8::decode ($n); $n =~ s/&/&amp;/g; $n =~ s/</&lt;/g }
    s,<name>.*</name>,<name>$n</name>,; s,<uuid>.*</uuid>,<uuid>'$uuid'</uuid>,' "$(daemon_dir)/odd.xml"
  lab virsh node1 -q create "$(daemon_dir)/odd.xml"
  wait_until 10 vm_is_known_on $uuid node1
  shown=$(virtern --json vm show $uuid | jq -r .name)
  contains "$shown" '\u{202e}☃'
  virtern migrate "$name" --to node2
  is_equal "$(virtern --json vm show $uuid | jq -r .host)" node2 'its host'
  virtern migrate "$shown" --to node1
  is_equal "$(virtern --json vm show $uuid | jq -r .host)" node1 'its host'
  lab virsh node1 -q destroy $uuid
}

progress_never_falls_and_a_cancel_stops_it() {
  local id percent last=-1 seen=0
  lab vm start busy --on node1 --dirty 64
  lab vm wait busy
  wait_until 10 vm_is_known_on busy node1
  lab link node1 migr rate 80mbit
  virtern migrate busy --to node2 --no-wait
  id=$(newest_task)
  wait_until 30 task_is "$id" phase copying
  # A rate needs two looks at the job: it is not there at the first moment of copying.
  wait_until 10 task_has_rate "$id"
  says 4 "already being moved from node1 to node2 by task $id" virtern migrate busy --to node3
  while ((seen < 20)); do
    percent=$(task_field "$id" progress)
    ((percent >= last && percent <= 99)) || fail "progress went from $last to $percent"
    last=$percent
    seen=$((seen + 1))
  done
  (($(task_field "$id" rate) > 0 && $(task_field "$id" remaining) > 0))
  virtern task cancel "$id" || true
  wait_until 40 task_has_ended "$id"
  is_equal "$(task_field "$id" state)" cancelled 'the state of the task'
  lab link node1 migr clear
  wait_until 10 is_only_on busy node1
  ticks_go_on busy
}

a_cut_link_shows_no_rate_and_the_move_ends_when_it_is_back() {
  local id
  lab link node1 migr rate 80mbit
  virtern migrate busy --to node2 --no-wait
  id=$(newest_task)
  wait_until 30 task_is "$id" phase copying
  wait_until 10 task_has_rate "$id"
  lab link node1 migr down
  wait_until 20 task_is "$id" rate 0
  is_equal "$(task_field "$id" state)" running 'the state of the task'
  lab link node1 migr up
  lab link node1 migr clear
  wait_until 60 task_has_ended "$id"
  is_equal "$(task_field "$id" state)" 'done' 'the state of the task'
  is_only_on busy node2
  virtern migrate busy --to node1
}

task_has_rate() { (($(task_field "$1" rate) > 0)); }

a_guest_that_runs_twice_is_told_and_not_moved() {
  lab vm start double --on node1
  lab vm xml double >"$(daemon_dir)/copy.xml"
  lab virsh node3 -q create "$(daemon_dir)/copy.xml"
  wait_until 10 is_seen_twice double
  says 6 'running on node3' virtern migrate double --to node2
  contains "$(virtern status)" double
  lab vm remove double
}

is_seen_twice() { [[ $(virtern --json vm show "$1" | jq '."seen-on" | length') == 2 ]]; }

after_a_cancel_the_next_move_works() {
  virtern migrate busy --to node2
  is_only_on busy node2
  ticks_go_on busy
  lab vm remove busy
}

a_machine_cannot_be_added_twice() {
  says 1 'this machine is a host already, as node1' virtern host add other "$(lab uri node1)"
  says 1 'a host called node1 already' virtern host add node1 "$(lab uri node1)"
}

an_address_where_nobody_is_answers_in_time_and_hinders_nobody() {
  local began=$SECONDS adding
  says 1 ghost virtern host add ghost qemu+tcp://192.0.2.77/system &
  adding=$!
  virtern migrate web01 --to node2
  wait "$adding"
  ((SECONDS - began <= 12)) || fail "it took $((SECONDS - began)) s"
  is_equal "$(virtern --json host list | jq length)" 3 'the number of hosts'
  is_only_on web01 node2
}

a_malformed_uri_is_refused() {
  says 2 'is not a libvirt URI' virtern host add odd 'not a uri'
}

a_host_that_hangs_is_told_and_hinders_nobody() {
  lab fault node3 libvirtd stop
  wait_until 60 host_is node3 unreachable
  virtern migrate web01 --to node1
  is_on web01 node1
  says 4 'node3 cannot be reached now' virtern migrate web01 --to node3
  lab fault node3 libvirtd cont
  wait_until 60 host_is node3 up
}

a_host_that_is_used_is_not_removed_and_one_that_is_not_is() {
  virtern host remove node3
  says 10 node3 virtern host show node3
  virtern host add node3 "$(lab uri node3)" --migration-address node3-migr
}

the_daemon_ends_cleanly() { stop_virternd; }

lab up
start_bus
start_virternd
run_tests hosts_are_added_and_come_up \
  a_host_tells_its_memory_cpus_versions_and_features \
  an_older_host_lacks_features_that_a_newer_one_has \
  a_guest_that_is_started_beside_us_is_seen \
  a_guest_moves_live_and_counts_on \
  a_guest_moves_from_an_older_to_a_newer_host_and_back \
  a_transient_guest_moves_and_leaves_nothing \
  a_guest_with_a_shared_disk_moves_and_its_disk_works_on \
  a_newer_guest_is_refused_by_an_older_host_and_stays \
  what_is_not_there_is_named \
  the_host_it_is_on_is_refused \
  a_guest_that_is_shut_off_is_refused \
  an_odd_name_is_shown_safely_and_moves \
  progress_never_falls_and_a_cancel_stops_it \
  a_cut_link_shows_no_rate_and_the_move_ends_when_it_is_back \
  a_guest_that_runs_twice_is_told_and_not_moved \
  after_a_cancel_the_next_move_works \
  a_machine_cannot_be_added_twice \
  an_address_where_nobody_is_answers_in_time_and_hinders_nobody \
  a_malformed_uri_is_refused \
  a_host_that_hangs_is_told_and_hinders_nobody \
  a_host_that_is_used_is_not_removed_and_one_that_is_not_is \
  the_daemon_ends_cleanly
