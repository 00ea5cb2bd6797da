#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hosts are emptied and filled again, on real hosts: who leaves and who cannot, and why; plans that
# are kept; what dies in the middle of it; and that no guest is stopped, restarted or runs twice.
# node1 and node3 have the newer CPU; node2 is of an older generation.
set -eu -o pipefail
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/virtern.sh"
. "$(dirname "$0")/faults/outside.sh"
requires_virtern
requires_command python3
use_virtern_lab drain

IMAGES=/var/lib/libvirt/images
MIB=1048576
# What an ordinary guest has; "newer" fits node1 and node3 only, as "busy" does.
MEMORY=96
THREE='web01 web02 newer'
SIX="$THREE media locked busy"

# The stage

set_stage() {
  lab up --cpu node1=new,node2=old,node3=new
  lab exec node1 truncate -s 1M $IMAGES/tools.iso
}

start_guests() {
  local starting=() pid
  start_guest web01 --cpu Nehalem & starting+=($!)
  start_guest web02 --cpu Nehalem & starting+=($!)
  start_guest newer & starting+=($!)
  start_guest media --cpu Nehalem --cdrom $IMAGES/tools.iso & starting+=($!)
  start_guest locked --cpu Nehalem & starting+=($!)
  lab vm start busy --on node1 --dirty 36 & starting+=($!)
  for pid in "${starting[@]}"; do wait "$pid"; done
}

start_guest() { # NAME [OPTIONS]
  lab vm start "$1" --on node1 --memory $MEMORY "${@:2}"
}

configure() {
  printf '[drain]\nshutdown-timeout = 10\n' >"$(daemon_dir)/virternd.conf"
}

start_daemon() { start_virternd --config "$(daemon_dir)/virternd.conf"; }

# It ends with its standard input.
start_receiver() {
  local dir
  dir=$(daemon_dir)
  mkfifo "$dir/receiver.in"
  exec 8<>"$dir/receiver.in"
  lab exec hub python3 "$LAB_TESTS/../unit/receiver.py" --log "$dir/told" \
    <"$dir/receiver.in" >"$dir/receiver.port" 2>"$dir/receiver.log" 8>&- &
  wait_until 10 test -s "$dir/receiver.port"
}

# Drains and their VMs

# Begins something that is a task, and prints its id.
begin() { virtern --json "$@" --no-wait | jq .id; } # COMMAND…

items() { virtern --json task show "$1" | jq -r ".items[] | $2"; } # TASK JQ_FILTER

item() { # TASK VM JQ_FILTER
  virtern --json task show "$1" | jq -r --arg vm "$2" ".items[] | select(.vm == \$vm) | $3"
}

codes() { item "$1" "$2" '[.reasons[].code] | unique | join(" ")'; } # TASK VM

has_moving() { [[ -n $(child "$1" copying "${2:-}") ]]; } # DRAIN [DESTINATION]

# The name of a VM whose task of that drain is in that phase.
child() { # DRAIN PHASE [DESTINATION]
  virtern --json task list --flat --limit 100 |
    jq -r --argjson drain "$1" --arg phase "$2" --arg to "${3:-}" '[.[] | select(.parent == $drain and .phase == $phase
      and ($to == "" or .destination == $to))][0].vm // empty'
}

has_ended_as() { # TASK STATE
  wait_until 120 task_has_ended "$1"
  [[ $(task_field "$1" state) == "$2" ]] || fail "$(virtern task show "$1")"
}

duty_is() { # HOST DUTY
  is_equal "$(virtern --json host show "$1" | jq -r .duty)" "$2" "the duty of $1"
}

# No copy beside the one that runs, no stop, no second boot.
all_run_on() { # NODE VM…
  local vm
  for vm in "${@:2}"; do is_only_on "$vm" "$1"; done
  all_went_on "${@:2}"
}

all_left() { # NODE VM…
  local vm
  for vm in "${@:2}"; do
    is_equal "$(lab vm where "$vm" | grep -c running)" 1 "the number of copies of $vm that run"
    ! is_on "$vm" "$1" 2>/dev/null || fail "$vm has not left $1"
    is_equal "$(lab vm where "$vm" | wc -l)" 1 "the number of nodes that have $vm"
  done
  all_went_on "${@:2}"
}

