# SPDX-License-Identifier: Apache-2.0
"""What the kernel tells of what it holds, compared with what was sent. Each is silent, or says what differs and exits 1.

  dumps.py state                prints what a command could have changed
  dumps.py hits                 prints "HOOK HITS" of each hook
  dumps.py judged               prints the counters of what was judged
  dumps.py policy [DEFAULT]     profiles, patterns, status: as sent, once committed and not before
  dumps.py container CGROUP ROOT  a running one: named, bound, bound again by the next policy
  dumps.py members CGROUP       those of a running container
  dumps.py hooks                symbols as in the sources, attached as ftrace says
  dumps.py hello                the reply to the controller
  dumps.py many                 more than fit in one message: each once
  dumps.py abandoned            dumps that nobody reads to their end
"""
import errno
import glob
import os
import re
import struct
import sys
import time

from genl import N, NAMES, NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, Socket, decode, encode

SMALL = 4096  # bytes to read at once, so that a dump comes in many messages
NLM_F_DUMP_INTR = 0x10
OVERLAY = 0x794C7630
DEFAULTED, ARMED = 1 << 0, 1 << 3  # HOLDFAST_CONTAINER_F_*
MANDATORY, ATTACHED, TRACEPOINT = 1 << 0, 1 << 1, 1 << 2  # HOLDFAST_HOOK_F_*
CONTROLLER = 1 << 2  # HOLDFAST_STATUS_F_CONTROLLER
STATUS_NUMBERS = ("GENERATION", "DEFAULT_PROFILE", "QUERY_TIMEOUT_MS")  # missing before the first policy


def same(what, found, wanted):
    """Lists are compared without their order; what is there twice differs, too."""
    found, wanted = (sorted(items, key=repr) if isinstance(items, list) else [items] for items in (found, wanted))
    if found != wanted:
        for word, items, others in (("found", found, wanted), ("wanted", wanted, found)):
            for item in items:
                if items.count(item) != others.count(item):
                    print(f"{what}: {word} {item}")
        sys.exit(1)


def status():
    (_, pairs), = decode(Socket().do("STATUS_GET")[0][20:])
    return dict([("A_STATUS_" + name, 0) for name in STATUS_NUMBERS] + pairs)


def dump(name, socket=None):
    """One item a message, without what is around it."""
    items = []
    for message in (socket or Socket()).dump(name):
        (_, item), = decode(message[20:])
        items.append(item)
    return items


def put_in_force(parts, default=1, timeout=5000):
    socket, generation = Socket(), status()["A_STATUS_GENERATION"] + 1
    socket.do("POLICY_BEGIN", encode(("A_POLICY_GENERATION", generation), ("A_POLICY_DEFAULT_PROFILE", default),
                                     ("A_POLICY_QUERY_TIMEOUT_MS", timeout)))
    before = state()
    for part in parts:
        socket.do("POLICY_PART", encode(part))
    same("before the commit", state(), before)
    socket.do("POLICY_COMMIT")
    return generation


def profile(number, *rules):
    return [("A_PROFILE_ID", number)] + [("A_PROFILE_RULE", rule) for rule in rules]


def rule(tag, action, *directories, id=0, on_running="ALLOW"):
    running = [("A_RULE_ID", id), ("A_RULE_ON_RUNNING", N["VERDICT_" + on_running])] if id else []
    return [("A_RULE_TAG", tag), ("A_RULE_TYPE", N["RULE_NON_IMAGE_PROGRAM"]), ("A_RULE_ACTION", N["VERDICT_" + action])] + (
        running + [("A_RULE_DIRECTORY", directory) for directory in directories])


def pattern(prefix="", suffix="", parent=""):
    return [("A_PATTERN_PREFIX", prefix), ("A_PATTERN_SUFFIX", suffix), ("A_PATTERN_PARENT", parent)]


def container(cgroup, name, number, generation, flags=0, members=0, device=0, magic=0):
    return [("A_CONTAINER_CGROUP_ID", cgroup), ("A_CONTAINER_NAME", name), ("A_CONTAINER_PROFILE_ID", number),
            ("A_CONTAINER_GENERATION", generation), ("A_CONTAINER_FLAGS", flags), ("A_CONTAINER_MEMBERS", members),
            ("A_CONTAINER_ROOT_DEV", device), ("A_CONTAINER_ROOT_MAGIC", magic), ("A_CONTAINER_OVERFLOW", 0)]


