# SPDX-License-Identifier: Apache-2.0
"""The table of ways to get code running in a container.

  exec_matrix.py DOCUMENT KERNEL DIRECTORY   prints the document with what was found on this kernel in its columns. Of each
      runtime that was tried DIRECTORY/RUNTIME has the files foreign, own and open, of lines "WAY: OUTCOME" with a rule that
      blocks.
"""
import os
import re
import sys

RUNTIMES = ["runc", "crun", "podman", "docker", "containerd"]
KERNELS = ["6.1", "6.12"]
COLUMNS = [f"{runtime}, {kernel}" for kernel in KERNELS for runtime in RUNTIMES]

# Ways that a runtime has not, rather than the kernel.
OF_RUNTIMES = {"on-named-volume"}

# What each file's outcomes are called.
CELLS = {
    ("foreign", "refused"): "refused",
    ("foreign", "none"): "not tested here: the kernel has no such way",
    ("own", "ran"): "the image's own",
    ("own", "none"): "not tested here: the kernel has no such way",
    ("open", "ran"): "not covered",
}

GROUPS = {
    "Starting a program that is not the image's": {
        "copied": "a copy of a program, by its path",
        "by-fd": "`execveat` of a descriptor, `AT_EMPTY_PATH`",
        "by-path-fd": "`execveat` of an `O_PATH` descriptor",
        "by-directory-fd": "`execveat` relative to a directory's descriptor",
        "by-passed-fd": "a descriptor that came by `SCM_RIGHTS`",
        "by-proc": "`/proc/self/fd/N`",
        "by-exe-link": "`/proc/PID/exe` of one that ran before the rule was in force",
        "by-thread": "by a thread that is not the first",
        "by-vfork": "in a child of `vfork`",
        "by-spawn": "`posix_spawn`",
        "by-clone3": "in a child of `clone3`",
        "by-cgroup": "likewise, which `CLONE_INTO_CGROUP` puts into a cgroup of its own",
        "checked": "asked whether it would run, `AT_EXECVE_CHECK`",
        "by-symlink": "a symbolic link to it",
        "hard-link": "a hard link to it",
        "replaced-in-place": "written over a program of the image",
        "renamed-over": "renamed over a program of the image",
        "never-named": "`O_TMPFILE` on a tmpfs",
        "never-named-in-layer": "`O_TMPFILE` in the container's layer",
        "unlinked": "unlinked while open",
        "later-executable": "made executable after it was opened",
        "by-io-uring": "written by io_uring",
        "memfd": "memfd",
        "sealed-memfd": "sealed memfd",
        "script": "a `#!` script",
        "nested-script": "a script of the image whose interpreter is a dropped script",
        "after-failed-exec": "after an exec that failed",
        "script-interpreter": "a script of the image with a dropped interpreter",
        "program-interpreter": "a program of the image with a dropped `PT_INTERP`",
        "for-registered-interpreter": "a program that binfmt_misc has an interpreter for, which the host has registered",
        "registered-open": "a program of the image with a dropped interpreter that the container registers with binfmt_misc, flag `F`",
        "registered-by-name": "likewise, by its name only",
        "registered-in-namespace": "likewise, flag `F`, with the binfmt_misc of a user namespace of its own",
        "compat": "a program for 32 bits",
        "started-again": "left in its layer by a container that is started again",
    },
    "Loading code that is not the image's": {
        "map": "`mmap`, private and executable",
        "map-shared": "`mmap`, shared and executable",
        "map-implied": "`mmap` with the personality `READ_IMPLIES_EXEC`",
        "map-remapped": "`mmap` to read, then `remap_file_pages` with that personality",
        "mprotect": "`mmap` to read, then `mprotect`",
        "mprotect-written": "private mapping, written to, then `mprotect`",
        "mprotect-own-written": "likewise of a file of the image",
        "segment": "`shmat` with `SHM_EXEC`",
        "map-relinked": "memory without a file, as the file that `/proc/PID/map_files` makes of it",
        "by-loader": "`ld.so PROGRAM`",
        "preload": "`LD_PRELOAD`",
        "audit": "`LD_AUDIT`",
        "library-path": "`LD_LIBRARY_PATH`",
        "rpath": "`DT_RUNPATH` into a volume",
        "dlopen": "`dlopen`",
    },
    "Places": {
        "on-tmpfs": "tmpfs",
        "map-tmpfs": "tmpfs, `mmap`",
        "on-shm": "`/dev/shm`",
        "on-volume": "a volume, put there by its owner",
        "copied-to-volume": "a volume, put there by the container",
        "on-named-volume": "a volume that has a name with the engine",
        "on-empty-directory": "a pod's `emptyDir`",
        "on-squashfs": "squashfs on a loop device",
        "on-fuse": "FUSE",
        "on-9p": "9p, a file system of another machine's",
        "from-outside": "the container's layer, put there from outside",
        "own-overlay": "an overlay that the container mounted over it",
        "own-overlay-of-image": "an overlay that the container mounted over a program of the image: whose copy that is, nothing tells",
        "bound": "a bind mount by the container",
        "user-namespace": "a mount in a user namespace of its own",
    },
    "The image's own": {
        "own-program": "a program, by its path",
        "own-by-symlink": "by a symbolic link that the container made",
        "own-script": "a script",
        "own-by-fd": "`execveat` of a descriptor",
        "own-by-path-fd": "`execveat` of an `O_PATH` descriptor",
        "own-by-directory-fd": "`execveat` relative to a directory's descriptor",
        "own-by-passed-fd": "a descriptor that came by `SCM_RIGHTS`",
        "own-by-proc": "`/proc/self/fd/N`",
        "own-by-exe-link": "`/proc/self/exe`",
        "own-by-thread": "by a thread that is not the first",
        "own-by-vfork": "in a child of `vfork`",
        "own-by-spawn": "`posix_spawn`",
        "own-by-clone3": "in a child of `clone3`",
        "own-by-cgroup": "likewise, which `CLONE_INTO_CGROUP` puts into a cgroup of its own",
        "own-unlinked": "unlinked while open",
        "own-nested-script": "a script whose interpreter is a script",
        "own-after-failed-exec": "after an exec that failed",
        "own-registered-interpreter": "a program that binfmt_misc has an interpreter for, which the host has registered with flag `F`",
        "own-registered-open": "a program with an interpreter of the image that the container registers with binfmt_misc, flag `F`",
        "own-registered-by-name": "likewise, by its name only",
        "own-compat": "a program for 32 bits",
        "own-mapped": "`mmap`",
        "own-mapped-shared": "`mmap`, shared and executable",
        "own-mapped-implied": "`mmap` with the personality `READ_IMPLIES_EXEC`",
        "own-mprotect": "`mmap` to read, then `mprotect`",
        "own-dynamic": "with its libraries",
        "own-by-loader": "`ld.so PROGRAM`",
        "own-preload": "`LD_PRELOAD`",
        "own-audit": "`LD_AUDIT`",
        "own-library-path": "`LD_LIBRARY_PATH`",
        "own-rpath": "`DT_RUNPATH` into a directory of the image",
        "own-dlopen": "`dlopen`",
        "own-bound": "a bind mount by the container",
        "own-user-namespace": "in a user namespace of the container's own",
        "own-copied-up": "a program whose mode the container changed",
        "own-mapped-by-copied-up": "`mmap` of a file whose mode the container changed",
        "own-hard-link": "a hard link that the container made",
        "dropped-as-data": "any file, mapped to read",
        "remapped-as-data": "likewise, then `remap_file_pages`",
        "segment-as-data": "`shmat` without `SHM_EXEC`",
    },
    "What runs all the same": {
        "interpreted-text": "`sh FILE`, `python FILE`: an interpreter of the image reads a text. What is text and what a program is the interpreter's to know",
        "anonymous-memory": "code in memory without a file, as just-in-time compilers make",
        "writable-code": "a private mapping of a file of the image that is executable and writable at once: from the first write on it is memory without a file",
        "poked-code": "such a mapping, written to by `/proc/self/mem`, or by a debugger",
    },
}

