#!/usr/bin/env bash
# A million procedures exported as CSV, on SQLite and PostgreSQL, to a fast and a slow client at once: both get every
# row, and the service grows by less than 20 MB while it sends some 300 MB to each.
#
#   scripts/export.sh [binary]
#
# Needs, for its part, PostgreSQL's server programs. ROWS=1000000 SLOW=8000000 (bytes a second) LIMIT_MB=20

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
need curl python3
find_binary "${1:-}"
rows=${ROWS:-1000000}

# The same text for both databases: rows of the size that a ministry's list has.
cat >"$work/rows.sql" <<SQL
INSERT INTO procedures (id, code, version, created_at, updated_at)
WITH RECURSIVE numbers (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < $rows)
SELECT '0190a8c0-0000-7000-8000-' || CAST(100000000000 + i AS TEXT),
  '1.' || substr(CAST(1000000 + i AS TEXT), 2), 1, 1700000000000000, 1700000000000000
FROM numbers;
INSERT INTO procedure_versions (
  id, procedure_id, valid_from, valid_from_certainty, valid_to, valid_to_certainty, speaks_from, speaks_to, name,
  name_folded, level, service_level, deadlines, fees, papers, authority
)
SELECT '0190a8c0-0000-7000-9000' || substr(id, 24), id, '0001-01-01', 'exact', '9999-12-31', 'exact', '0001-01-01',
  '9999-12-31', 'Thủ tục đăng ký hộ kinh doanh số ' || code || ' tại Ủy ban nhân dân cấp xã',
  'thu tuc dang ky ho kinh doanh so ' || code || ' tai uy ban nhan dan cap xa', 'commune', 'partial_online',
  '[{"value":5,"unit":"working_day","variant":null}]', '[]', '[]', 'Ủy ban nhân dân cấp xã'
FROM procedures;
SQL

export_from() {
  local name=$1
  sign_in
  python3 - "$name" "$base" "$token" "$pid" "$rows" "${SLOW:-8000000}" "${LIMIT_MB:-20}" <<'PYTHON' || exit 1
import sys, threading, time, urllib.request

name, base, token, pid = sys.argv[1:5]
rows, slow, limit = map(int, sys.argv[5:])


def anonymous():
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("RssAnon:")) / 1024


def export(pace):
    """Lines, bytes and seconds of one export; `pace` bytes a second at most, 0 for as fast as can be."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/csv"}
    request = urllib.request.Request(f"{base}/api/v1/tthc/procedures", headers=headers)
    began, lines, size = time.monotonic(), 0, 0
    with urllib.request.urlopen(request, timeout=120) as answer:
        while chunk := answer.read(65536):
            lines, size = lines + chunk.count(b"\n"), size + len(chunk)
            if pace and (ahead := size / pace - (time.monotonic() - began)) > 0:
                time.sleep(ahead)
    return lines, size, time.monotonic() - began


def first_rows():
    """The first of the rows alone, as a client that goes away: what the service holds once it is warm."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/csv"}
    request = urllib.request.Request(f"{base}/api/v1/tthc/procedures", headers=headers)
    with urllib.request.urlopen(request, timeout=120) as answer:
        answer.read(1 << 20)


first_rows()
time.sleep(1)
before = peak = anonymous()
results = {}
clients = [
    threading.Thread(target=lambda who=who, pace=pace: results.update({who: export(pace)}))
    for who, pace in (("fast", 0), ("slow", slow))
]
for client in clients:
    client.start()
while any(client.is_alive() for client in clients):
    peak = max(peak, anonymous())
    time.sleep(0.02)
for who in ("fast", "slow"):
    if who not in results:
        sys.exit(f"FAILED: {name}: the {who} client was cut off")
    lines, size, seconds = results[who]
    print(f"{name}, {who} client: {lines - 1:,} rows, {size / 1e6:.0f} MB in {seconds:.1f} s, {lines / seconds:,.0f} rows/s")
    if lines != rows + 1:
        sys.exit(f"FAILED: {name}: {lines - 1} rows, not {rows}")
print(f"{name}: RssAnon {before:.1f} MB before, {peak:.1f} MB at most, {peak - before:.1f} MB more")
if peak - before >= limit:
    sys.exit(f"FAILED: {name}: the service grew by {peak - before:.1f} MB")
PYTHON
  stop "$pid"
}

say "SQLite: preparing $rows rows"
prepare "$work/sqlite" ""
python3 - "$work/sqlite/cchc.db" "$work/rows.sql" <<'PYTHON'
import sqlite3, sys

with sqlite3.connect(sys.argv[1]) as database:
    database.executescript(open(sys.argv[2], encoding="utf-8").read() + "ANALYZE;")
PYTHON
serve "$work/sqlite" ""
export_from SQLite
if [ -n "$(pg_programs)" ]; then
  say "PostgreSQL: preparing $rows rows"
  start_postgres off
  new_database cchc
  prepare "$work/postgresql" "$pg_url/cchc"
  psql_file cchc "$work/rows.sql"
  analyze cchc
  serve "$work/postgresql" "$pg_url/cchc"
  export_from PostgreSQL
fi
say "done"
