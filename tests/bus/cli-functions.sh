# SPDX-License-Identifier: LGPL-2.1-or-later
# For the TAP tests of the command and of the API page: a private bus with the real daemon and
# simulated hosts on it. To be sourced; everything is taken down when the script ends.

: "${TOP_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${TOP_BUILDDIR:=$TOP_SRCDIR}"
LC_ALL=C.UTF-8
TZ=UTC
export LC_ALL TZ
unset NO_COLOR VIRTERN_BUS DBUS_STARTER_ADDRESS DBUS_STARTER_BUS_TYPE

for tool in dbus-daemon gdbus jq; do
    command -v $tool >/dev/null || { echo "1..0 # SKIP $tool is missing"; exit 77; }
done

virtern=$TOP_BUILDDIR/virtern
work=$(mktemp -d)
esc=$(printf '\033')
status=0
cluster=cli-cluster.json
bus_pid=
daemon_pid=
tests=0
failed=0

clean_up() {
    stop_daemon TERM
    [ -z "$bus_pid" ] || kill "$bus_pid"
    rm -rf "$work"
}
trap clean_up EXIT

# ok STATUS SENTENCE
ok() {
    tests=$((tests + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tests - $2"
    else
        echo "not ok $tests - $2"
        failed=1
        # What the last run() saw.
        sed 's/^/# stdout: /' "$work/out" 2>/dev/null
        sed 's/^/# stderr: /' "$work/err" 2>/dev/null
    fi
}

# run ARGUMENT…: sets status, and the files out and err
run() {
    "$virtern" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
}

# ends STATUS SENTENCE: the last run() ended with that status
ends() {
    [ "$status" -eq "$1" ] || echo "# status $status, not $1"
    [ "$status" -eq "$1" ]
    ok $? "$2"
}

# says FILE PATTERN: as a condition
says() {
    grep -qE -- "$2" "$work/$1" || { echo "# $1 lacks: $2"; false; }
}

# json EXPRESSION: as a condition on the JSON in out
json() {
    jq -e "$1" "$work/out" >/dev/null 2>&1 || { echo "# JSON is not so: $1"; false; }
}

done_testing() {
    echo "1..$tests"
    exit $failed
}

start_bus() {
    {
        read -r DBUS_SESSION_BUS_ADDRESS
        read -r bus_pid
    } <<EOF
$(dbus-daemon --session --fork --address="unix:dir=$work" --print-address=1 --print-pid=1 \
    2>/dev/null)
EOF
    [ -n "$bus_pid" ] || { echo "Bail out! no private bus"; exit 1; }
    # What asks for the system bus gets this one too.
    DBUS_SYSTEM_BUS_ADDRESS=$DBUS_SESSION_BUS_ADDRESS
    export DBUS_SESSION_BUS_ADDRESS DBUS_SYSTEM_BUS_ADDRESS
}

# start_daemon SPEED: returns when the daemon has its name. Copies that hang do so for longer than
# a test takes.
start_daemon() {
    printf '[migration]\nstall-timeout = 3600\n' >"$work/virternd.conf"
    "$TOP_BUILDDIR/virternd" --config "$work/virternd.conf" --session --simulate "$TOP_SRCDIR/tests/bus/$cluster" \
        --speed "$1" --state-dir "$work/state" >>"$work/daemon.log" 2>&1 &
    daemon_pid=$!
    if ! gdbus wait --session --timeout 30 org.virtern.Virtern1; then
        sed 's/^/# daemon: /' "$work/daemon.log"
        echo "Bail out! virternd does not start"
        exit 1
    fi
}

# stop_daemon SIGNAL
stop_daemon() {
    [ -n "$daemon_pid" ] || return 0
    kill "-$1" "$daemon_pid" 2>/dev/null
    wait "$daemon_pid" 2>/dev/null
    daemon_pid=
}

# try_until COMMAND…: until it succeeds, 2000 times at most
try_until() {
    n=0
    until "$@" >/dev/null 2>&1; do
        n=$((n + 1))
        [ $n -lt 2000 ] || return 1
    done
}
