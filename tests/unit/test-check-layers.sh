#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Breaks a small tree in every way that tools/check-layers looks for, and sees it noticed.
set -eu

tool=${TOP_SRCDIR:-.}/tools/check-layers
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
bad=0
spdx='/* SPDX-License-Identifier: LGPL-2.1-or-later */'

make_tree () {
  rm -rf "$work/tree"
  mkdir -p "$work/tree/src/plan" "$work/tree/src/engine"
  printf '%s\n#pragma once\nint tern_pure (int a);\n' "$spdx" >"$work/tree/src/plan/pure.h"
  cat >"$work/tree/src/plan/pure.c" <<EOF
$spdx
#include "config.h"

#include "plan/pure.h"

int tern_other (int a);

int
tern_pure (int a)
{
  return tern_other (a);
}
EOF
  : >"$work/tree/config.h"
}

build_plan () {
  "${CC:-cc}" -I"$work/tree" -I"$work/tree/src" -c "$work/tree/src/plan/pure.c" \
    -o "$work/tree/pure.o"
  rm -f "$work/tree/libplan.a"
  ar cr "$work/tree/libplan.a" "$work/tree/pure.o"
}

# expect CHECK SENTENCE: the tool refuses the tree, for that check (0: it accepts the tree).
expect () {
  n=$((n + 1))
  build_plan
  if "$tool" "$work/tree" "$work/tree" >"$work/out"; then failed=0
  else failed=$(sed -n 's/^not ok \([0-9]*\) .*/\1/p' "$work/out" | tr '\n' ' '); fi
  if [ "${failed% }" = "$1" ]; then
    echo "ok $n - $2"
  else
    echo "not ok $n - $2"
    sed 's/^/# /' "$work/out"
    bad=1
  fi
  make_tree
}

repeat () {
  i=0
  while [ $i -lt "$1" ]; do echo "$2"; i=$((i + 1)); done
}

plan=$work/tree/src/plan
echo 1..12
make_tree
expect 0 "a clean tree passes"
mkdir "$work/tree/src/misc"
expect 1 "a folder that is no layer is noticed"
sed -i '4a #include "engine/task.h"' "$plan/pure.c"; : >"$work/tree/src/engine/task.h"
printf '%s\n#pragma once\n' "$spdx" >"$work/tree/src/engine/task.h"
expect 2 "an include that points up the layers is noticed"
printf '%s\n#pragma once\n#include "virtern-bus.h"\n' "$spdx" >"$work/tree/src/engine/task.h"
expect 2 "the bus code outside of service and cli is noticed"
printf '%s\n#pragma once\n#include <libvirt/libvirt.h>\n' "$spdx" >"$work/tree/src/engine/task.h"
expect 3 "libvirt outside of the drivers is noticed"
sed -i 's/tern_other (a)/time (0)/; 4a #include <time.h>' "$plan/pure.c"
expect 4 "a plan that reads the clock is noticed"
sed -i 's/tern_other/tern_clock_now/' "$plan/pure.c"
expect 4 "a plan that reads our own clock is noticed"
repeat 800 '' >>"$plan/pure.c"
expect 5 "a file that is too long is noticed"
repeat 80 '  (void) a;' >"$work/lines"; sed -i "/^{/r $work/lines" "$plan/pure.c"
expect 6 "a function that is too long is noticed"
sed -i 1d "$plan/pure.c"
expect 7 "a source without its licence is noticed"
sed -i /pragma/d "$plan/pure.h"
expect 8 "a header without its guard is noticed"
sed -i '/config.h/d' "$plan/pure.c"
expect 9 "a source that does not begin with config.h is noticed"
exit $bad
