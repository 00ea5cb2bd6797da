#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the daemon costs with 3 hosts and 20 VMs: resident memory, CPU while nothing happens,
# and how long "virtern vm list" takes. Needs root and the lab.
#
#   tests/bench/bench-daemon.sh [IDLE_SECONDS]      60 unless given
set -eu -o pipefail
LAB_TESTS=$(cd "$(dirname "$0")/../lab" && pwd)
. "$LAB_TESTS/functions.sh"
. "$LAB_TESTS/virtern.sh"
LAB_TESTS=$(cd "$(dirname "$0")/../lab" && pwd)
requires_virtern
use_virtern_lab bench
idle=${1:-60}

cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$(virternd_pid)/stat"; }
memory_kib() { awk -v key="$1:" '$1 == key { print $2 }' "/proc/$(virternd_pid)/status"; }
knows_20_vms() { [[ $(virtern --json vm list | jq length) == 20 ]]; }

lab up >/dev/null
start_bus
start_virternd
add_nodes >/dev/null
# Two run, so that there are live ones; the others cost the daemon as much when shut off.
lab vm start vm01 --on node1
lab vm start vm02 --on node3
for ((i = 3; i <= 20; i++)); do
  lab vm define "vm$(printf %02d $i)" --on "node$((i % 3 + 1))"
done
wait_until 30 knows_20_vms

echo "resident memory        $(awk -v k="$(memory_kib VmRSS)" 'BEGIN { printf "%.1f MiB", k / 1024 }')" \
  "(of it own: $(awk -v k="$(memory_kib RssAnon)" 'BEGIN { printf "%.1f MiB", k / 1024 }'))"

before=$(cpu_ticks)
began=${EPOCHREALTIME/./}
# Here the passing of time is what is measured.
sleep "$idle"
took=$((${EPOCHREALTIME/./} - began))
awk -v t=$(($(cpu_ticks) - before)) -v us=$took -v hz="$(getconf CLK_TCK)" \
  'BEGIN { printf "idle CPU               %.2f %% of one core over %.0f s\n", 100 * t / hz / (us / 1e6), us / 1e6 }'

times=$(for ((i = 0; i < 25; i++)); do
  began=${EPOCHREALTIME/./}
  "$TOP_BUILDDIR/virtern" vm list >/dev/null
  echo $((${EPOCHREALTIME/./} - began))
done | sort -n)
awk '{ v[NR] = $1 / 1000 } END { printf "virtern vm list        %.1f ms (%.1f - %.1f, %d runs)\n", v[int((NR + 1) / 2)], v[1], v[NR], NR }' <<<"$times"
echo "resident memory after  $(awk -v k="$(memory_kib VmRSS)" 'BEGIN { printf "%.1f MiB", k / 1024 }')"
