#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What is said of every host before a guest moves or starts, and that libvirt says the same
# when it is tried. The hosts stand to each other as Xeon 5500, 5600 and E5-2600 do; node4 is
# the odd one: AES is switched off there, and it lacks a machine type and networks.
set -eu -o pipefail
. "$(dirname "$0")/functions.sh"
. "$(dirname "$0")/virtern.sh"
requires_virtern
use_virtern_lab verdict

IMAGES=/var/lib/libvirt/images
OLD_MACHINE=pc-i440fx-6.2

# The published table: what the second host lacks of a CPU that the first one gave.
declare -A LACKS=(
  [node1:node2]=''
  [node1:node3]=''
  [node2:node1]='aes arat pclmuldq pdpe1gb'
  [node2:node3]=''
  [node3:node1]='aes arat avx pclmuldq pdpe1gb xsave xsaveopt'
  [node3:node2]='avx xsave xsaveopt'
)
declare -A OF=([node1]=of-5500 [node2]=of-5600 [node3]=of-e5-2600)

# The stage

set_stage() {
  local node
  lab up --nodes 4 --cpu node1=5500,node2=5600,node3=e5-2600,node4=e5-2600-aes-off
  lab machine node4 hide "$OLD_MACHINE"
  for node in node1 node2; do
    lab network $node define blue
    lab network $node start blue
  done
  for node in node1 node2 node3; do lab pool $node local own; done
  for node in node1 node2; do lab pool $node shared common; done
  lab network node3 define blue
  lab network node1 define ports red green
  lab network node1 start ports
  lab network node2 define ports green
  lab network node2 start ports
  lab virsh node1 -q vol-create-as own disk 16M
  lab virsh node2 -q vol-create-as own other 16M
  lab virsh node3 -q vol-create-as own disk 16M
  lab virsh node1 -q vol-create-as common disk 16M
  lab virsh node2 -q pool-refresh common
  lab exec node1 truncate -s 1M $IMAGES/tools.iso
}

GUESTS='of-5500 of-5600 of-e5-2600 wired keeper pooled reader served masked'

start_guests() {
  local starting=() pid
  start_guest of-5500 node1 & starting+=($!)
  start_guest of-5600 node2 & starting+=($!)
  start_guest of-e5-2600 node3 & starting+=($!)
  start_guest wired node1 --network blue --network ports:red & starting+=($!)
  start_guest keeper node1 --disk file --machine "$OLD_MACHINE" & starting+=($!)
  start_guest pooled node1 --disk /var/lib/libvirt/own/disk & starting+=($!)
  start_guest reader node1 --cdrom $IMAGES/tools.iso & starting+=($!)
  start_guest served node1 --disk nbd & starting+=($!)
  start_guest masked node3 & starting+=($!)
  for pid in "${starting[@]}"; do wait "$pid"; done
}

start_guest() { # NAME NODE [OPTIONS]
  lab vm start "$1" --on "$2" --memory 80 "${@:3}"
}

# What is said

# Also when no host can take it.
judged() { virtern --json check "$@" || (($? == 4)); } # VM [OPTIONS]

of_host() { # VM HOST JQ_FILTER [OPTIONS]
  judged "$1" "${@:4}" | jq -r --arg host "$2" ".[] | select(.host == \$host) | $3"
}

codes() { # VM HOST SEVERITY [OPTIONS]
  of_host "$1" "$2" "[.reasons[] | select(.severity == \"$3\").code] | unique | join(\" \")" "${@:4}"
}

parameter() { # VM HOST CODE NAME
  of_host "$1" "$2" ".reasons[] | select(.code == \"$3\") | .parameters.\"$4\""
}

# Exactly these: neither one less nor one more.
is_blocked_by() { # VM HOST CODES [OPTIONS]
  is_equal "$(codes "$1" "$2" blocks "${@:4}")" "$3" "what keeps $1 from $2"
}

words() { tr ', ' '\n' | grep . | sort | tr '\n' ' ' | sed 's, $,,'; }

missing_features() { # TEXT
  sed -n 's/.*\(missing\|required\) features: //p' <<<"$1" | words
}

never_restarted() { # VM
  is_equal "$(lab vm boots "$1")" 1 "the number of boots of $1"
  lab vm wait "$1" 1
}

# Each once more, at the same time.
all_tick() { # VM…
  local vm ticking=()
  for vm; do lab vm wait "$vm" & ticking+=($!); done
  for vm in "${ticking[@]}"; do wait "$vm"; done
}

# Bytes that can be promised there, as of this moment; the host's property follows within a second.
memory_free() { of_host of-5500 "$1" '."memory-free"'; } # HOST

