# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What goes wrong during a move of $vm from $from to $to, and how it is mended. inject_FAULT
# returns once it happened; a fault that lasts is mended after $LASTING seconds by mend_FAULT.

FAULTS='virternd-kill source-libvirtd-kill destination-libvirtd-kill source-qemu-kill
  destination-qemu-kill source-libvirtd-stop destination-libvirtd-stop
  source-management-cut destination-management-cut migration-cut links-cut hook-fails disk-full
  store-full'

# How long a fault lasts that does: longer than libvirt's 30 s until it drops a silent connection.
: "${STOP_SECONDS:=60}" "${CUT_SECONDS:=45}"
declare -A LASTING=([source-libvirtd-stop]=$STOP_SECONDS [destination-libvirtd-stop]=$STOP_SECONDS
  [source-management-cut]=$CUT_SECONDS [destination-management-cut]=$CUT_SECONDS
  [migration-cut]=$CUT_SECONDS [links-cut]=$CUT_SECONDS [store-full]=8)

kill_and_start_libvirtd() { # NODE
  lab fault "$1" libvirtd kill
  lab fault "$1" libvirtd start
}

inject_virternd_kill() {
  kill_virternd
  start_daemon
}
inject_source_libvirtd_kill() { kill_and_start_libvirtd "$from"; }
inject_destination_libvirtd_kill() { kill_and_start_libvirtd "$to"; }
inject_source_qemu_kill() { lab fault "$from" qemu "$vm" kill; }
inject_destination_qemu_kill() { lab fault "$to" qemu "$vm" kill; }

inject_source_libvirtd_stop() { lab fault "$from" libvirtd stop; }
mend_source_libvirtd_stop() { lab fault "$from" libvirtd cont; }
inject_destination_libvirtd_stop() { lab fault "$to" libvirtd stop; }
mend_destination_libvirtd_stop() { lab fault "$to" libvirtd cont; }

inject_source_management_cut() { lab link "$from" mgmt down; }
mend_source_management_cut() { lab link "$from" mgmt up; }
inject_destination_management_cut() { lab link "$to" mgmt down; }
mend_destination_management_cut() { lab link "$to" mgmt up; }
inject_migration_cut() { lab link "$to" migr down; }
mend_migration_cut() { lab link "$to" migr up; }
inject_links_cut() {
  lab link "$to" migr down
  lab link "$to" mgmt down
}
mend_links_cut() {
  lab link "$to" mgmt up
  lab link "$to" migr up
}

# These stay until everything is cleared.
inject_hook_fails() { lab fault "$to" hook fail; }
inject_disk_full() { lab fault "$to" disk fill; }

# The store has a small filesystem of its own.
store_mount() {
  mkdir -p "$(daemon_dir)/store"
  lab exec hub mount -t tmpfs -o size=16m,mode=700 none "$(daemon_dir)/store"
}
inject_store_full() {
  ! lab exec hub dd if=/dev/zero of="$(daemon_dir)/store/filler" bs=1k status=none 2>/dev/null
}
mend_store_full() { lab exec hub rm -f "$(daemon_dir)/store/filler"; }
