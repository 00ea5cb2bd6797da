#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command against the real daemon with simulated hosts: verdicts, plans, groups, starts, locks,
# masks, baselines, snapshots. TAP on stdout.
set -u
. "$(dirname "$0")/cli-functions.sh"

cluster=place-cluster.json

hosts_are_up() {
    run status --json && json '.hosts.up == 4'
}

# is_on VM HOST: as a condition
is_on() {
    run vm show "$1" --json && json ".host == \"$2\" and .state == \"running\""
}

phase_is() {
    [ "$("$virtern" task show "$1" --json | jq -r .phase)" = "$2" ]
}

start_bus
start_daemon 40
try_until hosts_are_up
ok $? "the simulated hosts come up"

# --- the daemon and its snapshot say the same ---

run snapshot
ends 0 "a snapshot is written"
json '."virtern-snapshot" == 1 and (.hosts | length) == 4 and (.vms | length) == 16'
ok $? "with all hosts and VMs"
cp "$work/out" "$work/snapshot.json"
# What changes with the hour, and what only a libvirt can say.
normal() {
    sed -E 's/[0-9]+ d [0-9]+ h/AGE/g; s/"detail" : ".*"/"detail" : ""/; /libvirt says: /d' "$work/out" "$work/err"
    echo "$status"
}
# alike ARGUMENT…: the daemon and the file give the same output and status
alike() {
    run "$@"
    normal >"$work/by-daemon"
    run "$@" --snapshot "$work/snapshot.json"
    normal >"$work/by-file"
    diff "$work/by-daemon" "$work/by-file" >"$work/diff" || { sed 's/^/# /' "$work/diff"; false; }
}
for vm in web01 aes01 dmz01 iso01 lock01 stale01 off01 $'evil\e[31m\u202ename' "two words"; do
    alike check "$vm" && alike check "$vm" --json && alike check "$vm" --explain --to node4 \
        && alike check "$vm" --start --json && alike check "$vm" --eject-local-media --json
    ok $? "the daemon and its snapshot judge “${vm//[^a-z0-9 ]/}” alike"
done
alike plan place web01 web02 aes01 iso01 big01 big02 && alike plan place web01 web02 aes01 iso01 big01 big02 --json
ok $? "they place a group alike"
alike plan place off01 web01 --start --json && alike plan place web01 --to node4
ok $? "and starts"
alike plan place web01 lock01 --partial && alike plan place lock01 --partial --json
ok $? "and a part of a group"
run plan place web01 aes01 --json
cp "$work/out" "$work/plan"
run migrate web01 aes01 --dry-run --no-forecast --json && cmp -s "$work/plan" "$work/out"
ok $? "migrate --dry-run --no-forecast prints what plan place prints"
run plan place web01 web01
ends 2 "a VM that is named twice is a usage error"
run plan place web01 nothing
ends 10 "a missing VM is status 10"
run check twin
ends 10 "a name of two VMs is status 10"
run check web01 --to nowhere
ends 10 "a missing host is status 10"
run check web01 --to node3
ends 0 "a host that can take the VM is status 0"
run check dmz01
ends 4 "a VM that no host can take is status 4"
says out "^    libvirt says: .*aes$"
ok $? "and libvirt's own words are told"
run task list --json && json 'length == 0'
ok $? "so far nothing was begun"

# --- one VM ---

run migrate web01
ends 0 "a VM is moved to the best host"
says out "^web01 now runs on node3: " && is_on web01 node3
ok $? "and runs there"
run migrate dmz01
ends 4 "a VM that finds no place is refused"
says out "^dmz01 \(node1\) finds no place:$" && says out "^node2 +no " && says out "blocks \(network\.missing\)" \
    && says err "^virtern: dmz01 cannot be moved to any other host; nothing was changed$"
ok $? "with every host and all reasons"
run migrate dmz01 --json
ends 4 "so it is with --json"
json '.tasks == [] and .refused[0].vm == "dmz01" and (.refused[0].hosts | length) == 4'
ok $? "which has the reasons, too"
run migrate aes01 --to node3
ends 4 "a host that cannot take the VM is refused"
says out "cpu\.feature-missing" && says err "^virtern: aes01 cannot be moved to node3; nothing was changed$" \
    && ! grep -q "^node[124]" "$work/out"
