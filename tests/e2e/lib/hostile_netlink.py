# SPDX-License-Identifier: Apache-2.0
"""One hostile message a name; prints what the kernel said, exits 1 if it was taken."""
import os
import struct
import sys

from genl import (N, NLM_F_ACK, NLM_F_REQUEST, Refused, Socket, attr, begin, escape, more, nest, profile, rule, text, u32, u64)

HIGH = 1 << 30  # a generation above any in force


def part(*parts):
    """The parts, sent in a transaction that would be in order otherwise."""
    socket = Socket()
    socket.do("POLICY_BEGIN", begin(HIGH))
    socket.do("POLICY_PART", *parts)
    socket.do("POLICY_ABORT")


def truncated():
    """Attributes that claim more than there is."""
    part(attr(N["A_PROFILE"] | 0x8000, u32("A_PROFILE_ID", 1), length=400))


def short_header():
    socket = Socket()
    socket.send(N["CMD_STATUS_GET"], length=18)
    for _, message in socket.receive():
        error = struct.unpack_from("=i", message, 16)[0]
        raise Refused(os.strerror(-error), "")


def interleaved():
    first, second = Socket(), Socket()
    first.do("POLICY_BEGIN", begin(HIGH))
    second.do("POLICY_BEGIN", begin(HIGH + 1))


def foreign_commit():
    first, second = Socket(), Socket()
    first.do("POLICY_BEGIN", begin(HIGH))
    first.do("POLICY_PART", profile(1))
    second.do("POLICY_COMMIT")


def stale():
    socket = Socket()
    socket.do("POLICY_BEGIN", begin(HIGH))
    socket.do("POLICY_PART", profile(1))
    socket.do("POLICY_COMMIT")
    socket.do("POLICY_BEGIN", begin(HIGH))
    socket.do("POLICY_PART", profile(1))
    socket.do("POLICY_COMMIT")


def commit(*parts):
    socket = Socket()
    socket.do("POLICY_BEGIN", begin(HIGH))
    socket.do("POLICY_PART", *parts)
    socket.do("POLICY_COMMIT")


def after_fault():
    """A fault ends the transaction: what is left of it cannot be committed."""
    socket = Socket()
    socket.do("POLICY_BEGIN", begin(HIGH))
    socket.do("POLICY_PART", profile(1))
    try:
        socket.do("POLICY_PART", profile(1))
    except Refused:
        socket.do("POLICY_COMMIT")


def binding(cgroup, number):
    return nest("A_BINDING", u64("A_BINDING_CGROUP_ID", cgroup), u32("A_BINDING_PROFILE_ID", number))


def digests(number, data):
    return nest("A_DIGESTS", u32("A_DIGESTS_SET", number), attr("A_DIGESTS_SHA256", data))


def entry(*parts):
    return nest("A_HOST_DIRECTORY_ENTRY", *parts)


ENTRY = entry(u32("A_HOST_ENTRY_WRITE", 0))


def host(directory, *entries):
    descriptor = os.open(directory, os.O_RDONLY) if directory else 9999
    return Socket().do("HOST_DIRECTORY_SET", nest("A_HOST_DIRECTORY", u32("A_HOST_DIRECTORY_FD", descriptor),
                                                  u32("A_HOST_DIRECTORY_ROUND", 1), *entries))


def do(name, *parts):
    return lambda: Socket().do(name, *parts)


