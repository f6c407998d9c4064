"""Patroni's own packages, from exact pins, where the servers' user can read them, and a Python that runs them."""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from testbed.account import account, shared_temp, succeeds
from testbed.binaries import CACHE, exclusively, own_folder
from testbed.errors import TestbedError

PINS = Path(__file__).resolve().parent / "requirements-patroni.txt"
SOURCE_ONLY = ("pysyncobj", "ydiff")
VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"
PR_SET_PDEATHSIG = 1
CHECK = "import patroni.__main__, patroni.dcs.raft, psycopg2"


@functools.cache
def interpreter() -> tuple[str, str]:
    """Return a Python that the servers' user can run, and its version."""
    for path in (getattr(sys, "_base_executable", sys.executable), "/usr/bin/python3"):
        if succeeds([path, "-c", "import encodings, ssl"]):
            asked = subprocess.run([path, "-c", VERSION], capture_output=True, text=True, check=True)
            return path, asked.stdout.strip()
    raise TestbedError(f"{account().pw_name} can run no Python here: install one in /usr/bin (Debian: python3)")


@functools.cache
def packages() -> Path:
    """Return the folder with Patroni's packages, after installing them unless they are complete."""
    _path, version = interpreter()
    digest = hashlib.sha256(PINS.read_bytes()).hexdigest()[:12]
    folder = CACHE.parent / "patroni" / f"python{version}-{digest}"
    with exclusively(folder.with_name(folder.name + ".lock")):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            install(folder, version)
            (folder / "complete").touch()
    return folder if runs(folder) else published(folder)


def install(folder: Path, version: str) -> None:
    """Install the pins and nothing else."""
    pins = [line for line in PINS.read_text().splitlines() if line[:1].isalnum()]
    source = [pin for pin in pins if pin.partition("==")[0] in SOURCE_ONLY]
    wheels = [pin for pin in pins if pin not in source]
    pip(folder, "--only-binary=:all:", "--python-version", version, *wheels)
    pip(folder, *source)


def pip(folder: Path, *arguments: str) -> None:
    """Let pip install into a folder."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    environment = {**os.environ, "PIP_ROOT_USER_ACTION": "ignore", "PIP_NO_INPUT": "1"}
    command += ["--no-compile", "--target", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise TestbedError(f"could not install Patroni: {errors[-1] if errors else done.stderr.strip()[-500:]}")


def published(folder: Path) -> Path:
    """Return a copy that everybody can read, made once."""
    shelf = own_folder(shared_temp() / f"leastpriv-pgsql-patroni-{os.geteuid()}")
    copy = shelf / folder.name
    with exclusively(shelf / f"{folder.name}.lock"):
        if not (copy / "complete").exists() or not runs(copy):
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(folder, copy)
            readable(copy)
    if not runs(copy):
        raise TestbedError(f"{account().pw_name} can't run the Patroni in {copy}: is it mounted noexec?")
    return copy


def readable(folder: Path) -> None:
    """Let everybody read a folder."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def runs(folder: Path) -> bool:
    """Tell whether the servers' user can run the Patroni in a folder."""
    return succeeds([interpreter()[0], "-B", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {CHECK}"])


def end_with_parent() -> None:
    """Let the kernel ask this process to end (SIGTERM) when the one that made it does."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
