#!/usr/bin/env bash
# Measures what the edge costs, and judges it. `./build.sh bench edge` calls it.
#
# usage: bench/edge.sh [--base BINARY] [--base-components DIR] [--base-registry FILE]
#                      [--seconds N] [--turns N] [--keys | --transfers]
#   --base BINARY          an older `strongroom` to compare with; without it, no comparison
#   --base-components DIR  its components (../components beside the folder of the binary)
#   --base-registry FILE   its registry, for a build that cannot read the one of this build
#   --seconds N            how long each turn of each side is measured, 1 to 200 (10)
#   --turns N              how often the sides take turns, 1 to 99 (5; with --keys, 15)
#   --keys                 only compares reads with an API key with those with tokens
#   --transfers            only compares transfers with those of the older build
#
# The sides of a comparison are hosts that all run all the time, and are loaded one after the other,
# in another order each turn. Everything listens on the loopback and ends with this script.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

readonly CLIENTS_HELLO=32 CLIENTS_BANK=64 CLIENTS_LOGIN=16 LOGINS_A_SECOND=16 WARM_UP=2
base=
base_components=
base_registry=
seconds=10
turns=
only=

source "$root/bench/common.sh"

while (($#)); do
  case $1 in
    --keys | --transfers)
      only=${1#--}
      shift
      continue
      ;;
    --base) base=$(realpath -e "${2:-}") || fail "--base names a binary" ;;
    --base-components)
      base_components=$(realpath -e "${2:-}") || fail "--base-components names a folder"
      ;;
    --base-registry)
      base_registry=$(realpath -e "${2:-}") || fail "--base-registry names a file"
      ;;
    --seconds) set_number seconds 200 "${2:-}" ;;
    --turns) set_number turns 99 "${2:-}" ;;
    *) fail "unknown argument: $1; see the head of this file" ;;
  esac
  shift 2
done
turns=${turns:-$([[ $only == keys ]] && echo 15 || echo 5)}
if [[ $only == transfers && -z $base ]]; then fail "--transfers needs --base"; fi

cd "$root"
needed=(target/components/test-guests/hello.wasm)
if [[ -n $base ]]; then
  base_components=${base_components:-$(dirname "$(dirname "$base")")/components}
  needed+=("$base_components"/{auth,token,account,transaction}.wasm)
  if [[ -z $base_registry ]]; then needed+=("$base_components/webhook.wasm"); fi
fi
find_programs "bench edge" "${needed[@]}"
command -v openssl >/dev/null || fail "openssl, which makes the certificate, is missing: install it"

folder=$(mktemp -d -p "${TMPDIR:-/var/tmp}" strongroom-edge.XXXXXX)
mkdir "$folder/records"
declare -A pid_of=() address_of=()
sides=(plain tls)
if [[ -n $base ]]; then sides+=(base); fi
if [[ $only == keys ]]; then sides=(plain); fi
if [[ $only == transfers ]]; then sides=(plain base); fi

clean_up() { # STATUS
  local side
  kill "${pid_of[@]}" $host_pid 2>/dev/null || true
  wait
  for side in "${sides[@]}"; do
    if (($1 != 0)); then print_end_of_log "$folder/$side"; fi
  done
  rm -rf "$folder"
}
clean_up_at_exit

# Sets the arguments that name a side's server.
server() { # SIDE
  server=(--address "${address_of[$1]}")
  if [[ $1 == tls ]]; then server+=(--certificate "$folder/cert.pem"); fi
}

# The default bank and the hello guest. An older build knows no rates.
write_registry() { # SIDE
  local of=$components
  if [[ $1 == base ]]; then of=$base_components; fi
  if [[ $1 == tls ]]; then
    local tls="{ cert = \"$folder/cert.pem\", key = \"$folder/key.pem\" }"
    sed "s|^\[host\]|&\ntls = $tls|" registry.toml
  elif [[ $1 == base && -n $base_registry ]]; then
    cat "$base_registry"
  elif [[ $1 == base ]]; then
    sed '/^rates = /d' registry.toml
  else
    cat registry.toml
  fi | sed "s|^component = \"target/components|component = \"$of|"
  hello_service
}

