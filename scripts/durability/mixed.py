#!/usr/bin/env python3
"""Everything at once on two instances while one or the other is killed: keyed POSTs, twins, batches, changes,
deletes, lists, exports and followers of the feed. Keeps what was acknowledged, and checks at the end that
it is there exactly once, and that both feeds tell the same, whole and in order. Standard library only."""

import argparse
import asyncio
import collections
import csv
import datetime
import io
import itertools
import json
import random
import statistics
import time

import load
from load import PERIODS, fail

PROCEDURES = "/api/v1/tthc/procedures"
CHANGES = "/api/v1/exchange/changes"
BATCH = 100
LONGEST = 60


Change = collections.namedtuple("Change", "position type id kind version changed_at")


class Record:
    """A period that was made, and what is known of it."""

    def __init__(self, record, regime):
        self.id, self.regime = record, regime
        self.path = f"{PERIODS}/{record}"
        # What each acknowledged version says.
        self.versions = {}
        # Changes whose answers were cut: each may have made a version.
        self.unknown = 0
        self.is_deleted = False
        self.may_be_deleted = False

    def is_surely_there(self):
        return not self.is_deleted and not self.may_be_deleted


class Run:
    """What was sent and what came back."""

    def __init__(self, options):
        self.options = options
        self.bases = options.bases
        self.answers = collections.Counter()
        self.latencies = collections.defaultdict(list)
        self.numbers = itertools.count()
        self.records = []
        # Acknowledged procedures: code and id; and lines of batches whose outcome nobody knows.
        self.procedures = {}
        self.unknown_batches = []
        self.replays = 0
        self.twins_won_by_one = 0
        self.end = time.monotonic() + options.seconds
        # Set when the last write has been answered.
        self.is_settled = False

    def is_over(self):
        return time.monotonic() >= self.end


class Client:
    """A worker's connections, one to each instance."""

    def __init__(self, run):
        self.run = run
        self.connections = [load.Connection(base, run.options.token) for base in run.bases]

    async def ask(self, kind, method, path, body=None, headers=None, instance=None, expected=(), pause=0.0):
        """Status, headers and body; None when there was no answer, or the instance was busy."""
        connection = self.connections[random.randrange(2) if instance is None else instance]
        began = time.monotonic()
        try:
            asked = connection.request(method, path, body, headers, pause)
            status, received, answer = await asyncio.wait_for(asked, LONGEST)
        except load.Broken as broken:
            self.run.answers[kind, "cut" if broken.sent else "down"] += 1
            await asyncio.sleep(0.05)
            return "cut" if broken.sent else "down", {}, b""
        except asyncio.TimeoutError:
            fail(f"{method} {path} was not answered within {LONGEST} s")
        self.run.answers[kind, status] += 1
        if status == 503:
            if "retry-after" not in received:
                fail(f"503 without Retry-After: {answer[:300]!r}")
            await asyncio.sleep(0.2)
        elif status not in expected:
            fail(f"{method} {path} was answered {status}: {answer[:600]!r}")
        else:
            self.run.latencies[kind].append(time.monotonic() - began)
        return status, received, answer

    async def once(self, kind, path, body, key, done):
        """A POST with a key, sent again until it is answered."""
        while True:
            status, _, answer = await self.ask(
                kind, "POST", path, body, {"Idempotency-Key": key}, expected=(done, 409)
            )
            if status == done:
                return json.loads(answer)
            if status == 409:
                under_way(answer)
                await asyncio.sleep(0.1)


def under_way(answer):
    """The one reason for which a request with a key may be refused here."""
    if json.loads(answer)["type"] != "/problems/request-under-way":
        fail(f"a request with a key was refused: {answer[:600]!r}")


def made(run, answer, regime):
    record = Record(answer["id"], regime)
    if answer["version"] != 1 or answer["regime"] != regime:
        fail(f"what was made for {regime} is {answer}")
    record.versions[1] = answer["submit_by"]
    run.records.append(record)
    return record


async def keyed_posts(run):
    client = Client(run)
    while not run.is_over():
        regime = f"{run.options.prefix}_{next(run.numbers)}"
        first = await client.once("keyed POST", PERIODS, load.period(regime), regime, 201)
        made(run, first, regime)
        if random.random() < 0.1:
            again = await client.once("keyed POST again", PERIODS, load.period(regime), regime, 201)
            run.replays += 1
            if again != first:
                fail(f"the second answer to the key {regime} is {again}, the first was {first}")
        await asyncio.sleep(random.random() * 0.05)


