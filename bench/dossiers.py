#!/usr/bin/env python3
"""Loads the service and the bare server by turns with dossiers, and tells what each took. Standard library only;
`bench/dossiers.sh` calls it."""

import argparse
import datetime
import json
import os
import statistics
import subprocess
import time
import urllib.parse
import urllib.request

import drive
from drive import Peak, cpu, fail, get, load

DOSSIERS = "/api/v1/tthc/dossiers"
FORM = "/api/v1/reporting/forms/06a"
QUARTER = {"from": "2026-01-01", "to": "2026-03-31"}
TWO_YEARS = {"from": "2024-07-01", "to": "2026-06-30"}


def query(path, **parameters):
    return f"{path}?{urllib.parse.urlencode(parameters)}"


def sign_in(base):
    form = {"grant_type": "password", "username": "admin", "password": "demo-cchc-2024"}
    with urllib.request.urlopen(base + "/api/v1/auth/token", urllib.parse.urlencode(form).encode()) as answer:
        return json.load(answer)["access_token"]


class Asker:
    def __init__(self, base, token):
        self.base, self.token = base, token

    def json(self, path):
        return json.loads(get(self.base, path, self.token))


def micros(text):
    at = datetime.datetime.fromisoformat(text)
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def deep(ours, unit, status):
    """The cursor in the middle of a unit's dossiers of a status, and the dossier before it."""
    pages, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = ours.json(query(DOSSIERS, org_unit_id=unit, status=status, limit=200, **more))
        cursor = page["next_cursor"]
        if cursor is None:
            break
        pages.append((cursor, page["items"][-1]))
    cursor, last = pages[(len(pages) - 1) // 2]
    # A cursor is bound to its question, which differs in the limit alone.
    return cursor, last


def prepare(options):
    """What is asked: name, kind of load.lua, paths of ours and of the bare server, connections, rows, a file."""
    ours, bare = Asker(options.ours, sign_in(options.ours)), Asker(options.bare, "none")
    units = ours.json(query("/api/v1/organization/org-units", org_unit_code="92", scope="children", as_of="2026-06-30", limit=200))["items"]
    units = [unit for unit in units if unit["kind"] == "commune"]
    # The first of a province has most.
    counts = []
    for unit in sorted(unit["id"] for unit in units)[:3]:
        total = ours.json(query(DOSSIERS, org_unit_id=unit, status="returned", limit=1, include_total="true"))["total"]
        counts.append((total, unit))
    total, unit = max(counts)
    province = next(item["province_id"] for item in units)
    country = ours.json(query("/api/v1/organization/org-units", kind="country", as_of="2026-06-30"))["items"][0]["id"]
    cursor, last = deep(ours, unit, "returned")
    ids = []
    for code in ("92", "01", "79"):
        page = ours.json(query(DOSSIERS, org_unit_code=code, as_of="2026-06-30", scope="subtree", limit=200))
        ids += [dossier["id"] for dossier in page["items"]]
    page = ours.json(query(DOSSIERS, org_unit_id=unit, status="returned", limit=200, cursor=cursor))
    ids += [dossier["id"] for dossier in page["items"]]
    of_ids = os.path.join(options.work, "ids")
    with open(of_ids, "w", encoding="utf-8") as file:
        file.write("\n".join(ids) + "\n")
    bodies = {}
    for status in ("received", "registered"):
        bodies[status] = os.path.join(options.work, f"body.{status}")
        body = {
            "code": "{code}",
            "procedure_id": last["procedure_id"],
            "receiving_unit_id": unit,
            "channel": "online",
            "owner": {"kind": "citizen", "name": "Chủ hồ sơ thử nghiệm", "id_number": "999000000001"},
            "received_at": "2026-06-01T08:00:00+07:00",
            "due_at": "2026-06-10T17:00:00+07:00",
            "status": status,
        }
        with open(bodies[status], "w", encoding="utf-8") as file:
            file.write(json.dumps(body, ensure_ascii=False))
    deep_ours = query(DOSSIERS, org_unit_id=unit, status="returned", limit=50, cursor=cursor)
    after = {"received_after": micros(last["received_at"]), "id_after": last["id"]}
    deep_bare = query(DOSSIERS, org_unit_id=unit, status="returned", **after)
    form = {"scope": "subtree", "source": "records", "definition": "withdrawn-refused-apart"}
    of_province = query(FORM, org_unit_id=province, as_of=QUARTER["to"], **QUARTER, **form)
    of_country = query(FORM, org_unit_id=country, as_of=TWO_YEARS["to"], **TWO_YEARS, **form)
    live_province = query("/live-form", province_id=province, **QUARTER)
    live_country = query("/live-form", **TWO_YEARS)
    whole = {"org_unit_id": province, "scope": "subtree", "as_of": "2026-06-30", "limit": 50}
    print(f"{options.database}: the unit has {total:,} returned dossiers")
    same_answers(ours, bare, ids, (deep_ours, deep_bare), [(of_province, live_province), (of_country, live_country)])
    batch = f"{DOSSIERS}/batch"
    return ours.token, [
        ("a dossier by id", "get", f"{DOSSIERS}/{{id}}", f"{DOSSIERS}/{{id}}", 32, 1, of_ids),
        ("a page of 50, deep in a unit and status", "get", deep_ours, deep_bare, 32, 50, None),
        ("a page of a province, all", "get", query(DOSSIERS, **whole), None, 32, 50, None),
        ("a page of a province, a rare status", "get", query(DOSSIERS, status="stopped", **whole), None, 32, 50, None),
        ("POST a dossier, durable", "dossier", DOSSIERS, DOSSIERS, 32, 1, bodies["received"]),
        ("POST one that is not counted", "dossier", DOSSIERS, None, 32, 1, bodies["registered"]),
        ("POST 1,000 dossiers", "dossiers", batch, None, 4, 1_000, bodies["received"]),
        ("form 06 of a province and a quarter", "report", of_province, live_province, 1, 1, None),
        ("form 06 of the country and two years", "report", of_country, live_country, 1, 1, None),
    ]


def same_answers(ours, bare, ids, page, forms):
    """Both servers must answer the same before it is worth measuring them."""
    same = ["id", "code", "procedure_code", "procedure_name", "receiving_unit_id", "resolving_unit_id", "channel", "status"]
    told = lambda dossier: [dossier[member] for member in same]
    for one in ids[:: max(1, len(ids) // 20)]:
        if told(ours.json(f"{DOSSIERS}/{one}")) != told(bare.json(f"{DOSSIERS}/{one}")):
            fail(f"the dossier {one} differs")
    left, right = (asker.json(path)["items"] for asker, path in zip((ours, bare), page))
    if len(left) != 50 or [told(item) for item in left] != [told(item) for item in right]:
        fail("the pages differ")
    for of_ours, of_bare in forms:
        columns = ["received_online", "received_direct", "carried_over", "resolved_early", "resolved_on_time"]
        columns += ["resolved_overdue", "pending_total", "pending_overdue"]
        totals = ours.json(of_ours)["totals"]
        rows = bare.json(of_bare)["rows"]
        sums = {column: sum(row[column] for row in rows) for column in columns}
        if sums != {column: totals[column] for column in columns}:
            fail(f"the forms differ: {totals} and {sums}")


def export(options, token):
    """The whole list as CSV for one client that reads as fast as it can."""
    peak = Peak(options.ours_pid)
    before, began = drive.anonymous(options.ours_pid), time.monotonic()
    peak.start()
    command = ["curl", "-s", "-f", "-H", "Accept: text/csv", "-H", f"Authorization: Bearer {token}"]
    with subprocess.Popen([*command, options.ours + DOSSIERS], stdout=subprocess.PIPE) as curl:
        rows = -1
        while chunk := curl.stdout.read(1 << 20):
            rows += chunk.count(b"\n")
    took, grown = time.monotonic() - began, peak.end() - before
    if curl.returncode:
        fail(f"the export ended with {curl.returncode}")
    print(f"{options.database}: {rows:,} dossiers as CSV in {took:.1f} s, {rows / took:,.0f} a second; memory grew by {grown:.0f} MB")


def report(base, path, token, seconds):
    """A report that may take longer than a round: one client asks again and again, twice at least."""
    took, began = [], time.monotonic()
    while len(took) < 2 or time.monotonic() - began < seconds:
        asked = time.monotonic()
        get(base, path, token)
        took.append((time.monotonic() - asked) * 1000)
    took.sort()
    last = took[min(len(took) - 1, len(took) * 99 // 100)]
    return {"requests": len(took), "seconds": time.monotonic() - began, "p50": took[len(took) // 2], "p99": last, "failed": 0}


def summary(name, rates):
    """One line as soon as an operation is measured: a run that is ended early has told something."""
    told = ", ".join(f"{server} {statistics.median(rate):,.1f}/s" for server, rate in rates.items() if rate)
    if rates["bare"]:
        ratio = statistics.median(one / other for one, other in zip(rates["ours"], rates["bare"]))
        told += f", ratio {ratio:.2f}"
    return f"{name}: {told}"


def measure(options):
    token, operations = prepare(options)
    export(options, token)
    servers = {"ours": options.ours_pid, "bare": options.bare_pid}
    bases = {"ours": options.ours, "bare": options.bare}
    for name, kind, of_ours, of_bare, connections, rows, file in operations:
        paths = {"ours": of_ours, "bare": of_bare}
        rates = {server: [] for server in servers}
        for number in range(-1, options.rounds):
            for server, pid in servers.items():
                if paths[server] is None:
                    continue
                prefix = f"B{int(time.time() * 1000) % 100_000_000}"
                peak = Peak(pid)
                peak.start()
                before = cpu(pid)
                # Unmeasured at first: plans, caches, the pool's connections.
                seconds = options.seconds if number >= 0 else 1
                if kind == "report":
                    result = report(bases[server], paths[server], token, seconds)
                else:
                    result = load(bases[server], kind, paths[server], connections, seconds, token, prefix, file)
                result |= {"database": options.database, "name": name, "server": server, "round": number, "rows": rows}
                result |= {"cpu": cpu(pid) - before, "database_cpu": 0.0, "memory": peak.end()}
                # Behind a load or an export the first write may wait for the disk longer than it is tried.
                is_idle = number >= 0 and not result["requests"]
                if result["failed"] or is_idle:
                    fail(f"{options.database}, {name}, {server}: {result}")
                if number >= 0:
                    rates[server].append(result["requests"] / result["seconds"])
                    with open(options.results, "a", encoding="utf-8") as to:
                        to.write(json.dumps(result) + "\n")
        print(f"{options.database}: {summary(name, rates)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("measure")
    for name in ("database", "ours", "bare", "work", "results"):
        one.add_argument(f"--{name}", required=True)
    for name in ("ours-pid", "bare-pid", "rounds", "seconds"):
        one.add_argument(f"--{name}", required=True, type=int)
    one.set_defaults(run=measure)
    other = commands.add_parser("table")
    other.add_argument("--results", required=True)
    other.set_defaults(run=drive.table)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
