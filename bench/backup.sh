#!/usr/bin/env bash
# Measures what a backup of a large bank costs those who pay meanwhile, and how fast it is restored.
# `./build.sh bench backup` calls it.
#
# usage: bench/backup.sh [--accounts N] [--entries N] [--seconds N] [--turns N]
#   --accounts N   how many accounts the bank has (1000000)
#   --entries N    how many entries its ledger has (10000000)
#   --seconds N    how long each turn is measured (20)
#   --turns N      how often payments alone and payments beside a backup take turns (5)
#
# The bank is that of `./build.sh bench lists`, which is made once. The backup needs as much disk
# again, and the restored bank a third time; both end with this script.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

readonly CLIENTS=64 WARM_UP=2
accounts=1000000
entries=10000000
seconds=20
turns=5

source "$root/bench/large_bank.sh"
read_numbers "accounts entries seconds turns" "$@"
start_large_bank backup
admin=$(sed -n 's|^admin listens on ||p' "$folder/host.out")
backup=$folder/backup
restored=$folder/restored
rm -rf "$backup" "$restored"

pay() { # RECORD
  "$bench" transfers --address "$gateway" --pid "$host_pid" --bank "$folder/bank.json" \
    --clients $CLIENTS --seconds "$seconds" --warm-up $WARM_UP "$(record "$1")"
}

# Makes one backup after the other for as long as payments are measured; the last one stays.
back_up_all_the_time() {
  sleep $WARM_UP
  local begun
  while kill -0 "$1" 2>/dev/null; do
    rm -rf "$backup"
    begun=$(now_ms)
    "$host" backup "$backup" --registry "$folder/registry.toml" --data "$folder/data" \
      --admin "$admin" >/dev/null || return 1
    echo $(($(now_ms) - begun)) >>"$folder/backup-times"
  done
}

p99_of() { awk -F: '$1 ~ /"p99"/ { printf "%d", $2 }' "$folder/records/$1.json"; }
failed_of() {
  awk '/"errors": \{/ && !/\{\}/ { n = 1 } END { print n + 0 }' "$folder/records/$1.json"
}
now_ms() { printf '%d' $((${EPOCHREALTIME/[.,]/} / 1000)); }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

ratios=()
rm -f "$folder/backup-times"
for ((turn = 1; turn <= turns; turn++)); do
  say "turn $turn: payments alone, then beside backups; $CLIENTS clients, $seconds s each"
  pay "calm-$turn"
  pay "busy-$turn" &
  paying=$!
  back_up_all_the_time $paying || fail "a backup failed"
  wait $paying
  for side in calm busy; do
    [[ $(failed_of "$side-$turn") == 0 ]] || fail "payments have failed: records/$side-$turn.json"
  done
  calm=$(p99_of "calm-$turn") busy=$(p99_of "busy-$turn")
  ratios+=($((busy * 1000 / calm)))
  say "p99 $calm us alone, $busy us beside backups;" \
    "$(rate_of "calm-$turn") and $(rate_of "busy-$turn") transfers/s"
done
stop_host

say "restoring, which verifies everything"
bytes=$(du -sb "$backup" | cut -f1)
begun=$(now_ms)
"$host" restore "$backup" --registry "$folder/registry.toml" --data "$restored" \
  >"$folder/restore.out"
ms=$(($(now_ms) - begun))
rm -rf "$backup" "$restored"

ratio=$(printf '%s\n' "${ratios[@]}" | median)
printf 'backup of %d MB: %d ms\n' $((bytes / 1000000)) "$(median <"$folder/backup-times")"
printf 'p99 of payments beside backups / alone: %d.%03d (at most 1.5), none failed: %s\n' \
  $((ratio / 1000)) $((ratio % 1000)) "$( ((ratio <= 1500)) && echo met || echo MISSED)"
printf 'restore: %d ms, %d MB/s\n' "$ms" $((bytes / 1000 / ms))
((ratio <= 1500))
