#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Runs every block of docs/api.md that is marked "sh run" against the daemon with simulated
# hosts, in the order of the page. TAP on stdout.
set -u
. "$(dirname "$0")/cli-functions.sh"

# One file per block: NN.sh, and NN.fails with the error it must fail with.
awk -v dir="$work" '
    /^```sh run/ {
        n++; file = sprintf("%s/%02d.sh", dir, n)
        if (match($0, /fails=[A-Za-z]+/))
            print substr($0, RSTART + 6, RLENGTH - 6) > sprintf("%s/%02d.fails", dir, n)
        next
    }
    /^```/ { file = ""; next }
    file != "" { print > file }
' "$TOP_SRCDIR/docs/api.md"

hosts_are_up() {
    [ "$("$TOP_BUILDDIR/virtern" status --json | jq .hosts.up)" = 3 ]
}

start_bus
start_daemon 20
try_until hosts_are_up || { echo "Bail out! the simulated hosts do not come up"; exit 1; }

for block in "$work"/[0-9][0-9].sh; do
    first=$(head -n 1 "$block")
    tool=${first%% *}
    tool=${tool##*\(}
    if ! command -v "$tool" >/dev/null; then
        ok 0 "$(basename "$block"): $first # SKIP $tool is missing"
        continue
    fi
    bash -eu "$block" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    if [ -e "${block%.sh}.fails" ]; then
        error=$(cat "${block%.sh}.fails")
        # busctl prints the sentence only; gdbus the name too.
        [ $status -ne 0 ] && [ -s "$work/err" ] && case $first in
            gdbus*) grep -q "Error.$error" "$work/err" ;;
        esac
        ok $? "block $(basename "$block" .sh) fails with $error: $first"
    else
        [ $status -eq 0 ]
        ok $? "block $(basename "$block" .sh) runs: $first"
    fi
done

# What README says to type into a shell on a bus of its own.
sed -n '/^    \.\/run dbus-run-session -- sh$/,/^$/p' "$TOP_SRCDIR/README" | sed '1d' >"$work/readme.sh"
if command -v dbus-run-session >/dev/null; then
    (cd "$TOP_SRCDIR" && "$TOP_BUILDDIR/run" dbus-run-session -- sh -e) \
        <"$work/readme.sh" >"$work/out" 2>"$work/err"
    status=$?
    [ "$status" -eq 0 ] && grep -q "^ *1 .* web01 .* done " "$work/out"
    ok $? "what README says to type without an installation works"
    cmp -s <(sed -n '/--simulate/s/^ *//p' "$work/readme.sh") \
        <(sed -n '/--simulate/s/^ *//p' "$TOP_SRCDIR/HACKING.md")
    ok $? "and HACKING.md says the same"
else
    ok 0 "what README says to type without an installation works # SKIP dbus-run-session is missing"
fi

[ "$tests" -ge 15 ]
ok $? "the page has its blocks"
done_testing
