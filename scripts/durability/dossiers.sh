#!/usr/bin/env bash
# Kill -9 in the middle of concurrent batches of dossiers, ten rounds on one database: after every restart each
# batch that was acknowledged must be there as it was sent and none by half, the counts must be those of the
# dossiers, and the journal's chain must be whole.
#
#   scripts/durability/dossiers.sh [binary]
#
# On SQLite, and on PostgreSQL where its programs are installed, on a cluster of the script's own. ROUNDS=10 BATCHES=60

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
need curl python3
find_binary "${1:-}"
rounds=${ROUNDS:-10}
batches=${BATCHES:-60}
tool="$root/scripts/durability/dossiers.py"

verify_counts() {
  local verdict
  verdict=$(cchc "$1" "$2" -- rollup verify) || die "cchc rollup verify: $verdict"
  say "counts: $verdict"
}

durable() {
  local name=$1 url=$2 folder="$work/$1" round result
  local acks="$work/$1.acks"
  touch "$acks"
  say "$name: preparing"
  prepare "$folder" "$url"
  (cchc "$folder" "$url" -- import units) >/dev/null
  (cchc "$folder" "$url" -- import procedures) >/dev/null
  (cchc "$folder" "$url" -- import holidays) >/dev/null
  for round in $(seq 1 "$rounds"); do
    serve "$folder" "$url"
    sign_in
    result=$(python3 "$tool" write --base "$base" --token "$token" --acks "$acks" --first $((round * 900)) \
      --batches "$batches" --kill-pid "$pid") || exit 1
    wait "$pid" 2>/dev/null || true
    say "$name, round $round: $result"
    serve "$folder" "$url"
    sign_in
    result=$(python3 "$tool" verify --base "$base" --token "$token" --acks "$acks") || exit 1
    say "$name, round $round: $result"
    stop "$pid"
    verify_counts "$folder" "$url"
    verify_journal "$folder" "$url"
  done
}

tried="SQLite"
durable sqlite ""
if [ -n "$(pg_programs)" ]; then
  start_postgres on
  new_database cchc
  durable postgresql "$pg_url/cchc"
  tried="$tried and PostgreSQL"
else
  say "postgresql: NOT TRIED, its programs are not there"
fi
say "done: no acknowledged batch was lost, doubled or halved in $rounds rounds on $tried, and every count was right"
