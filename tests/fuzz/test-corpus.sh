#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every fuzz target walks its corpus and what the fixtures have for it, see fuzz-main.h.
fuzz=$TOP_SRCDIR/tests/fuzz
targets="conf drain-document host libvirt-job libvirt-xml options sim store text"
echo "1..$(echo "$targets" | wc -w)"
n=0
for target in $targets; do
  n=$((n + 1))
  files=$(find "$fuzz/corpus-$target" "$TOP_SRCDIR/tests/fixtures/${target%%-*}" -type f \
    2>/dev/null | LC_ALL=C sort)
  if [ -n "$files" ] && echo "$files" | tr '\n' '\0' |
    xargs -0 "$TOP_BUILDDIR/tests/fuzz/fuzz-$target"; then
    echo "ok $n - nothing recorded upsets $target"
  else
    echo "not ok $n - nothing recorded upsets $target"
  fi
done