CASES = {
    "truncated": truncated,
    "short-header": short_header,
    "unknown-attribute": do("STATUS_GET", attr(N["A_RUNTIME_PROGRAM"] + 40, b"1234")),
    "unknown-command": lambda: Socket().request(N["CMD_LOCK"] + 1),
    "kernel-only-command": do("EVENT"),
    "kernel-only-attribute": do("STATUS_GET", text("A_BOOT_ID", "x")),
    "wrong-size": do("HELLO", attr("A_ABI_VERSION", b"1")),
    "wrong-version": do("HELLO", u32("A_ABI_VERSION", 99)),
    "missing": do("HELLO"),
    "not-nested": lambda: part(attr("A_PROFILE", u32("A_PROFILE_ID", 1))),
    "nested-wrong": lambda: part(nest("A_PROFILE", u32("A_PROFILE_ID", 1), nest("A_PROFILE_ID", u32("A_PROFILE_ID", 1)))),
    "unknown-nested": lambda: part(nest("A_PROFILE", u32("A_PROFILE_ID", 1), u32(77, 1))),
    "unterminated": lambda: part(profile(1, nest("A_PROFILE_RULE", u32("A_RULE_TAG", 1), u32("A_RULE_TYPE", 1),
                                                 u32("A_RULE_ACTION", 2), attr("A_RULE_DIRECTORY", b"/opt")))),
    "relative-directory": lambda: part(profile(1, rule(1, 2, "opt"))),
    "dotted-directory": lambda: part(profile(1, rule(1, 2, "/opt/../etc"))),
    "long-directory": lambda: part(profile(1, rule(1, 2, "/" + "x" * 5000))),
    "too-many-directories": lambda: part(profile(1, rule(1, 2, "/a")), *[more(1, 0, *["/a"] * 1024)] * 16),
    "more-of-no-profile": lambda: part(more(1, 0, "/a")),
    "more-of-no-rule": lambda: part(profile(1, rule(1, 2)), more(1, 1, "/a")),
    "more-of-an-escape": lambda: part(profile(1, escape(1, 2, attr("A_RULE_CHECKS", bytes(16)))), more(1, 0, "/a")),
    "more-relative": lambda: part(profile(1, rule(1, 2)), more(1, 0, "/a", "b")),
    "large-profile": lambda: part(profile(1, rule(1, 2, *(f"/{i:0>40}" for i in range(700))))),
    "too-many-rules": lambda: part(profile(1, *(rule(i, 2) for i in range(65)))),
    "unknown-action": lambda: part(profile(1, rule(1, 3))),
    "unknown-on-running": lambda: part(profile(1, rule(1, 2, on_running=3))),
    "running-without-id": lambda: part(profile(1, nest("A_PROFILE_RULE", u32("A_RULE_TAG", 1), u32("A_RULE_TYPE", 1),
                                                       u32("A_RULE_ACTION", 2), u32("A_RULE_ON_RUNNING", 1)))),
    "unknown-type": lambda: part(profile(1, nest("A_PROFILE_RULE", u32("A_RULE_TAG", 1), u32("A_RULE_TYPE", 9),
                                                 u32("A_RULE_ACTION", 2)))),
    "escape-without-checks": lambda: part(profile(1, escape(1, 2))),
    "short-checks": lambda: part(profile(1, escape(1, 2, attr("A_RULE_CHECKS", b"x" * 15)))),
    "long-checks": lambda: part(profile(1, escape(1, 2, attr("A_RULE_CHECKS", b"x" * 17)))),
    "checks-of-programs": lambda: part(profile(1, escape(1, 2, attr("A_RULE_CHECKS", b"x" * 16), kind=1))),
    "escape-running": lambda: part(profile(1, escape(1, 2, attr("A_RULE_CHECKS", b"x" * 16), u64("A_RULE_ID", 1),
                                                     u32("A_RULE_ON_RUNNING", 1)))),
    "unknown-check": lambda: part(profile(1, escape(1, 2, attr("A_RULE_CHECKS", b"\1" + b"\0" * 14 + b"\x80")))),
    "escape-directory": lambda: part(profile(1, escape(1, 2, attr("A_RULE_CHECKS", b"\1" + b"\0" * 15),
                                                       text("A_RULE_DIRECTORY", "/opt")))),
    "profile-zero": lambda: part(profile(0)),
    "profile-twice": lambda: part(profile(1), profile(1)),
    "part-of-nothing": lambda: part(u32("A_ABI_VERSION", 1)),
    "long-pattern": lambda: part(nest("A_PATTERN", text("A_PATTERN_PREFIX", "x" * 65))),
    "pattern-of-all": lambda: part(nest("A_PATTERN", text("A_PATTERN_SUFFIX", ".scope"))),
    "too-many-patterns": lambda: part(*(nest("A_PATTERN", text("A_PATTERN_PREFIX", f"p{i}-")) for i in range(65))),
    "digests-without-set": lambda: part(nest("A_DIGESTS", attr("A_DIGESTS_SHA256", b"x" * 32))),
    "torn-digest": lambda: part(digests(1, b"x" * 33)),
    "short-digest": lambda: part(digests(1, b"x" * 31)),
    "digest-of-zeros": lambda: part(digests(1, b"x" * 32 + b"\0" * 32)),
    "no-such-set": lambda: part(profile(1, rule(1, 2, digest_set=7))),
    "set-not-in-force": lambda: part(nest("A_DIGESTS", u32("A_DIGESTS_SET", 7))),
    "relative-program": lambda: part(text("A_RUNTIME_PROGRAM", "bin/init")),
    "too-many-programs": lambda: part(*(text("A_RUNTIME_PROGRAM", f"/init{i}") for i in range(33))),
    "no-default": lambda: commit(profile(2)),
    "binding-to-nothing": lambda: commit(profile(1), binding(5, 9)),
    "binding-twice": lambda: commit(profile(1), binding(5, 1), binding(5, 1)),
    "no-transaction": do("POLICY_COMMIT"),
    "interleaved": interleaved,
    "foreign-commit": foreign_commit,
    "after-fault": after_fault,
    "stale": stale,
    "stale-binding": do("CONTAINER_SET", nest("A_CONTAINER", u64("A_CONTAINER_CGROUP_ID", 5), text("A_CONTAINER_NAME", "x"),
                                              u32("A_CONTAINER_PROFILE_ID", 1), u32("A_CONTAINER_GENERATION", 7))),
    "long-name": do("CONTAINER_SET", nest("A_CONTAINER", u64("A_CONTAINER_CGROUP_ID", 5), text("A_CONTAINER_NAME", "x" * 129))),
    "flag-of-the-kernel": do("CONTAINER_SET", nest("A_CONTAINER", u64("A_CONTAINER_CGROUP_ID", 5), u32("A_CONTAINER_FLAGS", 1))),
    "no-such-container": do("CONTAINER_DEL", nest("A_CONTAINER", u64("A_CONTAINER_CGROUP_ID", 5))),
    "no-such-process": do("ADOPT", nest("A_MEMBER", u32("A_MEMBER_TGID", 1), u64("A_MEMBER_START_TIME", 1),
                                        u64("A_MEMBER_CGROUP_ID", 5))),
    "no-such-query": do("QUERY_ANSWER", nest("A_QUERY", u64("A_QUERY_ID", 1 << 60), u32("A_QUERY_ANSWER", 3))),
    "unknown-answer": do("QUERY_ANSWER", nest("A_QUERY", u64("A_QUERY_ID", 1), u32("A_QUERY_ANSWER", 4))),
    "future-ack": do("EVENT_ACK", u64("A_ACK_NUMBER", 1 << 60)),
    "no-probes": do("CALIBRATE"),
    "bad-probe": do("CALIBRATE", nest("A_PROBE", u32("A_PROBE_FD", 9999), u32("A_PROBE_EXPECT", 1))),
    "foreign-probe": lambda: Socket().do("CALIBRATE", nest("A_PROBE", u32("A_PROBE_FD", os.open("/etc/passwd", os.O_RDONLY)),
                                                           u32("A_PROBE_EXPECT", 1))),
    "host-file": lambda: host("/etc/passwd", ENTRY),
    "host-nothing": lambda: host(None, ENTRY),
    "host-without-round": do("HOST_DIRECTORY_SET", nest("A_HOST_DIRECTORY", u32("A_HOST_DIRECTORY_FD", 0), ENTRY)),
    "host-without-entries": lambda: host("/etc"),
    "host-too-many-entries": lambda: host("/etc", *[ENTRY] * 97),
    "host-no-item": lambda: host("/etc", entry(text("A_HOST_ENTRY_NAME", "x"))),
    "host-unknown-item": lambda: host("/etc", entry(u32("A_HOST_ENTRY_WRITE", 1000))),
    "host-path": lambda: host("/etc", entry(text("A_HOST_ENTRY_NAME", "a/b"), u32("A_HOST_ENTRY_WRITE", 0))),
    "host-tree-of-name": lambda: host("/etc", entry(text("A_HOST_ENTRY_NAME", "a"), u32("A_HOST_ENTRY_FLAGS", 1),
                                                    u32("A_HOST_ENTRY_WRITE", 0))),
    "host-long-name": lambda: host("/etc", entry(text("A_HOST_ENTRY_NAME", "x" * 60), u32("A_HOST_ENTRY_WRITE", 0))),
    "status": do("STATUS_GET"),
    "dump": lambda: Socket().dump("MEMBER_GET"),
    "dump-of-a-do": lambda: Socket().dump("STATUS_GET"),
    "die": lambda: die_in_transaction(),
    "in-order": lambda: part(profile(1, rule(1, 2, "/opt", "/"))),
    "flood": lambda: flood(),
}


def die_in_transaction():
    socket = Socket()
    socket.do("POLICY_BEGIN", begin(HIGH))
    socket.do("POLICY_PART", profile(1))
    os._exit(0)


def flood():
    """Noise: random bytes behind a good header, and nothing comes of it."""
    import random
    random.seed(7)
    socket = Socket()
    commands = [number for number in range(1, N["CMD_HOST_DIRECTORY_GET"] + 1) if number != N["CMD_LOCK"]]
    for _ in range(3000):
        noise = bytes(random.getrandbits(8) for _ in range(random.randrange(200)))
        command = random.choice(commands)
        try:
            socket.request(command, noise, NLM_F_REQUEST | NLM_F_ACK)
        except Refused:
            pass
    raise Refused("all", "of it")


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(CASES))
        return 0
    try:
        CASES[sys.argv[1]]()
    except Refused as refused:
        print(refused)
        return 0
    print("taken")
    return 1


if __name__ == "__main__":
    sys.exit(main())
