#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command without a daemon: verdicts and plans from a snapshot file, and files that are none.
# TAP on stdout.
set -u
. "$(dirname "$0")/cli-functions.sh"

file=$TOP_SRCDIR/tests/bus/place-cluster.json
# Whoever would ask a daemon ends with status 8.
DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent
DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent
export DBUS_SYSTEM_BUS_ADDRESS DBUS_SESSION_BUS_ADDRESS

# --- verdicts ---

run check web01 --snapshot "$file"
ends 0 "a VM that some host can take is status 0"
says out "^HOST +VERDICT +FREE +CPU MODEL +SCORE$" && says out "^node3 +yes +[0-9.]+ GiB +Nehalem +0\.[0-9]{2}$" \
    && says out "^node1 +no +.* -$"
ok $? "check shows verdict, memory, CPU model and score of every host"
[ "$(grep -cE '^node.* (yes|no|warnings) ' "$work/out")" = 4 ] && ! says out "^spare" >"$work/unsaid"
ok $? "and no host that the daemon would not know yet"
[ "$(awk '$2 == "yes" { print $NF }' "$work/out" | sort -rc 2>&1)" = "" ]
ok $? "the best host comes first"
says out "^node1:$" && says out "^  blocks \(host\.same\): web01 is on node1"
ok $? "below, each host has its reasons with their codes"
says out "^    Remedy: .*--to node4"
ok $? "and what would help"
run check web01 --snapshot "$file" --explain
says out "SCORE +MEMORY +CPU +GENERATION +SPREAD$" && says out "^node3 +yes( +[0-9.]+){1} GiB +Nehalem( +[01]\.[0-9]{2}){5}$" \
    && says out "^node1 +no .*( +-){5}$"
ok $? "check --explain shows what the scores are made of"
run check aes01 --snapshot "$file" --to node3
ends 4 "a host that cannot take the VM is status 4"
says out "^  blocks \(cpu\.feature-missing\): .*node3 cannot give: aes$" && says err "^virtern: node3 cannot take aes01$" \
    && ! grep -q "^node[124]" "$work/out"
ok $? "with --to it is about this host only"
run check aes01 --snapshot "$file" --to node2
ends 0 "a named host that can take it is status 0"
run check web01 --to node4 --snapshot "$file"
ends 0 "a named host of another cluster can take it"
says out "^node4 +warnings " && says out "warns \(host\.other-cluster\)"
ok $? "with a warning"
run check lock01 --snapshot "$file"
ends 4 "a VM that no host can take is status 4"
[ "$(grep -c 'vm\.locked' "$work/out")" = 1 ] && says out "^every host:$"
ok $? "what holds on every host is told once"
says out 'backup\\x1b\[31m' && says out 'nightly\\x0abackup' && ! grep -q "$esc" "$work/out"
ok $? "a hostile lock is made visible"
run check stale01 --snapshot "$file"
ends 0 "a lock that has expired blocks nothing"
says out "warns \(vm\.lock-stale\)"
ok $? "and is told"
run check iso01 --snapshot "$file"
ends 4 "a local image blocks"
says out "sdb of iso01 holds /iso/tools 1\.iso" && says out "eject-local-media"
ok $? "drive, file and remedy are named"
run check iso01 --snapshot "$file" --eject-local-media
ends 0 "--eject-local-media judges as if it were out"
run check dmz01 --snapshot "$file" --json
ends 4 "with --json the status is the same"
json 'map(.host) | sort == ["node1","node2","node3","node4"]' \
    && json 'all(.verdict == "no" and .score == 0 and ."score-parts" == {} and (.reasons | length > 0))' \
    && json '.[] | select(.host == "node2") | .reasons[0] | .code == "network.missing" and .severity == "blocks"
             and (.parameters | type == "object") and .sentence != "" and .remedy != ""'
