"""What the matrix says at its end."""

from __future__ import annotations

from collections.abc import Sequence

from matrix.run import FAILED, NOT_RUN, PASSED, Result


def table(results: Sequence[Result]) -> str:
    """Return a line for each cell, and last how many passed, failed, and were not run."""
    width = max((len(result.cell) for result in results), default=0)
    rows = [f"{r.cell:<{width}}  {r.verdict:<7} {r.seconds:6.0f} s  {r.line}" for r in results]
    return "\n".join(["", "===== the matrix =====", *rows, counts(results)])


def counts(results: Sequence[Result]) -> str:
    """Return the last line: a cell that was not run isn't among those that passed."""
    verdicts = [result.verdict for result in results]
    return "matrix: " + ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in (PASSED, FAILED, NOT_RUN))


def told(result: Result) -> str:
    """Return what is printed when a cell has ended: all that it said only where it failed."""
    head = f"===== {result.cell}: {result.verdict} in {result.seconds:.0f} s: {result.line}"
    return f"\n{head}\n{result.output.rstrip()}\n" if result.verdict == FAILED else head


def code(results: Sequence[Result]) -> int:
    """Return the exit code: 1 if a cell failed, or if none ran."""
    verdicts = {result.verdict for result in results}
    return int(FAILED in verdicts or PASSED not in verdicts)
