#!/usr/bin/env bash
# Runs the examples' own tests, which need no bank. tests/tests/integration/examples runs the
# examples in a bank. Needs the tools of ./build.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source output.sh

say "testing the exchange-rate service (JavaScript)"
(cd exchange-rates && npm test --silent)

say "testing the fraud check (Python)"
(cd fraud-check && python3 -B -m unittest discover tests)

say "testing the notification feed (Rust)"
target_dir="${CARGO_TARGET_DIR:-$ROOT/target}/examples"
cd notifications
cargo fmt --check
# Not optimised: the tests run for less time than it takes to compile them.
export CARGO_PROFILE_DEV_DEBUG=0
options=(--locked --quiet --target-dir "$target_dir")
cargo clippy "${options[@]}" --all-targets -- -D warnings
cargo clippy "${options[@]}" --target wasm32-wasip2 -- -D warnings
cargo test "${options[@]}"
