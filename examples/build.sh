#!/usr/bin/env bash
# Builds every example into target/components/examples.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

for example in exchange-rates fraud-check notifications; do
  "$example/build.sh"
done