ok $? "with the reasons of this host"
run migrate lock01 --to node2
ends 4 "a locked VM is not moved"
run migrate web01 --to node4
ends 0 "a named host of another cluster is allowed"
run migrate web01 --to node1
run migrate nothing
ends 10 "a missing VM cannot be moved"
run migrate web01 --to nowhere
ends 10 "a VM cannot be moved to a missing host"
run migrate iso01
ends 4 "a local image blocks the move"
run migrate iso01 --eject-local-media --json
ends 0 "with --eject-local-media it goes"
json '.ejected == ["sdb=/iso/tools 1.iso"]'
ok $? "and the task has drive and file"
run task show "$(jq .id "$work/out")"
says out "^Ejected +sdb held /iso/tools 1\.iso, a file of node1$" \
    && says out "^To put it back +.*the file must be, too:$" \
    && says out "^virsh -c 'sim://node[23]/' change-media [0-9a-f-]{36} 'sdb' '/iso/tools 1\.iso' --insert$"
ok $? "task show tells how to put it back, with a command to paste"

# --- several VMs ---

run migrate web01 web02 aes01
ends 0 "several VMs are moved"
[ "$(grep -c " now runs on " "$work/out")" = 3 ]
ok $? "the end of each is told"
says err "^aes01  node1 → node2  copying$" && says err "^web02  node1 → node3  copying$" && ! grep -q "$esc" "$work/err"
ok $? "without a terminal progress is a line per task and phase"
run task list --limit 3 --json && json '(map(.group) | unique | length) == 1 and .[0].group > 0'
ok $? "they are one group"
run task show "$(jq '.[0].id' "$work/out")" && says out "^Group +[0-9]+"
ok $? "which task show shows"
run migrate web01 dmz01
ends 4 "if one finds no place none is moved"
says out "^dmz01 \(node1\) finds no place:$" && ! grep -q "^web01" "$work/out" \
    && says err "1 of 2 VMs find no place, so none was moved; --partial moves the others" && is_on web01 node3
ok $? "which is told, with what would move the others"
run migrate web01 dmz01 --partial
ends 0 "--partial moves the others"
says out "^dmz01 \(node1\) finds no place:$" && says out "^web01 now runs on "
ok $? "and tells of both"
run migrate dmz01 lock01 --partial
ends 4 "--partial of VMs that all find no place is a refusal"
says err "^virtern: (None of the 2 VMs|No VM) finds a place; nothing was changed$" \
    && [ "$(grep -c "finds no place:$" "$work/out")" = 2 ]
ok $? "which shows the reasons of each"
run migrate web01 dmz01 --partial --json
json '(.tasks | length) == 1 and .tasks[0].state == "done" and .refused[0].vm == "dmz01"'
ok $? "--json has tasks and refused"
run migrate web01 web01
ends 2 "a VM that is named twice is a usage error"
run migrate web01 nothing
ends 10 "a group with a missing VM is not moved"
run migrate web01 fail01
ends 1 "a group with a failure ends as the worst of it"
says out "^web01 now runs on " && says err "^virtern: .*fail01" && says err "^virtern: 1 of 2 tasks did not end well"
ok $? "and what did well is told, too"
run migrate fail01 web01 --json
ends 1 "so it is with --json"
json '.tasks | map(.state) | sort == ["done","failed"]'
ok $? "which has both tasks"

