#!/usr/bin/env bash
# TLS to PostgreSQL with the libraries inside the binary: a server with a certificate of an authority
# made here is accepted when it should be, and refused in one line when it should not.
#
#   scripts/tls.sh [binary]
#
# Needs PostgreSQL's server programs and openssl.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
need openssl curl python3
find_binary "${1:-}"

say "an authority, a server certificate for localhost, and another authority"
certificates="$work/certificates"
mkdir -p "$certificates"
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
    -keyout "$certificates/$1.key" -out "$certificates/$1.pem" 2>/dev/null
}
authority authority
authority stranger
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" \
  -keyout "$certificates/server.key" -out "$certificates/server.csr" 2>/dev/null
printf 'subjectAltName=DNS:localhost\n' >"$certificates/names"
openssl x509 -req -in "$certificates/server.csr" -CA "$certificates/authority.pem" \
  -CAkey "$certificates/authority.key" -days 2 -extfile "$certificates/names" \
  -out "$certificates/server.pem" 2>/dev/null

start_postgres off
new_database plain
plain="${pg_url/127.0.0.1/localhost}/plain"

refused() {
  local what=$1 url=$2 said="$work/refused"
  if (cchc "$work/data" "$url" -- migrate) >"$said" 2>&1; then
    die "$what was accepted"
  fi
  [ "$(wc -l <"$said")" = 1 ] || die "$what: the refusal is not one line: $(cat "$said")"
  say "refused, $what: $(cut -c1-150 "$said")"
}

accepted() {
  (cchc "$work/data" "$2" -- migrate) >/dev/null || die "$1 was refused"
  say "accepted, $1"
}

refused "a server without TLS where TLS is required" "$plain?sslmode=require"

stop_postgres fast
install -m 600 "$certificates/server.key" "$pg_data/server.key"
install -m 644 "$certificates/server.pem" "$pg_data/server.crt"
if [ "$(id -u)" = 0 ]; then
  chown "$pg_account" "$pg_data/server.key" "$pg_data/server.crt"
fi
# Passwords travel over TLS alone from here on.
sed -i 's/^host /hostssl /' "$pg_data/pg_hba.conf"
pg_options="$pg_options -c ssl=on"
run_postgres

accepted "sslmode=require" "$plain?sslmode=require"
accepted "sslmode=verify-full with the authority" "$plain?sslmode=verify-full&sslrootcert=$certificates/authority.pem"
refused "a server that does not speak TLS to those who do not" "$plain?sslmode=disable"
refused "another authority" "$plain?sslmode=verify-full&sslrootcert=$certificates/stranger.pem"
refused "another name than the certificate's" \
  "${plain/localhost/127.0.0.1}?sslmode=verify-full&sslrootcert=$certificates/authority.pem"

say "serving over TLS"
folder="$work/serving"
url="$plain?sslmode=verify-full&sslrootcert=$certificates/authority.pem"
prepare "$folder" "$url"
serve "$folder" "$url"
sign_in
encrypted=$(PGPASSWORD=$pg_password PGSSLMODE=require "$pg_bin/psql" --host=localhost --port="$pg_port" --username=postgres \
  --dbname=plain --tuples-only --no-align \
  --command="SELECT count(*) FILTER (WHERE ssl), count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'cchc'")
say "connections with TLS, and all: $encrypted"
[ "${encrypted%|*}" = "${encrypted#*|}" ] && [ "${encrypted%|*}" -gt 0 ] || die "a connection is not encrypted"
stop "$pid"
say "done"
