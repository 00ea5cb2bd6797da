#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# How long a host with six guests takes to be empty by "virtern drain", over the same six moved one
# by one with virsh, in turn first; between the rounds they are brought back. Real moves over a link
# shaped to 400 Mbit/s, guests of three sizes. Needs root and the lab.
#
#   tests/bench/bench-drain.sh [ROUNDS]      5 unless given
set -eu -o pipefail
LAB_TESTS=$(cd "$(dirname "$0")/../lab" && pwd)
. "$LAB_TESTS/functions.sh"
. "$LAB_TESTS/virtern.sh"
. "$LAB_TESTS/../bench/figures.sh"
requires_virtern
use_virtern_lab "${TERN_LAB_NAME:-bench}"
rounds=${1:-5}
MBIT=400
# MiB that each has written.
declare -A FILL=([g1]=32 [g2]=32 [g3]=96 [g4]=96 [g5]=192 [g6]=192)
names=$(printf '%s\n' "${!FILL[@]}" | sort)

by_drain() {
  virtern drain node1 >/dev/null 2>&1
}

# To where the drain put them.
by_virsh() {
  local name
  for name in $names; do plain_move "$name" node1 "${TO[$name]}"; done
}

shape() { for node in node1 node2 node3; do lab link "$node" migr "$@"; done; } # WORDS

# By the same way after both, so that the next finds the same; virternd takes no rate from these.
bring_back() {
  shape clear
  virtern activate node1 >/dev/null
  for name in $names; do
    plain_move "$name" "${TO[$name]}" node1
    wait_until 20 vm_is_known_on "$name" node1
  done
  shape rate "${MBIT}mbit"
}

time_of() { # COMMAND
  local began
  began=$(now_us)
  "$1"
  took_us=$(($(now_us) - began))
}

lab up --cpu node1=old,node2=old,node3=old >/dev/null
rows=$(mktemp)
trap 'rm -f "$rows"; kill -KILL "$(virternd_pid)" 2>/dev/null || true; lab down || true' EXIT
start_bus
start_virternd
add_nodes >/dev/null
for name in $names; do
  lab vm start "$name" --on node1 --memory $((FILL[$name] + FILL[$name] / 8 + 88)) --fill "${FILL[$name]}"
done
for name in $names; do
  lab vm wait "$name" 3 --timeout 120
  wait_until 10 vm_is_known_on "$name" node1
done
shape rate "${MBIT}mbit"

declare -A TO
printf '%5s %10s %10s %8s\n' round 'drain, s' 'virsh, s' ratio
for ((i = 1; i <= rounds; i++)); do
  # The first needs the drain's own places.
  order='by_drain by_virsh'
  ((i % 2)) || order='by_virsh by_drain'
  for way in $order; do
    time_of "$way"
    printf -v "$way" %s $took_us
    for name in $names; do TO[$name]=$(virtern --json vm show "$name" | jq -r .host); done
    bring_back
  done
  # shellcheck disable=SC2154
  echo "$by_drain $by_virsh" >>"$rows"
  awk -v n=$i -v d="$by_drain" -v v="$by_virsh" \
    'BEGIN { printf "%5d %10.2f %10.2f %8.3f\n", n, d / 1e6, v / 1e6, d / v }'
done
for name in $names; do is_equal "$(lab vm boots "$name")" 1 "the number of boots of $name"; done
echo
printf 'drain over one by one  '
awk '{ print $1 / $2 }' "$rows" | summary %.3f
