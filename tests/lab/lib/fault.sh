# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Trouble on purpose: daemons and emulators that die or hang, a hook that stalls or
# refuses an arriving guest, a full disk, and a manager that hears nothing.

# libvirt looks for hooks when it starts only; so the script is always there and does
# what a file says. It acts where an arriving guest is prepared, or where one is started.
hook_script() { # NODE
  cat <<SCRIPT
#!/bin/sh
behaviour=$LAB_DIR/$1/hook
[ -e "\$behaviour" ] || exit 0
read -r word seconds <"\$behaviour"
case "\$2 \$word" in
  'migrate stall' | 'migrate fail' | 'start stall-start' | 'started stall-started') ;;
  *) exit 0 ;;
esac
# The file may be removed or changed meanwhile, which ends the stall. A test sees by
# hook.stalls which guest has come so far.
end=\$((\$(date +%s) + \${seconds:-0}))
while [ "\$word" != fail ] && [ "\$(date +%s)" -lt "\$end" ]; do
  echo "\$1" >"\$behaviour.stalls"
  sleep 0.2
  [ -e "\$behaviour" ] && read -r word seconds <"\$behaviour" || break
done
rm -f "\$behaviour.stalls"
if [ "\$word" = fail ]; then
  echo "the lab's hook refuses \$1" >&2
  exit 1
fi
exit 0
SCRIPT
}

fault_hook() { # NODE stall|stall-start|stall-started SECONDS or fail|clear
  local file=$LAB_DIR/$1/hook
  case ${2:-} in
    stall | stall-start | stall-started)
      is_number "${3:-}" || bad_usage "usage: lab fault NODE hook $2 SECONDS"
      echo "$2 $3" >"$file.new"
      mv "$file.new" "$file"
      ;;
    fail) echo fail >"$file.new" && mv "$file.new" "$file" ;;
    clear) rm -f "$file" "$file.stalls" ;;
    *) bad_usage "a hook can stall, stall-start, stall-started, fail or clear, not '${2:-}'" ;;
  esac
}

# Returns when the process is gone, so that the next command meets the new state.
process_end() { # PID
  kill -KILL "$1"
  wait_for 10 process_gone "$1" || die "process $1 does not end"
}

process_gone() { ! process_start_time "$1" >/dev/null; }

fault_libvirtd() { # NODE kill|stop|cont|start
  local pid
  case ${2:-} in
    start)
      libvirtd_start "$1"
      libvirtd_await "$1"
      return
      ;;
    kill | stop | cont) ;;
    *) bad_usage "a libvirtd can kill, stop, cont or start, not '${2:-}'" ;;
  esac
  pid=$(libvirtd_pid "$1") || die "libvirtd of '$1' does not run"
  send_fault "$pid" "$2"
}

send_fault() { # PID kill|stop|cont
  case $2 in
    kill) process_end "$1" ;;
    stop) kill -STOP "$1" ;;
    cont) kill -CONT "$1" ;;
  esac
}

# The pid file is libvirt's; the process must be in the node too.
qemu_pid() { # NODE NAME
  local pid
  pid=$(cat "$LAB_DIR/$1/libvirt/run/qemu/$2.pid" 2>/dev/null) || return 1
  grep -qx "$pid" <<<"$(processes_in "$1")" || return 1
  echo "$pid"
}

fault_qemu() { # NODE NAME kill|stop|cont
  local pid
  case ${3:-} in
    kill | stop | cont) ;;
    *) bad_usage "a qemu can kill, stop or cont, not '${3:-}'" ;;
  esac
  pid=$(qemu_pid "$1" "$2") || die "no QEMU of '$2' runs on '$1'"
  send_fault "$pid" "$3"
}

# Definitions and guests' folders share the filesystem that is filled here.
DISK_FILLER=/var/lib/libvirt/qemu/filler

fault_disk() { # NODE fill|clear
  case ${2:-} in
    fill)
      inside "$1" sh -c "dd if=/dev/zero of=$DISK_FILLER bs=64k; ! dd if=/dev/zero bs=4k >>$DISK_FILLER" \
        2>/dev/null || die "the disk of '$1' does not get full"
      ;;
    clear) inside "$1" rm -f "$DISK_FILLER" ;;
    *) bad_usage "a disk can fill or clear, not '${2:-}'" ;;
  esac
}

# What manages the nodes sits in the hub: it and the node do not hear each other any more, while the
# nodes go on to hear each other.
fault_hub() { # NODE deaf|clear
  local hub=${NETWORK_PREFIX[mgmt]}.1/32
  case ${2:-} in
    deaf) inside_net "$1" ip route replace blackhole "$hub" ;;
    clear) inside_net "$1" ip route del blackhole "$hub" 2>/dev/null || true ;;
    *) bad_usage "towards the hub a node can be deaf or clear, not '${2:-}'" ;;
  esac
}

fault_clear() { # NODE
  local pid network
  fault_hook "$1" clear
  fault_disk "$1" clear
  fault_hub "$1" clear
  for network in mgmt migr; do link_clear "$1" "$network"; done
  # Only what a fault stopped is stopped: to continue all others does nothing.
  for pid in $(processes_in "$1"); do
    kill -CONT "$pid" 2>/dev/null || true
  done
  fault_libvirtd "$1" start
}

command_fault() {
  need_arguments 2 $# 'fault NODE libvirtd|qemu|hook|disk|hub|clear …'
  local node=$1 what=$2
  shift 2
  need_node "$node"
  case $what in
    libvirtd) fault_libvirtd "$node" "$@" ;;
    qemu) fault_qemu "$node" "$@" ;;
    hook) fault_hook "$node" "$@" ;;
    disk) fault_disk "$node" "$@" ;;
    hub) fault_hub "$node" "$@" ;;
    clear) fault_clear "$node" ;;
    *) bad_usage "a fault is in libvirtd, qemu, hook, disk or hub, not '$what'" ;;
  esac
}