run migrate web01 hang01 --no-wait
ends 0 "with --no-wait they are begun and told"
[ "$(grep -cE "^Task [0-9]+ moves (web01|hang01) to node[0-9]; “virtern task watch [0-9]+” follows it\.$" "$work/out")" = 2 ]
ok $? "one line for each"
id=$(sed -n 's/^Task \([0-9]*\) moves hang01.*/\1/p' "$work/out")
try_until phase_is "$id" copying
run task cancel "$id"
run migrate web02 hang01 --timeout 2
ends 3 "a wait for several is bounded"
says err "^  1 task goes on; “virtern task list” shows it" && says out "^web02 now runs on "
ok $? "and says how many go on"
id=$("$virtern" task list --vm hang01 --limit 1 --json | jq '.[0].id')
run task cancel "$id"
"$virtern" migrate web02 hang01 >"$work/out" 2>"$work/err" &
mover=$!
try_until grep -q "hang01 .*copying" "$work/err"
try_until grep -q "^web02 now runs" "$work/out"
kill -INT $mover
wait $mover
status=$?
ends 130 "Ctrl-C ends the waiting for several"
says err "No longer waiting" && says err "^  1 task goes on"
ok $? "and says that they go on"
id=$("$virtern" task list --vm hang01 --limit 1 --json | jq '.[0].id')
"$virtern" migrate web02 aes01 --to node4 --json >"$work/moved" 2>/dev/null &
mover=$!
run task cancel "$id"
ends 0 "a task of a group is cancelled by itself"
wait $mover
run vm list --locked
says out "^lock01 .* backup.* [0-9]+ d *$" && says out "^stale01 .* stale: backup, [0-9]+ d *$" && ! grep -q web01 "$work/out"
ok $? "vm list --locked shows locks with owner and age, and which are stale"

# --- starts ---

run vm start off01 --on node4
ends 0 "a VM is started on a named host"
says out "^off01 is started on node4: " && is_on off01 node4
ok $? "and runs there"
run vm start off01
ends 4 "a VM that runs cannot be started"
says out "^off01 \(node4\) finds no place:$" && says err "^virtern: off01 cannot be started on any host"
ok $? "and the reason is told"
run vm start nothing
ends 10 "a missing VM cannot be started"
run vm start web01 --on nowhere
ends 10 "a VM cannot be started on a missing host"
run task list --vm off01 --json && json '.[0].kind == "start" and .[0].state == "done"'
ok $? "a start is a task"

# --- locks ---

run vm lock web01 --reason "nightly backup" --expires 2h
ends 0 "a VM is locked"
says out "^web01 is locked until [0-9-]{10} [0-9:]{8}$"
ok $? "and until when is told"
run vm show web01 && says out "^Lock +holds" && says out "^Locked by +[a-z]" && says out "^Lock reason +nightly backup$" \
    && says out "^Locked since +.* ago\)$" && says out "^Lock expires +2"
ok $? "vm show shows owner, reason, age and expiry"
run vm show stale01 && says out "^Lock +stale"
ok $? "vm show tells that a lock is stale"
run migrate web01
ends 4 "a locked VM is not moved"
says out "vm\.locked.*nightly backup"
ok $? "and the reason of the lock is told"
run vm unlock web01 --json
ends 0 "a VM is unlocked"
json '.locked == false and .name == "web01"'
ok $? "and shown with --json"
run vm unlock web01
ends 10 "a VM without a lock cannot be unlocked"
says err "^virtern: web01.* is not locked" && says err "“virtern vm list --locked”" && ! grep -q "show what there is" "$work/err"
ok $? "and what is locked can be looked up"
run vm lock web01 --reason $'two\nlines'
ends 2 "a reason that cannot be shown as it is is refused"
run vm lock web01 --reason " "
ends 2 "a reason that says nothing is refused"
run vm lock web01 --reason x --expires yesterday
ends 2 "what is no time is a usage error"
run vm lock web01 --reason x --expires 2020-01-01T00:00:00Z
ends 2 "a time in the past is a usage error"
run vm lock web01
ends 2 "a lock needs a reason"
run vm lock nothing --reason x
ends 10 "a missing VM cannot be locked"
run vm lock lock01 --reason mine
ends 1 "a lock of somebody else is not replaced"
run vm lock web02 --reason forever --json
json '.locked and ."lock-expires" == 0 and ."lock-reason" == "forever" and ."lock-since" > 0'
ok $? "vm lock --json prints the VM"
run vm unlock web02

