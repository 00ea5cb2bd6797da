# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Nodes: namespaces kept by a holder process, a file tree, and a libvirtd in them.
# The holder lets the namespaces outlive a killed libvirtd.

READY_SECONDS=60

holder_pid() { # NODE|hub
  pid_of "$LAB_DIR/$1/holder" || die "the namespaces of '$1' are gone; run: lab down"
}

# Commands inside a node: all of it, or the network alone (with our own files).
inside() { # NODE|hub COMMAND…
  local pid
  pid=$(holder_pid "$1") || return 1
  shift
  nsenter -t "$pid" -m -n -u -- "$@"
}

inside_net() { # NODE|hub COMMAND…
  local pid
  pid=$(holder_pid "$1") || return 1
  shift
  nsenter -t "$pid" -n -- "$@"
}

# In a session of its own virsh finds no terminal, so it starts no agent of polkit, which would
# complain that there is no polkit. (virsh 9.0 has no option against it.)
node_virsh() { # NODE ARGUMENTS…
  local node=$1
  shift
  inside "$node" setsid --wait virsh -c qemu:///system "$@"
}

libvirtd_pid() { pid_of "$LAB_DIR/$1/libvirtd.pid"; }

# Starting

# The marker is mounted before anything else, so that an unfinished start is found too.
holder_start() { # NODE|hub
  local dir=$LAB_DIR/$1
  # The file tells that the namespaces are there, not only that the process is.
  # shellcheck disable=SC2016
  detached "$dir/holder.log" unshare --net --mount --uts --propagation private \
    sh -c 'mount -t tmpfs -o size=4k "$1" "$2/marker" && echo "$$" >"$2/ready.new" &&
      mv "$2/ready.new" "$2/ready" && exec sleep infinity' sh "$(marker_of "$1")" "$dir"
  wait_for 10 test -e "$dir/ready" ||
    die "cannot make namespaces for '$1': $(tail -n 1 "$dir/holder.log")"
  pid_record "$dir/holder" "$(<"$dir/ready")" || die "the holder of '$1' died at once"
}

enter_tree() { # NODE|hub
  inside "$1" bash "$LAB_SOURCE/lib/inside-node.sh" "$1" "$LAB_DIR/$1" "$LAB_DIR/hosts"
}

node_uuid() { printf '7e52a000-1ab0-4000-8000-%012x' "${1#node}"; }

node_files() { # NODE GENERATION
  local dir=$LAB_DIR/$1 etc=$LAB_DIR/$1/libvirt/etc
  mkdir -p "$dir"/{marker,disk} "$dir"/libvirt/{run,lib/images,cache,log,etc/hooks} "$dir/usr/bin"
  mkdir -p /run/libvirt /var/{lib,cache,log}/libvirt
  ln -s /usr/share /usr/lib "$dir/usr"
  touch "$dir/usr/bin/qemu-system-x86_64" "$dir/log"
  install -m 444 /dev/null "$dir/no-kvm"
  echo "$2" >"$dir/generation"
  generation_wrapper "$2" "$dir/usr/bin/qemu-system-x86_64" >"$dir/wrapper"
  chmod 755 "$dir/wrapper"
  libvirtd_conf "$1" >"$etc/libvirtd.conf"
  qemu_conf "$1" >"$etc/qemu.conf"
  hook_script "$1" >"$etc/hooks/qemu"
  chmod 755 "$etc/hooks/qemu"
  network_files "$etc"
  accounts_files "$dir"
}

libvirtd_conf() { # NODE
  cat <<CONF
host_uuid = "$(node_uuid "$1")"
listen_tls = 0
listen_tcp = 1
listen_addr = "$(node_address "$1" mgmt)"
auth_tcp = "none"
auth_unix_rw = "none"
unix_sock_rw_perms = "0700"
log_outputs = "3:file:$LAB_DIR/$1/log"
CONF
}

