#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command against the real daemon with simulated hosts on a private bus: every command in
# both kinds of output, every exit status with its sentence, the completion. TAP on stdout.
set -u
. "$(dirname "$0")/cli-functions.sh"

hosts_are_up() {
    run status --json && json '.hosts.up == 3'
}

phase_is() {
    [ "$("$virtern" task show "$1" --json | jq -r .phase)" = "$2" ]
}

# --- without a daemon ---

run status
ends 8 "without a bus the status is 8"
start_bus
run vm list
ends 8 "without a daemon the status is 8"
says err "^virtern: virternd is not running; start it with “systemctl start virternd”"
ok $? "without a daemon the sentence says how to start it"
run vm list --session
says err "virternd --session"
ok $? "on the session bus it says how to start it there"
run _complete hosts
[ ! -s "$work/out" ]
ok $? "without a daemon there is nothing to complete"
run help && says out "^Usage: virtern"
ok $? "help needs no daemon"
run --version && says out "^virtern [0-9]"
ok $? "the version needs no daemon"
run migrate
ends 2 "a wrong command line is found before the daemon is missed"

start_daemon 20
try_until hosts_are_up
ok $? "the simulated hosts come up"

# --- looking ---

run status && says out "^virternd .*simulated" && says out "^Hosts +4: 3 up, 1 (unreachable|connecting)" \
    && says out "^VMs +13: 12 running, 1 shut-off"
ok $? "status counts hosts and VMs"
run status --json && json '.simulated and .vms.running == 12 and .tasks.running == 0'
ok $? "status --json has the same numbers"
copy="VM copy01 is also defined on node3 \\(shut-off\\): starting it there would make a second copy;"
run status && says out "$copy undefine it with “virsh -c sim://node3/ undefine 33333333-"
ok $? "status tells of a VM that is defined on a second host"
run status --json && json '[.attention[] | select(contains("also defined"))] | length == 1'
ok $? "status --json tells of it, and of no other VM"
VIRTERN_BUS=session run status
ends 0 "VIRTERN_BUS chooses the session bus"

run host list && says out "^node1 +up +active +7 +16 +64 GiB" && says out "^HOST"
ok $? "host list shows state, VMs, CPUs and memory"
run host list --json && json 'map(.name) == ["node1","node2","node3","node5"]'
ok $? "host list --json is an array sorted by name"
run host show node1 && says out "^CPU features +aes pcid sse4.2" && says out "^URI +sim:"
ok $? "host show lists the CPU features"
run host show node1 --json && json '."cpu-features" == ["aes","pcid","sse4.2"] and ."memory-total" == 68719476736'
ok $? "host show --json has dashed keys"
run host show nowhere
ends 10 "an unknown host is status 10"

run vm list && says out "^web01 +running +node1 +2 +512 MiB" && says out "^two words +running"
ok $? "vm list shows state, host, vCPUs and memory"
says out '^evil\\x1b\[31m\\u\{202e\}name' && ! grep -q "$esc" "$work/out"
ok $? "control characters in a name are made visible"
[ "$(grep '^twin' "$work/out" | sed 's/.*\(node.\).*/\1/' | tr '\n' ' ')" = "node1 node2 " ]
ok $? "VMs of one name are in the order of their UUIDs"
run vm list --host node3 && says out "^two words" && ! grep -q web01 "$work/out"
ok $? "vm list --host shows the VMs of one host"
run --host node3 --json vm list && json 'map(.name) == ["two words"]'
ok $? "options may stand before the command"
run vm list --host nowhere
ends 10 "vm list of an unknown host is status 10, not an empty list"
run vm show web01 && says out "^Host +node1" && says out "^Memory +512 MiB"
ok $? "vm show shows where it runs"
run vm show web01 --json && json '.host == "node1" and ."seen-on" == [{"host":"node1","state":"running"}]'
ok $? "vm show --json names hosts and states in seen-on"
run vm show nothing
ends 1 "an unknown VM is status 1 while a host does not answer"
says err 'node5 \(unreachable\)'
ok $? "and that host is named"
run vm show twin
ends 10 "a name of two VMs is status 10"
says err 11111111-1111-4111-8111-111111111111 && says err 22222222-2222-4222-8222-222222222222
ok $? "the UUIDs of both are told"
run vm show 11111111-1111-4111-8111-111111111111 && says out "^Name +twin"
ok $? "a VM is found by its UUID"