# Each counts on, at the same time.
all_went_on() { # VM…
  local vm ticking=()
  for vm; do lab vm wait "$vm" & ticking+=($!); done
  for vm in "${ticking[@]}"; do wait "$vm"; done
  for vm; do ticks_rise "$vm"; done
}

# So much of a host can be promised to further VMs: first a GiB, which is less than is really free.
leave_room() { # HOST MIB
  local total rest
  total=$(($(virtern --json host show "$1" | jq '."memory-total"') / MIB))
  virtern host set "$1" --memory-reserve $((total - 1024))
  wait_until 10 has_less "$1" 1024
  rest=$(promisable "$1")
  virtern host set "$1" --memory-reserve $((total - 1024 + rest - $2))
  wait_until 10 has_less "$1" "$2"
}

# What an ordinary guest takes on a host: its memory, and what its QEMU needs.
memory_need() {
  virtern --json check web01 | jq '.[0]."memory-need" / 1048576 | ceil' || (($? == 4))
}

promisable() { virtern --json host show "$1" | jq '."memory-promisable" / 1048576 | floor'; } # HOST

has_less() { (($(promisable "$1") <= $2)); } # HOST MIB

slow() { lab link "$1" migr rate "${2:-80mbit}"; } # NODE [RATE]
fast() { lab link "$1" migr clear; }              # NODE

# Six guests

hosts_and_guests_are_known() {
  local vm
  add_nodes
  for vm in $SIX; do wait_until 20 vm_is_known_on "$vm" node1; done
  virtern webhook add pager "http://127.0.0.1:$(<"$(daemon_dir)/receiver.port")/ok" \
    --events task.ended,drain.remainder
  virtern vm lock locked --reason 'a restore runs'
}

a_dry_run_says_who_goes_where_and_changes_nothing() {
  local said status=0
  virtern --json drain node1 --dry-run >"$(daemon_dir)/six.json" || status=$?
  is_equal $status 1 'the exit status'
  said=$(jq -r '.items[] | select(.state == "left") | "\(.vm) \([.reasons[].code] | unique | join(" "))"' "$(daemon_dir)/six.json")
  is_equal "$said" $'locked vm.locked\nmedia cdrom.local' 'who would be left'
  is_equal "$(planned newer) $(planned busy)" 'node3 node3' 'where the newer ones would go'
  duty_is node1 active
  is_equal "$(virtern --json task list | jq length)" 0 'the number of tasks'
}

planned() { # VM
  jq -r --arg vm "$1" '.items[] | select(.vm == $vm) | .destination' "$(daemon_dir)/six.json"
}

a_drain_ends_with_a_remainder_and_exit_status_1() {
  local status=0
  slow node1 160mbit
  virtern drain node1 --policy careful >"$(daemon_dir)/six.out" 2>"$(daemon_dir)/six.err" || status=$?
  fast node1
  is_equal $status 1 "the exit status ($(<"$(daemon_dir)/six.err"))"
  is_equal "$(newest_drain state)" remainder 'the state of the drain'
  contains "$(<"$(daemon_dir)/six.err")" 'node1 is not drained: 3 VMs are left'
}

newest_drain() { # FIELD
  virtern --json task list --limit 100 | jq -r --arg field "$1" '[.[] | select(.kind == "drain")][0][$field]'
}

who_could_leave_went_where_it_was_planned() {
  local vm id
  id=$(newest_drain id)
  for vm in $THREE; do
    is_equal "$(item "$id" "$vm" .state)" gone "what became of $vm"
    is_equal "$(item "$id" "$vm" .destination)" "$(planned "$vm")" "where $vm went"
    all_run_on "$(planned "$vm")" "$vm"
  done
}