ok $? "check --json has every host, verdict and reason"
run check web01 --snapshot "$file" --json
json '.[0] | .verdict == "yes" and .score > 0 and ."memory-free" > ."memory-need" and ."cpu-model" != ""
      and .state == "up" and .cluster == "default" and (."score-parts" | keys == ["cpu","generation","memory","spread"])'
ok $? "and the score with its parts"
run check off01 --snapshot "$file"
ends 0 "a VM that is shut off is judged for a start"
run check web01 --start --snapshot "$file"
ends 4 "--start judges a start of a VM that runs"
run check $'evil\e[31m\u202ename' --snapshot "$file"
ends 0 "a VM with a hostile name is found by it"
! grep -q "$esc" "$work/out" "$work/err"
ok $? "and its name does no harm"
run check "two words" --snapshot "$file" --to node1 && says out "^node1 +yes"
ok $? "a name with a blank is one name"

# --- plans ---

run plan place web01 aes01 --snapshot "$file"
ends 0 "a plan for all is status 0"
says out "^NO +ACT +VM +FROM, TO +SCORE +WARNINGS$" && says out "^ 1 +move +aes01 +node1 → node2 +0\.[0-9]{2}" \
    && says out "^ 2 +move +web01 +node1 → node3 "
ok $? "it is numbered, and says from where to where"
cp "$work/out" "$work/first"
run plan place aes01 web01 --snapshot "$file" && cmp -s "$work/first" "$work/out"
ok $? "the same VMs give the same plan"
run plan place web01 --to node4 --snapshot "$file" && says out "^ 1 +move +web01 .* 1$" \
    && says out "^1  web01 → node4:$" && says out "warns \(host\.other-cluster\)"
ok $? "warnings are told below"
run plan place big01 big02 --to node1 --snapshot "$file"
ends 4 "a VM that finds no place is status 4"
says out "^big02 \(node2\) finds no place:$" && says out "memory\.short.* short" && says err "^virtern: 1 of 2 VMs find no place$"
ok $? "with the memory that is missing after the others"
run plan place big01 big02 --to node1 --snapshot "$file" --json
json '(.moves | length) == 1 and .moves[0].vm == "big01" and .moves[0].number == 1 and .moves[0].act == "move"
      and .moves[0].destination == "node1" and .moves[0].warnings == [] and .refused[0].vm == "big02"
      and .refused[0].source == "node2" and .refused[0].hosts[0].reasons[0].code == "memory.short"
      and (.refused[0].hosts[0].reasons[0].parameters | length > 0)'
ok $? "plan place --json has moves and refused"
run plan place big01 big02 --to node1 --partial --snapshot "$file"
ends 0 "with --partial one that finds a place is enough"
run plan place lock01 dmz01 --partial --snapshot "$file"
ends 4 "with --partial none is status 4"
run plan place off01 --start --snapshot "$file"
ends 0 "starts are planned, too"
says out "^ 1 +start +off01 "
ok $? "and called so"
run plan place web01 web01 --snapshot "$file"
ends 2 "a VM that is named twice is a usage error"
run plan place web01 nothing --snapshot "$file"
ends 10 "a missing VM is status 10"
run check nothing --snapshot "$file"
ends 10 "in check, too"
run check twin --snapshot "$file"
ends 10 "a name of two VMs is status 10"
says err 11111111-1111-4111-8111-111111111111
ok $? "and the UUIDs are told"
run check web01 --to nowhere --snapshot "$file"
ends 10 "a missing host is status 10"
says err "“nowhere”"
ok $? "and named"
run check web01 --to spare --snapshot "$file"
ends 10 "a host that is not listed yet is missing"
run check web01
ends 8 "without a file the daemon is missed"

# --- files that are none ---

