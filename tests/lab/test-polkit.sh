#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Who may do what, with the real polkitd: a bus with the rules of the system bus and our bus
# policy, our polkit actions, virternd as its own user (simulated hosts), and clients of
# several uids. Everything is in a mount namespace of its own: the machine's files are not
# touched. Needs root. TAP; exit status 77 where something is missing.
set -eu

skip () { echo "1..0 # SKIP $1"; exit 77; }

[ "$(id -u)" = 0 ] || skip "needs root"
POLKITD=
for p in /usr/lib/polkit-1/polkitd /usr/libexec/polkitd /usr/lib/polkitd; do
  [ -x "$p" ] && POLKITD=$p
done
[ -n "$POLKITD" ] || skip "polkitd is missing"
for tool in dbus-daemon gdbus setpriv unshare mount; do
  command -v "$tool" > /dev/null || skip "$tool is missing"
done
: "${TOP_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${TOP_BUILDDIR:=$TOP_SRCDIR}"
[ -x "$TOP_BUILDDIR/virternd" ] || skip "virternd is not built"

if [ -z "${TERN_POLKIT_INSIDE-}" ]; then
  unshare --mount true 2> /dev/null || skip "no mount namespaces here"
  export TERN_POLKIT_INSIDE=1 TOP_SRCDIR TOP_BUILDDIR
  exec unshare --mount --propagation private "$0"
fi

UID_DAEMON=61820
UID_CLIENT=61821
T=$(mktemp -d /tmp/tern-polkit-XXXXXX)
PIDS=
cleanup () {
  for pid in $PIDS; do kill "$pid" 2> /dev/null || :; done
  for pid in $PIDS; do wait "$pid" 2> /dev/null || :; done
  rm -rf "$T"
}
trap cleanup EXIT
chmod 755 "$T"

N=0
ok () { N=$((N + 1)); echo "ok $N - $1"; }
not_ok () { N=$((N + 1)); echo "not ok $N - $1"; sed 's/^/# /' "$T/out"; FAILED=1; }
FAILED=
# check SENTENCE COMMAND...: the command must hold
check () { sentence=$1; shift; if "$@"; then ok "$sentence"; else not_ok "$sentence"; fi; }

# The namespace: users, polkit's folders.
cp /etc/passwd "$T/passwd"
echo "virtern:x:$UID_DAEMON:$UID_DAEMON::$T/state:/bin/false" >> "$T/passwd"
echo "ternclient:x:$UID_CLIENT:$UID_CLIENT::/:/bin/false" >> "$T/passwd"
cp /etc/group "$T/group"
printf 'virtern:x:%s:\nternclient:x:%s:\n' $UID_DAEMON $UID_CLIENT >> "$T/group"
chmod 644 "$T/passwd" "$T/group"
mount --bind "$T/passwd" /etc/passwd
mount --bind "$T/group" /etc/group
mkdir -p /usr/share/polkit-1/actions /usr/share/polkit-1/rules.d /etc/polkit-1/rules.d
for folder in /usr/share/polkit-1/actions /usr/share/polkit-1/rules.d /etc/polkit-1/rules.d; do
  mount -t tmpfs -o mode=755 tmpfs "$folder"
