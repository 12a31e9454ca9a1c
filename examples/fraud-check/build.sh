#!/usr/bin/env bash
# Builds the fraud check into target/components/examples/fraud-check.wasm. Needs Python 3.10 or
# newer with venv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source ../output.sh

readonly PACKAGES=(store config service screening)

inputs=(build.sh requirements.txt app.py fraud wit)
inputs+=("${PACKAGES[@]/#/$ROOT/wit/}" "$ROOT/wit/wasi-0.2")
if is_current "$OUTPUT/fraud-check.wasm" "${inputs[@]}"; then
  exit
fi
command -v python3 >/dev/null || fail "python3 is missing; install Python 3.10 or newer"
say "building the fraud check (Python)"
mkdir -p build
if ! cmp -s requirements.txt build/venv/requirements.txt; then
  rm -rf build/venv
  python3 -m venv build/venv || fail "python3 has no venv; install the package python3-venv"
  build/venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
  cp requirements.txt build/venv/requirements.txt
fi
gather_interfaces "${PACKAGES[@]}"
build/venv/bin/componentize-py --quiet --wit-path build/wit --world fraud-check \
  componentize app --output build/fraud-check.wasm
install_component build/fraud-check.wasm fraud-check.wasm
