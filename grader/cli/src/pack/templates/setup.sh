#!/usr/bin/env bash
# Prepares Gradescope's container for grading @LAB@: a compiler, siglab, and a user for
# what students hand in. Whatever is there already is taken as it is.
set -euo pipefail

root="${SIGLAB_AUTOGRADER_ROOT:-/autograder}"
source="$root/source"
user="${SIGLAB_USER:-siglab}"
languages="${SIGLAB_LANGUAGES:-@LANGUAGES@}"
have() { command -v "$1" >/dev/null 2>&1; }
if ! have cargo; then
  # Where every user finds it.
  export RUSTUP_HOME=/opt/rust/rustup CARGO_HOME=/opt/rust/cargo
  export PATH="$CARGO_HOME/bin:$PATH"
fi

needs_rust=no
[ -x "$source/bin/siglab" ] || needs_rust=yes
case " $languages " in *" rust "*) needs_rust=yes ;; esac

packages=()
have cc || packages+=(gcc libc6-dev)
if [ "$needs_rust" = yes ] && ! have cargo; then
  packages+=(curl ca-certificates)
fi
if [ "${#packages[@]}" -gt 0 ]; then
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"
fi
if [ "$needs_rust" = yes ] && ! have cargo; then
  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
    sh -s -- -y --profile minimal --no-modify-path
  chmod -R o+rX "$RUSTUP_HOME" "$CARGO_HOME"
fi

if [ "$(id -u)" = 0 ] && ! id "$user" >/dev/null 2>&1; then
  useradd --system --no-create-home --shell /usr/sbin/nologin "$user"
fi

if [ ! -x "$source/bin/siglab" ]; then
  (cd "$source/siglab" && cargo build --release --package siglab)
  mkdir -p "$source/bin"
  cp "$source/siglab/target/release/siglab" "$source/bin/siglab"
  rm -rf "$source/siglab/target"
fi
"$source/bin/siglab" --version

# The libraries for Rust submissions are built now, once; containers that grade may have no
# network. Grading the starter does that. Any verdict is fine.
export CARGO_TARGET_DIR="${SIGLAB_CACHE:-$root/siglab-cache}"
mkdir -p "$CARGO_TARGET_DIR"
for starter in "$source/siglab/@FOLDER@"/starter/@LAB@.*; do
  case "$starter $languages " in
    *.c*" c "* | *.rs*" rust "*) ;;
    *) continue ;;
  esac
  status=0
  "$source/bin/siglab" check @LAB@ "$starter" --labs "$source/siglab/exercises" --format json \
    >/dev/null || status=$?
  if [ "$status" -gt 1 ]; then
    echo "siglab can't grade $starter here (status $status):" >&2
    # What is missing; its own status adds nothing.
    "$source/bin/siglab" doctor >&2 || true
    # An autograder that can't grade isn't to be built.
    exit "$status"
  fi
done
chmod -R o+rX,o-w "$CARGO_TARGET_DIR"
