#!/usr/bin/env bash
# Swaps services again and again under load, and judges what that costs. `./build.sh torture` calls it.
#
# usage: bench/torture.sh swap [--swaps N] [--seconds N]
#   --swaps N     how many swaps of `hello`; the bank's services are swapped a quarter as often (1000)
#   --seconds N   over how long they are spread, 10 to 200 (150)
#
# The load is 80 % of what this machine was measured to bear. Everything listens on the loopback and ends with this script.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

readonly CLIENTS=32 CLIENTS_BANK=64 WARM_UP=2 MEASURE=10 IDLE=15
swaps=1000
seconds=150

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'bench/torture.sh: %s\n' "$*" >&2; exit 1; }

[[ ${1:-} == swap ]] || fail "unknown torture: ${1:-}; there is: swap"
shift
while (($#)); do
  case $1 in
    --swaps | --seconds)
      [[ ${2:-} =~ ^[0-9]{1,5}$ ]] && ((10#$2 >= 4)) || fail "$1 takes a number from 4"
      if [[ $1 == --swaps ]]; then swaps=$((10#$2)); else seconds=$((10#$2)); fi
      shift 2
      ;;
    *) fail "unknown argument: $1; there are: --swaps N, --seconds N" ;;
  esac
done
((seconds >= 10 && seconds <= 200)) || fail "--seconds takes a number from 10 to 200"

host=${STRONGROOM_BIN:-$root/target/release/strongroom}
components=$root/target/components
for file in "$host" "$components"/{auth,token,account,transaction}.wasm "$components"/plain/{auth,token,account,transaction}.wasm "$components"/test-guests/hello.wasm; do
  [[ -f $file ]] || fail "$file is missing; run ./build.sh torture swap"
done
cargo build --release --quiet -p strongroom-bench
bench=${CARGO_TARGET_DIR:-target}/release/strongroom-bench

folder=$(mktemp -d -p "${TMPDIR:-/var/tmp}" strongroom-torture.XXXXXX)
mkdir "$folder/records" "$folder/hello"
host_pid=

clean_up() {
  local status=$?
  trap - EXIT
  if [[ -n $host_pid ]]; then
    kill "$host_pid" 2>/dev/null || true
    wait "$host_pid" 2>/dev/null || true
  fi
  if ((status != 0)) && [[ -f $folder/host.err ]]; then
    echo "--- the end of the host's log ---" >&2
    tail -n 20 "$folder/host.err" >&2 || true
  fi
  rm -rf "$folder"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

record() { printf '%s' "--record=$folder/records/$1.json"; }

# The rate of a load record, in requests a second.
rate_of() {
  awk -F: '$1 ~ /"answered"/ { n = $2 + 0 } $1 ~ /^ *"microseconds"/ { us = $2 + 0 } END { printf "%d", n * 1000000 / us }' \
    "$folder/records/$1.json"
}

# Two versions of hello: the second has one more custom section, and so another digest.
cp "$components/test-guests/hello.wasm" "$folder/hello/a.wasm"
{ cat "$components/test-guests/hello.wasm"; printf '\x00\x03\x02v2'; } >"$folder/hello/b.wasm"

{
  sed "s|^component = \"|&$root/|" registry.toml
  printf '\n[services.hello]\ncomponent = "%s"\npublic = ["* /*"]\n' "$folder/hello/a.wasm"
} >"$folder/registry.toml"

STRONGROOM_ADMIN_PASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
export STRONGROOM_ADMIN_PASSWORD
# Two hundred seconds of access lines would be gigabytes.
export STRONGROOM_LOG=info,access=off

say "starting the host; it compiles the components"
started=${EPOCHREALTIME/[.,]/}
"$host" serve --registry "$folder/registry.toml" --data "$folder/data" --listen 127.0.0.1:0 --admin 127.0.0.1:0 \
  >"$folder/host.out" 2>"$folder/host.err" &
host_pid=$!
gateway=$("$bench" ready --stdout "$folder/host.out" --started "$started" --pid "$host_pid" "$(record ready)")

memory() { # RECORD
  say "memory, after $IDLE s without a request"
  sleep $IDLE
  "$bench" memory --pid "$host_pid" "$(record "$1")"
}

# Measures a load without swaps and with them.
torture() { # PREFIX, NUMBER OF SWAPS, LOAD COMMAND.., -- PAIRS..
  local prefix=$1 number=$2
  shift 2
  local load=("$bench")
  while [[ $1 != -- ]]; do load+=("$1"); shift; done
  shift
  load+=(--address "$gateway" --pid "$host_pid" --warm-up "$WARM_UP")
  local swap=("$bench" swaps --registry "$folder/registry.toml" --address "$gateway" --stdout "$folder/host.out")
  local pair
  for pair in "$@"; do swap+=(--pair "$pair"); done
  # Each version is compiled once before anything is measured.
  "${swap[@]}" --swaps $((2 * $#)) --seconds 1 "$(record "$prefix-first")"
  say "$prefix: the measured maximum, $MEASURE s"
  "${load[@]}" --seconds $MEASURE "$(record "$prefix-max")"
  local rate=$(($(rate_of "$prefix-max") * 8 / 10))
  say "$prefix: $rate requests/s without swaps, $MEASURE s"
  "${load[@]}" --seconds $MEASURE --rate $rate "$(record "$prefix-calm")"
  memory "$prefix-memory-before"
  say "$prefix: $rate requests/s and $number swaps, $seconds s"
  "${swap[@]}" --swaps "$number" --seconds "$seconds" "$(record "$prefix-swaps")" &
  local swapping=$!
  "${load[@]}" --seconds "$seconds" --rate $rate "$(record "$prefix-swapped")"
  wait $swapping
  memory "$prefix-memory-after"
}

torture hello "$swaps" hello --clients $CLIENTS -- "$folder/hello/a.wasm=$folder/hello/b.wasm"

say "opening the bank: 50 customers with 20 accounts each"
"$bench" seed --address "$gateway" --bank "$folder/bank.json"
bank_pairs=()
for component in account transaction token auth; do
  bank_pairs+=("$components/$component.wasm=$components/plain/$component.wasm")
done
torture bank $((swaps / 4)) transfers --bank "$folder/bank.json" --clients $CLIENTS_BANK -- "${bank_pairs[@]}"

printf '\nStrongroom, swapped under 80 %% of its measured maximum: %s cores, %s\n\n' "$(nproc)" "$(uname -sr)"
status=0
for prefix in hello bank; do
  "$bench" verdict --records "$folder/records" --prefix $prefix || status=1
done
"$host" verify --registry "$folder/registry.toml" --data "$folder/data" || status=1
exit $status
