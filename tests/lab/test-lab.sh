#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Tests the lab itself, on which the other lab tests build. The cases are run in order
# and share guests; each names the state it needs.

set -eu -o pipefail

# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/functions.sh"

requires_lab
use_lab "selftest$$"
NETWORK_DEVICES=$(ls /sys/class/net)

# A namespace lives as long as a process in it; so no process means no namespace.
processes_of_lab() { grep -ls " virtern-lab:$(lab_dir):" /proc/[0-9]*/mountinfo || true; }

nothing_is_left() {
  is_equal "$(processes_of_lab)" '' 'the list of processes left'
  is_equal "$(grep -F "$(lab_dir)" /proc/self/mountinfo)" '' 'the list of mounts left'
  is_equal "$(ls /sys/class/net)" "$NETWORK_DEVICES" 'the list of network devices'
  [[ ! -e $(lab_dir) ]] || fail "$(lab_dir) is still there"
}

start_guest() { # NAME NODE [OPTIONS]
  local name=$1 node=$2
  shift 2
  lab vm start "$name" --on "$node" "$@"
  lab vm wait "$name"
}

# Nodes

three_nodes_come_up() {
  lab up
  is_equal "$(lab nodes | tr '\n' ' ')" 'node1 node2 node3 ' 'the list of nodes'
}

the_hub_reaches_every_libvirtd() {
  local node
  for node in $(lab nodes); do
    is_equal "$(lab exec hub virsh -q -c "$(lab uri "$node")" hostname | head -n 1)" \
      "$node" "the host name behind $(lab uri "$node")"
  done
}

the_machine_shows_nothing_of_the_network() {
  is_equal "$(ls /sys/class/net)" "$NETWORK_DEVICES" 'the list of network devices'
}

exec_passes_input_directory_and_exit_code() {
  local status=0
  cd /usr/share
  is_equal "$(echo hello | lab exec node1 cat)" hello 'what went through'
  is_equal "$(lab exec node1 pwd)" /usr/share 'the directory inside'
  lab exec node1 sh -c 'exit 42' || status=$?
  is_equal "$status" 42 'the exit code'
}

generations_show_in_the_host_model() {
  contains "$(lab virsh node1 domcapabilities --virttype qemu)" "<model fallback='forbid'>Nehalem<"
  contains "$(lab virsh node3 domcapabilities --virttype qemu)" "<model fallback='forbid'>Haswell"
}

# What the older of each pair hides besides.
the_generations_differ_as_the_real_ones_do() {
  is_equal "$(hidden_besides new e5-2600 | grep -xE 'avx.*|fma|f16c' | tr '\n' ' ')" 'avx2 f16c fma ' 'e5-2600'
  is_equal "$(hidden_besides e5-2600 5600 | tr '\n' ' ')" 'avx xsave xsaveopt ' '5600'
  is_equal "$(hidden_besides 5600 5500 | tr '\n' ' ')" 'aes arat pclmulqdq pdpe1gb ' '5500'
  is_equal "$(hidden_besides e5-2600 e5-2600-aes-off)" aes 'e5-2600-aes-off'
  is_equal "$(hidden_besides 5600 new)$(hidden_besides 5500 5600)$(hidden_besides older 5500)" '' \
    'what a newer one hides and an older one shows'
}

hidden_besides() { # GENERATION OTHER
  comm -13 <(hidden_in "$1") <(hidden_in "$2")
}

hidden_in() { # GENERATION
  lab generations | sed -n "/^$1 /,/^[^ ]/p" | sed -n 's/^ \+//p' | tr ' ' '\n' | grep . | sort
}

every_node_has_the_network() {
  contains "$(lab virsh node2 net-info lab)" 'Active:         yes'
}

a_network_can_be_on_some_nodes_only() {
  lab network node1 define extra red green
  lab network node1 start extra
  lab network node2 define extra
  contains "$(lab virsh node1 net-info extra)" 'Active:         yes'
  contains "$(lab virsh node1 net-dumpxml extra)" "portgroup name='red'"
  contains "$(lab virsh node2 net-info extra)" 'Active:         no'
  fails lab virsh node3 net-info extra
  lab network node1 remove extra
  lab network node2 remove extra
  fails lab virsh node1 net-info extra
}

