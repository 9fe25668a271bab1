# Sourced by the commands in tools/: sets root and TAPER_CACHE, installs missing packages, and unsets variables that
# change results.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export TAPER_CACHE=${TAPER_CACHE:-$root/cache}

# These override which kernels OpenBLAS selects; measurements and tests use its default.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE OPENBLAS_NUM_THREADS

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# apt_install PACKAGE...: installs the Debian packages that are missing.
apt_install() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || die "these packages are missing and apt-get is not here to install them: ${missing[*]}"
  say "installing ${missing[*]}"
  as_root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# setup_build: installs what building Taper needs besides the Swift toolchain.
setup_build() {
  command -v swift >/dev/null || die "no Swift toolchain on the PATH: install Swift 6.2 or later from swift.org"
  command -v python3 >/dev/null || apt_install python3
  apt_install libopenblas-pthread-dev libxml2-dev pkg-config
}

# profile_or_nearest BIN OUTPUT OPTION...: profiles this machine. Where it is too noisy for that twice (exit 69), OUTPUT
# is the profile of specs/devices whose instruction set is nearest.
profile_or_nearest() {
  local bin=$1 output=$2 try status nearest=epyc-zen5-2vcpu-avx2
  shift 2
  for try in 1 2; do
    status=0
    "$bin/taper" profile "$@" -o "$output" || status=$?
    case $status in
    0) return ;;
    69) say "the machine is too noisy to profile (try $try of 2)" ;;
    *) return "$status" ;;
    esac
  done
  if grep -qsw avx512f /proc/cpuinfo; then nearest=epyc-zen5-2vcpu-avx512; fi
  say "going on with specs/devices/$nearest.json: predicted times are that machine's, not this one's"
  cp "$root/specs/devices/$nearest.json" "$output"
}

# c_files: the C sources and headers that are ours to format, each ended by a zero.
c_files() {
  find "$root"/Sources/CTaperKernels "$root"/Sources/CTaperLibrary "$root"/Tests "$root"/tools "$root"/examples/c \
    -name '*.[ch]' -print0
}

# fixture_plans FOLDER NAME:MODEL...: builds taper and taper-run, and makes FOLDER/NAME.plan of each small MODEL of the
# tests, for two threads.
fixture_plans() {
  local folder=$1 pair
  shift
  swift build -c release --product taper >&2
  swift build -c release --product taper-run >&2
  for pair in "$@"; do
    .build/release/taper plan "Tests/TaperModelSpecTests/Fixtures/${pair#*:}" --device specs/devices/reference.json \
      --dense --threads 2 -o "$folder/${pair%%:*}.plan" >/dev/null
  done
}

# build_taper: builds taper (release) and prints the folder of the executables.
build_taper() {
  say "building taper (release)"
  (cd "$root" && swift build -c release --product taper >&2 && swift build -c release --show-bin-path)
}
