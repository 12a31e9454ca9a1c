# A bank of so many accounts and entries in target/bank-ACCOUNTS-ENTRIES, made once, and its host.
# Scripts source this when they have root, accounts, entries, host, bench, say, and fail.

folder=$root/target/bank-$accounts-$entries
host_pid=

# Ends the host, which drains first.
stop_host() {
  kill "$host_pid" 2>/dev/null || true
  wait "$host_pid" || true
  host_pid=
}

clean_up() {
  local status=$?
  trap - EXIT
  if [[ -n $host_pid ]]; then stop_host; fi
  if ((status != 0)) && [[ -f $folder/host.err ]]; then
    echo "--- the end of the host's log ---" >&2
    grep -v '"target":"access"' "$folder/host.err" | tail -n 20 >&2 || true
  fi
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

source "$root/bench/records.sh"

# Starts the host, its access log to a file; sets gateway.
start_host() {
  sed "s|^component = \"|&$root/|" registry.toml >"$folder/registry.toml"
  : >"$folder/host.out"
  local started=${EPOCHREALTIME/[.,]/}
  "$host" serve --registry "$folder/registry.toml" --data "$folder/data" \
    --listen 127.0.0.1:0 --admin 127.0.0.1:0 >"$folder/host.out" 2>"$folder/host.err" &
  host_pid=$!
  gateway=$("$bench" ready --stdout "$folder/host.out" --started "$started" --pid "$host_pid" \
    "$(record ready)")
}

make_bank() {
  rm -rf "$folder"
  mkdir -p "$folder/records"
  (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$folder/password")
  STRONGROOM_ADMIN_PASSWORD=$(<"$folder/password")
  say "opening a bank: 50 customers with an account each"
  start_host
  "$bench" seed --address "$gateway" --accounts 1 --bank "$folder/bank.json"
  stop_host
  say "filling it with $accounts accounts and $entries entries"
  "$bench" fill --data "$folder/data" --bank "$folder/bank.json" --accounts "$accounts" \
    --entries "$entries"
  touch "$folder/filled"
}

# Makes the bank if there is none, and starts its host.
start_large_bank() {
  export STRONGROOM_ADMIN_PASSWORD
  if [[ ! -f $folder/filled ]]; then make_bank; fi
  STRONGROOM_ADMIN_PASSWORD=$(<"$folder/password")
  say "starting the bank of $folder"
  start_host
}