shows_memory_free() { # HOST
  [[ $(virtern --json host show "$1" | jq '."memory-promisable"') == $(memory_free "$1") ]]
}

# Adds a host anew, so that just so much memory can be promised there. First with a GiB, which
# is less than is really free: what is promised of that is what its guests have.
leave_free() { # HOST MIB
  local total rest
  total=$(($(virtern --json host show "$1" | jq '."memory-total"') / 1048576))
  add_anew "$1" --memory-reserve $((total - 1024))
  rest=$(($(memory_free "$1") / 1048576))
  add_anew "$1" --memory-reserve $((total - 1024 + rest - $2))
  is_about $(($(memory_free "$1") / 1048576)) "$2" "what is free on $1"
}

is_about() { # GOT WANTED WHAT
  (($1 >= $2 - 1 && $1 <= $2 + 1)) || fail "$3 is $1 and should be about $2"
}

# The figures of a refusal for want of memory belong together.
is_short_of_memory() { # VM HOST
  local need free short
  need=$(of_host "$1" "$2" '."memory-need"')
  free=$(memory_free "$2")
  short=$(((need - free + 1048575) / 1048576))
  ((short > 0)) || fail "nothing is short for $1 on $2"
  is_equal "$(parameter "$1" "$2" memory.short short)" "$short" "what is short for $1 on $2"
  is_about "$(parameter "$1" "$2" memory.short need)" $((need / 1048576)) "what $1 needs"
  is_about "$(parameter "$1" "$2" memory.short free)" $((free / 1048576)) "what $2 has"
  says 4 "$short MiB" virtern migrate "$1" --to "$2"
}

add_anew() { # HOST [OPTIONS]
  virtern host remove "$1"
  virtern host add "$1" "$(lab uri "$1")" --migration-address "$1-migr" "${@:2}"
  wait_until 30 host_is "$1" up
}

# CPUs

hosts_and_guests_are_known() {
  local guest
  add_nodes
  for guest in $GUESTS; do wait_until 20 virtern vm show "$guest"; done
  is_equal "$(virtern --json host list | jq -r '[.[]."cpu-model"] | join(" ")')" \
    'Nehalem Westmere SandyBridge Nehalem' 'the models of the hosts'
}

