# shellcheck shell=bash
# shellcheck disable=SC2034 # its variables are for the scripts that source it
# What the scripts share: a temporary folder, a PostgreSQL cluster of their own, a running service.
# To be sourced; it sets the shell's strict mode and cleans up when the script ends.
#
# Variables with the prefix CCHC_ belong to the service, which refuses unknown ones: the scripts
# take no settings by that prefix, and start the service without those of the caller.

set -euo pipefail

# The script itself is called by many a folder: everything is named from the project's root.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
load="$root/scripts/durability/load.py"
work=$(mktemp -d)
chmod 755 "$work"

admin_name=kiem.thu
admin_password="do-ben-$RANDOM$RANDOM$RANDOM"
master_key="a master key of the scripts $RANDOM$RANDOM$RANDOM"

started=$(date +%s)
say() {
  printf '[%4ds] %s\n' $(($(date +%s) - started)) "$*"
}

die() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

need() {
  local name
  for name in "$@"; do
    command -v "$name" >/dev/null || die "$name is not installed"
  done
}

# What a script still has to undo, last first.
undo=()
at_end() {
  undo=("$1" "${undo[@]}")
}

clean_up() {
  local status=$? step
  set +e
  for step in "${undo[@]}"; do
    $step
  done
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# The release binary: the first argument of a script, or the one that cargo made.
find_binary() {
  binary=${1:-${CARGO_TARGET_DIR:-$root/target}/release/cchc}
  [ -x "$binary" ] || die "$binary is not there; build it: cargo build --release"
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# PostgreSQL ------------------------------------------------------------------------------------

pg_programs() {
  if command -v initdb >/dev/null && command -v pg_ctl >/dev/null; then
    dirname "$(readlink -f "$(command -v initdb)")"
    return
  fi
  find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1
}

# PostgreSQL refuses to run as root.
as_pg() {
  if [ "$(id -u)" = 0 ]; then
    (cd "$work" && runuser -u "$pg_account" -- "$@")
  else
    (cd "$work" && "$@")
  fi
}

# A cluster of our own on a free port; `fsync` is on, off or brief: off, and in memory where there is room, for
# hundreds of databases that come and go are thousands of files for a file system.
# Sets pg_url, the address without a database's name.
start_postgres() {
  local fsync=$1 folder=$work free
  if [ "$fsync" = brief ]; then
    fsync=off
    free=$(df --output=avail --block-size=1M /dev/shm 2>/dev/null | tail -n 1 || true)
    if [ "${free:-0}" -ge 4096 ]; then
      folder=$(mktemp -d /dev/shm/postgres.XXXXXX)
      chmod 755 "$folder"
      at_end "rm -rf $folder"
    fi
  fi
  pg_bin=$(pg_programs)
  [ -n "$pg_bin" ] || die "PostgreSQL is not installed (Debian: apt-get install postgresql)"
  pg_account=postgres
  id "$pg_account" >/dev/null 2>&1 || pg_account=nobody
  pg_data="$folder/postgres"
  pg_port=$(free_port)
  pg_password="pg$RANDOM$RANDOM$RANDOM"
  mkdir -p "$pg_data"
  printf '%s\n' "$pg_password" >"$work/pg_password"
  chmod 600 "$work/pg_password"
  if [ "$(id -u)" = 0 ]; then
    chown "$pg_account" "$pg_data" "$work/pg_password"
  fi
  as_pg "$pg_bin/initdb" --pgdata="$pg_data" --locale=C --encoding=UTF8 --username=postgres \
    --auth=scram-sha-256 --pwfile="$work/pg_password" >/dev/null
  pg_options="-p $pg_port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=300 -c fsync=$fsync"
  at_end stop_postgres
  run_postgres
  pg_url="postgres://postgres:$pg_password@127.0.0.1:$pg_port"
}

run_postgres() {
  as_pg "$pg_bin/pg_ctl" --pgdata="$pg_data" --wait --silent --log="$pg_data/log" --options="$pg_options" start \
    >/dev/null || die "PostgreSQL did not start: $(tail -n 3 "$pg_data/log")"
}

# The way it stops: smart, fast or immediate.
stop_postgres() {
  as_pg "$pg_bin/pg_ctl" --pgdata="$pg_data" --wait --silent --mode="${1:-fast}" stop >/dev/null 2>&1 || true
}

# A new database, empty or a copy of another.
new_database() {
  PGPASSWORD=$pg_password "$pg_bin/createdb" --host=127.0.0.1 --port="$pg_port" --username=postgres \
    --template="${2:-template0}" --encoding=UTF8 --locale=C "$1"
}

# Runs a file of SQL on a database.
psql_file() {
  PGPASSWORD=$pg_password "$pg_bin/psql" --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --host=127.0.0.1 \
    --port="$pg_port" --username=postgres --dbname="$1" --file="$2"
}

# Brings the planner's statistics of a database up to date.
analyze() {
  PGPASSWORD=$pg_password "$pg_bin/vacuumdb" --quiet --analyze --host=127.0.0.1 --port="$pg_port" \
    --username=postgres "$1"
}

# The service -----------------------------------------------------------------------------------

# Runs the binary with this data folder and database URL (empty: SQLite), then settings NAME=value
# up to `--`, then its arguments; nothing of the caller's own settings gets through.
cchc() {
  local folder=$1 url=$2 name
  shift 2
  local clean=()
  for name in $(compgen -e); do
    case $name in CCHC_* | DATABASE_URL) clean+=(-u "$name") ;; esac
  done
  local settings=("CCHC_DATA_DIR=$folder" CCHC_LOG=warn CCHC_TOKEN_SECONDS=3600 CCHC_LOGIN_ATTEMPTS=1000
    CCHC_RATE_PER_MINUTE=0)
  if [ -n "$url" ]; then
    settings+=("DATABASE_URL=$url" "CCHC_MASTER_KEY=$master_key")
  fi
  while [ "$1" != -- ]; do
    settings+=("$1")
    shift
  done
  shift
  exec env "${clean[@]}" "${settings[@]}" "$binary" "$@"
}

# Migrates and makes the administrator.
prepare() {
  local folder=$1 url=$2
  mkdir -p "$folder"
  (cchc "$folder" "$url" -- migrate) >/dev/null
  (cchc "$folder" "$url" "CCHC_ADMIN_PASSWORD=$admin_password" -- admin create "$admin_name") >/dev/null
}

# Starts `serve`, or what the further arguments say, on a free port, and waits for it, `patience` seconds at most
# (30). Sets pid and base.
serve() {
  local folder=$1 url=$2
  shift 2
  if [ $# -eq 0 ]; then
    set -- serve
  fi
  local out="$work/serve.$RANDOM$RANDOM"
  log_file="$out.log"
  # Both are there before they are read, however late the service begins.
  : >"$out" >"$log_file"
  (cchc "$folder" "$url" CCHC_BIND=127.0.0.1:0 -- "$@") >"$out" 2>"$log_file" &
  pid=$!
  services+=("$pid")
  base=
  local tenth
  for tenth in $(seq 1 $((${patience:-30} * 10))); do
    base=$(sed -n 's|.*on \(http://[0-9.:]*\).*|\1|p' "$out" | head -n 1)
    if [ -n "$base" ] && curl -sf -o "$work/ready" "$base/health/ready"; then
      return
    fi
    kill -0 "$pid" 2>/dev/null || die "the service ended (after $((tenth / 10)) s): $(tail -n 3 "$log_file")"
    sleep 0.1
  done
  die "the service was not ready within ${patience:-30} s: $(tail -n 3 "$log_file")"
}

# Stops a service as an operator would.
stop() {
  kill -TERM "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

services=()
end_services() {
  local one
  for one in "${services[@]}"; do
    kill -KILL "$one" 2>/dev/null
    wait "$one" 2>/dev/null
  done
}
at_end end_services

sign_in() {
  token=$(python3 "$load" token --base "$base" --username "$admin_name" --password "$admin_password")
}

# The chain of the journal must be whole.
verify_journal() {
  local verdict
  verdict=$(cchc "$1" "$2" -- audit verify) || die "cchc audit verify: $verdict"
  say "journal: $verdict"
}
