#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that rewrites 64 MiB all the time, on a link of 80 Mbit/s, by each policy: how its move
# ended, after how long, how long it may take by that policy, and for how long the guest stood still,
# as the task tells and as its own ticks tell. Needs root and the lab.
#
#   tests/bench/bench-policies.sh [ROUNDS]      1 unless given
set -eu -o pipefail
LAB_TESTS=$(cd "$(dirname "$0")/../lab" && pwd)
. "$LAB_TESTS/functions.sh"
. "$LAB_TESTS/virtern.sh"
. "$LAB_TESTS/../bench/figures.sh"
requires_virtern
use_virtern_lab "${TERN_LAB_NAME:-bench}"
rounds=${1:-1}

# The longest pause between two ticks, of some hundred a second, as they came.
start_watching() {
  "$LAB_TESTS/../bench/stamp-lines" "$(lab_dir)/serial/busy.fine" >"$pauses" &
  watcher=$!
}
end_watching() {
  kill "$watcher"
  wait "$watcher" || true
}

# Of plan/converge-tables.c: seconds, and as many for each GiB.
declare -A BOUND=([careful]=240 [default]=300 [postcopy]=120 [force]=240)
BOUND_PER_GIB=240

lab up --nodes 2 >/dev/null
start_bus
start_virternd
add_nodes >/dev/null
pauses=$(mktemp) rows=$(mktemp)
trap 'rm -f "$pauses" "$rows"; kill -KILL "$(virternd_pid)" 2>/dev/null || true; lab down || true' EXIT
lab vm start busy --on node1 --dirty 64 --fine
lab vm wait busy 3 --timeout 120
wait_until 10 vm_is_known_on busy node1

start_watching
lab vm wait busy 10
end_watching
echo "longest pause between two ticks while nothing moves: $(awk 'NR == 1 { printf "%.0f ms", $2 / 1000 }' "$pauses")"
printf '%-9s %-10s %8s %8s %5s %12s %12s  %s\n' policy end seconds bound pass told/ms ticks/ms 'what was done'
from=node1
for ((i = 1; i <= rounds; i++)); do
  for policy in careful default postcopy force; do
    to=$([[ $from == node1 ]] && echo node2 || echo node1)
    for node in node1 node2; do lab link $node migr rate 80mbit; done
    start_watching
    virtern migrate busy --to $to --policy $policy >/dev/null 2>&1 || true
    lab vm wait busy 2 --timeout 120
    end_watching
    for node in node1 node2; do lab link $node migr clear; done
    task=$(virtern --json task list --limit 1 | jq '.[0]')
    longest=$(awk 'NR == 1 { print $2 }' "$pauses")
    jq -r --argjson longest "$longest" --argjson base "${BOUND[$policy]}" --argjson per $BOUND_PER_GIB \
      '[.policy, .state, (.finished - .started) / 1e6, $base + $per * ."memory-total" / 1073741824,
        .iteration, .downtime / 1000, $longest / 1000, (.steps | join("; "))] | @tsv' <<<"$task" |
      awk -F '\t' '{ printf "%-9s %-10s %8.1f %8.0f %5d %12.0f %12.0f  %s\n", $1, $2, $3, $4, $5, $6, $7, $8 }'
    jq -r '"          " + (if .error != "" then .error else .verdict end)' <<<"$task"
    [[ $(jq -r .state <<<"$task") != 'done' ]] || from=$to
  done
done
