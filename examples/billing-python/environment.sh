# Sets `venv` to the Python environment with the packages of a requirements file (default: requirements.txt), and creates it if needed.
# Another content of the file is another environment, so a half-installed one is never used.
requirements="${requirements:-requirements.txt}"
python="$(command -v python3 || true)"
if [ -z "$python" ] || ! "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo 'The billing example needs python3, version 3.11 or newer, with venv: apt-get install python3 python3-venv' >&2
  exit 1
fi
venv="${XDG_CACHE_HOME:-$HOME/.cache}/connection-mandates/billing-python-$({ "$python" -V; cat requirements*.txt; echo "$requirements"; } | cksum | tr ' ' '-')"
if [ ! -d "$venv" ]; then
  echo "billing: installing its Python packages into $venv (once, about a minute) ..." >&2
  "$python" -m venv "$venv.$$"
  "$venv.$$/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement "$requirements" >&2
  # Programs in bin/ contain the old path, so they are started as python -m.
  mv "$venv.$$" "$venv" 2>/dev/null || rm -rf "$venv.$$"
  echo 'billing: its Python packages are installed' >&2
fi
