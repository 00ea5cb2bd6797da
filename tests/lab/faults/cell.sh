# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The lab that the cells share, and what they do with it.

. "$LAB_TESTS/faults/phases.sh"
. "$LAB_TESTS/faults/faults.sh"
. "$LAB_TESTS/faults/outside.sh"

vm=web01

new_guest() { # VM NODE
  lab vm remove "$1"
  lab vm start "$1" --on "$2" --dirty 16 --pause 1000
  lab vm wait "$1" 1 --timeout 120
  wait_until 20 vm_is_known_on "$1" "$2"
}

open_lab() { # NODES
  lab up --nodes "$1"
  start_bus
  store_mount
  write_conf
  start_daemon
  add_nodes >/dev/null
}

close_lab() {
  kill -KILL "$(virternd_pid)" 2>/dev/null || true
  lab down
}

start_daemon() { start_virternd --config "$(daemon_dir)/conf"; }

# Bounds that a test can wait for.
write_conf() { printf '[migration]\nstall-timeout = 15\n' >"$(daemon_dir)/conf"; }

clear_faults() {
  local node
  for node in $(lab nodes); do lab fault "$node" clear; done
  mend_store_full
  if is_ended "$(virternd_pid)"; then start_daemon; fi
  for node in $(lab nodes); do wait_until 90 host_is "$node" up; done
}

host_was_seen_since() { # HOST MICROSECONDS
  (($(virtern --json host show "$1" | jq '."last-seen"') > $2))
}

# A host may look up on a connection that died while it was cut off.
hosts_are_heard_again() {
  local node since
  since=${EPOCHREALTIME/./}
  for node in $(lab nodes); do wait_until 90 host_was_seen_since "$node" "$since"; done
}

other_node() { [[ $1 == node1 ]] && echo node2 || echo node1; }

node_of() { lab vm where "$1" | awk '/ running/ { print $1; exit }'; }

# Sets from and to by where the guest is.
find_guest() {
  from=$(node_of "$vm")
  [[ -n $from ]] || fail "$vm runs nowhere: $(lab vm where "$vm")"
  to=$(other_node "$from")
}

task_is_over() { [[ $(task_field "$1" state) =~ ^(done|failed|cancelled)$ ]]; }

# What runs of it lacks memory that nobody has any more: nothing can make it whole.
only_a_half_is_left() {
  [[ $dies == yes ]] && is_in_state "$vm" "$to" 'running (post-copy failed)' 2>/dev/null
}

# libvirt 9.0 keeps the job of the source's QEMU that died in post-copy, until it starts anew: the
# definition can be neither started nor removed before.
end_the_half() {
  lab virsh "$to" -q destroy "$vm"
  kill_and_start_libvirtd "$from"
  wait_until 60 host_is "$from" up
}

# What a person would do about an attention, with the guest's name.
attention_is_resolved() {
  local keep=source
  [[ $(node_of "$vm") != "$to" ]] || keep=destination
  virtern task resolve "$id" "--keep-$keep" --vm "$vm" || fail "task $id cannot be resolved"
  wait_until 60 task_is_over "$id"
  # Two copies counted into one file: from here on it is one again.
  echo 'boot 0' >"$(lab_dir)/serial/$vm.log"
}
