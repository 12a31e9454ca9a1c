#!/usr/bin/env bash
# Builds Strongroom. `./build.sh` builds all; `./build.sh run` starts the bank; `./build.sh test`
# runs every test; `./build.sh examples` builds the example services; `./build.sh bench` measures
# it, and `./build.sh bench edge` what its edge costs; `./build.sh torture swap` swaps its services
# a thousand times under load, `./build.sh torture hostile` has its bounds broken beside it,
# `./build.sh torture ledger` kills it, fails its disk, and races its clients for hours, and
# `./build.sh torture edge` attacks it from outside. A second run with nothing changed takes
# seconds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly CARGO_COMPONENT_VERSION=0.21.1
readonly WASM_TOOLS_VERSION=1.263.0
readonly TOOLS="$PWD/.tools"
readonly COMPONENTS=(auth token account transaction webhook screening)
readonly OUTPUT=target/components

# Cargo gives a library the features that all selected packages want, and compiles it once for each
# set of features. The host, the components, and their own tests are always selected together, so
# that Wasmtime is compiled once. What speaks to the host over sockets wants other features, and
# nothing that is large.
readonly BANK=(--workspace --exclude strongroom-tests --exclude strongroom-bench)
readonly CLIENTS=(-p strongroom-tests -p strongroom-bench)

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

PHASES=()
running=
began=0

# Runs a command as a phase, and keeps its seconds for the table.
phase() { # NAME, COMMAND..
  running=$1 began=$SECONDS
  say "$running"
  "${@:2}"
  end_phase
}

end_phase() {
  PHASES+=("$(printf '%6d s  %s' $((SECONDS - began)) "$running")")
  running=
}

# The table of the phases, with the one that failed.
print_phases() {
  if [[ -n $running ]]; then
    running+=": FAILED"
    end_phase
  fi
  printf '%s\n' '' "${PHASES[@]}" "$(printf '%6d s  in all' $SECONDS)" >&2
}

check_tools() {
  command -v cargo >/dev/null || fail "cargo is missing; install Rust with rustup (https://rustup.rs) and run this again"
  command -v cc >/dev/null || fail "a C compiler is missing (cc); install one, such as the package build-essential, and run this again"
  if ! command -v rustup >/dev/null; then return; fi
  local installed target
  installed=$(rustup target list --installed)
  for target in wasm32-wasip1 wasm32-wasip2; do
    if ! grep -qx "$target" <<<"$installed"; then
      say "installing the target $target"
      rustup target add "$target"
    fi
  done
}

has_tool() { # CRATE, VERSION
  [[ -x $TOOLS/bin/$1 ]] && grep -qsF "\"$1 $2 " "$TOOLS/.crates.toml"
}

# Installs a tool into .tools. Its own build is not optimised: each tool runs for a second, and
# would take minutes to optimise.
install_tool() { # CRATE, VERSION, FLAGS..
  if has_tool "$1" "$2"; then return; fi
  CARGO_PROFILE_DEV_DEBUG=0 cargo install "$1" --version "$2" --locked --debug --root "$TOOLS" --target-dir "$TOOLS/build" "${@:3}"
}

install_tools() {
  install_tool cargo-component "$CARGO_COMPONENT_VERSION"
  install_tool wasm-tools "$WASM_TOOLS_VERSION" --no-default-features --features strip
  rm -rf "$TOOLS/build"
}

# Installs Debian packages if this may.
install_packages() { # WHAT FOR, PACKAGES..
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    fail "$1 ${*:2}; install that and run this again"
  fi
  say "installing ${*:2}"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${@:2}" >/dev/null
}