who_could_not_leave_runs_on_and_says_why() {
  local id
  id=$(newest_drain id)
  all_run_on node1 media locked busy
  is_equal "$(items "$id" 'select(.state == "left").vm' | tr '\n' ' ')" 'busy locked media ' 'who is left'
  is_equal "$(codes "$id" media)" cdrom.local 'what keeps media'
  contains "$(item "$id" media '.reasons[].remedy')" eject
  is_equal "$(codes "$id" locked)" vm.locked 'what keeps locked'
  contains "$(item "$id" locked '.reasons[].sentence')" 'a restore runs'
  contains "$(item "$id" locked '.reasons[].remedy')" 'virtern vm unlock'
  contains "$(item "$id" busy '.reasons[].sentence')" 'writes its memory faster than the link takes it'
  contains "$(<"$(daemon_dir)/six.out")" 'busy (node1) could not leave:'
}

nothing_is_placed_on_a_host_that_is_being_drained() {
  duty_is node1 draining
  says 4 node1 virtern migrate newer --to node1
  is_equal "$(refusal newer node1)" host.maintenance 'what keeps newer from node1'
  lab vm define off --on node2 --memory 80 --cpu Nehalem
  wait_until 10 vm_is_known_on off node2
  is_equal "$(refusal off node1)" host.maintenance 'what keeps off from node1'
  lab vm remove off
  contains "$(virtern status)" 'its drain left VMs on it'
}

refusal() { # VM HOST
  { virtern --json check "$1" || (($? == 4)); } |
    jq -r --arg host "$2" '.[] | select(.host == $host) | [.reasons[] | select(.severity == "blocks").code] | join(" ")'
}

webhooks_told_of_each_task_and_of_the_remainder() {
  local id vm
  id=$(newest_drain id)
  wait_until 20 was_told "select(.type == \"org.virtern.drain.remainder\" and .subject == \"task/$id\")"
  for vm in $THREE; do
    wait_until 10 was_told "select(.type == \"org.virtern.task.ended\" and .task == $(item "$id" "$vm" .task))"
  done
  is_equal "$(virtern --json webhook list | jq '.[0].waiting')" 0 'the number of notices that wait'
}

was_told() { [[ -n $(jq -c "$1" "$(daemon_dir)/told") ]]; } # JQ_FILTER

what_was_freed_leaves_when_the_drain_is_resumed() {
  local id
  id=$(newest_drain id)
  lab vm remove busy
  virtern vm unlock locked
  lab virsh node1 -q change-media media hda --eject --force
  wait_until 10 has_no_medium media
  virtern task resume "$id"
  all_left node1 locked media
  duty_is node1 maintenance
  says 4 'drained already' virtern drain node1
  lab vm remove locked
  lab vm remove media
}

has_no_medium() { [[ $(refusal "$1" node3) != *cdrom* ]]; } # VM

# Plans that are kept

all_come_home() { # of THREE
  virtern activate node1 --return
  # shellcheck disable=SC2086  # a list of words
  all_run_on node1 $THREE
  duty_is node1 active
}

a_kept_plan_is_refused_when_edited_or_when_the_ground_has_changed() {
  local plan
  plan=$(daemon_dir)/plan.json
  virtern drain node1 --dry-run --save "$plan"
  sed 's/node2/node3/' "$plan" >"$plan.edited"
  says 2 'changed after it was made' virtern apply "$plan.edited"
  leave_room node3 16
  says 4 node3 virtern apply "$plan"
  virtern host set node3 --memory-reserve default
  duty_is node1 active
}

a_kept_plan_is_carried_out_as_it_is() {
  local vm plan
  plan=$(daemon_dir)/plan.json
  virtern apply "$plan"
  # shellcheck disable=SC2086  # a list of words
  all_left node1 $THREE
  for vm in $THREE; do
    is_only_on "$vm" "$(jq -r --arg vm "$vm" '.moves[] | select(.vm == $vm) | .to' "$plan")"
  done
  duty_is node1 maintenance
}

# Back home

