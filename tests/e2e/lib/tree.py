#!/usr/bin/env python3
"""A tree of many files, every kind of change to it by chance, and what the layers then say of each file.

  tree.py image SEED FILES BASE TOP      makes a tree in the layers BASE and TOP, which lies on it
  tree.py change SEED CHANGES ROOT       changes the tree below ROOT, in it as its root
  tree.py expect user|trusted WORK UPPER LOWER...   what each file is, by the layers alone, from the top; overlayfs' notes
                                are of these names
  tree.py compare EXPECTED PATHS HOW     standard input is what was told of these paths, against what is expected of them
  tree.py pick SEED EXPECTED             paths of some of each kind
  tree.py explained EXPECTED PATHS UPPER LOWER...   likewise compare, of what 'rules explain' says of these
"""
import ctypes
import json
import os
import random
import shutil
import stat
import struct
import sys

TREE = "tree"


# --- the image


def some_bytes(chance):
    size = chance.choice([0, 1, 100, 4095, 4096, 4097, 20, 300, 9000] + [65536, 65537, 140000] * (chance.random() < 0.03))
    return chance.randbytes(size)


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def whiteout(path):
    os.mknod(path, stat.S_IFCHR, 0)


def make_image(seed, files, base, top):
    chance = random.Random(seed)
    base, top = os.path.join(base, TREE), os.path.join(top, TREE)
    per_directory = 12
    directories = [""]
    for i in range(max(4, files // per_directory)):
        directories.append(os.path.join(chance.choice(directories[-40:]), f"d{i}"))
    for directory in directories:
        os.makedirs(os.path.join(base, directory))
    os.mkdir(top)
    names = []
    for i in range(files):
        name = os.path.join(chance.choice(directories), f"f{i}")
        linked = names and chance.random() < 0.06
        if linked:
            os.link(os.path.join(base, chance.choice(names)), os.path.join(base, name))
        else:
            write(os.path.join(base, name), some_bytes(chance))
            os.chmod(os.path.join(base, name), chance.choice([0o755, 0o644, 0o444, 0o000]))
        names.append(name)
    # What a later layer of an image does to an earlier one.
    for name in chance.sample(names, files // 12):
        os.makedirs(os.path.dirname(os.path.join(top, name)), exist_ok=True)
        if chance.random() < 0.5:
            write(os.path.join(top, name), some_bytes(chance))
        else:
            whiteout(os.path.join(top, name))
    opaque = os.path.join(top, "opaque-in-image")
    for path in opaque, os.path.join(base, "opaque-in-image"):
        os.mkdir(path)
    os.setxattr(opaque, "trusted.overlay.opaque", b"y")
    os.setxattr(opaque, "user.overlay.opaque", b"y")
    write(os.path.join(base, "opaque-in-image", "hidden"), b"hidden")
    os.link(os.path.join(base, "opaque-in-image", "hidden"), os.path.join(base, "opaque-in-image", "hidden2"))
    write(os.path.join(opaque, "shown"), b"shown")


# --- changes to it


class Changes:
    def __init__(self, chance):
        self.chance = chance
        self.made = 0
        self.walk()

    def walk(self):
        self.directories, self.files = [], []
        for directory, directories, files in os.walk("/" + TREE):
            directories.sort()
            self.directories.append(directory)
            self.files += [p for p in (os.path.join(directory, f) for f in sorted(files)) if not os.path.islink(p)]

    def file(self):
        return self.chance.choice(self.files)

    def new(self):
        self.made += 1
        return os.path.join(self.chance.choice(self.directories), f"n{self.made}-{self.chance.randrange(10**6)}")

    def bytes_of(self, path):
        with open(path, "rb") as file:
            return file.read()

    def appeared(self, path):
        if path not in self.files:
            self.files.append(path)

    def went(self, path):
        if path in self.files:
            self.files.remove(path)

    # Of attributes only.
    def chmod(self):
        os.chmod(self.file(), self.chance.choice([0o755, 0o600, 0o4755, 0o000]))

    def chown(self):
        os.chown(self.file(), self.chance.randrange(5), self.chance.randrange(5))

    def touch(self):
        os.utime(self.file())

    def set_attribute(self):
        os.setxattr(self.file(), "user.note", self.chance.randbytes(4))

    def chmod_directory(self):
        directory = self.chance.choice(self.directories)
        for name in os.listdir(directory):
            if not os.path.islink(os.path.join(directory, name)):
                os.chmod(os.path.join(directory, name), 0o755)

    # Of names.
    def rename(self):
        old, new = self.file(), self.new()
        os.rename(old, new)
        self.went(old)
        self.appeared(new)

    def rename_over(self):
        old, new = self.file(), self.file()
        if not os.path.samefile(old, new):
            os.rename(old, new)
            self.went(old)

    def exchange(self):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.renameat2(-100, self.file().encode(), -100, self.file().encode(), 2)

    def link(self):
        new = self.new()
        os.link(self.file(), new)
        self.appeared(new)

    def link_over(self):
        old, new = self.file(), self.file()
        if not os.path.samefile(old, new):
            os.unlink(new)
            os.link(old, new)

    def symlink(self):
        os.symlink(self.file(), self.new())

    def rename_directory(self):
        movable = [d for d in self.directories if d.count("/") > 2]
        if not movable:
            return
        old = self.chance.choice(movable)
        under = self.chance.choice([d for d in self.directories if not (d + "/").startswith(old + "/")])
        self.made += 1
        shutil.move(old, os.path.join(under, f"m{self.made}-{self.chance.randrange(10**6)}"))
        self.walk()

    # Of bytes.
    def append(self):
        with open(self.file(), "ab") as file:
            file.write(self.chance.randbytes(1))

    def change_byte(self):
        path = self.file()
        before = os.stat(path)
        if before.st_size:
            with open(path, "r+b") as file:
                at = self.chance.randrange(before.st_size)
                file.seek(at)
                byte = file.read(1)[0]
                file.seek(at)
                file.write(bytes([byte ^ (1 << self.chance.randrange(8))]))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def truncate(self):
        path = self.file()
        os.truncate(path, self.chance.randrange(os.path.getsize(path) + 1))

    def extend(self):
        path = self.file()
        os.truncate(path, os.path.getsize(path) + self.chance.choice([1, 4096]))

    def write_back(self):
        path = self.file()
        write(path, self.bytes_of(path))

    def write_in_place(self):
        path = self.file()
        data = self.bytes_of(path)
        with open(path, "r+b") as file:
            file.write(data)

    def there_and_back(self):
        path = self.file()
        size = os.path.getsize(path)
        with open(path, "ab") as file:
            file.write(b"more")
        os.truncate(path, size)

    # Of what is there.
    def recopy(self):
        path, new = self.file(), self.new()
        write(new, self.bytes_of(path))
        os.rename(new, path)

    def make(self):
        path = self.new()
        write(path, some_bytes(self.chance))
        self.appeared(path)

    def copy(self):
        path = self.new()
        write(path, self.bytes_of(self.file()))
        self.appeared(path)

    def copy_over(self):
        source, path = self.file(), self.file()
        write(path, self.bytes_of(source))

    def unlink(self):
        path = self.file()
        os.unlink(path)
        self.went(path)

    def recreate(self):
        path = self.file()
        data = self.bytes_of(path)
        os.unlink(path)
        write(path, data)

    def new_directory(self):
        self.made += 1
        path = os.path.join(self.chance.choice(self.directories), f"o{self.made}-{self.chance.randrange(10**6)}")
        os.mkdir(path)
        self.directories.append(path)

    def replace_directory(self):
        """It is opaque then; what was there comes again, or does not."""
        leaves = [d for d in self.directories if d.count("/") > 2 and all(not os.path.isdir(os.path.join(d, n)) for n in os.listdir(d))]
        if not leaves:
            return
        path = self.chance.choice(leaves)
        kept = {n: self.bytes_of(os.path.join(path, n)) for n in os.listdir(path) if not os.path.islink(os.path.join(path, n))}
        shutil.rmtree(path)
        os.mkdir(path)
        for name, data in sorted(kept.items()):
            if self.chance.random() < 0.5:
                write(os.path.join(path, name), data)
        self.walk()


RARE = {"rename_directory", "replace_directory", "chmod_directory"}


def change(seed, count, root):
    os.chroot(root)
    os.chdir("/")
    changes = Changes(random.Random(seed))
    kinds = sorted(k for k, v in vars(Changes).items() if callable(v) and not k.startswith("_"))
    kinds = [k for k in kinds if k not in ("walk", "file", "new", "bytes_of", "appeared", "went")]
    weights = [0.15 if k in RARE else 1 for k in kinds]
    # Each at least once.
    todo = kinds + changes.chance.choices(kinds, weights, k=max(0, count - len(kinds)))
    changes.chance.shuffle(todo)
    for kind in todo:
        getattr(changes, kind)()


# --- what the layers say


prefix = "trusted.overlay."


def attribute(path, name):
    try:
        return os.getxattr(path, prefix + name, follow_symlinks=False)
    except OSError:
        return None


def is_whiteout(info):
    return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


class Layers:
    """As overlayfs' documentation has it."""

    def __init__(self, roots, work):
        self.roots = roots
        self.lower_inodes, self.lower_sizes = {}, {}
        for root in roots[1:]:
            for directory, _, files in os.walk(os.path.join(root, TREE)):
                for name in files:
                    path = os.path.join(directory, name)
                    info = os.lstat(path)
                    if self.lower_inodes.setdefault(info.st_ino, path) == path:
                        self.lower_sizes.setdefault(info.st_size, []).append(path)
        # With an index all names of a file stay names of one, wherever one of them was copied up.
        self.index = {}
        if os.path.isdir(os.path.join(work, "index")):
            for entry in os.scandir(os.path.join(work, "index")):
                if entry.is_file(follow_symlinks=False):
                    self.index[origin_inode(attribute(entry.path, "origin"))] = entry.path

    def at(self, layers, name):
        """What is called so in these directories, (layer, path) from the top: the files and directories that make it up."""
        found, rest, wanted = [], list(layers), name
        while rest:
            layer, directory = rest.pop(0)
            path = os.path.join(directory, wanted)
            try:
                info = os.lstat(path)
            except (FileNotFoundError, NotADirectoryError):
                continue
            if is_whiteout(info):
                break
            if not stat.S_ISDIR(info.st_mode):
                if not found:
                    found.append((layer, path))
                break
            found.append((layer, path))
            if attribute(path, "opaque") == b"y":
                break
            redirect = attribute(path, "redirect")
            if redirect is not None:
                wanted = redirect.decode()
                if wanted.startswith("/"):
                    # from the roots of all that lie below
                    rest = [(i, self.roots[i]) for i in range(layer + 1, len(self.roots))]
                    wanted = wanted[1:]
        return found

    def names(self, layers):
        return sorted({name for _, directory in layers for name in os.listdir(directory)})

    def files(self, layers=None, at=""):
        """Each file there is, as (path, directories that it is in, its name, its layer, its place there)."""
        if layers is None:
            layers = self.at([(i, root) for i, root in enumerate(self.roots)], TREE)
            at = "/" + TREE
        for name in self.names(layers):
            found = self.at(layers, name)
            if not found:
                continue
            mode = os.lstat(found[0][1]).st_mode
            if stat.S_ISDIR(mode):
                yield from self.files(found, f"{at}/{name}")
            elif stat.S_ISREG(mode):
                layer, path = found[0]
                if layer != 0 and os.lstat(path).st_ino in self.index:
                    layer, path = 0, self.index[os.lstat(path).st_ino]
                yield f"{at}/{name}", layers, name, layer, path

    def is_anywhere(self, path):
        return any(same_bytes(path, lower) for lower in self.lower_sizes.get(os.lstat(path).st_size, []))

    def verdict(self, layers, name, layer, path):
        if layer != 0 or attribute(path, "metacopy") is not None:
            return "image"
        origin = attribute(path, "origin")
        if origin is None:
            # Of files with several names overlayfs leaves no note.
            below = self.at([l for l in layers if l[0] != 0], name)
            if not below or os.lstat(below[0][1]).st_nlink == 1 or not stat.S_ISREG(os.lstat(below[0][1]).st_mode):
                return "added"
            return "image" if same_bytes(path, below[0][1]) else "changed"
        if not origin:
            # Files of an overlay have no handles to note: there is the name alone, or what is in memory of an older one.
            below = self.at([l for l in layers if l[0] != 0], name)
            if below and stat.S_ISREG(os.lstat(below[0][1]).st_mode) and same_bytes(path, below[0][1]):
                return "image"
            return "either" if self.is_anywhere(path) else "added or changed"
        lower = self.lower_inodes.get(origin_inode(origin))
        return "image" if lower and same_bytes(path, lower) else "changed"


def origin_inode(origin):
    # struct ovl_fb: version, magic, length, flags, type, the file system's identifier; then of ext4 inode and generation
    return struct.unpack_from("<I", origin, 21)[0]


def same_bytes(one, other):
    with open(one, "rb") as a, open(other, "rb") as b:
        return a.read() == b.read()


def expect(work, upper, lowers):
    layers = Layers([upper] + lowers, work)
    told = []
    for path, directories, name, layer, place in layers.files():
        told.append((path, layers.verdict(directories, name, layer, place), f"{layer}:{os.lstat(place).st_ino}"))
    # A file without a note is told for what it is found to be by one of its names: that of the image by the name that has its
    # bytes below, and by the others as well once it was found to be; one that has nothing below, which is added, for what it
    # was found to be by another.
    of = {verdict: {inode for _, one, inode in told if one == verdict} for verdict in ("image", "changed", "added")}
    lacking = [verdict for verdict, inodes in of.items() if not inodes]
    if lacking:
        sys.exit(f"no file is {lacking}: the changes were too few")
    for path, verdict, inode in told:
        if verdict != "image" and inode in of["image"]:
            verdict = "either"
        elif verdict == "added" and inode in of["changed"]:
            verdict = "added or changed"
        print(json.dumps([path, verdict, inode]))


# --- what was said of them


def compare(expected_file, paths_file, how):
    with open(expected_file) as file:
        expected = {path: (verdict, inode) for path, verdict, inode in map(json.loads, file)}
    with open(paths_file) as file:
        listed = file.read().split("\n")[:-1]
    paths = [p for p in listed if expected[p][0] != "either"]
    wrong = []
    if len(listed) > 100 and len(paths) < 0.8 * len(listed):
        wrong.append(f"of {len(listed)} files nobody can say what {len(listed) - len(paths)} are")
    reported = {p for p in paths if expected[p][0] != "image"}
    if how == "refused":
        refused = {p for p in sys.stdin.read().split("\n")[:-1] if expected[p][0] != "either"}
        wrong += [f"{p}: refused, and is {expected[p]}" for p in sorted(refused - reported)]
        wrong += [f"{p}: not refused, and is {expected[p]}" for p in sorted(reported - refused)]
    else:
        # Names of one file are one alert.
        groups = {}
        for path in reported:
            groups.setdefault(expected[path][1], []).append(path)
        counted = dict.fromkeys(groups, 0)
        for path, origin, count in map(json.loads, sys.stdin):
            if expected.get(path, ["image"])[0] == "either":
                continue
            if path not in reported:
                wrong.append(f"{path}: reported as {origin}, and is {expected.get(path)}")
                continue
            if origin not in expected[path][0].split(" or "):
                wrong.append(f"{path}: reported as {origin}, and is {expected[path]}")
            counted[expected[path][1]] += count
        wrong += [f"{sorted(groups[i])}: {n} reports of {expected[groups[i][0]]}" for i, n in counted.items() if n != len(groups[i])]
    print("\n".join(wrong[:30]))
    kinds = [expected[p][0] for p in paths]
    print(f"{how}: {len(paths)} files,", ", ".join(f"{kinds.count(k)} {k}" for k in ("image", "changed", "added", "added or changed")),
          f"{len(wrong)} wrong")
    return 1 if wrong or not paths else 0


EXPLAINED = 15


def pick(seed, expected_file):
    """Some of each kind that are in the upper layer, and in those below."""
    kinds = {}
    with open(expected_file) as file:
        for path, verdict, inode in map(json.loads, file):
            kinds.setdefault((verdict, inode.startswith("0:")), []).append(path)
    for _, paths in sorted(kinds.items()):
        print("\n".join(random.Random(seed).sample(paths, min(len(paths), EXPLAINED))))


def explained(expected_file, picked_file, roots):
    with open(expected_file) as file:
        expected = {path: (verdict, inode) for path, verdict, inode in map(json.loads, file)}
    with open(picked_file) as file:
        missing = set(file.read().split("\n")[:-1])
    wrong, count = [], 0
    for path, origin, unchanged, layer in map(json.loads, sys.stdin):
        missing.discard(path)
        count += 1
        verdict, inode = expected[path]
        said = "image" if origin == "image" or unchanged else origin
        good = verdict == "either" or said in verdict.split(" or ")
        # of one that has its attributes alone in the upper layer, the one that has the bytes
        at = int(inode.split(":")[0])
        good = good and (layer == roots[at] or (at == 0 and verdict == "image" and layer in roots))
        if not good:
            wrong.append(f"{path}: explained as {said} of {layer}, and is {expected[path]}")
    wrong += [f"{path}: not explained" for path in sorted(missing)]
    print("\n".join(wrong[:30]))
    print(f"explained: {count} files, {len(wrong)} wrong")
    return 1 if wrong or not count else 0


def main():
    global prefix
    command, *args = sys.argv[1:]
    if command == "image":
        make_image(args[0], int(args[1]), args[2], args[3])
    elif command == "change":
        change(args[0], int(args[1]), args[2])
    elif command == "expect":
        prefix = f"{args[0]}.overlay."
        expect(args[1], args[2], args[3:])
    elif command == "pick":
        pick(*args)
    elif command == "explained":
        return explained(args[0], args[1], args[2:])
    else:
        return compare(*args)
    return 0


sys.exit(main())
