"""Python interpreters that the machine has; none is installed."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from matrix.errors import NotHere

# A shim can stand on PATH for an interpreter that isn't there, and Debian keeps ensurepip in a package of its own.
PROBE = """
import importlib.util, json, sys
modules = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
print(json.dumps(["%d.%d" % sys.version_info[:2], modules]))
"""


@functools.cache
def find(version: str) -> Path:
    """Give an interpreter of a version such as 3.11 that can make virtual environments."""
    found = {path: probe(path) for path in candidates(version, os.environ)}
    usable = [path for path, (own, missing) in found.items() if own == version and not missing]
    if usable:
        return usable[0]
    if any(own == version for own, _missing in found.values()):
        raise NotHere(f"Python {version} is here without the modules venv and ensurepip (package python{version}-venv)")
    raise NotHere(f"no Python {version} on PATH, in pyenv or in uv's folder")


def candidates(version: str, environment: Mapping[str, str]) -> Iterator[Path]:
    """Give the files that could be an interpreter, the likeliest first."""
    home = Path(environment.get("HOME", "/nonexistent"))
    pyenv = Path(environment.get("PYENV_ROOT", home / ".pyenv")) / "versions"
    uv = Path(environment.get("UV_PYTHON_INSTALL_DIR", home / ".local/share/uv/python"))
    name = f"python{version}"
    on_path = [shutil.which(each, path=environment.get("PATH")) for each in (name, "python3")]
    yield Path(sys.executable)
    yield from (Path(each) for each in on_path if each)
    for folder in (pyenv, uv):
        yield from sorted(folder.glob(f"*/bin/{name}"), reverse=True)
    yield from (path / name for path in (Path("/usr/bin"), Path("/usr/local/bin")) if (path / name).exists())


def probe(path: Path) -> tuple[str, list[str]]:
    """Give an interpreter's version, and which modules it lacks for making virtual environments."""
    try:
        done = subprocess.run([path, "-I", "-c", PROBE], capture_output=True, text=True, timeout=30, check=True)
        version, missing = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return "", []
    return version, missing
