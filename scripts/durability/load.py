#!/usr/bin/env python3
"""Writes periods from many connections, keeps what was acknowledged, and checks afterwards that
every acknowledged write is there exactly once. Standard library only."""

import argparse
import asyncio
import collections
import json
import os
import random
import resource
import signal
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PERIODS = "/api/v1/reporting/periods"
JOURNAL = "/api/v1/admin/audit"


def fail(line):
    print(f"FAILED: {line}", file=sys.stderr)
    sys.exit(1)


def call(base, path, token=None, form=None):
    """Status and body of a GET, or of a POST of a form."""
    data = urllib.parse.urlencode(form).encode() if form else None
    request = urllib.request.Request(base + path, data=data)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def pages(base, token, path):
    """All items of a list."""
    cursor = None
    while True:
        query = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        for attempt in range(5):
            status, body = call(base, f"{path}?{urllib.parse.urlencode(query)}", token)
            if status != 503:
                break
            # What a client does after Retry-After; it is shown, for it should be rare.
            print(f"(GET {path} was answered 503, try {attempt + 1})", end=" ")
            time.sleep(1)
        if status != 200:
            fail(f"GET {path} answered {status}: {body[:300]!r}")
        page = json.loads(body)
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


class Broken(Exception):
    """There is no whole answer. Of a request that was sent the outcome is unknown."""

    def __init__(self, error, sent):
        super().__init__(str(error))
        self.sent = sent


