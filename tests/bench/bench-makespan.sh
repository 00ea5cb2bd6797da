#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# How long eight moves at once from one host take, two at a time, over the best possible: all the
# bytes that went over the wire at the rate of the link, and what one move takes besides its copy.
# Real moves over a link shaped to 400 Mbit/s. Needs root and the lab.
#
#   tests/bench/bench-makespan.sh [ROUNDS]      3 unless given
set -eu -o pipefail
LAB_TESTS=$(cd "$(dirname "$0")/../lab" && pwd)
. "$LAB_TESTS/functions.sh"
. "$LAB_TESTS/virtern.sh"
. "$LAB_TESTS/../bench/figures.sh"
requires_virtern
use_virtern_lab "${TERN_LAB_NAME:-bench}"
rounds=${1:-3}
MBIT=400
GUESTS=8
names=$(seq -f g%.0f $GUESTS)

# Bytes that a node sent over the migration network so far.
sent_by() { lab exec hub cat "/sys/class/net/$1-migr/statistics/rx_bytes"; }

# One order, and how it went: sets $took_us and $bytes.
move_all() { # TO FROM NAME…
  local to=$1 from=$2 before began
  shift 2
  before=$(sent_by "$from")
  began=$(now_us)
  virtern migrate "$@" --to "$to" >/dev/null 2>&1
  took_us=$(($(now_us) - began))
  bytes=$(($(sent_by "$from") - before))
}

lab up --nodes 2 >/dev/null
rows=$(mktemp)
trap 'rm -f "$rows"; kill -KILL "$(virternd_pid)" 2>/dev/null || true; lab down || true' EXIT
start_bus
start_virternd
add_nodes >/dev/null
for name in $names; do
  lab vm start "$name" --on node1 --memory 384 --fill 256
done
for name in $names; do
  lab vm wait "$name" 3 --timeout 120
  wait_until 10 vm_is_known_on "$name" node1
done
for node in node1 node2; do lab link "$node" migr rate "${MBIT}mbit"; done
virtern limits set --out 2 --in 2 >/dev/null

printf '%5s %10s %10s %10s %10s %8s\n' round MiB 'one, s' 'best, s' 'eight, s' ratio
from=node1 to=node2
for ((i = 1; i <= rounds; i++)); do
  move_all $to $from g1
  one=$took_us one_bytes=$bytes
  move_all $from $to g1
  # shellcheck disable=SC2086
  move_all $to $from $names
  echo "$took_us $bytes $one $one_bytes" >>"$rows"
  awk -v n=$i -v a=$took_us -v b="$bytes" -v o=$one -v c="$one_bytes" -v r=$((MBIT * 125000)) 'BEGIN {
    best = b / r + o / 1e6 - c / r
    printf "%5d %10.0f %10.2f %10.2f %10.2f %8.3f\n", n, b / 1048576, o / 1e6, best, a / 1e6, a / 1e6 / best }'
  read -r from to <<<"$to $from"
done
echo
printf 'makespan over the best possible  '
awk -v r=$((MBIT * 125000)) '{ print ($1 / 1e6) / ($2 / r + $3 / 1e6 - $4 / r) }' "$rows" | summary %.3f
