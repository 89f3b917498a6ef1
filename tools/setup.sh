# Sourced by ./demo and ./check: makes the checkout's own environment, .venv. Can be run again; does
# nothing the second time unless a source has changed. Debian 12 or newer, Ubuntu 22.04 or newer.

VENV="$PWD/.venv"
PYTHON=${PYTHON:-python3}

say() { printf '\033[1m%s\033[0m\n' "$*"; }

# Runs a command that is silent for minutes; a terminal shows that time passes.
patiently() {
  [ -t 1 ] || { "$@"; return; }
  local started=$SECONDS code=0
  while kill -0 $$; do # until this shell is gone, should a Ctrl-C end it
    printf '\r  %d:%02d ' $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60))
    sleep 1
  done 2>/dev/null &
  local clock=$!
  "$@" || code=$?
  kill "$clock" && wait "$clock" 2>/dev/null || true
  printf '\r\033[K'
  return $code
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# System packages by the file that shows that they are there: installed only if something is missing.
install_system_packages() {
  local missing=()
  while [ $# -gt 1 ]; do
    eval "$1" >/dev/null 2>&1 || missing+=("$2")
    shift 2
  done
  [ ${#missing[@]} = 0 ] && return
  say "Installing system packages: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

require_supported_python() {
  "$PYTHON" - <<'PY' || exit 1
import sys
if not (3, 10) <= sys.version_info[:2] <= (3, 13):
    sys.exit(
        f"Python {sys.version.split()[0]}: ROS 2's wheels exist for Python 3.10 to 3.13. "
        "Install one of them and say which, as in PYTHON=python3.12 ./demo."
    )
PY
}

# The package into .venv, unless what is there was made from the same sources.
install_package() {
  local digest stamp="$VENV/.installed-from"
  digest=$(
    {
      "$PYTHON" --version
      git ls-files -z --cached --others --exclude-standard -- \
        CMakeLists.txt action cmake launch msg srv package.xml pyproject.toml setup.py scripts \
        tools/build_panel.py training_manager_ros web |
        xargs -0 sha256sum 2>/dev/null
    } | sha256sum
  )
  [ "$(cat "$stamp" 2>/dev/null)" != "$digest" ] || return 0
  say "Installing the package and what it needs into .venv (a few minutes the first time)"
  [ -x "$VENV/bin/python" ] || "$PYTHON" -m venv "$VENV"
  rm -f "$stamp"
  "$VENV/bin/python" -m pip install --quiet --upgrade pip
  patiently "$VENV/bin/python" -m pip install --quiet .
  printf '%s' "$digest" >"$stamp"
}

# Everything both commands need; further arguments are system packages as install_system_packages takes them.
set_up() {
  install_system_packages \
    "command -v git" git \
    "command -v g++" g++ \
    "command -v make" make \
    "$PYTHON -c 'import ensurepip, venv'" python3-venv \
    "test -f \$($PYTHON -c 'import sysconfig; print(sysconfig.get_path(\"include\"))')/Python.h" python3-dev \
    "$@"
  require_supported_python
  install_package
}
