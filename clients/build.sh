#!/usr/bin/env bash
# Generates the clients into target/clients, from the OpenAPI document of the bank as it is built.
# Needs the bank, curl, Node.js 20 with npm, and Python 3.10 with venv.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

readonly OUTPUT=../target/clients

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf '%s: %s\n' "$0" "$*" >&2; exit 1; }

# Saves the document of a bank that runs for a moment, in a folder that goes with it, unless the
# bank is the same.
save_document() {
  local document=$OUTPUT/openapi.json folder bank
  local bank_files=(../registry.toml ../target/release/strongroom ../target/components/*.wasm)
  if [[ -f $document && -z $(find -L "${bank_files[@]}" -newer "$document") ]]; then return; fi
  folder=$(mktemp -d)
  ../target/release/strongroom serve --registry ../registry.toml --data "$folder/data" \
    --listen 127.0.0.1:0 --admin 127.0.0.1:0 >"$folder/out" 2>"$folder/log" &
  bank=$!
  # shellcheck disable=SC2064 # The values of now.
  trap "kill $bank 2>/dev/null || true; wait $bank || true; rm -rf '$folder'" EXIT
  until curl -fsS "$(address admin)/readyz" -o /dev/null 2>/dev/null; do
    kill -0 $bank 2>/dev/null || { cat "$folder/log" >&2; fail "the bank does not start"; }
    sleep 0.1
  done
  curl -fsS "$(address strongroom)/api/openapi.json" -o "$document.new"
  mv "$document.new" "$document"
}

# The address on which the bank, or its admin listener, listens.
address() { # WHO
  sed -n "s/^$1 listens on //p" "$folder/out"
}

# What the clients are made of.
digest_of_inputs() {
  find . "$OUTPUT/openapi.json" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
}

make_typescript() {
  say "generating the client of TypeScript"
  rm -rf "$OUTPUT/typescript"
  cp -r typescript "$OUTPUT"
  cd "$OUTPUT/typescript"
  # No package needs an install script, so none may run.
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
  npm run build --silent >/dev/null
}

make_python() {
  say "generating the client of Python"
  rm -rf "$OUTPUT/python" "$OUTPUT/venv"
  cp -r python "$OUTPUT"
  cd "$OUTPUT"
  python3 -m venv venv || fail "python3 has no venv; install the package python3-venv"
  venv/bin/pip install --quiet --disable-pip-version-check --requirement python/requirements.txt
  # The generator formats by ruff, which it finds in the path.
  PATH="$PWD/venv/bin:$PATH" openapi-python-client generate --path openapi.json --meta none \
    --output-path python/strongroom_api --overwrite --fail-on-warning >/dev/null
  venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation ./python
}

mkdir -p "$OUTPUT"
(save_document)
inputs=$(digest_of_inputs)
if [[ $inputs == "$(cat "$OUTPUT/inputs" 2>/dev/null)" ]]; then exit; fi
rm -f "$OUTPUT/inputs"
(make_typescript)
(make_python)
printf '%s\n' "$inputs" >"$OUTPUT/inputs"
