#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The page on real hosts: a guest is moved by a click, and watched until it has arrived.
set -eu -o pipefail
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/virtern.sh"
requires_virtern
requires_command node npm chromium-headless-shell cockpit-bridge
[[ -f $TOP_BUILDDIR/cockpit-stage/virtern/manifest.json ]] ||
  skip_all "the page is not put together in $TOP_BUILDDIR: make cockpit-stage"
[[ -d $TOP_BUILDDIR/build/browser/node_modules ]] ||
  skip_all "what drives the browser is missing in $TOP_BUILDDIR: make browser-modules"
: "${TOP_SRCDIR:=$(cd "$LAB_TESTS/../.." && pwd)}"
export TOP_SRCDIR TOP_BUILDDIR
use_virtern_lab "${TERN_LAB_NAME:-page}"

a_guest_runs_and_its_link_is_slow_enough_to_watch() {
  add_nodes
  lab vm start web01 --on node1 --memory 320 --fill 160
  lab vm wait web01
  wait_until 10 vm_is_known_on web01 node1
  lab link node1 migr rate 80mbit 1ms
}

a_person_moves_it_in_the_page_and_watches_it_arrive() {
  node "$TOP_SRCDIR/tests/browser/lab-page.mjs" web01 node1 node2
}

the_guest_is_there_once_and_counts_on() {
  is_only_on web01 node2
  ticks_go_on web01
  is_equal "$(lab vm boots web01)" 1 'the number of boots'
}

lab up
start_bus
start_virternd
run_tests \
  a_guest_runs_and_its_link_is_slow_enough_to_watch \
  a_person_moves_it_in_the_page_and_watches_it_arrive \
  the_guest_is_there_once_and_counts_on