def set_container(cgroup, name, number, generation):
    Socket().do("CONTAINER_SET", encode(("A_CONTAINER", container(cgroup, name, number, generation)[:4])))


PROFILES = [
    profile(1),
    profile(2, rule(21, "DENY")),
    profile(7, rule(71, "ALERT", "/srv/\u00e4", "/opt/plugins/sub dir", "/", "/opt"), rule(72, "ALLOW"),
            rule(0xFFFFFFFF, "DENY", "/usr/local"), rule(73, "DENY", "/opt", id=1 << 63 | 1, on_running="ALERT"),
            rule(74, "ALERT", id=2, on_running="DENY")),
    profile(0xFFFFFFFF, *(rule(tag, "DENY", "/" + "d" * 200) for tag in range(64))),
]
PATTERNS = [pattern("docker-", ".scope"), pattern(parent="docker"), pattern("p" * 64, "s" * 64, "q" * 64), pattern("crio-")]
# More than one message could tell, of the first and of the last of its rules.
LARGE = {0: [f"/srv/{i:0>80}" for i in range(1500)], 2: ["/" + f"{i:0>4000}" for i in range(20)] + ["/"]}


def more(number, index, directories):
    return [("A_PROFILE_ID", number), ("A_PROFILE_MORE", index)] + [("A_PROFILE_DIRECTORY", name) for name in directories]


HEAD = profile(9, rule(91, "DENY"), rule(92, "ALERT"), rule(93, "DENY"))
PIECES = [more(9, index, names[at:at + 5]) for index, names in LARGE.items() for at in range(0, len(names), 5)]
SENT = [("A_PROFILE", item) for item in PROFILES + [HEAD] + PIECES] + [("A_PATTERN", item) for item in PATTERNS]


def told(item):
    """A profile as it is told: the directories of a rule are sorted."""
    return [(name, sorted(value, key=lambda pair: pair[1] if pair[0] == "A_RULE_DIRECTORY" else "")
             if name == "A_PROFILE_RULE" else value) for name, value in item]


def state():
    numbers = status()
    return [(name, numbers["A_STATUS_" + name]) for name in STATUS_NUMBERS + ("FLAGS", "CONTROLLER_PID", "CONTAINERS")] + [
        (name, sorted(dump(name))) for name in ("PROFILE_GET", "PATTERN_GET")] + [
        ("CONTAINER_GET", sorted(item[:5] for item in dump("CONTAINER_GET")))]


def policy(default=7):
    generation = put_in_force(SENT, int(default), 4321)
    items = dump("PROFILE_GET")
    same("profiles", [item for item in items if "A_PROFILE_MORE" not in dict(item)], [told(item) for item in PROFILES + [HEAD]])
    for index, names in LARGE.items():
        same("directories", [name for item in items if item[:2] == more(9, index, []) for _, name in item[2:]], sorted(names))
    same("patterns", dump("PATTERN_GET"), PATTERNS)
    assert dump("PATTERN_GET") == PATTERNS, "patterns are in another order"
    numbers = status()
    same("status", dict((name, numbers["A_STATUS_" + name]) for name in STATUS_NUMBERS),
         {"GENERATION": generation, "DEFAULT_PROFILE": int(default), "QUERY_TIMEOUT_MS": 4321})
    assert numbers["A_STATUS_FLAGS"] & 1 << 3, "no policy is in force"


def of_cgroup(path):
    """Its number, and the processes that it and those below it hold."""
    directory = "/sys/fs/cgroup" + path
    processes = []
    for name in glob.glob(directory + "/**/cgroup.procs", recursive=True):
        with open(name) as file:
            processes += [int(line) for line in file]
    return os.stat(directory).st_ino, processes


