# What the scripts of the bench and tests/torture.sh have in common. They source this when they have
# root. One that starts a host has a folder, too; its records are files in $folder/records.

folder=
host_pid=

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf '%s: %s\n' "${BASH_SOURCE[-1]#"$root/"}" "$*" >&2; exit 1; }

# Sets the variable of an argument's name to its number.
set_number() { # NAME, MOST, TEXT
  [[ $3 =~ ^[0-9]{1,9}$ ]] && ((10#$3 >= 1 && 10#$3 <= $2)) ||
    fail "--$1 takes a number from 1 to $2"
  printf -v "$1" '%s' $((10#$3))
}

# Calls clean_up with the status at the end, however that comes.
clean_up_at_exit() {
  trap 'status=$?; trap - EXIT; clean_up $status; exit $status' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# Finds the programs and components, and sets host, components, and bench.
find_programs() { # COMMAND OF BUILD.SH, OTHER COMPONENTS..
  host=${STRONGROOM_BIN:-$root/target/release/strongroom}
  components=$root/target/components
  local file
  for file in "$host" "$components"/{auth,token,account,transaction,webhook}.wasm "${@:2}"; do
    [[ -f $file ]] || fail "$file is missing; run ./build.sh $1"
  done
  cargo build --release --quiet --workspace --exclude strongroom-tests --bin strongroom-bench
  bench=${CARGO_TARGET_DIR:-target}/release/strongroom-bench
}

# Makes the password of the first administrator.
make_password() {
  STRONGROOM_ADMIN_PASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  export STRONGROOM_ADMIN_PASSWORD
}

# The service of the hello guest, for a registry.
hello_service() {
  printf '\n[services.hello]\ncomponent = "%s"\npublic = ["* /*"]\n' \
    "$components/test-guests/hello.wasm"
}

# Starts a host on the registry in a folder, its access log to a file; sets host_pid and gateway.
serve() { # BINARY, FOLDER, RECORD
  : >"$2/host.out" # The host's shell may create it after the first look.
  local started=${EPOCHREALTIME/[.,]/}
  "$1" serve --registry "$2/registry.toml" --data "$2/data" --listen 127.0.0.1:0 \
    --admin 127.0.0.1:0 >"$2/host.out" 2>"$2/host.err" &
  host_pid=$!
  gateway=$("$bench" ready --stdout "$2/host.out" --started "$started" --pid "$host_pid" \
    "$(record "$3")")
}

# Ends the server of host_pid, if it runs. It drains; after the host's limit of 30 s it is stuck.
stop_host() {
  if [[ -z $host_pid ]]; then return 0; fi
  kill "$host_pid" 2>/dev/null || true
  for _ in $(seq 350); do
    kill -0 "$host_pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$host_pid" 2>/dev/null || true
  wait "$host_pid" 2>/dev/null || true
  host_pid=
}

print_end_of_log() { # FOLDER OF A HOST
  if [[ ! -f $1/host.err ]]; then return 0; fi
  echo "--- the end of the log of the host in $1 ---" >&2
  grep -v '"target":"access"' "$1/host.err" | tail -n 20 >&2 || true
}

record() { printf '%s' "--record=$folder/records/$1.json"; }

# The rate of a load record, in requests a second.
rate_of() {
  awk -F: '
    $1 ~ /"answered"/ { n = $2 + 0 }
    $1 ~ /^ *"microseconds"/ { us = $2 + 0 }
    END { printf "%d", n * 1000000 / us }' "$folder/records/$1.json"
}
