#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# How well a move fills its link: a guest of 512 MiB, most of it in use, over a link shaped to 400
# Mbit/s. The bytes that went over the wire, by the link's own counter, over what the link could have
# carried in the time: from the first to the last of them, and over the whole command. Needs root and
# the lab.
#
#   tests/bench/bench-link.sh [MOVES]      5 unless given
set -eu -o pipefail
LAB_TESTS=$(cd "$(dirname "$0")/../lab" && pwd)
. "$LAB_TESTS/functions.sh"
. "$LAB_TESTS/virtern.sh"
. "$LAB_TESTS/../bench/figures.sh"
requires_virtern
use_virtern_lab "${TERN_LAB_NAME:-bench}"
moves=${1:-5}
MBIT=400

# "TIME BYTES" five times a second, of what arrived from a node on the migration network, as long as
# the file is there.
watch_link() { # NODE FILE
  # shellcheck disable=SC2016
  lab exec hub bash -c 'while [[ -e $1 ]] && read -r bytes <"/sys/class/net/$0-migr/statistics/rx_bytes"
    do echo "${EPOCHREALTIME/./} $bytes"; sleep 0.2; done' "$1" "$2"
}

# Of the time in which more went over than a twentieth of the rate: "BYTES MICROSECONDS".
busy_time() {
  awk -v rate=$((MBIT * 125000)) '
    NR > 1 { us = $1 - t; b = $2 - n; if (b > rate * us / 1e6 / 20) { bytes += b; all += us } }
    { t = $1; n = $2 }
    END { print bytes + 0, all + 0 }'
}

lab up --nodes 2 >/dev/null
start_bus
start_virternd
add_nodes >/dev/null
lab vm start big --on node1 --memory 512 --fill 360
lab vm wait big 3 --timeout 120
wait_until 10 vm_is_known_on big node1
for node in node1 node2; do lab link "$node" migr rate "${MBIT}mbit"; done

rows=$(mktemp) samples=$(mktemp)
trap 'rm -f "$rows" "$samples" "$samples.on"; kill -KILL "$(virternd_pid)" 2>/dev/null || true; lab down || true' EXIT
printf '%4s %8s %10s %10s %16s %16s\n' move MiB copy/s command/s 'copying/link' 'command/link'
from=node1 to=node2
for ((i = 1; i <= moves; i++)); do
  : >"$samples.on"
  watch_link $from "$samples.on" >"$samples" &
  watcher=$!
  began=$(now_us)
  virtern migrate big --to $to >/dev/null 2>&1
  whole=$(($(now_us) - began))
  rm -f "$samples.on"
  wait $watcher
  read -r bytes busy < <(busy_time <"$samples")
  echo "$bytes $busy $whole" >>"$rows"
  awk -v n=$i -v b="$bytes" -v u="$busy" -v w=$whole -v r=$((MBIT * 125000)) 'BEGIN {
    printf "%4d %8.0f %10.2f %10.2f %16.3f %16.3f\n", n, b / 1048576, u / 1e6, w / 1e6,
      b / (u / 1e6) / r, b / (w / 1e6) / r }'
  read -r from to <<<"$to $from"
done
echo
printf 'while copying, over the rate    '
awk -v r=$((MBIT * 125000)) '{ print $1 / ($2 / 1e6) / r }' "$rows" | summary %.3f
printf 'whole command, over the rate    '
awk -v r=$((MBIT * 125000)) '{ print $1 / ($3 / 1e6) / r }' "$rows" | summary %.3f
