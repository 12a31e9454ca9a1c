# For the build scripts of the examples: where a component goes, and how it gets there.

readonly ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
readonly OUTPUT="$ROOT/target/components/examples"

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf '%s: %s\n' "$0" "$*" >&2; exit 1; }

# Whether a component is newer than all of these files and folders.
is_current() {
  local component=$1
  shift
  [[ -f $component && -z $(find "$@" -type f -newer "$component" -print -quit) ]]
}

# Puts a component in place whole: a running host may be watching the file.
install_component() {
  mkdir -p "$OUTPUT"
  cp "$1" "$OUTPUT/$2.new"
  mv "$OUTPUT/$2.new" "$OUTPUT/$2"
}