# The examples are written in JavaScript and Python too.
install_example_tools() {
  local missing=()
  command -v npm >/dev/null || missing+=(nodejs npm)
  python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
  if ((${#missing[@]} > 0)); then install_packages "the examples need" "${missing[@]}"; fi
}

# The tests read statements, speak to the bank, and attack it with what others wrote: programs of
# Debian, and libraries of Python and Node.js in .tools/clients.
readonly TEST_PROGRAMS=(xmllint:libxml2-utils ofxdump:ofx hledger:hledger slowhttptest:slowhttptest sslscan:sslscan openssl:openssl
  curl:curl wget:wget faketime:faketime java:default-jdk-headless node:nodejs npm:npm)

install_test_tools() {
  local complete=true
  install_test_programs || complete=false
  install_client_libraries || complete=false
  $complete || say "not all that the tests use of others is installed; the tests that need it are skipped, by name"
}

install_test_programs() {
  local missing=() program
  for program in "${TEST_PROGRAMS[@]}"; do
    command -v "${program%:*}" >/dev/null || missing+=("${program#*:}")
  done
  python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
  # In a shell of its own, which alone ends where this may not install.
  ((${#missing[@]} == 0)) || (install_packages "the tests need" "${missing[@]}")
}

install_client_libraries() {
  local wanted folder="$TOOLS/clients"
  wanted=$(cat tests/clients/requirements.txt tests/clients/package.json)
  if [[ $wanted == "$(cat "$folder/installed" 2>/dev/null)" ]]; then return; fi
  rm -rf "$folder"
  python3 -m venv "$folder" &&
    "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement tests/clients/requirements.txt &&
    cp tests/clients/package.json "$folder" && mkdir -p "$folder/node_modules" &&
    npm install --prefix "$folder" --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null &&
    printf '%s' "$wanted" >"$folder/installed"
}

# Copies a file if it differs, by a rename: a running host may be watching it.
install_file() { # FROM, TO
  if ! cmp -s "$1" "$2"; then
    install -m 644 "$1" "$2.new"
    mv "$2.new" "$2"
  fi
}

build_host() { # BINARIES
  cargo build --release "${BANK[@]}" "${@/#/--bin=}"
}

# Whatever is missing of the tools compiles beside the host, which alone does not keep all cores
# busy.
build_host_and_tools() { # BINARIES
  if has_tool cargo-component "$CARGO_COMPONENT_VERSION" && has_tool wasm-tools "$WASM_TOOLS_VERSION"; then
    build_host "$@"
    return
  fi
  local log="$TOOLS/install.log"
  mkdir -p "$TOOLS"
  say "installing cargo-component and wasm-tools into .tools (once; 5 to 7 minutes on 2 cores, beside the host); $log shows how far they are"
  install_tools >"$log" 2>&1 &
  local tools=$!
  build_host "$@"
  say "waiting for cargo-component and wasm-tools"
  tail -n 1 -f "$log" >&2 &
  local shown=$!
  wait $tools || { kill $shown; cat "$log" >&2; fail "the tools cannot be installed"; }
  kill $shown
}

# The compiler optimises each component as one piece: it reads the bitcode of all its libraries when
# it links the component. That excludes a library for other crates, which the tests link, so `rustc`
# makes the component alone. The flags go by the environment, as cargo-component drops what follows
# `--`, and a profile with them would compile all procedural macros again.
build_components() {
  mkdir -p "$OUTPUT/unstripped"
  local component built
  for component in "${COMPONENTS[@]}"; do
    built="target/wasm32-wasip1/release/strongroom_$component"
    CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="-C target-feature=+simd128 -C embed-bitcode=yes -C lto=fat -C codegen-units=1" \
      "$TOOLS/bin/cargo-component" component rustc --release --package "strongroom-$component" --crate-type cdylib
    "$TOOLS/bin/wasm-tools" strip --all "$built.wasm" --output "$built.stripped.wasm"
    install_file "$built.stripped.wasm" "$OUTPUT/$component.wasm"
    install_file "$built.wasm" "$OUTPUT/unstripped/$component.wasm"
  done
}

# The second way to build them, which must give the same bank.
build_components_plainly() {
  mkdir -p "$OUTPUT/plain"
  cargo build --release --target wasm32-wasip2 "${COMPONENTS[@]/#/--package=strongroom-}"
  local component
  for component in "${COMPONENTS[@]}"; do
    install_file "target/wasm32-wasip2/release/strongroom_$component.wasm" "$OUTPUT/plain/$component.wasm"
  done
}

build_test_guests() {
  mkdir -p "$OUTPUT/test-guests"
  cargo build --release --locked --manifest-path tests/guests/Cargo.toml --target wasm32-wasip2 --target-dir target/test-guests
  local guest
  for guest in callee caller clockwork hello hoarder hostile late sql \
    version-a version-b version-faulty quoter-1 quoter-1b quoter-2 asker-1 asker-2 relay screens keeper-1 keeper-2 keeper-other; do
    install_file "target/test-guests/wasm32-wasip2/release/$guest.wasm" "$OUTPUT/test-guests/$guest.wasm"
  done
}

build_examples() {
  install_example_tools
  examples/build.sh
}

# The bank: its host and components.
build() { # OTHER BINARIES
  check_tools
  phase "the host and tools" build_host_and_tools strongroom "$@"
  phase "the components" build_components
}

# What the tests of a running bank need besides it.
build_test_bank() {
  build strongroom-faulty
  phase "the components by plain cargo" build_components_plainly
  phase "the guests of the tests" build_test_guests
}

lint() {
  cargo fmt --all --check
  cargo clippy --release --workspace --all-targets -- -D warnings
  cargo clippy --release --target wasm32-wasip2 "${COMPONENTS[@]/#/--package=strongroom-}" -- -D warnings
}

run_tests() {
  trap print_phases EXIT
  build_test_bank
  phase "lints" lint
  phase "the unit tests: compiling" cargo test --release "${BANK[@]}" --no-run
  phase "the unit tests" cargo test --release "${BANK[@]}" --no-fail-fast
  phase "the examples" build_examples
  phase "the tests of the examples" examples/test.sh
  install_test_tools
  phase "the tests of a running bank: compiling" cargo test --release "${CLIENTS[@]}" --no-run
  # They wait for a third of their time.
  phase "the tests of a running bank" cargo test --release "${CLIENTS[@]}" --no-fail-fast -- --test-threads=$(($(nproc) * 3 / 2))
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
    run_tests
    ;;
  examples)
    build
    phase "the examples" build_examples
    ;;
  bench)
    build
    phase "the guests of the tests" build_test_guests
    if [[ ${2:-} == edge ]]; then exec bench/edge.sh "${@:3}"; fi
    exec bench/run.sh "${@:2}"
    ;;
  torture)
    build_test_bank
    if [[ ${2:-} == edge ]]; then install_test_tools; fi
    exec tests/torture.sh "${@:2}"
    ;;
  *)
    fail "unknown command: $1; there are: (none), run, test, examples, bench, bench edge, torture swap, torture hostile, torture ledger, torture edge"
    ;;
esac