qemu_conf() { # NODE
  cat <<CONF
user = "root"
group = "root"
security_driver = "none"
stdio_handler = "file"
cgroup_controllers = []
namespaces = []
remember_owner = 0
migration_address = "$(node_address "$1" migr)"
migration_host = "$(node_address "$1" migr)"
CONF
}

# libvirt looks its default account up before it reads qemu.conf, which makes it root; a
# machine with no more than the libvirtd binary may not have it.
accounts_files() { # NODE_DIR
  cp /etc/passwd /etc/group "$1"
  getent passwd libvirt-qemu >/dev/null ||
    echo 'libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin' >>"$1/passwd"
  getent group libvirt-qemu >/dev/null || echo 'libvirt-qemu:x:64055:' >>"$1/group"
}

# A network on a bridge that is there already needs neither dnsmasq nor a firewall.
network_files() { # ETC
  mkdir -p "$1/qemu/networks/autostart"
  cat >"$1/qemu/networks/lab.xml" <<'XML'
<network>
  <name>lab</name>
  <uuid>7e52a000-1ab0-4000-8000-000000000100</uuid>
  <forward mode='bridge'/>
  <bridge name='br-lab'/>
</network>
XML
  ln -s ../lab.xml "$1/qemu/networks/autostart/lab.xml"
}

libvirtd_start() { # NODE
  local dir=$LAB_DIR/$1 holder
  ! libvirtd_pid "$1" >/dev/null || return 0
  holder=$(holder_pid "$1")
  rm -f "$dir/libvirt/run/libvirtd.pid"
  detached "$dir/log" nsenter -t "$holder" -m -n -u -- \
    libvirtd --listen --pid-file /run/libvirt/libvirtd.pid
  pid_record "$dir/libvirtd.pid" $! ||
    die "libvirtd of '$1' died at once: $(tail -n 1 "$dir/log")"
}

libvirtd_answers() { # NODE
  node_virsh "$1" list >/dev/null 2>&1
}

libvirtd_answers_or_died() { # NODE
  libvirtd_answers "$1" || ! libvirtd_pid "$1" >/dev/null
}

libvirtd_await() { # NODE
  wait_for "$READY_SECONDS" libvirtd_answers_or_died "$1" ||
    die "libvirtd of '$1' did not answer in $READY_SECONDS s: $(tail -n 1 "$LAB_DIR/$1/log")"
  libvirtd_pid "$1" >/dev/null ||
    die "libvirtd of '$1' died: $(grep error "$LAB_DIR/$1/log" | tail -n 3)"
}

# The features of the emulator are probed on the first question: ask it now, so that the
# first guest need not wait.
node_up() { # NODE
  holder_start "$1"
  links_create "$1"
  enter_tree "$1"
  libvirtd_start "$1"
  libvirtd_await "$1"
  node_virsh "$1" domcapabilities --virttype qemu >/dev/null
}

hub_up() {
  mkdir -p "$LAB_DIR/hub/marker"
  holder_start hub
  enter_tree hub
  bridges_create
}

# Which node is of which generation: node3 and later are new, the others old.
declare -A NODE_GENERATION

