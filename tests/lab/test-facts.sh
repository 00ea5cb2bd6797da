#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the libvirt driver tells of real hosts and VMs, and what it changes in them, without an
# engine: by probe-hypervisor.

set -eu -o pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/functions.sh"

requires_lab
use_lab "facts$$"
PROBE=${TOP_BUILDDIR:-$LAB_TESTS/../..}/tests/lab/probe-hypervisor
[[ -x $PROBE ]] || skip_all 'probe-hypervisor is not built'
SCRATCH=$(mktemp -d)
trap 'lab down || true; rm -rf "$SCRATCH"' EXIT

probe() { # NODE COMMAND…
  local node=$1
  shift
  lab exec hub "$PROBE" "$(lab uri "$node")" "$@"
}

uuid_of() { lab virsh "$2" -q domuuid "$1"; } # VM NODE

fact() { # NODE WHAT
  local facts
  facts=$(probe "$1" facts)
  sed -n "s/^facts: $2=//p" <<<"$facts"
}

definition() { lab virsh "$2" -q dumpxml --inactive --security-info "$1"; } # VM NODE

# Facts

a_host_tells_its_machine_types_with_their_aliases() {
  contains ",$(fact node1 machines)," ,pc,
  contains ",$(fact node1 machines)," ,pc-q35-7.2,
  contains "$(fact node1 virt-types)" qemu
  contains ",$(fact node1 interfaces)," ,br-lab,
}

a_host_tells_the_models_it_can_give() {
  contains ",$(fact node1 cpu-models)," ,Nehalem,
  [[ ,$(fact node1 cpu-models), != *,Haswell,* ]]
  contains "$(probe node1 facts)" 'max-vcpus=288'
}

networks_and_whether_they_are_active_are_told() {
  contains "$(probe node1 facts)" 'network: lab active=1'
  lab virsh node1 -q net-define /dev/stdin <<<"<network><name>resting</name><bridge name='br-resting'/>
    <portgroup name='red'/><portgroup name='blue'/></network>"
  contains "$(probe node1 facts)" 'network: resting active=0 portgroups=blue,red'
}

secrets_are_told_by_uuid_and_by_usage() {
  lab virsh node1 -q secret-define /dev/stdin <<<"<secret ephemeral='no'><uuid>5e8b0a3e-0000-4000-8000-000000000001</uuid>
    <usage type='ceph'><name>client.vms</name></usage></secret>"
  is_equal "$(fact node1 secrets)" '5e8b0a3e-0000-4000-8000-000000000001,ceph:client.vms' 'the list of secrets'
}

define_pool() { # NODE NAME PATH
  lab exec "$1" mkdir -p "$3"
  lab virsh "$1" -q pool-define-as "$2" dir --target "$3"
  lab virsh "$1" -q pool-start "$2"
}

volumes() { # NODE POOL
  local facts
  facts=$(probe "$1" facts)
  sed -n "s/^pool: $2 .* volumes=//p" <<<"$facts"
}

a_shared_directory_is_known_by_its_volumes_and_a_local_one_is_not() {
  local shared=$SCRATCH/shared node pool
  mkdir "$shared"
  lab exec node2 mkdir -p /var/lib/libvirt/elsewhere
  lab exec node2 mount --bind "$shared" /var/lib/libvirt/elsewhere
  define_pool node1 shared "$shared"
  define_pool node2 shared /var/lib/libvirt/elsewhere
  define_pool node1 own /var/lib/libvirt/own
  define_pool node2 own /var/lib/libvirt/own
  truncate -s 1M "$shared/disk.raw"
  lab exec node1 truncate -s 1M /var/lib/libvirt/own/disk.raw
  lab exec node2 truncate -s 1M /var/lib/libvirt/own/disk.raw
  for node in node1 node2; do
    for pool in shared own; do lab virsh $node -q pool-refresh $pool; done
  done
  contains "$(volumes node1 shared)" $'disk.raw\t'
  is_equal "$(volumes node1 shared)" "$(volumes node2 shared)" 'what node1 sees in the shared directory'
  contains "$(volumes node1 own)" $'disk.raw\t'
  [[ $(volumes node1 own) != "$(volumes node2 own)" ]] || fail 'two local directories look the same'
}

