"""Run every linter, or those named, and say which ones complain."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
COLLECTIONS = CHECKOUT / ".ansible" / "collections"
LINK = COLLECTIONS / "ansible_collections" / "leastpriv" / "pgsql"
PACKAGE = "ansible_collections.leastpriv.pgsql.plugins.module_utils"
BIN = Path(sys.executable).parent
DOCS = ["lint-collection-docs", "--plugin-docs", "--validate-collection-refs=self"]
MYPY = ["mypy", "--config-file", str(CHECKOUT / "pyproject.toml"), "--cache-dir", str(CHECKOUT / ".cache" / "mypy")]
LINTERS: dict[str, tuple[list[str], Path]] = {
    "pins": ([str(CHECKOUT / "scripts" / "check_pins.py")], CHECKOUT),
    "ruff": (["-m", "ruff", "check", "--quiet", "."], CHECKOUT),
    "format": (["-m", "ruff", "format", "--check", "--quiet", "."], CHECKOUT),
    "types": (["-m", *MYPY, "-p", PACKAGE], COLLECTIONS),
    "testbed": (["-m", *MYPY, "-p", "testbed"], CHECKOUT),
    "demo": (["-m", *MYPY, "-p", "demo"], CHECKOUT),
    "matrix": (["-m", *MYPY, "-p", "matrix"], CHECKOUT),
    "scripts": (["-m", *MYPY, "."], CHECKOUT / "scripts"),
    "yaml": (["-m", "yamllint", "--strict", "."], CHECKOUT),
    "ansible": ([str(BIN / "ansible-lint"), "--offline", "--strict", "-q", "--nocolor"], CHECKOUT),
    "docs": ([str(BIN / "antsibull-docs"), *DOCS, "."], LINK),
    "changelog": ([str(BIN / "antsibull-changelog"), "lint"], CHECKOUT),
}


def passes(name: str) -> bool:
    """Run one linter and print its name and findings."""
    arguments, folder = LINTERS[name]
    result = subprocess.run([sys.executable, *arguments], cwd=folder, stdin=subprocess.DEVNULL, check=False)
    print(f"{name}: {'findings' if result.returncode else 'clean'}", flush=True)
    return result.returncode == 0


def main() -> int:
    """Run the linters of the command line, or all."""
    names = sys.argv[1:] or list(LINTERS)
    failed = [name for name in names if not passes(name)]
    if not LINK.is_symlink():
        failed.append(f"{LINK.relative_to(CHECKOUT)} is no longer a link")
    print(f"lint: {len(names) - len(failed)} clean, {len(failed)} with findings {' '.join(failed)}".rstrip())
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