run vm list --host node5
ends 0 "vm list of a host that is down is a success"
says err "^node5 is (unreachable|not connected yet): VMs that run there are not listed, or shown as they" \
    && ! grep -q "no VM here" "$work/err" && [ ! -s "$work/out" ]
ok $? "and claims nothing of what it cannot see"
for how in "--baseline --dry-run" "--model Westmere-IBRS --dry-run" "--model Westmere-IBRS" --clear; do
    run vm mask db01 $how
    ends 0 "vm mask $how works while a host is down"
    says out "^Not counted: node5: its CPU is not known; “virtern host list” shows why$"
    ok $? "and says that it is not counted"
done
run vm mask db01 --baseline --dry-run --json && json '."hosts-unknown" == ["node5"]'
ok $? "so it does with --json"
run vm mask db01 --baseline
ends 1 "a baseline without a host that is down is not set"
says err "^virtern: The CPU of node5 is not known" && says err "“virtern host remove”" && says err "--model"
ok $? "and that host and the ways on are named"
run vm show db01 --json && json '."cpu-masked" == false'
ok $? "and nothing is changed"
run vm mask db01 --clear
ends 10 "a VM without a mask cannot be cleared of it"
says err "^virtern: The CPU of db01.* is not masked" && says err "“virtern vm show”" && ! grep -q "show what there is" "$work/err"
ok $? "and what shows its CPU is named, not where to look for VMs"
run vm mask db01 --model Westmere-IBRS
run vm show db01
says out "^CPU mask +by “virtern vm mask”, from its first shutdown and start after that; --clear takes it away$"
ok $? "vm show of a running VM tells when a mask takes effect"
run vm mask db01 --clear
run vm mask off01 --model Westmere-IBRS
run vm show off01
says out "^CPU mask +by “virtern vm mask”; --clear takes it away$"
ok $? "vm show of a VM that is off has only the mask"
run vm mask off01 --clear

run baseline show
ends 0 "the baseline is shown while a host is down"
says out "^No running VM that can be seen holds more\.$" \
    && says out "^node5 is not up: VMs there are not counted, or as they were last seen\.$" \
    && ! grep -q "^No running VM holds more" "$work/out"
ok $? "and claims nothing of the VMs there"
run host add far1 sim://node4/ --cluster far
run baseline show --cluster far
says out "^No running VM holds more\.$" && ! grep -q "not up" "$work/out"
ok $? "a host of another cluster does not matter to it"
run host remove far1
run vm list --json && json 'length == 13' && says err "^node5 is "
ok $? "vm list --json says on stderr what it cannot see"
run vm list --host node3 && [ ! -s "$work/err" ]
ok $? "vm list of a host that is up has nothing to say of others"
run task list && says err "^There are no tasks yet\.$" && run task list --vm web01 && says err "^No task fits\.$"
ok $? "an empty list of tasks says whether there are none or none fits"

# --- hosts ---

run host add node4 sim://node4/
ends 0 "a host is added"
run host add node4 sim://node4/
ends 1 "a host that is there cannot be added"
run host add nowhere sim://nowhere/
ends 1 "a host that does not answer cannot be added"
run host add 'bad name' sim://node4/
ends 2 "a bad name is a usage error"
run host remove node4
ends 0 "a host is removed"
run host add node4 sim://node4/ --migration-address 10.0.0.4 --json \
    && json '.name == "node4" and ."migration-address" == "10.0.0.4"'
ok $? "host add --json prints the host with its options"
run host remove node4 --json && json '. == {}'
ok $? "host remove --json prints an empty object"
run host remove node4
ends 10 "an unknown host cannot be removed"

