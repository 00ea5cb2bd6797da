#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The help text, the man page and the completion tell of the same commands and options, and
# the man pages are clean. TAP on stdout.
set -u

: "${TOP_SRCDIR:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${TOP_BUILDDIR:=$TOP_SRCDIR}"
virtern="$TOP_BUILDDIR/virtern"
man="$TOP_SRCDIR/docs/man/virtern.1"
completion="$TOP_SRCDIR/data/completion/virtern"
LC_ALL=C.UTF-8
export LC_ALL

count=0
failed=0
# ok STATUS SENTENCE
ok() {
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $count - $2"
    else
        echo "not ok $count - $2"
        failed=1
    fi
}

help=$("$virtern" --help) || { echo "Bail out! virtern --help failed"; exit 1; }
# "host add NAME URI [--peer-uri URI]…" of two blanks and a letter
commands=$(echo "$help" | sed -n '/^Commands:/,/^$/{ s/^  \([a-z].*\)/\1/p }')
plain_man=$(sed 's/\\-/-/g; s/\\f[BRI]//g' "$man")

missing=
echo "$commands" | grep -q . || missing=all
# The words in small letters before the first operand or option name the command.
names=$(echo "$commands" | sed 's/ *[[A-Z-].*//')
missing=$(echo "$names" | while read -r name; do
    echo "$plain_man" | grep -q "virtern $name" || echo "$name"
done)
[ -z "$missing" ] || echo "# not in the man page: $missing"
[ -z "$missing" ]; ok $? "every command of the help text is in the man page"

missing=$(for word in $(echo "$names" | tr ' ' '\n' | sort -u); do
    grep -qw -- "$word" "$completion" || echo "$word"
done)
[ -z "$missing" ] || echo "# not in the completion: $missing"
[ -z "$missing" ]; ok $? "every word of the commands is in the completion"

options=$(echo "$names" | while read -r name; do "$virtern" help $name; done |
    grep -oE -- '--[a-z][a-z-]*' | sort -u)
n=$(echo "$options" | wc -l)
[ "$n" -ge 16 ]; ok $? "the help texts name all options ($n)"

missing=$(for option in $options; do
    echo "$plain_man" | grep -qE -- "(^|[^a-z-])$option([^a-z-]|\$)" || echo "$option"
done)
[ -z "$missing" ] || echo "# not in the man page:" $missing
[ -z "$missing" ]; ok $? "every option is in the man page"

missing=$(for option in $options; do
    grep -qE -- "(^|[^a-z-])$option([^a-z-]|\$)" "$completion" || echo "$option"
done)
[ -z "$missing" ] || echo "# not in the completion:" $missing
[ -z "$missing" ]; ok $? "every option is in the completion"

unknown=$(grep -oE -- '--[a-z][a-z-]*' "$completion" | sort -u | while read -r option; do
    echo "$options" | grep -qx -- "$option" || echo "$option"
done)
[ -z "$unknown" ] || echo "# the completion has made up:" $unknown
[ -z "$unknown" ]; ok $? "the completion has no option that the command has not"

missing=$(for code in 0 1 2 3 4 5 6 8 10 130; do
    grep -qx "\.B $code" "$man" || echo "$code"
done)
[ -z "$missing" ] || echo "# not in the man page:" $missing
[ -z "$missing" ]; ok $? "every exit status is in the man page"

if [ -x "$TOP_BUILDDIR/virternd" ]; then
    missing=$("$TOP_BUILDDIR/virternd" --help | grep -oE -- '--[a-z][a-z-]*' | sort -u |
        while read -r option; do
            sed 's/\\-/-/g' "$TOP_SRCDIR/docs/man/virternd.8" |
                grep -qE -- "(^|[^a-z-])$option([^a-z-]|\$)" || echo "$option"
        done)
    [ -z "$missing" ] || echo "# not in virternd(8):" $missing
    [ -z "$missing" ]; ok $? "every option of the daemon is in its man page"
fi

actions=$(sed -n 's/.*<action id="\([^"]*\)".*/\1/p' "$TOP_SRCDIR/data/org.virtern.virtern1.policy.in")
missing=$(for action in $actions; do
    sed 's/\\-/-/g' "$TOP_SRCDIR/docs/man/virternd.8" | grep -qxF ".B $action" || echo "$action"
done)
[ -z "$missing" ] || echo "# not in virternd(8):" $missing
[ -n "$actions" ] && [ -z "$missing" ]; ok $? "every polkit action is in virternd(8)"

keys=$(sed -n 's/^#\([a-z-]*\) =.*/\1/p' "$TOP_SRCDIR/data/virternd.conf")
missing=$(for key in $keys; do
    sed 's/\\-/-/g' "$TOP_SRCDIR/docs/man/virternd.conf.5" |
        grep -qE -- "^\.B.*(^|[^a-z-])$key([^a-z-]|\$)" || echo "$key"
done)
[ -z "$missing" ] || echo "# not in virternd.conf(5):" $missing
[ -n "$keys" ] && [ -z "$missing" ]; ok $? "every key of the example configuration is in virternd.conf(5)"

for page in "$TOP_SRCDIR"/docs/man/*; do
    if command -v groff >/dev/null; then
        warnings=$(groff -man -Tutf8 -ww "$page" 2>&1 >/dev/null)
        [ -z "$warnings" ] || echo "$warnings" | sed 's/^/# /'
        [ -z "$warnings" ]; ok $? "groff has nothing to say against $(basename "$page")"
    else
        count=$((count + 1))
        echo "ok $count - $(basename "$page") # SKIP groff is missing"
    fi
done

bash -n "$completion"; ok $? "bash can read the completion"

echo "1..$count"
exit $failed
