#!/usr/bin/env bash
# Pages of every list with a province's documents, officials and decisions in the database, on SQLite and PostgreSQL.
#
#   bench/pages.sh [binary]
#
# Needs PostgreSQL's programs for its part, and about 3 GB of disk. A page whose median takes more than 20 ms fails.
# DATABASES="SQLite PostgreSQL" DOCUMENTS=100000 OFFICIALS=30000 DECISIONS=200000 SLOWEST=15

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../scripts/lib.sh"
need curl python3
find_binary "${1:-}"
sizes=(--documents "${DOCUMENTS:-100000}" --officials "${OFFICIALS:-30000}" --decisions "${DECISIONS:-200000}")
failed=0

ask() {
  python3 "$root/bench/pages.py" --base "$base" --database "$1" "${sizes[@]}" "${@:2}"
}

for database in ${DATABASES:-SQLite PostgreSQL}; do
  folder="$work/$database"
  mkdir -p "$folder"
  case $database in
    SQLite) url="" ;;
    PostgreSQL)
      start_postgres on
      new_database cchc
      url="$pg_url/cchc"
      ;;
    *) die "no such database: $database" ;;
  esac
  patience=120 serve "$folder" "$url" demo
  ask "$database"
  [ -z "$url" ] || analyze cchc
  ask "$database" --filled || failed=1
  stop "$pid"
  [ -z "$url" ] || stop_postgres
done
[ "$failed" = 0 ] || die "some pages are too slow"
