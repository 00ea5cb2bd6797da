# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What a guest may need of a node and one node has and another lacks: networks, storage
# pools, machine types.

is_resource_name() { [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9_.-]*$ ]]; }

# The same name has the same UUID on each node, as networks and pools need not have, but
# whoever compares by it must not be misled into a difference.
resource_uuid() { # KIND NAME
  guest_uuid "$1 $2"
}

# Networks, all on the bridge that is there.

network_xml() { # NAME [PORTGROUP…]
  local group
  echo "<network><name>$1</name><uuid>$(resource_uuid network "$1")</uuid>"
  echo "<forward mode='bridge'/><bridge name='br-lab'/>"
  for group in "${@:2}"; do echo "<portgroup name='$group'/>"; done
  echo '</network>'
}

network_define() { # NODE NAME [PORTGROUP…]
  local name
  for name in "${@:2}"; do
    is_resource_name "$name" || bad_usage "'$name' cannot be the name of a network or portgroup"
  done
  network_xml "${@:2}" | node_virsh "$1" -q net-define /dev/stdin
}

command_network() {
  need_arguments 3 $# 'network NODE define|start|stop|remove NAME [PORTGROUP…]'
  local node=$1 act=$2 name=$3
  need_node "$node"
  case $act in
    define) network_define "$node" "${@:3}" ;;
    start) node_virsh "$node" -q net-start "$name" ;;
    stop) node_virsh "$node" -q net-destroy "$name" ;;
    remove)
      # It may be stopped already.
      node_virsh "$node" -q net-destroy "$name" 2>/dev/null || true
      node_virsh "$node" -q net-undefine "$name"
      ;;
    *) bad_usage "a network can define, start, stop or remove, not '$act'" ;;
  esac
}

# Pools of type dir. What is behind a path cannot be told from the outside: of two pools
# of one name and path, those that are shared show the same files on each node.

pool_path() { echo "/var/lib/libvirt/$1"; } # NAME

pool_define() { # NODE NAME local|shared
  local path
  path=$(pool_path "$2")
  inside "$1" mkdir -p "$path"
  if [[ $3 == shared ]]; then
    mkdir -p "$LAB_DIR/shared/$2"
    inside "$1" mount --bind "$LAB_DIR/shared/$2" "$path"
  fi
  node_virsh "$1" -q pool-define-as "$2" dir --target "$path"
  node_virsh "$1" -q pool-start "$2"
}

command_pool() {
  need_arguments 3 $# 'pool NODE local|shared|stop|remove NAME'
  local node=$1 act=$2 name=$3
  need_node "$node"
  is_resource_name "$name" || bad_usage "'$name' cannot be the name of a pool"
  case $act in
    local | shared) pool_define "$node" "$name" "$act" ;;
    stop) node_virsh "$node" -q pool-destroy "$name" ;;
    remove)
      # It may be stopped already, and only a shared one is mounted.
      node_virsh "$node" -q pool-destroy "$name" 2>/dev/null || true
      node_virsh "$node" -q pool-undefine "$name"
      inside "$node" umount "$(pool_path "$name")" 2>/dev/null || true
      ;;
    *) bad_usage "a pool can be local, shared, stop or remove, not '$act'" ;;
  esac
}

# Machine types. libvirt keeps what it learnt of the emulator in a file, and believes the
# file as long as emulator and libvirtd are the same. So what is taken out of the file is
# gone for this node, until its cache is.

machine_cache() { # NODE
  grep -lF '<arch>x86_64</arch>' "$LAB_DIR/$1"/libvirt/cache/qemu/capabilities/*.xml
}

machine_is_known() { # NODE MACHINE
  node_virsh "$1" domcapabilities --virttype qemu --machine "$2" >/dev/null 2>&1
}

machine_hide() { # NODE MACHINE
  machine_is_known "$1" "$2" || die "'$1' has no machine type '$2'"
  fault_libvirtd "$1" kill
  sed -i "/<machine .*name='$2'/d" "$(machine_cache "$1")"
  fault_libvirtd "$1" start
  ! machine_is_known "$1" "$2" || die "'$1' still has the machine type '$2'"
}

command_machine() {
  need_arguments 3 $# 'machine NODE hide TYPE'
  need_node "$1"
  [[ $2 == hide ]] || bad_usage "a machine type can hide, not '$2'"
  is_resource_name "$3" || bad_usage "'$3' cannot be a machine type"
  machine_hide "$1" "$3"
}
