# SPDX-License-Identifier: Apache-2.0
"""Generic netlink by hand, for tests: also messages that no library would send."""
import os
import re
import socket
import struct

NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED = 0x8000
HEADER = os.path.join(os.path.dirname(__file__), "../../../kmod/include/uapi/linux/holdfast.h")


def abi():
    """Of the ABI's header: the numbers of all names; the names of the numbers, by enumeration; and what each attribute holds."""
    numbers, names = {}, {}
    with open(HEADER) as header:
        source = header.read()
    for enumeration, body in re.findall(r"^enum holdfast_(\w+) {(.*?)^};", source, re.S | re.M):
        names[enumeration] = {}
        for line in re.sub(r"/\*.*?\*/", "", body, flags=re.S).split(","):
            name = line.strip()
            if re.fullmatch(r"HOLDFAST_\w+", name):
                name = name[len("HOLDFAST_"):]
                numbers[name] = len(names[enumeration])
                names[enumeration][numbers[name]] = name
    return numbers, names, dict(re.findall(r"@HOLDFAST_(A_\w+): (?:nest of enum holdfast_)?(u32|u64|string|binary|attr_\w+)", source))


N, NAMES, KINDS = abi()


def u32(kind, value):
    return attr(kind, struct.pack("=I", value))


def u64(kind, value):
    return attr(kind, struct.pack("=Q", value))


def text(kind, value):
    return attr(kind, value.encode() + b"\0")


def attr(kind, data, length=None):
    number = N[kind] if isinstance(kind, str) else kind
    size = 4 + len(data)
    return struct.pack("=HH", size if length is None else length, number) + data + b"\0" * (-size % 4)


def nest(kind, *parts):
    return attr(N[kind] | NLA_F_NESTED, b"".join(parts))


def attributes(data):
    """(number, payload) of each attribute."""
    while len(data) >= 4:
        size, number = struct.unpack_from("=HH", data)
        yield number & 0x3FFF, data[4:size]
        data = data[(size + 3) & ~3:]


def encode(*pairs):
    """Attributes of (name, value), as the header says that they are; of nested ones the value is a list of pairs."""
    put = {"u32": u32, "u64": u64, "string": text, "binary": attr}
    return b"".join(put[KINDS[name]](name, value) if KINDS[name] in put else nest(name, encode(*value))
                    for name, value in pairs)


def decode(data, enumeration="attr"):
    """The reverse. What the header does not know is an error."""
    get = {"u32": lambda d: struct.unpack("=I", d)[0], "u64": lambda d: struct.unpack("=Q", d)[0],
           "string": lambda d: d[:d.index(b"\0")].decode(), "binary": bytes}
    pairs = []
    for number, value in attributes(data):
        name = NAMES[enumeration][number]
        if not name.endswith("_PAD"):
            kind = KINDS[name]
            pairs.append((name, get[kind](value) if kind in get else decode(value, kind)))
    return pairs


class Refused(Exception):
    """What the kernel answered: the error's name and its extended ack."""

    def __init__(self, error, message):
        super().__init__(f"{error}: {message}")
        self.error, self.message = error, message


NLCTRL = 16  # the family that knows the others


class Socket:
    def __init__(self, family="holdfast", buffer=1 << 20):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.socket.bind((0, 0))
        self.socket.setsockopt(270, 11, 1)  # NETLINK_EXT_ACK
        self.socket.settimeout(20)
        self.sequence = 0
        self.buffer = buffer  # the kernel makes no message of a dump longer than what it has seen being read
        self.datagrams = 0
        self.early = []  # what came among the answers to a request, and is none
        self.family = NLCTRL if isinstance(family, str) else family
        if isinstance(family, str):
            self.family = struct.unpack("=H", self.about(family)[1])[0]

    def about(self, family):
        """What the controller says of a family, by attribute."""
        return dict(attributes(self.request(3, attr(2, family.encode() + b"\0"))[0][20:]))

    def send(self, command, payload=b"", flags=NLM_F_REQUEST | NLM_F_ACK, length=None):
        self.sequence += 1
        body = struct.pack("=BBH", command, 1, 0) + payload
        size = 16 + len(body)
        self.socket.send(struct.pack("=IHHII", size if length is None else length, self.family, flags,
                                     self.sequence, 0) + body)

    def receive(self):
        """What nobody asked for: (type, whole message)."""
        early, self.early = self.early, []
        yield from early or self.datagram()

    def datagram(self):
        """Its messages: (type, whole message)."""
        data = self.socket.recv(self.buffer)
        self.datagrams += 1
        while len(data) >= 16:
            size, kind = struct.unpack_from("=IH", data)
            yield kind, data[:size]
            data = data[(size + 3) & ~3:]

    def request(self, command, payload=b"", flags=NLM_F_REQUEST | NLM_F_ACK):
        self.send(command, payload, flags)
        replies = []
        while True:
            for kind, message in self.datagram():
                if struct.unpack_from("=I", message, 8)[0] != self.sequence:
                    self.early.append((kind, message))
                    continue
                if kind not in (NLMSG_DONE, NLMSG_ERROR):
                    replies.append(message)
                    continue
                error = -struct.unpack_from("=i", message, 16)[0]
                if error:
                    raise Refused(os.strerror(error), self.explanation(message) if kind == NLMSG_ERROR else "")
                return replies

    @staticmethod
    def explanation(message):
        """NLMSGERR_ATTR_MSG, behind the request that is quoted in full."""
        quoted = struct.unpack_from("=I", message, 20)[0]
        for number, data in attributes(message[20 + ((quoted + 3) & ~3):]):
            if number == 1:
                return data.rstrip(b"\0").decode()
        return ""

    def do(self, name, *parts):
        return self.request(N["CMD_" + name], b"".join(parts))

    def dump(self, name):
        return self.request(N["CMD_" + name], flags=NLM_F_REQUEST | NLM_F_DUMP)


def profile(number, *rules):
    return nest("A_PROFILE", u32("A_PROFILE_ID", number), *rules)


def rule(tag, action, *directories, on_running=0, digest_set=0):
    programs = [u32("A_RULE_DIGEST_SET", digest_set)] if digest_set else []
    running = [u64("A_RULE_ID", tag), u32("A_RULE_ON_RUNNING", on_running)] if on_running else []
    return nest("A_PROFILE_RULE", u32("A_RULE_TAG", tag), u32("A_RULE_TYPE", 1), u32("A_RULE_ACTION", action), *running, *programs,
                *[text("A_RULE_DIRECTORY", directory) for directory in directories])


def more(number, index, *directories):
    """More of a rule of a profile that came before."""
    return nest("A_PROFILE", u32("A_PROFILE_ID", number), u32("A_PROFILE_MORE", index),
                *[text("A_PROFILE_DIRECTORY", directory) for directory in directories])


def escape(tag, action, *parts, kind=2):
    """A rule about escapes, or of another kind."""
    return nest("A_PROFILE_RULE", u32("A_RULE_TAG", tag), u32("A_RULE_TYPE", kind), u32("A_RULE_ACTION", action), *parts)


def begin(generation, default_profile=1):
    return u32("A_POLICY_GENERATION", generation) + u32("A_POLICY_DEFAULT_PROFILE", default_profile)