all_six_pairs_of_generations_are_judged_as_published() {
  local pair from to vm
  for pair in "${!LACKS[@]}"; do
    from=${pair%:*} to=${pair#*:} vm=${OF[$from]}
    if [[ -z ${LACKS[$pair]} ]]; then
      is_blocked_by "$vm" "$to" ''
      virtern check "$vm" --to "$to" >/dev/null
    else
      is_blocked_by "$vm" "$to" cpu.feature-missing
      is_equal "$(parameter "$vm" "$to" cpu.feature-missing features | words)" "${LACKS[$pair]}" \
        "what $to lacks for $vm"
      says 4 "${LACKS[$pair]%% *}" virtern check "$vm" --to "$to"
    fi
  done
}

libvirt_says_the_same_beforehand() {
  local pair from to vm said cpu
  cpu=$(daemon_dir)/cpu.xml
  for pair in "${!LACKS[@]}"; do
    from=${pair%:*} to=${pair#*:} vm=${OF[$from]}
    lab virsh "$from" dumpxml "$vm" | sed -n '/<cpu /,/<\/cpu>/p' >"$cpu"
    said=$(lab virsh "$to" hypervisor-cpu-compare "$cpu" --virttype qemu --error 2>&1) || true
    is_equal "$(missing_features "$said")" "${LACKS[$pair]}" "what libvirt of $to misses for $vm"
    [[ -z ${LACKS[$pair]} ]] ||
      is_equal "$(missing_features "$(of_host "$vm" "$to" '.reasons[].detail')")" \
        "${LACKS[$pair]}" "the detail of $vm on $to"
  done
}

libvirt_says_the_same_when_it_is_forced() {
  local node trying=()
  for node in node1 node2 node3; do force_away "$node" & trying+=($!); done
  for node in "${trying[@]}"; do wait "$node"; done
}

# Each host's guest to both others, and back.
force_away() { # FROM
  local from=$1 to vm=${OF[$1]}
  for to in node1 node2 node3; do
    [[ $to != "$from" ]] || continue
    if [[ -z ${LACKS[$from:$to]} ]]; then
      plain_move "$vm" "$from" "$to"
      is_only_on "$vm" "$to"
      plain_move "$vm" "$to" "$from"
    else
      is_equal "$(missing_features "$(fails plain_move "$vm" "$from" "$to")")" \
        "${LACKS[$from:$to]}" "what libvirt misses in the end"
    fi
    is_only_on "$vm" "$from"
  done
  never_restarted "$vm"
}

a_refused_move_makes_no_task() {
  local before
  before=$(virtern --json task list | jq length)
  says 4 aes virtern migrate of-5600 --to node1
  says 4 avx virtern migrate of-e5-2600
  is_equal "$(virtern --json task list | jq length)" "$before" 'the number of tasks'
}

a_host_with_aes_switched_off_is_refused_by_name_and_another_chosen() {
  is_blocked_by of-5600 node4 cpu.feature-missing
  is_equal "$(parameter of-5600 node4 cpu.feature-missing features)" aes 'what node4 lacks'
  contains "$(virtern migrate of-5600 --dry-run)" node3
  is_only_on of-5600 node2
  virtern migrate of-5600
  is_only_on of-5600 node3
  virtern migrate of-5600 --to node2
  is_only_on of-5600 node2
  never_restarted of-5600
}

the_baseline_tells_who_has_more() {
  local baseline
  baseline=$(virtern --json baseline show)
  is_equal "$(jq -r .model <<<"$baseline")" Nehalem 'the model of the baseline'
  is_equal "$(jq -r '.hosts[] | select(.host == "node2").beyond[]' <<<"$baseline" | words)" \
    "${LACKS[node2:node1]}" 'what node2 has beyond the baseline'
  is_equal "$(jq -r '.hosts[] | select(.host == "node1").beyond[]' <<<"$baseline")" '' 'what node1 has'
  is_equal "$(jq -r '.vms[] | select(.vm == "of-e5-2600").beyond[]' <<<"$baseline" | words)" \
    "${LACKS[node3:node1]}" 'what of-e5-2600 holds beyond it'
  is_equal "$(jq -r '.vms[] | select(.host == "node1").vm' <<<"$baseline")" '' 'guests of node1 that hold more'
}

# Masks

a_mask_is_previewed_and_changes_nothing() {
  local before result
  before=$(lab virsh node3 dumpxml --inactive masked)
  result=$(virtern --json vm mask masked --model Nehalem --dry-run)
  is_equal "$(jq -r '."hosts-before"[]' <<<"$result" | words)" node3 'its hosts before'
  is_equal "$(jq -r '."hosts-after"[]' <<<"$result" | words)" 'node1 node2 node3 node4' 'its hosts after'
  contains "$(jq -r '.removed | join(" ")' <<<"$result")" avx
  contains "$(virtern vm mask masked --model Nehalem --dry-run)" 'node1 node2 node4'
  is_equal "$(jq .running <<<"$result")" true 'whether it runs'
  is_equal "$(lab virsh node3 dumpxml --inactive masked)" "$before" 'the definition'
}

a_wrong_mask_is_refused_with_the_nearest_names() {
  says 2 Nehalem virtern vm mask masked --model Nehalen
  says 2 avx virtern vm mask masked --disable avxx
}

a_mask_holds_from_the_next_cold_start() {
  lab virsh node3 dumpxml --inactive masked | sed -n '/<cpu /,/\/>\|<\/cpu>/p' >"$(daemon_dir)/unmasked"
  contains "$(virtern vm mask masked --baseline)" 'a reboot is not enough'
  is_blocked_by masked node1 cpu.feature-missing
  lab vm wait masked
  lab virsh node3 -q destroy masked
  wait_until 10 vm_is masked state 'shut-off'
  virtern vm start masked --on node3
  lab vm wait masked
  is_blocked_by masked node1 ''
  virtern migrate masked --to node1
  is_only_on masked node1
  is_equal "$(lab vm boots masked)" 2 'the number of boots of masked'
  ticks_go_on masked
}

vm_is() { [[ $(virtern --json vm show "$1" | jq -r ".\"$2\"") == "$3" ]]; } # VM FIELD VALUE

a_cleared_mask_gives_the_old_cpu_back() {
  wait_until 10 vm_is masked cpu-masked true
  virtern vm mask masked --clear
  is_equal "$(lab virsh node1 dumpxml --inactive masked | sed -n '/<cpu /,/\/>\|<\/cpu>/p')" \
    "$(<"$(daemon_dir)/unmasked")" 'the CPU in the definition'
  wait_until 10 vm_is masked cpu-masked false
  ticks_go_on masked
  lab vm remove masked
}

# What hosts lack

a_host_short_of_memory_is_refused_with_what_is_missing() {
  leave_free node4 40
  # Every reason, not only the first.
  is_blocked_by of-5600 node4 'cpu.feature-missing memory.short'
  is_blocked_by of-5500 node4 memory.short
  is_short_of_memory of-5500 node4
  wait_until 5 shows_memory_free node4
  is_only_on of-5500 node1
  add_anew node4
}

networks_that_are_missing_or_not_started_are_named() {
  is_blocked_by wired node2 network.portgroup
  is_blocked_by wired node3 'network.inactive network.missing'
  is_blocked_by wired node4 network.missing
  is_equal "$(parameter wired node3 network.inactive network)" blue 'the network that is not started'
  is_equal "$(parameter wired node3 network.missing network)" ports 'the network that is missing'
  says 4 blue virtern migrate wired --to node3
  contains "$(fails plain_move wired node1 node3)" blue
  contains "$(fails plain_move wired node1 node4)" blue
  is_only_on wired node1
}

a_network_that_is_started_counts_at_once() {
  lab network node3 start blue
  lab network node3 define ports red
  lab network node3 start ports
  wait_until 10 is_blocked_by wired node3 ''
  virtern migrate wired
  is_only_on wired node3
  never_restarted wired
  lab vm remove wired
}

disks_and_machine_types_of_one_host_are_named() {
  is_blocked_by keeper node2 storage.not-verified
  is_blocked_by keeper node4 'machine-type.missing storage.not-verified'
  is_equal "$(parameter keeper node2 storage.not-verified disk)" vda 'the disk'
  is_equal "$(parameter keeper node2 storage.not-verified file)" $IMAGES/keeper.img 'the file'
  is_equal "$(parameter keeper node4 machine-type.missing machine)" "$OLD_MACHINE" 'the machine type'
  says 4 $IMAGES/keeper.img virtern migrate keeper
  contains "$(fails plain_move keeper node1 node2)" 'without shared storage is unsafe'
  contains "$(fails plain_move keeper node1 node4 --unsafe)" "$OLD_MACHINE"
  is_only_on keeper node1
  never_restarted keeper
  lab vm remove keeper
}

a_pool_of_the_same_name_and_path_is_not_the_same_storage() {
  is_blocked_by pooled node2 storage.not-verified
  is_blocked_by pooled node3 storage.not-verified
  is_blocked_by pooled node4 storage.not-verified
  says 4 vda virtern migrate pooled --to node2
  is_only_on pooled node1
  never_restarted pooled
  lab vm remove pooled
}

a_name_that_is_taken_is_told() {
  local uuid=6f0b8d1c-6d5e-4f7a-9b53-000000000002
  lab vm xml of-5500 --memory 80 | sed "s,<uuid>.*</uuid>,<uuid>$uuid</uuid>," >"$(daemon_dir)/same.xml"
  lab virsh node2 -q define "$(daemon_dir)/same.xml"
  wait_until 10 virtern vm show $uuid
  is_blocked_by "$(guest_uuid of-5500)" node2 vm.name-taken
  contains "$(fails plain_move of-5500 node1 node2)" 'already exists'
  lab virsh node2 -q undefine $uuid
  wait_until 10 is_blocked_by "$(guest_uuid of-5500)" node2 ''
}

guest_uuid() { lab vm xml "$1" | sed -n 's,.*<uuid>\(.*\)</uuid>.*,\1,p'; }

# Local media

a_local_image_is_named_and_left_alone() {
  is_blocked_by reader node2 cdrom.local
  is_equal "$(parameter reader node2 cdrom.local drive)" hda 'the drive'
  is_equal "$(parameter reader node2 cdrom.local file)" $IMAGES/tools.iso 'the file'
  says 4 $IMAGES/tools.iso virtern migrate reader
  contains "$(fails plain_move reader node1 node2)" "Cannot access storage file"
  contains "$(lab virsh node1 domblklist reader)" $IMAGES/tools.iso
  is_only_on reader node1
}

a_local_image_is_taken_out_when_told_so() {
  is_blocked_by reader node2 '' --eject-local-media
  virtern migrate reader --to node2 --eject-local-media
  is_only_on reader node2
  is_equal "$(virtern --json task show "$(newest_task)" | jq -r '.ejected | join(" ")')" \
    "hda=$IMAGES/tools.iso" 'what the task took out'
  contains "$(virtern task show "$(newest_task)")" $IMAGES/tools.iso
  is_equal "$(lab virsh node2 -q domblklist reader | awk '{ print $2 }')" - 'what is in the drive'
  is_equal "$(lab virsh node2 -q domblklist --inactive reader | awk '{ print $2 }')" - 'what is defined'
  never_restarted reader
  lab vm remove reader
}

# Locks

LOCK_URI=urn:virtern:lock:1

set_lock_by_virsh() { # NODE VM ATTRIBUTES TEXT
  lab virsh "$1" -q metadata "$2" --uri $LOCK_URI --key lock --live --config \
    --set "<lock $3>$4</lock>" >/dev/null
}

a_lock_holds_a_guest_and_says_who_and_why() {
  virtern vm lock of-5500 --reason 'nightly backup' --expires 2h
  is_blocked_by of-5500 node2 vm.locked
  is_equal "$(parameter of-5500 node2 vm.locked reason)" 'nightly backup' 'the reason'
  says 4 'nightly backup' virtern migrate of-5500 --to node2
  contains "$(virtern vm list --locked)" "$(id -un)"
  contains "$(virtern vm show of-5500)" 'ago)'
  is_about "$(virtern --json vm show of-5500 | jq '(."lock-expires" - ."lock-since") / 1e6 | round')" \
    7200 'how long it holds, in seconds'
  is_only_on of-5500 node1
}

a_lock_travels_with_its_guest() {
  plain_move of-5500 node1 node2
  wait_until 10 vm_is_known_on of-5500 node2
  is_blocked_by of-5500 node1 vm.locked
  contains "$(lab virsh node2 metadata of-5500 --uri $LOCK_URI --live)" 'nightly backup'
  contains "$(lab virsh node2 metadata of-5500 --uri $LOCK_URI --config)" 'nightly backup'
  virtern vm unlock of-5500
  fails lab virsh node2 metadata of-5500 --uri $LOCK_URI --config
  says 10 of-5500 virtern vm unlock of-5500
  virtern migrate of-5500 --to node1
  never_restarted of-5500
}

a_lock_of_another_tool_holds_until_it_expires() {
  set_lock_by_virsh node1 of-5500 "owner='backup@elsewhere' since='2020-02-02T10:00:00Z'" 'still running'
  wait_until 10 is_blocked_by of-5500 node2 vm.locked
  says 4 'backup@elsewhere' virtern migrate of-5500 --to node2
  says 1 'backup@elsewhere' virtern vm lock of-5500 --reason mine
  set_lock_by_virsh node1 of-5500 \
    "owner='backup@elsewhere' since='2020-02-02T10:00:00Z' expires='2020-02-03T10:00:00Z'" 'left behind'
  wait_until 10 is_blocked_by of-5500 node2 ''
  contains "$(codes of-5500 node2 warns)" vm.lock-stale
  contains "$(virtern vm list --locked)" stale
  virtern migrate of-5500 --to node2
  is_only_on of-5500 node2
  virtern vm unlock of-5500
  virtern migrate of-5500 --to node1
  never_restarted of-5500
}

# Jobs and snapshots

a_backup_holds_a_guest_only_while_it_runs() {
  cat >"$(daemon_dir)/backup.xml" <<XML
<domainbackup mode='pull'>
  <server transport='unix' socket='$IMAGES/backup.sock'/>
  <disks><disk name='vda' type='file'><scratch file='$IMAGES/served.scratch'/></disk></disks>
</domainbackup>
XML
  lab virsh node1 -q backup-begin served "$(daemon_dir)/backup.xml"
  is_blocked_by served node2 vm.backup
  says 4 backup virtern migrate served --to node2
  lab virsh node1 -q domjobabort served
  wait_until 5 is_blocked_by served node2 ''
}

a_copy_of_a_disk_holds_a_guest() {
  lab virsh node1 -q blockcopy served vda --dest $IMAGES/served.copy --transient-job
  is_blocked_by served node2 vm.block-job
  says 4 vda virtern migrate served --to node2
  contains "$(fails plain_move served node1 node2)" 'active block job'
  lab virsh node1 -q blockjob served vda --abort
  wait_until 5 is_blocked_by served node2 ''
}

a_snapshot_holds_a_guest() {
  cat >"$(daemon_dir)/snapshot.xml" <<XML
<domainsnapshot>
  <name>before</name><state>running</state><creationTime>1700000000</creationTime><memory snapshot='no'/>
  $(lab virsh node1 dumpxml served)
</domainsnapshot>
XML
  lab virsh node1 -q snapshot-create served "$(daemon_dir)/snapshot.xml" --redefine
  is_blocked_by served node2 vm.snapshots
  says 4 snapshot virtern migrate served --to node2
  contains "$(fails plain_move served node1 node2)" 'with 1 snapshots'
  lab virsh node1 -q snapshot-delete served before --metadata
  wait_until 5 is_blocked_by served node2 ''
  virtern migrate served
  never_restarted served
  ! grep disk-error "$(lab_dir)/serial/served.log" || fail 'its disk refused a write'
  lab vm remove served
}

# Groups

TEN=$(seq -f 'ten-%.0f' 0 9)

ten_guests_are_started() {
  local vm starting=()
  for vm in $TEN; do
    start_guest "$vm" node1 --memory 80 & starting+=($!)
  done
  for vm in "${starting[@]}"; do wait "$vm"; done
  # shellcheck disable=SC2086  # a list of words
  all_tick $TEN
  for vm in $TEN; do wait_until 20 vm_is_known_on "$vm" node1; done
}

need_of() { echo $(($(of_host "$1" node2 '."memory-need"') / 1048576 + 1)); } # VM

a_group_that_does_not_fit_moves_nothing() {
  # Room for seven, and nearly for the eighth.
  leave_free node2 $(($(need_of ten-0) * 7 + $(need_of ten-0) - 10))
  # shellcheck disable=SC2086  # a list of words
  says 4 memory virtern migrate $TEN --to node2
  is_equal "$(lab vm list | grep -c '^node1 ten-.* running')" 10 'the number of guests on node1'
  virtern snapshot >"$(daemon_dir)/ten.json"
  is_equal "$(placed_on node2 | sed 's/ .*//' | sort | uniq -c | xargs)" '7 moved 3 refused' 'what would be done'
  is_equal "$(placed_on node2 --snapshot "$(daemon_dir)/ten.json")" "$(placed_on node2)" 'what the file says'
}

placed_on() { # HOST [OPTIONS]
  # shellcheck disable=SC2086  # a list of words
  virtern --json plan place $TEN --to "$1" --partial "${@:2}" |
    jq -r '(.moves[] | "moved \(.number) \(.vm)"), (.refused[] | "refused \(.vm)")'
}

# Ten orders at once, and not one of ten: so the ledger must keep them apart.
ten_at_once_to_a_host_with_room_for_seven() {
  local vm went=0 refused=0 moving=()
  for vm in $TEN; do move_and_tell "$vm" node2 & moving+=($!); done
  while [[ $(cat "$(daemon_dir)"/ten-*.status 2>/dev/null | wc -l) != 10 ]]; do room_is_kept; done
  wait "${moving[@]}"
  for vm in $TEN; do
    case $(<"$(daemon_dir)/$vm.status") in
      0) went=$((went + 1)); is_only_on "$vm" node2 ;;
      4) refused=$((refused + 1)); is_only_on "$vm" node1 ;;
      *) fail "$vm: $(<"$(daemon_dir)/$vm.said")" ;;
    esac
  done
  is_equal "$went $refused" '7 3' 'how many went and were refused'
  room_is_kept
}

