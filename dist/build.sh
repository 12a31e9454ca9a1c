#!/usr/bin/env bash
# Makes target/dist/strongroom-VERSION-x86_64-linux.tar.gz, of what `./build.sh` has built, and
# tries it out. `./build.sh dist` runs this.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly TARGET=x86_64-unknown-linux-gnu
readonly CYCLONEDX_VERSION=0.5.9
readonly TOOLS="$PWD/.tools"
readonly DIST="$PWD/target/dist"
# What goes into the binary, and what goes into the archive.
readonly INSIDE="$DIST/inside"
VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
readonly NAME="strongroom-$VERSION-x86_64-linux"
readonly FOLDER="$DIST/$NAME"

# For the archive, and for cargo-cyclonedx.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() { printf 'dist/build.sh: %s\n' "$*" >&2; exit 1; }

# The default bank: its registry, which names the components inside the binary, these components,
# and their compiled code.
gather_bank() {
  rm -rf "$INSIDE"
  mkdir -p "$INSIDE"
  cp demo.toml target/components/*.wasm "$INSIDE"
  sed -E 's|"target/components/(\w+\.wasm)"|"builtin:\1"|' registry.toml >"$INSIDE/registry.toml"
  target/release/strongroom-dist compile "$INSIDE"
}

# The binary needs no dynamic linker and no libraries, so it runs in an empty root. As it is static,
# the crate getrandom would not find the C library's function, and would look for /dev/random.
# With a target, cargo gives the flags to the binary alone: a procedural macro cannot be static.
readonly FLAGS='-C target-feature=+crt-static -C strip=symbols --cfg getrandom_backend="linux_getrandom"'

build_binary() {
  STRONGROOM_BUILTIN="$INSIDE" CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="$FLAGS" \
    cargo build --release --package strongroom-host --bin strongroom --target "$TARGET"
}

install_cyclonedx() {
  if grep -qsF "\"cargo-cyclonedx $CYCLONEDX_VERSION " "$TOOLS/.crates.toml"; then return; fi
  CARGO_PROFILE_DEV_DEBUG=0 cargo install cargo-cyclonedx --version "$CYCLONEDX_VERSION" --locked \
    --debug --root "$TOOLS" --target-dir "$TOOLS/build"
  rm -rf "$TOOLS/build"
}

# The libraries of the binary and of each component, as CycloneDX.
write_bills_of_materials() { # FOLDER
  mkdir -p "$1"
  list_libraries "$TARGET"
  mv host/strongroom-bill.json "$1/strongroom.cdx.json"
  list_libraries wasm32-wasip1
  local component
  for component in target/components/*.wasm; do
    component=$(basename "$component" .wasm)
    mv "components/$component/strongroom-bill.json" "$1/$component.cdx.json"
  done
  remove_lists
}

# cargo-cyclonedx writes a list for each crate of the workspace, beside its sources.
list_libraries() { # TARGET
  PATH="$TOOLS/bin:$PATH" cargo cyclonedx --quiet --format json --spec-version 1.5 --target "$1" \
    --no-build-deps --override-filename strongroom-bill
}

remove_lists() {
  find . -name strongroom-bill.json -not -path './target/*' -delete
}

gather_archive() {
  rm -rf "$FOLDER"
  mkdir -p "$FOLDER"/{man,completions,empty}
  install -m 755 "target/$TARGET/release/strongroom" "$FOLDER"
  target/release/strongroom-dist manual "$FOLDER/man"
  target/release/strongroom-dist completions "$FOLDER/completions"
  write_bills_of_materials "$FOLDER/sbom"
  cp -r README.md CHANGELOG.md LICENSE SECURITY.md docs deploy/* "$FOLDER"
  cp "$INSIDE"/*.toml "$FOLDER"
  chmod -R u=rwX,go=rX "$FOLDER"
}

# The same files give the same archive: in the order of their names, without users, with the time of
# the commit.
pack() {
  (
    cd "$DIST"
    tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=gnu -c "$NAME" |
      gzip -9n >"$NAME.tar.gz"
    sha256sum "$NAME.tar.gz" >SHA256SUMS
  )
}

[[ $(uname -sm) == "Linux x86_64" ]] || fail "a release is built on Linux on x86-64, and for it"
say "the bank inside the binary"
gather_bank
say "the binary, static; at first this takes as long as the first build"
build_binary
say "cargo-cyclonedx"
install_cyclonedx
say "the archive"
gather_archive
pack
say "trying the archive out"
dist/try.sh "$DIST/$NAME.tar.gz"
say "$DIST/$NAME.tar.gz"
cat "$DIST/SHA256SUMS"
