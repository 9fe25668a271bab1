# Sourced by the commands in tools/tune: sets `python`, an interpreter with PyTorch. Makes its environment in the cache
# on first use.
# shellcheck shell=bash
source "$(dirname "${BASH_SOURCE[0]}")/../lib/setup.sh"

if [ -n "${TAPER_TUNE_PYTHON:-}" ]; then
  python=$TAPER_TUNE_PYTHON
else
  lock=$root/tools/tune/requirements.lock
  environment=$TAPER_CACHE/tune/venv-$(sha256sum "$lock" | cut -c1-12)
  python=$environment/bin/python
  if [ ! -e "$environment/ready" ]; then
    command -v python3 >/dev/null || apt_install python3
    say "making a Python environment with PyTorch in $environment"
    rm -rf "$environment"
    python3 -m venv "$environment" || { apt_install python3-venv && python3 -m venv "$environment"; }
    "$python" -m pip install --quiet --disable-pip-version-check -r "$lock"
    touch "$environment/ready"
  fi
fi
export PYTHONPATH=$root/tools/tune
# A training step allocates and frees the same large blocks over and over. By default glibc returns each to the kernel,
# and faulting the pages in again takes a quarter of a step's time.
export MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=17179869184