move_and_tell() { # VM HOST
  local status=0
  virtern migrate "$1" --to "$2" >"$(daemon_dir)/$1.said" 2>&1 || status=$?
  echo $status >"$(daemon_dir)/$1.status"
}

# As seen from the outside, arriving guests included.
room_is_kept() {
  local count
  count=$(lab virsh node2 -q list --name | grep -c '^ten-' || true)
  ((count <= 7)) || fail "$count guests are on node2"
}

the_three_are_refused_with_the_memory_that_is_short() {
  local vm
  # shellcheck disable=SC2086  # a list of words
  all_tick $TEN
  for vm in $TEN; do
    is_equal "$(lab vm boots "$vm")" 1 "the number of boots of $vm"
    if [[ $(<"$(daemon_dir)/$vm.status") == 4 ]]; then
      contains "$(<"$(daemon_dir)/$vm.said")" MiB
      is_blocked_by "$vm" node2 memory.short
      is_short_of_memory "$vm" node2
    fi
  done
}

a_choice_goes_where_there_is_room() {
  local vm
  vm=$(lab vm list | sed -n 's/^node1 \(ten-[0-9]*\) running.*/\1/p' | head -n 1)
  virtern migrate "$vm"
  ! is_on "$vm" node2 2>/dev/null || fail "$vm is where there is no room"
  ! is_on "$vm" node1 2>/dev/null || fail "$vm has not moved"
  never_restarted "$vm"
  for vm in $TEN; do lab vm remove "$vm" & done
  wait
  add_anew node2
}

