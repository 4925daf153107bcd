#!/usr/bin/env python3
"""Fills the service with a province's documents, officials and decisions, then asks every list of the contract for
pages and tells the slowest. Standard library only; `bench/pages.sh` calls it."""

import argparse
import concurrent.futures
import datetime
import http.client
import json
import os
import statistics
import sys
import time
import urllib.parse
import urllib.request

PROVINCE = "92"
AS_OF = "2026-06-30"
LINES = 2000
ROOMS = "/api/v1/"


def day(number, first=datetime.date(2025, 7, 1), span=360):
    return (first + datetime.timedelta(days=number % span)).isoformat()


def document(number, unit):
    issued = datetime.date.fromisoformat(day(number))
    return {
        "org_unit_code": unit,
        "stage": "issued",
        "kind": ("decision", "resolution")[number % 2],
        "number": f"{number + 1}/{issued.year}/" + ("QĐ-UBND", "NQ-HĐND")[number % 2],
        "title": f"Quy định về lĩnh vực {number % 97}, đợt {number}",
        "issued_on": issued.isoformat(),
        "effective_on": (issued + datetime.timedelta(days=10)).isoformat(),
    }


def official(number, unit):
    return {
        "org_unit_code": unit,
        "employee_code": f"CB{number:06}",
        "listed_on": "2026-06-30",
        "category": ("cadre", "civil_servant", "public_employee")[number % 3],
        "status": "working",
        "since": "2025-07-01",
        "person": {"name": f"Cán bộ thử {number}"},
    }


def decision(number, unit):
    signed = day(number)
    return {
        "org_unit_code": unit,
        "kind": ("pay_step", "transfer", "appoint", "retire")[number % 4],
        "category": ("cadre", "civil_servant", "public_employee")[number % 3],
        "sector": "not_apart",
        "stage": "issued",
        "cases": 1 + number % 9,
        "covers_from": signed,
        "covers_to": signed,
        "document_number": f"{number + 1}/QĐ-UBND",
        "document_on": signed,
    }


FILLED = {
    "documents": ("institutions/legal-documents", document),
    "officials": ("civil-service/officials", official),
    "decisions": ("civil-service/personnel-decisions", decision),
}


class Service:
    def __init__(self, base):
        self.base = base
        self.host = urllib.parse.urlsplit(base).netloc
        form = urllib.parse.urlencode(
            {"grant_type": "password", "username": "admin", "password": "demo-cchc-2024"}
        ).encode()
        with urllib.request.urlopen(base + "/api/v1/auth/token", form) as answer:
            self.token = json.load(answer)["access_token"]

    def ask(self, connection, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection.request("POST" if body is not None else "GET", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            sys.exit(f"FAILED: {path}: {answer.status} {content[:600].decode()}")
        return content

    def connection(self):
        return http.client.HTTPConnection(self.host, timeout=120)


def communes(service):
    connection, units, cursor = service.connection(), [], None
    while True:
        asked = {"org_unit_code": PROVINCE, "scope": "subtree", "kind": "commune", "as_of": AS_OF, "limit": 200}
        if cursor:
            asked["cursor"] = cursor
        page = json.loads(service.ask(connection, f"{ROOMS}organization/org-units?{urllib.parse.urlencode(asked)}"))
        units += [unit["code"] for unit in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            return units


def fill(service, units, path, made, count):
    def part(first):
        numbers = range(first, min(first + LINES, count))
        lines = [made(number, units[number % len(units)]) for number in numbers]
        service.ask(service.connection(), f"{ROOMS}{path}/batch", json.dumps(lines).encode())

    begun = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        list(threads.map(part, range(0, count, LINES)))
    took = time.monotonic() - begun
    print(f"{count} of {path} in {took:.0f} s ({count / took:.0f}/s)", flush=True)


def lists(contract):
    """Every list whose pages can be asked for without knowing more, with the names of its parameters."""
    for path, operations in sorted(contract["paths"].items()):
        named = {parameter["name"] for parameter in operations.get("get", {}).get("parameters", [])}
        if "limit" in named and "{" not in path:
            required = {p["name"] for p in operations["get"]["parameters"] if p.get("required")}
            yield path, named, required


def times(service, connection, path, rounds):
    took, cursor = [], None
    for number in range(rounds + 2):
        begun = time.perf_counter()
        content = service.ask(connection, path)
        if number > 1:
            took.append((time.perf_counter() - begun) * 1000)
    page = json.loads(content)
    cursor = page.get("next_cursor")
    return statistics.median(took), max(took), len(page.get("items", [])), cursor


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--limit-ms", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--filled", action="store_true", help="ask only")
    for name in FILLED:
        parser.add_argument(f"--{name}", type=int, required=True)
    asked = parser.parse_args()
    service = Service(asked.base)
    if not asked.filled:
        units = communes(service)
        for name, (path, made) in FILLED.items():
            fill(service, units, path, made, getattr(asked, name))
        return
    connection = service.connection()
    contract = json.loads(service.ask(connection, "/api-docs/openapi.json"))
    commune = communes(service)[0]
    rows = []
    for path, named, required in lists(contract):
        questions = [("all", {})]
        if {"org_unit_code", "scope"} <= named:
            questions = [
                ("province", {"org_unit_code": PROVINCE, "scope": "subtree"}),
                ("commune", {"org_unit_code": commune, "scope": "self"}),
            ]
            if "as_of" in named:
                for _, question in questions:
                    question["as_of"] = AS_OF
        if "q" in required:
            questions = [(name, {**question, "q": "quy dinh linh vuc 5"}) for name, question in questions]
        elif required:
            print(f"not asked: {path} wants {', '.join(sorted(required))}")
            continue
        for name, question in questions:
            query = f"{path}?{urllib.parse.urlencode({**question, 'limit': 50})}"
            median, worst, items, cursor = times(service, connection, query, asked.rounds)
            rows.append((median, worst, items, path, name, "first"))
            if cursor:
                following = f"{query}&cursor={urllib.parse.quote(cursor)}"
                median, worst, items, _ = times(service, connection, following, asked.rounds)
                rows.append((median, worst, items, path, name, "second"))
    rows.sort(reverse=True)
    print(f"{asked.database}: {len(rows)} pages of {len({row[3] for row in rows})} lists; the slowest")
    for median, worst, items, path, name, page in rows[: int(os.environ.get("SLOWEST", "15"))]:
        print(f"{median:7.1f} ms (at most {worst:6.1f})  {items:3} rows  {path} of {name}, {page} page")
    late = [row for row in rows if row[0] > asked.limit_ms]
    if late:
        sys.exit(f"FAILED: {len(late)} pages took more than {asked.limit_ms:.0f} ms")


main()