# libvirt stops a pool that it fails to read when it is told to look again.
a_pool_that_cannot_be_read_for_a_moment_is_not_stopped() {
  lab exec node1 mv /var/lib/libvirt/own /var/lib/libvirt/away
  probe node1 facts
  lab exec node1 mv /var/lib/libvirt/away /var/lib/libvirt/own
  contains "$(lab virsh node1 -q pool-info own)" 'running'
}

a_new_pool_is_told_and_our_own_questions_are_not() {
  coproc { lab exec hub "$PROBE" "$(lab uri node1)" shell; }
  local pid=$COPROC_PID line in=${COPROC[0]} out=${COPROC[1]}
  echo connect >&"$out"
  read -r -t 10 line <&"$in"
  # Facts twice: their end is known by the line about the last pool.
  echo facts >&"$out"
  until [[ $line == *'pool: shared'* ]]; do read -r -t 10 line <&"$in"; done
  echo ping >&"$out"
  until [[ $line == *'ping:'* ]]; do
    [[ $line != *host-changed* ]] || fail 'our question came back as an event'
    read -r -t 10 line <&"$in"
  done
  lab virsh node1 -q pool-destroy own
  until [[ $line == *host-changed* ]]; do read -r -t 10 line <&"$in"; done
  echo facts >&"$out"
  until [[ $line == *'pool: own type=dir active=0'* ]]; do read -r -t 10 line <&"$in"; done
  echo quit >&"$out"
  wait "$pid"
}

a_look_at_a_running_guest_leaves_nothing_in_the_hosts_log() {
  local log
  lab vm start quiet --on node1
  log=$(lab_dir)/node1/log
  : >"$log"
  probe node1 vm "$(uuid_of quiet node1)"
  probe node1 vms
  # That a client hangs up is told at this level too.
  is_equal "$(grep -v -e virNetSocketReadWire "$log")" '' 'what libvirtd complains about'
  lab vm remove quiet
}

# Locks

a_lock_is_set_read_and_travels() {
  local uuid
  lab vm start locked --on node1
  uuid=$(uuid_of locked node1)
  probe node1 lock "$uuid" 'backup@host' 1700000000000000 1800000000500000 'a <b> & "c" \u202e'
  contains "$(probe node1 vm "$uuid")" \
    'lock: owner=backup@host since=1700000000000000 expires=1800000000500000 a <b> & "c"'
  contains "$(definition locked node1)" 'urn:virtern:lock:1'
  plain_move locked node1 node2
  contains "$(probe node2 vm "$uuid")" 'lock: owner=backup@host since=1700000000000000'
  contains "$(definition locked node2)" 'urn:virtern:lock:1'
  probe node2 unlock "$uuid"
  probe node2 unlock "$uuid"
  [[ $(probe node2 vm "$uuid") != *lock:* ]]
  [[ $(definition locked node2) != *urn:virtern:lock* ]]
}

a_lock_of_somebody_else_is_read() {
  local uuid
  uuid=$(uuid_of locked node2)
  lab virsh node2 -q metadata locked urn:virtern:lock:1 --key x --live \
    --set "<lock expires='soon'>by hand</lock>"
  contains "$(probe node2 vm "$uuid")" 'lock: owner= since=0 expires=0 by hand'
  lab vm remove locked
}

# Drains

what_a_drain_does_is_set_read_and_travels() {
  local uuid
  lab vm start marked --on node1
  uuid=$(uuid_of marked node1)
  [[ $(probe node1 vm "$uuid") != *drain:* ]]
  probe node1 drain-action "$uuid" ask
  probe node1 drain-action "$uuid" cold
  contains "$(probe node1 vm "$uuid")" 'drain: cold'
  contains "$(definition marked node1)" 'urn:virtern:drain:1'
  plain_move marked node1 node2
  contains "$(probe node2 vm "$uuid")" 'drain: cold'
  contains "$(definition marked node2)" 'urn:virtern:drain:1'
  lab virsh node2 -q metadata marked urn:virtern:drain:1 --key x --live --set "<drain action='freeze'/>"
  [[ $(probe node2 vm "$uuid") != *drain:* ]]
  probe node2 drain-action "$uuid" -
  probe node2 drain-action "$uuid" -
  [[ $(definition marked node2) != *urn:virtern:drain* ]]
}

is_shut_off() { # VM NODE
  [[ $(lab virsh "$2" -q domstate "$1") == 'shut off' ]]
}

