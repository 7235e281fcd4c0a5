#!/usr/bin/env bash
# Makes `cargo build --target wasm32-unknown-unknown` work, and prints (stdout) the
# `export` lines it needs. Everything else goes to stderr. Idempotent; safe to run often:
#
#     eval "$(scripts/wasm-toolchain.sh)"
#     cargo rustc --lib --release --locked --target wasm32-unknown-unknown --crate-type cdylib
#
# With `--plain` the lines are NAME=VALUE, unquoted, for a reader that is no shell (`cargo xtask`).
#
# Order: 1. the target is already there  2. `rustup target add`  3. a private sysroot built
# from Debian's rust-src of the very same release as the active rustc  4. Debian's rustc-web
# with its own source, all in a private prefix. 3 and 4 touch neither rustup nor dpkg.
#
# WASM_TOOLCHAIN_CACHE   cache folder   (default ~/.cache/agentcity/wasm-toolchain)
# WASM_TOOLCHAIN_RUSTUP  auto|no|yes    auto: try step 2 unless RUSTUP_AUTO_INSTALL=0
# WASM_TOOLCHAIN_FORCE   debian-src|debian-rustc   skip what comes before (for tests)
# WASM_TOOLCHAIN_SUITES  Debian suites searched in step 3
set -euo pipefail
export LC_ALL=C

TARGET=wasm32-unknown-unknown
REV=1                                    # bump when the build below changes
MIN_RUSTC=1.91
CACHE=${WASM_TOOLCHAIN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/agentcity/wasm-toolchain}
SUITES=${WASM_TOOLCHAIN_SUITES:-trixie-backports sid forky trixie experimental}
FORCE=${WASM_TOOLCHAIN_FORCE:-}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

log() { echo "wasm-toolchain: $*" >&2; }
die() { log "error: $*"; exit 1; }

PLAIN=
case "${1:-}" in
  '') ;;
  --plain) PLAIN=1 ;;
  *) die "usage: ${0##*/} [--plain]" ;;
esac

