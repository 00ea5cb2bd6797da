#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command against the real daemon with simulated hosts: hosts are planned to be drained, are
# drained, left, opened and filled again; plans are kept and carried out; webhooks. TAP on stdout.
set -u
. "$(dirname "$0")/cli-functions.sh"

cluster=drain-cluster.json
snapshot=$TOP_SRCDIR/tests/bus/$cluster

hosts_are_up() {
    run status --json && json '.hosts.up == 4 and .hosts.unreachable == 1'
}

# is_on VM HOST: as a condition
is_on() {
    run vm show "$1" --json && json ".host == \"$2\" and .state == \"running\""
}

# duty_is HOST DUTY: as a condition
duty_is() {
    run host show "$1" --json && json ".duty == \"$2\""
}

# as_before COMMAND…: as a condition: no host changed its duty and nothing was begun
nothing_was_done() {
    run status --json && json '.duties.active == 5 and .tasks.running == 0 and .tasks.queued == 0'
}

start_bus
start_daemon 40
try_until hosts_are_up
ok $? "the simulated hosts come up"
run vm lock locked01 --reason "it is being copied"
ends 0 "a VM is locked"

# --- what is refused ---

run drain nowhere
ends 10 "an unknown host is not found"
run drain away
ends 4 "a host that does not answer is refused"
run drain island
ends 4 "the last open host of its cluster is refused"
says err 'cluster alone would be left beside island'
ok $? "by name"
run drain node1 node2 node3
ends 4 "so are all of them at once"
run drain node1 node1
ends 2 "a host twice is a usage error"
run drain node1 --deadline 2020-01-01T00:00:00Z
ends 2 "a deadline in the past is one, too"
run drain node1 --action alone01=skip
ends 2 "so is an action for a VM of another host"
says err "alone01, which is on island"
ok $? "which is called by its name"
run drain node1 --action nosuch=skip
ends 4 "one that may be on a host that does not answer is refused"
run activate nowhere
ends 10 "an unknown host is not opened"
run task resume 1
ends 10 "a task that never was is not resumed"
nothing_was_done
ok $? "nothing was done by any of these"

# --- plans ---

run drain node1 --dry-run
ends 1 "a plan that leaves a VM behind has the status of such a drain"
says out '^VM +FROM, TO +ACTION +WHEN +REMARK$' && says out '^web01 +node1 → node[23] +migrate +[0-9]' \
    && says out '^off01 +node1 +migrate +- +stays: it is shut off$' && says out '^locked01 +node1 +migrate +- +stays: ' \
    && says out '^locked01 \(node1\) cannot leave:$' && says out 'vm\.locked: ' && says out 'Remedy: .*unlock'
ok $? "it has each VM with its way, and why one cannot leave, with a remedy"
says out '^3 VMs leave node1 in about ' && says out 'The fullest host is then used to [0-9]+ %' && says out '^1 VM cannot leave\.$'
ok $? "and the sum of it"
run drain node1 --dry-run --json
ends 1 "with --json, too"
json '.kind == "drain" and .hosts == ["node1"] and (.items | length) == 5 and .makespan > 0 and has("seal")'
ok $? "it is the document"
json '[.items[] | select(.state == "left")] | length == 1 and .[0].vm == "locked01" and .[0].reasons[0].code == "vm.locked"'
ok $? "with who is left"
run drain node1 --dry-run --action locked01=skip
ends 0 "with the VM skipped, none is left"
says out '^locked01 +node1 +skip +- +stays, as was said$'
ok $? "which is told"
run drain node1 --dry-run --action locked01=skip --move-shut-off --json
json '[.items[] | select(.vm == "off01")][0].destination != ""'
ok $? "--move-shut-off has a place for definitions"
run drain node1 --dry-run --action locked01=skip --save "$work/plan.json" --json
ends 0 "a plan is kept"
cmp -s "$work/out" "$work/plan.json" || [ "$(cat "$work/out")" = "$(cat "$work/plan.json")" ]
ok $? "as it was printed"
[ "$(stat -c %a "$work/plan.json")" = 600 ]
ok $? "for its owner only"
ln -s plan.json "$work/link.json"
run drain node1 --dry-run --save "$work/link.json"
[ "$status" -eq 2 ] && [ -L "$work/link.json" ]
ok $? "a link is not replaced by a plan"
run drain node1 --dry-run --save "$work/no/such/plan.json"
ends 1 "a plan that cannot be kept is a failure"
nothing_was_done
ok $? "plans change nothing"

