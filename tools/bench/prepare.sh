# Sourced by tools/bench/peers and tools/bench/start after tools/lib/setup.sh: prepares the peers' models, files and
# texts. `wrapper` is a command to run timed commands under, or empty.
# shellcheck shell=bash disable=SC2154

# Sets bin (the folder of the taper to bench), bench (the cache), python (with the peers installed), template (a
# checkpoint) and texts.
setup_bench() {
  setup_build
  template=$("$root/tools/fetch-model" minilm)
  texts=$("$root/tools/fetch-data" r8)
  bin=${TAPER_BIN:-$(build_taper)}
  bench=$TAPER_CACHE/bench
  mkdir -p "$bench"
  python=$bench/venv/bin/python
  [ -x "$python" ] && return
  say "making a throw-away Python environment for the peers"
  python3 -m venv "$bench/venv" || { apt_install python3-venv && python3 -m venv "$bench/venv"; }
  "$bench/venv/bin/pip" install -q -r "$root/tools/bench/requirements.txt"
}

# prepare_peers MODEL THREADS: makes the checkpoint, texts, device profile (up to THREADS threads) and the peers' files
# in $bench/MODEL.
prepare_peers() {
  local work=$bench/$1 part
  [ -f "$work/model/model.safetensors" ] || "$python" "$root/tools/bench/bench_models.py" "$1" "$template" "$work/model"
  head -64 "$texts/train.jsonl" >"$work/calibration.jsonl"
  head -64 "$texts/test.jsonl" >"$work/judged.jsonl"
  for part in calibration judged; do
    "$bin/taper" tokenize "$work/model" --max-length 512 <"$work/$part.jsonl" >"$work/$part.ids.jsonl"
  done
  [ -f "$work/device.json" ] || $wrapper "$bin/taper" profile --model "$work/model" --threads "$2" -o "$work/device.json" >&2
  "$python" "$root/tools/bench/peers.py" prepare --taper "$bin/taper" --work "$work" --name "$1" >&2
}
