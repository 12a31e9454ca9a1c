#!/usr/bin/env bash
# Builds Strongroom, and runs and tests it. A second run with nothing changed takes seconds.
#
#   ./build.sh                   builds the host and the components
#   ./build.sh run               starts the bank; with --dev, one to try things on
#   ./build.sh test              runs every test
#   ./build.sh examples          builds the example services
#   ./build.sh clients           generates the clients of TypeScript and Python
#   ./build.sh dist              makes the archive of a release, and tries it out
#   ./build.sh bench [edge]      measures the bank, or what its edge costs
#   ./build.sh bench backup      measures what a backup costs those who pay meanwhile
#   ./build.sh bench lists       times lists in a bank of a million accounts, which it makes once
#   ./build.sh torture swap      swaps its services a thousand times under load
#   ./build.sh torture hostile   runs a service beside it that breaks every bound
#   ./build.sh torture ledger    kills it, fails its disk, and races its clients for hours
#   ./build.sh torture edge      attacks it from outside
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly CARGO_COMPONENT_VERSION=0.21.1
readonly TOOLS="$PWD/.tools"
readonly COMPONENTS=(auth token account transaction webhook screening)
readonly OUTPUT=target/components
readonly COMPONENT_PROFILE=(CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1
  CARGO_PROFILE_RELEASE_STRIP=symbols)

# Cargo compiles a library once for each set of features that the selected packages want of it. So
# the host, the components, their unit tests, and the bench are always selected together, and
# Wasmtime is compiled once. The tests of a running bank want other features, but of small libraries
# only.
readonly BANK=(--workspace --exclude strongroom-tests)
readonly NOT_OPTIMISED=(--config tests/not_optimised.toml)

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

# The file of the table of phases, which `test` prints.
TABLE=/dev/null
running=
began=0
side=

# Runs a command as a phase, and keeps its seconds for the table.
phase() { # NAME, COMMAND..
  running=$1 began=$SECONDS
  say "$running"
  "${@:2}"
  end_phase
}

end_phase() {
  printf '%6d s  %s\n' $((SECONDS - began)) "$side$running" >>"$TABLE"
  running=
}

fail_phase() {
  if [[ -n $running ]]; then
    running+=": FAILED"
    end_phase
  fi
}

print_table() {
  if [[ $TABLE == /dev/null ]]; then return; fi
  { echo; cat "$TABLE"; printf '%6d s  in all\n' $SECONDS; } >&2
}

# Commands that run at the same time as the phases, as one command alone does not keep two cores
# busy. Each has a process group of its own, so that it can be stopped, and a file for its output.
declare -A BESIDE

begin_beside() { # NAME, COMMAND..
  local log="$TOOLS/$1.log"
  mkdir -p "$TOOLS"
  say "at the same time: $1; see $log"
  set -m
  { trap fail_phase EXIT; side="beside: "; "${@:2}"; } >"$log" 2>&1 &
  set +m
  BESIDE[$1]=$!
}

end_beside() { # NAME
  phase "waiting for $1" wait_for "$1"
}

wait_for() { # NAME
  local status=0
  wait "${BESIDE[$1]}" || status=$?
  unset "BESIDE[$1]"
  cat "$TOOLS/$1.log" >&2
  ((status == 0)) || fail "$1 failed; the output is above"
}

# At the end, or the next run would collide with what goes on. What has failed by itself is shown.
stop_beside() {
  local name process
  for name in "${!BESIDE[@]}"; do
    process=${BESIDE[$name]}
    if kill -0 "$process" 2>/dev/null; then
      kill -TERM -- "-$process" || true
      wait "$process" || true
    else
      wait "$process" || cat "$TOOLS/$name.log" >&2
    fi
  done
}
trap 'fail_phase; stop_beside; print_table' EXIT

