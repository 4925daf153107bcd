#!/usr/bin/env bash
# Two instances start at the same moment on an empty PostgreSQL database, five times: both migrate
# under the lock, agree on one signing key, and serve. A second process on a SQLite file is refused.
#
#   scripts/durability/instances.sh [binary]
#
# On a PostgreSQL cluster of the script's own.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/../lib.sh"
need curl python3
find_binary "${1:-}"
start_postgres on

folder="$work/data"
mkdir -p "$folder"

# Starts both, then waits for both: sets pids and bases.
both() {
  local url=$1 one out tenth
  pids=() bases=()
  for one in a b; do
    : >"$work/$one.out" >"$work/$one.log"
    (cchc "$folder" "$url" CCHC_BIND=127.0.0.1:0 -- serve) >"$work/$one.out" 2>"$work/$one.log" &
    pids+=("$!")
    services+=("$!")
  done
  for one in a b; do
    out=
    for tenth in $(seq 1 300); do
      out=$(sed -n 's|.*on \(http://[0-9.:]*\).*|\1|p' "$work/$one.out")
      if [ -n "$out" ] && curl -sf -o "$work/ready" "$out/health/ready"; then
        break
      fi
      [ "$tenth" -lt 300 ] || die "instance $one is not ready after 30 s: $(tail -n 3 "$work/$one.log")"
      sleep 0.1
    done
    bases+=("$out")
  done
}

for round in 1 2 3 4 5; do
  new_database "round$round"
  both "$pg_url/round$round"
  say "round $round: both instances are ready"
  if [ "$round" -lt 5 ]; then
    stop "${pids[0]}"
    stop "${pids[1]}"
  fi
done

url="$pg_url/round5"
say "making an administrator beside the running instances"
prepare "$folder" "$url"
sleep 2
base=${bases[0]}
sign_in
status=$(python3 "$load" get --base "${bases[1]}" --token "$token" '/api/v1/reporting/periods?limit=1')
[ "$status" = 200 ] || die "the second instance answered $status to a token of the first"
acks="$work/acks"
touch "$acks"
writing=()
for one in 0 1; do
  python3 "$load" write --base "${bases[$one]}" --token "$token" --prefix "both_$one" --acks "$acks.$one" \
    --count 500 --refuse 503 >"$work/result.$one" &
  writing+=("$!")
done
for one in 0 1; do
  wait "${writing[$one]}" || die "writing through instance $one"
  say "instance $one: $(cat "$work/result.$one")"
  cat "$acks.$one" >>"$acks"
done
for base in "${bases[@]}"; do
  result=$(python3 "$load" verify --base "$base" --token "$token" --prefix both_ --acks "$acks") || exit 1
  say "$base: $result"
done
stop "${pids[0]}"
stop "${pids[1]}"
verify_journal "$folder" "$url"

say "a second process on a SQLite file"
serve "$work/sqlite" ""
if (cchc "$work/sqlite" "" CCHC_BIND=127.0.0.1:0 -- serve) >"$work/second.out" 2>&1; then
  die "a second process served the same SQLite file"
fi
[ "$(wc -l <"$work/second.out")" = 1 ] || die "the refusal is not one line: $(cat "$work/second.out")"
say "refused: $(cat "$work/second.out")"
say "done"
