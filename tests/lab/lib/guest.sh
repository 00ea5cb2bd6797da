# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Guests: small emulated machines that count seconds on a serial line, so that a test
# sees whether one went on, stopped or began anew.

declare -A GUEST

GUEST_LEAST_MEMORY=128 # MiB

# What a guest needs to rewrite so much memory: the kernel's own share grows with it.
memory_for_dirty() { echo $(($1 + $1 / 8 + 88)); } # MIB

guest_memory() {
  local wanted=0
  ! is_number "${GUEST[dirty]}" || ! is_number "${GUEST[fill]}" ||
    wanted=$(memory_for_dirty $((GUEST[dirty] + GUEST[fill])))
  echo $((wanted > GUEST_LEAST_MEMORY ? wanted : GUEST_LEAST_MEMORY))
}

guest_parse() { # NAME [OPTIONS]
  local name=${1:-} value
  [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]] ||
    bad_usage "a guest's name is made of letters, digits, '_', '.' and '-', not '$name'"
  shift
  GUEST=([name]=$name [on]='' [memory]='' [vcpus]=1 [dirty]=0 [cpu]=host-model
    [machine]=pc [disk]=none [cdrom]='' [network]='' [transient]=no [fine]=0 [fill]=0
    [pause]=200)
  while (($# > 0)); do
    case $1 in
      --transient) GUEST[transient]=yes ;;
      --persistent) GUEST[transient]=no ;;
      --fine) GUEST[fine]=1 ;;
      --on | --memory | --vcpus | --dirty | --fill | --pause | --cpu | --machine | --disk | --cdrom)
        (($# >= 2)) || bad_usage "$1 needs a value"
        GUEST[${1#--}]=$2
        shift
        ;;
      --network)
        (($# >= 2)) || bad_usage "$1 needs a value"
        GUEST[network]+=" $2"
        shift
        ;;
      *) bad_usage "vm knows no option '$1'" ;;
    esac
    shift
  done
  [[ -n ${GUEST[memory]} ]] || GUEST[memory]=$(guest_memory)
  for value in memory vcpus dirty fill pause; do
    is_number "${GUEST[$value]}" || bad_usage "--$value takes a number, not '${GUEST[$value]}'"
  done
  value=$((GUEST[dirty] + GUEST[fill]))
  ((value == 0 || GUEST[memory] >= $(memory_for_dirty $value))) ||
    bad_usage "$value MiB to write need --memory $(memory_for_dirty $value)"
  [[ ${GUEST[disk]} != file ]] || GUEST[disk]=$(own_disk "$name")
  [[ ${GUEST[disk]} =~ ^(nbd|none|/.*)$ ]] || bad_usage '--disk is nbd, file, a path or none'
}

guest_needs_node() {
  [[ -n ${GUEST[on]} ]] || bad_usage 'say where: --on NODE'
  need_node "${GUEST[on]}"
}

# The definition

# The same name is the same guest on each node: the UUID comes from the name.
guest_uuid() { # NAME
  md5sum <<<"virtern lab guest $1" |
    sed 's/^\(.\{8\}\)\(.\{4\}\).\(.\{3\}\).\(.\{3\}\)\(.\{12\}\).*/\1-\2-4\3-8\4-\5/'
}

xml_text() {
  local text=$1
  text=${text//&/&amp;}
  text=${text//</&lt;}
  echo "${text//\'/&apos;}"
}

guest_xml_cpu() {
  case ${GUEST[cpu]} in
    host-model | host-passthrough | maximum) echo "<cpu mode='${GUEST[cpu]}'/>" ;;
    # What the emulator cannot do of a named model is left out, not refused.
    *) echo "<cpu mode='custom' match='exact' check='none'><model>$(xml_text "${GUEST[cpu]}")</model></cpu>" ;;
  esac
}

guest_xml_disk() {
  case ${GUEST[disk]} in
    none) ;;
    nbd) cat <<XML ;;
    <disk type='network' device='disk'>
      <driver name='qemu' type='raw' cache='none'/>
      <source protocol='nbd' name='${GUEST[name]}'>
        <host name='${NETWORK_PREFIX[mgmt]}.1' port='$(disk_port "${GUEST[name]}")'/>
      </source>
      <target dev='vda' bus='virtio'/>
    </disk>
XML
    *) cat <<XML ;;
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw' cache='none'/>
      <source file='$(xml_text "${GUEST[disk]}")'/>
      <target dev='vda' bus='virtio'/>
    </disk>
XML
  esac
}