async def twins(run):
    client = Client(run)
    while not run.is_over():
        regime = f"{run.options.prefix}_twin_{next(run.numbers)}"
        sent = [
            client.ask(
                "twin POST", "POST", PERIODS, load.period(regime), {"Idempotency-Key": regime},
                instance=instance, expected=(201, 409),
            )
            for instance in (0, 1)
        ]
        answers = await asyncio.gather(*sent)
        for status, _, answer in answers:
            if status == 409:
                under_way(answer)
        won = [json.loads(answer) for status, _, answer in answers if status == 201]
        run.twins_won_by_one += len(won) == 1
        won.append(await client.once("twin POST again", PERIODS, load.period(regime), regime, 201))
        if any(one != won[0] for one in won):
            fail(f"the twins of {regime} were answered {won}")
        made(run, won[0], regime)


def procedure(run):
    number = next(run.numbers)
    return {
        "code": f"1.{number % 1_000_000:06}.{run.options.prefix.upper()}",
        "name": f"Thủ tục đăng ký số {number}",
        "level": "commune",
        "deadlines": [{"value": 5, "unit": "working_day"}],
    }


async def batches(run):
    client = Client(run)
    while not run.is_over():
        lines = [procedure(run) for _ in range(BATCH)]
        key = f"batch-{lines[0]['code']}"
        report = await client.once("batch, all", f"{PROCEDURES}/batch", lines, key, 200)
        if report["created"] != BATCH:
            fail(f"a batch of {BATCH} new procedures was answered {report}")
        for line, told in zip(lines, report["lines"], strict=True):
            run.procedures[line["code"]] = told["id"]
        await asyncio.sleep(1)


async def partial_batches(run):
    client = Client(run)
    while not run.is_over():
        lines = [procedure(run) for _ in range(BATCH)]
        for line in lines[::10]:
            line["deadlines"] = [{"unit": "working_day"}]
        taken = random.choice(list(run.procedures)) if run.procedures else None
        if taken:
            lines[1]["code"] = taken
        key = f"partial-{lines[2]['code']}"
        report = await client.once("batch, partial", f"{PROCEDURES}/batch?mode=partial", lines, key, 200)
        wrong = {*range(0, BATCH, 10), *([1] if taken else [])}
        for index, (line, told) in enumerate(zip(lines, report["lines"], strict=True)):
            if (told["outcome"] == "refused") != (index in wrong):
                fail(f"line {index} of a partial batch was answered {told}")
            if told["outcome"] == "created":
                run.procedures[line["code"]] = told["id"]
        await asyncio.sleep(1)


async def unkeyed_batches(run):
    """Without a key: one that is cut is there as a whole or not at all."""
    client = Client(run)
    while not run.is_over():
        lines = [procedure(run) for _ in range(BATCH)]
        status, _, answer = await client.ask("batch without key", "POST", f"{PROCEDURES}/batch", lines, expected=(200,))
        if status == 200:
            for line, told in zip(lines, json.loads(answer)["lines"], strict=True):
                run.procedures[line["code"]] = told["id"]
        elif status == "cut":
            run.unknown_batches.append([line["code"] for line in lines])
        await asyncio.sleep(1)


async def changes_of_records(run):
    client = Client(run)
    while not run.is_over():
        # Mostly the newest: several workers meet at the same record.
        there = [record for record in run.records[-40:] if record.is_surely_there()]
        if not there:
            await asyncio.sleep(0.1)
            continue
        record = random.choice(there)
        status, headers, _ = await client.ask("GET by id", "GET", record.path, expected=(200, 404))
        if status != 200:
            if status == 404 and record.is_surely_there():
                fail(f"{record.regime} is away, and nobody deleted it")
            continue
        if random.random() < 0.1:
            await delete(client, record, headers["etag"])
        else:
            await patch(client, record, headers["etag"])


async def patch(client, record, etag):
    day = str(datetime.date(2031, 1, 1) + datetime.timedelta(days=random.randrange(5000)))
    status, _, answer = await client.ask(
        "PATCH", "PATCH", record.path, {"submit_by": day}, {"If-Match": etag}, expected=(200, 404, 412)
    )
    if status == "cut":
        record.unknown += 1
    elif status == 200:
        answer = json.loads(answer)
        if record.versions.setdefault(answer["version"], day) != day or answer["submit_by"] != day:
            fail(f"two changes of {record.regime} were acknowledged as version {answer['version']}")


async def delete(client, record, etag):
    # From now on it may be away, also where the answer is cut.
    record.may_be_deleted = True
    status, _, _ = await client.ask(
        "DELETE", "DELETE", record.path, headers={"If-Match": etag}, expected=(204, 404, 412)
    )
    if status == 204:
        record.is_deleted = True


