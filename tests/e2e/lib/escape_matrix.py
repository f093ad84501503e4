# SPDX-License-Identifier: Apache-2.0
"""The table of what a container can do to the host.

  escape_matrix.py CATALOGUE TESTS DIRECTORY   prints it. DIRECTORY has what was found: alert, block, host, and of
      usual containers let (under alert) and usual (under block), of lines "ITEM HOW: OUTCOME"; told-let and told, the items of
      which somebody heard in these. TESTS are the end-to-end tests:
      what a file tries by itself it says in its header ("# items:"), and where it has seen it by in_table.
"""
import glob
import os
import re
import sys

UNCOVERED = {
    "MT4": "the newer interface is no gain by itself: what is mounted by it is `MT1`, `MT2` and `MT5`",
    "AS7": "a write to the page cache by a fault of the kernel calls nothing that could be asked. What would notice: a program "
           "that was changed so is the image's still, what it does then is checked like anything else, and `PI` what it gains",
    "PI7": "labels are the security module's own to check. What would notice: its own log",
    "PI8": "who writes these settings is checked (`UH1`, `UH2`); a corrupted kernel's own memory is not. What would notice: `UH4`, "
           "when the program is started",
}
COLUMNS = ("alert", "block", "let", "usual", "host")
WORDS = {
    ("alert", "done"): "happens, reported",
    ("block", "refused"): "refused, reported",
    ("host", "done"): "happens, unheard",
}
# Of a usual container: what is not there says nothing of what the kernel would have refused.
ABSENT = ("No such file or directory", "No such process", "No such device", "No such device or address", "Connection refused")
TOLD = {"let": ("done", "happens, reported"), "usual": ("refused", "refused, reported")}
# Techniques that no item is about: what, and why.
BEYOND = (
    ("a corrupted kernel: its memory alone is written to, by a fault of its own (nf_tables, io_uring, packet sockets, the verifier)",
     "nothing is called that could be asked. What would notice: `AS1` to `AS6`, which most such faults are reached by; `PI` as "
     "soon as it is used, at the next operation that is looked at; `UH4`, `RT5` on the host"),
    ("key rings (`keyctl`)", "programs use them to log in, and runtimes to set up containers. What would notice: `PI` what is gained by a "
     "fault of theirs"),
    ("the kernel starts a program out of a layer of the image", "the layers of an image may be the host's own directories, and what "
     "it starts from there is the host's then. What notices: `UH1` to `UH3`, `CG1` as it is told to"),
    ("`uevent_helper`", "it is `UH2` where there is one; Debian's kernels are built without"),
    ("`nbd` by netlink, disks with numbers that the kernel gives out as it runs (NVMe)", "they have no number by which they could be known. What "
     "notices: `RD1` as a node is made of one, `MT1` as it is mounted"),
)
HEAD = """# What a container can do to the host

Made by `tests/e2e/escape.bats`, on 6.1 and 6.12 alike: each item of [escape-checks.md](escape-checks.md) done in a container that has
been given all that its technique needs, under both actions, in one that has the capabilities and namespaces that Docker gives, without its
filter of system calls, under both, and on the host under `block`: what nobody hears of there is under none. (In the usual one what needs
a user namespace was tried with `AS1` left out, under `block`.) What concerns the host's own programs (`RT`, `UH4`) and a corrupted kernel (`PI`) is done by `escape_runtime.bats` and
`integrity.bats`, with containers of the usual kind: there *on the host* is the same done by who has to do with no container. *Refused* is EPERM, and nothing happened; *the kernel refuses* what the container has no right to,
and *is not there* what it has not been given; nobody hears of either. *Its own* is allowed, as it concerns the container alone.

| Item | | Alert | Block | In a usual container, alert | Block | On the host |
| --- | --- | --- | --- | --- | --- | --- |"""


def outcomes(directory, name):
    found = {}
    with open(os.path.join(directory, name)) as lines:
        for line in lines:
            how, _, outcome = line.rstrip("\n").rpartition(": ")
            found.setdefault(how.split()[0], set()).add(outcome)
    return found


def cell(name, item, found):
    seen = found[name][item]
    if name not in TOLD:
        return " / ".join(sorted(WORDS.get((name, one), f"**{one}**") for one in seen))
    told, word = TOLD[name]
    words = {"its own" if one == "done" else "is not there" if one.endswith(ABSENT) else "the kernel refuses" for one in seen}
    if item in found["told", name]:
        # The error is the same whoever refuses it.
        words -= {"its own", "the kernel refuses"} if told in seen else set()
        words.add(word)
    return " / ".join(sorted(words))


def main(catalogue, tests, directory):
    found = {name: outcomes(directory, name) for name in COLUMNS}
    for name, of in (("let", "told-let"), ("usual", "told")):
        with open(os.path.join(directory, of)) as lines:
            found["told", name] = {line.split()[0] for line in lines if line.strip()}
    elsewhere = {}
    for path in glob.glob(os.path.join(tests, "*.bats")):
        with open(path) as source:
            for item, column, text in re.findall(r'^ *in_table (\w+) (\w+) "([^"]*)"$', source.read(), re.M):
                elsewhere.setdefault(item, {})[column] = text
    print(HEAD)
    with open(catalogue) as source:
        rows = re.findall(r'^HOLDFAST_CHECK\((\w+), .*?\n?\s*"([^"]*)"\)$', source.read(), re.M | re.S)
    for item, about in rows:
        about = about.replace("|", "\\|")
        if item in found["alert"]:
            cells = [cell(name, item, found) for name in COLUMNS]
        elif item in elsewhere:
            # These are tried in containers of the usual kind.
            cells = [elsewhere[item].get("alert" if column == "let" else column, "not tested here") for column in COLUMNS]
        else:
            cells = ["*not covered*: " + UNCOVERED.get(item, "nobody has tried it"), "", "", "", ""]
        print(f"| `{item}` | {about} | " + " | ".join(cells) + " |")
    for about, why in BEYOND:
        print(f"| — | {about} | *not covered*: {why} | | | | |")


if __name__ == "__main__":
    main(*sys.argv[1:])
