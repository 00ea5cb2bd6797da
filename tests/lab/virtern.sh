# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What lab tests of the daemon share: a private bus, virternd in the lab's hub, and the
# command. Sourced after functions.sh. TOP_BUILDDIR says where the programs are.

: "${TOP_BUILDDIR:=$(cd "$LAB_TESTS/../.." && pwd)}"
export VIRTERN_BUS=session
# A sanitizer's report must not get lost in a log.
export ASAN_OPTIONS=${ASAN_OPTIONS:-abort_on_error=0:exitcode=99}

requires_virtern() {
  requires_lab
  requires_command dbus-daemon jq
  [[ -x $TOP_BUILDDIR/virternd && -x $TOP_BUILDDIR/virtern ]] ||
    skip_all "the programs are not built in $TOP_BUILDDIR"
}

virtern() { timeout 300 "$TOP_BUILDDIR/virtern" "$@"; }

daemon_dir() { echo "$(lab_dir)/virternd"; }

start_bus() {
  local dir
  dir=$(daemon_dir)
  mkdir -p "$dir"
  export DBUS_SESSION_BUS_ADDRESS="unix:path=$dir/bus"
  cat >"$dir/bus.conf" <<CONF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=$dir/bus</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
CONF
  # In the hub, so that the lab's own cleanup finds it whatever becomes of the test.
  lab exec hub dbus-daemon --config-file="$dir/bus.conf" --nofork --nopidfile \
    >"$dir/bus.log" 2>&1 </dev/null &
  wait_until 10 test -S "$dir/bus"
}

# The daemon writes its own pid: what starts it in the hub may stay around it.
start_virternd() { # [OPTION…]
  local dir
  dir=$(daemon_dir)
  rm -f "$dir/pid"
  # shellcheck disable=SC2016
  lab exec hub sh -c 'echo $$ >"$0"; exec "$@"' "$dir/pid" \
    "$TOP_BUILDDIR/virternd" --session --state-dir "$dir/store" "$@" \
    >>"$dir/log" 2>&1 </dev/null &
  wait_until 20 test -s "$dir/pid"
  wait_until 20 is_serving
}

# The daemon of that pid, not one from before, has the name on the bus.
is_serving() {
  virtern status >/dev/null &&
    [[ $(busctl --address="$DBUS_SESSION_BUS_ADDRESS" status org.virtern.Virtern1 |
      sed -n 's/^PID=//p') == "$(virternd_pid)" ]]
}

virternd_pid() { cat "$(daemon_dir)/pid"; }

kill_virternd() {
  kill -KILL "$(virternd_pid)"
  wait_until 10 is_ended "$(virternd_pid)"
}

# Ends the daemon as a service manager would, and fails if it says no good-bye or a
# sanitizer found something.
stop_virternd() {
  kill -TERM "$(virternd_pid)"
  wait_until 20 is_ended "$(virternd_pid)"
  no_sanitizer_report
}

no_sanitizer_report() {
  ! grep -E -A 20 'ERROR: (Address|Leak)Sanitizer|runtime error:' "$(daemon_dir)/log" ||
    fail 'a sanitizer has something to say, see above'
}

is_ended() { # PID
  [[ ! -e /proc/$1 || $(sed 's/.*) //' "/proc/$1/stat" | cut -c1) == Z ]]
}

# Adds every node of the lab, with its migration link.
add_nodes() {
  local node
  for node in $(lab nodes); do
    virtern host add "$node" "$(lab uri "$node")" --migration-address "$node-migr"
  done
  for node in $(lab nodes); do wait_until 30 host_is "$node" up; done
}

host_is() { # HOST STATE
  [[ $(virtern --json host show "$1" | jq -r .state) == "$2" ]]
}

vm_is_known_on() { # VM HOST
  [[ $(virtern --json vm show "$1" | jq -r .host) == "$2" ]]
}

task_field() { # ID FIELD
  virtern --json task show "$1" | jq -r --arg field "$2" '.[$field]'
}

newest_task() { virtern --json task list --limit 1 | jq -r '.[0].id'; }

task_is() { # ID FIELD VALUE
  [[ $(task_field "$1" "$2") == "$3" ]]
}

task_has_ended() { # ID
  [[ $(task_field "$1" state) != queued && $(task_field "$1" state) != running ]]
}

# Succeeds if the command ends with just this exit status and says so much.
says() { # STATUS TEXT COMMAND…
  local wanted=$1 text=$2 status=0 said
  shift 2
  said=$("$@" 2>&1) || status=$?
  ((status == wanted)) || fail "exit status is $status and should be $wanted: $*: $said" || return
  contains "$said" "$text"
}

# Kills virternd before the lab goes, so that no log line comes too late.
use_virtern_lab() { # NAME
  use_lab "$1"
  trap '[[ ! -f $(daemon_dir)/pid ]] || kill -KILL "$(virternd_pid)" 2>/dev/null || true; lab down || true' EXIT
}