async def lists(run):
    """Reads all periods page by page: what was there before is in it, and nothing twice."""
    client = Client(run)
    while not run.is_over():
        before = [record.id for record in run.records if record.is_surely_there()]
        seen, cursor = collections.Counter(), None
        while True:
            path = f"{PERIODS}?limit=200" + (f"&cursor={cursor}" if cursor else "")
            status, _, answer = await client.ask("list page", "GET", path, expected=(200,))
            if status != 200:
                if run.is_over():
                    return
                continue
            page = json.loads(answer)
            seen.update(item["id"] for item in page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                break
        still = {record.id for record in run.records if record.is_surely_there()}
        missing = [record for record in before if record in still and seen[record] != 1]
        if missing:
            fail(f"{len(missing)} of {len(before)} periods are not in a list exactly once, the first is {missing[0]}")
        await asyncio.sleep(1)


async def exports(run, pause):
    """Reads all procedures as CSV; what is whole holds what was there before."""
    client = Client(run)
    while not run.is_over():
        before = set(run.procedures)
        status, _, answer = await client.ask(
            "export", "GET", PROCEDURES, headers={"Accept": "text/csv"}, expected=(200,), pause=pause
        )
        if status == 200:
            codes = collections.Counter(row["code"] for row in csv.DictReader(io.StringIO(answer.decode())))
            if any(codes[code] != 1 for code in before):
                fail("an export lacks a procedure, or has one twice")
        await asyncio.sleep(2)


def short(change):
    return Change(*(change[name] for name in Change._fields))


class Follower:
    """Follows the feed of one instance, and comes back where it was after a cut."""

    def __init__(self, run, instance, since):
        self.run, self.instance, self.since = run, instance, since
        self.changes = []

    async def follow(self):
        client = Client(self.run)
        # On to the end also after the load: until there is nothing for three seconds.
        while True:
            path = f"{CHANGES}?since={self.since}&limit=500&wait=3"
            status, _, answer = await client.ask("feed", "GET", path, instance=self.instance, expected=(200,))
            if status != 200:
                continue
            told = json.loads(answer)
            self.changes += map(short, told["items"])
            self.since = told["next_since"]
            if not told["items"] and not told["has_more"] and self.run.is_settled:
                return


async def run_all(run):
    client = Client(run)
    _, _, answer = await client.ask("feed", "GET", f"{CHANGES}?since=now", expected=(200,))
    since = json.loads(answer)["next_since"]
    followers = [Follower(run, instance, since) for instance in (0, 1)]
    following = [asyncio.create_task(follower.follow()) for follower in followers]
    workers = [keyed_posts(run) for _ in range(10)] + [twins(run), twins(run)]
    workers += [batches(run), partial_batches(run), unkeyed_batches(run)]
    workers += [changes_of_records(run) for _ in range(6)] + [lists(run), exports(run, 0.0), exports(run, 0.05)]
    workers = [asyncio.create_task(worker) for worker in workers]
    # The killing ends with the time; what is under way then is finished on instances that stay.
    for task in asyncio.as_completed(workers):
        await task
    run.is_settled = True
    await asyncio.gather(*following)
    return since, [follower.changes for follower in followers]


def feed_from(run, base, since):
    """The whole feed again, as one reads it who comes late."""
    changes = []
    while True:
        status, body = load.call(base, f"{CHANGES}?since={since}&limit=1000", run.options.token)
        if status != 200:
            fail(f"the feed answered {status}: {body[:300]!r}")
        told = json.loads(body)
        changes += map(short, told["items"])
        since = told["next_since"]
        if not told["has_more"]:
            return changes


def check_feeds(run, since, followed):
    late = [feed_from(run, base, since) for base in run.bases]
    for changes in followed + late:
        if changes != followed[0]:
            fail(f"the feeds differ: {[len(changes) for changes in followed + late]} changes")
    positions = [change.position for change in followed[0]]
    if positions != list(range(positions[0], positions[0] + len(positions))):
        fail("the positions of the feed are not one behind the other")
    events = collections.defaultdict(list)
    for change in followed[0]:
        events[change.type, change.id].append((change.kind, change.version))
    for record, told in events.items():
        if [version for _, version in told] != list(range(1, len(told) + 1)):
            fail(f"the versions of {record} are told as {told}")
        kinds = [kind for kind, _ in told]
        if kinds[0] != "create" or "create" in kinds[1:] or "delete" in kinds[:-1]:
            fail(f"the life of {record} is told as {kinds}")
    return events


def check_periods(run, events):
    prefix = run.options.prefix
    lists = [
        {item["id"]: item for item in load.pages(base, run.options.token, PERIODS) if item["regime"].startswith(prefix)}
        for base in run.bases
    ]
    if lists[0] != lists[1]:
        fail("the instances list different periods")
    there = lists[0]
    ids = [record.id for record in run.records]
    if len(set(ids)) != len(ids):
        fail("an id was acknowledged for two keys")
    told = {record for kind, record in events if kind == "period"}
    if told != set(ids):
        fail(f"{len(told - set(ids))} periods were made that no key stands for, {len(set(ids) - told)} are not told of")
    deleted = 0
    for record in run.records:
        life = events["period", record.id]
        last_kind, last = life[-1]
        is_away = last_kind == "delete"
        deleted += is_away
        if is_away != (record.id not in there):
            fail(f"{record.regime} is told as {last_kind}, and {'is not' if is_away else 'is'} missing in the list")
        if is_away and not record.may_be_deleted or record.is_deleted and not is_away:
            fail(f"{record.regime} is {'deleted' if is_away else 'there'}, against what was acknowledged")
        changes = {version for kind, version in life if kind != "delete"}
        unasked = changes - set(record.versions)
        if set(record.versions) - changes or len(unasked) > record.unknown:
            fail(f"{record.regime}: acknowledged {sorted(record.versions)}, cut {record.unknown}, there {sorted(changes)}")
        if not is_away and last in record.versions and there[record.id]["submit_by"] != record.versions[last]:
            fail(f"{record.regime}: version {last} says {there[record.id]['submit_by']}, not {record.versions[last]}")
        if not is_away and there[record.id]["version"] != last:
            fail(f"{record.regime} has version {there[record.id]['version']}, the feed tells of {last}")
    changes = sum(len(record.versions) - 1 for record in run.records)
    print(f"{len(ids)} keyed POSTs made exactly one period each, {changes} changes acknowledged, {deleted} deleted")


def check_procedures(run, events):
    there = {item["code"]: item["id"] for item in load.pages(run.bases[0], run.options.token, PROCEDURES)}
    lost = [code for code, record in run.procedures.items() if there.get(code) != record]
    if lost:
        fail(f"{len(lost)} acknowledged procedures are lost, the first is {lost[0]}")
    whole = 0
    for codes in run.unknown_batches:
        present = sum(code in there for code in codes)
        if present not in (0, len(codes)):
            fail(f"a batch that was cut left {present} of {len(codes)} procedures behind")
        whole += present > 0
    unknown = {code for codes in run.unknown_batches for code in codes}
    mine = {code: record for code, record in there.items() if code.endswith(run.options.prefix.upper())}
    if extra := set(mine) - set(run.procedures) - unknown:
        fail(f"{len(extra)} procedures are there that nobody was told of, such as {min(extra)}")
    told = {record for kind, record in events if kind == "procedure"}
    if told != set(mine.values()):
        fail("the feed does not tell of exactly the procedures that are there")
    print(
        f"{len(run.procedures)} procedures acknowledged in batches are there exactly once; of {len(run.unknown_batches)} "
        f"batches cut without a key {whole} are there as a whole, the others not at all"
    )


def table(run):
    kinds = sorted({kind for kind, _ in run.answers})
    print(f"{'request':18} {'answers':>8} {'p50 ms':>8} {'p99 ms':>9}  by status (cut: no whole answer, down: no connection)")
    for kind in kinds:
        times = sorted(run.latencies[kind])
        p50 = statistics.median(times) * 1000 if times else 0
        p99 = times[len(times) * 99 // 100] * 1000 if times else 0
        statuses = {status: count for (name, status), count in sorted(run.answers.items(), key=str) if name == kind}
        told = ", ".join(f"{status}: {count}" for status, count in statuses.items())
        print(f"{kind:18} {len(times):8} {p50:8.1f} {p99:9.1f}  {told}")
    total = collections.Counter()
    for (_, status), count in run.answers.items():
        total[status] += count
    print(f"together {sum(total.values())} requests: " + ", ".join(f"{s}: {c}" for s, c in sorted(total.items(), key=str)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bases", nargs=2, required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--prefix", required=True, help="how the regimes of this run begin, letters and digits")
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    run = Run(options)
    since, followed = asyncio.run(run_all(run))
    table(run)
    print(f"{run.replays} answers given again on request, {run.twins_won_by_one} twins where one instance answered 201 first")
    events = check_feeds(run, since, followed)
    print(f"both feeds tell the same {len(followed[0])} changes, whole and in order, live and read again")
    check_periods(run, events)
    check_procedures(run, events)


if __name__ == "__main__":
    main()
