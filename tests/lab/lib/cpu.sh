# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# CPU generations. The emulator offers every feature it can emulate; a node is made
# older by a wrapper over its QEMU that hides features, from libvirt's probing too.

# A generation is the list of features it hides. Each older one hides more. The three of Xeon
# differ as the real ones do, as far as the emulator can do it: it knows neither pcid nor
# tsc-deadline, nor x2apic.
declare -A GENERATION_HIDES GENERATION_IS
GENERATIONS=(new e5-2600 5600 5500 old older e5-2600-aes-off)

GENERATION_IS[new]='hides nothing: all that the emulator offers'
GENERATION_HIDES[new]=''

GENERATION_IS[e5-2600]='Xeon E5-2600, 2012: AVX, without AVX2 and all that came later'
GENERATION_HIDES[e5-2600]='
  avx2 f16c fma vaes vpclmulqdq xsavec xgetbv1 xsaves xsaveerptr
  movbe rdrand rdseed rdpid bmi1 bmi2 adx abm erms fsrm fsgsbase
  smep smap pcid invpcid pku pks umip la57 mpx pcommit tsc-deadline
  clflushopt clwb clzero wbnoinvd sha-ni
  3dnow 3dnowext 3dnowprefetch sse4a misalignsse cr8legacy svm npt'

GENERATION_IS[5600]='Xeon 5600, 2010: AES, without AVX'
GENERATION_HIDES[5600]="${GENERATION_HIDES[e5-2600]}
  avx xsave xsaveopt"

GENERATION_IS[5500]='Xeon 5500, 2009: SSE4.2, without AES'
GENERATION_HIDES[5500]="${GENERATION_HIDES[5600]}
  aes pclmulqdq pdpe1gb arat"

GENERATION_IS[old]='the same as 5500'
GENERATION_HIDES[old]=${GENERATION_HIDES[5500]}

GENERATION_IS[older]='about 2006: SSSE3, without SSE4 and POPCNT'
GENERATION_HIDES[older]="${GENERATION_HIDES[old]}
  sse4.1 sse4.2 popcnt rdtscp x2apic"

GENERATION_IS[e5-2600-aes-off]='as e5-2600, with AES switched off as in the firmware'
GENERATION_HIDES[e5-2600-aes-off]="${GENERATION_HIDES[e5-2600]}
  aes"

generation_exists() { [[ -v GENERATION_HIDES[$1] ]]; }

generations_print() {
  local name
  for name in "${GENERATIONS[@]}"; do
    printf '%-16s %s\n' "$name" "${GENERATION_IS[$name]}"
    # shellcheck disable=SC2086  # a list of words
    [[ -z ${GENERATION_HIDES[$name]} ]] ||
      printf '%s ' ${GENERATION_HIDES[$name]} | fold -s -w 82 | sed 's/^/    /'
    [[ -z ${GENERATION_HIDES[$name]} ]] || echo
  done
}

# Prints the wrapper. QEMU finds its firmware relative to its own path; the real one
# therefore stands in a usr/bin next to a usr/share.
#
# The globals reach the probing, where no -cpu is given. A feature that -cpu names
# overrides a global one, and there the last word counts: so a feature that a guest
# explicitly requires is hidden at the end of its -cpu.
generation_wrapper() { # GENERATION REAL_QEMU
  local off='' globals='' feature
  for feature in ${GENERATION_HIDES[$1]}; do
    off+=",$feature=off"
    globals+=" -global x86_64-cpu.$feature=off"
  done
  # One maker for all, for whose models libvirt has a name in each generation.
  globals+=' -global x86_64-cpu.vendor=GenuineIntel'
  cat <<SCRIPT
#!/bin/sh
previous=
for word; do
  shift
  if [ "\$previous" = -cpu ]; then
    set -- "\$@" "\$word$off"
  else
    set -- "\$@" "\$word"
  fi
  previous=\$word
done
exec $2 "\$@"$globals
SCRIPT
}