# Offline

# But for the age of a lock, and the words and the load of now. What the hosts show may change
# between the file and the question: then both are asked anew.
a_snapshot_is_judged_as_the_daemon_judges() {
  # What was promised to guests that are removed by now is let go when their host was seen anew,
  # which may take half a minute.
  wait_until 90 nothing_is_promised
  lab vm define sleeper --on node3 --memory 80
  wait_until 10 vm_is_known_on sleeper node3
  virtern vm lock of-5500 --reason 'to be seen in the file'
  wait_until 60 the_file_says_what_the_daemon_says || the_file_says_what_the_daemon_says
  virtern vm unlock of-5500
  lab vm remove sleeper
}

the_file_says_what_the_daemon_says() {
  local file vm filter
  file=$(daemon_dir)/snapshot.json
  filter='[.[] | del(.score, ."score-parts", .reasons[].detail)
    | .reasons[].sentence |= sub("[0-9]+ [a-z]+( [0-9]+ [a-z]+)? ago"; "just now")] | sort_by(.host)'
  virtern snapshot >"$file" || return 1
  for vm in of-5500 of-5600 of-e5-2600 sleeper; do
    is_equal "$(judged "$vm" --snapshot "$file" | jq -S "$filter")" "$(judged "$vm" | jq -S "$filter")" \
      "what the file says of $vm" || return 1
  done
}