emit() { # emit KIND [NAME VALUE]...
  set -- WASM_TOOLCHAIN_KIND "$@"
  while [ $# -gt 0 ]; do
    if [ -n "$PLAIN" ]; then printf '%s=%s\n' "$1" "$2"; else printf 'export %s=%q\n' "$1" "$2"; fi
    shift 2
  done
}
flags_var=CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS
linker_var=CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER
# what the caller already has in the flags variable, less an earlier --sysroot of ours
other_flags() {
  local out= w
  for w in ${!flags_var:-}; do case $w in --sysroot="$CACHE"/*) ;; *) out="$out $w" ;; esac; done
  echo "${out# }"
}
has_std() { compgen -G "$1/libcore-*.rlib" >/dev/null && compgen -G "$1/libstd-*.rlib" >/dev/null; }

RUSTC_BIN=${WASM_TOOLCHAIN_RUSTC:-rustc}
command -v "$RUSTC_BIN" >/dev/null || die "no rustc on PATH"
field() { sed -n "s/^$2: //p" <<<"$1"; }
VV=$("$RUSTC_BIN" -vV)
RELEASE=$(field "$VV" release) HASH=$(field "$VV" commit-hash) HOST=$(field "$VV" host)
SYSROOT=$("$RUSTC_BIN" --print sysroot)

# 1. already there
if [ -z "$FORCE" ] && has_std "$SYSROOT/lib/rustlib/$TARGET/lib"; then
  log "rustc $RELEASE has $TARGET"; emit rustup; exit 0
fi

# made by an earlier run
SRC_HOME=$CACHE/sysroot-$RELEASE-${HASH:0:9}-r$REV
if [ -z "$FORCE" ] && [ -e "$SRC_HOME/.ok" ]; then
  of=$(other_flags); log "using $SRC_HOME"
  emit debian-src "$flags_var" "--sysroot=$SRC_HOME${of:+ $of}"; exit 0
fi

# 2. rustup
try_rustup=${WASM_TOOLCHAIN_RUSTUP:-auto}
if [ "$try_rustup" = auto ]; then
  if [ "${RUSTUP_AUTO_INSTALL:-1}" = 0 ]; then try_rustup=no; else try_rustup=yes; fi
fi
if [ -z "$FORCE" ] && [ "$try_rustup" = yes ] && command -v rustup >/dev/null; then
  case "$SYSROOT" in */toolchains/*)
    log "trying: rustup target add $TARGET --toolchain ${SYSROOT##*/}"
    if timeout "${WASM_TOOLCHAIN_RUSTUP_TIMEOUT:-60}" \
         rustup target add "$TARGET" --toolchain "${SYSROOT##*/}" >&2 \
       && has_std "$SYSROOT/lib/rustlib/$TARGET/lib"; then emit rustup; exit 0; fi
    log "rustup could not add it; going on with Debian's packages" ;;
  esac
fi

mkdir -p "$CACHE"
exec 9>"$CACHE/.lock"; flock 9
WORK=$CACHE/.work
cleanup() { rm -rf "$WORK"; }
trap cleanup EXIT
# run FUNCTION: with errexit really on inside it (it is not, in a condition); sets rc
run() { set +e; ( set -e; trap - EXIT; "$@" ); rc=$?; set -e; cleanup; }

# --- private apt: its own lists, the machine's own mirror and keyring, read-only on dpkg ---
apt_root=
apt_private() { # apt_private "<uri> <suite>"...
  apt_root=$WORK/apt; rm -rf "$apt_root"
  mkdir -p "$apt_root"/etc/{sources.list.d,preferences.d,apt.conf.d} "$apt_root"/{state/lists/partial,cache/archives/partial}
  local s
  for s in "$@"; do echo "deb [signed-by=$KEYRING] $s main"; done >"$apt_root/etc/sources.list"
  cat >"$apt_root/apt.conf" <<CONF
Dir::Etc "$apt_root/etc";
Dir::State "$apt_root/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$apt_root/cache";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::Check-Valid-Until "false";
APT::Sandbox::User "$(id -un)";
APT::Default-Release "";
CONF
  APT_CONFIG=$apt_root/apt.conf apt-get -qq update >&2
}
apt_p() { APT_CONFIG=$apt_root/apt.conf "$@"; }
debian_sources() { # "<uri> <suite>" of every Debian source the machine is set up with
  apt-get indextargets --format '$(ORIGIN)|$(REPO_URI) $(RELEASE)|$(COMPONENT)|$(CREATED_BY)' 2>/dev/null |
    awk -F'|' '$1=="Debian" && $3=="main" && $4=="Packages"{print $2}' | sort -u
}
debian_uri() { # the main archive's address on this machine
  debian_sources | awk '!d && $2 !~ /security/{print $1; d=1}'
}
need_apt() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || die "no apt-get: run 'rustup target add $TARGET'"
  [ -r "$KEYRING" ] || die "no $KEYRING (package debian-archive-keyring)"
  [ -n "$(debian_uri)" ] || [ "$(id -u)" != 0 ] || apt-get -qq update >&2 || true
  [ -n "$(debian_uri)" ] || die "apt has no Debian source; run 'apt-get update' or 'rustup target add $TARGET'"
}

