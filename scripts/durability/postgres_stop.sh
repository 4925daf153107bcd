#!/usr/bin/env bash
# PostgreSQL stops under load, in good order and at once: writes are answered 503 with Retry-After,
# and the service goes on without a restart when the database is back. Nothing acknowledged is lost.
#
#   scripts/durability/postgres_stop.sh [binary]
#
# On a PostgreSQL cluster of the script's own.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
need curl python3
find_binary "${1:-}"
start_postgres on
new_database cchc
url="$pg_url/cchc"
folder="$work/data"
acks="$work/acks"
touch "$acks"

say "preparing"
prepare "$folder" "$url"
serve "$folder" "$url"
sign_in
first=$pid

status_of() {
  curl -s -o "$work/answer" -w '%{http_code}' "$base$1"
}

for mode in fast immediate; do
  say "writing for 20 s; after 5 s PostgreSQL stops ($mode), after 12 s it is back"
  python3 "$load" write --base "$base" --token "$token" --prefix "stop_$mode" --acks "$acks" --seconds 20 \
    --connections 32 --expect 201 --expect 503 >"$work/result" 2>"$work/fault" &
  writing=$!
  sleep 5
  stop_postgres "$mode"
  sleep 4
  [ "$(status_of /health/live)" = 200 ] || die "the service no longer lives"
  [ "$(status_of /health/ready)" = 503 ] || die "the service says that it is ready without a database"
  sleep 3
  run_postgres
  back=$(date +%s)
  until [ "$(status_of /health/ready)" = 200 ]; do
    [ $(($(date +%s) - back)) -lt 15 ] || die "not ready 15 s after PostgreSQL was back"
    sleep 0.2
  done
  say "ready again $(($(date +%s) - back)) s after PostgreSQL was back"
  wait "$writing" || die "$(cat "$work/fault")"
  say "answers: $(cat "$work/result")"
  result=$(python3 "$load" write --base "$base" --token "$token" --prefix "stop_${mode}_after" --acks "$acks" \
    --seconds 2 --connections 4 --expect 201 --refuse 503) || exit 1
  say "afterwards: $result"
  result=$(python3 "$load" verify --base "$base" --token "$token" --prefix stop_ --acks "$acks") || exit 1
  say "$result"
done
kill -0 "$first" || die "the service has ended"
stop "$pid"
verify_journal "$folder" "$url"
say "done: a stopped PostgreSQL cost nothing that was acknowledged"
