#!/usr/bin/env bash
# How fast one instance answers 32 clients: a unit by id, a page of 50, one durable write, each as a
# ratio to /health/live in the same run, on SQLite and PostgreSQL.
#
#   scripts/bench.sh [binary]
#
# Needs wrk (Debian: apt-get install wrk) and, for its part, PostgreSQL's programs. wrk, the service
# and the database share the machine: the ratios mean more than the numbers. SECONDS_EACH=5 ROUNDS=3

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
need curl python3 wrk
find_binary "${1:-}"
each=${SECONDS_EACH:-5}
rounds=${ROUNDS:-3}
results="$work/results"

# One measurement: database, name, method, path.
measure() {
  local line
  line=$(wrk --threads 2 --connections 32 --duration "${each}s" --script "$root/scripts/bench.lua" "$base$4" \
    -- "$3" "$token" "b$(date +%s%N)" | sed -n 's/^RESULT //p')
  printf '%s\t%s\t%s\n' "$1" "$2" "$line" >>"$results"
}

bench() {
  local name=$1 url=$2 folder="$work/$1" round unit
  say "$name: preparing"
  prepare "$folder" "$url"
  (cchc "$folder" "$url" -- import units) >/dev/null
  serve "$folder" "$url"
  sign_in
  unit=$(curl -sf -H "Authorization: Bearer $token" "$base/api/v1/organization/org-units?code=31396&as_of=2026-07-01" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["items"][0]["id"])')
  for round in $(seq 1 "$rounds"); do
    say "$name: round $round of $rounds"
    measure "$name" "GET /health/live" get /health/live
    measure "$name" "GET one unit by id" get "/api/v1/organization/org-units/$unit"
    measure "$name" "GET a page of 50 units" get "/api/v1/organization/org-units?limit=50"
    measure "$name" "POST a period, durable" post /api/v1/reporting/periods
  done
  stop "$pid"
}

bench SQLite ""
if [ -n "$(pg_programs)" ]; then
  start_postgres on
  new_database cchc
  bench PostgreSQL "$pg_url/cchc"
fi

python3 - "$results" <<'PYTHON'
import collections, json, statistics, sys

rounds = collections.defaultdict(list)
for line in open(sys.argv[1], encoding="utf-8"):
    database, name, result = line.rstrip("\n").split("\t")
    rounds[database, name].append(json.loads(result))
print("\nMedian of the rounds; in brackets the ratio to /health/live of the same database\n")
print("| database | request | requests/s | p50 ms | p99 ms | failed |")
print("| --- | --- | ---: | ---: | ---: | ---: |")
base = {}
for (database, name), results in rounds.items():
    row = {
        "rate": statistics.median(r["requests"] / r["seconds"] for r in results),
        "p50": statistics.median(r["p50"] for r in results),
        "p99": statistics.median(r["p99"] for r in results),
    }
    live = base.setdefault(database, row)
    cells = [f"{row[key]:,.{digits}f} ({row[key] / live[key]:.2f})" for key, digits in (("rate", 0), ("p50", 2), ("p99", 2))]
    print(f"| {database} | {name} | {' | '.join(cells)} | {sum(r['failed'] for r in results)} |")
PYTHON