a_pool_is_shared_or_only_looks_so() {
  local node
  for node in node1 node2; do
    lab pool $node shared both
    lab pool $node local own
  done
  lab virsh node1 -q vol-create-as both here 1M
  lab virsh node1 -q vol-create-as own here 1M
  lab virsh node2 -q pool-refresh both
  lab virsh node2 -q pool-refresh own
  contains "$(lab virsh node2 vol-list both)" here
  is_equal "$(lab virsh node2 -q vol-list own)" '' 'the volumes of the other node'
  lab pool node2 remove both
  fails lab virsh node2 pool-info both
  is_equal "$(lab exec node2 ls /var/lib/libvirt/both)" '' 'what is left at its path'
}

a_hidden_machine_type_is_refused() {
  lab machine node2 hide pc-i440fx-6.2
  contains "$(fails lab vm start past --on node2 --machine pc-i440fx-6.2)" 'pc-i440fx-6.2'
  lab vm start past --on node1 --machine pc-i440fx-6.2
  contains "$(fails plain_move past node1 node2)" 'does not support machine type'
  lab vm remove past
}

mistakes_are_told_apart() {
  local status=0
  contains "$(fails lab vm start x --on node9)" "there is no node 'node9'"
  lab vm start x --on node1 --memory much 2>/dev/null || status=$?
  is_equal "$status" 2 'the exit code of wrong usage'
  contains "$(fails lab link node1 moon down)" "not 'moon'"
}

# Moves

a_guest_moves_and_counts_on() {
  start_guest mover node1 --disk nbd --network lab
  plain_move mover node1 node2
  is_only_on mover node2
  ticks_go_on mover
  is_equal "$(lab vm boots mover)" 1 'the number of boots'
}

a_guest_of_an_old_node_moves_to_a_new_one() {
  plain_move mover node2 node3
  is_only_on mover node3
  ticks_go_on mover
  is_equal "$(lab vm boots mover)" 1 'the number of boots'
  lab vm remove mover
  is_equal "$(lab vm where mover)" '' 'the places of a removed guest'
}

a_disk_that_one_node_has_holds_a_guest_back() {
  start_guest keeper node1 --disk file
  contains "$(fails plain_move keeper node1 node2)" 'without shared storage is unsafe'
  is_only_on keeper node1
  lab vm remove keeper
}

a_guest_of_a_new_node_is_refused_by_an_old_one() {
  start_guest modern node3
  contains "$(fails plain_move modern node3 node1)" 'missing features:'
  is_only_on modern node3
  ticks_go_on modern
  lab vm remove modern
}

an_image_that_one_node_has_holds_a_guest_back() {
  lab exec node1 truncate -s 1M /var/lib/libvirt/images/x.iso
  start_guest reader node1 --cdrom /var/lib/libvirt/images/x.iso
  contains "$(fails plain_move reader node1 node2)" "Cannot access storage file"
  is_only_on reader node1
  lab vm remove reader
}

# Trouble

iteration() { # VM NODE
  lab virsh "$2" domjobinfo "$1" | sed -n 's/^Iteration: *//p'
}

iteration_reached() { # VM NODE NUMBER
  (($(iteration "$1" "$2") >= $3))
}

a_busy_guest_on_a_slow_link_does_not_arrive_and_can_be_aborted() {
  local mover
  start_guest busy node1 --dirty 64
  lab link node1 migr rate 200mbit
  plain_move busy node1 node2 >"$SCRATCH/busy" 2>&1 &
  mover=$!
  wait_until 60 iteration_reached busy node1 4
  kill -0 "$mover"
  lab virsh node1 domjobabort busy
  fails finishes 60 "$mover"
  # Mostly "canceled by client", but QEMU 7.2 may call its own cancelled socket broken.
  contains "$(<"$SCRATCH/busy")" "job 'migration out'"
  lab link node1 migr clear
  is_only_on busy node1
  ticks_go_on busy
}