if command -v prlimit >/dev/null; then
    prlimit --pid "$daemon_pid" --fsize=0:
    run host add node4 sim://node4/
    ends 1 "a host that cannot be stored is not added"
    run status && says out "^Attention +The store “.*/virtern.db”: cannot be written: "
    ok $? "status tells that the store cannot be written"
    run status --json && json '.attention | any(contains("virtern.db"))'
    ok $? "status --json tells it, too"
    prlimit --pid "$daemon_pid" --fsize=unlimited:
    run host add node4 sim://node4/ && run host remove node4 && run status
    ! says out virtern.db >"$work/unsaid"
    ok $? "status tells it no longer when the store can be written"
else
    ok 0 "status tells that the store cannot be written # SKIP prlimit is missing"
fi

# --- moving ---

run migrate web01 --to node3
ends 0 "a VM is moved"
says out "^web01 now runs on node3: [0-9.]+ m?s, downtime [0-9.]+ ms \(measured\)$"
ok $? "the summary tells time and downtime"
says err "^web01  node1 → node3  copying$" && ! grep -q "$esc" "$work/err"
ok $? "without a terminal progress is a plain line per phase"
run vm show web01 --json && json '.host == "node3"'
ok $? "the VM is on its new host afterwards"
run migrate web01 --to node1 --json && json '.state == "done" and .progress == 100 and .destination == "node1"'
ok $? "migrate --json prints the task as it ended"
run migrate db01 --to node2
ends 4 "a move to where it is is refused"
run migrate off01 --to node2
ends 4 "a move of a VM that does not run is refused"
run migrate db01 --to nowhere
ends 10 "a move to an unknown host is status 10"
run migrate twin --to node3
ends 10 "a move of an ambiguous name is status 10"

run migrate web01 --to node5
ends 4 "a move to a host that is down is refused"
says out "host\.unreachable" && says err "^virtern: web01 cannot be moved to node5; nothing was changed$"
ok $? "with the reason"

run migrate fail01 --to node2
ends 1 "a failed migration is status 1"
says err "^virtern: .*fail01" && says err "seen on node1: running" && says err "virtern task show [0-9]+"
ok $? "its sentence says what failed and where to read more"
run migrate fail01 --to node2 --json
json '.state == "failed" and .error != "" and .verdict != ""'
ok $? "with --json the failed task is printed, with both hosts' verdict"

run migrate split01 --to node2
ends 6 "a VM that runs twice is status 6"
says err "Look at both hosts"
ok $? "its sentence says to look at both hosts"
run migrate split01 --to node3
ends 6 "a VM that needs attention is not moved"
says out "^split01 .* finds no place:$"
ok $? "and the reasons are shown"
run status && says out "^Attention +.*split01"
ok $? "status tells what needs attention"
run status --json && json '.attention | length >= 1'
ok $? "status --json has it too"

# --- waiting ---

run migrate hang01 --to node2 --no-wait
ends 0 "with --no-wait the task is started and told"
id=$(grep -oE 'Task [0-9]+' "$work/out" | cut -d ' ' -f 2)
try_until phase_is "$id" copying
ok $? "the task goes on without us"
run vm list && says out "^hang01 .* $id → node2 [0-9]+ %"
ok $? "vm list shows the task that moves a VM"
run task watch "$id" --timeout 1
ends 3 "a wait that is over in time is status 3"
says err "The wait of 1 second is over" && says err "virtern task cancel $id"
ok $? "its sentence says that the task goes on and how to stop it"
run migrate hang01 --to node3
ends 4 "a VM that is being moved cannot be moved"
run host remove node1
ends 4 "a host that a task uses cannot be removed"

"$virtern" task watch "$id" >"$work/out" 2>"$work/err" &
watcher=$!
try_until grep -q copying "$work/err"
kill -INT $watcher
wait $watcher
status=$?
ends 130 "Ctrl-C ends the waiting with status 130"
says err "^  Task $id goes on; “virtern task watch $id” follows it, “virtern task cancel $id” stops it"
ok $? "and says that the task goes on"

