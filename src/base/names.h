/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Every name the outside world can see: the bus, log fields, message IDs.
 * They are an interface: change none of them once released.
 */

#define TERN_BUS_NAME "org.virtern.Virtern1"
#define TERN_BUS_PATH "/org/virtern/Virtern1"
#define TERN_BUS_PATH_HOSTS TERN_BUS_PATH "/hosts"
#define TERN_BUS_PATH_VMS TERN_BUS_PATH "/vms"
#define TERN_BUS_PATH_TASKS TERN_BUS_PATH "/tasks"

#define TERN_IFACE_MANAGER TERN_BUS_NAME ".Manager"
#define TERN_IFACE_HOST TERN_BUS_NAME ".Host"
#define TERN_IFACE_VM TERN_BUS_NAME ".Vm"
#define TERN_IFACE_TASK TERN_BUS_NAME ".Task"
#define TERN_ERROR_PREFIX TERN_BUS_NAME ".Error."

/* polkit actions, one per kind of act */
#define TERN_POLKIT_HOSTS "org.virtern.virtern1.manage-hosts"
#define TERN_POLKIT_MIGRATE "org.virtern.virtern1.migrate"
#define TERN_POLKIT_START "org.virtern.virtern1.start"
#define TERN_POLKIT_LOCK "org.virtern.virtern1.lock"
#define TERN_POLKIT_MASK "org.virtern.virtern1.mask"
#define TERN_POLKIT_TASKS "org.virtern.virtern1.manage-tasks"
#define TERN_POLKIT_RESOLVE "org.virtern.virtern1.resolve"
#define TERN_POLKIT_DRAIN "org.virtern.virtern1.drain"
#define TERN_POLKIT_WEBHOOKS "org.virtern.virtern1.manage-webhooks"
#define TERN_POLKIT_LIMITS "org.virtern.virtern1.set-limits"

/* structured log fields */
#define TERN_LOG_TASK "TERN_TASK"
#define TERN_LOG_VM "TERN_VM"
#define TERN_LOG_VM_UUID "TERN_VM_UUID"
#define TERN_LOG_HOST "TERN_HOST"
#define TERN_LOG_SOURCE "TERN_SOURCE"
#define TERN_LOG_DEST "TERN_DEST"
#define TERN_LOG_STATE "TERN_STATE"
#define TERN_LOG_WEBHOOK "TERN_WEBHOOK"

/* MESSAGE_IDs of events that an operator may script against; data/virtern.catalog explains them */
#define TERN_MSG_DAEMON_READY "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a01"
#define TERN_MSG_HOST_UP "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a02"
#define TERN_MSG_HOST_DOWN "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a03"
#define TERN_MSG_HOST_ADDED "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a04"
#define TERN_MSG_HOST_REMOVED "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a05"
#define TERN_MSG_TASK_STATE "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a06"
#define TERN_MSG_TASK_ENDED "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a07"
#define TERN_MSG_ATTENTION "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a08"
#define TERN_MSG_STORE_FAILED "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a09"
#define TERN_MSG_VM_TWICE "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a0a"
#define TERN_MSG_MEDIA_EJECTED "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a0b"
#define TERN_MSG_VM_LOCKED "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a0c"
#define TERN_MSG_VM_UNLOCKED "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a0d"
#define TERN_MSG_VM_MASKED "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a0e"
#define TERN_MSG_RESOLVED "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a0f"
#define TERN_MSG_HOST_CHANGED "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a10"
#define TERN_MSG_WEBHOOK_FAILS "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a20"
#define TERN_MSG_WEBHOOK_WORKS "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a21"
#define TERN_MSG_NOTICE_DROPPED "6d0e7c3f3a0c4c2d8f1c3c1c5b7d2a22"
