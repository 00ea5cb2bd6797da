#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The installed data and the code say the same: message IDs, polkit actions, the bus name.
# TAP.
set -eu
: "${TOP_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
cd "$TOP_SRCDIR"
names=src/base/names.h
n=0 failed=0

check () { # SENTENCE EXPECTED GOT
  n=$((n + 1))
  if [ "$2" = "$3" ] && [ -n "$2" ]; then
    echo "ok $n - $1"
  else
    echo "not ok $n - $1"
    printf 'expected:\n%s\ngot:\n%s\n' "$2" "$3" | sed 's/^/# /'
    failed=1
  fi
}

check_none () { # SENTENCE GOT: nothing is expected
  check "$1" "none:" "none:$2"
}

defined () { sed -n "s/^#define $1[A-Z_]* \"\(.*\)\"\$/\1/p" $names | sort; }

check "every message ID is in the catalog once, and no other" \
  "$(defined TERN_MSG_)" "$(sed -n 's/^-- \([0-9a-f]*\)$/\1/p' data/virtern.catalog | sort)"
check_none "the catalog uses only fields that the log has" \
  "$(grep -o '@TERN_[A-Z_]*@' data/virtern.catalog | tr -d @ | sort -u |
     while read -r field; do grep -q "\"$field\"" $names || echo "$field"; done)"
check "every polkit action is in the policy, and no other" \
  "$(defined TERN_POLKIT_)" "$(sed -n 's/.*<action id="\([^"]*\)">.*/\1/p' data/org.virtern.virtern1.policy.in | sort)"
check "every polkit action is owned by the user of the daemon" \
  "$(defined TERN_POLKIT_ | wc -l)" \
  "$(grep -c '<annotate key="org.freedesktop.policykit.owner">unix-user:virtern</annotate>' data/org.virtern.virtern1.policy.in)"
check_none "every polkit action is in the contract" \
  "$(defined TERN_POLKIT_ | while read -r action; do
       grep -q "polkit: $action" data/org.virtern.Virtern1.xml || echo "$action"; done)"
# A method either names the action that is asked for, or says that everybody may call it.
methods () { # PATTERN: methods whose description holds it
  awk -v pattern="$1" '/^      [A-Z][A-Za-z]*:$/ { method = $1; sub(":", "", method) }
      $0 ~ pattern && method != "" { print method }' data/org.virtern.Virtern1.xml | sort -u | xargs
}
check "every method of the contract that changes something, or shows whom we tell, has a polkit action" \
  "Activate AddHost AddWebhook ApplyPlan Cancel Drain ListWebhooks LockVm MaskVm Migrate MigrateGroup Recheck RemoveHost RemoveWebhook Resolve Resume SetHost SetLimits SetVm StartVm SwitchPolicy TestWebhook Undo UnlockVm" \
  "$(methods 'polkit: org')"
check "every other method says that everybody may call it" \
  "CheckVm Forecast GetBaseline GetSnapshot GetTask GetTrace GetVm ListOrigins ListTasks Plan PlanDrain PlanReturn" \
  "$(methods 'Everybody may ask' )"
check "no method is in neither list" \
  "$(sed -n 's/.*<method name="\([A-Za-z]*\)">.*/\1/p' data/org.virtern.Virtern1.xml | sort -u | xargs)" \
  "$( (methods 'polkit: org'; methods 'Everybody may ask') | tr ' ' '\n' | sort -u | xargs)"
check_none "an action of polkit is checked where the contract names it, and described to who is refused" \
  "$(sed -n 's/^#define \(TERN_POLKIT_[A-Z]*\) .*/\1/p' $names | while read -r action; do
       grep -q "{ $action, " src/service/authority.c || echo "$action is not described"
       grep -lqw "$action" src/service/manager-*.c src/service/bus-task-acts.c || echo "$action is not asked for"
     done)"
check "the bus policy lets the user of the unit own the name" \
  "virtern" "$(sed -n 's/^User=//p' data/virternd.service.in)"
check "and makes that user" "virtern" "$(sed -n 's/^u \([a-z]*\) .*/\1/p' data/virtern.sysusers)"

echo "1..$n"
exit $failed
