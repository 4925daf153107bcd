#!/usr/bin/env bash
# Kill -9 in the middle of 1,000 concurrent writes, ten rounds on one database: after every restart
# each acknowledged write must be there exactly once, and the journal's chain must be whole. Then all
# are sent again with their Idempotency-Key: none is written twice.
#
#   scripts/durability/kill9.sh [binary]
#
# On SQLite, and on PostgreSQL where DATABASE_URL names a database for tests (it is written to) or
# PostgreSQL is installed (then on a cluster of the script's own). ROUNDS=10 WRITES=1000

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
need curl python3
find_binary "${1:-}"
rounds=${ROUNDS:-10}
writes=${WRITES:-1000}

durable() {
  local name=$1 url=$2 folder="$work/$1" round prefix result
  local run acks="$work/$1.acks"
  run=r$(date +%s)
  touch "$acks"
  say "$name: preparing"
  prepare "$folder" "$url"
  for round in $(seq 1 "$rounds"); do
    prefix="${run}_$round"
    serve "$folder" "$url"
    sign_in
    result=$(python3 "$load" write --base "$base" --token "$token" --prefix "$prefix" --acks "$acks" \
      --count "$writes" --kill-pid "$pid" --refuse 503) || exit 1
    wait "$pid" 2>/dev/null || true
    say "$name, round $round: $result"
    serve "$folder" "$url"
    sign_in
    result=$(python3 "$load" verify --base "$base" --token "$token" --prefix "$run" --acks "$acks") || exit 1
    say "$name, round $round: $result"
    result=$(python3 "$load" again --base "$base" --token "$token" --prefix "$prefix" --acks "$acks" \
      --count "$writes") || exit 1
    say "$name, round $round: $result"
    result=$(python3 "$load" verify --base "$base" --token "$token" --prefix "$run" --acks "$acks") || exit 1
    say "$name, round $round: $result"
    stop "$pid"
    verify_journal "$folder" "$url"
  done
}

tried="SQLite"
durable sqlite ""
if [ -n "${DATABASE_URL:-}" ]; then
  admin_name=kiem.thu.$(date +%s)
  durable postgresql "$DATABASE_URL"
  tried="$tried and PostgreSQL"
elif [ -n "$(pg_programs)" ]; then
  start_postgres on
  new_database cchc
  durable postgresql "$pg_url/cchc"
  tried="$tried and PostgreSQL"
else
  say "postgresql: NOT TRIED, neither DATABASE_URL nor PostgreSQL's programs are there"
fi
say "done: no acknowledged write was lost or doubled in $rounds rounds on $tried"
