#!/usr/bin/env bash
# Measures Strongroom beside a native server and PostgreSQL on this machine, and prints one table.
# `./build.sh bench` calls it.
#
# usage: bench/run.sh [--seconds N] [--no-large]
#   --seconds N   how long each run is measured, 1 to 240 (10); a warm-up of 2 seconds comes before
#   --no-large    without the bank of a million accounts, which takes minutes and gigabytes to fill
#
# All servers listen on the loopback or a socket of their own and end with this script. Everything
# they write goes to a folder in /var/tmp, which is on a disk where /tmp may be in memory; TMPDIR
# names another place.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

readonly CLIENTS_HELLO=32 CLIENTS_BANK=64 CLIENTS_BATCH=32 WARM_UP=2 IDLE=15
readonly LARGE_ACCOUNTS=1000000 LARGE_ENTRIES=10000000
seconds=10
large=yes

source "$root/bench/common.sh"

while (($#)); do
  case $1 in
    --seconds)
      set_number seconds 240 "${2:-}"
      shift
      ;;
    --no-large) large= ;;
    *) fail "unknown argument: $1; there are: --seconds N, --no-large" ;;
  esac
  shift
done

find_programs bench target/components/test-guests/hello.wasm

folder=$(mktemp -d -p "${TMPDIR:-/var/tmp}" strongroom-bench.XXXXXX)
chmod 711 "$folder" # PostgreSQL's user needs the path to its own folder.
mkdir "$folder/records"
postgres_bin=
postgres_data=

clean_up() { # STATUS
  stop_host
  if [[ -n $postgres_data ]]; then
    as_postgres "$postgres_bin/pg_ctl" -D "$postgres_data" -m immediate stop >/dev/null 2>&1 || true
  fi
  if (($1 != 0)); then print_end_of_log "$folder"; fi
  rm -rf "$folder"
}
clean_up_at_exit

# Says what a load is, and measures it.
load() { # TITLE, RECORD, COMMAND, CLIENTS, FLAGS..
  say "$1: $4 clients, $seconds s"
  "$bench" "$3" --address "$gateway" --pid "$host_pid" --seconds "$seconds" --warm-up "$WARM_UP" \
    --clients "$4" "${@:5}" "$(record "$2")"
}

# --- the native twin ---

measure_native() {
  say "starting the native server"
  "$bench" native >"$folder/native.out" &
  host_pid=$!
  until grep -q '^native listens' "$folder/native.out"; do
    kill -0 "$host_pid" 2>/dev/null || fail "the native server does not start"
    sleep 0.05
  done
  gateway=$(sed -n 's|^native listens on http://||p' "$folder/native.out")
  load "hello, native" native hello $CLIENTS_HELLO
  stop_host
}

# --- Strongroom ---

# The default bank and the hello guest.
write_registry() {
  sed "s|^component = \"|&$root/|" registry.toml
  hello_service
}

measure_host() {
  say "starting the host; it compiles the components"
  serve "$host" "$folder" ready-first
  load "hello, gateway" hello hello $CLIENTS_HELLO
  say "opening the bank: 50 customers with 20 accounts each"
  "$bench" seed --address "$gateway" --bank "$folder/bank.json"
  local bank=(--bank "$folder/bank.json")
  load transfers transfers transfers $CLIENTS_BANK "${bank[@]}"
  load "transfers to one account" transfers-hot transfers $CLIENTS_BANK "${bank[@]}" --to-one
  load "batches of 100 transfers" batches transfers $CLIENTS_BATCH "${bank[@]}" --batch 100
  load balances balances balances $CLIENTS_BANK "${bank[@]}"
  load "balances with an API key" balances-key balances $CLIENTS_BANK "${bank[@]}" --by-key
  load transfers transfers-1 transfers 1 "${bank[@]}"
  say "memory, after $IDLE s without a request"
  sleep $IDLE
  "$bench" memory --pid "$host_pid" "$(record memory-after-load)"
  stop_host
}

measure_second_start() {
  say "second start, a few requests, and memory after $IDLE s without any"
  serve "$host" "$folder" ready
  local few=(--address "$gateway" --pid "$host_pid" --clients 1 --seconds 1 --warm-up 0)
  "$bench" hello "${few[@]}" "$(record few-hello)"
  "$bench" balances "${few[@]}" --bank "$folder/bank.json" "$(record few-balances)"
  sleep $IDLE
  "$bench" memory --pid "$host_pid" "$(record memory)"
  stop_host
}

