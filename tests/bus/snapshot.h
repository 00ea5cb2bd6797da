/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The cluster that the bus tests move VMs in. node1 to node3 are well; "lost" is a host that
 * is listed and cannot be reached; spare, dead and mute are not listed: they can be added, or
 * not. Links carry 125 MB a second (of simulated time).
 */

#define UUID_TWIN_A "aaaaaaaa-0000-4000-8000-000000000001"
#define UUID_TWIN_B "aaaaaaaa-0000-4000-8000-000000000002"
#define UUID_ODD "aaaaaaaa-0000-4000-8000-000000000003"
#define UUID_WEB "aaaaaaaa-0000-4000-8000-000000000004"
#define UUID_HUGE "aaaaaaaa-0000-4000-8000-000000000005"

#define HOST(name, more)                                                                           \
  "{ \"name\": \"" name "\", \"memory-mib\": 1048576, \"cpus\": 16, \"link-mbps\": 1000" more " }"
#define VM(name, host, mib, more)                                                                  \
  "{ \"name\": \"" name "\", \"host\": \"" host "\", \"memory-mib\": " #mib more " }"
#define WITH_UUID(uuid) ", \"uuid\": \"" uuid "\""
#define VM_FAULT(vm, phase, fault, more)                                                           \
  "{ \"vm\": \"" vm "\", \"phase\": \"" phase "\", \"fault\": \"" fault "\"" more " }"

#define SNAPSHOT_HOSTS                                                                               \
  HOST ("node1", "")                                                                                 \
  "," HOST ("node2", "") "," HOST ("node3", "") "," HOST ("lost", ", \"state\": \"cut\"") "," HOST ( \
      "spare", ", \"listed\": false") "," HOST ("dead",                                              \
                                                ", \"listed\": false, \"state\": "                   \
                                                "\"down\"") "," HOST ("mute", ", \"listed\": "       \
                                                                              "false, \"state\": "   \
                                                                              "\"hang\"")

#define SNAPSHOT_VMS                                                                                                                                                                                                                                                                                                                                                                                                                                                    \
  VM ("web", "node1", 1024, WITH_UUID (UUID_WEB))                                                                                                                                                                                                                                                                                                                                                                                                                       \
  "," VM ("db", "node1", 4096, ", \"dirty-mbps\": 200") "," VM (                                                                                                                                                                                                                                                                                                                                                                                                        \
      "slow", "node1",                                                                                                                                                                                                                                                                                                                                                                                                                                                  \
      262144, "") "," VM ("slow2", "node1", 262144,                                                                                                                                                                                                                                                                                                                                                                                                                     \
                          "") "," VM ("slow3", "node1", 262144,                                                                                                                                                                                                                                                                                                                                                                                                         \
                                      "") "," VM ("off", "node1", 1024,                                                                                                                                                                                                                                                                                                                                                                                                 \
                                                  ", \"state\": \"shut-off\"") "," VM ("away", "lost", 1024, "") "," VM ("twin", "node1", 512, WITH_UUID (UUID_TWIN_A)) "," VM ("twin", "node2", 512, WITH_UUID (UUID_TWIN_B)) "," VM ("o\\u001bd\\u202ed \\\"n\\u00e4me\\\"", "node1", 512, WITH_UUID (UUID_ODD)) "," VM ("fails",                                                                                                                                     \
                                                                                                                                                                                                                                                                                                                           "node1",                                                                                                                                     \
                                                                                                                                                                                                                                                                                                                           1024, "") "," VM ("torn",                                                                                                                    \
                                                                                                                                                                                                                                                                                                                                             "node1",                                                                                                                   \
                                                                                                                                                                                                                                                                                                                                             1024,                                                                                                                      \
                                                                                                                                                                                                                                                                                                                                             "") "," VM ("held-prepare",                                                                                                \
                                                                                                                                                                                                                                                                                                                                                         "node1", 1024, "") "," VM ("held-copy",                                                                        \
                                                                                                                                                                                                                                                                                                                                                                                    "node1",                                                                            \
                                                                                                                                                                                                                                                                                                                                                                                    1024,                                                                               \
                                                                                                                                                                                                                                                                                                                                                                                    "") "," VM ("held-switch", "node1", 1024, "") "," VM ("held-finish", "node1", 1024, \
                                                                                                                                                                                                                                                                                                                                                                                                                                          "")

#define SNAPSHOT_FAULTS                                                                            \
  VM_FAULT ("fails", "copy", "error", "")                                                          \
  "," VM_FAULT ("torn", "finish", "both-run", "") "," VM_FAULT (                                   \
      "held-prepare", "prepare", "hang",                                                           \
      ", \"seconds\": 20") "," VM_FAULT ("held-copy", "copy", "hang",                              \
                                         "") "," VM_FAULT ("held-switch", "switch", "hang",        \
                                                           ", \"seconds\": 20") "," VM_FAULT ("he" \
                                                                                              "ld" \
                                                                                              "-f" \
                                                                                              "in" \
                                                                                              "is" \
                                                                                              "h", \
                                                                                              "fi" \
                                                                                              "ni" \
                                                                                              "s"  \
                                                                                              "h", \
                                                                                              "ha" \
                                                                                              "n"  \
                                                                                              "g", \
                                                                                              ", " \
                                                                                              "\"" \
                                                                                              "se" \
                                                                                              "co" \
                                                                                              "nd" \
                                                                                              "s"  \
                                                                                              "\"" \
                                                                                              ": " \
                                                                                              "2"  \
                                                                                              "0")

#define SNAPSHOT                                                                                   \
  "{ \"virtern-snapshot\": 1, \"hosts\": [" SNAPSHOT_HOSTS "], \"vms\": [" SNAPSHOT_VMS            \
  "], \"faults\": [" SNAPSHOT_FAULTS "] }"