a_pulled_cable_stops_a_move_until_it_is_plugged() {
  local mover
  lab link node1 migr rate 100mbit
  plain_move busy node1 node2 &
  mover=$!
  wait_until 30 iteration_reached busy node1 1
  lab link node1 migr down
  contains "$(lab status)" 'migr down'
  lab virsh node1 domjobinfo busy
  lab link node1 migr clear
  finishes 60 "$mover"
  is_only_on busy node2
  ticks_go_on busy
}

a_killed_libvirtd_comes_back_to_its_guest() {
  lab fault node2 libvirtd kill
  ticks_go_on busy
  contains "$(lab vm where busy)" 'node2 (does not answer)'
  lab fault node2 libvirtd start
  is_only_on busy node2
  ticks_go_on busy
}

a_stopped_libvirtd_goes_on() {
  lab fault node2 libvirtd stop
  contains "$(lab status --json)" '"libvirtd":"stopped"'
  lab fault node2 libvirtd cont
  is_only_on busy node2
}

a_stopped_qemu_counts_no_more_until_it_goes_on() {
  lab fault node2 qemu busy stop
  fails lab vm wait busy 2 --timeout 3
  lab fault node2 clear
  ticks_go_on busy
}

a_killed_qemu_leaves_a_crashed_guest() {
  lab fault node2 qemu busy kill
  wait_until 10 is_in_state busy node2 'shut off (crashed)'
  lab vm remove busy
}

a_hook_stalls_an_arrival_until_it_is_cleared() {
  local mover
  start_guest guest node1
  lab fault node2 hook stall 60
  plain_move guest node1 node2 &
  mover=$!
  wait_until 20 grep -qx guest "$(lab_dir)/node2/hook.stalls"
  ticks_go_on guest
  lab fault node2 hook clear
  finishes 60 "$mover"
  is_only_on guest node2
}

a_hook_refuses_an_arrival() {
  lab fault node1 hook fail
  contains "$(fails plain_move guest node2 node1)" "the lab's hook refuses guest"
  lab fault node1 clear
  is_only_on guest node2
}

a_power_button_ends_a_guest() {
  lab virsh node2 shutdown guest
  wait_until 20 is_in_state guest node2 'shut off'
  lab vm remove guest
}

# The end

down_leaves_nothing() {
  start_guest last node1 --disk nbd
  lab down
  nothing_is_left
  lab down
}

down_leaves_nothing_after_a_crash() {
  local holder libvirtd
  lab up --nodes 2 --cpu node2=older
  start_guest orphan node1
  read -r holder _ <"$(lab_dir)/node1/holder"
  read -r libvirtd _ <"$(lab_dir)/node1/libvirtd.pid"
  kill -KILL "$holder" "$libvirtd"
  contains "$(fails lab exec node1 true)" 'run: lab down'
  lab vm wait orphan 1
  lab down
  nothing_is_left
}

SCRATCH=$(mktemp -d)
trap 'lab down || true; rm -rf "$SCRATCH"' EXIT

run_tests \
  three_nodes_come_up \
  the_hub_reaches_every_libvirtd \
  the_machine_shows_nothing_of_the_network \
  exec_passes_input_directory_and_exit_code \
  the_generations_differ_as_the_real_ones_do \
  generations_show_in_the_host_model \
  every_node_has_the_network \
  a_network_can_be_on_some_nodes_only \
  a_pool_is_shared_or_only_looks_so \
  a_hidden_machine_type_is_refused \
  mistakes_are_told_apart \
  a_guest_moves_and_counts_on \
  a_guest_of_an_old_node_moves_to_a_new_one \
  a_disk_that_one_node_has_holds_a_guest_back \
  a_guest_of_a_new_node_is_refused_by_an_old_one \
  an_image_that_one_node_has_holds_a_guest_back \
  a_busy_guest_on_a_slow_link_does_not_arrive_and_can_be_aborted \
  a_pulled_cable_stops_a_move_until_it_is_plugged \
  a_killed_libvirtd_comes_back_to_its_guest \
  a_stopped_libvirtd_goes_on \
  a_stopped_qemu_counts_no_more_until_it_goes_on \
  a_killed_qemu_leaves_a_crashed_guest \
  a_hook_stalls_an_arrival_until_it_is_cleared \
  a_hook_refuses_an_arrival \
  a_power_button_ends_a_guest \
  down_leaves_nothing \
  down_leaves_nothing_after_a_crash
