#!/usr/bin/env python3
"""Loads the service and the bare server by turns with wrk, and tells what each took: requests a
second, latency, CPU a request, memory. Standard library only."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
DAY = "as_of=2026-06-30"
UNITS = "/api/v1/organization/org-units"
FORM = f"/api/v1/reporting/forms/06a?org_unit_code=92&period=2026-H1&scope=subtree&{DAY}"
TICK = os.sysconf("SC_CLK_TCK")

# Name, kind of load.lua, path, connections, rows of one request.
OPERATIONS = [
    ("whether it lives", "get", "/health/live", 32, 1),
    ("a unit by id", "get", f"{UNITS}/{{id}}?{DAY}", 32, 1),
    ("a page of 50 units", "get", f"{UNITS}?limit=50&{DAY}", 32, 50),
    ("form 06 of 103 communes", "get", FORM, 8, 1),
    ("all units of 2024 as CSV", "csv", f"{UNITS}?as_of=2024-06-30", 2, 11_000),
    ("POST a period, durable", "period", "/api/v1/reporting/periods", 32, 1),
    ("POST 1,000 procedures", "procedures", "/api/v1/tthc/procedures/batch", 4, 1_000),
]


def fail(line):
    print(f"FAILED: {line}", file=sys.stderr)
    sys.exit(1)


def get(base, path, token, accept="application/json"):
    request = urllib.request.Request(base + path, headers={"Authorization": f"Bearer {token}", "Accept": accept})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def cpu(pid):
    """Seconds of CPU that a process has used, with those of children that ended."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return sum(map(int, fields[11:15])) / TICK


def cpu_of_all(parent):
    """The same of a process and its children."""
    with open(f"/proc/{parent}/task/{parent}/children", encoding="utf-8") as file:
        children = file.read().split()
    seconds = cpu(parent)
    for child in children:
        try:
            seconds += cpu(child)
        except FileNotFoundError:
            pass
    return seconds


def anonymous(pid):
    """Memory of its own that a process holds, in MB."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
    return 0.0


class Peak(threading.Thread):
    """The most memory that a process held between start and end."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.peak, self.over = pid, anonymous(pid), threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            self.peak = max(self.peak, anonymous(self.pid))

    def end(self):
        self.over.set()
        self.join()
        return self.peak


def load(base, kind, path, connections, seconds, token, prefix, ids):
    threads = min(2, connections)
    command = ["wrk", "-t", str(threads), "-c", str(connections), "-d", f"{seconds}s", "--timeout", "30s"]
    command += ["-s", os.path.join(HERE, "load.lua"), base, "--", kind, path, token, prefix]
    said = subprocess.run(command + ([ids] if ids else []), capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[len("RESULT ") :])
    fail(f"wrk said nothing: {said}")