start() { # SIDE
  local binary=$host
  if [[ $1 == base ]]; then binary=$base; fi
  say "starting $1, and opening its bank: 50 customers with 20 accounts each"
  mkdir "$folder/$1"
  write_registry "$1" >"$folder/$1/registry.toml"
  serve "$binary" "$folder/$1" "ready-$1"
  pid_of[$1]=$host_pid address_of[$1]=$gateway
  server "$1"
  "$bench" seed "${server[@]}" --bank "$folder/$1/bank.json"
}

# Every second turn goes backwards, so that no side always follows the same one.
in_turn() { # TURN, SIDES..
  if (($1 % 2 == 1)); then printf '%s\n' "${@:2}"; else printf '%s\n' "${@:2}" | tac; fi
}

load() { # COMMAND, SIDE, RECORD WITH THE NUMBER OF THE TURN, FLAGS..
  say "turn ${3##*-} of $turns: ${3%-*}"
  server "$2"
  "$bench" "$1" "${server[@]}" --pid "${pid_of[$2]}" --seconds "$seconds" \
    --warm-up $WARM_UP "$(record "$3")" "${@:4}"
}

load_bank() { # AS load
  load "${@:1:3}" --bank "$folder/$2/bank.json" "${@:4}"
}

measure_requests() { # TURN
  local side
  for side in $(in_turn "$1" "${sides[@]}"); do
    load hello "$side" "hello-$side-$1" --clients $CLIENTS_HELLO
    load_bank balances "$side" "balances-$side-$1" --clients $CLIENTS_BANK
  done
}

measure_transfers() { # TURN
  local side
  for side in $(in_turn "$1" plain base); do
    load_bank transfers "$side" "transfers-$side-$1" --clients $CLIENTS_BANK
    load_bank transfers "$side" "transfers-of-one-$side-$1" --clients 1
  done
}

# The same reads, by all customers with their tokens, or by one client with its key.
measure_keys() { # TURN
  local by flags
  for by in $(in_turn "$1" key token); do
    flags=(--clients $CLIENTS_BANK)
    if [[ $by == key ]]; then flags+=(--by-key); fi
    load_bank balances plain "balances-by-$by-$1" "${flags[@]}"
  done
}

# Transfers at a rate that leaves the logins room: what is judged is how long a payment takes, not
# how many there can be.
measure_logins() { # TURN, TRANSFERS A SECOND
  local kind logins
  local transfers=(--clients $CLIENTS_BANK --rate "$2")
  for kind in $(in_turn "$1" alone beside-logins); do
    if [[ $kind == alone ]]; then
      load_bank transfers plain "transfers-alone-$1" "${transfers[@]}"
    else
      server plain
      # Longer than the transfers, which begin with the logins of all customers.
      "$bench" logins "${server[@]}" --bank "$folder/plain/bank.json" --pid "${pid_of[plain]}" \
        --clients $CLIENTS_LOGIN --rate $LOGINS_A_SECOND --seconds $((seconds + 6)) --warm-up 0 \
        "$(record "logins-$1")" &
      logins=$!
      load_bank transfers plain "transfers-beside-logins-$1" "${transfers[@]}"
      wait $logins
    fi
  done
}

make_password
# It must not be the certificate of an authority, as clients trust it itself.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
  -keyout "$folder/key.pem" -out "$folder/cert.pem" 2>"$folder/openssl.err" ||
  { cat "$folder/openssl.err" >&2; fail "no certificate"; }
chmod 600 "$folder/key.pem"

for side in "${sides[@]}"; do start "$side"; done
if [[ -z $only ]]; then
  load_bank transfers plain transfers-most-0 --clients $CLIENTS_BANK
  rate=$(($(rate_of transfers-most-0) / 4))
fi
for turn in $(seq "$turns"); do
  if [[ -n $base && $only != keys ]]; then measure_transfers "$turn"; fi
  if [[ $only == transfers ]]; then continue; fi
  measure_keys "$turn"
  if [[ $only == keys ]]; then continue; fi
  measure_requests "$turn"
  measure_logins "$turn" "$rate"
done

printf '\nStrongroom, what the edge costs: %s cores, %s\n' "$(nproc)" "$(uname -sr)"
printf 'Server and load generator share the cores, and so the costs of TLS on both sides.\n\n'
"$bench" edge --records "$folder/records"
