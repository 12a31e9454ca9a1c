#!/usr/bin/env bash
# Builds the notification feed into target/components/examples/notifications.wasm. Needs Rust with
# the target wasm32-wasip2.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source ../output.sh

command -v cargo >/dev/null || fail "cargo is missing; install Rust from https://rustup.rs"
# A workspace of its own has a target folder of its own.
target_dir="${CARGO_TARGET_DIR:-$ROOT/target}/examples"
cargo build --release --locked --quiet --target wasm32-wasip2 --target-dir "$target_dir"
built="$target_dir/wasm32-wasip2/release/notifications.wasm"
cmp -s "$built" "$OUTPUT/notifications.wasm" || install_component "$built" notifications.wasm
