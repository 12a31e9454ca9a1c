#!/usr/bin/env bash
# Draws mutants of a folder, such as `host/src/store` or `components/account/src/ledger`, and says
# which of them the unit tests of its package do not catch. A draw is the same in each run of one
# tree. Further arguments go to cargo-mutants (`cargo install cargo-mutants`), which takes about
# ten minutes for each folder.
#
#   DRAWN=60   how many mutants are drawn; `all` takes all
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly SEED=17 DRAWN=${DRAWN:-60}
folder=${1%/}
shift
manifest=${folder%%/src*}/Cargo.toml
package=$(sed -n 's/^name = "\(.*\)"/\1/p' "$manifest" | head -n 1)
selection=(--package "$package" --file "$folder/**/*.rs")
draw="import random, re, sys
names = sys.stdin.read().splitlines()
drawn = len(names) if '$DRAWN' == 'all' else min(int('$DRAWN'), len(names))
for name in random.Random($SEED).sample(names, drawn):
    print('^' + re.escape(name) + '$')"
drawn=()
while IFS= read -r name; do
  drawn+=(--re "$name")
done < <(cargo mutants --list "${selection[@]}" | python3 -c "$draw")
exec cargo mutants "${selection[@]}" "${drawn[@]}" "$@" -- --lib
