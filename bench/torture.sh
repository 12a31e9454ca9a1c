#!/usr/bin/env bash
# Tortures a host, and judges what that costs those who use it meanwhile. `./build.sh torture` calls it.
#
# usage: bench/torture.sh swap [--swaps N] [--seconds N]
#   swaps services again and again at 80 % of the load that this machine was measured to bear
#   --swaps N     how many swaps of `hello`; the bank's services are swapped a quarter as often (1000)
#   --seconds N   over how long they are spread, 10 to 200 (200)
# usage: bench/torture.sh hostile [--seconds N]
#   has a hostile component break every bound, beside a bank that pays at a quarter of its measured maximum
#   --seconds N   how long each attack lasts, 4 to 200 (8)
#
# Everything listens on the loopback and ends with this script.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

readonly CLIENTS=32 CLIENTS_BANK=64 WARM_UP=2 MEASURE=10 IDLE=15
# A flood of requests is what limits.rate is for; here it is the component that misbehaves, in each of so many requests a second.
readonly ATTACKERS=16 ATTACKS_A_SECOND=200
# What the guests in tests/guests do when they are asked to.
readonly ATTACKS=(
  hostile/loop hostile/memory hostile/recursion hostile/trap hostile/exit hostile/handles hostile/fields hostile/random hostile/poll
  hostile/huge-body hostile/log-flood hostile/outbound hostile/sleep
  sql/hold-and-loop sql/hold-and-sleep
  # A path, and what to post there.
  "sql/query WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
  "sql/query WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000000) SELECT i FROM n ORDER BY hex(i) LIMIT 1"
  "sql/query-in-transaction SELECT replace(hex(zeroblob(200000)), '00', 'ab') LIKE '%a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_a_c%'"
)
swaps=1000
seconds=

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'bench/torture.sh: %s\n' "$*" >&2; exit 1; }

torture=${1:-}
case $torture in
  swap) least=10 default=200 ;;
  hostile) least=4 default=8 ;;
  *) fail "unknown torture: $torture; there are: swap, hostile, and ./build.sh torture ledger" ;;
esac
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
seconds=${seconds:-$default}
((seconds >= least && seconds <= 200)) || fail "--seconds takes a number from $least to 200"

host=${STRONGROOM_BIN:-$root/target/release/strongroom}
components=$root/target/components
for file in "$host" "$components"/{,plain/}{auth,token,account,transaction,webhook}.wasm "$components"/test-guests/{hello,hostile,sql}.wasm; do
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

source "$root/bench/records.sh"

# Two versions of hello: the second has one more custom section, and so another digest.
cp "$components/test-guests/hello.wasm" "$folder/hello/a.wasm"
{ cat "$components/test-guests/hello.wasm"; printf '\x00\x03\x02v2'; } >"$folder/hello/b.wasm"