guest_xml_devices() {
  local network
  guest_xml_disk
  [[ -z ${GUEST[cdrom]} ]] || cat <<XML
    <disk type='file' device='cdrom'>
      <driver name='qemu' type='raw'/>
      <source file='$(xml_text "${GUEST[cdrom]}")'/>
      <target dev='hda' bus='ide'/>
      <readonly/>
    </disk>
XML
  for network in ${GUEST[network]}; do guest_xml_network "$network"; done
}

guest_xml_network() { # NAME[:PORTGROUP]
  local source
  source="network='$(xml_text "${1%%:*}")'"
  [[ $1 != *:* ]] || source+=" portgroup='$(xml_text "${1#*:}")'"
  cat <<XML
    <interface type='network'>
      <source $source/>
      <model type='virtio'/>
    </interface>
XML
}

guest_arguments() {
  local name words=''
  for name in dirty pause fill fine; do words+=" tern.$name=${GUEST[$name]}"; done
  echo "${words# }"
}

guest_xml_fine() {
  ((GUEST[fine] == 0)) || cat <<XML
    <serial type='file'>
      <source path='$(fine_file "${GUEST[name]}")' append='on'/>
    </serial>
XML
}

guest_xml() {
  cat <<XML
<domain type='qemu'>
  <name>${GUEST[name]}</name>
  <uuid>$(guest_uuid "${GUEST[name]}")</uuid>
  <memory unit='MiB'>${GUEST[memory]}</memory>
  <vcpu>${GUEST[vcpus]}</vcpu>
  <os>
    <type arch='x86_64' machine='$(xml_text "${GUEST[machine]}")'>hvm</type>
    <kernel>$LAB_DIR/guest/vmlinuz</kernel>
    <initrd>$LAB_DIR/guest/initramfs</initrd>
    <cmdline>console=ttyS0 quiet panic=-1 $(guest_arguments)</cmdline>
  </os>
  <features><acpi/><apic/></features>
  $(guest_xml_cpu)
  <clock offset='utc'/>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
$(guest_xml_devices)
    <controller type='usb' model='none'/>
    <serial type='file'>
      <source path='$(serial_file "${GUEST[name]}")' append='on'/>
    </serial>
$(guest_xml_fine)
    <memballoon model='virtio'/>
  </devices>
</domain>
XML
}

# Disks: an NBD server each, in the hub, which every node reaches. To libvirt that is
# shared storage, where a file would be refused as unsafe.

DISK_FIRST_PORT=10809
DISK_SIZE=64M

disk_port() { cat "$LAB_DIR/disk/$1.port" 2>/dev/null || echo "$DISK_FIRST_PORT"; }

# A directory can be made by one only, which settles who has the port.
disk_claim_port() { # NAME
  local port=$DISK_FIRST_PORT
  until mkdir "$LAB_DIR/disk/claim-$port" 2>/dev/null; do
    ((++port < DISK_FIRST_PORT + 1000)) || die 'all ports for disks are taken'
  done
  echo "$port" >"$LAB_DIR/disk/$1.port"
}

disk_start() { # NAME
  local base=$LAB_DIR/disk/$1
  ! pid_of "$base.pid" >/dev/null || return 0
  [[ -e $base.port ]] || disk_claim_port "$1"
  [[ -e $base.img ]] || truncate -s "$DISK_SIZE" "$base.img"
  inside hub qemu-nbd --fork --persistent --shared=8 --format=raw --export-name="$1" \
    --bind="${NETWORK_PREFIX[mgmt]}.1" --port="$(disk_port "$1")" \
    --pid-file="$base.qemu-nbd" "$base.img" </dev/null >"$base.log" 2>&1 ||
    die "the disk of '$1' cannot be served: $(tail -n 1 "$base.log")"
  pid_record "$base.pid" "$(<"$base.qemu-nbd")" || die "the disk server of '$1' died at once"
}

disk_remove() { # NAME
  local base=$LAB_DIR/disk/$1 pid
  if pid=$(pid_of "$base.pid"); then process_end "$pid"; fi
  [[ ! -e $base.port ]] || rmdir "$LAB_DIR/disk/claim-$(<"$base.port")"
  rm -f "$base".*
}

# A disk that only one node has.

own_disk() { echo "/var/lib/libvirt/images/$1.img"; } # NAME

guest_make_disk() {
  case ${GUEST[disk]} in
    nbd) disk_start "${GUEST[name]}" ;;
    "$(own_disk "${GUEST[name]}")") inside "${GUEST[on]}" truncate -s "$DISK_SIZE" "${GUEST[disk]}" ;;
  esac
}

