#!/usr/bin/env bash
# Ten minutes of everything at once on two instances over one PostgreSQL, while every few seconds one of them is
# killed -9 and started again: keyed POSTs and their retries, twins sent to both, batches, changes with If-Match,
# deletes, lists, streamed exports, followers of the feed. At the end no acknowledged write is lost or doubled, both
# feeds tell the same in the same order, and the journal's chain is whole.
#
#   scripts/durability/mixed.sh [seconds] [binary]
#
# On a PostgreSQL cluster of the script's own. EVERY=8, the mean seconds from one kill to the next.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
need curl python3
seconds=${1:-600}
find_binary "${2:-}"
every=${EVERY:-8}
start_postgres on
new_database cchc
url="$pg_url/cchc"
folder="$work/data"

say "preparing"
prepare "$folder" "$url"
ports=("$(free_port)" "$(free_port)")
pids=()

# Starts an instance on the port that it keeps; does not wait for it.
start_instance() {
  (cchc "$folder" "$url" "CCHC_BIND=127.0.0.1:${ports[$1]}" -- serve) >"$work/$1.out" 2>>"$work/$1.log" &
  pids[$1]=$!
  services+=("$!")
}

wait_for_instance() {
  local tenth
  for tenth in $(seq 1 300); do
    if curl -sf -o "$work/ready" "http://127.0.0.1:${ports[$1]}/health/ready"; then
      return
    fi
    kill -0 "${pids[$1]}" 2>/dev/null || die "instance $1 ended: $(tail -n 3 "$work/$1.log")"
    sleep 0.1
  done
  die "instance $1 is not ready after $((tenth / 10)) s: $(tail -n 3 "$work/$1.log")"
}

for one in 0 1; do
  start_instance "$one"
  wait_for_instance "$one"
done
base="http://127.0.0.1:${ports[0]}"
sign_in

say "mixed load for $seconds s"
python3 -B "$root/scripts/durability/mixed.py" --bases "$base" "http://127.0.0.1:${ports[1]}" --token "$token" \
  --prefix "m$(date +%s)" --seconds "$seconds" >"$work/result" 2>"$work/fault" &
loading=$!
last=$(($(date +%s) + seconds - 5))
kills=0
while sleep "$((every / 2 + RANDOM % every))"; [ "$(date +%s)" -lt "$last" ]; do
  kill -0 "$loading" 2>/dev/null || break
  victim=$((RANDOM % 2))
  kill -KILL "${pids[$victim]}"
  wait "${pids[$victim]}" 2>/dev/null || true
  kills=$((kills + 1))
  start_instance "$victim"
  wait_for_instance "$victim"
done
wait "$loading" || {
  cat "$work/result"
  die "$(sed -n 's/^FAILED: //p' "$work/fault" | head -n 1 | grep . || tail -n 5 "$work/fault")"
}
cat "$work/result"
say "$kills kills"
for one in 0 1; do
  ! grep -E 'ERROR|panicked' "$work/$one.log" || die "instance $one has errors in its log"
  stop "${pids[$one]}"
done
verify_journal "$folder" "$url"
say "done: $kills kills in $seconds s cost nothing that was acknowledged"