nothing_is_promised() {
  [[ $(virtern --json host list | jq '[.[]."memory-reserved"] | add') == 0 ]]
}

# Starting

a_guest_is_started_where_there_is_room() {
  lab vm define cold --on node1 --memory 80 --disk nbd
  wait_until 10 vm_is_known_on cold node1
  virtern vm start cold
  lab vm wait cold
  is_equal "$(lab vm where cold | wc -l)" 1 'the number of nodes that have cold'
  contains "$(lab vm where cold)" running
  is_equal "$(lab vm boots cold)" 1 'the number of boots of cold'
}

a_guest_is_started_on_a_named_host_and_defined_there_alone() {
  local on=node4
  ! is_on cold node4 2>/dev/null || on=node3
  lab virsh "$(where_runs cold)" -q destroy cold
  wait_until 10 vm_is cold state shut-off
  virtern vm start cold --on $on
  is_only_on cold $on
  lab vm wait cold 2
  is_equal "$(lab vm boots cold)" 2 'the number of boots of cold'
  is_equal "$(task_field "$(newest_task)" kind)" start 'the kind of the task'
  contains "$(lab virsh $on dominfo cold)" 'Persistent:     yes'
}

# The directory is known by what is in it: the pool's name and path prove nothing.
a_guest_is_started_elsewhere_on_a_directory_that_both_have() {
  lab vm define shelved --on node1 --memory 80 --cpu Nehalem --disk /var/lib/libvirt/common/disk
  wait_until 10 vm_is_known_on shelved node1
  is_blocked_by shelved node2 ''
  is_blocked_by shelved node3 storage.not-verified
  virtern vm start shelved --on node2
  is_only_on shelved node2
  lab vm wait shelved 2
  ! grep disk-error "$(lab_dir)/serial/shelved.log" || fail 'its disk refused a write'
  # To libvirt the file system is a local one, which no verdict can know, but warn of.
  contains "$(virtern check shelved --to node1)" storage.file-system
  contains "$(fails virtern migrate shelved --to node1)" 'Migration without shared storage is unsafe'
  is_only_on shelved node2
  ticks_go_on shelved
  lab vm remove shelved
}

