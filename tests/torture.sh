#!/usr/bin/env bash
# Runs the bank far beyond a real load, and judges it. `./build.sh torture` calls it.
#
# usage: tests/torture.sh swap [--swaps N] [--seconds N]
#   swaps services many times at 80 % of the load that this machine was measured to bear
#   --swaps N     how many swaps of `hello`; a quarter as many of the bank's services (1000)
#   --seconds N   the time over which they are spread, 10 to 200 (200)
# usage: tests/torture.sh hostile [--seconds N]
#   has a hostile component break every bound, beside a bank that pays at a quarter of its measured
#   maximum
#   --seconds N   how long each attack lasts, 4 to 200 (8)
# usage: tests/torture.sh ledger [TEST..]
#   runs the tests of kills, races, faults, and tampering at their full scale, which takes hours.
#   Without a TEST, all of them, one after the other:
#   tamper        a flipped bit in any ledger table is found
#   protocol      every order of messages and crashes between the two services, on a model
#   store-faults  reads, writes, and syncs that fail inside the store
#   faults        the host dies at every point; the disk fails, loses power, is full
#   storms        many clients use the same account, key, hold, and moment; a million operations
#   kill          500 times SIGKILL under load
# usage: tests/torture.sh edge
#   runs the tests of everything that strangers can do, at their full scale
#
# A test prints its seed; STRONGROOM_TEST_SEED repeats it. Everything listens on the loopback and
# ends with this script.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

readonly LEDGER=(tamper protocol store-faults faults storms kill)
readonly CLIENTS=32 CLIENTS_BANK=64 WARM_UP=2 MEASURE=10 IDLE=15
# The limit `rate` is for floods of requests; here the component misbehaves in each of these.
readonly ATTACKERS=16 ATTACKS_A_SECOND=200
readonly NUMBERS="WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
readonly PATTERN=%a$(printf '_a%.0s' {1..28})_c%
# The last segments of paths at which the guests in tests/guests misbehave.
readonly ATTACKS=(
  hostile/loop hostile/memory hostile/recursion hostile/trap hostile/exit hostile/handles
  hostile/fields hostile/random hostile/poll hostile/huge-body hostile/log-flood hostile/outbound
  hostile/sleep sql/hold-and-loop sql/hold-and-sleep
  # A path, and the body to post there.
  "sql/query $NUMBERS) SELECT max(i) FROM n"
  "sql/query $NUMBERS LIMIT 3000000) SELECT i FROM n ORDER BY hex(i) LIMIT 1"
  "sql/query-in-transaction SELECT replace(hex(zeroblob(200000)), '00', 'ab') LIKE '$PATTERN'"
)

source "$root/bench/common.sh"

folder=$(mktemp -d -p "${TMPDIR:-/var/tmp}" strongroom-torture.XXXXXX)

clean_up() { # STATUS
  stop_host
  if (($1 != 0)); then print_end_of_log "$folder"; fi
  rm -rf "$folder"
}
clean_up_at_exit

# --- ledger and edge: the tests of the workspace ---

# Selects the tests of a name for `cargo test`. It selects the packages as build.sh does, so that
# cargo compiles nothing again.
select_tests() { # NAME
  selection=(-p strongroom-tests --test integration "$1::")
  if [[ $1 == store-faults ]]; then
    selection=(--workspace --exclude strongroom-tests --lib)
    selection+=(store::tests::faults)
  fi
}

run_tests() { # NAMES..
  local name status=0 table=() started verdict ran took
  export STRONGROOM_FULL_SCALE=1
  for name in "$@"; do
    say "$name"
    started=$SECONDS
    verdict=passed
    select_tests "$name"
    # One test at a time: each has the machine to itself.
    cargo test --release "${selection[@]}" -- --nocapture --test-threads=1 2>&1 |
      tee "$folder/$name.log" || verdict=FAILED
    ran=$(awk '/^test result:/ { ran += $4 + $6 } END { print ran + 0 }' "$folder/$name.log")
    # A filter that selects no test proves nothing.
    if ((ran == 0)); then verdict=FAILED; fi
    if [[ $verdict != passed ]]; then status=1; fi
    took=$((SECONDS - started))
    table+=("$(printf '%-14s %5d %6d min %02d s   %s' \
      "$name" "$ran" $((took / 60)) $((took % 60)) $verdict)")
  done
  print_head "tortured at full scale"
  printf '%-14s %5s %15s   %s\n' test ran took verdict
  printf '%s\n' "${table[@]}"
  return $status
}

# --- swap and hostile: a host under load ---

swaps=1000
seconds=

read_arguments() { # LEAST SECONDS, DEFAULT SECONDS, ARGUMENTS..
  local least=$1 default=$2
  shift 2
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
}

