#!/bin/sh
# Make .venv and install everything into it with one pip command; the stamp .venv/.complete holds where it stands.
set -eu

python=$(sh scripts/prerequisites.sh)
rm -rf .venv
"$python" -m venv .venv
.venv/bin/python -m pip install -qq --disable-pip-version-check --only-binary=:all: \
    -r requirements-dev.txt -c requirements-constraints.txt
.venv/bin/python scripts/check_pins.py
pwd > .venv/.complete
