# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the lab is doing, for people and as JSON.

# A stopped libvirtd must not stop the report.
ASK_SECONDS=5

node_ask() { # NODE VIRSH_ARGUMENTS…
  local node=$1 pid
  shift
  pid=$(pid_of "$LAB_DIR/$node/holder") || return 1
  timeout "$ASK_SECONDS" nsenter -t "$pid" -m -n -u -- virsh -q -c qemu:///system "$@" 2>/dev/null
}

libvirtd_state() { # NODE
  local pid
  pid=$(libvirtd_pid "$1") || { echo dead; return; }
  case $(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null) in
    T | t) echo stopped ;;
    *) echo running ;;
  esac
}

node_answers() { # NODE
  [[ $(libvirtd_state "$1") == running ]] && node_ask "$1" uri >/dev/null
}

# Lines "NAME STATE…", or a failure when the node does not answer.
node_guests() { # NODE
  [[ $(libvirtd_state "$1") == running ]] || return 1
  node_ask "$1" list --all | sed -n 's/^ *[0-9-]\+ \+\([^ ]\+\) \+\(.*[^ ]\) *$/\1 \2/p'
}

status_json_node() { # NODE
  local name state comma='' guests
  printf '{"name":"%s","uri":"qemu+tcp://%s/system","libvirtd":"%s","cpu":"%s",' \
    "$1" "$1" "$(libvirtd_state "$1")" "$(<"$LAB_DIR/$1/generation")"
  printf '"links":{"mgmt":"%s","migr":"%s"},"guests":' \
    "$(link_state "$1" mgmt)" "$(link_state "$1" migr)"
  guests=$(node_guests "$1") || { printf 'null}'; return; }
  printf '['
  while read -r name state; do
    [[ -n $name ]] || continue
    printf '%s{"name":%s,"state":%s}' "$comma" "$(json_string "$name")" "$(json_string "$state")"
    comma=,
  done <<<"$guests"
  printf ']}'
}

status_json() {
  local node comma=''
  printf '{"lab":"%s","directory":"%s","nodes":[' "$LAB_NAME" "$LAB_DIR"
  for node in $(node_names); do
    printf '%s\n' "$comma"
    status_json_node "$node"
    comma=,
  done
  printf '\n]}\n'
}

status_text() {
  local node
  echo "lab $LAB_NAME in $LAB_DIR"
  for node in $(node_names); do
    printf '%-7s %-15s libvirtd %-8s cpu %-6s mgmt %-14s migr %s\n' "$node" \
      "$(node_address "$node" mgmt)" "$(libvirtd_state "$node")" \
      "$(<"$LAB_DIR/$node/generation")" "$(link_state "$node" mgmt)" "$(link_state "$node" migr)"
    { node_guests "$node" || echo '(does not answer)'; } | sed '/^$/d; s/^/          /'
  done
}

command_status() {
  case ${1:-} in
    '') need_lab; status_text ;;
    --json) need_lab; status_json ;;
    *) bad_usage "status knows no option '$1'" ;;
  esac
}

# Each guest that has a QEMU in the node, whatever libvirtd knows of it.
command_emulators() { # NODE
  need_arguments 1 $# 'emulators NODE'
  need_node "$1"
  local pid
  for pid in $(processes_in "$1"); do
    { tr '\0' '\n' <"/proc/$pid/cmdline"; } 2>/dev/null | sed -n 's/^guest=\([^,]*\),.*/\1/p'
  done | sort
}
