# SPDX-License-Identifier: Apache-2.0
"""Every command that there can be, each as a do and as a dump.

  every_command.py list             what the kernel says that it knows, a line each
  every_command.py try [FAMILY]     sends all of them; prints each answer but that there is no such command. FAMILY is the
                                    number, for where the name is not told
  every_command.py own              sends all but LOCK, which is for ever
"""
import os
import struct
import sys

from dumps import status
from genl import NLCTRL, N, NAMES, NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, Refused, Socket, attributes, encode

WAYS = {"do": NLM_F_ACK, "dump": NLM_F_DUMP}
FLAGS = {"do": 2, "dump": 4}  # GENL_CMD_CAP_DO, GENL_CMD_CAP_DUMP
CGROUP, NONE = 5, 16  # HOLDFAST_CONTAINER_F_NONE, for which a policy need not be in force


def requests(generation):
    """What is sent with each command: of one who may send it it would be taken, or have an answer about itself."""
    return {
        "HELLO": [("A_ABI_VERSION", 1)],
        "STATUS_GET": [],
        "HOOK_GET": [],
        "POLICY_BEGIN": [("A_POLICY_GENERATION", generation), ("A_POLICY_DEFAULT_PROFILE", 1)],
        "POLICY_PART": [("A_PROFILE", [("A_PROFILE_ID", 1)])],
        "POLICY_COMMIT": [],
        "POLICY_ABORT": [],
        "PROFILE_GET": [],
        "PATTERN_GET": [],
        "BINDING_GET": [],
        "CONTAINER_SET": [("A_CONTAINER", [("A_CONTAINER_CGROUP_ID", CGROUP), ("A_CONTAINER_FLAGS", NONE)])],
        "CONTAINER_DEL": [("A_CONTAINER", [("A_CONTAINER_CGROUP_ID", CGROUP)])],
        "CONTAINER_GET": [],
        "MEMBER_GET": [],
        "ADOPT": [("A_MEMBER", [("A_MEMBER_TGID", os.getpid()), ("A_MEMBER_START_TIME", 1), ("A_MEMBER_CGROUP_ID", CGROUP)])],
        "QUERY_ANSWER": [("A_QUERY", [("A_QUERY_ID", 1), ("A_QUERY_ANSWER", N["ANSWER_NONE"])])],
        "EVENT_ACK": [("A_ACK_NUMBER", 0)],
        "CALIBRATE": [("A_PROBE", [("A_PROBE_FD", 0), ("A_PROBE_EXPECT", N["EXPECT_LOWER"])])],
        "LOCK": [],
        "HOST_DIRECTORY_SET": [("A_HOST_DIRECTORY", [("A_HOST_DIRECTORY_FD", 0), ("A_HOST_DIRECTORY_ROUND", 1)])],
        "HOST_DIRECTORY_SWEEP": [("A_HOST_DIRECTORY", [("A_HOST_DIRECTORY_ROUND", 0)])],
        "HOST_DIRECTORY_GET": [],
    }


def name_of(number):
    return NAMES["cmd"].get(number, str(number)).removeprefix("CMD_")


def known():
    """The kernel's own list. A new command needs a line in requests(), a group a test of who may join it."""
    family = Socket(NLCTRL).about("holdfast")
    assert 7 not in family, "there are multicast groups"
    operations = [[struct.unpack("=I", value)[0] for _, value in attributes(item)] for _, item in attributes(family[6])]
    for number, flags in sorted(operations):
        assert name_of(number) in requests(1), f"{name_of(number)} is never tried"
        for way in WAYS:
            if flags & FLAGS[way]:
                print(f"{name_of(number)} {way}")


def send(socket, generation, but=()):
    for number in range(256):
        payload = encode(*requests(generation).get(name_of(number), []))
        for way, flags in WAYS.items():
            if name_of(number) in but:
                continue
            try:
                socket.request(number, payload, NLM_F_REQUEST | flags)
                print(f"{name_of(number)} {way}: taken")
            except Refused as refused:
                if refused.error != "Operation not supported":
                    print(f"{name_of(number)} {way}: {refused}")


if __name__ == "__main__":
    if sys.argv[1] == "list":
        known()
    elif sys.argv[1] == "own":
        send(Socket(), status()["A_STATUS_GENERATION"] + 1, ["LOCK"])
    else:
        send(Socket(int(sys.argv[2]) if sys.argv[2:] else "holdfast"), 1 << 30)
