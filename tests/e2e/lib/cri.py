#!/usr/bin/env python3
"""A client of the kubelet's runtime interface (cri-api runtime/v1/api.proto), as far as the tests need one.

  cri.py start NAMESPACE POD NAME IMAGE [LABEL=VALUE...]   a pod with one container; prints POD-ID CONTAINER-ID
  cri.py exec CONTAINER-ID ARG...                          runs it; exits as it does
  cri.py end POD-ID                                        stops and removes all of it

The pod is in the host's network, so that no CNI plug-in is needed. The engine is containerd, or what listens at CRI_SOCKET.
CRI_CGROUP_PARENT is the pod's cgroup, for systemd's cgroups the name of a slice.
"""

import os
import sys

import grpc

SOCKET = "unix://" + os.environ.get("CRI_SOCKET", "/run/containerd/containerd.sock")


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def message(*fields):
    """(number, value): a text, a message's bytes, a number, a dictionary of texts (map), or a list of these."""
    out = b""
    for number, value in fields:
        if isinstance(value, list):
            out += message(*((number, one) for one in value))
        elif isinstance(value, dict):
            out += message(*((number, message((1, k), (2, v))) for k, v in value.items()))
        elif isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            value = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def fields(data):
    """What message() makes, by number; a later one of the same number wins."""
    found, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = number()
        value = number()
        if tag & 7 == 2:
            at += value
            value = data[at - value : at]
        found[tag >> 3] = value
    return found


def call(channel, method, request):
    stub = channel.unary_unary(f"/runtime.v1.RuntimeService/{method}", request_serializer=None, response_deserializer=None)
    return fields(stub(request, timeout=120))


def start(channel, namespace, pod, name, image, *labels):
    host_network = message((1, os.environ.get("CRI_CGROUP_PARENT", "")), (2, message((1, message((1, 2))))))
    config = message(
        (1, message((1, pod), (2, f"uid-of-{pod}"), (3, namespace))),
        (3, "/var/log/pods"),
        (6, {"tier": "front"}),
        (7, {"io.kubernetes.cri.image-name": "localhost/claimed:1"}),  # annotations: whoever makes a pod may write any
        (8, host_network),
    )
    sandbox = call(channel, "RunPodSandbox", message((1, config)))[1].decode()
    container = message(
        (1, message((1, name))),
        (2, message((1, image))),
        (3, ["/bin/sleep", "1000"]),
        (9, dict(label.split("=", 1) for label in labels)),
        (11, f"{name}.log"),
    )
    made = call(channel, "CreateContainer", message((1, sandbox), (2, container), (3, config)))[1].decode()
    call(channel, "StartContainer", message((1, made)))
    print(sandbox, made)


def execute(channel, container, *command):
    answer = call(channel, "ExecSync", message((1, container), (2, list(command)), (3, 60)))
    sys.stdout.write(answer.get(1, b"").decode())
    sys.stderr.write(answer.get(2, b"").decode())
    return answer.get(3, 0)


def end(channel, sandbox):
    call(channel, "StopPodSandbox", message((1, sandbox)))
    call(channel, "RemovePodSandbox", message((1, sandbox)))


def main():
    with grpc.insecure_channel(SOCKET) as channel:
        commands = {"start": start, "exec": execute, "end": end}
        return commands[sys.argv[1]](channel, *sys.argv[2:])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except grpc.RpcError as error:
        sys.exit(f"cri: {error.code()}: {error.details()}")