class Connection:
    """One HTTP/1.1 connection that is kept open."""

    def __init__(self, base, token):
        address = urllib.parse.urlsplit(base)
        self.host, self.port, self.token = address.hostname, address.port, token
        self.reader = self.writer = None

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port)

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None

    async def request(self, method, path, body=None, headers=None, pause=0.0):
        """Status, headers and body of the answer; `pause` makes a slow reader of a streamed one."""
        data = b"" if body is None else json.dumps(body).encode()
        sent = {"Host": f"{self.host}:{self.port}", "Authorization": f"Bearer {self.token}"}
        if body is not None:
            sent |= {"Content-Type": "application/json", "Content-Length": len(data)}
        lines = [f"{method} {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in (sent | (headers or {})).items()]
        is_sent = False
        try:
            if self.writer is None:
                await self.open()
            is_sent = True
            self.writer.write("\r\n".join(lines + ["", ""]).encode() + data)
            await self.writer.drain()
            status, received, answer = await self.answer(pause)
        except (OSError, EOFError, ValueError, IndexError) as error:
            self.close()
            raise Broken(error, is_sent) from error
        if received.get("connection", "").lower() == "close":
            self.close()
        return status, received, answer

    async def answer(self, pause):
        status = int((await self.reader.readuntil(b"\r\n")).split()[1])
        headers = {}
        while (line := await self.reader.readuntil(b"\r\n")) != b"\r\n":
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        if headers.get("transfer-encoding") != "chunked":
            return status, headers, await self.reader.readexactly(int(headers.get("content-length", 0)))
        parts = []
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            parts.append((await self.reader.readexactly(size + 2))[:-2])
            await asyncio.sleep(pause)
        await self.reader.readexactly(2)
        return status, headers, b"".join(parts)

    async def post(self, path, body, key):
        """Status, headers and body of a POST of JSON that may be sent again with its key."""
        return await self.request("POST", path, body, {"Idempotency-Key": key})


def period(regime):
    return {"regime": regime, "code": "2030", "kind": "year", "starts_on": "2030-01-01", "ends_on": "2030-12-31"}


class Writing:
    """Who has written what, and what came back."""

    def __init__(self, options):
        self.options = options
        self.acks = open(options.acks, "a", encoding="utf-8")
        self.statuses = collections.Counter()
        self.acknowledged = 0
        self.killed = False
        self.last_failure = None
        self.failures_end = None

    async def one(self, connection, regime):
        """One write; answers its status, or None when the outcome is unknown."""
        try:
            status, headers, body = await connection.post(PERIODS, period(regime), regime)
        except Broken:
            self.statuses["broken"] += 1
            return None
        self.statuses[status] += 1
        if status == 201:
            record = json.loads(body)
            self.acks.write(f"{record['id']} {regime}\n")
            self.acknowledged += 1
            if self.options.kill_after and self.acknowledged >= self.options.kill_after and not self.killed:
                self.killed = True
                os.kill(self.options.kill_pid, signal.SIGKILL)
        elif status == 503:
            self.last_failure = time.monotonic()
            if "retry-after" not in headers:
                fail(f"503 without Retry-After: {body[:300]!r}")
        else:
            fail(f"a write was answered {status}: {body[:500]!r}")
        return status

    async def burst(self):
        """All writes at once, each on a connection of its own."""
        options = self.options
        connections = [Connection(options.base, options.token) for _ in range(options.count)]
        few = asyncio.Semaphore(64)

        async def opened(connection):
            async with few:
                await connection.open()

        await asyncio.gather(*(opened(connection) for connection in connections))
        await asyncio.gather(
            *(self.one(connection, f"{options.prefix}_{i}") for i, connection in enumerate(connections))
        )

    async def stream(self):
        """Writes for a time, from so many connections, or until the first refusal."""
        options = self.options
        end = time.monotonic() + options.seconds
        numbers = iter(range(10**9))
        over = False

        async def worker():
            nonlocal over
            connection = Connection(options.base, options.token)
            while not over and time.monotonic() < end:
                status = await self.one(connection, f"{options.prefix}_{next(numbers)}")
                if status == 503 and options.until_refused:
                    over = True
                if status != 201:
                    await asyncio.sleep(0.1)
            connection.close()

        await asyncio.gather(*(worker() for _ in range(options.connections)))
        if options.until_refused and not over:
            fail(f"no write was refused within {options.seconds} s: {dict(self.statuses)}")


def write(options):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard < 65536 and hard > 0 else 65536, hard))
    if options.kill_pid and not options.kill_after:
        options.kill_after = random.randint(options.count // 10, options.count * 9 // 10)
    writing = Writing(options)
    asyncio.run(writing.stream() if options.seconds else writing.burst())
    writing.acks.flush()
    os.fsync(writing.acks.fileno())
    counts = ", ".join(f"{status}: {count}" for status, count in sorted(writing.statuses.items(), key=str))
    print(counts + (f"; killed after {options.kill_after} acknowledgements" if writing.killed else ""))
    if options.kill_pid and not writing.killed:
        fail("the service was never killed")
    for status in options.expect or []:
        if not writing.statuses[status]:
            fail(f"no write was answered {status}")
    for status in options.refuse or []:
        if writing.statuses[status]:
            fail(f"{writing.statuses[status]} writes were answered {status}")


def acknowledged_writes(options):
    """The regime of each record that was acknowledged, by its id."""
    acknowledged = {}
    with open(options.acks, encoding="utf-8") as lines:
        for line in lines:
            record, regime = line.split()
            if record in acknowledged:
                fail(f"the id {record} was acknowledged twice")
            acknowledged[record] = regime
    return acknowledged


def again(options):
    """Sends every write of a burst once more, with its key: what was written is answered again, and
    what was not is written now."""
    known = {regime: record for record, regime in acknowledged_writes(options).items()}
    counts = collections.Counter()

    async def send():
        connection = Connection(options.base, options.token)
        with open(options.acks, "a", encoding="utf-8") as acks:
            for number in range(options.count):
                regime = f"{options.prefix}_{number}"
                status, headers, body = await connection.post(PERIODS, period(regime), regime)
                if status != 201:
                    fail(f"a write that was sent again was answered {status}: {body[:300]!r}")
                record, is_replayed = json.loads(body)["id"], "idempotency-replayed" in headers
                if regime in known:
                    if not is_replayed or record != known[regime]:
                        fail(f"{regime} was acknowledged as {known[regime]} and is now {record}")
                    counts["acknowledged"] += 1
                else:
                    counts["unacknowledged" if is_replayed else "new"] += 1
                    acks.write(f"{record} {regime}\n")
        connection.close()

    asyncio.run(send())
    print(
        f"sent again with their keys: {counts['acknowledged']} acknowledged and {counts['unacknowledged']} "
        f"unacknowledged writes had the answer of before, {counts['new']} were written now"
    )


def verify(options):
    acknowledged = acknowledged_writes(options)
    present = collections.Counter()
    regimes = collections.Counter()
    names = {}
    for item in pages(options.base, options.token, PERIODS):
        if item["regime"].startswith(options.prefix):
            present[item["id"]] += 1
            regimes[item["regime"]] += 1
            names[item["id"]] = item["regime"]
    lost = [regime for record, regime in acknowledged.items() if names.get(record) != regime]
    if lost:
        fail(f"{len(lost)} acknowledged writes are lost, the first is {lost[0]}")
    twice = [name for name, count in (present + regimes).items() if count > 1]
    if twice:
        fail(f"{len(twice)} writes are there more than once, the first is {twice[0]}")
    # Sealing follows a commit by a fraction of a second.
    for _ in range(20):
        entries = collections.Counter(
            item["record_id"]
            for item in pages(options.base, options.token, JOURNAL)
            if item["record_type"] == "period" and item["action"] == "create" and item["record_id"] in present
        )
        if len(entries) == len(present):
            break
        time.sleep(0.5)
    missing = [record for record in present if entries[record] != 1]
    if missing:
        fail(f"{len(missing)} writes do not stand in the journal exactly once, the first is {missing[0]}")
    unknown = len(present) - len(acknowledged)
    print(f"{len(acknowledged)} acknowledged writes are there exactly once, each once in the journal ({unknown} more were committed unacknowledged)")


def token(options):
    form = {"grant_type": "password", "username": options.username, "password": options.password}
    status, body = call(options.base, "/api/v1/auth/token", form=form)
    if status != 200:
        fail(f"signing in was answered {status}: {body[:300]!r}")
    print(json.loads(body)["access_token"])


def get(options):
    """The status of a GET, and of signing in when a name is given."""
    form = None
    if options.username:
        form = {"grant_type": "password", "username": options.username, "password": options.password}
    status, body = call(options.base, options.path, options.token or None, form)
    print(status)
    if status == 500:
        fail(f"{options.path} answered 500: {body[:300]!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(name, run):
        one = commands.add_parser(name)
        one.add_argument("--base", required=True)
        one.add_argument("--token", default="")
        one.add_argument("--username", default="")
        one.add_argument("--password", default="")
        one.set_defaults(run=run)
        return one

    command("token", token)
    command("get", get).add_argument("path")
    for name, run in (("write", write), ("again", again), ("verify", verify)):
        one = command(name, run)
        one.add_argument("--prefix", required=True, help="how the regimes of this run begin")
        one.add_argument("--acks", required=True, help="file of what was acknowledged")
        if name != "verify":
            one.add_argument("--count", type=int, default=1000, help="writes of a burst")
        if name == "write":
            one.add_argument("--kill-pid", type=int, help="process to kill in the middle of a burst")
            one.add_argument("--kill-after", type=int, help="after so many acknowledgements; else by chance")
            one.add_argument("--seconds", type=float, default=0, help="write for so long instead of a burst")
            one.add_argument("--connections", type=int, default=32)
            one.add_argument("--until-refused", action="store_true", help="stop at the first 503")
            one.add_argument("--expect", type=int, action="append", help="a status that must occur")
            one.add_argument("--refuse", type=int, action="append", help="a status that must not occur")
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
