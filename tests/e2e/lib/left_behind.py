# SPDX-License-Identifier: Apache-2.0
"""What a controller that was killed has left: for each line that is read, one look at the module's counters and at a copy of
the store; the answer is "ok", or what does not add up.

  left_behind.py STORE COPY-DIRECTORY

The module numbers its events from 1, and what is acknowledged is not sent again: so the store must have exactly the events
that were acknowledged, each once, and those beyond that it got before it could say so. The first look is what others are
compared with: of what the module delivered before, not all is in the store (self-tests are not, nor another store's)."""
import glob
import os
import shutil
import sqlite3
import sys

from genl import N, Socket, decode

PREFIX = "A_STATUS_EVENTS_"


def kernel(module):
    (_, status), = [pair for pair in decode(module.do("STATUS_GET")[0][20:]) if pair[0] == "A_STATUS"]
    return {name[len(PREFIX):].lower(): value for name, value in status if name.startswith(PREFIX)}


def store(file, directory, delivered):
    """Events and operations up to the last that was acknowledged; and what is wrong with it."""
    shutil.rmtree(directory, ignore_errors=True)
    os.mkdir(directory)
    for part in glob.glob(file + "*"):
        shutil.copy(part, directory)
    copy = sqlite3.connect(os.path.join(directory, os.path.basename(file)))

    def one(statement, *values):
        return copy.execute(statement, values).fetchone()

    wrong = [what for what, statement in {
        "events, alerts and folded": "SELECT events - alerts - folded FROM totals",
        "operations and counts of alerts": "SELECT operations - removed_operations - (SELECT coalesce(sum(count), 0) FROM alerts "
                                           "WHERE from_event) FROM totals",
        "an event twice": "SELECT count(*) - count(DISTINCT stream || ':' || number) FROM events",
    }.items() if one(statement)[0] != 0]
    if one("PRAGMA integrity_check")[0] != "ok":
        wrong.append("the file")
    events, operations = one("SELECT events, operations FROM totals")
    # of this load of the module, stored and not acknowledged: also in its queue
    again, repeated = one("SELECT count(*), coalesce(sum(count), 0) FROM events WHERE number > ? AND "
                          "stream = (SELECT max(id) FROM streams)", delivered)
    copy.close()
    return events - again, operations - repeated, wrong


def main():
    module = Socket()
    before = None
    for _ in sys.stdin:
        seen = kernel(module)
        events, operations, wrong = store(*sys.argv[1:3], seen["delivered"])
        if seen["seen"] != seen["delivered"] + seen["folded"] + seen["queued"] + seen["overflow"]:
            wrong.append("the module's counters")
        unstored = seen["delivered"] - events, seen["seen"] - seen["overflow"] - operations
        before = before or unstored
        if unstored[0] != before[0]:
            wrong.append(f"{unstored[0] - before[0]} events that are acknowledged and not stored")
        # each that is queued stands for one operation or more, and nothing else may be missing
        missing = unstored[1] - before[1]
        if missing < seen["queued"] or (missing and not seen["queued"]) or missing > seen["queued"] + seen["folded"]:
            wrong.append(f"{missing} operations are not stored")
        print("; ".join(wrong) + f" wrong: {seen}, {events}, {operations}, {before}" if wrong else "ok", flush=True)


main()
