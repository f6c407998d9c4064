"""The incumbent's modules: out of the package that carries them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from testbed.collection import CHECKOUT

PACKAGE = "ansible==12.3.0"
HOME = CHECKOUT / ".cache" / "bench"
FOLDER = "ansible_collections/community/postgresql/"
MANIFEST = HOME / FOLDER / "MANIFEST.json"


def collections() -> Path:
    """Return the search path of community.postgresql; the first time, 54 MB are downloaded for it."""
    if not MANIFEST.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=HOME) as folder:
            unpack(download(Path(folder)))
    return HOME


def download(folder: Path) -> Path:
    """Fetch the package without what it depends on: this checkout's ansible-core and driver serve both sides."""
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, PACKAGE], check=True)
    return next(folder.glob("*.whl"))


def unpack(wheel: Path) -> None:
    """Take the one collection out of the package, its manifest last."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(FOLDER)]
        for name in sorted(names, key=lambda name: name == f"{FOLDER}{MANIFEST.name}"):
            archive.extract(name, HOME)


def version() -> str:
    """Return which version was unpacked."""
    return str(json.loads(MANIFEST.read_text())["collection_info"]["version"])