# The same customers, with many more accounts and a long history.
measure_large() {
  say "filling the bank with $LARGE_ACCOUNTS accounts and $LARGE_ENTRIES entries"
  "$bench" fill --data "$folder/data" --bank "$folder/bank.json" \
    --accounts $LARGE_ACCOUNTS --entries $LARGE_ENTRIES
  serve "$host" "$folder" ready-large
  local bank=(--bank "$folder/bank.json")
  load "large bank, transfers" transfers-large transfers $CLIENTS_BANK "${bank[@]}"
  load "large bank, balances" balances-large balances $CLIENTS_BANK "${bank[@]}"
  stop_host
}

# --- PostgreSQL ---

# The newest installation that has a server, its control program, and pgbench.
find_postgres() {
  local candidate
  for candidate in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) $(IFS=:; echo $PATH); do
    if [[ -x $candidate/postgres && -x $candidate/initdb && -x $candidate/pg_ctl &&
      -x $candidate/pgbench ]]; then
      postgres_bin=$candidate
      return 0
    fi
  done
  return 1
}

# PostgreSQL refuses to run as root.
as_postgres() {
  if ((EUID == 0)); then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

measure_postgres() {
  if ! find_postgres; then
    say "PostgreSQL is NOT INSTALLED (postgres, initdb, pg_ctl, pgbench): its side is not measured"
    return
  fi
  if ((EUID == 0)) && ! id postgres >/dev/null 2>&1; then
    say "PostgreSQL does not run as root, and there is NO USER postgres: its side is not measured"
    return
  fi
  local home=$folder/postgres
  mkdir "$home" "$home/logs"
  cp bench/pgbench-*.sql "$home"
  if ((EUID == 0)); then chown -R postgres "$home"; fi
  say "starting a PostgreSQL of its own"
  # Defaults throughout: fsync and synchronous_commit are on.
  as_postgres "$postgres_bin/initdb" -D "$home/data" -U bench -A trust >"$folder/initdb.out"
  as_postgres "$postgres_bin/pg_ctl" -D "$home/data" -w -s -l "$home/server.log" \
    -o "-c listen_addresses='' -c unix_socket_directories='$home' -p 54320" start
  postgres_data=$home/data
  local connection=(-h "$home" -p 54320 -U bench)
  as_postgres "$postgres_bin/psql" "${connection[@]}" -d postgres -q -v ON_ERROR_STOP=1 \
    -f "$home/pgbench-schema.sql"
  run_pgbench $CLIENTS_BANK pgbench
  run_pgbench 1 pgbench-1
  as_postgres "$postgres_bin/pg_ctl" -D "$home/data" -w -s -m fast stop
  postgres_data=
}

run_pgbench() { # CLIENTS RECORD
  say "pgbench: $1 clients, $seconds s"
  local threads=$(($1 < 2 ? 1 : 2))
  local run=("$postgres_bin/pgbench" "${connection[@]}" -n -M prepared -c "$1" -j "$threads")
  run+=(-f "$home/pgbench-transfer.sql")
  as_postgres "${run[@]}" -T $WARM_UP postgres >/dev/null 2>&1
  as_postgres mkdir "$home/logs/$2"
  as_postgres "${run[@]}" -T "$seconds" -l --log-prefix "$home/logs/$2/log" postgres \
    >"$folder/$2.out" 2>&1
  "$bench" pgbench --clients "$1" --seconds "$seconds" --logs "$home/logs/$2" "$(record "$2")"
}

# --- all of it ---

make_password
write_registry >"$folder/registry.toml"

load_before=$(cut -d' ' -f1 /proc/loadavg)
say "the disk under $folder"
"$bench" disk --folder "$folder" "$(record disk)"
measure_native
measure_host
measure_postgres
measure_second_start
if [[ -n $large ]]; then measure_large; fi

postgres_version="not measured"
if [[ -n $postgres_bin ]]; then postgres_version=$("$postgres_bin/postgres" --version); fi
cat <<EOF

Strongroom's bench: $(nproc) cores, $(uname -sr), load average before $load_before
disk: $(df --output=source,fstype "$folder" | tail -n 1 | tr -s ' '); PostgreSQL: $postgres_version
each run: $WARM_UP s of warm-up, then $seconds s
1,000 accounts of 50 customers in EUR; 10,000 accounts in PostgreSQL
Server and load generator share the cores. Each transfer, and each one of pgbench, is durable before
its response. "cpu us" is the server's CPU time for each request.

EOF
"$bench" report --records "$folder/records"
