#!/usr/bin/env bash
# Draws 60 mutants of a folder of the host, such as `store`, and says which of them its unit tests
# do not catch. A draw is the same in each run of one tree. Further arguments go to cargo-mutants
# (`cargo install cargo-mutants`), which takes ten minutes for each folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly SEED=17 DRAWN=60
folder=$1
shift
files="host/src/$folder/**/*.rs"
draw="import random, re, sys
names = sys.stdin.read().splitlines()
for name in random.Random($SEED).sample(names, min($DRAWN, len(names))):
    print('^' + re.escape(name) + '$')"
drawn=()
while IFS= read -r name; do
  drawn+=(--re "$name")
done < <(cargo mutants --list --package strongroom-host --file "$files" | python3 -c "$draw")
exec cargo mutants --package strongroom-host --file "$files" "${drawn[@]}" "$@" -- --lib "$folder::"
