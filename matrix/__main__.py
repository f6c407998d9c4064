"""Run the tests on every version of PostgreSQL, with every driver, and with every ansible-core, side by side."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase

from matrix.cells import Cell, cells
from matrix.run import run_all
from matrix.table import code, table, told
from testbed import collection

INTERRUPTED = 130


def chosen(all_cells: Sequence[Cell], only: Sequence[str], leave_out: Sequence[str]) -> list[Cell]:
    """Return the cells that fit one of the patterns, or all without any, less those to be left out."""
    return [cell for cell in all_cells if fits(cell, only or ["*"]) and not fits(cell, leave_out)]


def fits(cell: Cell, patterns: Sequence[str]) -> bool:
    """Tell whether a cell's name fits one of the patterns; case doesn't count."""
    return any(fnmatchcase(cell.name.lower(), pattern.lower()) for pattern in patterns)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m matrix", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[], metavar="PATTERN", help="cells such as 'core 2.16*'")
    parser.add_argument("--without", nargs="+", default=[], metavar="PATTERN", help="leave out cells")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 2, metavar="N", help="default: one a core")
    parser.add_argument("--list", action="store_true", help="name the cells and run none")
    return parser.parse_args()


def main() -> int:
    """Run the cells that are asked for, and print the table."""
    asked = arguments()
    found = chosen(cells(), asked.only, asked.without)
    if asked.list or not found:
        print("\n".join(cell.name for cell in found) if found else "matrix: no cell has such a name: see --list")
        return int(not found)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    collection.link()
    try:
        results = run_all(found, max(1, asked.at_once), lambda result: print(told(result), flush=True))
    except KeyboardInterrupt:
        print("\nmatrix: interrupted", file=sys.stderr)
        return INTERRUPTED
    print(table(results), flush=True)
    return code(results)


if __name__ == "__main__":
    sys.exit(main())
