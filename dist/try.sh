#!/usr/bin/env bash
# Tries the archive of a release: its binary serves the bank in an empty root, and the README's tour
# works.
#
#   dist/try.sh ARCHIVE
set -euo pipefail
README="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/README.md"
readonly README
# As the README starts the bank.
readonly ADMIN_PASSWORD='a long walk in the rain'
readonly READY_SECONDS_MAX=2
readonly TOUR_SECONDS_MAX=60
# All that the tour may use.
readonly PROGRAMS=(bash cat curl date find mktemp rm sed sleep tail)
# In the root, the bank is a user who owns nothing but its folder.
readonly BANK_USER=65532

fail() { printf 'dist/try.sh: %s\n' "$*" >&2; exit 1; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

archive=$(realpath "${1:?which archive?}")
folder=$(mktemp -d)
host=
clean_up() {
  if [[ -n $host ]]; then kill -KILL "$host" 2>/dev/null || true; fi
  rm -rf "$folder"
}
trap clean_up EXIT

# Becomes a command in the root, where nothing is but the binary and the bank's folder. To be called
# in the background or in a pipe.
in_root() { # COMMAND..
  local enter
  if ((EUID == 0)); then
    enter=("$(command -v chroot)" --userspec="$BANK_USER:$BANK_USER")
  else
    enter=("$(command -v unshare)" --user --map-root-user --root)
  fi
  exec env -i STRONGROOM_ADMIN_PASSWORD="$ADMIN_PASSWORD" "${enter[@]}" "$folder/root" "$@"
}

begun=$(milliseconds)
(cd "$(dirname "$archive")" && sha256sum --quiet --check SHA256SUMS)
tar -C "$folder" -xzf "$archive"
unpacked=$(echo "$folder"/strongroom-*)
mkdir -p "$folder/root/data" "$folder/programs"
cp "$unpacked/strongroom" "$folder/root/"
if ((EUID == 0)); then chown "$BANK_USER:$BANK_USER" "$folder/root/data"; fi
for program in "${PROGRAMS[@]}"; do
  ln -s "$(command -v "$program")" "$folder/programs/"
done

started=$(milliseconds)
in_root /strongroom serve --listen 127.0.0.1:0 --admin 127.0.0.1:0 \
  >"$folder/stdout" 2>"$folder/stderr" &
host=$!
# The host prints its addresses when the services have started.
printed() { sed -n "s|^$1 listens on http://||p" "$folder/stdout"; }
until [[ -n $(printed admin) ]]; do
  kill -0 "$host" 2>/dev/null || { cat "$folder/stderr"; fail "the host has ended"; }
  (($(milliseconds) - started < 30000)) || { cat "$folder/stderr"; fail "the host does not start"; }
  sleep 0.02
done
curl -fs -o "$folder/ready" "http://$(printed admin)/readyz" || fail "a service has not started"
ready=$(($(milliseconds) - started))
echo "ready after $ready ms"
! grep -q compiling "$folder/stderr" || fail "components were compiled: their code is not inside"

sed -n '/^```sh tour$/,/^```$/p' "$README" | grep -v '^```' |
  sed "s|http://127.0.0.1:8080|http://$(printed strongroom)|" >"$folder/tour.sh"
env -i PATH="$folder/programs" TMPDIR="$folder" \
  bash -euo pipefail "$folder/tour.sh" >"$folder/tour" || fail "the tour does not work"
grep -q ',closing_balance,,,EUR,75.00,' "$folder/tour" || fail "the tour ends otherwise"
total=$(($(milliseconds) - begun))
echo "the tour ended $total ms after the archive was opened"

kill -TERM "$host"
wait "$host" || { cat "$folder/stderr"; fail "the host did not end well"; }
host=
in_root /strongroom verify | tail -n 1 | grep -qx sound || fail "the books are not sound"
in_root /strongroom check | tail -n 1

((ready < READY_SECONDS_MAX * 1000)) || fail "the start took more than $READY_SECONDS_MAX s"
((total < TOUR_SECONDS_MAX * 1000)) || fail "the tour took more than $TOUR_SECONDS_MAX s"