def same_answers(options, ids):
    """Both servers must answer the same before it is worth measuring them."""
    for unit in ids[:: max(1, len(ids) // 20)]:
        ours, bare = (json.loads(get(base, f"{UNITS}/{unit}?{DAY}", options.token)) for base in (options.ours, options.bare))
        if ours != bare:
            fail(f"the unit {unit} differs:\n{ours}\n{bare}")
    ours, bare = (json.loads(get(base, f"{UNITS}?limit=50&{DAY}", options.token))["items"] for base in (options.ours, options.bare))
    if ours != bare or len(ours) != 50:
        fail("the pages of 50 differ")
    ours, bare = (get(base, f"{UNITS}?as_of=2024-06-30", options.token, "text/csv") for base in (options.ours, options.bare))
    if ours != bare:
        fail("the lists as CSV differ")
    ours = json.loads(get(options.ours, FORM, options.token))["rows"]
    bare = json.loads(get(options.bare, FORM.replace("&scope=subtree", ""), options.token))["rows"]
    for one, other in zip(ours, bare, strict=True):
        if any(one[column] != value for column, value in other.items()):
            fail(f"the forms differ:\n{one}\n{other}")


def measure(options):
    page = json.loads(get(options.ours, f"{UNITS}?limit=200&{DAY}", options.token))
    ids = [unit["id"] for unit in page["items"]]
    with open(options.ids, "w", encoding="utf-8") as file:
        file.write("\n".join(ids) + "\n")
    same_answers(options, ids)
    servers = {"ours": (options.ours, options.ours_pid), "bare": (options.bare, options.bare_pid)}
    for name, kind, path, connections, rows in OPERATIONS:
        if options.only and options.only not in name:
            continue
        for number in range(-1, options.rounds):
            for server, (base, pid) in servers.items():
                prefix = f"b{int(time.time() * 1000) % 100_000_000}"
                peak = Peak(pid)
                peak.start()
                before = cpu(pid), cpu_of_all(options.postgres_pid) if options.postgres_pid else 0.0
                # Unmeasured at first: plans, caches, the pool's connections.
                seconds = options.seconds if number >= 0 else 1
                ids = options.ids if "{id}" in path else None
                result = load(base, kind, path, connections, seconds, options.token, prefix, ids)
                after = cpu(pid), cpu_of_all(options.postgres_pid) if options.postgres_pid else 0.0
                result |= {"database": options.database, "name": name, "server": server, "round": number, "rows": rows}
                result |= {"cpu": after[0] - before[0], "database_cpu": after[1] - before[1], "memory": peak.end()}
                if result["failed"] or not result["requests"]:
                    fail(f"{options.database}, {name}, {server}: {result}")
                if number >= 0:
                    with open(options.results, "a", encoding="utf-8") as file:
                        file.write(json.dumps(result) + "\n")
        print(f"{options.database}: {name}", flush=True)


def span(values, form):
    return f"{statistics.median(values):{form}} ({min(values):{form}}–{max(values):{form}})"


def table(options):
    rounds = {}
    with open(options.results, encoding="utf-8") as file:
        for line in file:
            result = json.loads(line)
            key = result["database"], result["name"]
            rounds.setdefault(key, {}).setdefault(result["server"], []).append(result)
    print("\nMedian of the rounds (least–most). Ratio: requests a second of ours to those of the bare server, round by round.")
    print("CPU in µs a request: of the server, and of PostgreSQL with all its processes. Memory: the most RssAnon, MB.\n")
    print("| database | request | server | requests/s | ratio | rows/s | p50 ms | p99 ms | CPU | PostgreSQL | memory |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for (database, name), servers in rounds.items():
        rate = {server: [r["requests"] / r["seconds"] for r in results] for server, results in servers.items()}
        for server, results in servers.items():
            ratio = span([one / other for one, other in zip(rate["ours"], rate["bare"])], ".2f") if server == "ours" and "bare" in rate else ""
            rows = results[0]["rows"]
            cells = [
                database,
                name,
                server,
                span(rate[server], ",.0f" if min(rate[server]) >= 20 else ",.1f"),
                ratio,
                f"{statistics.median(rate[server]) * rows:,.0f}" if rows > 1 else "",
                span([r["p50"] for r in results], ".2f"),
                span([r["p99"] for r in results], ".2f"),
                span([r["cpu"] / r["requests"] * 1e6 for r in results], ",.0f"),
                span([r["database_cpu"] / r["requests"] * 1e6 for r in results], ",.0f") if database == "PostgreSQL" else "",
                f"{max(r['memory'] for r in results):.0f}",
            ]
            print(f"| {' | '.join(cells)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("measure")
    for name in ("database", "ours", "bare", "token", "ids", "results"):
        one.add_argument(f"--{name}", required=True)
    for name in ("ours-pid", "bare-pid", "rounds", "seconds"):
        one.add_argument(f"--{name}", required=True, type=int)
    one.add_argument("--postgres-pid", type=int, default=0)
    one.add_argument("--only", default="", help="part of an operation's name")
    one.set_defaults(run=measure)
    other = commands.add_parser("table")
    other.add_argument("--results", required=True)
    other.set_defaults(run=table)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