# --- builds std for TARGET: build_std RUSTC CARGO LIBRARY_DIR HASH DEST ---
build_std() {
  local rustc=$1 cargo=$2 lib=$3 hash=$4 dest=$5 reg v
  reg=${CARGO_HOME:-$HOME/.cargo}/registry/src
  log "building core, alloc and std for $TARGET (about a minute)"
  ( cd "$lib"
    for v in $(compgen -e | grep -E '^(RUSTFLAGS|CARGO_ENCODED_RUSTFLAGS|RUSTC|RUSTC_WRAPPER|RUSTC_WORKSPACE_WRAPPER|RUSTUP_TOOLCHAIN|CARGO_BUILD_.*|CARGO_TARGET_.*|CARGO_PROFILE_.*|CARGO_INCREMENTAL)$'); do unset "$v"; done
    local flags=(-Zforce-unstable-if-unmarked -Cembed-bitcode=yes
                 "--remap-path-prefix=$lib=/rustc/$hash/library") d
    for d in "$reg"/*/; do flags+=("--remap-path-prefix=${d%/}=/rust/deps"); done
    export CARGO_ENCODED_RUSTFLAGS; CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f'; echo "${flags[*]}")
    export RUSTC=$rustc RUSTC_BOOTSTRAP=1 __CARGO_DEFAULT_LIB_METADATA=stylus-std CARGO_TARGET_DIR=$WORK/target
    local cmd=("$cargo" build --quiet --manifest-path "$lib/sysroot/Cargo.toml" --release --target "$TARGET"
      --config 'profile.release.debug=0' --config 'profile.release.codegen-units=1'
      --config 'profile.release.opt-level=3' --config 'profile.release.panic="abort"')
    "${cmd[@]}" --locked >&2 || { log "retrying without --locked"; "${cmd[@]}" >&2; }
  )
  mkdir -p "$dest"
  cp "$WORK/target/$TARGET/release/deps/"*.rlib "$dest/"
  rm -f "$dest"/libsysroot-*.rlib
  has_std "$dest" || die "std was not built"
}
smoke() { # smoke RUSTC [FLAGS...]: compiles and links a tiny cdylib
  local rustc=$1; shift
  echo '#[no_mangle] pub extern "C" fn f(n:usize)->usize{ let v:std::vec::Vec<usize>=(0..n).collect(); v.len() }' >"$WORK/s.rs"
  "$rustc" "$@" --target "$TARGET" --crate-type cdylib -O -o "$WORK/s.wasm" "$WORK/s.rs" >&2 &&
    [ "$(head -c4 "$WORK/s.wasm" | od -An -tx1 | tr -d ' \n')" = 0061736d ]
}

# 3. the active rustc with Debian's rust-src of the same release
debian_src() {
  [ -e "$SRC_HOME/.ok" ] && return 0
  local lib=$SYSROOT/lib/rustlib/src/rust/library uri suite ver=
  rm -rf "$WORK"; mkdir -p "$WORK"
  if [ -f "$lib/Cargo.lock" ]; then
    log "using rustup's own rust-src"; cp -a "$lib" "$WORK/library"
  else
    case "$RELEASE" in *-*) log "no Debian rust-src matches $RELEASE"; return 1 ;; esac
    need_apt; uri=$(debian_uri)
    for suite in $SUITES; do
      log "looking for rust-src $RELEASE in Debian $suite"
      apt_private "$uri $suite" || { log "no $suite"; continue; }
      ver=$(apt_p apt-cache madison rust-src 2>/dev/null | awk -F'|' '{gsub(/ /,"",$2); print $2}' | grep -m1 -F "$RELEASE+" || true)
      [ -n "$ver" ] && break
    done
    [ -n "$ver" ] || { log "Debian has no rust-src $RELEASE now"; return 1; }
    log "fetching rust-src $ver"
    ( cd "$WORK" && apt_p apt-get -qq download "rust-src=$ver" >&2 )
    dpkg-deb --fsys-tarfile "$WORK"/rust-src_*.deb |
      tar x -C "$WORK" --strip-components=4 --wildcards './usr/src/*/library' >&2
  fi
  build_std "$SYSROOT/bin/rustc" "$SYSROOT/bin/cargo" "$WORK/library" "$HASH" "$WORK/out/lib/rustlib/$TARGET/lib"
  ln -s "$SYSROOT/lib/rustlib/$HOST" "$WORK/out/lib/rustlib/$HOST"
  smoke "$SYSROOT/bin/rustc" --sysroot="$WORK/out" || die "the new sysroot does not link"
  touch "$WORK/out/.ok"; rm -rf "$SRC_HOME"; mv "$WORK/out" "$SRC_HOME"
}

# 4. Debian's rustc-web and its source, unpacked into a private prefix
WEB_HOME=$CACHE/rustc-web-r$REV
debian_rustc() {
  [ -e "$WEB_HOME/.ok" ] && return 0
  rm -rf "$WORK"; mkdir -p "$WORK/debs" "$WORK/out"
  need_apt
  local -a src; mapfile -t src < <(debian_sources); apt_private "${src[@]}"
  local pk; pk=$(apt_p apt-get -s install --no-install-recommends rustc-web rust-web-src 2>/dev/null |
    awk '/^Inst/{v=$3; sub(/^\(/,"",v); if($3 ~ /^\[/){v=$4; sub(/^\(/,"",v)} print $2"="v}') || true
  grep -q '^rustc-web=' <<<"$pk" || die "Debian offers no rustc-web here"
  log "fetching" $pk
  ( cd "$WORK/debs" && apt_p apt-get -qq download $pk >&2 )
  local d
  for d in "$WORK"/debs/*.deb; do
    case ${d##*/} in
      rust-web-src_*) mkdir -p "$WORK/src"; dpkg-deb --fsys-tarfile "$d" | tar x -C "$WORK/src" --strip-components=4 --wildcards './usr/src/*/library' ;;
      *) dpkg-deb -x "$d" "$WORK/out" ;;
    esac
  done
  rm -rf "$WORK/debs" "$WORK/out/usr/share"
  mkdir "$WORK/out/bin"
  cat >"$WORK/out/bin/rustc" <<'WRAP'