where_runs() { lab vm where "$1" | sed -n 's/ running.*//p'; } # VM

what_runs_elsewhere_is_not_started() {
  local on
  on=$(where_runs cold)
  says 4 "$on" virtern vm start cold
  # A definition that was left behind on another host.
  lab vm xml cold --memory 80 --disk nbd >"$(daemon_dir)/cold.xml"
  lab virsh node1 -q define "$(daemon_dir)/cold.xml"
  wait_until 10 is_seen_on_two cold
  says 4 "$on" virtern vm start cold --on node1
  contains "$(lab virsh node1 domstate cold)" 'shut off'
  ticks_go_on cold
  lab vm remove cold
}

is_seen_on_two() { [[ $(virtern --json vm show "$1" | jq '."seen-on" | length') == 2 ]]; } # VM

the_cpu_of_a_named_model_keeps_a_guest_from_an_old_host() {
  lab vm xml picky --memory 80 --cpu Westmere | sed "s/check='none'/check='partial'/" >"$(daemon_dir)/picky.xml"
  lab virsh node3 -q define "$(daemon_dir)/picky.xml"
  wait_until 10 vm_is_known_on picky node3
  says 4 aes virtern vm start picky --on node1
  is_in_state picky node3 'shut off'
  lab vm remove picky
}

a_daemon_killed_while_a_guest_starts_tells_the_truth() {
  local id
  lab vm define late --on node1 --memory 80
  wait_until 10 vm_is_known_on late node1
  lab fault node2 hook stall-start 60
  virtern vm start late --on node2 --no-wait
  id=$(newest_task)
  wait_until 20 grep -qx late "$(lab_dir)/node2/hook.stalls"
  kill_virternd
  start_virternd
  lab fault node2 hook clear
  wait_until 60 task_has_ended "$id"
  is_equal "$(task_field "$id" state)" 'done' "the state of the task, $(task_field "$id" error)"
  is_only_on late node2
  lab vm wait late 2
  is_equal "$(lab vm boots late)" 1 'the number of boots of late'
  lab vm remove late
}