def running(path, root):
    """A container that ran its first program without a controller: under the default profile, which is 1."""
    cgroup, processes = of_cgroup(path)
    facts = {"members": len(processes), "device": os.stat(root).st_dev, "magic": OVERLAY}
    generation = status()["A_STATUS_GENERATION"]

    def found():
        everything = dump("CONTAINER_GET")
        same("how many containers", status()["A_STATUS_CONTAINERS"], len(everything))
        return [item for item in everything if item[0] == ("A_CONTAINER_CGROUP_ID", cgroup)]

    same("not named yet", found(), [container(cgroup, "", 1, generation, DEFAULTED | ARMED, **facts)])
    set_container(cgroup, "n\u00e4me", 7, generation)
    same("named", found(), [container(cgroup, "n\u00e4me", 7, generation, ARMED, **facts)])
    put_in_force(SENT)
    same("of no binding", found(), [container(cgroup, "n\u00e4me", 1, generation + 1, ARMED, **facts)])
    put_in_force(SENT + [("A_BINDING", [("A_BINDING_CGROUP_ID", cgroup), ("A_BINDING_PROFILE_ID", 2)])])
    same("of a binding", found(), [container(cgroup, "n\u00e4me", 2, generation + 2, ARMED, **facts)])


def start_ticks(process):
    with open(f"/proc/{process}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[19])


def members(path):
    cgroup, processes = of_cgroup(path)
    socket = Socket(buffer=SMALL)
    socket.datagrams = 0
    everything = dump("MEMBER_GET", socket)
    assert socket.datagrams > 2, "all in one message"
    same("how many members", status()["A_STATUS_MEMBERS"], len(everything))
    ticks = 10**9 // os.sysconf("SC_CLK_TCK")
    found = [[(name, value // ticks if name == "A_MEMBER_START_TIME" else value) for name, value in item] for item in everything]
    same("members", [item for item in found if ("A_MEMBER_CGROUP_ID", cgroup) in item],
         [[("A_MEMBER_TGID", process), ("A_MEMBER_START_TIME", start_ticks(process)), ("A_MEMBER_CGROUP_ID", cgroup),
           ("A_MEMBER_FLAGS", 0)] for process in processes])


def hooks():
    with open("/sys/kernel/tracing/enabled_functions") as file:
        redirected = {line.split()[0] for line in file if " I " in line.partition("tramp")[0]}
    with open("/proc/kallsyms") as file:
        functions = {line.split()[2] for line in file}
    mnt_write = "mnt_get_write_access" if "mnt_get_write_access" in functions else "__mnt_want_write"
    wanted = []
    for name in glob.glob(os.path.join(os.path.dirname(__file__), "../../../kmod/*.c")):
        with open(name) as file:
            source = file.read()
        source = source.replace("HOLDFAST_MNT_WRITE(HOLDFAST_CHECK_HOOK", "HOLDFAST_CHECK_HOOK(" + mnt_write)
        for symbol, rows in (("security_inode_set_acl", "ACL"), ("security_file_truncate", "FILE_TRUNCATE")):
            if symbol not in functions:
                source = re.sub(r"HOLDFAST_" + rows + r"_ROWS\((?:[^()]|\([^()]*\))*\)", "", source)
        for symbol, mandatory in re.findall(r"HOLDFAST_HOOK\((\w+), (\w+)[,)]", source):
            wanted.append((symbol, (mandatory == "true") * MANDATORY | (symbol in redirected) * ATTACHED))
        for symbol in re.findall(r"HOLDFAST_(?:CHECK|HOST)_HOOK\((\w+)[,)]", source):
            wanted.append((symbol, (symbol in redirected) * ATTACHED))
        for symbol in re.findall(r"HOLDFAST_PROBE\((\w+), \w+\)", source):
            wanted.append((symbol, MANDATORY | ATTACHED | TRACEPOINT))
    assert redirected and redirected <= {symbol for symbol, _ in wanted}, redirected
    same("hooks", [tuple(value for _, value in item[:2]) for item in dump("HOOK_GET")], wanted)


def hits():
    """Of those that everything passes; the others are of single checks."""
    for item in dump("HOOK_GET"):
        if dict(item)["A_HOOK_FLAGS"] & MANDATORY:
            print(*(value for name, value in item if name != "A_HOOK_FLAGS"))


def judged():
    numbers = status()
    print(*(numbers["A_STATUS_" + name] for name in ("EXECS", "DENIED", "EVENTS_SEEN")))


def hello():
    """Two controllers, one after the other: the status tells of the last one, until it is gone."""
    loads = []
    for _ in range(2):
        socket = Socket()
        (_, version), (_, boot), (_, load), (_, numbers) = decode(socket.do("HELLO", encode(("A_ABI_VERSION", 1)))[0][20:])
        with open("/proc/sys/kernel/random/boot_id") as file:
            same("version and boot", [version, boot], [1, file.read().strip()])
        loads.append(load)
        same("what a status holds", [name for name, _ in numbers],
             [name for name in NAMES["attr_status"].values() if not name.endswith(("_UNSPEC", "_PAD"))])
        with open("/sys/module/holdfast/version") as file:
            same("version", dict(numbers)["A_STATUS_MODULE_VERSION"], file.read().strip())
        now = status()
        same("controller", [now["A_STATUS_CONTROLLER_PID"], now["A_STATUS_FLAGS"] & CONTROLLER], [os.getpid(), CONTROLLER])
        same("events", now["A_STATUS_EVENTS_SEEN"], sum(now["A_STATUS_EVENTS_" + name] for name in
                                                        ("DELIVERED", "FOLDED", "QUEUED", "OVERFLOW")))
        socket.socket.close()
    assert loads[0] and loads[0] == loads[1], loads
    wait("the controller is gone", lambda: not status()["A_STATUS_CONTROLLER_PID"] and not status()["A_STATUS_FLAGS"] & CONTROLLER)


def without_a_gap():
    """What is there all the time is told, whatever is deleted between two messages of the dump."""
    generation = put_in_force([("A_PROFILE", profile(1))])
    # In one bucket of the kernel's table, by hash_64() of 12 bits, so that each message ends in the midst of it.
    inverse = pow(0x61C8864680B583EB, -1, 1 << 64)
    cgroups = [((5 << 52 | number) * inverse) % (1 << 64) for number in range(1, 2001)]
    # Without those of processes (HOLDFAST_ID_OF_PROCESS).
    cgroups = [cgroup for cgroup in cgroups if not cgroup >> 62 & 1][:800]
    for cgroup in cgroups:
        set_container(cgroup, "", 1, generation)
    for messages in range(3, 18, 3):
        order = [item[0][1] for item in dump("CONTAINER_GET", Socket(buffer=SMALL)) if item[0][1] in cgroups]
        socket, told, end = Socket(buffer=SMALL), set(), False
        # The kernel prepares one message ahead, and no more.
        socket.socket.setsockopt(1, 8, 1)  # SOL_SOCKET, SO_RCVBUF
        socket.send(N["CMD_CONTAINER_GET"], flags=NLM_F_REQUEST | NLM_F_DUMP)

        def read():
            for kind, message in socket.receive():
                if kind == NLMSG_DONE:
                    return True
                told.add(decode(message[20:])[0][1][0][1])
            return False

        for _ in range(messages):
            assert not read(), "too few messages"
        gone = order[len(told):len(told) + 100]
        for cgroup in gone:
            Socket().do("CONTAINER_DEL", encode(("A_CONTAINER", [("A_CONTAINER_CGROUP_ID", cgroup)])))
        while not end:
            end = read()
        missing = set(cgroups) - set(gone) - told
        assert not missing, f"never told, though there: {missing}"
        for cgroup in gone:
            set_container(cgroup, "", 1, generation)
    for cgroup in cgroups:
        Socket().do("CONTAINER_DEL", encode(("A_CONTAINER", [("A_CONTAINER_CGROUP_ID", cgroup)])))


def wait(what, condition):
    for _ in range(300):
        if condition():
            return
        time.sleep(0.1)
    sys.exit(f"never: {what}")


def many():
    profiles = [profile(number, rule(number, "DENY", f"/opt/{number}", f"/srv/{number}")) for number in range(1, 401)]
    patterns = [pattern(f"{number:064}", "s" * 64, "q" * 64) for number in range(64)]
    cgroups = {1 << 40 | number: number for number in range(1, 401)}
    sent = [("A_PROFILE", item) for item in profiles] + [("A_PATTERN", item) for item in patterns]
    before = dump("CONTAINER_GET")
    others = {item[0] for item in before}

    def compare(name, wanted, found=lambda item: True):
        socket = Socket(buffer=SMALL)
        socket.datagrams = 0
        same(name, [item for item in dump(name, socket) if found(item)], wanted)
        assert socket.datagrams > 3, f"{name}: all in one message"

    def ours(item):
        return item[0] not in others

    generation = put_in_force(sent)
    compare("PROFILE_GET", profiles)
    compare("PATTERN_GET", patterns)
    for cgroup, number in cgroups.items():
        set_container(cgroup, f"c{number}", number, generation)
    compare("CONTAINER_GET", [container(cgroup, f"c{number}", number, generation) for cgroup, number in cgroups.items()], ours)
    # the next one binds three of four
    generation = put_in_force(sent + [("A_BINDING", [("A_BINDING_CGROUP_ID", cgroup), ("A_BINDING_PROFILE_ID", 401 - number)])
                                      for cgroup, number in cgroups.items() if number % 4], default=9)
    compare("BINDING_GET", [[("A_BINDING_CGROUP_ID", cgroup), ("A_BINDING_PROFILE_ID", 401 - number)]
                            for cgroup, number in cgroups.items() if number % 4])
    compare("CONTAINER_GET", [container(cgroup, f"c{number}", 401 - number if number % 4 else 9, generation)
                              for cgroup, number in cgroups.items()], ours)
    for cgroup in cgroups:
        Socket().do("CONTAINER_DEL", encode(("A_CONTAINER", [("A_CONTAINER_CGROUP_ID", cgroup)])))
    same("containers are left", [item[:2] for item in dump("CONTAINER_GET")], [item[:2] for item in before])
    # the longest that holdfastd sends: 31 KiB
    long = profile(1, rule(1, "DENY", *(f"/{number:0>120}" for number in range(245))))
    assert 30 << 10 < len(encode(("A_PROFILE", long))) < 31 << 10, len(encode(("A_PROFILE", long)))
    put_in_force([("A_PROFILE", long)])
    same("a long profile", dump("PROFILE_GET"), [long])


def references():
    with open("/sys/module/holdfast/refcnt") as file:
        return int(file.read())


def begun(name="PROFILE_GET"):
    """A socket with a dump of which the first message was read."""
    socket = Socket(buffer=SMALL)
    socket.send(N["CMD_" + name], flags=NLM_F_REQUEST | NLM_F_DUMP)
    assert all(kind != NLMSG_DONE for kind, _ in socket.receive()), "all in one message"
    return socket


def rest(socket):
    """How the dump ends, and whether it says that it was interrupted."""
    interrupted = False
    while True:
        for kind, message in socket.receive():
            interrupted |= bool(struct.unpack_from("=H", message, 6)[0] & NLM_F_DUMP_INTR)
            if kind == NLMSG_DONE:
                return -struct.unpack_from("=i", message, 16)[0], interrupted


def read_by_nobody(socket):
    """The end of a dump, as one sees it who has the socket but may not speak."""
    child = os.fork()
    if not child:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        os._exit(rest(socket)[0])
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def die_in_dump():
    child = os.fork()
    if not child:
        begun()
        os._exit(0)
    same("who dies in a dump", os.waitpid(child, 0)[1], 0)


def abandoned():
    profiles = [profile(number, rule(number, "DENY", f"/opt/{number}")) for number in range(1, 401)]
    sent = [("A_PROFILE", item) for item in profiles]
    generation = put_in_force(sent)
    idle = references()
    same("undisturbed", rest(begun()), (0, False))
    wait("nobody dumps", lambda: references() == idle)

    sockets = [begun() for _ in range(50)]
    same("dumps that are half read", references() - idle, len(sockets))
    same("read on by nobody", read_by_nobody(sockets.pop()), errno.EPERM)
    # a transaction waits for none of them, and who reads on is told
    same("generation", put_in_force(sent[:300]), generation + 1)
    same("read on after a commit", rest(sockets.pop()), (0, True))
    same("profiles", dump("PROFILE_GET"), profiles[:300])
    for socket in sockets:
        socket.socket.close()
    for _ in range(5):
        die_in_dump()
    wait("the module is free of dumps", lambda: references() == idle)
    same("generation", put_in_force(sent), generation + 2)
    same("profiles", dump("PROFILE_GET"), profiles)


if __name__ == "__main__":
    if sys.argv[1] == "state":
        print(*state(), sep="\n")
    else:
        {"hits": hits, "judged": judged, "policy": policy, "container": running, "members": members, "hooks": hooks,
         "hello": hello, "many": many, "without_a_gap": without_a_gap, "abandoned": abandoned}[sys.argv[1]](*sys.argv[2:])
