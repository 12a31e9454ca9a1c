#!/usr/bin/env bash
# Builds the exchange-rate service into target/components/examples/exchange-rates.wasm. Needs
# Node.js 20 with npm.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source ../output.sh

readonly INPUTS=(
  build.sh package.json package-lock.json src wit
  "$ROOT"/wit/{config,service,wasi-0.2}
)

if is_current "$OUTPUT/exchange-rates.wasm" "${INPUTS[@]}"; then
  exit 0
fi
command -v npm >/dev/null || fail "npm is missing; install Node.js 20 or newer and run this again"
say "building the exchange-rate service (JavaScript)"

# No package needs an install script, so none may run.
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null

gather_interfaces config service
npx esbuild src/main.js --bundle --format=esm --external:'wasi:*' --outfile=build/main.js \
  --log-level=warning
# `http` stays enabled: without it `wasi:http/types` is a stub that traps.
npx componentize-js build/main.js --wit build/wit --world-name service --disable fetch-event \
  --out build/exchange-rates.wasm
install_component build/exchange-rates.wasm exchange-rates.wasm
