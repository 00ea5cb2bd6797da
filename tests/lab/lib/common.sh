# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What every topic needs: errors, names, pid files, and finding the lab's processes.

die() {
  printf 'lab: %s\n' "$*" >&2
  exit 1
}

bad_usage() {
  printf 'lab: %s (see lab help)\n' "$*" >&2
  exit 2
}

note() { printf 'lab: %s\n' "$*" >&2; }

# Checks

need_arguments() { # LEAST GIVEN WHAT
  (($2 >= $1)) || bad_usage "usage: lab $3"
}

is_number() { [[ $1 =~ ^[0-9]+$ ]]; }

check_environment() {
  [[ $LAB_NAME =~ ^[a-z0-9][a-z0-9-]*$ ]] ||
    die "TERN_LAB_NAME may hold a-z, 0-9 and '-' only, not '$LAB_NAME'"
  # The directory stands in mount options and in XML, where odd characters need escapes.
  [[ $LAB_DIR =~ ^/[A-Za-z0-9/._-]+$ && $LAB_DIR != */ ]] ||
    die "TERN_LAB_DIR must be an absolute path of plain characters, not '$LAB_DIR'"
  [[ $LAB_CACHE =~ ^/[A-Za-z0-9/._-]+$ ]] ||
    die "TERN_LAB_CACHE must be an absolute path of plain characters, not '$LAB_CACHE'"
  ((EUID == 0)) || die 'only root can make namespaces; run it as root'
}

need_commands() {
  local missing=() name
  for name; do
    command -v "$name" >/dev/null || missing+=("$name")
  done
  [[ ${#missing[@]} -eq 0 ]] || die "these commands are missing: ${missing[*]}"
}

need_lab() {
  [[ -e $LAB_DIR/up ]] || die "the lab '$LAB_NAME' is not up; start it with: lab up"
}

node_names() { cat "$LAB_DIR/nodes"; }

need_node() {
  need_lab
  grep -qx -- "$1" "$LAB_DIR/nodes" ||
    die "there is no node '$1'; there are: $(node_names | tr '\n' ' ')"
}

# Processes

process_start_time() { # PID -> clock ticks since boot; fails if there is no such process
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # The name in field 2 may hold blanks and parentheses: count from the last ')'.
  local -a fields
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[0]} != Z ]] || return 1
  echo "${fields[19]}"
}

pid_record() { # FILE PID
  local start
  start=$(process_start_time "$2") || return 1
  echo "$2 $start" >"$1.new"
  mv "$1.new" "$1"
}

# Prints the pid in FILE if that very process lives: the start time tells a reused pid.
pid_of() { # FILE
  local pid start
  [[ -r $1 ]] || return 1
  read -r pid start <"$1" || return 1
  [[ $(process_start_time "$pid") == "$start" ]] || return 1
  echo "$pid"
}

# Starts a command that outlives this one and holds none of its files open, so that
# a caller reading our output through a pipe sees its end. The pid is in $!.
detached() { # LOG COMMAND…
  local log=$1
  shift
  (
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      ((fd <= 2)) || eval "exec $fd>&-"
    done
    cd /
    exec setsid "$@" </dev/null >>"$log" 2>&1
  ) &
}

# Every node mounts a marker whose source bears this name. A process that has the
# mount is in the node or descends from it. Inode numbers of namespaces would not do:
# the kernel gives them to the next namespace as soon as one is gone.
marker_of() { echo "virtern-lab:$LAB_DIR:$1"; }

# Lists processes of one node, or of the whole lab when NODE is empty.
processes_in() { # NODE
  local pattern
  pattern=" $(marker_of "$1")"
  [[ -z $1 ]] || pattern+=' '
  local file
  # grep fails for processes that end meanwhile; what it could read is right.
  { grep -lsF -- "$pattern" /proc/[0-9]*/mountinfo || true; } |
    while IFS=/ read -r _ _ file _; do
      [[ $file == "$BASHPID" || $file == "$$" ]] || echo "$file"
    done
}

# Waiting

wait_for() { # SECONDS COMMAND…
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

# Output

json_string() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "$text"
}
