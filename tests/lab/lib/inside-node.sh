#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs once inside a node's (or the hub's) fresh namespaces and gives it a file tree of
# its own where it must differ: inside-node.sh NAME NODE_DIR HOSTS

set -eu -o pipefail

name=$1 dir=$2 hosts=$3

hostname "$name"
# A minimal system may have none to mount over; an empty one says what none says.
[[ -e /etc/hosts ]] || : >/etc/hosts
mount --bind "$hosts" /etc/hosts
# libvirt reads network devices from /sys, which shows those of the namespace it was
# mounted in.
umount --lazy /sys || true
mount -t sysfs sysfs /sys
[[ $name != hub ]] || exit 0

# Where a system bus runs, libvirtd would register the guests with the machine's systemd
# and keep it from shutting down.
[[ ! -d /run/dbus ]] || mount -t tmpfs -o size=4k none /run/dbus

for place in /run /etc /var/lib /var/cache /var/log; do
  mount --bind "$dir/libvirt/${place##*/}" "$place/libvirt"
done

# What guests need on disk has one of its own, which a test can fill: large enough for the memory of a
# guest that is saved.
mount -t tmpfs -o size=256m none "$dir/disk"
mkdir -p "$dir"/disk/{lib,etc} "$dir/libvirt/lib/qemu"
cp -a "$dir/libvirt/etc/qemu/." "$dir/disk/etc"
mount --bind "$dir/disk/lib" /var/lib/libvirt/qemu
mount --bind "$dir/disk/etc" /etc/libvirt/qemu

mount --bind "$dir/passwd" /etc/passwd
mount --bind "$dir/group" /etc/group

emulator=/usr/bin/qemu-system-x86_64
mount --bind "$emulator" "$dir/usr/bin/qemu-system-x86_64"
mount --bind "$dir/wrapper" "$emulator"

# Every guest is emulated: a /dev/kvm that opens tells nothing about whether it works,
# and would let the machine's own CPU shine through the generation. On a read-only mount
# it counts as not usable; removing it would remove the machine's.
if [[ -e /dev/kvm ]]; then
  mount --bind "$dir/no-kvm" /dev/kvm
  mount -o remount,bind,ro /dev/kvm
fi
