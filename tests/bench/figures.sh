# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What benchmarks share.

now_us() { echo "${EPOCHREALTIME/./}"; }

# Reads numbers, prints "median (min - max)".
summary() { # FORMAT
  sort -n | awk -v f="$1" '{ v[NR] = $1 }
    END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
          printf f " (" f " - " f ")\n", m, v[1], v[NR] }'
}