done
cp "$TOP_BUILDDIR/data/org.virtern.virtern1.policy" /usr/share/polkit-1/actions/
cat > /etc/polkit-1/rules.d/10-virtern.rules <<'RULES'
polkit.addRule(function(action, subject) {
  if (action.id == "org.virtern.virtern1.migrate" && subject.user == "ternclient" &&
      action.lookup("vm") == "web" && action.lookup("source") == "node1" &&
      action.lookup("destination") == "node2")
    return polkit.Result.YES;
  if (action.id == "org.virtern.virtern1.migrate" && subject.user == "ternclient" &&
      action.lookup("vms") == "web two\\x20words" && action.lookup("destination") == "" &&
      action.lookup("vm") == undefined)
    return polkit.Result.YES;
  if (action.id == "org.virtern.virtern1.lock" && subject.user == "ternclient" &&
      action.lookup("vm") == "db")
    return polkit.Result.YES;
  if (action.id == "org.virtern.virtern1.start" && subject.user == "ternclient" &&
      action.lookup("vm") == "off" && action.lookup("destination") == "node2")
    return polkit.Result.YES;
  if (action.id == "org.virtern.virtern1.manage-hosts" && subject.user == "ternclient" &&
      action.lookup("host") == "node1")
    return polkit.Result.YES;
  if (action.id == "org.virtern.virtern1.drain" && subject.user == "ternclient" &&
      action.lookup("hosts") == "node2" && action.lookup("task") == undefined)
    return polkit.Result.YES;
  if (action.id == "org.virtern.virtern1.manage-webhooks" && subject.user == "ternclient" &&
      action.lookup("webhook") == "mine")
    return polkit.Result.YES;
  if (action.id == "org.virtern.virtern1.resolve" && subject.user == "ternclient" &&
      action.lookup("vm") == "torn" && action.lookup("task") != undefined &&
      action.lookup("source") == "node1" && action.lookup("destination") == "node2" &&
      action.lookup("keep") == "destination")
    return polkit.Result.YES;
});
RULES
chmod 644 /etc/polkit-1/rules.d/* /usr/share/polkit-1/actions/*

# The bus: the rules of the system bus, as dbus ships them.
cat > "$T/bus.conf" <<CONF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:path=$T/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <policy user="root">
    <allow own="org.freedesktop.PolicyKit1"/>
  </policy>
  <policy user="polkitd">
    <allow own="org.freedesktop.PolicyKit1"/>
  </policy>
  <policy context="default">
    <allow send_destination="org.freedesktop.PolicyKit1"/>
  </policy>
  <include>$TOP_SRCDIR/data/org.virtern.Virtern1.conf</include>
</busconfig>
CONF
DBUS_SYSTEM_BUS_ADDRESS="unix:path=$T/bus"
export DBUS_SYSTEM_BUS_ADDRESS
unset DBUS_SESSION_BUS_ADDRESS || :
dbus-daemon --config-file="$T/bus.conf" --nofork > "$T/bus.log" 2>&1 &
PIDS="$PIDS $!"

as () { uid=$1; shift; setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"; }
# In the background: so that $! is the program itself.
exec_as () { uid=$1; shift; exec setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"; }
bus_call () { # UID METHOD ARGUMENT...
  uid=$1 method=$2; shift 2
  as "$uid" gdbus call --system --timeout 30 --dest org.virtern.Virtern1 \
    --object-path "${OBJECT:-/org/virtern/Virtern1}" --method "org.virtern.Virtern1.$method" "$@" \
    > "$T/out" 2>&1
}
# refused PART UID METHOD...: NotAuthorized, with a sentence that holds PART
refused () {
  part=$1; shift
  if bus_call "$@"; then return 1; fi
  grep -q 'org.virtern.Virtern1.Error.NotAuthorized' "$T/out" && grep -q -- "$part" "$T/out"
}
wait_for_name () { gdbus wait --system --timeout 30 "$1" > "$T/out" 2>&1; }
wait_for_socket () { # there is no bus yet to tell us
  tries=0
  until gdbus call --system --dest org.freedesktop.DBus --object-path / \
        --method org.freedesktop.DBus.GetId > "$T/out" 2>&1; do
    tries=$((tries + 1)); [ $tries -lt 300 ] || return 1
  done
}

cat > "$T/snapshot.json" <<'JSON'
{ "virtern-snapshot": 1,
  "hosts": [
    { "name": "node1", "memory-mib": 1048576, "cpus": 8, "link-mbps": 1000 },
    { "name": "node2", "memory-mib": 1048576, "cpus": 8, "link-mbps": 1000 },
    { "name": "spare", "memory-mib": 65536, "cpus": 8, "link-mbps": 1000, "listed": false }
  ],
  "vms": [
    { "name": "web", "host": "node1", "memory-mib": 262144 },
    { "name": "db", "host": "node1", "memory-mib": 262144 },
    { "name": "two words", "host": "node1", "memory-mib": 1024 },
    { "name": "off", "host": "node1", "memory-mib": 1024, "state": "shut-off" },
    { "name": "torn", "host": "node1", "memory-mib": 64 }
  ],
  "faults": [ { "vm": "torn", "phase": "finish", "fault": "both-run" } ] }
JSON
mkdir "$T/state" "$T/other"; chown $UID_DAEMON "$T/state"; chown $UID_CLIENT "$T/other"
cp "$TOP_BUILDDIR/virternd" "$T/virternd"; chmod 755 "$T/virternd"
: > "$T/virternd.conf"; chmod 644 "$T/virternd.conf" "$T/snapshot.json"

wait_for_socket || { echo "Bail out! no bus"; exit 1; }
"$POLKITD" --no-debug > "$T/polkitd.log" 2>&1 &
POLKIT_PID=$!
PIDS="$PIDS $POLKIT_PID"
wait_for_name org.freedesktop.PolicyKit1 || { sed 's/^/# /' "$T/polkitd.log"; echo "Bail out! no polkitd"; exit 1; }

start_args="--simulate $T/snapshot.json --speed 5 --config $T/virternd.conf --state-dir"
# shellcheck disable=SC2086
check "the bus policy lets no other user be virternd" sh -c "
  ! setpriv --reuid=$UID_CLIENT --regid=$UID_CLIENT --clear-groups \
      $T/virternd $start_args $T/other > $T/out 2>&1 && grep -q 'Cannot own the name' $T/out"
# shellcheck disable=SC2086
exec_as $UID_DAEMON "$T/virternd" $start_args "$T/state" > "$T/virternd.log" 2>&1 &
DAEMON_PID=$!
PIDS="$PIDS $DAEMON_PID"
check "virternd owns its name as the user virtern" wait_for_name org.virtern.Virtern1

vm_is_there () { bus_call 0 Manager.GetVm "$1"; }
tries=0
until vm_is_there web && vm_is_there db; do tries=$((tries + 1)); [ $tries -lt 100 ] || break; done

check "everybody may read" bus_call $UID_CLIENT Manager.ListTasks '{}'
check "and judge: a VM" bus_call $UID_CLIENT Manager.CheckVm db '{}'
check "and plan" bus_call $UID_CLIENT Manager.Plan "['db']" '{}'
check "and see the baseline" bus_call $UID_CLIENT Manager.GetBaseline '{}'
check "and take a snapshot" bus_call $UID_CLIENT Manager.GetSnapshot '{}'
check "and ask what a move would be like" bus_call $UID_CLIENT Manager.Forecast db node2 '{}'
# Simulated hosts have no CPU here: the answer is an error, but not that of polkit.
dry_run () { bus_call $UID_CLIENT Manager.MaskVm db "{'baseline': <true>, 'dry-run': <true>}" ||
  ! grep -q NotAuthorized "$T/out"; }
check "and see what a mask would do" dry_run
check "but not mask a CPU" refused "polkit wants a password for org.virtern.virtern1.mask" \
  $UID_CLIENT Manager.MaskVm db "{'disable': <['aes']>}"
check "nor lock a VM" refused "may not lock or unlock VMs" $UID_CLIENT Manager.LockVm web mine '{}'
check "nor unlock one" refused "may not lock or unlock VMs" $UID_CLIENT Manager.UnlockVm web '{}'
check "nor start one" refused "polkit wants a password for org.virtern.virtern1.start" \
  $UID_CLIENT Manager.StartVm off '' '{}'
check "and plan a drain" bus_call $UID_CLIENT Manager.PlanDrain "['node1']" '{}'
check "and see who belongs where" bus_call $UID_CLIENT Manager.ListOrigins '{}'
check "nor drain a host" refused "may not drain hosts or open them again" \
  $UID_CLIENT Manager.Drain "['node1']" '{}'
check "nor several with one that a rule allows" refused "may not drain hosts or open them again" \
  $UID_CLIENT Manager.Drain "['node2', 'node1']" '{}'
check "nor open one" refused "may not drain hosts or open them again" \
  $UID_CLIENT Manager.Activate node1 '{}'
check "a rule for a host lets it be opened" bus_call $UID_CLIENT Manager.Activate node2 '{}'
check "nor see webhooks" refused "may not see or change webhooks" \
  $UID_CLIENT Manager.ListWebhooks '{}'
check "nor add one" refused "may not see or change webhooks" \
  $UID_CLIENT Manager.AddWebhook theirs https://example.org/ '{}'
check "a rule for a webhook lets it be added" \
  bus_call $UID_CLIENT Manager.AddWebhook mine https://example.org/ '{}'
check "and removed" bus_call $UID_CLIENT Manager.RemoveWebhook mine '{}'
check "nor move a group" refused "may not move VMs" \
  $UID_CLIENT Manager.MigrateGroup "['web', 'db']" '{}'
check "a rule for a VM lets it be locked" bus_call $UID_CLIENT Manager.LockVm db 'being looked at' '{}'
locked_by_client () { bus_call 0 Manager.CheckVm db '{}'; grep -q "locked by ternclient" "$T/out"; }
check "by the name of who asked" locked_by_client
check "and unlocked" bus_call $UID_CLIENT Manager.UnlockVm db '{}'
check "a rule for a VM and a host lets it be started there" \
  bus_call $UID_CLIENT Manager.StartVm off node2 '{}'
check "a user without a rule may not move a VM, and is told what polkit wants" \
  refused "(uid $UID_CLIENT) may not move VMs: polkit wants a password for org.virtern.virtern1.migrate" \
  $UID_CLIENT Manager.Migrate db node2 '{}'
check "nor add a host" refused "may not add, change or remove hosts" $UID_CLIENT Manager.AddHost n9 sim://node2/ '{}'
check "nor change one" refused "may not add, change or remove hosts" \
  $UID_CLIENT Manager.SetHost node2 "{'limit-out': <uint32 1>}"
check "a rule for a host lets it be changed" \
  bus_call $UID_CLIENT Manager.SetHost node1 "{'limit-out': <uint32 5>}"
check "that user may not change the limits of all hosts" \
  refused "may not change how many VMs move at a time: polkit wants a password for org.virtern.virtern1.set-limits" \
  $UID_CLIENT Manager.SetLimits "{'out': <uint32 5>}"
check "root may" bus_call 0 Manager.SetLimits "{'out': <uint32 5>, 'in': <uint32 5>}"
check "nor remove a host" refused "may not add, change or remove hosts" $UID_CLIENT Manager.RemoveHost node2 '{}'
check "a rule that looks at vm, source and destination lets the same user move one VM" \
  bus_call $UID_CLIENT Manager.Migrate web node2 '{}'
OBJECT=$(sed -n "s/.*objectpath '\([^']*\)'.*/\1/p" "$T/out")
started_by () {
  as 0 gdbus call --system --dest org.virtern.Virtern1 --object-path "$OBJECT" \
    --method org.freedesktop.DBus.Properties.Get org.virtern.Virtern1.Task StartedByUid > "$T/out" 2>&1
  grep -q "int64 $UID_CLIENT" "$T/out"
}
check "the task knows who asked for it" started_by
check "that user may not cancel it" refused "may not cancel or change this task" $UID_CLIENT Task.Cancel '{}'
check "nor give it another policy" refused "may not cancel or change this task" \
  $UID_CLIENT Task.SwitchPolicy force '{}'
