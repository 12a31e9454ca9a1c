#!/usr/bin/env bash
# Builds Strongroom. `./build.sh` builds all; `./build.sh run` starts the bank; `./build.sh test` runs every test;
# `./build.sh examples` builds the example services; `./build.sh bench` measures it; `./build.sh torture swap` swaps its services a
# thousand times under load, `./build.sh torture hostile` has its bounds broken beside it, and `./build.sh torture ledger` kills it,
# fails its disk, and races its clients for hours. A second run with nothing changed takes seconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly CARGO_COMPONENT_VERSION=0.21.1
readonly TOOLS="$PWD/.tools"
readonly COMPONENTS=(auth token account transaction)
readonly PACKAGES=(sdk "${COMPONENTS[@]}" host bench faults tests)
readonly OUTPUT=target/components

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

install_tools() {
  command -v cargo >/dev/null || fail "cargo is missing; install Rust with rustup (https://rustup.rs) and run this again"
  command -v cc >/dev/null || fail "a C compiler is missing (cc); install one, such as the package build-essential, and run this again"
  if command -v rustup >/dev/null; then
    local installed
    installed=$(rustup target list --installed)
    local target
    for target in wasm32-wasip1 wasm32-wasip2; do
      if ! grep -qx "$target" <<<"$installed"; then
        say "installing the target $target"
        rustup target add "$target"
      fi
    done
  fi
  local found
  found=$("$TOOLS/bin/cargo-component" component --version 2>/dev/null || true)
  if [[ $found != *" $CARGO_COMPONENT_VERSION"* ]]; then
    say "installing cargo-component $CARGO_COMPONENT_VERSION into .tools (once, some minutes)"
    cargo install cargo-component --version "$CARGO_COMPONENT_VERSION" --locked --root "$TOOLS" --target-dir "$TOOLS/build"
    rm -rf "$TOOLS/build"
  fi
}

# The examples are written in JavaScript and Python too. Where they are missing and this may install packages, it does.
install_example_tools() {
  local missing=()
  command -v npm >/dev/null || missing+=(nodejs npm)
  python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
  if ((${#missing[@]} == 0)); then return; fi
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    fail "the examples need ${missing[*]}; install them and run this again"
  fi
  say "installing ${missing[*]}"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
}

# The tests have XML validated by a validator that is not ours.
install_test_tools() {
  if command -v xmllint >/dev/null; then return; fi
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    fail "the tests need xmllint; install it (the package libxml2-utils) and run this again"
  fi
  say "installing libxml2-utils"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libxml2-utils >/dev/null
}

build_components() {
  say "building components"
  mkdir -p "$OUTPUT"
  local component
  for component in "${COMPONENTS[@]}"; do
    (cd "components/$component" && "$TOOLS/bin/cargo-component" component build --release --quiet)
    # Put in place whole: a running host may be watching this file.
    install_file "target/wasm32-wasip1/release/strongroom_$component.wasm" "$OUTPUT/$component.wasm"
  done
}

# Copies a file if it differs, by a rename.
install_file() {
  if ! cmp -s "$1" "$2"; then
    cp "$1" "$2.new"
    mv "$2.new" "$2"
  fi
}

build_host() {
  say "building the host"
  cargo build --release --quiet -p strongroom-host
}

# The host in which tests let things go wrong. The one without faults must be built after it: both come to lie in one place.
build_faulty_host() {
  say "building the host that fails on purpose"
  mkdir -p target/faulty
  cargo build --release --quiet -p strongroom-host --features faults
  install_file target/release/strongroom target/faulty/strongroom
}

# The second way to build them, which must give the same bank.
build_components_plainly() {
  say "building components by plain cargo"
  mkdir -p "$OUTPUT/plain"
  local component
  for component in "${COMPONENTS[@]}"; do
    cargo build --release --quiet --target wasm32-wasip2 -p "strongroom-$component"
    install_file "target/wasm32-wasip2/release/strongroom_$component.wasm" "$OUTPUT/plain/$component.wasm"
  done
}

build_test_guests() {
  say "building the guests of the tests"
  mkdir -p "$OUTPUT/test-guests"
  cargo build --release --locked --quiet --manifest-path tests/guests/Cargo.toml --target wasm32-wasip2 --target-dir target/test-guests
  local guest
  for guest in callee caller clockwork hello hoarder hostile late sql \
    version-a version-b version-faulty quoter-1 quoter-1b quoter-2 asker-1 asker-2 relay; do
    install_file "target/test-guests/wasm32-wasip2/release/$guest.wasm" "$OUTPUT/test-guests/$guest.wasm"
  done
}

build() {
  install_tools
  build_components
  build_host
}

lint() {
  say "checking format and lints"
  cargo fmt --all --check
  cargo clippy --release --quiet --workspace --all-targets -- -D warnings
  cargo clippy --release --quiet -p strongroom-host --features faults -- -D warnings
  local component
  for component in "${COMPONENTS[@]}"; do
    cargo clippy --release --quiet -p "strongroom-$component" --target wasm32-wasip2 -- -D warnings
  done
  cargo clippy --release --quiet -p strongroom-transaction --features screening --target wasm32-wasip2 -- -D warnings
}

case "${1:-}" in
  "")
    build
    ;;
  run)
    build
    say "starting the bank; log in as admin@strongroom.local with the password in STRONGROOM_ADMIN_PASSWORD, or, if that is unset, with the one printed below at the first start"
    exec target/release/strongroom serve --registry registry.toml
    ;;
  test)
    install_tools
    build_faulty_host
    build
    build_components_plainly
    build_test_guests
    install_example_tools
    install_test_tools
    examples/build.sh
    lint
    say "running the tests"
    examples/test.sh
    # One package after the other: together they would want one set of features of each library, and wasmtime compiled again.
    for package in "${PACKAGES[@]}"; do cargo test --release -p "strongroom-$package"; done
    ;;
  examples)
    build
    install_example_tools
    examples/build.sh
    ;;
  bench)
    build
    build_test_guests
    exec bench/run.sh "${@:2}"
    ;;
  torture)
    install_tools
    build_faulty_host
    build
    build_components_plainly
    build_test_guests
    if [[ ${2:-} == ledger ]]; then
      exec tests/torture.sh "${@:3}"
    fi
    exec bench/torture.sh "${@:2}"
    ;;
  *)
    fail "unknown command: $1; there are: (none), run, test, examples, bench, torture swap, torture hostile, torture ledger"
    ;;
esac
