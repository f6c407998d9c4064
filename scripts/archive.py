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


def build() -> Path:
    """Build the archive and return its path."""
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        source = export(Path(folder) / "pgsql")
        galaxy("build", "--force", "--output-path", str(DIST), str(source))
    return next(DIST.glob("*.tar.gz"))


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
        galaxy("install", str(archive), "--offline", "-p", folder, collections=Path(folder))
        command = [sys.executable, "-m", "demo", "--collection-path", folder]
        return subprocess.run(command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, check=False).returncode


def main() -> int:
    """Build, check, and with --demo try."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", action="store_true", help="run the demo from the archive")
    arguments = parser.parse_args()
    archive = build()
    good = check(archive)
    return demo(archive) if good and arguments.demo else not good


if __name__ == "__main__":
    sys.exit(main())
