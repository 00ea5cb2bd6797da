#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command against the real daemon with simulated hosts: forecasts, policies, limits, hosts that
# are changed, cancels that are not carried out, and what a person decides. TAP on stdout.
set -u
. "$(dirname "$0")/cli-functions.sh"

cluster=moves-cluster.json

hosts_are_up() {
    run status --json && json '.hosts.up == 3'
}

# task ID EXPRESSION: as a condition on a task
task() {
    "$virtern" task show "$1" --json | jq -e "$2" >/dev/null 2>&1
}

# is_on VM HOST: as a condition
is_on() {
    run vm show "$1" --json && json ".host == \"$2\" and .state == \"running\""
}

# reserve_is HOST BYTES: as a condition
reserve_is() {
    "$virtern" host show "$1" --json | jq -e ".\"memory-reserve\" == $2" >/dev/null
}

# begin VM HOST OPTION…: sets id
begin() {
    vm=$1 host=$2
    shift 2
    run migrate "$vm" --to "$host" --no-wait --json "$@"
    id=$(jq .id "$work/out")
}

# type_in LINE COMMAND: on a terminal, which stays open until the command has ended
type_in() {
    mkfifo "$work/keys"
    script -qec "$2" /dev/null <"$work/keys" >"$work/out" 2>"$work/err" &
    terminal=$!
    exec 9>"$work/keys"
    echo "$1" >&9
    wait $terminal
    exec 9>&-
    rm "$work/keys"
}

start_bus
start_daemon 40
try_until hosts_are_up
ok $? "the simulated hosts come up"

# --- forecasts ---

run migrate web01 --to node2 --dry-run
ends 0 "a dry run on simulated hosts is a success"
says out "^Forecast" && says out " 1000 Mbit/s, configured "
ok $? "and has a forecast by the links of the file"
for host in node1 node2 node3; do
    "$virtern" host set $host --link-rate auto >/dev/null
done
run migrate web01 --to node2 --dry-run
ends 0 "a dry run without a known link is a success"
says out "^ *1  move  web01" && says out "^Forecast" && says out "^1  web01: "
ok $? "and says what it cannot say"
run migrate web01 --to node2 --dry-run --json && json '.moves[0].forecast.known == false and .moves[0].forecast."link-rate-from" == "unknown"'
ok $? "with --json too"
for host in node1 node2 node3; do
    run host set $host --link-rate 1000
    ends 0 "the rate of the link of $host is set"
done
run host show node1 && says out "^Migration link +1000 Mbit/s, configured$" && says out "^Bandwidth of moves +no limit$" \
    && says out "^Moves out +as for all hosts"
ok $? "host show tells it, and where it is known from"
run host show node1 --json && json '."link-rate" == 125000000 and ."link-rate-from" == "configured" and ."limit-out" == 0'
ok $? "in bytes per second with --json"
run migrate web01 --to node2 --dry-run --json
json '.moves[0].forecast | .known and ."dirty-known" and .converges and (.max >= .min) and (.min > 0) and .recommended == "careful"'
ok $? "of a guest that writes little it is said that it converges"
run migrate dirty01 --to node2 --dry-run --policy careful --json
json '.moves[0].forecast | .converges == false and ."gives-up" and .policy == "careful" and .recommended != "careful" and .sentence != ""'
ok $? "of one that writes more than the link carries that it does not, and what would do"
run migrate dirty01 --to node2 --dry-run --policy careful
ends 0 "which is no failure"
says out " 1000 Mbit/s, configured +no " && says out "^  Recommended: --policy (default|postcopy|force)$"
ok $? "and is told in words"
run migrate web01 idle01 dirty01 long01 --dry-run --json
json '(.moves | length) == 4 and all(.moves[]; has("forecast"))'
ok $? "several moves have a forecast each"
run migrate web01 --dry-run --no-forecast --json
json '.moves[0] | (has("forecast") or has("forecast-error")) | not'
ok $? "--no-forecast leaves it out"
run migrate web01 --no-forecast
ends 2 "--no-forecast without --dry-run is a usage error"
run task list --json && json 'length == 0'
ok $? "so far nothing was begun"

# --- how a move is made ---

