#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whole-process time of "virtern migrate" over "virsh migrate", for the same guest from the
# same host to the same host, in turns. Prints each pair, the median ratio and its spread, and
# where the difference goes. Needs root and the lab.
#
#   tests/bench/bench-migrate.sh [PAIRS]      9 unless given
set -eu -o pipefail
LAB_TESTS=$(cd "$(dirname "$0")/../lab" && pwd)
. "$LAB_TESTS/functions.sh"
. "$LAB_TESTS/virtern.sh"
. "$LAB_TESTS/../bench/figures.sh"
requires_virtern
use_virtern_lab "${TERN_LAB_NAME:-bench}"
pairs=${1:-9}

timed() { # COMMAND… ; sets took_us
  local began
  began=$(now_us)
  "$@" >/dev/null 2>&1
  took_us=$(($(now_us) - began))
}

back() {
  plain_move web01 node2 node1
  wait_until 10 vm_is_known_on web01 node1
}

by_virsh() { plain_move web01 node1 node2; }
by_virtern() { virtern migrate web01 --to node2; }

lab up --nodes 2 >/dev/null
start_bus
start_virternd
add_nodes >/dev/null
lab vm start web01 --on node1
lab vm wait web01 3
wait_until 10 vm_is_known_on web01 node1

# One unmeasured move by each, so that neither pays for what happens once.
by_virtern >/dev/null 2>&1
back
by_virsh
back

rows=$(mktemp)
trap 'rm -f "$rows"; kill -KILL "$(virternd_pid)" 2>/dev/null || true; lab down || true' EXIT
printf '%4s %12s %12s %8s %10s %10s %10s\n' pair virtern/ms virsh/ms ratio command queue+check task
for ((i = 1; i <= pairs; i++)); do
  timed by_virtern
  ours=$took_us
  task=$(virtern --json task list --limit 1)
  back
  timed by_virsh
  theirs=$took_us
  back
  whole=$(jq '.[0] | .finished - .created' <<<"$task")
  queue=$(jq '.[0] | .started - .created' <<<"$task")
  echo "$ours $theirs $((ours - whole)) $queue $whole" >>"$rows"
  awk -v n=$i -v a=$ours -v b=$theirs -v w=$whole -v q=$queue 'BEGIN {
    printf "%4d %12.0f %12.0f %8.3f %10.0f %10.0f %10.0f\n", n, a/1000, b/1000, a/b, (a-w)/1000, q/1000, w/1000 }'
done
echo
printf 'ratio virtern/virsh    '; awk '{ print $1 / $2 }' "$rows" | summary %.3f
printf 'difference, ms         '; awk '{ print ($1 - $2) / 1000 }' "$rows" | summary %.0f
printf 'outside the task, ms   '; awk '{ print $3 / 1000 }' "$rows" | summary %.0f
printf 'queue, ms              '; awk '{ print $4 / 1000 }' "$rows" | summary %.1f