"$virtern" task watch "$id" --json >"$work/watch.out" 2>"$work/watch.err" &
watcher=$!
try_until grep -q copying "$work/watch.err"
run task cancel "$id"
ends 0 "a task is cancelled, and that is a success"
says out "^Task $id is cancelled: hang01 was not moved to node2$" && says out "node1.*running"
ok $? "what was cancelled is told, and where the VM is"
wait $watcher
status=$?
ends 5 "who waited for the cancelled task gets status 5"
cp "$work/watch.out" "$work/out" && json '.state == "cancelled"'
ok $? "and its task with --json"
run task cancel "$id"
ends 4 "a task that has ended cannot be cancelled"
run task cancel 4711
ends 10 "an unknown task cannot be cancelled"
run migrate hang02 --to node1 --no-wait --json && json '.state == "queued" or .state == "running"'
ok $? "migrate --no-wait --json prints the task as it is"
id=$(jq .id "$work/out")
run task cancel "$id" --no-wait
ends 0 "task cancel --no-wait only asks"
run task watch "$id"
ends 5 "task watch of a cancelled task is status 5"
run task watch 4711
ends 10 "an unknown task cannot be watched"

# A host takes in one VM at a time then. Without a limit, a move that hangs holds up no other.
run limits set --in 1
ids=()
for vm in hang01 hang02 big01; do
    run migrate $vm --to node3 --no-wait --json
    ids+=("$(jq .id "$work/out")")
done
try_until phase_is "${ids[0]}" copying
run task cancel "${ids[2]}"
[ "$status" -eq 0 ] && [ "$(cat "$work/out")" = "Task ${ids[2]} is cancelled: big01 was not moved to node3" ]
ok $? "of a task that was cancelled in the queue there is no verdict to tell"
run task cancel "${ids[0]}"
run task cancel "${ids[1]}"
run limits reset

# --- tasks ---

run task list && says out "^ +[0-9]+  migrate  web01 +node1 → node3 +done +100 %  +([0-9:]{8}|[0-9-]{10}) +[0-9.]+ m?s  "
ok $? "task list shows who moved what when and how it ended"
run task list --json && json '(map(.id) | . == (sort | reverse)) and length >= 7'
ok $? "task list --json is an array, the newest first"
run task list --vm web01 --json && json 'length == 2 and all(.vm == "web01")'
ok $? "task list --vm filters"
run task list --state cancelled --host node1 --json && json 'length == 4 and all(.state == "cancelled")'
ok $? "task list --state and --host filter"
run task list --limit 2 --json && json 'length == 2'
ok $? "task list --limit is kept"
run task list --limit 2 && says err "older ones: add --before [0-9]+"
ok $? "task list says that there are more"
run task list --before 3 --json && json 'map(.id) == [2,1]'
ok $? "task list --before goes back"
run task list --all --json && json '(map(.id) | min) == 1'
ok $? "task list --all has the first one"
run task show 1 && says out "^Downtime +[0-9]+ ms" && says out "^State +done"
ok $? "task show tells how it went"
run task show 1 && says out "^Phases +queued, [0-9.]+ m?s" && says out "^ +copying, [0-9.]+ m?s" && says out "^ +done$"
ok $? "its phases, and how long each took"
run task show 1 --json && json '(.trace.phases | map(.phase) | .[0] == "queued" and .[-1] == "done")
  and (.trace.samples | length) >= 1 and (.trace.samples[0] | has("dirty-rate")) and .trace.steps == []'
ok $? "task show --json has its trace"
run task show 1 --json && json '.id == 1 and ."started-by-uid" >= 0'
ok $? "task show --json has it all"
run task show 4711
ends 10 "an unknown task is status 10"
says err "“virtern"
ok $? "its sentence says where to look"
run task show one
ends 2 "what is no id is a usage error"

# --- terminals ---