run migrate web01 --to node2 --policy brutal
ends 2 "an unknown policy is a usage error"
run migrate web01 --to node2 --parallel 4 --compression xbzrle
ends 2 "what cannot go together is refused by the daemon as such"
says err "xbzrle"
ok $? "with the reason"
run migrate web01 --to node2 --parallel 4 --compression xbzrle --dry-run
ends 2 "a dry run refuses it, too"
run migrate web01 --to node2 --parallel 4 --policy careful --dry-run
ends 0 "what can go together is planned"
run migrate web01 --to node2 --policy careful --priority high --bandwidth 100 --json
ends 0 "a VM is moved with policy, priority and bandwidth"
json '.policy == "careful" and .priority == "high"'
ok $? "which the task shows"
run task show "$(jq .id "$work/out")" && says out "^Policy +careful$" && says out "^Priority +high$" && says out "^Link carried "
ok $? "task show, too"

run migrate dirty01 --to node2 --policy careful
ends 1 "a careful move that does not converge is given up"
says err "^dirty01: [0-9.]+ s, pass [0-9]+: " && says err "^virtern: .*dirty01" && is_on dirty01 node1
ok $? "its steps are told as they are taken, and the VM stays"
id=$("$virtern" task list --vm dirty01 --limit 1 --json | jq '.[0].id')
run task show "$id" && says out "^Steps +[0-9.]+ s, pass [0-9]+: "
ok $? "task show has the steps"
run migrate dirty01 --to node2 --policy postcopy
ends 0 "by post-copy it goes"
says err "^dirty01  node1 → node2  post-copy$" && is_on dirty01 node2
ok $? "which is told"
run migrate dirty02 --to node2 --policy force
ends 0 "by force it goes, too"
is_on dirty02 node2
ok $? "and runs there"

begin dirty03 node2 --policy careful
try_until task "$id" '.phase == "copying"'
run task switch "$id" --policy brutal
ends 2 "an unknown policy cannot be switched to"
run task switch "$id"
ends 2 "a switch needs a policy"
run task switch "$id" --policy force
ends 0 "a move under way is carried on by another policy"
says out "^Task $id goes on by the policy “force”; “virtern task watch $id” follows it\.$"
ok $? "which is told"
run task watch "$id"
ends 0 "and so it ends"
task "$id" '.policy == "force" and .state == "done"'
ok $? "with the new policy in its record"
run task switch "$id" --policy careful
ends 4 "a task that has ended cannot be switched"
run task switch 4711 --policy careful
ends 10 "nor one that never was"

# --- another destination ---

run migrate retry01
ends 0 "a VM that a host does not let in goes to another one"
says err "^retry01: node[23] failed: " && says out "^retry01 now runs on node[23]: "
ok $? "and which host failed is told"
run task show "$("$virtern" task list --vm retry01 --limit 1 --json | jq '.[0].id')"
says out "^Tried before +node[23]: " && says out "^Attempts +2$"
ok $? "task show tells it, too"

# --- limits ---

run limits
ends 0 "the limits are shown"
says out "^Out of a host +auto: " && says out "^In a cluster +no limit$" && says out "^Set by +the configuration$"
ok $? "as configured"
run limits set --out 1 --cluster 5
ends 0 "limits are set"
says out "^Out of a host +1 at a time$" && says out "^In a cluster +5 at a time$" && says out "virtern limits reset"
ok $? "and shown"
run limits set --out 1001
ends 2 "a limit that is too large is a usage error"
run limits set
ends 2 "so is none at all"
begin long01 node2
first=$id
begin long02 node3 --priority low
second=$id
try_until task "$first" '.phase == "copying"'
run task list --state queued
says out "NOTE *$" && says out "^ +$second .* queued "
ok $? "a task that waits says why"
task "$second" '.state == "queued" and .note != ""'
ok $? "in its note"
run limits set --out auto --json && json '.out == 0 and .cluster == 5 and .configured == false'
ok $? "limits set --json prints the limits"
try_until task "$second" '.phase == "copying"'
ok $? "a limit that is lifted holds at once"
run task cancel "$second"
ends 0 "a copy is cancelled"
run task cancel "$first"
run host set node1 --limit-out 2 --limit-in 3 --bandwidth 50
ends 0 "a host gets limits of its own"
run limits && says out "^node1 +2 at a time +3 at a time +50 MiB/s$"
ok $? "which limits shows"
run host set node1 --limit-out default --limit-in default --bandwidth none --json \
    && json '."limit-out" == 0 and ."limit-in" == 0 and .bandwidth == 0 and ."link-rate" == 125000000'