# --- CPUs ---

run baseline show --cluster default
ends 0 "the baseline is shown"
says out "^Features +2: pcid sse4\.2$" && says out "^  node1 \(Westmere\): 1 feature beyond it: aes$" \
    && says out "^  node3 \(Nehalem\): nothing beyond it$" && says out "^  big01 on node2: 1 feature beyond it: aes$"
ok $? "with hosts and VMs that have more"
run baseline show --json && json '(.hosts | length) == 4 and .features == ["pcid","sse4.2"] and (.vms | map(.vm) | index("big01")) != null'
ok $? "baseline show --json has the same"
run baseline show --cluster nowhere
ends 10 "a missing cluster is status 10"
run vm mask aes01 --disable aes --dry-run
ends 0 "a mask is tried out"
says out "^The guest loses +1: aes$" && says out "^Hosts unlocked +1: node3$" && says out "^Nothing was changed\.$"
ok $? "with what the guest loses and which hosts it wins"
run vm show aes01 --json && json '."cpu-masked" == false'
ok $? "and nothing is changed"
run vm mask aes01 --disable aes
ends 0 "a mask is set"
says out "shut down and started again; a reboot is not enough"
ok $? "and when it takes effect is told"
run vm mask aes01 --clear --dry-run && says out "^CPU fits after +not known before it is started$" && ! grep -q "lost" "$work/out"
ok $? "what clearing it brings is not claimed to be known"
run vm mask aes01 --clear --json
ends 0 "a mask is cleared"
json '.running and ."hosts-before" == ["node1","node2","node4"]'
ok $? "and told with --json"
run vm mask aes01 --clear
ends 10 "a VM without a mask cannot be cleared of it"
run vm mask aes01 --disable aess
ends 2 "an unknown feature is refused"
says err "aes[^s]"
ok $? "and the nearest is named"
run vm mask aes01 --model Westmerre
ends 2 "an unknown model is refused"
says err "Westmere[^r]"
ok $? "and the nearest is named"
run vm mask aes01 --model ""
ends 2 "an empty model is a usage error"
run vm mask aes01
ends 2 "a mask needs to say how"
run vm mask aes01 --clear --baseline
ends 2 "two masks at once are refused"
run vm mask aes01 --disable ,
ends 2 "an empty feature is refused"
run vm mask nothing --clear
ends 10 "a missing VM cannot be masked"

# --- hosts ---

run host list && says out "^HOST +CLUSTER +STATE" && says out "^node4 +lab +up"
ok $? "host list shows the clusters if there are several"
run host add spare sim://spare/ --cluster lab --memory-reserve 2048
ends 0 "a host is added to a cluster"
run host show spare && says out "^Cluster +lab$" && says out "^Kept from VMs +2 GiB$" && says out "^Reserved +0 B$" \
    && says out "^Free to promise +62 GiB$"
ok $? "host show shows the cluster and what can be promised"
run host add other sim://spare/ --cluster "no way"
ends 2 "a bad name of a cluster is refused"
run host remove spare

# --- terminals ---

if command -v script >/dev/null; then
    run migrate web01 web02 --to node1
    TERM=xterm script -qec "stty cols 60; '$virtern' migrate web01 web02 --to node3" /dev/null \
        >"$work/out" 2>"$work/err" </dev/null
    tr '\r' '\n' <"$work/out" | sed "s/$esc\[K//g" >"$work/lines"
    grep -qE "^[01] of 2 ended  .*\[=*>? *\] [0-9]+ %" "$work/lines" && grep -q "^web01 now runs on node3" "$work/lines"
    ok $? "on a terminal several tasks share a line"
    grep -v " now runs on " "$work/lines" >"$work/progress"
    [ "$(awk 'length > 60' "$work/progress")" = "" ]
    ok $? "which is never wider than the terminal"
    grep -o '[0-9]* %' "$work/progress" | cut -d ' ' -f 1 | sort -nc
    ok $? "and whose percentage never falls"
else
    ok 0 "on a terminal several tasks share a line # SKIP script is missing"
fi

done_testing