if command -v script >/dev/null; then
    TERM=xterm script -qec "stty cols 60; '$virtern' migrate web01 --to node2" /dev/null \
        >"$work/out" 2>"$work/err" </dev/null
    tr '\r' '\n' <"$work/out" | sed "s/$esc\[K//g" >"$work/lines"
    grep -q "^web01 .*\[=*>\? *\] [0-9]* %" "$work/lines"
    ok $? "on a terminal there is a bar"
    wide=$(while IFS= read -r line; do [ ${#line} -le 60 ] || echo "$line"; done <"$work/lines")
    [ -z "$wide" ] || echo "# too wide: $wide"
    [ -z "$wide" ]
    ok $? "no line of it is wider than the terminal"
    grep -o '[0-9]* %' "$work/lines" | cut -d ' ' -f 1 | sort -nc
    ok $? "the percentage never falls"
    TERM=xterm script -qec "stty cols 50; '$virtern' vm list" /dev/null >"$work/out" </dev/null
    tr -d '\r' <"$work/out" | sed "s/$esc\[[0-9;]*m//g" >"$work/lines"
    grep -q "$esc\[[0-9;]*m" "$work/out"
    ok $? "on a terminal there are colours"
    NO_COLOR=1 TERM=xterm script -qec "'$virtern' vm list" /dev/null >"$work/out" </dev/null
    ! grep -q "$esc" "$work/out"
    ok $? "NO_COLOR takes them away"
    TERM=xterm script -qec "'$virtern' migrate web01 --to node1 --json >'$work/json'" /dev/null \
        >"$work/out" </dev/null
    ! grep -q "$esc" "$work/out" && grep -q copying "$work/out" && jq -e .id "$work/json" >/dev/null
    ok $? "with --json progress is plain on a terminal, too"
else
    ok 0 "on a terminal there is a bar # SKIP script is missing"
fi
LC_ALL=C run migrate web01 --to node2
says err "^web01  node1 -> node2  copying$" && ! LC_ALL=C grep -q '[^ -~]' "$work/out"
ok $? "in the C locale there is nothing but ASCII"
"$virtern" vm list >/dev/full 2>"$work/err"
status=$?
ends 1 "a full disk is a failure"
"$virtern" check two\ words --to node5 --json >/dev/full 2>"$work/err"
status=$?
ends 1 "so it is when the answer would be no"
says err "^virtern: The output could not be written$"
ok $? "and is told"
"$virtern" migrate web01 --to node5 >"$work/both" 2>&1
tail -n 1 "$work/both" | grep -q "^virtern: web01 cannot be moved to node5" && grep -q "^node5 " "$work/both"
ok $? "in one file the error stands below the table"

run host add far1 sim://node4/ --cluster far
run migrate db01 --to far1
run vm mask db01 --baseline
ends 0 "a host of another cluster that is down keeps no baseline from being set"
run vm mask db01 --clear
run migrate db01 --to node2
run host remove far1
ends 0 "the host of the other cluster is removed"

# --- completion ---

PATH=$TOP_BUILDDIR:$PATH
. "$TOP_SRCDIR/data/completion/virtern"
# complete_line WORD…: what is offered for the last word
complete_line() {
    COMP_WORDS=(virtern "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _virtern
    printf '%s\n' "${COMPREPLY[@]}" | sort >"$work/out"
    tr '\n' ' ' <"$work/out" >"$work/offered"
}
# offers "WORDS ": as a condition
offers() {
    [ "$(cat "$work/offered")" = "$1" ] || { echo "# offered: $(cat "$work/offered")"; false; }
}
complete_line ''
offers "activate apply baseline check drain help host limits migrate plan snapshot status task vm webhook "
ok $? "the completion knows the commands"
complete_line host a
offers "add "
ok $? "the completion knows the commands of two words"
complete_line migrate we
offers "web01 "
ok $? "the completion asks the daemon for VMs"
complete_line vm show tw
offers 'twin twin two\ words '
ok $? "the completion quotes names"
complete_line drain node1 node
offers "node1 node2 node3 node5 "
ok $? "the completion asks the daemon for hosts to be drained"
complete_line drain node1 --action we
offers "web01= "
ok $? "and for VMs with an action"
complete_line drain node1 --action web01 =
offers "ask cold migrate shutdown skip "
ok $? "and knows the actions"
complete_line drain node1 --action web01 = s
offers "shutdown skip "
ok $? "and completes them"
complete_line migrate web01 --to node
offers "node1 node2 node3 node5 "
ok $? "the completion asks the daemon for hosts"
complete_line task show 1
says out "^1$"
ok $? "the completion asks the daemon for tasks"
complete_line help ta
offers "task "
ok $? "the completion helps with help"
complete_line help task ''
offers "cancel list resolve resume show switch undo watch "
ok $? "the completion knows the commands after help task"
complete_line migrate web01 d
offers "db01 "
ok $? "the completion goes on with VMs where there may be several"
complete_line vm mask web01 --model ''
offers "Westmere-IBRS "
ok $? "the completion knows the CPU models of the hosts"
complete_line host add n u --cluster d
offers "default "
ok $? "the completion knows the clusters"
complete_line vm lock web01 --reason we --expires 2h ''
offers " "
ok $? "the completion leaves free text alone"
complete_line check web01 --snapshot "$TOP_SRCDIR/tests/bus/cli-cl"
offers "$TOP_SRCDIR/tests/bus/cli-cluster.json "
ok $? "the completion knows files"
complete_line migrate web01 --t
offers "--timeout --tls --to "
ok $? "the completion knows the options of a command"
complete_line --json task list --state c
offers "cancelled "
ok $? "the completion knows the states"
complete_line migrate web01 --policy ''
offers "careful default force postcopy "
ok $? "the completion knows the policies"
complete_line task switch 1 --policy p
offers "postcopy "
ok $? "also of a switch"
complete_line migrate web01 --priority ''
offers "high low normal "
ok $? "the completion knows the priorities"
complete_line migrate web01 --compression z
offers "zlib zstd "
ok $? "the completion knows the kinds of compression"
complete_line migrate web01 --bandwidth 100 we
offers "web01 "
ok $? "the completion takes a bandwidth for no VM"
complete_line limits ''
offers "reset set "
ok $? "the completion knows the commands of limits"
complete_line limits set --
offers "--cluster --help --in --json --no-color --out --session --version "
ok $? "the completion knows the limits"
complete_line limits set --cluster ''
offers "none "
ok $? "the completion offers no clusters where a number is wanted"
complete_line host set no
offers "node1 node2 node3 node5 "
ok $? "the completion knows the hosts that can be changed"
complete_line host set node1 --link-rate ''
offers "auto "
ok $? "the completion knows the word in place of a rate"
complete_line task resolve 1 --k
offers "--keep-destination --keep-source "
ok $? "the completion knows the ways out"
complete_line task resolve 1 --keep-source --vm ''
offers " "
ok $? "the completion does not type the name of a VM whose copy is ended"

# --- the daemon goes ---

run migrate hang01 --to node3 --no-wait
id=$(grep -oE 'Task [0-9]+' "$work/out" | cut -d ' ' -f 2)
try_until phase_is "$id" copying
"$virtern" task watch "$id" --timeout 2 >"$work/out" 2>"$work/err" &
watcher=$!
"$virtern" task watch "$id" --json >"$work/watch.out" 2>"$work/watch.err" &
patient=$!
try_until grep -q copying "$work/err"
try_until grep -q copying "$work/watch.err"
stop_daemon KILL
wait $watcher
status=$?
ends 8 "a daemon that goes and stays away is status 8"
says err "virternd has gone; the migration goes on in the hosts" && says err "goes on; “virtern task watch $id”"
ok $? "and the sentence says that the migration goes on"
start_daemon 20
wait $patient
status=$?
cp "$work/watch.out" "$work/out"
cp "$work/watch.err" "$work/err"
# The simulated hosts died with their daemon, so the task ends; what counts is that its end is seen.
says err "virternd is back" && [ "$(jq .id "$work/out")" = "$id" ] && [ $status -ne 8 ]
ok $? "a daemon that comes back is followed on"

# --- more tasks than fit on a page ---

if command -v sqlite3 >/dev/null; then
    stop_daemon TERM
    {
        echo "BEGIN; CREATE TEMP TABLE copy AS SELECT * FROM task WHERE id = 1;"
        for ((i = 10001; i <= 12100; i++)); do
            echo "UPDATE copy SET id = $i; INSERT INTO task SELECT * FROM copy;"
        done
        echo "COMMIT;"
    } | sqlite3 "$work/state/virtern.db"
    start_daemon 20
    run task list --all --json
    json 'length > 2100 and (map(.id) | . == (sort | reverse) and . == unique_by(-.) and min == 1)'
    ok $? "task list --all goes through all pages"
    run task list --limit 1500 --json && json 'length == 1500 and .[0].id == 12100'
    ok $? "task list --limit may be more than a page"
else
    ok 0 "task list --all goes through all pages # SKIP sqlite3 is missing"
fi

done_testing