# What a guest said

serial_file() { echo "$LAB_DIR/serial/$1.log"; }
fine_file() { echo "$LAB_DIR/serial/$1.fine"; }

# A line counts when its end was seen: the last may still be written.
guest_tick() { # NAME
  local line
  line=$(tail -c 4096 "$(serial_file "$1")" 2>/dev/null | tr -d '\0' |
    grep -aE '^tick [0-9]+'$'\r''?$' | tail -n 1 | tr -dc '0-9') || true
  echo "${line:-0}"
}

guest_count() { # NAME WORD
  local count
  count=$(grep -acE "^$2 [0-9a-f-]+"$'\r''?$' "$(serial_file "$1")" 2>/dev/null) || true
  echo "${count:-0}"
}

guest_ticked() { # NAME LINES
  local count
  count=$(guest_count "$1" tick)
  ((count >= $2))
}

vm_wait() { # NAME [TICKS] [--timeout SECONDS]
  local name=$1 ticks=1 seconds=60 count
  shift
  while (($# > 0)); do
    case $1 in
      --timeout) seconds=${2:-}; shift ;;
      *) ticks=$1 ;;
    esac
    shift
  done
  [[ $ticks:$seconds =~ ^[0-9]+:[0-9]+$ ]] ||
    bad_usage 'usage: lab vm wait NAME [TICKS] [--timeout SECONDS]'
  # Lines are counted, since a guest that starts anew begins at tick 1.
  count=$(guest_count "$name" tick)
  wait_for "$seconds" guest_ticked "$name" $((count + ticks)) ||
    die "guest '$name' did not tick $ticks times in $seconds s"
}

# Commands

vm_define() { # NAME --on NODE [OPTIONS]
  guest_parse "$@"
  guest_needs_node
  [[ ${GUEST[transient]} == no ]] || bad_usage 'only a persistent guest can be defined and shut off'
  guest_make_disk
  guest_xml | node_virsh "${GUEST[on]}" -q define /dev/stdin
}

vm_start() { # NAME --on NODE [OPTIONS]
  guest_parse "$@"
  guest_needs_node
  if [[ ${GUEST[transient]} == yes ]]; then
    guest_make_disk
    guest_xml | node_virsh "${GUEST[on]}" -q create /dev/stdin
  else
    vm_define "$@"
    node_virsh "${GUEST[on]}" -q start "${GUEST[name]}"
  fi
}

vm_xml() { need_lab; guest_parse "$@"; guest_xml; }

vm_where() { # NAME
  local node state
  for node in $(node_names); do
    if ! node_answers "$node"; then
      echo "$node (does not answer)"
    elif state=$(node_ask "$node" domstate "$1" --reason); then
      echo "$node $state"
    fi
  done
}

vm_list() {
  local node
  for node in $(node_names); do
    { node_guests "$node" || echo '(does not answer)'; } | sed "/^\$/d; s/^/$node /"
  done
}

vm_remove() { # NAME
  local node
  for node in $(node_names); do
    node_answers "$node" || note "'$node' does not answer and may keep '$1'"
    node_ask "$node" domstate "$1" >/dev/null || continue
    node_ask "$node" destroy "$1" >/dev/null || true
    node_ask "$node" undefine "$1" --nvram --managed-save --snapshots-metadata >/dev/null || true
    ! node_ask "$node" domstate "$1" >/dev/null || die "guest '$1' cannot be removed from '$node'"
  done
  disk_remove "$1"
  rm -f "$(serial_file "$1")" "$(fine_file "$1")"
}

command_vm() {
  need_arguments 1 $# 'vm start|define|xml|wait|ticks|boots|where|list|remove …'
  local act=$1
  shift
  need_lab
  [[ $act == list ]] || need_arguments 1 $# "vm $act NAME …"
  case $act in
    start | define | xml | wait | where | list | remove) "vm_$act" "$@" ;;
    ticks) guest_tick "$1" ;;
    boots) guest_count "$1" boot ;;
    *) bad_usage "vm cannot '$act'" ;;
  esac
}
