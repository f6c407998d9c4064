"""A table of plain text."""

from __future__ import annotations

from collections.abc import Sequence

GAP = "  "


def render(cells: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table with a header; a first cell that repeats the one above is left out."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rule = GAP.join("-" * width for width in widths)
    lines = [line(cells[0], widths), rule]
    above = ""
    for row in cells[1:]:
        if row[0] != above and above:
            lines.append("")
        lines.append(line(["" if row[0] == above else row[0], *row[1:]], widths))
        above = row[0]
    return lines


def line(row: Sequence[str], widths: Sequence[int]) -> str:
    """Return one line, its cells padded."""
    return GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
