"""Check that what is installed is what is pinned: pip upgrades a package silently when another one asks for it."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FILES = ("requirements-dev.txt", "requirements-constraints.txt")


def pins(path: Path) -> dict[str, str]:
    """Return the version of each package that a requirements file names."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {name.partition("[")[0]: wanted for name, wanted in pairs}


def installed(name: str) -> str:
    """Return the version of a package that is installed, or a word."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"


def main() -> int:
    """Name every package that differs."""
    root = Path(__file__).resolve().parent.parent
    wanted = [pair for name in FILES for pair in pins(root / name).items()]
    wrong = [f"{name} is {installed(name)}, pinned is {pin}" for name, pin in wanted if installed(name) != pin]
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
