#!/bin/sh
# Lints and tests the example: ruff, mypy, pytest on the conformance vectors.
set -eu
cd "$(dirname "$0")"
requirements=requirements-dev.txt
. ./environment.sh
"$venv/bin/python" -m ruff check --no-cache .
"$venv/bin/python" -m ruff format --no-cache --check .
"$venv/bin/python" -m mypy --cache-dir=/dev/null .
exec "$venv/bin/python" -m pytest --quiet -p no:cacheprovider