run plan drain node1 --snapshot "$snapshot"
ends 0 "a file is asked without a daemon"
says out '^4 VMs leave node1 in about '
ok $? "with the same answer"
run plan drain node1 --snapshot "$snapshot" --json --action web01=skip --save "$work/offline.json"
json '[.items[] | select(.vm == "web01")][0].state == "skipped"'
ok $? "and the same options"
run plan drain nowhere --snapshot "$snapshot"
ends 10 "an unknown host is not in the file"
run plan drain island --snapshot "$snapshot"
ends 4 "the last host of a cluster is refused there, too"
run plan drain node1 --snapshot "$work/none.json"
[ "$status" -ne 0 ]
ok $? "a file that is not there is told"

# --- plans that are carried out ---

run apply "$work/none.json"
ends 10 "a plan that is not there is told"
run apply "$work/offline.json"
[ "$status" -eq 2 ] || [ "$status" -eq 4 ]
ok $? "a plan that no daemon made is not taken"
sed 's/"web01"/"web02"/' "$work/plan.json" >"$work/edited.json"
run apply "$work/edited.json"
ends 2 "an edited plan is not taken"
: >"$work/empty.json"
run apply "$work/empty.json"
ends 2 "an empty file is no plan"
run apply /dev/zero
ends 2 "what has no end is no plan"
nothing_was_done
ok $? "nothing was done by any of these"
"$virtern" apply /dev/stdin --json < <(cat "$work/plan.json") >"$work/out" 2>"$work/err"
status=$?
ends 0 "a kept plan is carried out, from a pipe, too"
json '.kind == "drain" and .state == "done"'
ok $? "as a drain"
duty_is node1 maintenance
ok $? "and the host is in maintenance"
run activate node1 --return
ends 0 "its VMs are brought back"
run migrate web01 --to node3
run apply "$work/plan.json"
ends 4 "a plan whose ground has changed is refused"
says err 'web01'
ok $? "and it is told what changed"
run migrate web01 --to node1

# --- a remainder ---

run drain node1
ends 1 "a drain that leaves a VM says so"
drain=$(sed -n 's/.*task resume \([0-9]*\).*/\1/p' "$work/err")
says err '^web01: node1 → node[23], task [0-9]+$' && says err '^web01: is on node[23] now$' && says err '^locked01: stays on node1: ' \
    && says err '^virtern: node1 is not drained: 1 VM is left$' && says out '^locked01 \(node1\) could not leave:$'
ok $? "VM by VM, with the reason"
duty_is node1 draining
ok $? "the host stays closed"
run host list && says out '^node1 +default +up +draining '
ok $? "which the list of hosts shows"
run status && says out "its drain left VMs on it; “virtern task show $drain”"
ok $? "and status, as a matter for somebody"
run task show "$drain" && says out '^Kind +drain$' && says out '^State +remainder$' && says out '^locked01 +node1 .* left ' \
    && says out '^web01 +node1 → node[23] +migrate +gone +[0-9]+'
ok $? "task show has every VM with its task"
run task list && grep -A1 -E "^ *$drain +drain +node1 " "$work/out" | grep -qE '^ *[0-9]+ +  migrate '
ok $? "task list has the moves below the drain"
run task list --flat && ! grep -qE '^ *[0-9]+ {4,}migrate ' "$work/out"
ok $? "unless they shall be flat"
run task list --state remainder --json && json "length == 1 and .[0].id == $drain"
ok $? "the state is a filter"
run task watch "$drain"
ends 1 "who watches it gets its status"
run migrate two\ words --to node1
ends 4 "nothing is moved to a closed host"
run drain node1
ends 1 "it may be drained again, and leaves the same"
drain=$(sed -n 's/.*task resume \([0-9]*\).*/\1/p' "$work/err")
run vm unlock locked01
run task resume "$drain"
ends 0 "what has been freed leaves with resume"
says out '^node1 is drained: '
ok $? "which is told"
duty_is node1 maintenance
ok $? "now it is in maintenance"
run task resume "$drain"
ends 4 "what is drained is not drained again"
run drain node1
ends 4 "a host that is drained is not drained again"
run status && says out 'Host node1 is in maintenance; “virtern activate node1” opens it' && says out '4 VMs belong on node1 and are away'
ok $? "status does not let it be forgotten"
run vm show web01 && says out '^Belongs on +node1; '
ok $? "nor does vm show"

# --- back ---