generations_choose() { # COUNT CHOICES
  local number choice
  for ((number = 1; number <= $1; number++)); do
    NODE_GENERATION[node$number]=$( ((number < 3)) && echo old || echo new)
  done
  for choice in ${2//,/ }; do
    [[ -v NODE_GENERATION[${choice%%=*}] ]] || bad_usage "--cpu names no node of this lab: '$choice'"
    generation_exists "${choice#*=}" || bad_usage "there is no generation '${choice#*=}'"
    NODE_GENERATION[${choice%%=*}]=${choice#*=}
  done
}

command_up() {
  local count=3 choices=''
  while (($# > 0)); do
    need_arguments 2 $# 'up [--nodes N] [--cpu node1=GENERATION,…]'
    case $1 in
      --nodes) count=$2 ;;
      --cpu) choices=$2 ;;
      *) bad_usage "up knows no option '$1'" ;;
    esac
    shift 2
  done
  [[ $count =~ ^[1-9][0-9]?$ ]] ||
    bad_usage "--nodes takes a number from 1 to 99, not '$count'"
  generations_choose "$count" "$choices"
  need_commands libvirtd virsh qemu-system-x86_64 qemu-nbd ip tc nsenter unshare busybox \
    cpio apt-get dpkg-deb

  command_down
  # Whoever talks to these libvirtds is root, so nobody else gets near their sockets.
  mkdir -p "$(dirname "$LAB_DIR")"
  mkdir -m 700 "$LAB_DIR" || die "cannot make $LAB_DIR"
  touch "$LAB_DIR/is-a-lab"
  mkdir "$LAB_DIR"/{serial,disk}
  seq -f 'node%.0f' "$count" >"$LAB_DIR/nodes"
  hosts_write <"$LAB_DIR/nodes" >"$LAB_DIR/hosts"
  image_install "$LAB_DIR/guest"
  hub_up

  local node failed=0
  local -a starting=()
  # All directories first: what still runs of an up that was killed cannot come back
  # after a down has removed them.
  for node in $(node_names); do node_files "$node" "${NODE_GENERATION[$node]}"; done
  for node in $(node_names); do
    node_up "$node" &
    starting+=($!)
  done
  for node in "${starting[@]}"; do
    wait "$node" || failed=1
  done
  ((failed == 0)) || die 'the lab did not come up; see the logs above, then: lab down'
  touch "$LAB_DIR/up"
}

# Stopping. Whatever has a marker mount is killed, whether a pid file knows it or not:
# that finds the QEMUs of a node whose libvirtd or holder is gone.

none_left() { [[ -z $(processes_in '') ]]; }

kill_all() {
  local pids
  pids=$(processes_in '')
  [[ -n $pids ]] || return 0
  # A process may end meanwhile, and a new one may have been started.
  # shellcheck disable=SC2086  # a list of numbers
  kill -KILL $pids 2>/dev/null || true
}

kill_round() { kill_all; none_left; }

command_down() {
  # A wrong TERN_LAB_DIR must not cost anyone their files.
  [[ ! -e $LAB_DIR || -e $LAB_DIR/is-a-lab ]] || rmdir "$LAB_DIR" 2>/dev/null ||
    die "$LAB_DIR is no directory of a lab; it stays as it is"
  rm -f "$LAB_DIR/up"
  wait_for 20 kill_round || die "these processes do not end: $(processes_in '' | tr '\n' ' ')"
  [[ -d $LAB_DIR ]] || return 0
  rm -rf "$LAB_DIR"
  # Without the directory nothing can start any more; what did so meanwhile ends now.
  wait_for 20 kill_round || die "these processes do not end: $(processes_in '' | tr '\n' ' ')"
  # The directory of all labs goes with the last.
  [[ -n ${TERN_LAB_DIR:-} ]] || rmdir "$(dirname "$LAB_DIR")" 2>/dev/null || true
}

# Commands

command_nodes() { need_lab; node_names; }

command_uri() {
  need_arguments 1 $# 'uri NODE'
  need_node "$1"
  echo "qemu+tcp://$1/system"
}

command_exec() {
  need_arguments 2 $# 'exec NODE|hub COMMAND…'
  local place=$1 pid
  shift
  if [[ $place == hub ]]; then need_lab; else need_node "$place"; fi
  pid=$(holder_pid "$place")
  # Entering a mount namespace goes to /, so come back to where we were.
  exec nsenter -t "$pid" -m -n -u --wdns="$PWD" -- "$@"
}

command_virsh() {
  need_arguments 2 $# 'virsh NODE ARGUMENTS…'
  local node=$1
  shift
  [[ $node != hub ]] || bad_usage 'the hub has no libvirtd; use: lab exec hub virsh -c …'
  # Not for a person, whose Ctrl-C would not reach it.
  local alone=(setsid --wait)
  [[ ! -t 0 ]] || alone=()
  command_exec "$node" "${alone[@]}" virsh -c qemu:///system "$@"
}