ok $? "and loses them again"
run host set node1 --memory-reserve 2048
reserve_is node1 2147483648
ok $? "the memory that is kept from VMs can be changed"
run host set node1 --memory-reserve default
reserve_is node1 536870912
ok $? "and left to the daemon again"
run host set nowhere --limit-out 3
ends 10 "an unknown host is status 10"
run host set node1 --cluster "no way"
ends 2 "a bad name of a cluster is refused"
stop_daemon TERM
start_daemon 40
try_until hosts_are_up
run limits --json && json '.cluster == 5 and .configured == false'
ok $? "limits outlive the daemon"
run limits reset --json && json '. == {"out":0,"in":0,"cluster":0,"configured":true,"hosts":[]}'
ok $? "until they are reset"

# --- a cancel that is not carried out ---

begin stuck01 node3 --policy careful
try_until task "$id" '.phase == "copying" and .progress >= 50'
run task cancel "$id" --timeout 1
if [ "$status" -eq 3 ]; then
    says err "^virtern: The cancel of task $id is not carried out yet by node2; it is still tried$" \
        && says err "“virtern task watch $id” follows it"
    ok $? "a cancel that is not carried out yet is told as such"
else
    says err "^virtern: " || says out "is cancelled"
    ok $? "a cancel that is not carried out yet is told as such # SKIP it was settled within a second"
fi

# --- decisions ---

run migrate split01 --to node2
ends 6 "a VM that runs twice is status 6"
says err "virtern task resolve [0-9]+ --"
ok $? "and the ways out are named"
id=$("$virtern" task list --vm split01 --limit 1 --json | jq '.[0].id')
run task show "$id"
says out "virtern task resolve $id --"
ok $? "task show names them"
run task list --state attention
says err "^Task $id \(split01\) needs attention; “virtern task show $id”"
ok $? "task list tells where they are"
run status && says out "Task $id \(split01\): .*“virtern task show $id”"
ok $? "status tells of it"
run task switch "$id" --policy force
ends 4 "it cannot be switched"
run task resolve "$id" --keep-destination
ends 2 "without a terminal the name must be given"
says err "add --vm NAME"
ok $? "which is said"
run task resolve "$id" --keep-destination --vm web01
ends 2 "another name changes nothing"
run task resolve "$id" --recheck
ends 6 "looking again ends nothing"
task "$id" '.state == "attention"'
ok $? "and it still needs attention"
run task resolve "$id" --keep-destination --vm split01
ends 0 "with the name the copy on the source is ended"
says err "^  Now on node1: running$" && says err "^  Now on node2: running$" \
    && says err "^If the daemon takes this decision, the copy on node2 stays and runs on, and the copy on node1 is ended for good"
ok $? "which was told before"
run vm show split01 --json && json '.host == "node2" and ."seen-on" == [{"host":"node2","state":"running"}]'
ok $? "and one copy is left"
run task resolve "$id" --recheck
ends 4 "a task that is settled needs no decision"
run migrate split01 --to node3
ends 0 "and the VM can be moved again"

run migrate split02 --to node2
id=$("$virtern" task list --vm split02 --limit 1 --json | jq '.[0].id')
run task resolve "$id" --keep-source --vm split02 --json
ends 0 "the copy on the source can stay, too"
json '.state != "attention" and .state != "done"'
ok $? "which --json prints"
run vm show split02 --json && json '.host == "node1" and ."seen-on" == [{"host":"node1","state":"running"}]'
ok $? "and the other is gone"

if command -v script >/dev/null; then
    run migrate split03 --to node2
    id=$("$virtern" task list --vm split03 --limit 1 --json | jq '.[0].id')
    type_in split01 "'$virtern' task resolve $id --keep-source"
    says out "type the name of the VM" && says out "“split01” is not the name of the VM" && task "$id" '.state == "attention"'
    ok $? "on a terminal the name is asked for, and another one changes nothing"
    type_in split03 "'$virtern' task resolve $id --keep-source"
    says out "split03 is on node1 \(running\), and task $id has ended" && task "$id" '.state != "attention"'
    ok $? "the right one settles it"
else
    ok 0 "on a terminal the name is asked for # SKIP script is missing"
fi

done_testing
