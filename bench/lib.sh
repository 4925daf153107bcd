# shellcheck shell=bash
# shellcheck disable=SC2154 # what scripts/lib.sh sets
# What the benchmarks share: the bare server. To be sourced behind scripts/lib.sh.

bench="$root/bench"

# Builds it, unless BARE names one. Sets bare.
build_bare() {
  bare=${BARE:-}
  if [ -z "$bare" ]; then
    say "building the bare server"
    (cd "$root" && cargo build --release --locked --quiet --manifest-path "$bench/Cargo.toml" --target-dir "$bench/target")
    bare="$bench/target/release/bare"
  fi
}

# Starts the bare server: sets bare_pid and bare_base.
serve_bare() {
  local out="$work/bare.$RANDOM" tenth
  : >"$out"
  "$bare" "$1" >"$out" 2>"$out.log" &
  bare_pid=$!
  services+=("$bare_pid")
  for tenth in $(seq 1 100); do
    bare_base=$(sed -n 's|.*on \(http://[0-9.:]*\).*|\1|p' "$out")
    [ -z "$bare_base" ] || return 0
    kill -0 "$bare_pid" 2>/dev/null || die "the bare server ended: $(tail -n 3 "$out.log")"
    sleep 0.1
  done
  die "the bare server was not ready within $((tenth / 10)) s"
}