# The guest's kernel says that it powers down when the guest did it, and nothing when it is ended.
only_a_guest_that_runs_is_asked_to_shut_down_and_does_it_itself() {
  local uuid
  uuid=$(uuid_of marked node2)
  lab vm wait marked 1
  lab virsh node2 -q suspend marked
  contains "$(fails probe node2 shutdown "$uuid")" 'error Refused'
  is_in_state marked node2 paused
  lab virsh node2 -q resume marked
  ticks_go_on marked
  probe node2 shutdown "$uuid"
  wait_until 60 is_shut_off marked node2
  contains "$(tail -c 4096 "$(lab_dir)/serial/marked.log" | tr -d '\0')" 'reboot: Power down'
  contains "$(lab virsh node2 -q domstate marked --reason)" 'shut off (shutdown)'
  contains "$(fails probe node2 shutdown "$uuid")" 'error Refused'
  lab vm remove marked
}

# Masks

cpu_line() { # NODE UUID
  local vm
  vm=$(probe "$1" vm "$2")
  grep '^cpu:' <<<"$vm"
}

a_mask_waits_for_a_cold_start_and_is_taken_off_without_a_trace() {
  local uuid
  lab vm start worn --on node1
  uuid=$(uuid_of worn node1)
  definition worn node1 >"$SCRATCH/before"
  contains "$(cpu_line node1 "$uuid")" 'sse4.2'
  probe node1 set-cpu "$uuid" Penryn -sse4.1
  contains "$(probe node1 vm "$uuid")" 'masked=1'
  contains "$(cpu_line node1 "$uuid")" 'sse4.2'
  probe node1 set-cpu "$uuid" Nehalem -sse4.2
  lab virsh node1 -q destroy worn
  probe node1 start "$uuid"
  contains "$(cpu_line node1 "$uuid")" 'cpu: custom Nehalem'
  contains "$(cpu_line node1 "$uuid")" 'disabled=sse4.2'
  plain_move worn node1 node2
  contains "$(probe node2 vm "$uuid")" 'masked=1'
  probe node2 clear-cpu "$uuid"
  definition worn node2 | diff "$SCRATCH/before" -
  contains "$(probe node2 vm "$uuid")" 'masked=0'
  contains "$(fails probe node2 clear-cpu "$uuid")" 'error NotFound'
  lab vm remove worn
}

what_libvirt_does_not_know_is_no_mask() {
  local uuid
  lab vm define plain --on node1
  uuid=$(uuid_of plain node1)
  contains "$(fails probe node1 set-cpu "$uuid" Bogus)" 'error InvalidArgument'
  contains "$(fails probe node1 set-cpu "$uuid" Nehalem +bogus)" 'error InvalidArgument'
  [[ $(definition plain node1) != *urn:virtern* ]]
  lab vm remove plain
}

a_transient_guest_gets_no_mask() {
  local uuid
  lab vm start brief --on node1 --transient
  uuid=$(uuid_of brief node1)
  contains "$(fails probe node1 set-cpu "$uuid" Penryn)" 'error Refused'
  lab vm remove brief
}

# Eject, start, offline move

an_image_is_ejected_from_the_guest_and_its_definition() {
  local uuid iso=/var/lib/libvirt/images/x.iso
  lab exec node1 truncate -s 1M $iso
  lab vm start reader --on node1 --cdrom $iso
  uuid=$(uuid_of reader node1)
  contains "$(probe node1 vm "$uuid")" "cdrom file source=$iso"
  drive=$(sed -n 's/^disk: \([a-z]*\) cdrom.*/\1/p' <<<"$(probe node1 vm "$uuid")")
  contains "$(fails probe node1 eject "$uuid" "$drive" /other.iso)" 'error Refused'
  contains "$(probe node1 vm "$uuid")" "cdrom file source=$iso"
  contains "$(fails probe node1 eject "$uuid" nosuch $iso)" 'error NotFound'
  probe node1 eject "$uuid" "$drive" $iso
  contains "$(probe node1 vm "$uuid")" 'cdrom file source=-'
  [[ $(definition reader node1) != *$iso* ]]
  probe node1 eject "$uuid" "$drive" $iso
  plain_move reader node1 node2
  lab vm remove reader
}

