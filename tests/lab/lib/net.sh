# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Two networks, management and migration, as bridges in the hub. A node's end of a link
# is called mgmt or migr, the hub's end node1-mgmt or node1-migr.

declare -A NETWORK_PREFIX=([mgmt]=192.0.2 [migr]=198.51.100)

node_address() { # NODE NETWORK
  echo "${NETWORK_PREFIX[$2]}.$((10 + ${1#node}))"
}

hosts_write() {
  local node
  echo '127.0.0.1 localhost'
  echo "${NETWORK_PREFIX[mgmt]}.1 hub"
  echo "${NETWORK_PREFIX[migr]}.1 hub-migr"
  while read -r node; do
    echo "$(node_address "$node" mgmt) $node"
    echo "$(node_address "$node" migr) $node-migr"
  done
}

bridges_create() {
  local network
  for network in mgmt migr; do
    inside_net hub ip link add "$network" type bridge stp_state 0 forward_delay 0
    inside_net hub ip addr add "${NETWORK_PREFIX[$network]}.1/24" dev "$network"
    inside_net hub ip link set "$network" up
  done
  inside_net hub ip link set lo up
}

# Both ends are made where they belong, so that none shows in the machine's own network.
links_create() { # NODE
  local network pid
  pid=$(holder_pid "$1")
  for network in mgmt migr; do
    inside_net hub ip link add "$1-$network" type veth peer name "$network" netns "$pid"
    inside_net hub ip link set "$1-$network" master "$network" up
    inside_net "$1" ip addr add "$(node_address "$1" "$network")/24" dev "$network"
    inside_net "$1" ip link set "$network" up
  done
  inside_net "$1" ip link set lo up
  # For guests' network cards; it leads nowhere.
  inside_net "$1" ip link add br-lab type bridge
  inside_net "$1" ip link set br-lab up
}

# The hub's end goes down: the node keeps its route and loses its packets, as with a
# pulled cable.
link_plug() { # NODE NETWORK up|down
  inside_net hub ip link set "$1-$2" "$3"
}

link_rate() { # NODE NETWORK RATE LATENCY
  local words=(root tbf rate "$3" burst 256kb latency "$4")
  inside_net "$1" tc qdisc replace dev "$2" "${words[@]}" ||
    die "tc refuses the rate '$3' with the latency '$4'"
  inside_net hub tc qdisc replace dev "$1-$2" "${words[@]}"
}

link_full_speed() { # NODE NETWORK
  # There may be nothing to remove.
  inside_net "$1" tc qdisc del dev "$2" root 2>/dev/null || true
  inside_net hub tc qdisc del dev "$1-$2" root 2>/dev/null || true
}

link_clear() { # NODE NETWORK
  link_full_speed "$1" "$2"
  link_plug "$1" "$2" up
}

# Prints "up" or "down", and the rate if there is one.
link_state() { # NODE NETWORK
  local state=up rate flags
  flags=$(inside_net hub ip -o link show "$1-$2")
  [[ $flags =~ [\<,]UP[,\>] ]] || state=down
  rate=$(inside_net hub tc qdisc show dev "$1-$2" | sed -n 's/^qdisc tbf .* rate \([^ ]*\) .*/\1/p')
  echo "$state${rate:+ $rate}"
}

command_link() {
  need_arguments 3 $# 'link NODE mgmt|migr down|up|rate RATE [LATENCY]|clear'
  local node=$1 network=$2 act=$3
  need_node "$node"
  [[ -v NETWORK_PREFIX[$network] ]] || bad_usage "a link is mgmt or migr, not '$network'"
  case $act in
    up | down) link_plug "$node" "$network" "$act" ;;
    rate)
      need_arguments 4 $# 'link NODE mgmt|migr rate RATE [LATENCY]'
      link_rate "$node" "$network" "$4" "${5:-50ms}"
      ;;
    clear) link_clear "$node" "$network" ;;
    *) bad_usage "a link can go down, up, rate or clear, not '$act'" ;;
  esac
}
