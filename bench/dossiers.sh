#!/usr/bin/env bash
# Dossiers at the size of a province, beside a bare actix-web server on the same rows: one by id, a page deep in a
# unit's, a durable POST, batches of 1,000, form 06 beside the same by SQL over all dossiers, the whole list as
# CSV, memory, and how long the service takes to start.
#
#   bench/dossiers.sh [--quick] [binary]
#
# Needs wrk, cargo for the bare server and, for its part, PostgreSQL's programs; about 15 GB of disk. Rounds
# alternate between the two, which share the machine with wrk and the database: believe the ratios.
# DATABASES="PostgreSQL SQLite" ON_POSTGRES=1000000 ON_SQLITE=100000 ROUNDS=5 SECONDS_EACH=5

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=bench/lib.sh
source "$(dirname "$0")/lib.sh"
rounds=${ROUNDS:-5}
each=${SECONDS_EACH:-5}
databases=${DATABASES:-PostgreSQL SQLite}
if [ "${1:-}" = --quick ]; then
  rounds=2 each=2
  shift
fi
need cargo curl python3 wrk
find_binary "${1:-}"
results="$work/results"

build_bare

# Makes the dossiers with the demonstration, which then serves them.
fill() {
  local folder=$1 url=$2 count=$3 from
  mkdir -p "$folder"
  from=$(date +%s%3N)
  # The loading takes minutes, and the service is ready behind it.
  patience=3600 serve "$folder" "$url" demo --dossiers "$count"
  say "$count dossiers were made in $((($(date +%s%3N) - from) / 1000)) s"
  stop "$pid"
}

# Starts both: how long until the first answer, and what the service holds while nobody asks.
measure() {
  local name=$1 folder=$2 url=$3 of_bare=$4 from
  from=$(date +%s%3N)
  serve "$folder" "$url" demo
  say "$name: answered $(($(date +%s%3N) - from)) ms after its start, holding $(awk '/RssAnon/ {print $2}' "/proc/$pid/status") kB"
  serve_bare "$of_bare"
  python3 "$bench/dossiers.py" measure --database "$name" --ours "$base" --ours-pid "$pid" --bare "$bare_base" \
    --bare-pid "$bare_pid" --work "$work" --results "$results" --rounds "$rounds" --seconds "$each"
  stop "$pid"
  stop "$bare_pid"
}

for database in $databases; do
  case $database in
    SQLite)
      fill "$work/sqlite" "" "${ON_SQLITE:-100000}"
      python3 - "$work/sqlite/demo.db" "$work/bare.db" <<'PYTHON'
import sqlite3, sys

with sqlite3.connect(sys.argv[1]) as ours, sqlite3.connect(sys.argv[2]) as copy:
    ours.execute("ANALYZE")
    ours.backup(copy)
PYTHON
      measure SQLite "$work/sqlite" "" "$work/bare.db"
      ;;
    PostgreSQL)
      start_postgres on
      new_database cchc
      fill "$work/postgresql" "$pg_url/cchc" "${ON_POSTGRES:-1000000}"
      analyze cchc
      new_database bare cchc
      analyze bare
      measure PostgreSQL "$work/postgresql" "$pg_url/cchc" "$pg_url/bare"
      stop_postgres
      ;;
    *) die "no such database: $database" ;;
  esac
done
python3 "$bench/dossiers.py" table --results "$results"