# Wherever the kill hits: each guest runs once or not at all, and its task says which. One that
# was being defined is looked at for half a minute, since libvirt may still be at it.
a_daemon_killed_between_steps_of_starts_tells_the_truth() {
  local vm ids=() guests='at-1 at-2 at-3 at-4'
  for vm in $guests; do
    lab vm define "$vm" --on node1 --memory 80
    wait_until 10 vm_is_known_on "$vm" node1
  done
  for vm in $guests; do
    virtern vm start "$vm" --on node3 --no-wait
    ids+=("$(newest_task)")
  done
  wait_until 10 has_come_to "${ids[1]}" defining
  kill_virternd
  start_virternd
  for vm in $guests; do
    wait_until 90 task_has_ended "${ids[0]}"
    tells_the_truth "${ids[0]}" "$vm"
    ids=("${ids[@]:1}")
    lab vm remove "$vm"
  done
}

tells_the_truth() { # TASK VM
  local places running
  places=$(lab vm where "$2")
  running=$(grep -c running <<<"$places" || true)
  case $(task_field "$1" state) in
    'done')
      is_equal "$places" 'node3 running (booted)' 'what nodes have'
      lab vm wait "$2"
      ;;
    failed)
      is_equal "$running" 0 'the number of copies that run'
      [[ $(wc -l <<<"$places") == 1 ]] || contains "$(task_field "$1" error)" 'defined on both'
      ;;
    *) fail "task $1 is $(task_field "$1" state): $(task_field "$1" error)" ;;
  esac
  (($(lab vm boots "$2") == running)) || fail "$2 booted $(lab vm boots "$2") times"
}

PHASES='queued checking defining starting verifying repairing done failed cancelled'

# It may have gone further already.
has_come_to() { # TASK PHASE
  [[ " ${PHASES#*"$2"} " == *" $(task_field "$1" phase) "* || $(task_field "$1" phase) == "$2" ]]
}

nobody_was_restarted() {
  local vm
  for vm in of-5500 of-5600 of-e5-2600; do
    never_restarted "$vm"
    is_equal "$(lab vm where "$vm" | wc -l)" 1 "the number of nodes that have $vm"
  done
}

the_daemon_ends_cleanly() { stop_virternd; }

set_stage
start_guests
start_bus
start_virternd
run_tests hosts_and_guests_are_known \
  all_six_pairs_of_generations_are_judged_as_published \
  libvirt_says_the_same_beforehand \
  libvirt_says_the_same_when_it_is_forced \
  a_refused_move_makes_no_task \
  a_host_with_aes_switched_off_is_refused_by_name_and_another_chosen \
  the_baseline_tells_who_has_more \
  a_mask_is_previewed_and_changes_nothing \
  a_wrong_mask_is_refused_with_the_nearest_names \
  a_mask_holds_from_the_next_cold_start \
  a_cleared_mask_gives_the_old_cpu_back \
  a_host_short_of_memory_is_refused_with_what_is_missing \
  networks_that_are_missing_or_not_started_are_named \
  a_network_that_is_started_counts_at_once \
  disks_and_machine_types_of_one_host_are_named \
  a_pool_of_the_same_name_and_path_is_not_the_same_storage \
  a_name_that_is_taken_is_told \
  a_local_image_is_named_and_left_alone \
  a_local_image_is_taken_out_when_told_so \
  a_lock_holds_a_guest_and_says_who_and_why \
  a_lock_travels_with_its_guest \
  a_lock_of_another_tool_holds_until_it_expires \
  a_backup_holds_a_guest_only_while_it_runs \
  a_copy_of_a_disk_holds_a_guest \
  a_snapshot_holds_a_guest \
  ten_guests_are_started \
  a_group_that_does_not_fit_moves_nothing \
  ten_at_once_to_a_host_with_room_for_seven \
  the_three_are_refused_with_the_memory_that_is_short \
  a_choice_goes_where_there_is_room \
  a_snapshot_is_judged_as_the_daemon_judges \
  a_guest_is_started_where_there_is_room \
  a_guest_is_started_on_a_named_host_and_defined_there_alone \
  a_guest_is_started_elsewhere_on_a_directory_that_both_have \
  what_runs_elsewhere_is_not_started \
  the_cpu_of_a_named_model_keeps_a_guest_from_an_old_host \
  a_daemon_killed_while_a_guest_starts_tells_the_truth \
  a_daemon_killed_between_steps_of_starts_tells_the_truth \
  nobody_was_restarted \
  the_daemon_ends_cleanly