who_has_no_room_at_home_says_so_and_the_next_return_brings_it() {
  local id
  virtern activate node1
  leave_room node1 $(($(memory_need) * 3 / 2))
  virtern activate node1 --return
  id=$(newest_task_of return)
  is_equal "$(items "$id" .state | sort | tr '\n' ' ')" 'gone left left ' 'what became of them'
  is_equal "$(items "$id" 'select(.state == "left").reasons[].code' | sort -u)" memory.short 'why'
  contains "$(items "$id" 'select(.state == "left").reasons[].sentence')" 'MiB short'
  is_equal "$(virtern --json vm list | jq '[.[] | select(.origin == "node1")] | length')" 2 'how many belong on node1'
  virtern host set node1 --memory-reserve default
  all_come_home
}

newest_task_of() { # KIND
  virtern --json task list --limit 100 | jq -r --arg kind "$1" '[.[] | select(.kind == $kind)][0].id'
}

# What dies meanwhile

a_drain_goes_on_after_the_daemon_was_killed() {
  local id
  slow node1
  id=$(begin drain node1)
  wait_until 30 has_moving "$id"
  kill_virternd
  start_daemon
  fast node1
  has_ended_as "$id" 'done'
  # shellcheck disable=SC2086  # a list of words
  all_left node1 $THREE
  duty_is node1 maintenance
}

several_hosts_are_refused_with_numbers_if_the_rest_is_too_small() {
  virtern activate node1
  leave_room node1 $(($(memory_need) * 2))
  says 4 'MiB short' virtern drain node2 node3
  duty_is node2 active
  duty_is node3 active
  virtern host set node1 --memory-reserve default
  # shellcheck disable=SC2086  # a list of words
  all_left node1 $THREE
}

several_hosts_are_drained_together() {
  virtern drain node2 node3
  # shellcheck disable=SC2086  # a list of words
  all_run_on node1 $THREE
  duty_is node2 maintenance
  duty_is node3 maintenance
  says 4 'No open host' virtern drain node1
  virtern activate node2
  virtern activate node3
}

a_cancel_lets_running_moves_end_and_opens_the_host() {
  local id
  slow node1
  virtern host set node1 --limit-out 1
  id=$(begin drain node1)
  wait_until 30 has_moving "$id"
  virtern task cancel "$id" --no-wait || (($? == 3))
  fast node1
  has_ended_as "$id" cancelled
  is_equal "$(items "$id" .state | sort | tr '\n' ' ')" 'gone left left ' 'what became of them'
  duty_is node1 active
  # shellcheck disable=SC2086  # a list of words
  all_went_on $THREE
}

a_drain_that_was_cancelled_is_resumed_and_undone() {
  local id
  slow node1
  id=$(begin task resume "$(newest_drain id)")
  wait_until 30 has_moving "$id"
  fast node1
  virtern task undo "$id"
  is_equal "$(task_field "$id" state)" cancelled 'the state of the drain'
  duty_is node1 active
  # One left before, with the drain that was cancelled.
  virtern activate node1 --return
  virtern host set node1 --limit-out default
  # shellcheck disable=SC2086  # a list of words
  all_run_on node1 $THREE
}

a_drain_goes_on_after_the_libvirtd_of_its_host_was_restarted() {
  local id
  slow node1
  id=$(begin drain node1)
  wait_until 30 has_moving "$id"
  lab fault node1 libvirtd kill
  lab fault node1 libvirtd start
  fast node1
  has_ended_as "$id" 'done'
  # shellcheck disable=SC2086  # a list of words
  all_left node1 $THREE
}

# What was on its way there is known to be where it was only when that host answers again.
a_drain_goes_on_without_a_destination_that_died() {
  local id vm other
  slow node1
  id=$(begin drain node1)
  wait_until 60 has_moving "$id" node3
  vm=$(child "$id" copying node3)
  lab fault node3 libvirtd kill
  lab fault node3 qemu "$vm" kill
  fast node1
  for other in web01 web02; do
    [[ $other == "$vm" ]] || wait_until 60 is_gone_to "$id" "$other" node2
  done
  wait_until 60 note_says "$id" 'node3 does not answer'
  contains "$(task_field "$id" note)" 'it is waited for until'
  ! task_has_ended "$id" || fail "it has ended: $(virtern task show "$id")"
  lab fault node3 libvirtd start
  has_ended_as "$id" 'done'
  # shellcheck disable=SC2086  # a list of words
  all_left node1 $THREE
  duty_is node1 maintenance
}

