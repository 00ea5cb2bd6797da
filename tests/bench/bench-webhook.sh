#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What notices that wait cost the daemon: its memory with none and with 10,000 waiting for an endpoint
# that hangs, and how long they take to arrive when it is well. Simulated hosts, a bus of its own.
#
#   tests/bench/bench-webhook.sh [N]      10000 unless given
set -eu -o pipefail
TOP_SRCDIR=$(cd "$(dirname "$0")/../.." && pwd)
TOP_BUILDDIR=${TOP_BUILDDIR:-$TOP_SRCDIR}
if [[ -z ${BENCH_BUS-} ]]; then
  BENCH_BUS=1 exec dbus-run-session -- "$0" "$@"
fi
n=${1:-10000}
bound_mib=20
dir=$(mktemp -d)
pids=()
stop() {
  for pid in "${pids[@]}" ${daemon-}; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf -- "$dir"
}
trap stop EXIT

db=$dir/state/virtern.db
manager=(gdbus call --session --dest org.virtern.Virtern1 --object-path /org/virtern/Virtern1)
call() { "${manager[@]}" --method "org.virtern.Virtern1.Manager.$1" "${@:2}"; }

start_receiver() {
  mkfifo "$dir/hold.$1"
  tail -f /dev/null >"$dir/hold.$1" &
  pids+=($!)
  python3 "$TOP_SRCDIR/tests/unit/receiver.py" --log "$dir/log" <"$dir/hold.$1" >"$dir/port.$1" &
  pids+=($!)
  until [[ -s $dir/port.$1 ]]; do :; done
}

start_daemon() {
  "$TOP_BUILDDIR/virternd" --session --simulate "$TOP_SRCDIR/tests/fixtures/sim/small.json" \
    --state-dir "$dir/state" 2>>"$dir/daemon.log" &
  daemon=$!
  gdbus wait --session --timeout 20 org.virtern.Virtern1
}
stop_daemon() {
  kill "$daemon"
  wait "$daemon" || true
}
memory_kib() { awk -v key="$1:" '$1 == key { print $2 }' "/proc/$daemon/status"; }
waiting() { sqlite3 -readonly "$db" 'SELECT count(*) FROM outbox'; }

# Its memory once it has been at work for some seconds: here the passing of time is what is measured.
measure() {
  start_daemon
  sleep 12
  measured=$(memory_kib RssAnon)
}

mkdir -p "$dir/state"
chmod 700 "$dir/state"
start_receiver a
start_daemon
call AddWebhook bench "http://127.0.0.1:$(<"$dir/port.a")/hang" '{}' >/dev/null
stop_daemon
measure
none=$measured
stop_daemon

body=$(jq -cn '{specversion: "1.0", id: "x", source: "/virtern/bench", type: "org.virtern.task.ended",
  subject: "vm", time: "2026-03-01T00:00:00Z", datacontenttype: "application/json",
  data: {Id: 1, Kind: "migrate", Vm: "web01", Error: ("it did not work " * 40)}}')
now=$(($(date +%s) * 1000000))
sqlite3 "$db" "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < $n)
  INSERT INTO outbox (webhook, uid, kind, subject, time_us, body, attempts, next_us)
  SELECT 'bench', 'uid-' || n, 'task.ended', 'vm-' || (n % 500), $now, '$body', 0, 0 FROM i"
measure
many=$measured
high=$(memory_kib VmHWM)
echo "waiting                $(waiting), $((${#body} * n / 1024)) KiB of documents, $(grep -c '"/hang"' "$dir/log") attempts"
awk -v a="$none" -v b="$many" 'BEGIN { printf "memory of its own      %.1f MiB with none waiting, %.1f MiB with them\n", a / 1024, b / 1024 }'
awk -v a="$none" -v b="$many" -v m=$bound_mib 'BEGIN { g = (b - a) / 1024
  printf "growth                 %.1f MiB (bound %d MiB): %s\n", g, m, g <= m ? "ok" : "TOO MUCH"; exit g > m }'
echo "highest                $((high / 1024)) MiB resident"

stop_daemon
sqlite3 "$db" "UPDATE webhook SET url = 'http://127.0.0.1:$(<"$dir/port.a")/ok'; UPDATE outbox SET next_us = 0"
began=${EPOCHREALTIME/./}
start_daemon
while (($(waiting) > 0)); do sleep 0.2; done
awk -v us=$((${EPOCHREALTIME/./} - began)) -v n="$n" 'BEGIN { printf "delivery               %.1f s, %.0f notices a second\n", us / 1e6, n / (us / 1e6) }'
awk -v a="$none" -v b="$(memory_kib RssAnon)" 'BEGIN { printf "growth after it        %.1f MiB\n", (b - a) / 1024 }'
stop_daemon