# refuses FILE PATTERN SENTENCE
refuses() {
    for verb in "check web01" "plan place web01"; do
        run $verb --snapshot "$1"
        [ $status -eq 2 ] && says err "^virtern: .*$2" && [ ! -s "$work/out" ]
        ok $? "$3 ($verb)"
    done
}
# edited FILTER: the cluster with that changed
edited() {
    jq "$1" "$file" >"$work/edited.json"
}
mkdir "$work/folder"
refuses "$work/folder" "folder.*regular file" "a directory is refused"
refuses "$work/none.json" "none\.json" "a file that is not there is refused"
refuses /dev/zero "/dev/zero.*regular file" "a device is refused"
: >"$work/empty.json"
refuses "$work/empty.json" "empty\.json" "an empty file is refused"
truncate -s 200M "$work/large.json"
start=$SECONDS
refuses "$work/large.json" "large\.json.*(large|long|MiB|bytes)" "a file of 200 MB is refused"
[ $((SECONDS - start)) -le 10 ]
ok $? "and not read"
rm "$work/large.json"
head -c 1000000 /dev/zero | tr '\0' '[' >"$work/nested.json"
refuses "$work/nested.json" "nested\.json" "a nested file is refused"
echo '{"virtern-snapshot": 1, "hosts": [' >"$work/cut.json"
refuses "$work/cut.json" "cut\.json" "a file that is cut off is refused"
head -c 100000 /dev/urandom >"$work/noise.json"
refuses "$work/noise.json" "noise\.json" "noise is refused"
edited '.vms[0].colour = "red"'
refuses "$work/edited.json" "edited\.json.*vms\[0\].*colour" "an unknown field is refused with its place"
edited '.vms[3].vcpus = "two"'
refuses "$work/edited.json" "vms\[3\].*vcpus" "a field of a wrong type is refused with its place"
edited '.hosts[1]["memory-mib"] = -1'
refuses "$work/edited.json" "hosts\[1\].*memory-mib" "a number out of bounds is refused with its place"
edited '.vms[2].host = "nowhere"'
refuses "$work/edited.json" "vms\[2\].*nowhere" "a VM on a host that is not there is refused"
edited '.["virtern-snapshot"] = 99'
refuses "$work/edited.json" "virtern-snapshot" "another version is refused"
edited 'del(.hosts, .vms) | .hosts = [] | .vms = []'
run check web01 --snapshot "$work/edited.json"
ends 10 "in a cluster without VMs there is none"

# --- terminals ---

# narrow COLUMNS COMMAND…: what a terminal of that width shows, in out
narrow() {
    columns=$1
    shift
    TERM=xterm script -qec "stty cols $columns; '$virtern' $* --snapshot '$file'" /dev/null \
        >"$work/raw" </dev/null
    tr -d '\r' <"$work/raw" | sed "s/$esc\[[0-9;]*m//g" >"$work/out"
}
if command -v script >/dev/null; then
    narrow 44 check web01
    [ "$(awk 'length > 44' "$work/out")" = "" ] && says out "^node3 +yes" && says out "^  (in cluster )?default$"
    ok $? "reasons are wrapped on a narrow terminal"
    grep -q "$esc\[[0-9;]*m" "$work/raw"
    ok $? "a terminal sees colours"
    NO_COLOR=1 narrow 100 check web01
    ! grep -q "$esc" "$work/raw"
    ok $? "NO_COLOR takes them away"
else
    ok 0 "reasons are wrapped on a narrow terminal # SKIP script is missing"
fi
LC_ALL=C run plan place web01 aes01 --snapshot "$file"
says out "node1 -> node2" && ! LC_ALL=C grep -q '[^ -~]' "$work/out"
ok $? "in the C locale there is nothing but ASCII"
"$virtern" check web01 --json --snapshot "$file" >/dev/full 2>"$work/err"
status=$?
ends 1 "a full disk is a failure"
"$virtern" check dmz01 --json --snapshot "$file" >/dev/full 2>"$work/err"
status=$?
ends 1 "so it is when no host fits"
says err "^virtern: The output could not be written$"
ok $? "and is told"
"$virtern" check dmz01 --snapshot "$file" >"$work/out" 2>&1
tail -n 1 "$work/out" | grep -q "^virtern: "
ok $? "in one file the error stands below the reasons"

done_testing
