#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes configure from a git checkout. Arguments go to configure unless NOCONFIGURE is set.
set -eu
cd "$(dirname "$0")"
autoreconf --force --install --verbose 2>&1 | grep -vE '^(autoreconf|configure.ac|Makefile.am|libtoolize|Copying|Creating)' || :
test -x configure || { echo "autogen.sh: configure was not made; run autoreconf -fi to see why" >&2; exit 1; }
test -n "${NOCONFIGURE-}" || ./configure "$@"
