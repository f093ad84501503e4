# SPDX-License-Identifier: Apache-2.0
"""A controller of one profile, for tests of the module alone: answers each query, acknowledges each event."""
import argparse
import ctypes
import os
import struct
import subprocess
import tempfile

from genl import N, Socket, attributes, begin, nest, profile, rule, text, u32, u64


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--action", choices=["allow", "alert", "deny"], default="deny")
    parser.add_argument("--mute", action="store_true", help="answer nothing")
    parser.add_argument("--uncalibrated", action="store_true", help="leave overlayfs unverified")
    parser.add_argument("--on-running", action="store_true", help="the rule is about what runs already, too, and reports it")
    parser.add_argument("--timeout-ms", type=int, default=10000)
    parser.add_argument("--generation", type=int, default=1)
    return parser.parse_args()


def calibrate(socket):
    """Probes on a scratch overlay in a mount namespace of this process."""
    subprocess.check_call(["mount", "--make-rprivate", "/"])
    directory = tempfile.mkdtemp(dir="/run")
    subprocess.check_call(["mount", "-t", "tmpfs", "tmpfs", directory])
    for name in ("lower", "upper", "work", "merged"):
        os.mkdir(f"{directory}/{name}")
    for name in ("lower", "copied", "mode"):
        with open(f"{directory}/lower/{name}", "w") as file:
            file.write("x")
    subprocess.check_call(["mount", "-t", "overlay", "overlay", f"{directory}/merged", "-o",
                           f"lowerdir={directory}/lower,upperdir={directory}/upper,workdir={directory}/work"])
    with open(f"{directory}/merged/new", "w") as file:
        file.write("y")
    with open(f"{directory}/merged/copied", "a") as file:
        file.write("y")
    os.chmod(f"{directory}/merged/mode", 0o755)
    os.mkdir(f"{directory}/merged/directory")
    kinds = {"lower": "EXPECT_LOWER", "new": "EXPECT_UPPER", "copied": "EXPECT_UPPER", "mode": "EXPECT_UPPER",
             "directory": "EXPECT_UPPER"}
    descriptors = {name: os.open(f"{directory}/merged/{name}", os.O_RDONLY) for name in kinds}
    socket.do("CALIBRATE", *(nest("A_PROBE", u32("A_PROBE_FD", descriptors[name]), u32("A_PROBE_EXPECT", N[kind]))
                             for name, kind in kinds.items()))


def answer(socket, message, generation, mute):
    query = dict(attributes(next(data for number, data in attributes(message[20:]) if number == N["A_QUERY"])))
    print("QUERY", query[N["A_QUERY_CGROUP_PATH"]], flush=True)
    if mute:
        return
    try:
        socket.do("QUERY_ANSWER", nest(
            "A_QUERY", u64("A_QUERY_ID", struct.unpack("=Q", query[N["A_QUERY_ID"]])[0]),
            u32("A_QUERY_ANSWER", N["ANSWER_CONTAINER"]),
            nest("A_QUERY_CONTAINER", text("A_CONTAINER_NAME", "test"), u32("A_CONTAINER_PROFILE_ID", 1),
                 u32("A_CONTAINER_GENERATION", generation))))
    except OSError as error:
        print(error, flush=True)


def acknowledge(socket, message):
    for number, data in attributes(message[20:]):
        if number == N["A_EVENT"]:
            event = dict(attributes(data))
            print("EVENT", struct.unpack("=I", event[N["A_EVENT_KIND"]])[0], event.get(N["A_EVENT_PATH"]), flush=True)
            last = struct.unpack("=Q", event[N["A_EVENT_NUMBER"]])[0]
    socket.do("EVENT_ACK", u64("A_ACK_NUMBER", last))


def main():
    options = arguments()
    ctypes.CDLL(None).unshare(0x00020000)  # CLONE_NEWNS
    requests, stream = Socket(), Socket()
    requests.do("POLICY_BEGIN", begin(options.generation), u32("A_POLICY_QUERY_TIMEOUT_MS", options.timeout_ms))
    requests.do("POLICY_PART", profile(1, rule(7, ["allow", "alert", "deny"].index(options.action), "/opt/plugins",
                                                    on_running=options.on_running)))
    if options.on_running:  # of containers that run already
        requests.do("POLICY_PART", nest("A_PATTERN", text("A_PATTERN_PREFIX", "docker-"), text("A_PATTERN_SUFFIX", ".scope")))
    requests.do("POLICY_COMMIT")
    if not options.uncalibrated:
        calibrate(requests)
    stream.do("HELLO", u32("A_ABI_VERSION", 1))
    stream.socket.settimeout(None)
    print("ready", flush=True)
    while True:
        for kind, message in stream.receive():
            if kind == stream.family and message[16] == N["CMD_QUERY"]:
                answer(requests, message, options.generation, options.mute)
            elif kind == stream.family and message[16] == N["CMD_EVENT"]:
                acknowledge(requests, message)


main()
