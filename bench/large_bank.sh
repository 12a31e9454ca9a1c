# A bank of so many accounts and entries in target/bank-ACCOUNTS-ENTRIES, made once, and its host.
# Scripts source this when they have root, accounts, and entries.

source "$root/bench/common.sh"

# Sets variables from arguments of the same name, each with a number.
read_numbers() { # "NAMES", ARGUMENTS..
  local names=" $1 "
  shift
  while (($#)); do
    [[ $names == *" ${1#--} "* && $1 == --* ]] ||
      fail "unknown argument: $1; there are:" \
        "$(printf -- '--%s N\n' $names | paste -sd, | sed 's/,/, /g')"
    set_number "${1#--}" 999999999 "${2:-}"
    shift 2
  done
}

clean_up() { # STATUS
  stop_host
  if (($1 != 0)); then print_end_of_log "$folder"; fi
}
clean_up_at_exit

# Starts the host; sets gateway.
start_host() {
  sed "s|^component = \"|&$root/|" registry.toml >"$folder/registry.toml"
  serve "$host" "$folder" ready
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
start_large_bank() { # NAME OF THE BENCH
  find_programs "bench $1"
  folder=$root/target/bank-$accounts-$entries
  export STRONGROOM_ADMIN_PASSWORD
  if [[ ! -f $folder/filled ]]; then make_bank; fi
  STRONGROOM_ADMIN_PASSWORD=$(<"$folder/password")
  say "starting the bank of $folder"
  start_host
}
