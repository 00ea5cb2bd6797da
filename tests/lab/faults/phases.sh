# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# How a move of $vm from $from to $to is begun and held in a phase, and let go. hold_PHASE sets $id
# and returns once the move is in that phase; release_PHASE lets the move go on.

PHASES='queued preparing first-pass later-pass switching post-copy verifying'

begin_move() { # [OPTION…]
  virtern migrate "$vm" --to "$to" --no-wait "$@" >/dev/null
  id=$(newest_task)
}

pass_is() { # OPERATOR NUMBER, of the hypervisor's own count
  local pass
  pass=$(lab virsh "$from" domjobinfo "$vm" 2>/dev/null | awk '/^Iteration:/ { print $2 }')
  [[ $pass =~ ^[0-9]+$ ]] && test "$pass" "$1" "$2"
}

begin_copy() { # RATE [OPTION…]
  lab link "$from" migr rate "$1"
  shift
  begin_move "$@"
  wait_until 30 task_is "$id" phase copying
}

full_speed() { lab link "$from" migr clear; }

# Two arrivals under way are as many as a host takes.
hold_queued() {
  local name
  lab fault "$to" hook stall 600
  for name in blocker1 blocker2; do
    lab vm start "$name" --on "$from"
    wait_until 10 vm_is_known_on "$name" "$from"
    virtern migrate "$name" --to "$to" --no-wait >/dev/null
    wait_until 20 task_is "$(newest_task)" phase preparing
  done
  begin_move
  wait_until 10 task_is "$id" phase queued
}
release_queued() { release_hook; }

hook_holds() { grep -qx "$1" "$(lab_dir)/$to/hook.stalls"; } # VM

# A hook that is to fail is left as it is.
release_hook() {
  grep -qs '^fail' "$(lab_dir)/$to/hook" || lab fault "$to" hook clear
}

# Held before the destination's QEMU is started or, where that is to die, after.
hold_preparing() {
  local word=stall
  [[ $fault != destination-qemu-kill ]] || word=stall-started
  lab fault "$to" hook "$word" 600
  begin_move
  wait_until 30 hook_holds "$vm"
  wait_until 20 task_is "$id" phase preparing
}
release_preparing() { release_hook; }

hold_first_pass() {
  begin_copy 40mbit
  wait_until 20 pass_is -eq 1
}
release_first_pass() { full_speed; }

hold_later_pass() {
  begin_copy 160mbit
  wait_until 60 pass_is -ge 2
  lab link "$from" migr rate 40mbit
}
release_later_pass() { full_speed; }

source_stands_still() { is_in_state "$vm" "$from" 'paused (migrating)'; }

# The guest may stand still for long, so what it wrote last goes over while it does. QEMU answers
# nothing meanwhile: what virternd makes of that is not asked.
hold_switching() {
  begin_copy 160mbit
  wait_until 60 pass_is -ge 2
  lab link "$from" migr rate 8mbit
  lab virsh "$from" -q migrate-setmaxdowntime "$vm" 100000
  wait_until 30 source_stands_still
}
release_switching() { full_speed; }

# It runs on the destination, and what it needs comes slowly.
hold_post_copy() {
  begin_copy 160mbit --policy postcopy
  wait_until 60 pass_is -ge 2
  lab link "$from" migr rate 16mbit
  lab virsh "$from" -q migrate-postcopy "$vm"
  wait_until 30 task_is "$id" phase post-copy
  wait_until 60 is_in_state "$vm" "$to" running
}
release_post_copy() { full_speed; }

# The call returns, and the daemon does not hear the destination.
hold_verifying() {
  begin_copy 40mbit
  lab fault "$to" hub deaf
  full_speed
  wait_until 90 task_is "$id" phase verifying
}
release_verifying() { lab fault "$to" hub clear; }