#!/bin/sh
p=$(dirname "$(dirname "$(readlink -f "$0")")")/usr
for d in "$p"/lib/*-linux-gnu "$p"/lib/llvm-*/lib; do [ -d "$d" ] && LD_LIBRARY_PATH=$d${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}; done
export LD_LIBRARY_PATH
exec "$p/bin/rustc" "$@"
WRAP
  chmod +x "$WORK/out/bin/rustc"
  local vv rel; vv=$("$WORK/out/bin/rustc" -vV); rel=$(field "$vv" release)
  [ "$(printf '%s\n%s\n' "$MIN_RUSTC" "$rel" | sort -V | head -1)" = "$MIN_RUSTC" ] || die "Debian's rustc-web $rel is older than $MIN_RUSTC"
  # its linker for wasm: rustup's rust-lld, else Debian's wasm-ld
  local ld=$SYSROOT/lib/rustlib/$HOST/bin/rust-lld
  [ -x "$ld" ] || ld=$(compgen -c wasm-ld | sort -V | tail -1) || true
  [ -n "$ld" ] || die "no rust-lld and no wasm-ld (apt-get install lld)"
  echo "$ld" >"$WORK/out/.linker"
  build_std "$WORK/out/bin/rustc" "$(command -v cargo)" "$WORK/src/library" "$(field "$vv" commit-hash)" "$WORK/out/usr/lib/rustlib/$TARGET/lib"
  smoke "$WORK/out/bin/rustc" -Clinker="$ld" || die "rustc-web does not link"
  touch "$WORK/out/.ok"; rm -rf "$WEB_HOME"; mv "$WORK/out" "$WEB_HOME"
}

of=$(other_flags) rc=1
NO_SRC=$CACHE/no-rust-src-$RELEASE      # Debian was asked in the last week, and had none
if [ -n "$FORCE" ] || [ ! -e "$WEB_HOME/.ok" ] || [ -z "$(find "$NO_SRC" -mtime -7 2>/dev/null)" ]; then
  if [ "$FORCE" != debian-rustc ]; then run debian_src; [ $rc = 0 ] || touch "$NO_SRC"; fi
fi
if [ $rc = 0 ]; then
  log "using $SRC_HOME"
  emit debian-src "$flags_var" "--sysroot=$SRC_HOME${of:+ $of}"
  exit 0
fi
[ "$FORCE" != debian-src ] || die "step 3 failed"
run debian_rustc
[ $rc = 0 ] || die "no way found to get $TARGET"
log "using $WEB_HOME ($("$WEB_HOME/bin/rustc" -V))"
emit debian-rustc RUSTC "$WEB_HOME/bin/rustc" "$linker_var" "$(cat "$WEB_HOME/.linker")" ${of:+"$flags_var" "$of"}
