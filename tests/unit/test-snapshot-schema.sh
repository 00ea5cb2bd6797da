#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What is written, and every file that ships, is as the JSON Schema says. TAP; needs python3 with
# jsonschema (Debian: python3-jsonschema).
set -eu
python3 -c 'import jsonschema' 2>/dev/null || {
  echo "1..0 # SKIP python3-jsonschema is not installed"
  exit 0
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for seed in 0 1 2 3 4 5 6 7 8 9; do
  "$TOP_BUILDDIR/tests/unit/make-snapshot" $seed >"$folder/random-$seed.json"
done
python3 - "$TOP_SRCDIR" "$folder" <<'END'
import glob, json, sys
import jsonschema

top, folder = sys.argv[1:]
schema = json.load(open(top + "/data/virtern-snapshot.schema.json"))
validator = jsonschema.Draft202012Validator(schema)
files = sorted(glob.glob(folder + "/*.json")) + sorted(glob.glob(top + "/tests/fixtures/sim/*.json"))
files += [top + "/tests/bus/cli-cluster.json"] + sorted(glob.glob(top + "/tests/fuzz/corpus-sim/*.json"))
host = {"name": "x", "memory-mib": 1, "cpus": 1}
bad = [
    {},
    {"virtern-snapshot": 2},
    {"virtern-snapshot": 1, "host": []},
    {"virtern-snapshot": 1, "hosts": [{"name": "x", "cpus": 1}]},
    {"virtern-snapshot": 1, "hosts": [dict(host, **{"memory-bytes": 1})]},
    {"virtern-snapshot": 1, "hosts": [dict(host, seen=False)]},
    {"virtern-snapshot": 1, "hosts": [dict(host, state="gone")]},
    {"virtern-snapshot": 1, "hosts": [dict(host, pools=[{}])]},
    {"virtern-snapshot": 1, "hosts": [dict(host, duty="asleep")]},
    {"virtern-snapshot": 1, "hosts": [dict(host, duty="draining", maintenance=True)]},
    {"virtern-snapshot": 1, "hosts": [dict(host, duty="active", maintenance=True)]},
    {"virtern-snapshot": 1, "vms": [{"name": "v", "host": "x", "memory-mib": 1, "drain-action": "freeze"}]},
    {"virtern-snapshot": 1, "faults": [{"vm": "v", "phase": "copy", "fault": "ignored"}]},
    {"virtern-snapshot": 1, "faults": [{"vm": "v", "phase": "shutdown", "fault": "hang"}]},
    {"virtern-snapshot": 1, "vms": [{"name": "", "host": "x", "memory-mib": 1}]},
    {"virtern-snapshot": 1, "vms": [{"name": "v", "host": "x"}]},
    {"virtern-snapshot": 1, "faults": [{"vm": "v", "phase": "start", "fault": "source-dies"}]},
    {"virtern-snapshot": 1, "faults": [{"vm": "v", "phase": "copy", "fault": "both-run"}]},
]

n = 0
def report(good, sentence):
    global n
    n += 1
    print(("ok" if good else "not ok"), n, "-", sentence)

jsonschema.Draft202012Validator.check_schema(schema)
report(True, "the schema is one")
for file in files:
    errors = list(validator.iter_errors(json.load(open(file))))
    for error in errors[:3]:
        print("#", error.message[:200], "at", list(error.absolute_path))
    report(not errors, file.split("/")[-1] + " is as the schema says")
for document in bad:
    report(not validator.is_valid(document), "the schema refuses " + json.dumps(document))
print("1..%d" % n)
END
