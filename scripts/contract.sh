#!/usr/bin/env bash
# The contract as others see it: schemathesis over the running demonstration, the linters over the
# document, generated clients in TypeScript and Python.
#
#   scripts/contract.sh [binary] [more arguments for schemathesis]
#
# Starts the binary's demonstration on a port of its own, unless BASE names a running one
# (BASE=http://127.0.0.1:8080; start that with CCHC_TOKEN_SECONDS=3600, for the run takes longer than
# a token lives). Tools come from PyPI and npm into a temporary folder, or into TOOLS to be kept.
# ONLY=schemathesis, lint or clients runs one part. Needs python3 with venv, and node with npm.

# shellcheck source=scripts/lib.sh
source "$(dirname "$0")/lib.sh"
need curl python3 node npm
only=${ONLY:-all}
if [ -z "${BASE:-}" ] && { [ "$only" = all ] || [ "$only" = schemathesis ]; }; then
  find_binary "${1:-}"
fi
[ $# -eq 0 ] || shift
tools=${TOOLS:-$work/tools}
mkdir -p "$tools"
tools=$(cd "$tools" && pwd)
document="$root/openapi/openapi.json"
cd "$root"

wants() {
  [ "$only" = all ] || [ "$only" = "$1" ]
}

if [ ! -x "$tools/python/bin/st" ]; then
  say "installing the tools of PyPI"
  python3 -m venv "$tools/python"
  "$tools/python/bin/pip" install --quiet --disable-pip-version-check \
    'schemathesis>=4.32,<5' 'openapi-spec-validator>=0.7,<1' 'openapi-python-client>=0.26,<1'
fi
if [ ! -x "$tools/node_modules/.bin/redocly" ]; then
  say "installing the tools of npm"
  npm install --prefix "$tools" --silent --no-fund --no-audit \
    @redocly/cli@2 @stoplight/spectral-cli@6 openapi-typescript@7 typescript@5
fi
python="$tools/python/bin"
node="$tools/node_modules/.bin"

if wants lint; then
  say "== openapi-spec-validator"
  "$python/openapi-spec-validator" "$document"
  say "== redocly"
  "$node/redocly" lint --config redocly.yaml "$document"
  say "== spectral"
  "$node/spectral" lint --ruleset .spectral.yaml --fail-severity error "$document"
fi

if wants clients; then
  say "== openapi-typescript, tsc"
  mkdir -p "$work/typescript"
  "$node/openapi-typescript" "$document" --output "$work/typescript/api.ts"
  "$node/tsc" --noEmit --strict --target es2022 --module esnext "$work/typescript/api.ts"
  say "== openapi-python-client, import"
  (cd "$work" && PATH="$python:$PATH" "$python/openapi-python-client" generate --path "$document" \
    --config "$root/scripts/python-client.yaml" --meta none --output-path "$work/clients/cchc_client" --fail-on-warning)
  PYTHONPATH="$work/clients" "$python/python" - <<'PYTHON'
import importlib, pkgutil

import cchc_client

modules = [module.name for module in pkgutil.walk_packages(cchc_client.__path__, "cchc_client.")]
for name in modules:
    importlib.import_module(name)
print(f"{len(modules)} modules imported")
PYTHON
fi

if wants schemathesis; then
  say "== schemathesis"
  if [ -n "${BASE:-}" ]; then
    base=$BASE
  else
    serve "$work/demo" "" demo
  fi
  token=$(python3 "$load" token --base "$base" --username admin --password "${PASSWORD:-demo-cchc-2024}")
  "$python/st" --config-file schemathesis.toml run "$base/api-docs/openapi.json" --checks all \
    --header "Authorization: Bearer $token" "$@"
fi
say "the contract holds"
