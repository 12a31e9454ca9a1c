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

source "$root/bench/large_bank.sh"
read_numbers "accounts entries" "$@"
start_large_bank lists
"$bench" lists --address "$gateway" --bank "$folder/bank.json"
