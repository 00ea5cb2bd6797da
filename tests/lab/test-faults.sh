#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A dozen cells of the fault suite (faults/matrix.tsv), of each phase and of most faults, in four
# minutes. All of them: make check-faults
set -eu -o pipefail
exec "$(dirname "$0")/faults/run" queued/virternd-kill preparing/hook-fails \
  first-pass/source-libvirtd-kill first-pass/source-qemu-kill first-pass/store-full \
  later-pass/destination-libvirtd-kill later-pass/disk-full \
  switching/virternd-kill switching/destination-qemu-kill \
  post-copy/virternd-kill post-copy/source-libvirtd-kill verifying/virternd-kill