HEAD = """# Ways to get code running in a container

What comes of each under a rule of type `non-image-program` that blocks: *refused* (with `EPERM`, and an alert), *the image's
own* (it runs and nobody hears of it), *not covered*. In the tables that have columns of runtimes all that is refused was seen to
run, and to be reported, under one that alerts, with each of these. `tests/e2e/exec_matrix.bats` makes this table and compares it, `exec_matrix_engines.bats` its columns of engines:
`scripts/test tests/e2e/exec_matrix.bats`.
"""

# What needs more than one container, or another moment: a way, what comes of it, and where it was tried: a file of tests/e2e and
# what is in the titles of the tests that do it; or why nowhere.
ELSEWHERE = [
    ("a name that is exchanged with `RENAME_EXCHANGE` all the time", "what was judged runs", ("exec_matrix", "a name that is exchanged")),
    ("an interpreter that a container registers with binfmt_misc by a mount of the host's", "refused", ("exec_matrix", "an interpreter that a container registers")),
    ("a file of the host's or of another container's, by a descriptor", "refused", ("drift", "by a descriptor, is not the image's")),
    ("after joining the host's namespaces, in another cgroup, as an orphan, under another name", "refused", ("membership", "block: moved to another cgroup")),
    ("the host loads what was dropped in a container", "refused", ("host_mapping", "and none that was dropped")),
    ("dropped before the module was loaded, or before the controller started", "refused", ("adoption", "before the module is loaded")),
    ("dropped while the module was not loaded", "refused", ("unload", "is adopted, and outlives")),
    ("a startContainer hook that the container has dropped", "refused: the container does not start", ("hooks", "a startContainer hook that is not of the image")),
    ("a program that the runtime mounts into the container, as that of `--init`", "runs and is not reported: it is the host's own, by itself and read-only",
     ("runtime_programs", "the host's own program, mounted by itself"), ("engines", "life_cycle podman more"), ("engines_more", "life_cycle docker more")),
    ("another by its name, its bytes, or where it could be written to", "refused", ("runtime_programs", "nothing else is one")),
    ("a program of the image that was copied up, and changed since, also by a shared mapping", "refused", ("unchanged", "what a shared mapping stores")),
    ("a program of the image that was copied up, and whose bytes are what they were", "the image's own", ("unchanged", "whose owner, mode, times")),
    ("such a program that is changed by a page that the kernel holds, by `process_vm_writev`", "the image's own: what is written is not in the file any more",
     ("unchanged", "a page that the kernel holds to write to")),
    ("`mprotect` of such a file that nobody has run or mapped as code before", "refused: what is not known counts as changed", ("unchanged", "a mapping that was written to")),
    ("a program that a container has in its layer, in the image that `docker commit` makes of it", "the image's own; in the container refused", ("engines_more", "life_cycle docker more")),
    ("likewise `podman commit`", "the image's own; in the container refused", ("engines", "life_cycle podman more"), ("engines_more", "life_cycle podman more"),
     ("rootless", "life_cycle podman more")),
    ("a dropped `PT_INTERP` on a `tmpfs` or a volume", "refused as it is mapped: by then the old program is gone, and the process dies", ("second_line", "a program's interpreter that was dropped")),
    ("files of a tmpfs or volume, mapped by a process that ran a memfd as the module was loaded, until it starts a program", "not covered", ("adoption", "what runs before the module is loaded")),
    ("any, in a container whose root is no overlay of the kernel's", "not covered; `status`, `containers` and an alert say so", ("storage", "")),
    ("any, in rootless containers that have no cgroup of their own, as README has it", "not covered, in part", ("rootless_cgroupfs", "a pod whose containers share processes")),
    ("what `exec` of a runtime starts in a container without a mount namespace of its own: at the host's root", "refused", ("lifecycle", "what 'exec' starts there")),
    ("likewise in one without a pid namespace of its own either", "not covered", ("lifecycle", "that has the host's mounts and processes")),
    ("libraries that an interpreter which the host has registered with binfmt_misc loads: as data, by itself", "not covered", "no emulator is in the guest"),
]