check "nor look at it again" refused "may not cancel or change this task" $UID_CLIENT Task.Recheck '{}'
check "nor decide about it" refused "may not decide which copy of a VM stays" \
  $UID_CLIENT Task.Resolve source "{'vm': <'web'>}"
check "root may give it another policy" bus_call 0 Task.SwitchPolicy careful '{}'
check "root may cancel it" bus_call 0 Task.Cancel '{}'
OBJECT=
web_is_back () { bus_call 0 Manager.ListTasks "{'vm': <'web'>, 'state': <'cancelled'>}"; grep -q "'Id'" "$T/out"; }
tries=0
until web_is_back; do tries=$((tries + 1)); [ $tries -lt 200 ] || break; done
check "a rule for a list of VMs lets the group be moved, and a blank in a name makes no two of it" \
  bus_call $UID_CLIENT Manager.MigrateGroup "['web', 'two words']" '{}'
check "root may add a host" bus_call 0 Manager.AddHost spare sim://spare/ '{}'
check "and remove it" bus_call 0 Manager.RemoveHost spare '{}'

bus_call 0 Manager.Migrate torn node2 '{}'
OBJECT=$(sed -n "s/.*objectpath '\([^']*\)'.*/\1/p" "$T/out")
is_torn () {
  as 0 gdbus call --system --dest org.virtern.Virtern1 --object-path "$OBJECT" \
    --method org.freedesktop.DBus.Properties.Get org.virtern.Virtern1.Task State > "$T/out" 2>&1
  grep -q "attention" "$T/out"
}
tries=0
until is_torn; do tries=$((tries + 1)); [ $tries -lt 3000 ] || break; done
check "a rule that looks at the task, the VM, both hosts and the copy that stays does not fit the other copy" \
  refused "polkit wants a password for org.virtern.virtern1.resolve" \
  $UID_CLIENT Task.Resolve source "{'vm': <'torn'>}"
