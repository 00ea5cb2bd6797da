# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What lab tests share. A test sources this file, says what it requires, and gives each
# case as a function whose success is the verdict:
#
#   . "$(dirname "$0")/functions.sh"
#   requires_lab
#   use_lab drain
#   a_guest_leaves_a_drained_host() { … }
#   run_tests a_guest_leaves_a_drained_host …

LAB_TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Requirements. automake and meson take 77 as "skipped".

skip_all() { # REASON
  echo "1..0 # SKIP $*"
  exit 77
}

requires_root() {
  ((EUID == 0)) || skip_all 'only root can make namespaces'
}

requires_command() { # NAME…
  local name
  for name; do
    command -v "$name" >/dev/null || skip_all "the command $name is missing"
  done
}

requires_lab() {
  requires_root
  requires_command libvirtd virsh qemu-system-x86_64 qemu-nbd ip tc nsenter unshare \
    busybox cpio
  unshare --net --mount --uts ip link add one type veth peer name two 2>/dev/null ||
    skip_all 'this machine lets root make no namespaces or links'
}

# TAP

tests_run=0
tests_failed=0

plan() { echo "1..$1"; }

ok() { # DESCRIPTION
  tests_run=$((tests_run + 1))
  echo "ok $tests_run - $*"
}

not_ok() { # DESCRIPTION
  tests_run=$((tests_run + 1))
  tests_failed=$((tests_failed + 1))
  echo "not ok $tests_run - $*"
}

diag() { sed 's/^/# /'; }

tests_end() { ((tests_failed == 0)); }

# Runs a function in a shell of its own, so that any failing command fails the case,
# and prints what it said only if it failed.
run_test() { # FUNCTION
  local output status=0
  output=$(mktemp)
  # The -e must not be lost, which a condition around the subshell would do.
  set +e
  (
    set -eu -o pipefail
    "$1"
  ) >"$output" 2>&1 </dev/null
  status=$?
  set -e
  if ((status == 0)); then
    ok "${1//_/ }"
  else
    not_ok "${1//_/ }"
    diag <"$output"
  fi
  rm -f "$output"
}

run_tests() { # FUNCTION…
  local test
  plan $#
  for test; do run_test "$test"; done
  tests_end
}

# Statements about a case; each says what was wrong.

fail() {
  echo "$*" >&2
  return 1
}

is_equal() { # GOT WANTED WHAT
  [[ $1 == "$2" ]] || fail "$3 is '$1' and should be '$2'"
}

contains() { # TEXT PART
  [[ $1 == *"$2"* ]] || fail "'$2' should be in: $1"
}

# Succeeds when the command fails, and prints what it said.
fails() { # COMMAND…
  local status=0
  "$@" 2>&1 || status=$?
  ((status != 0)) || fail "this should have failed: $*"
}

# Polls until the command succeeds. A short pause between two looks is no synchronisation:
# what is waited for is the state.
wait_until() { # SECONDS COMMAND…
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || fail "waited in vain for: $*" || return 1
    sleep 0.2
  done
}

# Waits for a child, with its exit code, but not for ever.
finishes() { # SECONDS PID
  wait_until "$1" eval "! kill -0 $2"
  wait "$2"
}

# The lab

lab() { "$LAB_TESTS/lab" "$@"; }

# Names the lab, and ends it with the test, however the test ends. Subshells do not
# inherit the trap, so only the test itself runs it.
use_lab() { # NAME
  export TERN_LAB_NAME=$1
  trap 'lab down || true' EXIT
  trap 'exit 1' HUP INT TERM
}

lab_dir() { echo "${TERN_LAB_DIR:-/run/virtern-lab/$TERN_LAB_NAME}"; }

# The guest counts on and did not start anew meanwhile.
ticks_go_on() { # VM
  local boots
  boots=$(lab vm boots "$1")
  lab vm wait "$1" 2
  is_equal "$(lab vm boots "$1")" "$boots" "the number of boots of $1"
}

# Kept in a variable first: in a pipe, grep -q would end the writer by SIGPIPE, which
# pipefail takes for a failure.
is_in_state() { # VM NODE STATE
  local places
  places=$(lab vm where "$1")
  grep -q "^$2 $3" <<<"$places" || fail "$1 should be $3 on $2, but is: $places"
}

is_on() { is_in_state "$1" "$2" running; } # VM NODE

is_only_on() { # VM NODE
  is_on "$1" "$2"
  is_equal "$(lab vm where "$1" | wc -l)" 1 "the number of nodes that have $1"
}

# A move as an administrator would do it without us.
plain_move() { # VM FROM TO [VIRSH_OPTIONS]
  local vm=$1 from=$2 to=$3
  shift 3
  lab virsh "$from" -q migrate --live --p2p --persistent --undefinesource "$@" \
    "$vm" "$(lab uri "$to")"
}
