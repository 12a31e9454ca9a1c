# A bank of so many accounts and entries in target/bank-ACCOUNTS-ENTRIES, made once, and its host.
# Scripts source this when they have root, accounts, and entries.

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf '%s: %s\n' "${BASH_SOURCE[-1]}" "$*" >&2; exit 1; }

# Sets variables from arguments of the same name, each with a number.
read_numbers() { # "NAMES", ARGUMENTS..
  local names=" $1 "
  shift
  while (($#)); do
    [[ $names == *" ${1#--} "* && $1 == --* ]] ||
      fail "unknown argument: $1; there are:" \
        "$(printf -- '--%s N\n' $names | paste -sd, | sed 's/,/, /g')"
    [[ ${2:-} =~ ^[1-9][0-9]{0,8}$ ]] || fail "$1 takes a number, from 1 to 999999999"
    printf -v "${1#--}" '%s' "$2"
    shift 2
  done
}

# Finds the programs, and sets host, bench, and folder.
find_programs() { # NAME OF THE BENCH
  host=${STRONGROOM_BIN:-$root/target/release/strongroom}
  local file
  for file in "$host" target/components/{auth,token,account,transaction,webhook}.wasm; do
    [[ -f $file ]] || fail "$file is missing; run ./build.sh bench $1"
  done
  cargo build --release --quiet -p strongroom-bench
  bench=${CARGO_TARGET_DIR:-target}/release/strongroom-bench
  folder=$root/target/bank-$accounts-$entries
}

folder=
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
