#!/usr/bin/env python3
"""Sends batches of dossiers from many connections, and each again when it is resolved; kills the service in the
midst of it, and checks afterwards that every batch that was acknowledged is there as it was sent, and none by
half. Standard library only."""

import argparse
import collections
import json
import os
import random
import signal
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request

DOSSIERS = "/api/v1/tthc/dossiers"
LINES = 100
UNIT = "31396"


def fail(line):
    print(f"FAILED: {line}", file=sys.stderr)
    sys.exit(1)


def call(base, path, token, body=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(base + path, data=data, headers={"Authorization": f"Bearer {token}"})
    if body is not None:
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def codes(batch):
    """A batch has its hundred numbers of a day of May 2026: 900 batches a day."""
    day, number = divmod(batch, 900)
    return [f"X{UNIT}-2605{day + 1:02}-{number * LINES + line:05}" for line in range(LINES)]


def bodies(batch, is_resolved):
    day = batch // 900 + 1
    for code in codes(batch):
        body = {
            "code": code,
            "procedure_code": "1.001193",
            "receiving_unit_code": UNIT,
            "channel": "online",
            "owner": {"kind": "citizen", "name": "Chủ hồ sơ thử nghiệm", "id_number": "999000000001"},
            "received_at": f"2026-05-{day:02}T08:00:00+07:00",
            "due_at": "2026-06-10T17:00:00+07:00",
        }
        yield body | ({"resolved_at": "2026-06-02T10:00:00+07:00"} if is_resolved else {})


def write(options):
    """Each thread sends a batch, then the same resolved; the first half of the acknowledgements are waited for."""
    lock, acknowledged = threading.Lock(), 0
    goal = random.randint(options.batches // 4, options.batches)
    numbers = iter(range(options.first, options.first + 100_000))
    acks = open(options.acks, "a", encoding="utf-8")
    over = threading.Event()

    def work():
        nonlocal acknowledged
        while not over.is_set():
            with lock:
                batch = next(numbers)
                acks.write(f"sent {batch}\n")
                acks.flush()
            for state in ("received", "resolved"):
                path = f"{DOSSIERS}/batch" + ("?on_conflict=update" if state == "resolved" else "")
                try:
                    answer = call(options.base, path, options.token, list(bodies(batch, state == "resolved")))
                except (urllib.error.URLError, ConnectionError, OSError, ValueError) as error:
                    if over.is_set():
                        return
                    fail(f"batch {batch}: {error}")
                if len(answer["lines"]) != LINES:
                    fail(f"batch {batch}: {answer}")
                with lock:
                    acks.write(f"{state} {batch}\n")
                    acks.flush()
                    acknowledged += 1
                    if acknowledged == goal:
                        over.set()
                        os.kill(options.kill_pid, signal.SIGKILL)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not over.is_set():
        fail("the service was not killed")
    print(f"{acknowledged} batches of {LINES} were acknowledged, then it was killed")


def verify(options):
    sent, received, resolved = set(), set(), set()
    states = {"sent": sent, "received": received, "resolved": resolved}
    with open(options.acks, encoding="utf-8") as file:
        for line in file:
            state, batch = line.split()
            states[state].add(int(batch))
    held, cursor = collections.Counter(), None
    of_batch = collections.defaultdict(collections.Counter)
    batch_of = {code: batch for batch in sent for code in codes(batch)}
    while True:
        query = {"org_unit_code": UNIT, "limit": 200} | ({"cursor": cursor} if cursor else {})
        page = call(options.base, f"{DOSSIERS}?{urllib.parse.urlencode(query)}", options.token)
        for dossier in page["items"]:
            held[dossier["code"]] += 1
            of_batch[batch_of[dossier["code"]]][dossier["status"]] += 1
        cursor = page["next_cursor"]
        if cursor is None:
            break
    doubled = [code for code, count in held.items() if count > 1]
    if doubled:
        fail(f"doubled: {doubled[:5]}")
    for batch in sent:
        found = dict(of_batch[batch])
        if batch in resolved:
            allowed = [{"resolved": LINES}]
        elif batch in received:
            allowed = [{"received": LINES}, {"resolved": LINES}]
        else:
            allowed = [{}, {"received": LINES}]
        if found not in allowed:
            fail(f"batch {batch} is {found}, not {' or '.join(map(str, allowed))}")
    print(f"{len(held)} dossiers of {len(sent)} batches, {len(received)} and {len(resolved)} acknowledged, none by half")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, run in (("write", write), ("verify", verify)):
        one = commands.add_parser(name)
        for option in ("base", "token", "acks"):
            one.add_argument(f"--{option}", required=True)
        if name == "write":
            for option in ("first", "batches", "kill-pid"):
                one.add_argument(f"--{option}", required=True, type=int)
        one.set_defaults(run=run)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
