#!/usr/bin/env bash
# Times the first page of the lists of a large bank, with each filter and with some together, and
# judges it. `./build.sh bench lists` calls it.
#
# usage: bench/lists.sh [--accounts N] [--entries N]
#   --accounts N   how many accounts the bank has (1000000)
#   --entries N    how many entries its ledger has (10000000)
#
# The bank is made once, in target/bank-ACCOUNTS-ENTRIES: that takes minutes, and 8 GB for the usual
# size. Delete the folder when the stores' tables have changed; the next run makes it again.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

accounts=1000000
entries=10000000

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'bench/lists.sh: %s\n' "$*" >&2; exit 1; }

while (($#)); do
  [[ ${2:-} =~ ^[1-9][0-9]{0,8}$ ]] || fail "$1 takes a number, from 1 to 999999999"
  case $1 in
    --accounts) accounts=$2 ;;
    --entries) entries=$2 ;;
    *) fail "unknown argument: $1; there are: --accounts N, --entries N" ;;
  esac
  shift 2
done

host=${STRONGROOM_BIN:-$root/target/release/strongroom}
for file in "$host" target/components/{auth,token,account,transaction,webhook}.wasm; do
  [[ -f $file ]] || fail "$file is missing; run ./build.sh bench lists"
done
cargo build --release --quiet -p strongroom-bench
bench=${CARGO_TARGET_DIR:-target}/release/strongroom-bench

source "$root/bench/large_bank.sh"

start_large_bank
"$bench" lists --address "$gateway" --bank "$folder/bank.json"
