# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What must hold after every fault, seen from outside: by virsh on the nodes, by the processes there
# and by the guest's own ticks. virternd is asked for its records only, to compare them.

# A guest that runs twice counts twice, and one that starts anew begins at 1, all in one file: the
# numbers must rise. A line that a switchover tore may be missing.
ticks_rise() { # VM
  tr -d '\r\0' <"$(lab_dir)/serial/$1.log" | awk -v vm="$1" '
    /^boot [0-9a-f-]+$/ { boots++ }
    /^tick [0-9]+$/ {
      if ($2 <= last || (last && $2 > last + 3)) said = said " counted " $2 " after " last ";"
      last = $2
    }
    END {
      if (boots != 1) said = said " booted " boots + 0 " times;"
      if (said) { print vm said; exit 1 }
    }'
}

runs_only_on() { # VM NODE
  is_only_on "$1" "$2"
  lab vm wait "$1" 2 --timeout 30
  ticks_rise "$1"
}

# Of a guest that had to die: no copy lives, and the task says that it ended, and where it is
# defined.
death_is_told() { # ID VM
  local places said
  places=$(lab vm where "$2")
  said=$(task_field "$1" verdict)$(task_field "$1" error)
  ! grep -v ' shut off' <<<"${places:-nowhere shut off}" || fail "$2 should have ended"
  while read -r node _; do contains "$said" "$node"; done <<<"$places"
}

# The guest is where its task says, and virternd knows it there.
is_as_recorded() { # ID STATE VM NODE
  runs_only_on "$3" "$4"
  is_equal "$(task_field "$1" state)" "$2" "the state of task $1"
  wait_until 15 vm_is_known_on "$3" "$4"
  is_equal "$(virtern --json vm show "$3" | jq -r '"\(.state), seen on \(."seen-on" | length)"')" \
    'running, seen on 1' "what virternd knows of $3"
}

attention_says_so() { # ID FROM TO
  local said
  said=$(task_field "$1" verdict)
  contains "$said" "$2"
  contains "$said" "$3"
}

# It may be held until the host's own figures have the guest in them.
nothing_is_reserved() { # NODE
  [[ $(virtern --json host show "$1" | jq '."memory-reserved"') == 0 ]]
}

# Nothing of any guest is on a node where it does not run: no process, definition or job.
no_leftovers() { # VM…
  local node name known
  for node in $(lab nodes); do
    known=$(lab virsh "$node" -q list --name | sed '/^$/d' | sort)
    is_equal "$(lab emulators "$node")" "$known" "the QEMUs of $node"
    for name in $known; do
      is_equal "$(lab virsh "$node" domjobinfo "$name" | awk '/^Job type:/ { print $3 }')" None \
        "the job of $name on $node"
    done
    wait_until 30 nothing_is_reserved "$node"
  done
  for name; do
    is_equal "$(lab vm where "$name" | wc -l)" 1 "the number of nodes that have $name"
  done
  is_equal "$(open_tasks)" 0 'the number of open tasks'
}

open_tasks() {
  virtern --json task list --limit 100 | jq '[.[] | select(.state == "queued" or .state == "running")] | length'
}

# On a busy machine QEMU without KVM now and then misses a page that its guest wrote during a move,
# with plain virsh as well; then the guest's kernel finds its own memory wrong and says so. Nothing that
# manages a move can do that.
emulator_broke_a_guest() {
  grep -aqsE 'BUG: |Oops: |Kernel panic|general protection fault' "$(lab_dir)"/serial/*.log
}

# What the emulator itself says, twice, as a guest that hangs is at the same place again.
tell_emulator() { # NODE VM
  local question
  for question in 'info status' 'info migrate' 'info registers' 'info registers'; do
    timeout 10 "$LAB_TESTS/lab" virsh "$1" qemu-monitor-command "$2" --hmp "$question" 2>&1 |
      grep -E '^VM status|^Migration status|^Status|RIP=|^postcopy' || true
  done
  tail -n 3 "$(lab_dir)/$1/libvirt/log/qemu/$2.log" || true
  tail -n 3 "$(lab_dir)/serial/$2.log" || true
}

# Everything there is to understand a violation.
tell_all() { # LOG_LINES_BEFORE
  local node
  for node in $(lab nodes); do
    echo "-- $node"
    timeout 20 "$LAB_TESTS/lab" virsh "$node" list --all || true
    lab emulators "$node" | sed 's/^/QEMU of /'
  done
  lab vm list | while read -r node vm _; do
    echo "-- $vm: $node $(timeout 20 "$LAB_TESTS/lab" virsh "$node" domstate "$vm" --reason)"
    tell_emulator "$node" "$vm"
  done
  echo "-- tasks"
  virtern --json task list --limit 3 |
    jq -c '.[] | {id, vm, source, destination, state, phase, error, verdict, note, steps}' || true
  echo "-- virternd"
  tail -n "+$(($1 + 1))" "$(daemon_dir)/log" | tail -n 80
  for node in $(lab nodes); do
    echo "-- libvirtd of $node"
    tail -n 8 "$(lab_dir)/$node/log"
  done
}
