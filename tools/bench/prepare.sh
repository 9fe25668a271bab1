# Sourced by tools/bench/peers, sentences and start after tools/lib/setup.sh: prepares the peers' models, files and
# texts. `wrapper` is a command to run timed commands under, or empty.
# shellcheck shell=bash disable=SC2034,SC2154

# setup_bench [REQUIREMENTS]: sets bin (the folder of the taper to bench), bench (the cache), python (with what
# tools/bench/REQUIREMENTS.txt names), template (a checkpoint) and texts.
setup_bench() {
  local requirements=${1:-requirements} environment
  setup_build
  template=$("$root/tools/fetch-model" minilm)
  texts=$("$root/tools/fetch-data" r8)
  bin=${TAPER_BIN:-$(build_taper)}
  bench=$TAPER_CACHE/bench capped=()
  environment=$bench/venv-$requirements
  mkdir -p "$bench"
  python=$environment/bin/python
  [ -f "$environment/complete" ] && return
  say "making a throw-away Python environment for the peers"
  rm -rf "$environment"
  python3 -m venv "$environment" || { apt_install python3-venv && python3 -m venv "$environment"; }
  # An older pip tries versions for a quarter of an hour before it finds those that fit together.
  "$environment/bin/pip" install -q --upgrade pip
  "$environment/bin/pip" install -q -r "$root/tools/bench/$requirements.txt"
  touch "$environment/complete"
}

# setup_cap TIER: from here on Taper has at most TIER, and what runs under the command `capped` sees a CPU that has no
# more.
setup_cap() {
  case $1 in
    avx2) grep -qw avx2 /proc/cpuinfo || die "this CPU has no AVX2" ;;
    avx2_vnni) grep -qw avx_vnni /proc/cpuinfo || die "this CPU has no AVX-VNNI" ;;
    *) die "--tier: expected avx2 or avx2_vnni; found ${1:-nothing}" ;;
  esac
  export TAPER_MAX_TIER=$1
  local folder=$bench/capped installed
  if [ ! -d "$folder/packages" ]; then
    say "copying the peers' libraries without CPUID"
    apt_install binutils
    rm -rf "$folder"
    mkdir "$folder"
    installed=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    "$python" "$root/tools/bench/cap_cpu.py" "$installed" "$folder/new"
    mv "$folder/new" "$folder/packages"
  fi
  clang -O2 -std=gnu17 -shared -fPIC "$root/tools/bench/cap.c" -o "$folder/cap.so"
  capped=(env "PYTHONPATH=$folder/packages" "LD_PRELOAD=$folder/cap.so" "CAP_TIER=$1")
}

# prepare_model MODEL: makes the checkpoint in $bench/MODEL/model.
prepare_model() {
  local folder=$bench/$1/model
  [ -f "$folder/model.safetensors" ] || "$python" "$root/tools/bench/bench_models.py" "$1" "$template" "$folder"
}

# prepare_peers MODEL: makes the checkpoint, texts and the peers' files in $bench/MODEL.
prepare_peers() {
  local work=$bench/$1 part
  prepare_model "$1"
  head -64 "$texts/train.jsonl" >"$work/calibration.jsonl"
  head -64 "$texts/test.jsonl" >"$work/judged.jsonl"
  for part in calibration judged; do
    "$bin/taper" tokenize "$work/model" --max-length 512 <"$work/$part.jsonl" >"$work/$part.ids.jsonl"
  done
  "$python" "$root/tools/bench/peers.py" prepare --work "$work" >&2
}

# prepare_profile MODEL FOLDER THREADS [SECONDS]: measures the device profile (up to THREADS threads) if it is missing
# or of fewer threads.
prepare_profile() {
  mkdir -p "$2"
  "$bin/taper" inspect "$2/device.json" --json 2>/dev/null | "$python" -c \
    'import json, sys; sys.exit(int(sys.argv[1]) not in json.load(sys.stdin)["threads"])' "$3" 2>/dev/null ||
    $wrapper "$bin/taper" profile --model "$bench/$1/model" --threads "$3" \
    ${4:+--budget "$4"} -o "$2/device.json" >&2
}

# precisions_of PROFILE: the precisions to bench on its machine. Planes of bf16 pay only on AMX, and bf16 has peers only
# where the CPU has it.
precisions_of() {
  case $(grep -om1 '"tier":"[a-z0-9_]*"' "$1") in
    \"tier\":\"amx\"*) echo f32 f32x3 bf16 int8 ;;
    \"tier\":\"avx2*) echo f32 int8 ;;
    *) echo f32 bf16 int8 ;;
  esac
}
