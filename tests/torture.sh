#!/usr/bin/env bash
# Tortures the ledger and the edge: the tests of kills, races, faults, tampering, and attacks, each at
# its full marks. `./build.sh torture ledger` and `./build.sh torture edge` call it.
#
# usage: tests/torture.sh [TEST..]
#   without a TEST, all of them but edge, one after the other:
#   tamper        a flipped bit in any ledger table is found
#   protocol      every order of messages and crashes between the two services, on a model
#   store-faults  reads, writes, and syncs that fail inside the store
#   faults        the host dies at every point, the disk fails, loses power, is full
#   storms        many clients want the same account, key, hold, moment; a million operations decided anew
#   kill          500 times SIGKILL under load
#   edge          all that strangers can do, at once and one by one
#
# A test prints the seed of its choices; STRONGROOM_TEST_SEED repeats one. All of them take hours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly LEDGER=(tamper protocol store-faults faults storms kill)
readonly ALL=("${LEDGER[@]}" edge)

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'tests/torture.sh: %s\n' "$*" >&2; exit 1; }

# What `cargo test` runs for a name. The packages are selected as build.sh selects them, so that
# nothing is compiled again.
select_tests() { # NAME
  case $1 in
    store-faults) selection=(--workspace --exclude strongroom-tests --exclude strongroom-bench --lib store::tests::faults) ;;
    *) selection=(-p strongroom-tests -p strongroom-bench --test integration "$1::") ;;
  esac
}

tests=("$@")
if ((${#tests[@]} == 0)); then tests=("${LEDGER[@]}"); fi
for test in "${tests[@]}"; do
  [[ " ${ALL[*]} " == *" $test "* ]] || fail "unknown test: $test; there are: ${ALL[*]}"
done

folder=$(mktemp -d -p "${TMPDIR:-/var/tmp}" strongroom-torture.XXXXXX)
trap 'rm -rf "$folder"' EXIT
export STRONGROOM_FULL_MARKS=1

status=0
table=()
for test in "${tests[@]}"; do
  say "$test"
  started=$SECONDS
  verdict=passed
  select_tests "$test"
  # One test at a time: each has the machine to itself.
  cargo test --release "${selection[@]}" -- --nocapture --test-threads=1 2>&1 | tee "$folder/$test.log" || verdict=FAILED
  ran=$(awk '/^test result:/ { ran += $4 + $6 } END { print ran + 0 }' "$folder/$test.log")
  # A filter that no test has the name of is no proof of anything.
  if ((ran == 0)); then verdict=FAILED; fi
  if [[ $verdict != passed ]]; then status=1; fi
  took=$((SECONDS - started))
  table+=("$(printf '%-14s %5d %6d min %02d s   %s' "$test" "$ran" $((took / 60)) $((took % 60)) $verdict)")
done

printf '\nStrongroom, tortured at full marks: %s cores, %s\n\n' "$(nproc)" "$(uname -sr)"
printf '%-14s %5s %15s   %s\n' test ran took verdict
printf '%s\n' "${table[@]}"
exit $status
