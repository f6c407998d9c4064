"""Build the collection's archive from a clean export, check what is in it, and try the demo from it."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from export import CHECKOUT, export

DIST = CHECKOUT / ".cache" / "dist"
ALLOWED = re.compile(
    r"(MANIFEST|FILES)\.json|(README|CHANGELOG|CONTRIBUTING)\.md|LICENSE|meta/[a-z-]+\.yml"
    r"|changelogs/(changelog|config)\.yaml"
    r"|docs/.+\.(md|rst|svg|yml)"
    r"|plugins/(modules|module_utils|plugin_utils|doc_fragments|filter|action|lookup)/(.+/)?\w+\.(py|yml)"
    r"|roles/[a-z_]+/(README\.md|(defaults|meta|tasks|handlers|vars)/(.+/)?\w+\.yml|templates/.+)"
    r"|playbooks/(.+/)?[\w-]+\.(yml|md)"
    r"|inventories/(README\.md|example/.+\.(yml|md))"
)
NEEDED = (
    "README.md",
    "LICENSE",
    "meta/runtime.yml",
    "plugins/modules/pg_role_set.py",
    "roles/pgsql_access/tasks/main.yml",
)


def galaxy(*arguments: str, collections: Path = DIST) -> None:
    """Run ansible-galaxy."""
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collections)}
    command = [sys.executable, "-m", "ansible", "galaxy", "collection", *arguments]
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)


def build(target: Path) -> Path:
    """Build the archive into an empty folder and return its path."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        source = export(Path(folder) / "pgsql")
        galaxy("build", "--force", "--output-path", str(target), str(source))
    return next(target.glob("*.tar.gz"))


def install(archive: Path, target: Path) -> None:
    """Install an archive into a folder, as a user would."""
    galaxy("install", str(archive), "--offline", "--force", "-p", str(target), collections=target)


def findings(names: Iterable[str]) -> list[str]:
    """Return what shouldn't be in the archive, and what should and isn't."""
    held = set(names)
    extra = [f"not allowed in the archive: {name}" for name in sorted(held) if not ALLOWED.fullmatch(name)]
    return extra + [f"missing in the archive: {name}" for name in NEEDED if name not in held]


def check(archive: Path) -> bool:
    """Print what is wrong with an archive's content."""
    with tarfile.open(archive) as tar:
        names = [member.name for member in tar if not member.isdir()]
    wrong = findings(names)
    print("\n".join(wrong), end="\n" if wrong else "", file=sys.stderr)
    print(f"{archive.name}: {len(names)} files, {archive.stat().st_size} bytes, {len(wrong)} findings", flush=True)
    return not wrong


def demo(archive: Path) -> int:
    """Run the demo with the collection installed from the archive."""
    with tempfile.TemporaryDirectory() as folder:
        install(archive, Path(folder))
        command = [sys.executable, "-m", "demo", "--collection-path", folder]
        return subprocess.run(command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, check=False).returncode


def install_fresh(target: Path) -> int:
    """Build the archive somewhere else and install it into a folder."""
    with tempfile.TemporaryDirectory() as folder:
        install(build(Path(folder) / "dist"), target)
    return 0


def main() -> int:
    """Build, check, and with --demo try; or build and install."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", action="store_true", help="run the demo from the archive")
    parser.add_argument("--install", type=Path, metavar="DIR", help="only install the collection into this folder")
    arguments = parser.parse_args()
    if arguments.install:
        return install_fresh(arguments.install.absolute())
    archive = build(DIST)
    good = check(archive)
    return demo(archive) if good and arguments.demo else not good


if __name__ == "__main__":
    sys.exit(main())