a_definition_moves_and_starts_where_it_went() {
  local uuid
  lab vm define cold --on node1
  uuid=$(uuid_of cold node1)
  definition cold node1 >"$SCRATCH/cold"
  probe node1 migrate "$uuid" "$(lab uri node2)" - offline
  definition cold node2 | diff "$SCRATCH/cold" -
  definition cold node1 | diff "$SCRATCH/cold" -
  probe node1 discard "$uuid"
  contains "$(fails probe node1 vm "$uuid")" 'error NotFound'
  probe node2 start "$uuid"
  is_only_on cold node2
  contains "$(fails probe node2 start "$uuid")" 'error Refused'
  contains "$(fails probe node2 migrate "$uuid" "$(lab uri node1)" - offline)" 'error Refused'
  contains "$(fails probe node2 discard "$uuid")" 'error Refused'
  is_only_on cold node2
}

saved_memory_is_never_started_over_or_left_behind() {
  local uuid
  uuid=$(uuid_of cold node2)
  lab virsh node2 -q managedsave cold
  contains "$(probe node2 vm "$uuid")" 'managed-save=1'
  contains "$(fails probe node2 start "$uuid")" 'error Refused'
  contains "$(fails probe node2 migrate "$uuid" "$(lab uri node1)" - offline)" 'error Refused'
  fails probe node2 discard "$uuid"
  contains "$(probe node2 vm "$uuid")" 'managed-save=1'
  lab virsh node2 -q managedsave-remove cold
  lab vm remove cold
}

# CPUs

# What the guest's CPU requires and the host lacks, by our own lists.
missing() { # GUEST_NODE UUID HOST
  local guest host
  guest=$(probe "$1" vm "$2")
  host=$(probe "$3" facts)
  comm -23 <(sed -n 's/^cpu: .* features=\([^ ]*\) .*/\1/p' <<<"$guest" | tr , '\n' | sort) \
    <(sed -n 's/^facts: cpu .* features=//p' <<<"$host" | tr , '\n' | sort)
}

refused() { # CPU_FILE HOST
  local answer
  answer=$(probe "$2" compare "$1")
  [[ $answer == *fits || $answer == *'required features: '* ]] || fail "an odd answer: $answer"
  [[ $answer == *fits ]] || sed 's/.*required features: //; s/, /\n/g' <<<"$answer" | sort
}

our_difference_is_what_libvirt_says_for_every_pair() {
  local guest host uuid refusals=0
  for guest in node1 node3 node4; do
    lab vm start "of-$guest" --on $guest
    uuid=$(uuid_of "of-$guest" $guest)
    contains "$(cpu_line $guest "$uuid")" expanded=1
    probe $guest fetch-cpu "$uuid" "$SCRATCH/cpu"
    for host in node1 node3 node4; do
      is_equal "$(missing $guest "$uuid" $host)" "$(refused "$SCRATCH/cpu" $host)" \
        "what the guest of $guest lacks on $host"
      [[ -z $(missing $guest "$uuid" $host) ]] || refusals=$((refusals + 1))
    done
    lab vm remove "of-$guest"
  done
  is_equal $refusals 3 'the number of pairs that do not fit'
}

a_baseline_spells_out_what_a_model_stands_for() {
  contains "$(probe node1 baseline Westmere -aes)" 'baseline: Westmere features= disabled=aes'
  contains "$(fails probe node1 baseline Bogus)" 'error InvalidArgument'
}

lab up --nodes 4 --cpu node1=old,node2=old,node3=new,node4=older
run_tests a_host_tells_its_machine_types_with_their_aliases \
  a_host_tells_the_models_it_can_give \
  networks_and_whether_they_are_active_are_told \
  secrets_are_told_by_uuid_and_by_usage \
  a_shared_directory_is_known_by_its_volumes_and_a_local_one_is_not \
  a_pool_that_cannot_be_read_for_a_moment_is_not_stopped \
  a_new_pool_is_told_and_our_own_questions_are_not \
  a_look_at_a_running_guest_leaves_nothing_in_the_hosts_log \
  a_lock_is_set_read_and_travels \
  a_lock_of_somebody_else_is_read \
  what_a_drain_does_is_set_read_and_travels \
  only_a_guest_that_runs_is_asked_to_shut_down_and_does_it_itself \
  a_mask_waits_for_a_cold_start_and_is_taken_off_without_a_trace \
  what_libvirt_does_not_know_is_no_mask \
  a_transient_guest_gets_no_mask \
  an_image_is_ejected_from_the_guest_and_its_definition \
  a_definition_moves_and_starts_where_it_went \
  saved_memory_is_never_started_over_or_left_behind \
  our_difference_is_what_libvirt_says_for_every_pair \
  a_baseline_spells_out_what_a_model_stands_for
