# SPDX-License-Identifier: Apache-2.0
"""The table of what a container can do to the host.

  escape_matrix.py CATALOGUE TESTS DIRECTORY   prints it. DIRECTORY has what was found: alert, block, usual and host, of lines
      "ITEM HOW: OUTCOME", and told, the items of which somebody heard in a usual container. TESTS are the end-to-end tests:
      what a file tries by itself it says in its header ("# items:").
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
WORDS = {
    ("alert", "done"): "happens, reported",
    ("block", "refused"): "refused, reported",
    ("host", "done"): "happens, unheard",
}
HEAD = """# What a container can do to the host

Made by `tests/e2e/escape.bats`, on 6.1 and 6.12 alike: each item of [escape-checks.md](escape-checks.md) done in a container that has
been given all that its technique needs, under both actions, in one that has the capabilities and namespaces that Docker gives, without its
filter of system calls, under `block`, and on the host under `block`. (In the usual one what needs a user namespace was tried with
`AS1` left out.) *Refused* is EPERM, and nothing happened; *the kernel refuses* what the container has no right to, or has
not, which nobody hears of. *Its own* is allowed, as it concerns the container alone.

| Item | | Alert | Block | In a usual container | On the host |
| --- | --- | --- | --- | --- | --- |"""


def outcomes(directory, name):
    found = {}
    with open(os.path.join(directory, name)) as lines:
        for line in lines:
            how, _, outcome = line.rstrip("\n").rpartition(": ")
            found.setdefault(how.split()[0], set()).add(outcome)
    return found


def cell(name, item, found):
    seen = found[name][item]
    if name != "usual":
        return " / ".join(sorted(WORDS.get((name, one), f"**{one}**") for one in seen))
    words = {"its own" if one == "done" else "the kernel refuses" for one in seen}
    if item in found["told"]:
        words = words - {"the kernel refuses"} | {"refused, reported"}
    return " / ".join(sorted(words))


def main(catalogue, tests, directory):
    found = {name: outcomes(directory, name) for name in ("alert", "block", "usual", "host")}
    with open(os.path.join(directory, "told")) as lines:
        found["told"] = {line.split()[0] for line in lines if line.strip()}
    elsewhere = {}
    for path in glob.glob(os.path.join(tests, "*.bats")):
        with open(path) as source:
            for item in " ".join(re.findall(r"^# items: (.*)", source.read(), re.M)).split():
                elsewhere[item] = os.path.basename(path)
    print(HEAD)
    with open(catalogue) as source:
        rows = re.findall(r'^HOLDFAST_CHECK\((\w+), .*?\n?\s*"([^"]*)"\)$', source.read(), re.M | re.S)
    for item, about in rows:
        about = about.replace("|", "\\|")
        if item in found["alert"]:
            cells = [cell(name, item, found) for name in ("alert", "block", "usual", "host")]
        elif item in elsewhere:
            cells = [f"in `tests/e2e/{elsewhere[item]}`", "", "", ""]
        else:
            cells = ["*not covered*: " + UNCOVERED.get(item, "nobody has tried it"), "", "", ""]
        print(f"| `{item}` | {about} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main(*sys.argv[1:])