# What a test says that makes containers by other means than runc alone, and who that is: the first of these.
MADE_BY = {
    r"\bpodman_begin\b": ["podman"],
    r"\bdocker_begin\b": ["docker"],
    r"\b(ctr|cri)_begin\b": ["containerd"],
    r"\bfor runtime in runc crun\b": ["runc", "crun"],
    r"\bRUNTIME=crun\b": ["crun"],
}


def tried(tests, name, words):
    """Runtimes and kernels that the tests of the file are run with which have these words in their title, or at all."""
    with open(f"{tests}/e2e/{name}.bats") as file:
        text = file.read()
    functions = dict(re.findall(r"^(\w+)\(\) (\{.*\}$|\{(?:.|\n)*?\n\}$)", text, re.M))
    found = [test for test in re.findall(r"^@test .*\}$|^@test (?:.|\n)*?\n\}$", text, re.M) if words in test]
    assert found, f"{name}.bats has no test of '{words}'"
    runtimes = set()
    for test in found:
        said = test + "".join(body for called, body in functions.items() if re.search(rf"\b{called}\b", test))
        runtimes |= set(next((those for pattern, those in MADE_BY.items() if re.search(pattern, said)), ["runc"]))
    header = re.search(r"^# kernels: *(.*)$", text, re.M)
    kernels = set(header[1].split() if header else KERNELS)
    with open(f"{tests}/full/parts") as file:
        kernels |= {line.split()[1] for line in file if not line.startswith("#") and name in line.split()[2:]}
    return {(runtime, kernel) for runtime in runtimes for kernel in kernels}