note_says() { contains "$(task_field "$1" note)" "$2"; } # TASK TEXT

is_gone_to() { # TASK VM HOST
  [[ $(item "$1" "$2" '"\(.state) \(.destination)"') == "gone $3" ]]
}

# Guests that are to be shut down

guests_are_shut_down_only_where_that_was_said_and_never_forced() {
  local id status=0
  # Without ACPI it does not hear that it should end.
  lab vm xml deaf --memory $MEMORY --cpu Nehalem | sed 's,<acpi/>,,' >"$(daemon_dir)/deaf.xml"
  lab virsh node1 -q define "$(daemon_dir)/deaf.xml"
  lab virsh node1 -q start deaf
  lab vm wait deaf
  wait_until 10 vm_is_known_on deaf node1
  virtern --json drain node1 --action web01=cold --action web02=shutdown --action newer=skip \
    --action deaf=cold >/dev/null || status=$?
  is_equal $status 1 'the exit status'
  id=$(newest_drain id)
  is_equal "$(items "$id" '"\(.vm) \(.state)"' | sort)" $'deaf left\nnewer skipped\nweb01 gone\nweb02 skipped' 'what became of them'
  contains "$(item "$id" deaf '.reasons[].sentence')" 'shut down'
  all_run_on node1 deaf newer
}

a_guest_that_was_moved_cold_booted_once_more_elsewhere() {
  ! is_on web01 node1 2>/dev/null || fail 'web01 has not left'
  is_equal "$(lab vm where web01 | wc -l)" 1 'the number of nodes that have web01'
  lab vm wait web01
  is_equal "$(lab vm boots web01)" 2 'the number of boots of web01'
  contains "$(tr -d '\r' <"$(lab_dir)/serial/web01.log")" 'reboot: Power down'
}

a_guest_that_was_shut_down_stays_so_where_it_is() {
  is_equal "$(lab vm where web02)" 'node1 shut off (shutdown)' 'what nodes have of web02'
  is_equal "$(lab vm boots web02)" 1 'the number of boots of web02'
}

nothing_is_left_behind() {
  no_leftovers web01 web02 newer deaf
  is_equal "$(open_tasks)" 0 'the number of open tasks'
}

the_daemon_ends_cleanly() { stop_virternd; }

set_stage
start_guests
start_bus
start_receiver
configure
start_daemon
run_tests hosts_and_guests_are_known \
  a_dry_run_says_who_goes_where_and_changes_nothing \
  a_drain_ends_with_a_remainder_and_exit_status_1 \
  who_could_leave_went_where_it_was_planned \
  who_could_not_leave_runs_on_and_says_why \
  nothing_is_placed_on_a_host_that_is_being_drained \
  webhooks_told_of_each_task_and_of_the_remainder \
  what_was_freed_leaves_when_the_drain_is_resumed \
  all_come_home \
  a_kept_plan_is_refused_when_edited_or_when_the_ground_has_changed \
  a_kept_plan_is_carried_out_as_it_is \
  who_has_no_room_at_home_says_so_and_the_next_return_brings_it \
  a_drain_goes_on_after_the_daemon_was_killed \
  several_hosts_are_refused_with_numbers_if_the_rest_is_too_small \
  several_hosts_are_drained_together \
  a_cancel_lets_running_moves_end_and_opens_the_host \
  a_drain_that_was_cancelled_is_resumed_and_undone \
  a_drain_goes_on_after_the_libvirtd_of_its_host_was_restarted \
  all_come_home \
  a_drain_goes_on_without_a_destination_that_died \
  all_come_home \
  guests_are_shut_down_only_where_that_was_said_and_never_forced \
  a_guest_that_was_moved_cold_booted_once_more_elsewhere \
  a_guest_that_was_shut_down_stays_so_where_it_is \
  nothing_is_left_behind \
  the_daemon_ends_cleanly
