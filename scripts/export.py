"""Copy what git would have: tracked files and new ones that aren't ignored."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def files() -> list[Path]:
    """Return the checkout's files, relative to it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, check=True, text=True).stdout
    return [Path(name) for name in sorted(set(listed.split("\0")) - {""}) if (CHECKOUT / name).is_file()]


def export(target: Path) -> Path:
    """Copy the checkout's files into a folder that doesn't exist yet, and return it."""
    for path in files():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / path, target / path, follow_symlinks=False)
    return target
