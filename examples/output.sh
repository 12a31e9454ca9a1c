# Functions of the examples' build scripts: their inputs, and the place of a component.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT
readonly OUTPUT="$ROOT/target/components/examples"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf '%s: %s\n' "$0" "$*" >&2; exit 1; }

# Whether a component is newer than all of these files and folders.
is_current() { # COMPONENT, PATHS..
  local component=$1
  shift
  [[ -f $component ]] || return
  local newer=(-name __pycache__ -prune -o -type f -newer "$component" -print -quit)
  [[ -z $(find "$@" "${newer[@]}") ]]
}

# Copies wit/world.wit and these packages of the bank to build/wit, in the layout of the toolchains.
gather_interfaces() { # PACKAGES..
  rm -rf build/wit
  mkdir -p build/wit/deps
  cp wit/world.wit build/wit
  local package
  for package in "$@"; do
    cp -r "$ROOT/wit/$package" build/wit/deps
  done
  cp "$ROOT"/wit/wasi-0.2/*.wit build/wit/deps
}

# Replaces a component whole, by a rename: a running host may watch the file.
install_component() { # FILE, NAME
  mkdir -p "$OUTPUT"
  cp "$1" "$OUTPUT/$2.new"
  mv "$OUTPUT/$2.new" "$OUTPUT/$2"
}
