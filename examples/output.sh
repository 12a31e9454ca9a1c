# For the build scripts of the examples: what they read, where a component goes, and how it gets there.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly ROOT
readonly OUTPUT="$ROOT/target/components/examples"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf '%s: %s\n' "$0" "$*" >&2; exit 1; }

# Whether a component is newer than all of these files and folders.
is_current() {
  local component=$1
  shift
  [[ -f $component && -z $(find "$@" -name __pycache__ -prune -o -type f -newer "$component" -print -quit) ]]
}

# Gathers wit/world.wit and these packages of the bank in build/wit, as the toolchains want them: WIT in a folder, its packages in deps.
gather_interfaces() {
  rm -rf build/wit
  mkdir -p build/wit/deps
  cp wit/world.wit build/wit
  local package
  for package in "$@"; do
    cp -r "$ROOT/wit/$package" build/wit/deps
  done
  cp "$ROOT"/wit/wasi-0.2/*.wit build/wit/deps
}

# Puts a component in place whole: a running host may be watching the file.
install_component() {
  mkdir -p "$OUTPUT"
  cp "$1" "$OUTPUT/$2.new"
  mv "$OUTPUT/$2.new" "$OUTPUT/$2"
}