def elsewhere(tests):
    yield "## What has tests of its own\n\n| Way | What comes of it | Shown by | Tried with |\n| --- | --- | --- | --- |"
    for way, outcome, *places in ELSEWHERE:
        if isinstance(places[0], str):
            yield f"| {way} | {outcome} | not tested here: {places[0]} | |"
            continue
        pairs = set().union(*(tried(tests, *place) for place in places))
        by_kernels = {}
        for runtime in RUNTIMES:
            on = ", ".join(kernel for kernel in [*KERNELS, "debug"] if (runtime, kernel) in pairs)
            if on:
                by_kernels.setdefault(on, []).append(runtime)
        of = "; ".join(f"{', '.join(runtimes)}: {on}" for on, runtimes in by_kernels.items())
        yield f"| {way} | {outcome} | {', '.join(f'`{name}.bats`' for name, _ in places)} | {of} |"


def known_cells(document):
    """By the title above a table, and what stands in the first column of a row."""
    cells, title, columns = {}, "", []
    for line in document.splitlines():
        if line.startswith("## "):
            title = line[3:]
        parts = [part.strip() for part in line.strip("|").split(" | ")]
        if parts[0] == "Way":
            columns = parts[1:]
        elif line.startswith("| "):
            cells[title, parts[0]] = dict(zip(columns, parts[1:]))
    return cells


def found_cells(directory, runtime):
    cells = {}
    for kind in ("foreign", "own", "open"):
        with open(f"{directory}/{runtime}/{kind}") as file:
            for line in file:
                way, outcome = line.rstrip("\n").split(": ", 1)
                cells[way] = CELLS[kind, outcome]
                if outcome == "none" and way in OF_RUNTIMES:
                    cells[way] = cells[way].replace("kernel", "runtime")
    return cells


def main():
    document, kernel, directory = sys.argv[1:]
    known = {}
    if os.path.exists(document):
        with open(document) as file:
            known = known_cells(file.read())
    found = {f"{runtime}, {kernel}": found_cells(directory, runtime) for runtime in RUNTIMES
             if os.path.exists(f"{directory}/{runtime}")}
    assert found, "nothing was tried"
    ways = {way for group in GROUPS.values() for way in group}
    for cells in found.values():
        assert set(cells) == ways, f"not in the table, or not tried: {sorted(set(cells) ^ ways)}"
    print(HEAD)
    for title, group in GROUPS.items():
        print(f"## {title}\n")
        print(f"| Way | {' | '.join(COLUMNS)} |")
        print("| --- |" + " --- |" * len(COLUMNS))
        for way, text in group.items():
            row = [found[column][way] if column in found else known.get((title, text), {}).get(column, "not tested here") for column in COLUMNS]
            print(f"| {text} | {' | '.join(row)} |")
        print()
    print("\n".join(elsewhere(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))))


if __name__ == "__main__":
    main()
