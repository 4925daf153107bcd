#!/usr/bin/env bash
# The service beside a bare actix-web server on the same rows, SQLite and PostgreSQL: a sign of life, a unit by
# id, a page, form 06, a list as CSV, a durable POST, batches of 1,000 procedures. Rounds alternate between the two.
#
#   bench/run.sh [--quick] [--only WORDS] [binary]
#
# Needs wrk (Debian: apt-get install wrk), cargo for the bare server and, for its part, PostgreSQL's programs.
# wrk, the server and the database share the machine: the ratio and the CPU a request mean more than the rest.
# What the bare server reads is compared with the answers of the service first; it knows no tokens, its writes
# no validation and no journal. ROUNDS=5 SECONDS_EACH=5 DATABASES="SQLite PostgreSQL"; --quick is two rounds of
# two seconds, --only one kind of request.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=bench/lib.sh
source "$(dirname "$0")/lib.sh"
rounds=${ROUNDS:-5}
each=${SECONDS_EACH:-5}
databases=${DATABASES:-SQLite PostgreSQL}
only=
while [ $# -gt 0 ]; do
  case $1 in
    --quick) rounds=2 each=2 ;;
    --only) only=$2 && shift ;;
    *) break ;;
  esac
  shift
done
need cargo curl python3 wrk
find_binary "${1:-}"
results="$work/results"

build_bare

# Loads both, which must be running.
measure() {
  sign_in
  python3 "$bench/drive.py" measure --database "$1" --ours "$base" --ours-pid "$pid" --bare "$bare_base" \
    --bare-pid "$bare_pid" --token "$token" --ids "$work/ids" --results "$results" --rounds "$rounds" \
    --seconds "$each" --postgres-pid "${2:-0}" --only "$only"
  stop "$pid"
  stop "$bare_pid"
}

on_sqlite() {
  local folder="$work/sqlite"
  say "SQLite: preparing"
  prepare "$folder" ""
  (cchc "$folder" "" -- import units) >/dev/null
  python3 - "$folder/cchc.db" "$work/bare.db" "$bench/returns.sql" <<'PYTHON'
import sqlite3, sys

ours, copy, rows = sys.argv[1:]
with sqlite3.connect(ours) as database:
    database.executescript(open(rows, encoding="utf-8").read())
    database.execute("ANALYZE")
with sqlite3.connect(copy) as target:
    database.backup(target)
PYTHON
  serve "$folder" ""
  serve_bare "$work/bare.db"
  measure SQLite
}

on_postgres() {
  local folder="$work/postgresql"
  say "PostgreSQL: preparing"
  start_postgres on
  new_database cchc
  prepare "$folder" "$pg_url/cchc"
  (cchc "$folder" "$pg_url/cchc" -- import units) >/dev/null
  psql_file cchc "$bench/returns.sql"
  new_database bare cchc
  analyze cchc
  analyze bare
  serve "$folder" "$pg_url/cchc"
  serve_bare "$pg_url/bare"
  measure PostgreSQL "$(head -n 1 "$pg_data/postmaster.pid")"
}

for database in $databases; do
  case $database in
    SQLite) on_sqlite ;;
    PostgreSQL) [ -z "$(pg_programs)" ] || on_postgres ;;
    *) die "no such database: $database" ;;
  esac
done
python3 "$bench/drive.py" table --results "$results"
