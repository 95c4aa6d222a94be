#!/bin/sh
# Starts the example on APP_PORT (default 3012) of HOST (default 127.0.0.1). The first start creates its Python environment.
set -eu
cd "$(dirname "$0")"
. ./environment.sh
exec "$venv/bin/python" -m uvicorn billing.app:app --host "${HOST:-127.0.0.1}" --port "${APP_PORT:-3012}" --log-level warning --no-access-log