{
  sed "s|^component = \"|&$root/|" registry.toml
  printf '\n[services.hello]\ncomponent = "%s"\npublic = ["* /*"]\n' "$folder/hello/a.wasm"
  if [[ $torture == hostile ]]; then
    printf '\n[services.%s]\ncomponent = "%s"\npublic = ["* /*"]\n' \
      hostile "$components/test-guests/hostile.wasm" sql "$components/test-guests/sql.wasm"
  fi
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
swap() { # PREFIX, NUMBER OF SWAPS, LOAD COMMAND.., -- PAIRS..
  local prefix=$1 number=$2
  shift 2
  local load=("$bench")
  while [[ $1 != -- ]]; do load+=("$1"); shift; done
  shift
  load+=(--address "$gateway" --pid "$host_pid" --warm-up "$WARM_UP")
  local swapper=("$bench" swaps --registry "$folder/registry.toml" --address "$gateway" --stdout "$folder/host.out")
  local pair
  for pair in "$@"; do swapper+=(--pair "$pair"); done
  # Each version is compiled once before anything is measured.
  "${swapper[@]}" --swaps $((2 * $#)) --seconds 1 "$(record "$prefix-first")"
  say "$prefix: the measured maximum, $MEASURE s"
  "${load[@]}" --seconds $MEASURE "$(record "$prefix-max")"
  local rate=$(($(rate_of "$prefix-max") * 8 / 10))
  say "$prefix: $rate requests/s without swaps, $MEASURE s"
  "${load[@]}" --seconds $MEASURE --rate $rate "$(record "$prefix-calm")"
  say "$prefix: $rate requests/s and the first swaps, 8 s"
  "${swapper[@]}" --swaps 16 --seconds 8 "$(record "$prefix-first")" &
  local first=$!
  "${load[@]}" --seconds 8 --rate $rate "$(record "$prefix-first-load")"
  wait $first
  memory "$prefix-memory-before"
  say "$prefix: $rate requests/s and $number swaps, $seconds s"
  "${swapper[@]}" --swaps "$number" --seconds "$seconds" "$(record "$prefix-swaps")" &
  local swapping=$!
  "${load[@]}" --seconds "$seconds" --rate $rate "$(record "$prefix-swapped")"
  # What was not swapped is missed in the verdict.
  wait $swapping || true
  memory "$prefix-memory-after"
}

# Measures paying without an attack, and during each.
attack_all() {
  local bank=("$bench" transfers --address "$gateway" --pid "$host_pid" --bank "$folder/bank.json" --clients $CLIENTS_BANK --warm-up 1)
  say "the measured maximum, $MEASURE s"
  "${bank[@]}" --seconds $MEASURE "$(record max)"
  local rate=$(($(rate_of max) / 4))
  say "$rate transfers/s, $MEASURE s"
  "${bank[@]}" --seconds $MEASURE --rate $rate "$(record calm)"
  local attack attacking body
  for attack in "${ATTACKS[@]}"; do
    say "$rate transfers/s beside $ATTACKERS clients of $attack, $seconds s"
    body=()
    if [[ $attack == *' '* ]]; then body=(--body "${attack#* }"); fi
    "$bench" hello --attack --address "$gateway" --path "/api/${attack%% *}" "${body[@]}" --pid "$host_pid" --clients $ATTACKERS --rate $ATTACKS_A_SECOND \
      --warm-up 0 --seconds $((seconds + 4)) "$(record attack)" &
    attacking=$!
    "${bank[@]}" --seconds "$seconds" --rate $rate "$(record "during-$(echo "$attack" | tr -cs 'A-Za-z0-9\n' - | cut -c1-60)")"
    wait $attacking || true
  done
}

open_bank() {
  say "opening the bank: 50 customers with 20 accounts each"
  "$bench" seed --address "$gateway" --bank "$folder/bank.json"
}

status=0
if [[ $torture == swap ]]; then
  swap hello "$swaps" hello --clients $CLIENTS -- "$folder/hello/a.wasm=$folder/hello/b.wasm"

  open_bank
  bank_pairs=()
  for component in account transaction webhook token auth; do
    bank_pairs+=("$components/$component.wasm=$components/plain/$component.wasm")
  done
  swap bank $((swaps / 4)) transfers --bank "$folder/bank.json" --clients $CLIENTS_BANK -- "${bank_pairs[@]}"
  printf '\nStrongroom, swapped under 80 %% of its measured maximum: %s cores, %s\n\n' "$(nproc)" "$(uname -sr)"
  for prefix in hello bank; do
    "$bench" verdict --records "$folder/records" --prefix $prefix || status=1
  done
else
  open_bank
  attack_all
  printf '\nStrongroom, attacked from within: %s cores, %s\n\n' "$(nproc)" "$(uname -sr)"
  "$bench" siege --records "$folder/records" || status=1
fi
"$host" verify --registry "$folder/registry.toml" --data "$folder/data" || status=1
exit $status