check "but lets this one stay" bus_call $UID_CLIENT Task.Resolve destination "{'vm': <'torn'>}"
OBJECT=

kill "$POLKIT_PID"; wait "$POLKIT_PID" 2> /dev/null || :
check "without polkit a user is refused, and told why" \
  refused "polkit cannot be asked" $UID_CLIENT Manager.Migrate db node2 '{}'
check "without polkit root can still act" bus_call 0 Manager.Migrate db node2 '{}'

kill "$DAEMON_PID"
check "virternd ends well" wait "$DAEMON_PID"

# Development mode, here on a bus where others can call it.
DBUS_SESSION_BUS_ADDRESS=$DBUS_SYSTEM_BUS_ADDRESS
export DBUS_SESSION_BUS_ADDRESS
exec_as $UID_DAEMON "$T/virternd" --session \
  --simulate "$T/snapshot.json" --config "$T/virternd.conf" > "$T/session.log" 2>&1 &
PIDS="$PIDS $!"
wait_for_name org.virtern.Virtern1 || :
check "with --session another user is refused" \
  refused "on a session bus only uid $UID_DAEMON may" $UID_CLIENT Manager.AddHost x sim://spare/ '{}'
check "with --session root is another user" \
  refused "on a session bus only uid $UID_DAEMON may" 0 Manager.AddHost x sim://spare/ '{}'
check "with --session its own user may act" \
  bus_call $UID_DAEMON Manager.AddHost x sim://spare/ '{}'

echo "1..$N"
[ -z "$FAILED" ] || { sed 's/^/# virternd: /' "$T/virternd.log"; exit 1; }