run activate node1
ends 0 "the host is opened"
says out '^node1 is open to VMs\.$' && says out '^4 VMs that left it are elsewhere; '
ok $? "and it is told who is away"
duty_is node1 active
ok $? "its duty is active"
run activate node1 --return --dry-run
ends 0 "the return is planned"
says out '^web01 +node[23] → node1 ' && says out '^4 VMs go back to node1 in about '
ok $? "with every VM"
run activate node1 --return
ends 0 "they are brought back"
says out '^4 VMs are home on node1 again: '
ok $? "all of them"
is_on web01 node1 && is_on locked01 node1
ok $? "and are there"
run activate node1 --return
ends 0 "with nobody away there is nothing to do"
says out 'No VM that a drain took from it is elsewhere'
ok $? "which is told"

# --- ways out of a drain ---

run drain node3 --no-wait --json
ends 0 "a drain is begun and not waited for"
long=$(jq .id "$work/out")
run activate node3
ends 4 "during a drain its host is not opened"
run drain node3
ends 4 "nor drained once more"
run task cancel "$long" --abort
ends 0 "it is cancelled, with what is under way"
says out 'is cancelled, and node3 is open to VMs'
ok $? "which is told"
run task watch "$long"
ends 5 "who watches it gets the status of a cancel"
is_on long01 node3
ok $? "the VM is where it was"
duty_is node3 active
ok $? "and so is the host"
run drain node1
undo=$(sed -n 's/.*task \([0-9]*\)$/\1/p' "$work/err" | head -n 1)
undo=$("$virtern" task list --json | jq "[.[] | select(.kind == \"drain\")][0].id")
run task undo "$undo"
ends 0 "a drain is undone"
is_on web01 node1 && duty_is node1 active
ok $? "its host is open, and its VMs are home"
run task undo "$undo"
[ "$status" -eq 4 ] || [ "$status" -eq 0 ]
ok $? "a second time it does no harm"

# --- who is asked ---

run drain node2
ends 1 "without a terminal, a VM to be asked about is left"
says out '^ask01 ' && is_on ask01 node2
ok $? "and told"
run activate node2
# answer WORD: on a terminal
answer() {
    mkfifo "$work/keys"
    script -qec "$virtern drain node2 --no-color" /dev/null <"$work/keys" >"$work/out" 2>"$work/err" &
    terminal=$!
    exec 9>"$work/keys"
    echo "$1" >&9
    wait $terminal
    status=$?
    exec 9>&-
    rm "$work/keys"
}
if command -v script >/dev/null; then
    answer skip
    ends 0 "on a terminal it is asked about, and may be skipped"
    says out 'Move it\?' && is_on ask01 node2 && duty_is node2 maintenance
    ok $? "then it is no hindrance"
    run activate node2
    answer y
    ends 0 "or moved"
    ! is_on ask01 node2
    ok $? "then it is gone"
    run activate node2 --return
else
    ok 0 "on a terminal it is asked about # SKIP script is missing"
fi
run vm set ask01 --drain-action none
ends 0 "what a drain does with it is forgotten"
run vm show ask01 --json && json '."drain-action" == ""'
ok $? "in its metadata"
run vm set ask01 --drain-action skip --json
json '."drain-action" == "skip"'
ok $? "and set anew"
run drain node2 && duty_is node2 maintenance && is_on ask01 node2
ok $? "and a drain goes by it"
run activate node2

# --- webhooks ---

run webhook list
ends 0 "without webhooks their list is empty"
run webhook add hook http://127.0.0.1:9/ --events task.ended,drain.remainder
ends 0 "a webhook on this machine may be plain http"
run webhook add hook http://127.0.0.1:9/
ends 1 "a name is there once only"
run webhook add other http://example.com/
ends 2 "elsewhere it must be https"
run webhook list --json && json 'length == 1 and .[0].name == "hook" and .[0].events == ["task.ended", "drain.remainder"]'
ok $? "it is listed"
run webhook test hook
ends 1 "a test that does not arrive is a failure"
says err .
ok $? "with its reason"
run _complete webhooks && says out '^hook$'
ok $? "the completion knows it"
run webhook remove hook
ends 0 "it is removed"
run webhook remove hook
ends 10 "only once"

# --- Ctrl-C ---

"$virtern" drain node3 >"$work/out" 2>"$work/err" </dev/null &
command_pid=$!
try_until grep -q '^long01: node3' "$work/err"
kill -INT $command_pid
wait $command_pid
status=$?
ends 130 "Ctrl-C ends the waiting"
says err 'goes on; “virtern task watch'
ok $? "and the drain goes on"
duty_is node3 draining
ok $? "as the host shows"

stop_daemon TERM
run drain node1
ends 8 "without a daemon it is told that there is none"
done_testing