start_host() {
  find_programs "torture $torture" target/components/test-guests/{hello,hostile,sql}.wasm \
    target/components/plain/{auth,token,account,transaction,webhook}.wasm
  mkdir "$folder/records" "$folder/hello"

  # Two versions of hello: the second has one more custom section, and so another digest.
  cp "$components/test-guests/hello.wasm" "$folder/hello/a.wasm"
  { cat "$components/test-guests/hello.wasm"; printf '\x00\x03\x02v2'; } >"$folder/hello/b.wasm"
  {
    sed "s|^component = \"|&$root/|" registry.toml
    local service='\n[services.%s]\ncomponent = "%s"\npublic = ["* /*"]\n'
    printf "$service" hello "$folder/hello/a.wasm"
    if [[ $torture == hostile ]]; then
      printf "$service" hostile "$components/test-guests/hostile.wasm" \
        sql "$components/test-guests/sql.wasm"
    fi
  } >"$folder/registry.toml"

  make_password
  # The access lines of 200 seconds would be gigabytes.
  export STRONGROOM_LOG=info,access=off

  say "starting the host; it compiles the components"
  serve "$host" "$folder" ready
}

open_bank() {
  say "opening the bank: 50 customers with 20 accounts each"
  "$bench" seed --address "$gateway" --bank "$folder/bank.json"
}

memory() { # RECORD
  say "memory, after $IDLE s without a request"
  sleep $IDLE
  "$bench" memory --pid "$host_pid" "$(record "$1")"
}

# Measures a load with swaps and without.
swap() { # PREFIX, NUMBER OF SWAPS, LOAD COMMAND.., -- PAIRS..
  local prefix=$1 number=$2
  shift 2
  local load=("$bench")
  while [[ $1 != -- ]]; do load+=("$1"); shift; done
  shift
  load+=(--address "$gateway" --pid "$host_pid" --warm-up "$WARM_UP")
  local pair swapper=("$bench" swaps --registry "$folder/registry.toml" --address "$gateway")
  swapper+=(--stdout "$folder/host.out")
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
  # The verdict reports the swaps that failed.
  wait $swapping || true
  memory "$prefix-memory-after"
}

# Measures transfers without an attack, and during each.
attack_all() {
  local bank=("$bench" transfers --address "$gateway" --pid "$host_pid" --bank "$folder/bank.json")
  bank+=(--clients $CLIENTS_BANK --warm-up 1)
  say "the measured maximum, $MEASURE s"
  "${bank[@]}" --seconds $MEASURE "$(record max)"
  local rate=$(($(rate_of max) / 4))
  say "$rate transfers/s, $MEASURE s"
  "${bank[@]}" --seconds $MEASURE --rate $rate "$(record calm)"
  local attack attacking attackers name
  for attack in "${ATTACKS[@]}"; do
    say "$rate transfers/s beside $ATTACKERS clients of $attack, $seconds s"
    attackers=("$bench" hello --attack --address "$gateway" --path "/api/${attack%% *}")
    attackers+=(--pid "$host_pid" --clients $ATTACKERS --rate $ATTACKS_A_SECOND --warm-up 0)
    if [[ $attack == *' '* ]]; then attackers+=(--body "${attack#* }"); fi
    "${attackers[@]}" --seconds $((seconds + 4)) "$(record attack)" &
    attacking=$!
    name=$(echo "$attack" | tr -cs 'A-Za-z0-9\n' - | cut -c1-100)
    "${bank[@]}" --seconds "$seconds" --rate $rate "$(record "during-$name")"
    wait $attacking || true
  done
}

swap_all() {
  swap hello "$swaps" hello --clients $CLIENTS -- "$folder/hello/a.wasm=$folder/hello/b.wasm"
  open_bank
  local component pairs=()
  for component in account transaction webhook token auth; do
    pairs+=("$components/$component.wasm=$components/plain/$component.wasm")
  done
  local load=(transfers --bank "$folder/bank.json" --clients $CLIENTS_BANK)
  swap bank $((swaps / 4)) "${load[@]}" -- "${pairs[@]}"
}

print_head() { # TITLE
  printf '\nStrongroom, %s: %s cores, %s\n\n' "$1" "$(nproc)" "$(uname -sr)"
}

verify() {
  "$host" verify --registry "$folder/registry.toml" --data "$folder/data"
}

torture=${1:-}
status=0
case $torture in
  swap)
    read_arguments 10 200 "${@:2}"
    start_host
    swap_all
    print_head "swapped under 80 % of its measured maximum"
    for prefix in hello bank; do
      "$bench" verdict --records "$folder/records" --prefix $prefix || status=1
    done
    verify || status=1
    ;;
  hostile)
    read_arguments 4 8 "${@:2}"
    start_host
    open_bank
    attack_all
    print_head "attacked from within"
    "$bench" overload --records "$folder/records" || status=1
    verify || status=1
    ;;
  ledger)
    tests=("${@:2}")
    if ((${#tests[@]} == 0)); then tests=("${LEDGER[@]}"); fi
    for test in "${tests[@]}"; do
      [[ " ${LEDGER[*]} " == *" $test "* ]] || fail "unknown test: $test; there are: ${LEDGER[*]}"
    done
    run_tests "${tests[@]}" || status=1
    ;;
  edge)
    run_tests edge || status=1
    ;;
  *)
    fail "unknown torture: $torture; there are: swap, hostile, ledger, edge"
    ;;
esac
exit $status