check_tools() {
  command -v cargo >/dev/null ||
    fail "cargo is missing; install Rust with rustup (https://rustup.rs) and run this again"
  command -v cc >/dev/null ||
    fail "cc is missing; install a C compiler (the package build-essential) and run this again"
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

has_cargo_component() {
  [[ -x $TOOLS/bin/cargo-component ]] &&
    grep -qsF "\"cargo-component $CARGO_COMPONENT_VERSION " "$TOOLS/.crates.toml"
}

# Installs cargo-component into .tools. It runs for a second each time, so it is not optimised: that
# would take minutes.
install_cargo_component() {
  CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false \
    cargo install cargo-component --version "$CARGO_COMPONENT_VERSION" --locked --debug \
    --root "$TOOLS" --target-dir "$TOOLS/build"
  rm -rf "$TOOLS/build"
}

# Installs Debian packages, or fails with what to install where it is not root.
install_packages() { # WHAT FOR, PACKAGES..
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    fail "$1 ${*:2}; install that and run this again"
  fi
  say "installing ${*:2}"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${@:2}" >/dev/null
}

# The examples and the clients are written in JavaScript and Python too.
install_languages() { # WHAT FOR
  local missing=()
  command -v curl >/dev/null || missing+=(curl)
  command -v npm >/dev/null || missing+=(nodejs npm)
  python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
  if ((${#missing[@]} > 0)); then install_packages "$1" "${missing[@]}"; fi
}

# The tests use what others wrote to read statements, to speak to the bank, and to attack it:
# programs of Debian (PROGRAM:PACKAGE), and libraries of Python and Node.js in .tools/clients.
readonly TEST_PROGRAMS=(xmllint:libxml2-utils ofxdump:ofx hledger:hledger
  slowhttptest:slowhttptest sslscan:sslscan openssl:openssl curl:curl wget:wget faketime:faketime
  java:default-jdk-headless node:nodejs npm:npm promtool:prometheus systemd-analyze:systemd)

install_test_tools() {
  local complete=true
  install_test_programs || complete=false
  install_client_libraries || complete=false
  $complete || say "some programs or libraries are missing; the tests that need them are skipped"
}

install_all_tools() {
  install_languages "the tests need"
  install_test_tools
}

install_test_programs() {
  local missing=() program
  for program in "${TEST_PROGRAMS[@]}"; do
    command -v "${program%:*}" >/dev/null || missing+=("${program#*:}")
  done
  python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
  # In a subshell: a failure ends that alone.
  ((${#missing[@]} == 0)) || (install_packages "the tests need" "${missing[@]}")
}

install_client_libraries() {
  local wanted folder="$TOOLS/clients"
  wanted=$(cat tests/clients/requirements.txt tests/clients/package.json)
  if [[ $wanted == "$(cat "$folder/installed" 2>/dev/null)" ]]; then return; fi
  rm -rf "$folder"
  python3 -m venv "$folder" &&
    "$folder/bin/pip" install --quiet --disable-pip-version-check \
      --requirement tests/clients/requirements.txt &&
    cp tests/clients/package.json "$folder" && mkdir -p "$folder/node_modules" &&
    npm install --prefix "$folder" --no-package-lock --ignore-scripts --no-audit --no-fund \
      --loglevel=error >/dev/null &&
    printf '%s' "$wanted" >"$folder/installed"
}

# Copies a file if it differs, by a rename: a running host may watch it.
install_file() { # FROM, TO
  if ! cmp -s "$1" "$2"; then
    install -m 644 "$1" "$2.new"
    mv "$2.new" "$2"
  fi
}

build_host() { # BINARIES
  cargo build --release "${BANK[@]}" "${@/#/--bin=}"
}

# rustc optimises a component as one piece when it links the component alone: not with a library for
# the tests in the same call. cargo-component drops the arguments after `--`, so the profile is
# changed by the environment. The target folder is the components' own, so that cargo does not wait
# for the build of the host, and compiles procedural macros once for each profile. For a profile of
# a component's functions, build it without the strip.
build_components() {
  mkdir -p "$OUTPUT"
  local component
  for component in "${COMPONENTS[@]}"; do
    env CARGO_TARGET_DIR=target/optimised "${COMPONENT_PROFILE[@]}" \
      "$TOOLS/bin/cargo-component" component rustc --release \
      --package "strongroom-$component" --crate-type cdylib
    install_file "target/optimised/wasm32-wasip1/release/strongroom_$component.wasm" \
      "$OUTPUT/$component.wasm"
  done
}

# The second way to build them. It must give the same bank, but not a fast one.
build_components_plainly() {
  mkdir -p "$OUTPUT/plain"
  cargo build --release --config profile.release.opt-level=1 --target wasm32-wasip2 \
    "${COMPONENTS[@]/#/--package=strongroom-}"
  local component
  for component in "${COMPONENTS[@]}"; do
    install_file "target/wasm32-wasip2/release/strongroom_$component.wasm" \
      "$OUTPUT/plain/$component.wasm"
  done
}

build_test_guests() {
  mkdir -p "$OUTPUT/test-guests"
  cargo build --release --locked --manifest-path tests/guests/Cargo.toml \
    --target wasm32-wasip2 --target-dir target/test-guests
  local guest
  for guest in callee caller clockwork hello hoarder hostile late sql \
    version-a version-b version-faulty quoter-1 quoter-1b quoter-2 asker-1 asker-2 relay screens \
    keeper-1 keeper-2 keeper-other; do
    install_file "target/test-guests/wasm32-wasip2/release/$guest.wasm" \
      "$OUTPUT/test-guests/$guest.wasm"
  done
}

build_examples() {
  install_languages "the examples need"
  examples/build.sh
}

build_clients() {
  install_languages "the clients need"
  clients/build.sh
}

build_components_by_cargo_component() {
  has_cargo_component || phase "cargo-component" install_cargo_component
  phase "the components" build_components
}

# The bank: its host and components.
build() { # OTHER BINARIES
  check_tools
  begin_beside components build_components_by_cargo_component
  phase "the host" build_host strongroom "$@"
  end_beside components
}

# The bank, and what the stress tests run in it.
build_test_bank() {
  build strongroom-faulty
  phase "the components by plain cargo" build_components_plainly
  phase "the guests of the tests" build_test_guests
}

# All that the host does not need. Each part has a target folder of its own, so no cargo waits for
# another.
build_all_but_host() {
  phase "the tools of the tests" install_all_tools
  build_components_by_cargo_component
  phase "the guests of the tests" build_test_guests
  phase "the examples" build_examples
  phase "the tests of the examples" examples/test.sh
}

# Comments and documents end at column 100, except tables, links on a line of their own, and the
# interfaces that WASI publishes.
check_widths() {
  local link='\s*([-*] )?(\[[^]]*\](\(\S*\)|: \S*)|<?https?://\S*)[.,;]?$' long
  long=$(
    long_lines "^(?!\s*\||$link)" '*.md' &&
      long_lines '^(?=\s*(//|/?\*))' '*.rs' '*.wit' '*.js' '*.mjs' '*.ts' ':!wit/wasi-0.2' ':!wit/config' &&
      long_lines '^(?=\s*#)' '*.sh' '*.py' '*.toml' '*.yml' .ci .editorconfig &&
      long_lines '^(?=\s*--)' '*.sql'
  ) || fail "git grep cannot look for long lines"
  [[ -z $long ]] || fail "more than 100 characters in a line:"$'\n'"$long"
}

# The places of lines of more than 100 characters that begin as a pattern says.
long_lines() { # PATTERN, FILES..
  LC_ALL=C.UTF-8 git grep -nP "$1.{101}" -- "${@:2}" | cut -d: -f1,2
  ((PIPESTATUS[0] <= 1))
}

lint() {
  check_widths
  cargo fmt --all --check
  cargo clippy --release --workspace --all-targets -- -D warnings
  cargo clippy --release --target wasm32-wasip2 "${COMPONENTS[@]/#/--package=strongroom-}" \
    -- -D warnings
}

run_tests() {
  TABLE=$TOOLS/phases.log
  mkdir -p "$TOOLS"
  : >"$TABLE"
  check_tools
  begin_beside tools-and-examples build_all_but_host
  phase "the host" build_host strongroom strongroom-faulty
  phase "the components by plain cargo" build_components_plainly
  phase "lints" lint
  phase "the unit tests: compiling" cargo test --release "${BANK[@]}" "${NOT_OPTIMISED[@]}" --no-run
  end_beside tools-and-examples
  begin_beside unit-tests phase "the unit tests" \
    cargo test --release "${BANK[@]}" "${NOT_OPTIMISED[@]}" --no-fail-fast
  phase "the clients" build_clients
  phase "the tests of a running bank: compiling" cargo test --release -p strongroom-tests \
    "${NOT_OPTIMISED[@]}" --no-run
  end_beside unit-tests
  # They wait for a third of their time.
  phase "the tests of a running bank" cargo test --release -p strongroom-tests \
    "${NOT_OPTIMISED[@]}" --no-fail-fast -- --test-threads=$(($(nproc) * 3 / 2))
}

case "${1:-}" in
  "")
    build
    ;;
  run)
    build
    say "starting the bank; log in as admin@strongroom.local, with the password in" \
      "STRONGROOM_ADMIN_PASSWORD, or else the one that the first start makes, as it says below"
    exec target/release/strongroom serve --registry registry.toml "${@:2}"
    ;;
  test)
    run_tests
    ;;
  examples)
    build
    phase "the examples" build_examples
    ;;
  clients)
    build
    phase "the clients" build_clients
    ;;
  dist)
    build strongroom-dist
    exec dist/build.sh
    ;;
  bench)
    build
    phase "the guests of the tests" build_test_guests
    case "${2:-}" in
      backup | edge | lists) exec "bench/$2.sh" "${@:3}" ;;
    esac
    exec bench/run.sh "${@:2}"
    ;;
  torture)
    build_test_bank
    if [[ ${2:-} == edge ]]; then install_test_tools; fi
    exec tests/torture.sh "${@:2}"
    ;;
  *)
    fail "unknown command: $1; the head of this file lists the commands"
    ;;
esac
